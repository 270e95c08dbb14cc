//! A part that was refused because we are too fast, or because the carrier says so.
//!
//! Promise: the link slows, not the message (trap T14): a part goes first again. One that is refused so again and again
//! steps aside for a while, so that it holds nobody behind it; if the carrier takes others meanwhile, the refusal is
//! this message's own: it is written down, counts as an attempt, and the next carrier comes. Bound:
//! [`IN_A_ROW_MAX`] tries in a row, then a pause of at most [`ASIDE_NS_MAX`].

use carrack_carrier::{Disposition, Refusal};
use carrack_runtime::Now;

use super::answers::Left;
use crate::shard::Shard;
use crate::shard::live::Key;

/// Refusals in a row before a part steps aside.
const IN_A_ROW_MAX: u8 = 4;
const ASIDE_NS_MAX: u64 = 5_000_000_000;

/// How often a message was refused at its carrier for speed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Throttled {
    /// Since it last stepped aside.
    in_a_row: u8,
    /// How often it stepped aside.
    aside: u8,
    /// What the carrier had taken at its first refusal.
    accepted_then: u64,
}

impl Throttled {
    /// One refusal more, when the carrier has taken `accepted` in all.
    fn again(&mut self, accepted: u64) -> Answer {
        if self.in_a_row == 0 && self.aside == 0 {
            self.accepted_then = accepted;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.in_a_row < IN_A_ROW_MAX {
            return Answer::First;
        }
        let is_own = self.aside > 0 && accepted > self.accepted_then;
        self.in_a_row = 0;
        self.aside = self.aside.saturating_add(1);
        match is_own {
            true => Answer::Own,
            false => Answer::Aside(self.aside),
        }
    }
}

enum Answer {
    First,
    Aside(u8),
    Own,
}

impl Shard {
    /// `left`: out of a window; none where its slot had been given on before.
    pub(super) fn part_throttled(
        &mut self,
        now: Now,
        place: u16,
        key: Key,
        segment: u8,
        refusal: Refusal,
        left: Option<Left>,
    ) {
        let carrier = self.carriers.get(&place);
        let accepted = carrier.map_or(0, |carrier| carrier.stats.segments_accepted);
        let retry_ns = self.shared.settings.retry_delay_ns;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let answer = live.throttled.again(accepted);
        if let Answer::Own = answer {
            let own = Refusal {
                disposition: Disposition::RetryHere,
                ..refusal
            };
            let Some(next_carrier) = self.weigh(key, own) else {
                return;
            };
            self.note_refused(now, place, key, segment, refusal, next_carrier);
            self.forget_when_durable(left);
            return self.go_on(now, key, false);
        }
        if let Answer::Aside(times) = answer {
            let pause_ns = retry_ns.saturating_mul(u64::from(times)).min(ASIDE_NS_MAX);
            live.pause_ns = live.pause_ns.max(pause_ns);
        }
        match left {
            // The log says unsent, and so it is.
            Some(left) => self.forget_in_flight(left.place, left.journal),
            // The log says uncertain, and it is not.
            None => self.note_refused(now, place, key, segment, refusal, false),
        }
        self.go_on(now, key, matches!(answer, Answer::First));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_is_the_messages_own_only_when_others_were_taken_meanwhile() {
        let mut throttled = Throttled::default();
        let mut asides = 0;
        for round in 0..40u64 {
            match throttled.again(7) {
                Answer::First => assert!(!(round + 1).is_multiple_of(4)),
                Answer::Aside(times) => {
                    asides += 1;
                    assert_eq!(times, asides);
                }
                Answer::Own => unreachable!("nothing else was taken"),
            }
        }
        let last = (0..4).map(|_| throttled.again(8)).last();
        assert!(matches!(last, Some(Answer::Own)));
    }
}
