//! Text mode (+CMGF=1), as far as old programs leave a modem in it: messages shown as text, and sent as the GSM alphabet.
//!
//! Of a message that is no SMS-DELIVER its status report is shown. What cannot be read is shown as hexadecimal digits, as modems do.

use super::judge::{Alphabet, Submission};
use super::octets;
use carrack_message::alphabet::{gsm7, ucs2};
use carrack_message::tpdu::{Coding, SmsDeliver, SmsStatusReport, coding_of};

/// What a host wants listed: `Some(None)` is all of them.
pub(super) fn stat(wanted: &str, is_text: bool) -> Option<Option<u8>> {
    let known: &[(&str, Option<u8>)] = if is_text {
        &[
            ("REC UNREAD", Some(0)),
            ("REC READ", Some(1)),
            ("STO UNSENT", Some(2)),
            ("STO SENT", Some(3)),
            ("ALL", None),
        ]
    } else {
        &[
            ("0", Some(0)),
            ("1", Some(1)),
            ("2", Some(2)),
            ("3", Some(3)),
            ("4", None),
        ]
    };
    known
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|(_, stat)| *stat)
}

/// A stored message behind this beginning of its line.
pub(super) fn shown(head: &str, tpdu: &[u8]) -> String {
    if let Ok(message) = SmsDeliver::of_octets(tpdu) {
        let plus = if message.originator.type_of_address & 0x70 == 0x10 {
            "+"
        } else {
            ""
        };
        let text = text_of(message.data_coding_scheme, &message.user_data.body);
        let time = time(message.service_centre_time);
        return format!(
            "{head},\"{plus}{}\",,\"{time}\"\r\n{text}",
            message.originator.text
        );
    }
    match SmsStatusReport::of_octets(tpdu) {
        Ok(report) => format!(
            "{head},6,{},\"+{}\",145,\"{}\",\"{}\",{}",
            report.message_reference,
            report.recipient.text,
            time(report.service_centre_time),
            time(report.discharge_time),
            report.status
        ),
        Err(_) => format!("{head}\r\n{}", octets::hex(tpdu)),
    }
}

fn text_of(data_coding_scheme: u8, body: &[u8]) -> String {
    let mut text = String::new();
    match coding_of(data_coding_scheme) {
        Coding::Septets => {
            gsm7::decode(body, &mut text);
        }
        Coding::Ucs2 | Coding::Octets => text = octets::hex(body),
    }
    text
}

fn time(octets: [u8; 7]) -> String {
    let digits: Vec<String> = octets
        .iter()
        .map(|octet| format!("{}{}", octet & 0x0F, octet >> 4))
        .collect();
    match digits.as_slice() {
        [year, month, day, hour, minute, second, zone] => {
            format!("{year}/{month}/{day},{hour}:{minute}:{second}+{zone}")
        }
        _ => String::new(),
    }
}

/// What was typed behind the prompt of `AT+CMGS="<number>"`.
pub(super) fn submission(
    to: &str,
    typed: &[u8],
    csmp: [u8; 4],
) -> Result<Submission, &'static str> {
    let [first, _, _, data_coding_scheme] = csmp;
    let digits = to.trim_start_matches('+');
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return Err("recipient that is no number");
    }
    let text: String = typed.iter().map(|octet| char::from(*octet)).collect();
    let mut body = Vec::new();
    let (alphabet, most) = if coding_of(data_coding_scheme) == Coding::Ucs2 {
        ucs2::encode(&text, &mut body);
        (Alphabet::Ucs2, 140)
    } else {
        gsm7::encode(&text, &mut body).map_err(|_| "text that is not of the GSM alphabet")?;
        (Alphabet::Gsm, 160)
    };
    if body.len() > most {
        return Err("user data longer than one short message");
    }
    Ok(Submission {
        to: digits.to_owned(),
        to_field: octets::address(to),
        wants_report: first & 0x20 != 0,
        data_coding_scheme,
        alphabet,
        header: Vec::new(),
        part: None,
        body,
        odd: None,
    })
}
