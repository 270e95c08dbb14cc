//! Which types of number and numbering plans fit which addresses, for `ton-npi-strict` (T38).

use carrack_smpp::{Address, CommandStatus};

const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
const E164: u8 = 1;
const NAME_OCTETS_MAX: usize = 11;
const SHORT_DIGITS_MAX: usize = 8;

/// What is wrong with the addresses of a submit.
pub(super) fn fault_of(source: &Address<'_>, destination: &Address<'_>) -> Option<CommandStatus> {
    source_fault(source).or_else(|| destination_fault(destination))
}

fn source_fault(source: &Address<'_>) -> Option<CommandStatus> {
    let is_number = !source.addr.is_empty() && source.addr.iter().all(u8::is_ascii_digit);
    let (is_ton_right, is_npi_right) = if !is_number {
        if source.addr.len() > NAME_OCTETS_MAX || source.addr.first() == Some(&b'+') {
            return Some(CommandStatus::ESME_RINVSRCADR);
        }
        (source.ton == ALPHANUMERIC, source.npi == 0)
    } else if source.addr.len() <= SHORT_DIGITS_MAX {
        (matches!(source.ton, 3 | 6), source.npi <= E164)
    } else {
        (source.ton == INTERNATIONAL, source.npi == E164)
    };
    if !is_ton_right {
        return Some(CommandStatus::ESME_RINVSRCTON);
    }
    (!is_npi_right).then_some(CommandStatus::ESME_RINVSRCNPI)
}

fn destination_fault(destination: &Address<'_>) -> Option<CommandStatus> {
    let is_number = destination.addr.iter().all(u8::is_ascii_digit);
    if !is_number || !(7..=15).contains(&destination.addr.len()) {
        return Some(CommandStatus::ESME_RINVDSTADR);
    }
    if destination.ton != INTERNATIONAL {
        return Some(CommandStatus::ESME_RINVDSTTON);
    }
    (destination.npi != E164).then_some(CommandStatus::ESME_RINVDSTNPI)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn each_kind_of_address_wants_its_own_ton_and_npi() {
        let to = Address::international(b"447700900001");
        let fault = |ton, npi, addr| fault_of(&Address::new(ton, npi, addr), &to);
        assert_eq!(fault(5, 0, b"ACME"), None);
        assert_eq!(fault(1, 1, b"447700900002"), None);
        assert_eq!(fault(3, 0, b"12345"), None);
        assert_eq!(fault(6, 0, b"12345"), None);
        assert_eq!(fault(1, 1, b"ACME"), Some(CommandStatus::ESME_RINVSRCTON));
        assert_eq!(fault(5, 1, b"ACME"), Some(CommandStatus::ESME_RINVSRCNPI));
        assert_eq!(
            fault(5, 0, b"ACME AND COMPANY"),
            Some(CommandStatus::ESME_RINVSRCADR)
        );
        assert_eq!(
            fault(1, 1, b"+447700900002"),
            Some(CommandStatus::ESME_RINVSRCADR)
        );
        assert_eq!(fault(1, 1, b"12345"), Some(CommandStatus::ESME_RINVSRCTON));
        let from = Address::alphanumeric(b"ACME");
        let fault = |ton, npi, addr| fault_of(&from, &Address::new(ton, npi, addr));
        assert_eq!(
            fault(1, 1, b"+447700900001"),
            Some(CommandStatus::ESME_RINVDSTADR)
        );
        assert_eq!(
            fault(0, 1, b"447700900001"),
            Some(CommandStatus::ESME_RINVDSTTON)
        );
        assert_eq!(
            fault(1, 0, b"447700900001"),
            Some(CommandStatus::ESME_RINVDSTNPI)
        );
    }
}
