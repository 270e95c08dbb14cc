//! Addresses of a `submit_sm`: who it goes to, who it says it is from.
//!
//! Promise: a number under TON 1 is read as it stands; under any other the account's country counts for national
//! forms. A sender's TON is only a hint: the address itself says what it is. Fails by the status to answer.

use std::borrow::Cow;

use carrack_message::{Msisdn, Sender, alphabet::latin1, number};
use carrack_smpp::{Address, CommandStatus};

const TON_INTERNATIONAL: u8 = 1;

/// The recipient.
///
/// # Errors
/// `ESME_RINVDSTADR`.
pub(crate) fn recipient(
    address: &Address<'_>,
    region: Option<&str>,
) -> Result<Msisdn, CommandStatus> {
    let region = region.filter(|_| address.ton != TON_INTERNATIONAL);
    if region.is_none()
        && let Ok(number) = Msisdn::from_digits(address.addr)
    {
        return Ok(number);
    }
    let text = std::str::from_utf8(address.addr).map_err(|_| CommandStatus::ESME_RINVDSTADR)?;
    number::tidy(text, region).map_err(|_| CommandStatus::ESME_RINVDSTADR)
}

/// The sender; an empty one is the account's own.
///
/// # Errors
/// `ESME_RINVSRCADR`.
pub(crate) fn sender(address: &Address<'_>, own: Option<Sender>) -> Result<Sender, CommandStatus> {
    if address.addr.is_empty() {
        return own.ok_or(CommandStatus::ESME_RINVSRCADR);
    }
    let text = match std::str::from_utf8(address.addr) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut text = String::new();
            latin1::decode(address.addr, &mut text);
            Cow::Owned(text)
        }
    };
    // Seven or eight digits are a number where the client says so, else a short code.
    if address.ton == TON_INTERNATIONAL
        && let Ok(number) = number::tidy(&text, None)
    {
        return Ok(Sender::from(number));
    }
    Sender::parse(&text).map_err(|_| CommandStatus::ESME_RINVSRCADR)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use carrack_message::sender::SenderKind;

    fn at(ton: u8, addr: &[u8]) -> Address<'_> {
        Address { ton, npi: 0, addr }
    }

    #[test]
    fn international_number_is_not_read_by_the_accounts_country() {
        let number = recipient(&at(1, b"447700900123"), Some("DE")).unwrap();
        assert_eq!(number.as_u64(), 447_700_900_123);
        let plus = recipient(&at(0, b"+447700900123"), Some("DE")).unwrap();
        assert_eq!(plus, number);
    }

    #[test]
    fn national_number_needs_the_accounts_country() {
        let number = recipient(&at(2, b"07400123456"), Some("GB")).unwrap();
        assert_eq!(number.as_u64(), 447_400_123_456);
        assert!(recipient(&at(2, b"07400123456"), None).is_err());
    }

    #[test]
    fn what_is_no_number_is_refused_as_destination() {
        for bad in [&b""[..], b"ACME", b"12", b"\xff\xfe", b"44770090012x"] {
            assert_eq!(
                recipient(&at(1, bad), None),
                Err(CommandStatus::ESME_RINVDSTADR)
            );
        }
    }

    #[test]
    fn sender_is_told_by_its_address_and_ton_settles_what_is_open() {
        let kind = |ton, addr| sender(&at(ton, addr), None).unwrap().kind();
        assert_eq!(kind(5, b"ACME"), SenderKind::Alphanumeric);
        assert_eq!(kind(0, b"ACME-1"), SenderKind::Alphanumeric);
        assert_eq!(kind(1, b"12345678"), SenderKind::International);
        assert_eq!(kind(3, b"12345678"), SenderKind::ShortCode);
        assert_eq!(kind(1, b"12345"), SenderKind::ShortCode);
        assert_eq!(kind(0, b"+447700900123"), SenderKind::International);
    }

    #[test]
    fn empty_sender_is_the_accounts_own_or_refused() {
        let own = Sender::parse("SHOP").unwrap();
        assert_eq!(sender(&at(0, b""), Some(own)), Ok(own));
        assert_eq!(
            sender(&at(0, b""), None),
            Err(CommandStatus::ESME_RINVSRCADR)
        );
        assert!(sender(&at(5, b"MUCHTOOLONGNAME"), Some(own)).is_err());
    }
}
