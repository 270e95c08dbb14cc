//! What one SIM sent in any sliding minute, hour, day and month, and in calendar days and months: segments, and different recipients.
//!
//! This counts by itself, from what arrives at the modem, so that it can judge the caps of a pool. A window of length L that ends with a segment
//! at t holds what came after t - L. Memory: 16 octets for each segment of the last 30 days.

use super::super::octets::month_of;
use super::super::settings::SECOND_NS;
use serde::Serialize;
use std::collections::{HashMap, VecDeque};

const DAY_S: u64 = 86_400;

/// The worst that was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Peak {
    /// Segments.
    pub segments: u64,
    /// Different recipients.
    pub recipients: u64,
}

impl Peak {
    /// The larger of both, each for itself.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            segments: self.segments.max(other.segments),
            recipients: self.recipients.max(other.recipients),
        }
    }
}

/// Peaks of all windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Peaks {
    /// Any 60 seconds.
    pub minute: Peak,
    /// Any 60 minutes.
    pub hour: Peak,
    /// Any 24 hours.
    pub day: Peak,
    /// Any 30 days.
    pub month: Peak,
    /// A day of the calendar, in the zone of the settings.
    pub calendar_day: Peak,
    /// A month of the calendar.
    pub calendar_month: Peak,
}

impl Peaks {
    /// The larger of both, each for itself.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            minute: self.minute.max(other.minute),
            hour: self.hour.max(other.hour),
            day: self.day.max(other.day),
            month: self.month.max(other.month),
            calendar_day: self.calendar_day.max(other.calendar_day),
            calendar_month: self.calendar_month.max(other.calendar_month),
        }
    }
}

#[derive(Debug)]
struct Sliding {
    span_ns: u64,
    /// Place in `sent` of the oldest segment that counts, counted from the first ever.
    tail: u64,
    recipients: HashMap<u64, u32>,
    peak: Peak,
}

#[derive(Debug, Default)]
struct Calendar {
    number: i64,
    segments: u64,
    recipients: HashMap<u64, u32>,
    peak: Peak,
}

impl Calendar {
    fn count(&mut self, number: i64, recipient: u64) {
        if number != self.number {
            self.number = number;
            self.segments = 0;
            self.recipients.clear();
        }
        self.segments += 1;
        *self.recipients.entry(recipient).or_default() += 1;
        self.peak = self.peak.max(Peak {
            segments: self.segments,
            recipients: self.recipients.len() as u64,
        });
    }
}

/// The book of one SIM.
#[derive(Debug)]
pub(in super::super) struct Book {
    sent: VecDeque<(u64, u64)>,
    /// Segments that were forgotten.
    gone: u64,
    sliding: [Sliding; 4],
    day: Calendar,
    month: Calendar,
}

impl Book {
    pub(in super::super) fn new(slack_ns: u64) -> Self {
        let spans = [60, 3_600, DAY_S, 30 * DAY_S];
        Self {
            sent: VecDeque::new(),
            gone: 0,
            sliding: spans.map(|seconds| Sliding {
                span_ns: (seconds * SECOND_NS).saturating_sub(slack_ns),
                tail: 0,
                recipients: HashMap::new(),
                peak: Peak::default(),
            }),
            day: Calendar::default(),
            month: Calendar::default(),
        }
    }

    /// Counts one segment to this recipient; `local_s` is the same moment in seconds of the zone since 1970.
    pub(in super::super) fn count(&mut self, now_ns: u64, local_s: i64, recipient: u64) {
        self.sent.push_back((now_ns, recipient));
        let end = self.gone + self.sent.len() as u64;
        for window in &mut self.sliding {
            *window.recipients.entry(recipient).or_default() += 1;
            while let Some((sent_ns, old)) = self.sent.get((window.tail - self.gone) as usize)
                && sent_ns.saturating_add(window.span_ns) <= now_ns
            {
                window.tail += 1;
                if let Some(count) = window.recipients.get_mut(old) {
                    *count -= 1;
                    if *count == 0 {
                        window.recipients.remove(old);
                    }
                }
            }
            window.peak = window.peak.max(Peak {
                segments: end - window.tail,
                recipients: window.recipients.len() as u64,
            });
        }
        let oldest = self
            .sliding
            .iter()
            .map(|window| window.tail)
            .min()
            .unwrap_or(end);
        while self.gone < oldest && self.sent.pop_front().is_some() {
            self.gone += 1;
        }
        let days = local_s.div_euclid(DAY_S as i64);
        self.day.count(days, recipient);
        self.month.count(month_of(days), recipient);
    }

    /// Segments so far.
    pub(in super::super) fn segments(&self) -> u64 {
        self.gone + self.sent.len() as u64
    }

    pub(in super::super) fn peaks(&self) -> Peaks {
        let [minute, hour, day, month] = self.sliding.each_ref().map(|window| window.peak);
        Peaks {
            minute,
            hour,
            day,
            month,
            calendar_day: self.day.peak,
            calendar_month: self.month.peak,
        }
    }
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_window_holds_what_a_plain_count_finds(gaps in proptest::collection::vec((0_u64..30, 0_u64..5), 1..200)) {
            let mut book = Book::new(0);
            let (mut now, mut sent, mut worst) = (0, Vec::new(), [(0, 0); 2]);
            for (gap, recipient) in gaps {
                now += gap * 7 * SECOND_NS;
                book.count(now, (now / SECOND_NS) as i64, recipient);
                sent.push((now, recipient));
                for (place, span) in [60, 3_600].into_iter().enumerate() {
                    let inside: Vec<_> = sent.iter().filter(|(at, _)| at + span * SECOND_NS > now).collect();
                    let mut recipients: Vec<_> = inside.iter().map(|(_, recipient)| *recipient).collect();
                    recipients.sort_unstable();
                    recipients.dedup();
                    worst[place] = (worst[place].0.max(inside.len() as u64), worst[place].1.max(recipients.len() as u64));
                }
            }
            let peaks = book.peaks();
            prop_assert_eq!((peaks.minute.segments, peaks.minute.recipients), worst[0]);
            prop_assert_eq!((peaks.hour.segments, peaks.hour.recipients), worst[1]);
            prop_assert_eq!(book.segments(), sent.len() as u64);
        }
    }

    #[test]
    fn sixty_seconds_apart_is_another_minute() {
        let mut book = Book::new(0);
        book.count(0, 0, 1);
        book.count(60 * SECOND_NS, 60, 1);
        assert_eq!(book.peaks().minute.segments, 1);
        assert_eq!(book.peaks().hour.segments, 2);
    }
}
