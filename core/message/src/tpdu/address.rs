//! Addresses: TP-DA, TP-OA, TP-RA (3GPP TS 23.040, 9.1.2.5) and that of the service centre (TS 24.011, 8.2.5).

use super::TpduFault;
use super::octets::Octets;
use crate::alphabet::{gsm7, packed};
use crate::number::{MSISDN_DIGITS_MAX, Msisdn};

/// Most digits of an address.
pub const ADDRESS_DIGITS_MAX: usize = 20;

/// Type of number, bits 6 to 4 of the type of address.
const TON_MASK: u8 = 0x70;
const TON_INTERNATIONAL: u8 = 0x10;
const TON_ALPHANUMERIC: u8 = 0x50;
/// Bit 7 is always set.
const EXTENSION: u8 = 0x80;
/// ISDN numbering plan (E.164).
const NPI_ISDN: u8 = 0x01;
/// Half octets of digits that are none of 0 to 9 (9.1.2.3); 15 fills the last octet.
const OTHER_DIGITS: [char; 5] = ['*', '#', 'a', 'b', 'c'];

/// An address as it stands in a TPDU.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Type of number and numbering plan, with bit 7.
    pub type_of_address: u8,
    /// Digits without plus sign; of an alphanumeric address its text.
    pub text: String,
}

impl Address {
    /// The address of a handset.
    #[must_use]
    pub fn international(number: Msisdn) -> Self {
        Self {
            type_of_address: EXTENSION | TON_INTERNATIONAL | NPI_ISDN,
            text: number.to_string(),
        }
    }

    /// Digits as the network knows them: a short code, or a national number.
    #[must_use]
    pub fn unknown(digits: &str) -> Self {
        Self {
            type_of_address: EXTENSION | NPI_ISDN,
            text: digits.to_owned(),
        }
    }

    /// A name of up to 11 characters.
    #[must_use]
    pub fn alphanumeric(name: &str) -> Self {
        Self {
            type_of_address: EXTENSION | TON_ALPHANUMERIC,
            text: name.to_owned(),
        }
    }

    /// Whether it is a name.
    #[must_use]
    pub const fn is_alphanumeric(&self) -> bool {
        self.type_of_address & TON_MASK == TON_ALPHANUMERIC
    }

    /// The number, where it is an international one.
    #[must_use]
    pub fn msisdn(&self) -> Option<Msisdn> {
        if self.type_of_address & TON_MASK != TON_INTERNATIONAL
            || self.text.len() > MSISDN_DIGITS_MAX
        {
            return None;
        }
        Msisdn::from_digits(self.text.as_bytes()).ok()
    }

    /// Appends length in half octets, type and value.
    ///
    /// # Errors
    /// [`TpduFault::Digit`] for what cannot be dialled, [`TpduFault::Value`] for what is too long.
    pub(super) fn write(&self, field: &'static str, out: &mut Vec<u8>) -> Result<(), TpduFault> {
        let mut value = Vec::new();
        let half_octets = if self.is_alphanumeric() {
            let mut septets = Vec::new();
            gsm7::encode(&self.text, &mut septets)
                .map_err(|fault| TpduFault::Digit { found: fault.found })?;
            packed::pack(&septets, 0, packed::Padding::Zero, &mut value);
            (septets.len() * 7).div_ceil(4)
        } else {
            write_digits(&self.text, &mut value)?;
            self.text.len()
        };
        if half_octets > ADDRESS_DIGITS_MAX {
            return Err(TpduFault::Value {
                field,
                found: half_octets,
            });
        }
        out.push(half_octets as u8);
        out.push(self.type_of_address | EXTENSION);
        out.extend_from_slice(&value);
        Ok(())
    }

    /// Reads length, type and value.
    pub(super) fn read(octets: &mut Octets<'_>, field: &'static str) -> Result<Self, TpduFault> {
        let half_octets = usize::from(octets.one(field)?);
        if half_octets > ADDRESS_DIGITS_MAX {
            return Err(TpduFault::Value {
                field,
                found: half_octets,
            });
        }
        let type_of_address = octets.one(field)?;
        let value = octets.take(half_octets.div_ceil(2), field)?;
        Self::of_value(type_of_address, value, half_octets)
    }

    pub(super) fn of_value(
        type_of_address: u8,
        value: &[u8],
        half_octets: usize,
    ) -> Result<Self, TpduFault> {
        let mut text = String::new();
        if type_of_address & TON_MASK == TON_ALPHANUMERIC {
            let mut septets = Vec::new();
            packed::unpack(value, 0, half_octets * 4 / 7, &mut septets);
            gsm7::decode(&septets, &mut text);
        } else {
            read_digits(value, half_octets, &mut text)?;
        }
        Ok(Self {
            type_of_address,
            text,
        })
    }
}

/// Appends digits two an octet, the first in the low half.
pub(super) fn write_digits(digits: &str, out: &mut Vec<u8>) -> Result<(), TpduFault> {
    let mut low = None;
    for found in digits.chars() {
        let other = || OTHER_DIGITS.iter().position(|other| *other == found);
        let half = found
            .to_digit(10)
            .map(|digit| digit as u8)
            .or_else(|| other().map(|place| 10 + place as u8))
            .ok_or(TpduFault::Digit { found })?;
        match low.take() {
            None => low = Some(half),
            Some(low) => out.push(half << 4 | low),
        }
    }
    out.extend(low.map(|low| 0xF0 | low));
    Ok(())
}

/// Reads so many digits two an octet.
pub(super) fn read_digits(octets: &[u8], count: usize, out: &mut String) -> Result<(), TpduFault> {
    let halves = octets.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]);
    for half in halves.take(count) {
        let digit = char::from_digit(u32::from(half), 10).or_else(|| {
            OTHER_DIGITS
                .get(usize::from(half).wrapping_sub(10))
                .copied()
        });
        out.push(digit.ok_or(TpduFault::Digit { found: 'f' })?);
    }
    Ok(())
}
