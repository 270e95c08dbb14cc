//! Which class a carrier is given: the most urgent first, each within its share of a round; none starves.
//!
//! A round gives each class so many segments as its share says. Within it the more urgent goes first, always; a class that
//! has used its share up waits only while another one with something for this carrier has not. So one-time passwords go
//! before all else up to their part of what the carrier takes, and a campaign behind a flood of them still moves.

use carrack_message::Class;

/// Parts of a round by class, most urgent first: of 77 segments 64 are for one-time passwords, if there are so many.
const SHARES: [u32; Class::ALL.len()] = [64, 8, 4, 1];
/// Segments a part.
const SEGMENTS_A_PART: u32 = 64;

/// What the classes may still send to a carrier in this round.
#[derive(Debug)]
pub(crate) struct Classes {
    left: [u32; Class::ALL.len()],
    /// A class that has used its share has more.
    used: bool,
    /// A class that has not waits for the carrier.
    wanted: bool,
}

impl Default for Classes {
    fn default() -> Self {
        Self {
            left: SHARES.map(|parts| parts * SEGMENTS_A_PART),
            used: false,
            wanted: false,
        }
    }
}

impl Classes {
    /// Whether a class may send more. False is remembered until the end of the pass.
    pub(crate) fn may_send(&mut self, class: Class) -> bool {
        let left = self.left.get(usize::from(class.as_u8()));
        let may = left.is_some_and(|left| *left > 0);
        self.used |= !may;
        may
    }

    pub(crate) fn sent(&mut self, class: Class, segments: u32) {
        if let Some(left) = self.left.get_mut(usize::from(class.as_u8())) {
            *left = left.saturating_sub(segments);
        }
    }

    /// A class that may send waits for the carrier.
    pub(crate) fn waits(&mut self) {
        self.wanted = true;
    }

    /// All classes were asked. True: a new round has begun, and who had used his share may send again.
    pub(crate) fn end_pass(&mut self) -> bool {
        let over = self.used && !self.wanted;
        if over {
            *self = Self::default();
        }
        (self.used, self.wanted) = (false, false);
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_that_is_used_waits_only_for_those_who_want_theirs() {
        let mut classes = Classes::default();
        classes.sent(Class::Alert, 8 * SEGMENTS_A_PART);
        assert!(!classes.may_send(Class::Alert));
        classes.waits();
        assert!(!classes.end_pass(), "another waits for the carrier");
        assert!(!classes.may_send(Class::Alert));
        assert!(classes.end_pass(), "nobody else has anything");
        assert!(classes.may_send(Class::Alert));
    }
}
