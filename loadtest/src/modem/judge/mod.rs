//! A strict judge of what a host hands to `AT+CMGS`: a line of hexadecimal digits with the service centre's address and an SMS-SUBMIT
//! (3GPP TS 23.040, 9.2.2.2; TS 27.005, 4.3; TS 23.038).
//!
//! It shares no code with the codec that it judges. Total: any octets have a verdict. What real networks would wave through and a
//! specification forbids is refused here (reserved bits, filling that is not zero, lengths that do not match to the octet); what is
//! allowed and still looks wrong on a handset is taken and counted as odd.

mod fields;
mod user_data;

pub use user_data::Part;

use super::octets::from_hex;
use fields::{Reader, address, coding, protocol, validity};

/// What one character of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Packed septets.
    Gsm,
    /// Octets that are no text.
    Binary,
    /// UTF-16, big end first.
    Ucs2,
}

/// A segment that the judge took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whom it is for: digits.
    pub to: String,
    /// The address field of it, as it came: length, type, value.
    pub to_field: Vec<u8>,
    /// A status report is wanted.
    pub wants_report: bool,
    /// The data coding scheme.
    pub data_coding_scheme: u8,
    /// What the scheme says.
    pub alphabet: Alphabet,
    /// The header with its length octet, or nothing.
    pub header: Vec<u8>,
    /// Which part of which long text it is.
    pub part: Option<Part>,
    /// What follows the header: septets one an octet, octets, or UTF-16.
    pub body: Vec<u8>,
    /// Allowed, and odd.
    pub odd: Option<&'static str>,
}

/// Judges the digits between prompt and Ctrl-Z, `length` being that of `AT+CMGS=<length>`.
///
/// # Errors
/// The first fault, in words that are a key of the report.
pub fn judge(digits: &str, length: usize) -> Result<Submission, &'static str> {
    let octets = from_hex(digits).ok_or("not pairs of hexadecimal digits")?;
    let mut line = Reader::new(&octets);
    service_centre(&mut line)?;
    if line.left() != length {
        return Err("length is not that of AT+CMGS");
    }
    submit(&mut line)
}

/// TS 24.011, 8.2.5: one octet of length, type, digits.
fn service_centre(line: &mut Reader<'_>) -> Result<(), &'static str> {
    let length = usize::from(line.one("no service centre address")?);
    if length == 0 {
        return Ok(());
    }
    if !(2..=11).contains(&length) {
        return Err("service centre address of a length that none has");
    }
    let value = line.take(length, "service centre address longer than the line")?;
    let mut value = Reader::new(value);
    if value.one("")? & 0x80 == 0 {
        return Err("service centre address without bit 7 of its type");
    }
    let digits = value.rest();
    let (last, before) = digits
        .split_last()
        .ok_or("service centre address without digits")?;
    let are_digits = before
        .iter()
        .all(|octet| octet & 0x0F < 10 && octet >> 4 < 10);
    let is_last_good = last & 0x0F < 10 && (last >> 4 < 10 || last >> 4 == 0x0F);
    if are_digits && is_last_good {
        Ok(())
    } else {
        Err("service centre address with half octets that are no digits")
    }
}

fn submit(tpdu: &mut Reader<'_>) -> Result<Submission, &'static str> {
    let first = tpdu.one("no first octet")?;
    if first & 0x03 != 0x01 {
        return Err("not an SMS-SUBMIT");
    }
    tpdu.one("ends before the message reference")?;
    let (to, to_field) = address(tpdu)?;
    protocol(tpdu.one("ends before the protocol identifier")?)?;
    let data_coding_scheme = tpdu.one("ends before the data coding scheme")?;
    let alphabet = coding(data_coding_scheme)?;
    validity(first >> 3 & 0x03, tpdu)?;
    let data = user_data::read(first & 0x40 != 0, alphabet, tpdu)?;
    Ok(Submission {
        to,
        to_field,
        wants_report: first & 0x20 != 0,
        data_coding_scheme,
        alphabet,
        odd: data.odd(alphabet),
        header: data.header,
        part: data.part,
        body: data.body,
    })
}

#[cfg(test)]
mod tests;
