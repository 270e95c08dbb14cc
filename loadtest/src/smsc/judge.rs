//! What one submit is, seen as this SMSC sees it: how many segments, which text, whose fate it shares, what is wrong with it.
//!
//! [`Judge::offer`] looks and changes no count but the faults; [`Judge::accept`] counts what was looked at last.

use super::assembly::{Assembly, Joined, Part};
use super::distinct::Distinct;
use super::quirk::alphabet::Alphabets;
use super::reading::{Reading, Script, Units, script};
use super::report::Report;
use super::services::without_plus;
use crate::chance::Digest;
use carrack_message::alphabet::national::Shift;
use carrack_message::segment::udh::Header;
use carrack_message::segment::{header_octets, parse_concatenation};
use carrack_smpp::{Address, SHORT_MESSAGE_OCTETS_MAX, SubmitSm, tag};
use std::collections::VecDeque;

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

/// A text that was accepted whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenText {
    /// Source address.
    pub from: String,
    /// Destination address.
    pub to: String,
    /// The text as a handset would show it; hexadecimal digits where it is binary.
    pub text: String,
    /// Submits that brought it.
    pub parts: u8,
}

/// What the submit that was looked at is, until it is accepted.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Whole,
    Part(Place),
}

#[derive(Debug, Clone, Copy)]
struct Place {
    message: u64,
    parties: Digest,
    total: u8,
    part: u8,
}

/// Looks at submits and remembers which texts came.
#[derive(Debug)]
pub(super) struct Judge {
    reading: Reading,
    assembly: Assembly,
    distinct: Distinct,
    pending: Pending,
    is_text: bool,
    unread: Vec<u8>,
    messages: u64,
    messages_distinct: u64,
    texts: VecDeque<TakenText>,
    texts_kept: usize,
}

