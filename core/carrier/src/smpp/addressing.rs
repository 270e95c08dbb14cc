//! Addresses as one carrier wants them (trap T38).
//!
//! Without a rule: 5/0 for names, 1/1 for international numbers, 3/0 for short codes. Nothing allocates and nothing fails.

use carrack_message::sender::SenderKind;
use carrack_message::{Msisdn, Sender};
use carrack_settings::{AddressKind, PlusSign, Profile};
use carrack_smpp::Address;

/// Room for the longest address that we write: a plus sign and 15 digits, or a name.
pub(super) const ADDRESS_OCTETS_MAX: usize = 24;

/// An address on its way out.
pub(super) type AddressBuffer = [u8; ADDRESS_OCTETS_MAX];

const DIGITS_MAX: usize = 15;

/// TON and NPI by kind of address, and the plus sign.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addressing {
    alphanumeric: (u8, u8),
    international: (u8, u8),
    short: (u8, u8),
    plus: bool,
}

impl Addressing {
    pub(super) fn new(profile: &Profile) -> Self {
        let mut addressing = Self {
            alphanumeric: (5, 0),
            international: (1, 1),
            short: (3, 0),
            plus: profile.plus_sign == PlusSign::Always,
        };
        for rule in &profile.ton_npi_rules {
            let place = match rule.kind {
                AddressKind::Alphanumeric => &mut addressing.alphanumeric,
                AddressKind::International => &mut addressing.international,
                AddressKind::Short => &mut addressing.short,
            };
            *place = (rule.ton, rule.npi);
        }
        addressing
    }

    /// `source_addr` with its type and plan.
    pub(super) fn source<'a>(
        &self,
        from: &'a Sender,
        buffer: &'a mut AddressBuffer,
    ) -> Address<'a> {
        let (ton, npi) = match from.kind() {
            SenderKind::Alphanumeric => self.alphanumeric,
            SenderKind::International => self.international,
            SenderKind::ShortCode => self.short,
        };
        let octets = match from.kind() {
            SenderKind::International if self.plus => with_plus(from.as_bytes(), buffer),
            SenderKind::Alphanumeric if !from.as_bytes().is_ascii() => {
                latin1(from.as_str(), buffer).unwrap_or_else(|| from.as_bytes())
            }
            _ => from.as_bytes(),
        };
        Address::new(ton, npi, octets)
    }

    /// `destination_addr` with its type and plan.
    pub(super) fn destination<'a>(&self, to: Msisdn, buffer: &'a mut AddressBuffer) -> Address<'a> {
        let (ton, npi) = self.international;
        let mut digits = [0; DIGITS_MAX];
        let digits = to.write_digits(&mut digits);
        let start = usize::from(!self.plus);
        let octets = with_plus(digits, buffer);
        Address::new(ton, npi, octets.get(start..).unwrap_or_default())
    }
}

/// The digits behind a plus sign; what does not fit is left out, and numbers do fit.
fn with_plus<'a>(digits: &[u8], buffer: &'a mut AddressBuffer) -> &'a [u8] {
    let octets = std::iter::once(b'+').chain(digits.iter().copied());
    let mut length = 0;
    for (place, octet) in buffer.iter_mut().zip(octets) {
        *place = octet;
        length += 1;
    }
    buffer.get(..length).unwrap_or_default()
}

/// A name in Latin-1, as carriers read letters beyond ASCII; none where one does not fit.
fn latin1<'a>(name: &str, buffer: &'a mut AddressBuffer) -> Option<&'a [u8]> {
    let mut length = 0;
    for letter in name.chars() {
        *buffer.get_mut(length)? = u8::try_from(u32::from(letter)).ok()?;
        length += 1;
    }
    buffer.get(..length)
}

/// The number that an address holds, with or without plus sign or the zeros of international dialling.
pub(super) fn number(address: &[u8]) -> Option<Msisdn> {
    let digits = address.strip_prefix(b"+").unwrap_or(address);
    let digits = digits.strip_prefix(b"00").unwrap_or(digits);
    Msisdn::from_digits(digits).ok()
}
