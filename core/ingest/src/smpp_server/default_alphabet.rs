//! What an account's client means by `data_coding` 0, said by a `data_coding` that means it to everybody.
//!
//! Promise: nothing is dropped, and nothing goes on under a name that is not its own. Packed septets are taken apart, in
//! every `data_coding` of the default alphabet and behind the fill bits of a header; a carriage return in the seven bits
//! that are left over is padding, as 3GPP TS 23.038 (6.1.2.3.1) has it, and any other septet there is text. ASCII and
//! Latin-1 have a `data_coding`. Windows-1252 has none: a part of a message goes as Latin-1 where that has the same
//! octets, else in GSM 7-bit or UCS-2. UTF-8 has none either. Fails by `ESME_RSUBMITFAIL` where octets can be no text in
//! these two: not of the alphabet, or part of one in UTF-8.

use std::borrow::Cow;

use carrack_message::alphabet::dcs::{Charset, DataCoding};
use carrack_message::alphabet::{gsm7, packed, ucs2, windows1252};
use carrack_smpp::CommandStatus;

use crate::accounts::DefaultAlphabet;

/// `data_coding` of GSM 7-bit, of ASCII, of Latin-1 and of UCS-2 (SMPP 3.4, 5.2.19).
const GSM7: u8 = 0;
pub(crate) const ASCII: u8 = 1;
pub(crate) const LATIN1: u8 = 3;
const UCS2: u8 = 8;

/// What was meant.
#[derive(Debug)]
pub(crate) enum Meant<'a> {
    /// Text.
    Text(String),
    /// Octets behind the header under this `data_coding`.
    Octets(u8, Cow<'a, [u8]>),
}

/// What `own`, the octets behind a header of so many, says; `whole`: it is no part of a longer message and has no header.
///
/// # Errors
/// The status to answer.
pub(crate) fn meant(
    alphabet: DefaultAlphabet,
    data_coding: u8,
    own: &[u8],
    header_octets: usize,
    whole: bool,
) -> Result<Meant<'_>, CommandStatus> {
    let named = |data_coding| Ok(Meant::Octets(data_coding, Cow::Borrowed(own)));
    match (data_coding, alphabet) {
        (_, DefaultAlphabet::Gsm7Packed) if is_default(data_coding) => {
            let mut septets = Vec::new();
            packed::unpack_padded(own, packed::fill_bits(header_octets), &mut septets);
            Ok(Meant::Octets(data_coding, Cow::Owned(septets)))
        }
        (0, DefaultAlphabet::Ascii) => named(ASCII),
        (0, DefaultAlphabet::Latin1) => named(LATIN1),
        (0, DefaultAlphabet::Utf8 | DefaultAlphabet::Windows1252) if own.is_ascii() => named(ASCII),
        (0, DefaultAlphabet::Utf8) => match std::str::from_utf8(own) {
            Ok(text) if whole => Ok(Meant::Text(text.to_owned())),
            _ => Err(CommandStatus::ESME_RSUBMITFAIL),
        },
        (0, DefaultAlphabet::Windows1252) => {
            let mut text = String::new();
            if windows1252::decode(own, &mut text) > 0 {
                return Err(CommandStatus::ESME_RSUBMITFAIL);
            }
            match whole {
                true => Ok(Meant::Text(text)),
                false if own.iter().all(|octet| !matches!(octet, 0x80..=0x9F)) => named(LATIN1),
                false => Ok(recoded(&text)),
            }
        }
        _ => named(data_coding),
    }
}

fn is_default(data_coding: u8) -> bool {
    DataCoding::of(data_coding).charset == Charset::Default
}

/// A part in an alphabet that has a `data_coding`.
fn recoded<'a>(text: &str) -> Meant<'a> {
    let mut octets = Vec::new();
    let data_coding = match gsm7::encode(text, &mut octets) {
        Ok(()) => GSM7,
        Err(_) => {
            ucs2::encode(text, &mut octets);
            UCS2
        }
    };
    Meant::Octets(data_coding, Cow::Owned(octets))
}
