//! A TPDU as a line between a modem and its host: the service centre's address, then the octets, in hexadecimal digits
//! (3GPP TS 27.005, 3.1 and 4.3).

use super::address::{read_digits, write_digits};
use super::{Address, TpduFault};

/// Most octets of a line: an address of 12 and a TPDU of 176.
const OCTETS_MAX: usize = 188;

/// A line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// The service centre; none: the one that the SIM knows, or it cannot be read.
    pub service_centre: Option<Address>,
    /// The TPDU.
    pub tpdu: Vec<u8>,
}

/// The line of a TPDU; its length for the command (`AT+CMGS=<length>`) is that of the TPDU alone.
///
/// # Errors
/// An address that cannot be written.
pub fn to_line(pdu: &Pdu) -> Result<String, TpduFault> {
    let mut octets = vec![0];
    if let Some(centre) = &pdu.service_centre {
        octets.push(centre.type_of_address);
        write_digits(&centre.text, &mut octets)?;
        let length = octets.len() - 1;
        if let Some(first) = octets.first_mut() {
            *first = u8::try_from(length).unwrap_or(u8::MAX);
        }
    }
    octets.extend_from_slice(&pdu.tpdu);
    Ok(octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 0x0F])
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .map(|digit| digit.to_ascii_uppercase())
        .collect())
}

/// Reads a line; blanks around it do not count.
///
/// # Errors
/// Text that is no pairs of hexadecimal digits, or an address longer than the line.
pub fn from_line(line: &str) -> Result<Pdu, TpduFault> {
    let octets = pairs(line.trim().as_bytes())?;
    let short = TpduFault::Short {
        field: "the service centre's address",
    };
    let (length, rest) = octets.split_first().ok_or(short)?;
    let (centre, tpdu) = rest.split_at_checked(usize::from(*length)).ok_or(short)?;
    let service_centre = match centre {
        [] => None,
        [type_of_address, digits @ ..] => {
            let filled = digits.last().is_some_and(|last| last >> 4 == 0x0F);
            let count = digits.len() * 2 - usize::from(filled);
            let mut text = String::new();
            let is_read = read_digits(digits, count, &mut text).is_ok();
            // The message is what is wanted.
            is_read.then_some(Address {
                type_of_address: *type_of_address,
                text,
            })
        }
    };
    Ok(Pdu {
        service_centre,
        tpdu: tpdu.to_vec(),
    })
}

fn pairs(digits: &[u8]) -> Result<Vec<u8>, TpduFault> {
    if digits.len() > OCTETS_MAX * 2 {
        return Err(TpduFault::Trailing {
            octets: digits.len() / 2 - OCTETS_MAX,
        });
    }
    let half = |position: usize| {
        digits
            .get(position)
            .and_then(|digit| char::from(*digit).to_digit(16))
            .map(|half| half as u8)
            .ok_or(TpduFault::Hexadecimal { position })
    };
    (0..digits.len())
        .step_by(2)
        .map(|position| Ok(half(position)? << 4 | half(position + 1)?))
        .collect()
}
