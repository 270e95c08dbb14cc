//! The text or octets of a call become the bodies of its message: one, or its parts where octets need several.
//!
//! A text that names neither class nor indicator goes as text, in the alphabet that is best for it at each carrier; a
//! character that the GSM alphabet lacks is not made a `?`, as Kannel does, but takes the message to UCS-2. All else goes
//! as octets with Kannel's `data_coding`.

use carrack_message::alphabet::{gsm7, ucs2};
use carrack_message::record::Body;
use encoding_rs::Encoding;

use super::answer::Answer;
use super::data_coding::{Coding, data_coding, is_plain};
use super::fields::Fields;
use crate::submission::parts;

/// The bodies.
pub(crate) fn bodies(given: &Fields, segments_max: u8, reference: u8) -> Result<Vec<Body>, Answer> {
    let coding = Coding::of(given.numbers.coding, !given.udh.is_empty());
    let is_empty = given.text.is_empty();
    let own = match coding {
        Coding::EightBit => given.text.clone(),
        Coding::SevenBit | Coding::Ucs2 => {
            let text = text(given, coding)?;
            if given.udh.is_empty() && is_plain(&given.numbers) && !is_empty {
                return Ok(vec![Body::Text(text)]);
            }
            octets(coding, &text)?
        }
    };
    let data_coding = data_coding(&given.numbers, coding, is_empty);
    parts(data_coding, &given.udh, &own, segments_max, reference).ok_or_else(|| {
        let detail = format!("text: has more than the {segments_max} segments allowed, or a header that says which part it is");
        Answer::bad_for("Message too long, rejected", &detail)
    })
}

fn misformed(detail: &str) -> Answer {
    Answer::bad_for("Charset or body misformed, rejected", detail)
}

fn octets(coding: Coding, text: &str) -> Result<Vec<u8>, Answer> {
    let mut octets = Vec::new();
    match coding {
        Coding::Ucs2 => ucs2::encode(text, &mut octets),
        _ => gsm7::encode(text, &mut octets).map_err(|fault| misformed(&fault.to_string()))?,
    }
    Ok(octets)
}

/// By its charset; UTF-8 or UTF-16BE where it names none.
fn text(given: &Fields, coding: Coding) -> Result<String, Answer> {
    let usual = match coding {
        Coding::Ucs2 => "UTF-16BE",
        _ => "UTF-8",
    };
    let named = given.charset.as_deref().filter(|name| !name.is_empty());
    let name = named.unwrap_or(usual);
    let encoding = Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        misformed(&format!(
            "charset: {name:?} is unknown; use UTF-8, ISO-8859-1 or another of iconv's names"
        ))
    })?;
    let text = encoding.decode_without_bom_handling_and_without_replacement(&given.text);
    let text = text.map(std::borrow::Cow::into_owned);
    text.ok_or_else(|| misformed(&format!("text: is not {name}; say what it is by charset")))
}
