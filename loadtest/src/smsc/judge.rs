//! What one submit is, seen as this SMSC sees it: how many segments, which text, whose fate it shares, what is wrong with it.
//!
//! [`Judge::offer`] looks and changes no count but the faults; [`Judge::judged`] is what was looked at last, for the ledger.

use super::quirk::alphabet::Alphabets;
use super::reading::{Reading, Script, Units, script};
use super::report::Report;
use super::services::without_plus;
use crate::chance::Digest;
use carrack_message::alphabet::national::Shift;
use carrack_message::segment::udh::Header;
use carrack_message::segment::{header_octets, parse_concatenation};
use carrack_smpp::{SHORT_MESSAGE_OCTETS_MAX, SubmitSm, tag};

/// One submit, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// Digest of the source.
    pub(super) source: u64,
    /// Digest of source and destination.
    pub(super) parties: u64,
    /// Digest of source, destination, the text, and its place where it is a part.
    pub(super) text: u64,
    /// Digest shared by all parts of one concatenated message; that of the text otherwise.
    pub(super) fate: u64,
    /// Short messages on the air.
    pub(super) segments: u32,
}

/// Whether the submit that was looked at is a whole text or a part of one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pending {
    /// A whole text.
    Whole,
    /// A part.
    Part(Place),
}

/// Where a part belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Digest of source, destination, reference and number of parts.
    pub(super) message: u64,
    /// Digest of source and destination, to go on from.
    pub(super) parties: Digest,
    /// Number of parts.
    pub(super) total: u8,
    /// Which of them, from 1.
    pub(super) part: u8,
}

/// What the submit that was looked at last says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged<'a> {
    /// Whole, or a part.
    pub(super) pending: Pending,
    /// Its content: UTF-8 where it is text. Not read for the usual submit unless contents are wanted.
    pub(super) content: &'a [u8],
    /// It is text.
    pub(super) is_text: bool,
}

/// Looks at submits.
#[derive(Debug)]
pub(super) struct Judge {
    reading: Reading,
    pending: Pending,
    is_text: bool,
    unread: Vec<u8>,
    wants_contents: bool,
}

impl Judge {
    /// A judge that reads what every submit says only where contents are wanted.
    pub(super) fn new(wants_contents: bool) -> Self {
        Self {
            reading: Reading::default(),
            pending: Pending::Whole,
            is_text: true,
            unread: Vec::new(),
            wants_contents,
        }
    }

