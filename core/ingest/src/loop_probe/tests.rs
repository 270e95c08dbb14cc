//! What holds of probes whatever comes, and what each thing that comes means.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod reloads;
mod turned_away;

use std::collections::BTreeSet;

use carrack_message::{MessageId, Msisdn, Status};
use carrack_runtime::Now;
use carrack_settings::ProbeReturns;
use proptest::prelude::*;

use super::course::{Act, Around, Course, End, Held};
use super::courses::Courses;
use super::outcome::ProbeOutcome;
use super::spec::ProbeSpec;
use super::{PAST_MAX, RESULTS_MAX};

const SECOND: u64 = 1_000_000_000;
const EVERY: u64 = 30 * SECOND;
const WITHIN: u64 = 10 * SECOND;
const START: u64 = 5 * SECOND;

fn spec(returns: ProbeReturns) -> ProbeSpec {
    ProbeSpec {
        name: "loop".into(),
        carrier: "north".into(),
        to: Msisdn::from_u64(4_915_112_345_678).unwrap(),
        from: "PROBE".parse().unwrap(),
        every_ns: EVERY,
        within_ns: WITHIN,
        returns,
        alert_after: 3,
    }
}

const fn at(mono_ns: u64) -> Now {
    Now {
        mono_ns,
        utc_ns: 1_000 * SECOND + mono_ns,
    }
}

/// A probe, the words it was given and what it wanted done.
struct Played {
    course: Course,
    now_ns: u64,
    words: usize,
    mo_refused: u64,
    acts: Vec<Act>,
}

impl Played {
    fn new(returns: ProbeReturns) -> Self {
        Self {
            course: Course::new(spec(returns), START),
            now_ns: 0,
            words: 0,
            mo_refused: 0,
            acts: Vec::new(),
        }
    }

    fn tick(&mut self, now_ns: u64, held: Held) {
        self.now_ns = now_ns;
        let words = &mut self.words;
        let word = || {
            *words += 1;
            Some(format!("W{words}"))
        };
        let around = Around {
            held,
            mo_refused: self.mo_refused,
        };
        self.course.tick(at(now_ns), around, word, &mut self.acts);
    }

    /// The next one is sent, and taken by the node; its number.
    fn sent(&mut self) -> usize {
        self.tick(self.course.due_ns(), None);
        let number = self.words;
        assert!(self.course.accepted(&format!("W{number}"), id(number)));
        number
    }

    fn ends(&mut self, number: usize, status: Status, response_ms: Option<u64>) -> bool {
        let end = End {
            id: id(number),
            status,
            error: 0,
            response_ms,
            end_ms: 50,
        };
        self.course.ended(end, None, &mut self.acts)
    }

    fn comes_back(&mut self, number: usize, after_ns: u64) -> bool {
        let now = at(self.now_ns + after_ns);
        let word = format!("W{number}");
        self.course.came_back(&word, now, &mut self.acts)
    }

    fn is_over(&mut self) {
        self.tick(self.course.due_ns(), None);
    }

    fn step(&mut self, step: Step) {
        let words = self.words;
        let number = |ago: usize| words.saturating_sub(ago);
        match step {
            Step::Pass(ns, down) => self.tick(self.now_ns + ns, down.then_some("carrier is down")),
            Step::Accepted(ago) => {
                let number = number(ago);
                self.course.accepted(&format!("W{number}"), id(number));
            }
            Step::Refused(ago) => {
                let word = format!("W{}", number(ago));
                self.course.refused(&word, "full".into(), &mut self.acts);
            }
            Step::Ends(ago, status, taken) => {
                self.ends(number(ago), ENDS[status], taken.then_some(20));
            }
            Step::ComesBack(ago) => {
                self.comes_back(number(ago), 0);
            }
        }
    }

    /// What the clock has done so far: sent, not sent, given verdicts.
    fn turns(&self) -> u64 {
        let sums = &self.course.sums;
        sums.sent + sums.not_sent + sums.missed + sums.unreturned
    }

    fn last(&self) -> Option<ProbeOutcome> {
        self.course.results.back().map(|last| last.outcome)
    }

    fn said(&self) -> Vec<Act> {
        let said = |act: &&Act| matches!(act, Act::Alert(_) | Act::Recovered);
        self.acts.iter().filter(said).cloned().collect()
    }
}

const fn id(number: usize) -> MessageId {
    MessageId(number as u128)
}