impl Judge {
    /// A judge that tells at most `texts_max` texts apart and keeps the last `texts_kept` to be shown.
    pub(super) fn new(texts_max: u64, texts_kept: usize) -> Self {
        Self {
            reading: Reading::default(),
            assembly: Assembly::default(),
            distinct: Distinct::new(texts_max),
            pending: Pending::Whole,
            is_text: true,
            unread: Vec::new(),
            messages: 0,
            messages_distinct: 0,
            texts: VecDeque::new(),
            texts_kept,
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
        if is_plain(sm, script, user_data) && self.texts_kept == 0 {
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

    /// Counts the submit that was judged last.
    pub(super) fn accept(&mut self, offer: &Offer, sm: &SubmitSm<'_>) {
        match self.pending {
            Pending::Whole => {
                let is_new = self.distinct.count(offer.text, 1);
                self.count_message(is_new);
                if self.texts_kept > 0 {
                    let content = std::mem::take(&mut self.unread);
                    self.keep(sm, &content, 1);
                    self.unread = content;
                }
            }
            Pending::Part(place) => {
                let part = Part {
                    message: place.message,
                    parties: place.parties,
                    digest: offer.text,
                    total: place.total,
                    part: place.part,
                    content: &self.unread,
                    is_text: self.is_text,
                };
                let joined = self.assembly.take(&part, &mut self.distinct);
                if let Joined::Whole { content, is_new } = joined {
                    self.count_message(is_new);
                    self.keep(sm, &content, place.total);
                }
            }
        }
    }

    fn count_message(&mut self, is_new: bool) {
        self.messages += 1;
        self.messages_distinct += u64::from(is_new);
    }

    fn keep(&mut self, sm: &SubmitSm<'_>, content: &[u8], parts: u8) {
        if self.texts_kept == 0 {
            return;
        }
        if self.texts.len() >= self.texts_kept {
            self.texts.pop_front();
        }
        let text = if self.is_text {
            String::from_utf8_lossy(content).into_owned()
        } else {
            content.iter().map(|octet| format!("{octet:02x}")).collect()
        };
        self.texts.push_back(TakenText {
            from: shown(&sm.source),
            to: shown(&sm.destination),
            text,
            parts,
        });
    }

    /// The last texts that were accepted whole.
    pub(super) fn texts(&self) -> impl Iterator<Item = &TakenText> {
        self.texts.iter()
    }

    /// Writes what is known of texts into a report.
    pub(super) fn report(&self, report: &mut Report) {
        let pending = self.assembly.pending(&self.distinct);
        report.distinct_texts = self.distinct.distinct() + pending.distinct;
        report.duplicates = self.distinct.duplicates() + pending.duplicates;
        report.untracked_texts = self.distinct.untracked();
        report.messages = self.messages;
        report.messages_distinct = self.messages_distinct;
        report.messages_incomplete = pending.incomplete;
    }
}

fn shown(address: &Address<'_>) -> String {
    String::from_utf8_lossy(address.addr).into_owned()
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
    use crate::smsc::quirk::alphabet::DefaultAlphabet;
    use carrack_message::alphabet::packed::{self, Padding};
    use carrack_message::alphabet::{gsm7, ucs2};
    use carrack_message::wire::NationalLanguage;
    use carrack_smpp::{Tlvs, write_tlv};

    const TEXT: &str = "Größe 5 £: this text is long enough to be cut into two parts of one hundred and fifty-three characters at most, \
which is why it goes on and on about nothing at all, until it ends here and there.";
    const CUT: usize = 150;

    struct Bench {
        judge: Judge,
        counts: Report,
        alphabets: Alphabets,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                judge: Judge::new(1_000, 10),
                counts: Report::default(),
                alphabets: Alphabets::default(),
            }
        }

        fn take(&mut self, sm: SubmitSm<'_>) -> Offer {
            let sm = SubmitSm {
                source: Address::alphanumeric(b"ACME"),
                destination: Address::international(b"447700900001"),
                ..sm
            };
            let offer = self.judge.offer(&sm, &self.alphabets, &mut self.counts);
            self.judge.accept(&offer, &sm);
            offer
        }

        /// (distinct, duplicates)
        fn report(&self) -> Report {
            let mut report = self.counts.clone();
            self.judge.report(&mut report);
            report
        }
    }

    fn halves() -> [String; 2] {
        let cut = TEXT.char_indices().nth(CUT).unwrap().0;
        let (one, two) = TEXT.split_at(cut);
        [one.to_owned(), two.to_owned()]
    }

    fn septets(text: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        gsm7::encode(text, &mut octets).unwrap();
        octets
    }

    fn headers(part: u8) -> [Vec<u8>; 2] {
        [vec![5, 0, 3, 9, 2, part], vec![6, 8, 4, 1, 200, 2, part]]
    }

    fn sar(part: u8) -> Vec<u8> {
        let mut tlvs = Vec::new();
        for (tag, value) in [
            (tag::SAR_MSG_REF_NUM, &[7, 7][..]),
            (tag::SAR_TOTAL_SEGMENTS, &[2]),
            (tag::SAR_SEGMENT_SEQNUM, &[part]),
        ] {
            write_tlv(&mut tlvs, tag, value).unwrap();
        }
        tlvs
    }

    fn payload(octets: &[u8]) -> Vec<u8> {
        let mut tlvs = Vec::new();
        write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, octets).unwrap();
        tlvs
    }

    #[test]
    fn one_long_text_is_one_text_by_every_method_and_alphabet() {
        let mut bench = Bench::new();
        let [one, two] = halves();
        for method in 0..2 {
            for (part, text) in [(1, &one), (2, &two)] {
                let octets = [headers(part)[method].clone(), septets(text)].concat();
                let offer = bench.take(SubmitSm {
                    esm_class: 0x40,
                    short_message: &octets,
                    ..SubmitSm::default()
                });
                assert_eq!(offer.segments, 1);
            }
        }
        for (part, text) in [(2, &two), (1, &one)] {
            bench.take(SubmitSm {
                short_message: &septets(text),
                tlvs: Tlvs::new(&sar(part)),
                ..SubmitSm::default()
            });
        }
        let whole = bench.take(SubmitSm {
            tlvs: Tlvs::new(&payload(&septets(TEXT))),
            ..SubmitSm::default()
        });
        assert_eq!(whole.segments, 2);
        let mut units = Vec::new();
        ucs2::encode(TEXT, &mut units);
        bench.take(SubmitSm {
            data_coding: 8,
            tlvs: Tlvs::new(&payload(&units)),
            ..SubmitSm::default()
        });
        bench.alphabets.default = DefaultAlphabet::Gsm7Packed;
        for (part, text) in [(1, &one), (2, &two)] {
            let mut octets = headers(part)[0].clone();
            packed::pack(&septets(text), 1, Padding::CarriageReturn, &mut octets);
            bench.take(SubmitSm {
                esm_class: 0x40,
                short_message: &octets,
                ..SubmitSm::default()
            });
        }
        let report = bench.report();
        assert_eq!((report.distinct_texts, report.duplicates), (2, 8));
        assert_eq!((report.messages, report.messages_distinct), (6, 1));
        assert_eq!(
            (
                report.messages_incomplete,
                report.oversized,
                report.texts_unreadable
            ),
            (0, 0, 0)
        );
        assert!(bench.judge.texts().all(|taken| taken.text == TEXT));
        assert_eq!(bench.judge.texts().count(), 6);
    }

