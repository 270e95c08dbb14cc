//! Messages from handsets, in every form of [`super::quirk::mo`]. Each has a number, which its text carries.

use super::address::KeptAddress;
use super::connections::BindKey;
use super::desk::{Desk, Due, Sender};
use super::post::{Content, Parcel};
use super::quirk::mo::Form;
use carrack_message::alphabet::{gsm7, ucs2};
use carrack_smpp::{Address, CommandId, ESM_CLASS_UDHI, tag, write_tlv};

/// Characters of a long message, and where it is cut.
const LONG_CHARACTERS: usize = 320;
const PART_CHARACTERS: usize = 120;
const FILLER: &str = "I have read what you wrote and I would like to know more about it, please call me back in the afternoon. ";
const LITTLE_TEXT: &str = "Ναι, παρακαλώ";
const EMOJI: char = '\u{1F600}';

/// One PDU of a message from a handset.
#[derive(Debug, Clone, Default)]
pub(super) struct MoPart {
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) short_message: Vec<u8>,
    pub(super) tlvs: Vec<u8>,
    pub(super) by_data_sm: bool,
    /// Octets put behind `short_message` after it was written.
    pub(super) behind: Vec<u8>,
    /// What `sm_length` says instead of the truth.
    pub(super) sm_length: Option<u8>,
}

/// A message from a handset that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoText {
    /// Its number, from 1.
    pub number: u64,
    /// The quirk that gave it its form; `mo` for the plain one.
    pub form: &'static str,
    /// The handset.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// What a reader should show.
    pub text: String,
    /// PDUs that carry it.
    pub parts: usize,
}

/// A message in its PDUs, in the order they go.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    pub(super) number: u64,
    pub(super) form: Form,
    pub(super) text: String,
    pub(super) parts: Vec<MoPart>,
}

impl Desk {
    /// Counts one more message from a handset.
    pub(super) fn next_mo(&mut self, form: Form) -> u64 {
        self.counts.mo += 1;
        self.played.count(form.name());
        self.counts.mo
    }

    /// Posts the parts of a message from a handset.
    pub(super) fn hand_over(
        &mut self,
        due_ns: u64,
        sender: Sender,
        from: &Address<'_>,
        to: &Address<'_>,
        composed: Composed,
    ) {
        if self.settings.texts_kept > 0 {
            if self.shelf.len() >= self.settings.texts_kept {
                self.shelf.pop_front();
            }
            self.shelf.push_back(MoText {
                number: composed.number,
                form: composed.form.name(),
                from: String::from_utf8_lossy(from.addr).into_owned(),
                to: String::from_utf8_lossy(to.addr).into_owned(),
                text: composed.text,
                parts: composed.parts.len(),
            });
        }
        for part in composed.parts {
            let ticket = self.post.put(Parcel {
                system: sender.system,
                origin: sender.bind,
                source: KeptAddress::new(from),
                destination: KeptAddress::new(to),
                content: Content::Mo(Box::new(part)),
                was_sent: false,
                sent_ns: 0,
                refusals: 0,
            });
            self.put(due_ns, Due::Parcel(ticket));
        }
    }

    /// A handset writes by itself, to any system_id that receives. False when none does.
    pub(super) fn write_from_handset(
        &mut self,
        now_ns: u64,
        form: Option<Form>,
        text: Option<&str>,
    ) -> bool {
        let Some(system) = self.post.next_system() else {
            return false;
        };
        let form = form.unwrap_or_else(|| self.settings.quirks.mo.form(self.counts.mo));
        let number = self.next_mo(form);
        let composed = match text {
            Some(text) => plain(number, &text.replace("{n}", &number.to_string())),
            None => compose(form, number),
        };
        let sender = Sender {
            bind: BindKey::default(),
            system,
            unanswered: 0,
            command: CommandId::DELIVER_SM,
            sequence_number: 0,
        };
        let (from, to) = (self.settings.mo_from.clone(), self.settings.mo_to.clone());
        let from = Address::international(from.as_bytes());
        self.hand_over(now_ns, sender, &from, &address(to.as_bytes()), composed);
        true
    }
}

/// An address by what it looks like.
fn address(octets: &[u8]) -> Address<'_> {
    if !octets.iter().all(u8::is_ascii_digit) {
        Address::alphanumeric(octets)
    } else if octets.len() <= 8 {
        Address::new(3, 0, octets)
    } else {
        Address::international(octets)
    }
}

/// A text of the caller's in as many parts as it needs, in the cheapest alphabet.
fn plain(number: u64, text: &str) -> Composed {
    let (data_coding, octets) = encoded(text);
    let mut part = MoPart {
        data_coding,
        ..MoPart::default()
    };
    if octets.len() > 140 {
        // Far below the 65,535 octets that could be refused, or the message goes without text.
        let _ = write_tlv(&mut part.tlvs, tag::MESSAGE_PAYLOAD, &octets);
    } else {
        part.short_message = octets;
    }
    Composed {
        number,
        form: Form::Plain,
        text: text.to_owned(),
        parts: vec![part],
    }
}

fn encoded(text: &str) -> (u8, Vec<u8>) {
    let mut octets = Vec::new();
    if gsm7::encode(text, &mut octets).is_ok() {
        return (0, octets);
    }
    ucs2::encode(text, &mut octets);
    (8, octets)
}

