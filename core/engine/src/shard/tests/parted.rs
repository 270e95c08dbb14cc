//! Messages that a door has cut into parts: all parts are accepted or none, and a limit counts the message.

use proptest::prelude::*;

use super::limits::{from, rule};
use super::rig::{Rig, SECOND, settings};
use crate::limits::LimitKind;
use crate::settings::EngineSettings;
use crate::submission::{Refusal, Verdict};

fn phones(count: u32) -> crate::limits::LimitRule {
    let kind = LimitKind::Recipient {
        count,
        within_ns: 3_600 * SECOND,
    };
    rule("phones", &["slow"], kind)
}

fn hand_in(rig: &mut Rig, parts: u8, count: usize) -> Vec<Verdict> {
    let part = |place| from(rig, "slow1", &format!("part {place}"));
    let submissions = (0..count).map(part).collect();
    let given = rig.hand_in_parts(submissions, None, parts);
    rig.settle();
    let given = given.lock().unwrap();
    given.clone()
}

fn is_taken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted(_))
}

#[test]
fn limit_counts_a_message_of_three_parts_as_one() {
    let mut rig = Rig::limited(settings(), vec![phones(2)]);
    let given = hand_in(&mut rig, 3, 9);
    assert!(given[..6].iter().all(is_taken), "{given:?}");
    let limited = |it: &Verdict| matches!(it, Verdict::Refused(Refusal::RecipientLimit { .. }));
    assert!(limited(&given[6]), "{given:?}");
    let together = Verdict::Refused(Refusal::Together);
    assert_eq!(given[7..], [together.clone(), together]);
    assert_eq!(rig.waiting(), 6);
}

#[test]
fn message_of_which_a_part_has_no_room_is_not_counted_by_a_limit() {
    let settings = EngineSettings {
        messages_max: 2,
        ..settings()
    };
    let mut rig = Rig::limited(settings, vec![phones(1)]);
    let given = hand_in(&mut rig, 3, 3);
    assert_eq!(given[2], Verdict::Refused(Refusal::QueueFull));
    assert_eq!(rig.waiting(), 0);
    assert!(hand_in(&mut rig, 2, 2).iter().all(is_taken));
}

proptest! {
    #[test]
    fn queue_that_fills_up_holds_whole_messages(parts in 1..5u8, messages in 1..6usize, room in 1..20usize) {
        let messages_max = room as u64;
        let mut rig = Rig::with(EngineSettings { messages_max, ..settings() });
        let given = hand_in(&mut rig, parts, messages * usize::from(parts));
        let mut taken = 0;
        for message in given.chunks(usize::from(parts)) {
            let of_it = message.iter().filter(|it| is_taken(it)).count();
            prop_assert!(of_it == 0 || of_it == usize::from(parts), "{:?}", given);
            taken += of_it;
        }
        prop_assert_eq!(taken, messages.min(room / usize::from(parts)) * usize::from(parts));
        prop_assert_eq!(rig.waiting(), taken as u64);
    }
}
