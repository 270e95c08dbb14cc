//! The books of texts: which came, how often, and the last ones as a handset would show them.
//!
//! Texts that came whole wait in a list of at most [`WAITING_MAX`] and are compared together ([`Ledger::settle`]): each is somewhere
//! else in a table far larger than any cache, and one after the other, with all the work of a submit between, each would be waited
//! for alone. Bounds: `texts_max` digests, `texts_kept` texts, and those of the assembly.

use super::assembly::{Assembly, Joined, Part};
use super::distinct::Distinct;
use super::judge::{Judged, Pending};
use super::report::Report;
use carrack_smpp::{Address, SubmitSm};
use std::collections::VecDeque;

/// Texts that wait to be compared, at most.
const WAITING_MAX: usize = 4_096;

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

/// Remembers which texts came.
#[derive(Debug)]
pub(super) struct Ledger {
    assembly: Assembly,
    distinct: Distinct,
    waiting: Vec<u64>,
    messages: u64,
    messages_distinct: u64,
    texts: VecDeque<TakenText>,
    texts_kept: usize,
}

impl Ledger {
    /// A ledger that tells at most `texts_max` texts apart and keeps the last `texts_kept` to be shown.
    pub(super) fn new(texts_max: u64, texts_kept: usize) -> Self {
        Self {
            assembly: Assembly::default(),
            distinct: Distinct::new(texts_max),
            waiting: Vec::new(),
            messages: 0,
            messages_distinct: 0,
            texts: VecDeque::new(),
            texts_kept,
        }
    }

    /// Counts a submit that was accepted: the digest of its text, and what the judge made of it.
    pub(super) fn accept(&mut self, text: u64, judged: Judged<'_>, sm: &SubmitSm<'_>) {
        match judged.pending {
            Pending::Whole => {
                self.waiting.push(text);
                if self.waiting.len() >= WAITING_MAX {
                    self.settle();
                }
                self.keep(sm, judged.content, judged.is_text, 1);
            }
            Pending::Part(place) => {
                self.settle();
                let part = Part {
                    message: place.message,
                    parties: place.parties,
                    digest: text,
                    total: place.total,
                    part: place.part,
                    content: judged.content,
                    is_text: judged.is_text,
                };
                let joined = self.assembly.take(&part, &mut self.distinct);
                if let Joined::Whole { content, is_new } = joined {
                    self.count_message(is_new);
                    self.keep(sm, &content, judged.is_text, place.total);
                }
            }
        }
    }

    /// Compares the texts that wait with all before them. To be called before anybody looks.
    pub(super) fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for text in waiting.drain(..) {
            let is_new = self.distinct.count(text, 1);
            self.count_message(is_new);
        }
        self.waiting = waiting;
    }

    fn count_message(&mut self, is_new: bool) {
        self.messages += 1;
        self.messages_distinct += u64::from(is_new);
    }

    fn keep(&mut self, sm: &SubmitSm<'_>, content: &[u8], is_text: bool, parts: u8) {
        if self.texts_kept == 0 {
            return;
        }
        if self.texts.len() >= self.texts_kept {
            self.texts.pop_front();
        }
        let text = if is_text {
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

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use crate::smsc::judge::Judge;
    use crate::smsc::quirk::alphabet::Alphabets;
    use crate::smsc::quirk::alphabet::DefaultAlphabet;
    use carrack_message::alphabet::national::Shift;
    use carrack_message::alphabet::packed::{self, Padding};
    use carrack_message::alphabet::{gsm7, ucs2};
    use carrack_message::wire::NationalLanguage;
    use carrack_smpp::{Tlvs, tag, write_tlv};

    const TEXT: &str = "Größe 5 £: this text is long enough to be cut into two parts of one hundred and fifty-three characters at most, \
which is why it goes on and on about nothing at all, until it ends here and there.";
    const CUT: usize = 150;

    struct Bench {
        judge: Judge,
        ledger: Ledger,
        counts: Report,
        alphabets: Alphabets,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                judge: Judge::new(true),
                ledger: Ledger::new(1_000, 10),
                counts: Report::default(),
                alphabets: Alphabets::default(),
            }
        }

        fn take(&mut self, sm: SubmitSm<'_>) -> crate::smsc::judge::Offer {
            let sm = SubmitSm {
                source: Address::alphanumeric(b"ACME"),
                destination: Address::international(b"447700900001"),
                ..sm
            };
            let offer = self.judge.offer(&sm, &self.alphabets, &mut self.counts);
            self.ledger.accept(offer.text, self.judge.judged(), &sm);
            self.ledger.settle();
            offer
        }

        /// (distinct, duplicates)
        fn report(&self) -> Report {
            let mut report = self.counts.clone();
            self.ledger.report(&mut report);
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
        assert!(bench.ledger.texts().all(|taken| taken.text == TEXT));
        assert_eq!(bench.ledger.texts().count(), 6);
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
        assert!(bench.ledger.texts().all(|taken| taken.text == text));
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
        let mut judge = Judge::new(false);
        let mut ledger = Ledger::new(100, 0);
        for to in [b"447700900001", b"447700900002"] {
            let sm = SubmitSm {
                destination: Address::international(to),
                short_message: b"x",
                ..SubmitSm::default()
            };
            let offer = judge.offer(&sm, &Alphabets::default(), &mut Report::default());
            ledger.accept(offer.text, judge.judged(), &sm);
        }
        let mut report = Report::default();
        ledger.settle();
        ledger.report(&mut report);
        assert_eq!((report.distinct_texts, report.duplicates), (2, 0));
    }
}