    #[test]
    fn a_text_in_national_tables_is_the_same_text_as_in_ucs2() {
        let mut bench = Bench::new();
        let text = "Çok güzel, teşekkür ederim";
        let shift = Shift {
            locking: Some(NationalLanguage::Turkish),
            single: None,
        };
        let mut octets = vec![3, 0x25, 1, 1];
        shift.encode(text, &mut octets).unwrap();
        bench.take(SubmitSm {
            esm_class: 0x40,
            short_message: &octets,
            ..SubmitSm::default()
        });
        let mut units = Vec::new();
        ucs2::encode(text, &mut units);
        bench.take(SubmitSm {
            data_coding: 8,
            short_message: &units,
            ..SubmitSm::default()
        });
        let report = bench.report();
        assert_eq!((report.distinct_texts, report.duplicates), (1, 1));
        assert_eq!((report.texts_unreadable, report.oversized), (0, 0));
        assert!(bench.judge.texts().all(|taken| taken.text == text));
    }

    #[test]
    fn parts_of_one_message_are_different_texts_with_one_fate() {
        let mut bench = Bench::new();
        let mut part = |reference: u8, part: u8| {
            bench.take(SubmitSm {
                esm_class: 0x40,
                short_message: &[5, 0, 3, reference, 2, part, b's', b'a', b'm', b'e'],
                ..SubmitSm::default()
            })
        };
        let (one, two, other) = (part(9, 1), part(9, 2), part(10, 2));
        assert_ne!(one.text, two.text);
        assert_eq!(one.fate, two.fate);
        assert_ne!(one.fate, other.fate);
        assert_eq!(one, part(9, 1));
    }

    #[test]
    fn what_cannot_be_read_or_does_not_fit_is_counted() {
        let mut bench = Bench::new();
        bench.take(SubmitSm {
            short_message: b"\x80\xFF",
            ..SubmitSm::default()
        });
        bench.take(SubmitSm {
            data_coding: 8,
            short_message: b"\x00a\xD8\x3D",
            ..SubmitSm::default()
        });
        let report = bench.report();
        assert_eq!((report.texts_unreadable, report.oversized), (2, 0));
        let long = [&[5, 0, 3, 9, 2, 1][..], &[b'x'; 154]].concat();
        bench.take(SubmitSm {
            esm_class: 0x40,
            short_message: &long,
            ..SubmitSm::default()
        });
        bench.take(SubmitSm {
            esm_class: 0x40,
            short_message: b"\x50no header",
            ..SubmitSm::default()
        });
        let report = bench.report();
        assert_eq!((report.oversized, report.broken_headers), (1, 1));
        assert_eq!(report.distinct_texts, 4);
    }

    #[test]
    fn the_same_text_to_another_recipient_is_another_text() {
        let mut judge = Judge::new(100, 0);
        for to in [b"447700900001", b"447700900002"] {
            let sm = SubmitSm {
                destination: Address::international(to),
                short_message: b"x",
                ..SubmitSm::default()
            };
            let offer = judge.offer(&sm, &Alphabets::default(), &mut Report::default());
            judge.accept(&offer, &sm);
        }
        let mut report = Report::default();
        judge.report(&mut report);
        assert_eq!((report.distinct_texts, report.duplicates), (2, 0));
    }
}