#[derive(Debug, Clone)]
enum Step {
    /// Nanoseconds pass; whether the carrier is down then.
    Pass(u64, bool),
    Accepted(usize),
    Refused(usize),
    Ends(usize, usize, bool),
    ComesBack(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // How many words ago it was; mostly the one on its way.
    let ago = || prop_oneof![4 => Just(0_usize), 1 => 0_usize..20];
    let step = prop_oneof![
        4 => (0..2 * EVERY, prop::bool::weighted(0.1)).prop_map(|(ns, down)| Step::Pass(ns, down)),
        3 => ago().prop_map(Step::Accepted),
        1 => ago().prop_map(Step::Refused),
        2 => (ago(), 0_usize..5, any::<bool>()).prop_map(|(ago, s, taken)| Step::Ends(ago, s, taken)),
        2 => ago().prop_map(Step::ComesBack),
    ];
    prop::collection::vec(step, 0..200)
}

const ENDS: [Status; 5] = [
    Status::Delivered,
    Status::Undelivered,
    Status::Expired,
    Status::Rejected,
    Status::Cancelled,
];

proptest! {
    #[test]
    fn whatever_comes_one_is_on_its_way_and_every_one_has_one_outcome(
        steps in steps(), mo: bool,
    ) {
        let mut played = Played::new(if mo { ProbeReturns::Mo } else { ProbeReturns::Receipt });
        let (mut begun_ns, mut alert) = (None::<u64>, false);
        let mut awaited = BTreeSet::new();
        for step in steps {
            let (was_pending, due_ns) = (played.course.is_on_its_way(), played.course.due_ns());
            let turns = played.turns();
            let before_ns = played.now_ns;
            played.step(step);
            if played.now_ns > before_ns && played.now_ns >= due_ns {
                prop_assert!(played.course.due_ns() > played.now_ns, "what is due is done");
            } else if played.now_ns > before_ns {
                prop_assert_eq!(played.turns(), turns, "nothing is due before its time");
            }
            for act in std::mem::take(&mut played.acts) {
                match act {
                    Act::Send(word) => {
                        let over = !was_pending || played.now_ns >= due_ns;
                        prop_assert!(over, "a second one on its way");
                        let since = begun_ns.map_or(EVERY, |begun_ns| played.now_ns - begun_ns);
                        prop_assert!(since >= EVERY, "sooner than its turn");
                        begun_ns = Some(played.now_ns);
                        prop_assert!(awaited.insert(word));
                    }
                    Act::Forget(word) => prop_assert!(awaited.remove(&word)),
                    Act::Alert(_) => prop_assert!(!std::mem::replace(&mut alert, true)),
                    Act::Recovered => prop_assert!(std::mem::take(&mut alert)),
                }
            }
            let course = &played.course;
            prop_assert_eq!(alert, course.alert);
            let outcomes: u64 = ProbeOutcome::ALL.iter().map(|o| course.sums.of(*o)).sum();
            prop_assert_eq!(course.sums.sent, outcomes + u64::from(course.is_on_its_way()));
            prop_assert!(course.results.len() <= RESULTS_MAX && awaited.len() <= PAST_MAX + 1);
            let words: BTreeSet<String> = course.words().map(str::to_owned).collect();
            prop_assert_eq!(&words, &awaited, "what is awaited is what is known");
        }
    }

    #[test]
    fn nothing_is_missed_before_within_and_all_is_then(before in 0..WITHIN) {
        let mut played = Played::new(ProbeReturns::Mo);
        played.sent();
        let begun_ns = played.now_ns;
        played.tick(begun_ns + before, None);
        prop_assert_eq!(played.last(), None);
        played.tick(begun_ns + WITHIN, None);
        prop_assert_eq!(played.last(), Some(ProbeOutcome::Missed));
    }

    #[test]
    fn the_first_ones_are_spread_and_none_is_at_the_start(count in 1_usize..200) {
        let mut courses = Courses::default();
        let specs = (0..count).map(|n| ProbeSpec { name: n.to_string(), ..spec(ProbeReturns::Mo) });
        courses.follow(at(7), specs.collect());
        let due: BTreeSet<u64> = courses.all().iter().map(Course::due_ns).collect();
        prop_assert_eq!(due.len(), count, "two at once");
        prop_assert!(*due.first().unwrap() > 7 && *due.last().unwrap() <= 7 + EVERY);
    }
}

#[test]
fn a_receipt_alone_is_no_return_and_the_message_is_with_or_without_it() {
    let mut played = Played::new(ProbeReturns::Mo);
    let lied = played.sent();
    assert!(played.ends(lied, Status::Delivered, Some(20)));
    assert_eq!(played.last(), None, "it may come back yet");
    played.is_over();
    assert_eq!(played.last(), Some(ProbeOutcome::Unreturned));
    let both = played.sent();
    played.ends(both, Status::Delivered, Some(20));
    played.comes_back(both, 70_000_000);
    let last = played.course.results.back().unwrap();
    assert_eq!(last.outcome, ProbeOutcome::Returned);
    let times = (last.response_ms, last.receipt_ms, last.return_ms);
    assert_eq!(times, (Some(20), Some(50), Some(70)));
    let alone = played.sent();
    played.comes_back(alone, 0);
    assert!(played.course.is_on_its_way(), "its receipt may come yet");
    played.is_over();
    let last = played.course.results.back().unwrap();
    assert_eq!(
        (last.outcome, last.receipt_ms),
        (ProbeOutcome::Returned, None)
    );
}

#[test]
fn where_a_receipt_is_enough_the_message_is_not_waited_for() {
    let mut played = Played::new(ProbeReturns::Receipt);
    let number = played.sent();
    played.comes_back(number, 0);
    assert_eq!(played.last(), None);
    played.ends(number, Status::Delivered, Some(20));
    assert_eq!(played.last(), Some(ProbeOutcome::Returned));
    let number = played.sent();
    played.ends(number, Status::Undelivered, Some(20));
    assert_eq!(played.last(), Some(ProbeOutcome::Failed));
    let number = played.sent();
    played.is_over();
    assert_eq!(played.last(), Some(ProbeOutcome::Missed));
    assert!(played.ends(number, Status::Delivered, Some(20)));
    assert_eq!(
        (played.course.sums.ends_late, played.course.sums.returned),
        (1, 1)
    );
}

#[test]
fn what_comes_late_or_again_is_counted_as_that() {
    let mut played = Played::new(ProbeReturns::Mo);
    let late = played.sent();
    played.is_over();
    assert!(played.comes_back(late, 0) && played.comes_back(late, 0));
    let sums = &played.course.sums;
    assert_eq!((sums.late, sums.repeated, sums.returned), (1, 1, 0));
    assert!(!played.comes_back(999, 0), "that is nobody's");
    assert!(!played.ends(999, Status::Delivered, None));
}

#[test]
fn an_alert_is_said_once_and_its_end_once() {
    let mut played = Played::new(ProbeReturns::Mo);
    for _ in 0..7 {
        played.sent();
        played.is_over();
    }
    assert_eq!(played.said(), [Act::Alert(3)]);
    for _ in 0..3 {
        let number = played.sent();
        played.ends(number, Status::Delivered, Some(1));
        played.comes_back(number, 0);
    }
    assert_eq!(played.said(), [Act::Alert(3), Act::Recovered]);
    assert_eq!(played.course.bad_in_a_row, 0);
}

#[test]
fn a_carrier_that_is_down_is_not_held_against_the_number() {
    let mut played = Played::new(ProbeReturns::Mo);
    for turn in 1..=5 {
        played.tick(played.course.due_ns(), Some("carrier is down"));
        assert_eq!(played.course.sums.not_sent, turn);
    }
    assert_eq!(
        (played.course.held, played.words),
        (Some("carrier is down"), 0)
    );
    for _ in 0..5 {
        played.sent();
        let due_ns = played.course.due_ns();
        played.tick(due_ns, Some("carrier is down"));
        assert_eq!(played.last(), Some(ProbeOutcome::CarrierDown));
    }
    assert!(played.said().is_empty() && played.course.bad_in_a_row == 0);
    // Five that were not taken by our own node neither.
    for _ in 0..5 {
        played.tick(played.course.due_ns(), None);
        let word = format!("W{}", played.words);
        played
            .course
            .refused(&word, "the queue is full".into(), &mut played.acts);
    }
    let last = played.course.results.back().unwrap();
    assert_eq!(last.reason.as_deref(), Some("the queue is full"));
    assert!(played.said().is_empty());
}

#[test]
fn a_machine_that_slept_catches_nothing_up() {
    let mut played = Played::new(ProbeReturns::Mo);
    played.sent();
    let woke_ns = played.now_ns + 100 * EVERY;
    played.tick(woke_ns, None);
    assert_eq!(played.words, 2);
    played.tick(woke_ns + WITHIN, None);
    played.tick(woke_ns + EVERY - 1, None);
    assert_eq!(played.words, 2);
    played.tick(woke_ns + EVERY, None);
    assert_eq!(played.words, 3);
}