/// The message with this number in this form.
pub(super) fn compose(form: Form, number: u64) -> Composed {
    let (text, parts) = match form {
        Form::Udh8
        | Form::Udh16
        | Form::Sar
        | Form::TwoMethods
        | Form::OutOfOrder
        | Form::RepeatedPart
        | Form::UdhiMissing => long(form, number),
        Form::SplitPair => split_pair(number),
        Form::Ucs2LittleEndian | Form::Ucs2Marked | Form::Ucs2Odd | Form::Ucs2Lone => {
            odd_ucs2(form, number)
        }
        _ => short(form, number),
    };
    Composed {
        number,
        form,
        text,
        parts,
    }
}

fn short(form: Form, number: u64) -> (String, Vec<MoPart>) {
    let mut text = match form {
        Form::LikeReceipt => format!(
            "id:{number} sub:001 dlvrd:001 submit date:2401011200 done date:2401011201 stat:DELIVRD err:000 text:so they say"
        ),
        Form::Empty => String::new(),
        _ => format!("MO {number}: yes, please call me back"),
    };
    let mut part = MoPart {
        short_message: encoded(&text).1,
        ..MoPart::default()
    };
    match form {
        Form::Flash => part.data_coding = 0x10,
        Form::DataSm => part.by_data_sm = true,
        Form::UdhiFalse => part.esm_class = ESM_CLASS_UDHI,
        Form::TrailingNul => part.behind = vec![0],
        Form::NoNul => part.sm_length = Some(part.short_message.len() as u8 + 1),
        Form::Payload | Form::BothPayload => {
            let octets = std::mem::take(&mut part.short_message);
            // Far below the 65,535 octets that could be refused.
            let _ = write_tlv(&mut part.tlvs, tag::MESSAGE_PAYLOAD, &octets);
            if form == Form::BothPayload {
                part.behind = b"not this one".to_vec();
                part.sm_length = Some(part.behind.len() as u8);
            }
        }
        Form::Length255 => {
            while text.len() < 255 {
                text.push('x');
            }
            part.short_message = text.as_bytes().get(..254).unwrap_or_default().to_vec();
            part.behind = b"x".to_vec();
            part.sm_length = Some(255);
        }
        _ => {}
    }
    (text, vec![part])
}

fn odd_ucs2(form: Form, number: u64) -> (String, Vec<MoPart>) {
    let text = format!("MO {number}: {LITTLE_TEXT} {EMOJI}");
    let mut octets = Vec::new();
    ucs2::encode(&text, &mut octets);
    match form {
        Form::Ucs2LittleEndian => {
            for unit in octets.chunks_exact_mut(2) {
                unit.reverse();
            }
        }
        Form::Ucs2Marked => {
            octets.splice(..0, [0xFE, 0xFF]);
        }
        Form::Ucs2Odd => octets.push(0),
        _ => octets.truncate(octets.len() - 2),
    }
    let part = MoPart {
        data_coding: 8,
        short_message: octets,
        ..MoPart::default()
    };
    (text, vec![part])
}

fn long(form: Form, number: u64) -> (String, Vec<MoPart>) {
    let mut text = format!("MO {number}: ");
    while text.len() < LONG_CHARACTERS {
        text.push_str(FILLER);
    }
    text.truncate(LONG_CHARACTERS);
    let octets = encoded(&text).1;
    let pieces: Vec<&[u8]> = octets.chunks(PART_CHARACTERS).collect();
    let total = pieces.len() as u8;
    let mut parts: Vec<MoPart> = (1..=total)
        .zip(&pieces)
        .map(|(place, piece)| {
            let mut part = MoPart::default();
            if form == Form::Sar || form == Form::TwoMethods {
                sar(number, total, place, &mut part.tlvs);
            }
            if form == Form::Udh16 {
                let [high, low] = (number as u16).to_be_bytes();
                part.short_message = vec![6, 8, 4, high, low, total, place];
            } else if form != Form::Sar {
                part.short_message = vec![5, 0, 3, number as u8, total, place];
            }
            if !part.short_message.is_empty() && form != Form::UdhiMissing {
                part.esm_class = ESM_CLASS_UDHI;
            }
            part.short_message.extend_from_slice(piece);
            part
        })
        .collect();
    if form == Form::OutOfOrder {
        parts.reverse();
    }
    if form == Form::RepeatedPart {
        parts.splice(..0, parts.first().cloned());
    }
    (text, parts)
}

fn sar(number: u64, total: u8, place: u8, tlvs: &mut Vec<u8>) {
    let reference = (number as u16).to_be_bytes();
    for (tag, value) in [
        (tag::SAR_MSG_REF_NUM, &reference[..]),
        (tag::SAR_TOTAL_SEGMENTS, &[total]),
        (tag::SAR_SEGMENT_SEQNUM, &[place]),
    ] {
        // Two octets at most.
        let _ = write_tlv(tlvs, tag, value);
    }
}

/// UCS-2 in two parts of which the first ends in the middle of a character.
fn split_pair(number: u64) -> (String, Vec<MoPart>) {
    let mut text = format!("MO {number}: ");
    while ucs2::units(&text) < 66 {
        text.push('ω');
    }
    text.push(EMOJI);
    text.push_str(LITTLE_TEXT);
    let mut octets = Vec::new();
    ucs2::encode(&text, &mut octets);
    let parts = (1..=2)
        .zip(octets.chunks(134))
        .map(|(place, piece)| MoPart {
            esm_class: ESM_CLASS_UDHI,
            data_coding: 8,
            short_message: [&[5, 0, 3, number as u8, 2, place], piece].concat(),
            ..MoPart::default()
        })
        .collect();
    (text, parts)
}