    /// What was looked at last.
    pub(super) fn judged(&self) -> Judged<'_> {
        Judged {
            pending: self.pending,
            content: &self.unread,
            is_text: self.is_text,
        }
    }

    /// Judges a submit.
    pub(super) fn offer(
        &mut self,
        sm: &SubmitSm<'_>,
        alphabets: &Alphabets,
        counts: &mut Report,
    ) -> Offer {
        let source = Digest::new(0).field(without_plus(sm.source.addr));
        let parties = source.field(without_plus(sm.destination.addr));
        let mut offer = Offer {
            source: source.finish(),
            parties: parties.finish(),
            text: 0,
            fate: 0,
            segments: 1,
        };
        let user_data = sm.user_data();
        let script = script(sm.data_coding, alphabets);
        if is_plain(sm, script, user_data) && !self.wants_contents {
            self.pending = Pending::Whole;
            offer.text = parties.field(user_data).finish();
            offer.fate = offer.text;
            offer.segments = Units::Septets(user_data.len()).segments();
            return offer;
        }
        self.look_closely(&mut offer, sm, parties, alphabets, counts);
        offer
    }

    /// Judges what is not the usual submit.
    fn look_closely(
        &mut self,
        offer: &mut Offer,
        sm: &SubmitSm<'_>,
        parties: Digest,
        alphabets: &Alphabets,
        counts: &mut Report,
    ) {
        let script = script(sm.data_coding, alphabets);
        let (head, body) = self.read(sm, script, alphabets);
        let tie = tie(sm, sm.user_data());
        counts.texts_unreadable += u64::from(self.reading.unreadable > 0);
        counts.texts_lossy += u64::from(self.reading.lost > 0);
        counts.oversized +=
            u64::from(self.is_oversized(sm, script, body, head.len(), tie.is_some()));
        counts.broken_headers += u64::from(sm.has_udh() && head.is_empty());
        if tie.is_none() && head.is_empty() {
            offer.segments = self.reading.units(script, body).segments();
        }
        let Some((reference, total, part)) = tie else {
            self.pending = Pending::Whole;
            // A header that only names tables is part of the alphabet, any other of the message.
            let is_alphabet = Header::parse(head)
                .is_some_and(|(header, _)| header.elements().all(|element| element.is_shift()));
            let parties = if head.is_empty() || is_alphabet {
                parties
            } else {
                parties.field(head)
            };
            offer.text = self.reading.digest(parties, script, body).finish();
            offer.fate = offer.text;
            return;
        };
        let message = parties
            .number(u64::from(reference))
            .number(u64::from(total));
        self.pending = Pending::Part(Place {
            message: message.finish(),
            parties,
            total,
            part,
        });
        let place = message.number(u64::from(part));
        offer.text = self.reading.digest(place, script, body).finish();
        offer.fate = message.finish();
    }

    /// Reads the text of a submit; its header and what is behind it.
    fn read<'a>(
        &mut self,
        sm: &SubmitSm<'a>,
        script: Script,
        alphabets: &Alphabets,
    ) -> (&'a [u8], &'a [u8]) {
        let user_data = sm.user_data();
        let header = sm.has_udh().then(|| header_octets(user_data)).flatten();
        let (head, body) = user_data
            .split_at_checked(header.unwrap_or_default())
            .unwrap_or((&[], user_data));
        let shift = Header::parse(head).map_or(Shift::NONE, |(header, _)| header.shift());
        self.reading
            .read(body, (head.len(), shift), script, alphabets);
        self.is_text = script != Script::Binary;
        self.unread.clear();
        let content = if self.is_text {
            self.reading.text.as_bytes()
        } else {
            body
        };
        self.unread.extend_from_slice(content);
        (head, body)
    }

    fn is_oversized(
        &self,
        sm: &SubmitSm<'_>,
        script: Script,
        body: &[u8],
        header_octets: usize,
        is_part: bool,
    ) -> bool {
        let in_header = if is_part {
            header_octets.max(6)
        } else {
            header_octets
        };
        let must_fit = is_part || header_octets > 0;
        let overflows = must_fit && self.reading.units(script, body).overflows(in_header);
        overflows || sm.short_message.len() > SHORT_MESSAGE_OCTETS_MAX
    }
}

/// True for the usual submit, whose octets are their own canonical form.
fn is_plain(sm: &SubmitSm<'_>, script: Script, user_data: &[u8]) -> bool {
    script == Script::Gsm7
        && !sm.has_udh()
        && sm.short_message.len() <= SHORT_MESSAGE_OCTETS_MAX
        && is_septets(user_data)
        && (sm.tlvs.is_empty() || sm.tlvs.find(tag::SAR_MSG_REF_NUM).is_none())
}

/// True when no octet is above 0x7F; eight at a time, as this is asked of every submit.
fn is_septets(octets: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = octets.as_chunks::<8>();
    let high = words
        .iter()
        .fold(0, |high, word| high | u64::from_ne_bytes(*word));
    let high = rest
        .iter()
        .fold(high, |high, octet| high | u64::from(*octet));
    high & HIGH == 0
}

/// What ties a part to its message: reference, total and part, by header or by SAR parameters; the header counts.
fn tie(sm: &SubmitSm<'_>, user_data: &[u8]) -> Option<(u16, u8, u8)> {
    if let Some(found) = parse_concatenation(user_data, sm.has_udh()) {
        return (found.total > 1).then_some((found.reference, found.total, found.part));
    }
    let number = |tag| sm.tlvs.find_number(tag);
    let reference = u16::try_from(number(tag::SAR_MSG_REF_NUM)?).ok()?;
    let total = u8::try_from(number(tag::SAR_TOTAL_SEGMENTS)?).ok()?;
    let part = u8::try_from(number(tag::SAR_SEGMENT_SEQNUM)?).ok()?;
    (total > 1 && (1..=total).contains(&part)).then_some((reference, total, part))
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
    fn parts_of_one_message_are_different_texts_with_one_fate() {
        let mut judge = Judge::new(false);
        let mut part = |reference: u8, part: u8| {
            let sm = SubmitSm {
                esm_class: 0x40,
                short_message: &[5, 0, 3, reference, 2, part, b's', b'a', b'm', b'e'],
                ..SubmitSm::default()
            };
            judge.offer(&sm, &Alphabets::default(), &mut Report::default())
        };
        let (one, two, other) = (part(9, 1), part(9, 2), part(10, 2));
        assert_ne!(one.text, two.text);
        assert_eq!(one.fate, two.fate);
        assert_ne!(one.fate, other.fate);
        assert_eq!(one, part(9, 1));
    }
}
