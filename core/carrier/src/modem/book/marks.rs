//! What was used since a day or a month began, told by the running totals at its beginning.
//!
//! Promise: on the day that the clock names never more than the cap, and no day without end, whatever the clock does. A clock that
//! goes back to a day it named before finds all that was used since it named it first, what was used meanwhile under other names
//! included; one that goes back to a day that it never named goes on with the count it had. The day after is a new one.
//! Bound: the [`KEPT`] days that were named last.

/// Days, or months, that are remembered.
pub(super) const KEPT: usize = 6;

/// The totals of a SIM; they only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) segments: u64,
    pub(super) recipients: u64,
}

impl Totals {
    fn since(self, begin: Self) -> Self {
        Self {
            segments: self.segments.saturating_sub(begin.segments),
            recipients: self.recipients.saturating_sub(begin.recipients),
        }
    }
}

/// A day or a month, and the totals when it was named first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) label: i32,
    pub(super) begin: Totals,
}

/// The last one named stands first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) marks: [Mark; KEPT],
    pub(super) count: u8,
}

impl Marks {
    /// What was used under this label.
    pub(super) fn used(&mut self, label: i32, totals: Totals) -> Totals {
        let Some(first) = self.first() else {
            return Totals::default();
        };
        if first.label != label {
            match self.place(label) {
                Some(place) => self.bring_first(place),
                // A new day, which is written down with its first segment.
                None if label > first.label => return Totals::default(),
                None => self.put_first(Mark { label, ..first }),
            }
        }
        let begin = self.first().map_or(totals, |mark| mark.begin);
        totals.since(begin)
    }

    /// A segment is counted under this label; true: it is the first one of a new one.
    pub(super) fn enter(&mut self, label: i32, totals: Totals) -> bool {
        let _ = self.used(label, totals);
        if self.first().is_some_and(|first| first.label == label) {
            return false;
        }
        let begin = totals;
        self.put_first(Mark { label, begin });
        true
    }

    fn known(&self) -> &[Mark] {
        self.marks
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    fn first(&self) -> Option<Mark> {
        self.known().first().copied()
    }

    fn place(&self, label: i32) -> Option<usize> {
        self.known().iter().position(|mark| mark.label == label)
    }

    fn bring_first(&mut self, place: usize) {
        if let Some(front) = self.marks.get_mut(..=place) {
            front.rotate_right(1);
        }
    }

    /// The one named longest ago goes where there is no room.
    fn put_first(&mut self, mark: Mark) {
        self.marks.rotate_right(1);
        if let Some(first) = self.marks.first_mut() {
            *first = mark;
        }
        self.count = (usize::from(self.count) + 1).min(KEPT) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted {
        marks: Marks,
        totals: Totals,
    }

    impl Counted {
        fn used(&mut self, label: i32) -> u64 {
            self.marks.used(label, self.totals).segments
        }

        fn add(&mut self, label: i32, segments: u64) {
            self.marks.enter(label, self.totals);
            self.totals.segments += segments;
        }
    }

    fn with(label: i32, segments: u64) -> Counted {
        let (marks, totals) = (Marks::default(), Totals::default());
        let mut counted = Counted { marks, totals };
        counted.add(label, segments);
        counted
    }

    #[test]
    fn a_clock_that_was_ahead_finds_all_it_used_and_the_next_day_is_new() {
        let mut counted = with(10, 150);
        counted.add(110, 30);
        assert_eq!((counted.used(110), counted.used(10)), (30, 180));
        assert_eq!(counted.used(11), 0);
        counted.add(11, 5);
        assert_eq!(counted.used(12), 0);
    }

    #[test]
    fn a_clock_that_was_behind_goes_on_with_its_count_and_still_has_a_next_day() {
        let mut counted = with(110, 150);
        assert_eq!(counted.used(10), 150);
        counted.add(10, 20);
        assert_eq!(counted.used(11), 0);
        counted.add(11, 7);
        assert_eq!(counted.used(110), 177);
        assert_eq!(counted.used(111), 0);
    }

    #[test]
    fn a_look_ahead_without_a_segment_changes_nothing() {
        let mut counted = with(10, 150);
        for ahead in 11..60 {
            assert_eq!(counted.used(ahead), 0);
        }
        assert_eq!(counted.used(10), 150);
    }
}
