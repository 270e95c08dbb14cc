//! Limits that are no carrier's: a sender never goes faster, nobody waits behind him, and what waits is never forgotten.

use carrack_message::{Network, ReceiptState, Sender};
use carrack_routing::Matcher;
use proptest::prelude::*;

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::limits::{Each, LimitKind, LimitRule, LimitSettings, SenderIs};
use crate::settings::EngineSettings;
use crate::submission::Submission;

pub(super) fn rule(name: &str, senders: &[&str], kind: LimitKind) -> LimitRule {
    LimitRule {
        name: name.to_owned(),
        shown: String::new(),
        matcher: Matcher::default(),
        senders: senders
            .iter()
            .map(|begins| SenderIs::Begins((*begins).to_owned()))
            .collect(),
        kind,
    }
}

fn paced(each: Each, count: u32, unit_s: u64) -> LimitKind {
    LimitKind::Paced {
        each,
        count,
        unit_ns: unit_s * SECOND,
        burst: 1,
    }
}

pub(super) fn by_sender(count: u32, unit_s: u64) -> LimitRule {
    rule("senders", &["slow"], paced(Each::Sender, count, unit_s))
}

fn only(rules: Vec<LimitRule>) -> LimitSettings {
    LimitSettings {
        rules,
        ..LimitSettings::default()
    }
}

/// Other limits from the next turn on.
fn reload(rig: &Rig, rules: Vec<LimitRule>) {
    rig.shared.replace_limits(only(rules));
}

pub(super) fn from(rig: &Rig, sender: &str, text: &str) -> Submission {
    Submission {
        from: Sender::parse(sender).unwrap(),
        ..rig.submission(text)
    }
}

/// What was sent, with the moments.
#[derive(Default)]
struct Seen {
    sent: Vec<(u64, String)>,
    wires: [usize; 2],
    answered: usize,
    turns: usize,
}

impl Seen {
    fn look(&mut self, rig: &mut Rig) {
        for carrier in [NORTH, SOUTH] {
            let all = rig.sent(carrier);
            for octets in &all[self.wires[carrier].min(all.len())..] {
                let text = octets.split_once('|').unwrap().1.to_owned();
                self.sent.push((rig.now.mono_ns, text));
            }
            self.wires[carrier] = all.len();
        }
    }

    fn answer(&mut self, rig: &mut Rig) {
        for carrier in [NORTH, SOUTH] {
            while rig.open(carrier) > 0 {
                self.answered += 1;
                rig.answer(carrier, &format!("id{}", self.answered));
            }
        }
    }

    /// A turn now, and a few more, without answers.
    fn settle(&mut self, rig: &mut Rig) {
        rig.turn();
        self.look(rig);
        for _ in 0..6 {
            rig.after(MS);
            self.look(rig);
        }
    }

    /// Turns whenever the shard wants one, answering all that is sent.
    fn run(&mut self, rig: &mut Rig, ns: u64) {
        let until_ns = rig.now.mono_ns + ns;
        while rig.now.mono_ns < until_ns {
            let patience = rig.shard.patience_ns(rig.now);
            let step = patience.clamp(1, until_ns - rig.now.mono_ns);
            rig.after(step);
            self.turns += 1;
            self.look(rig);
            self.answer(rig);
        }
    }

    /// Moments at which texts that begin so were sent.
    fn moments(&self, begins: &str) -> Vec<u64> {
        let found = self
            .sent
            .iter()
            .filter(|(_, text)| text.starts_with(begins));
        found.map(|(at_ns, _)| *at_ns).collect()
    }

    fn texts(&self, begins: &str) -> Vec<&str> {
        let texts = self.sent.iter().map(|(_, text)| text.as_str());
        texts.filter(|text| text.starts_with(begins)).collect()
    }
}

/// No half-open unit sees more than `count`.
fn keeps(moments: &[u64], count: u32, unit_s: u64) -> bool {
    let count = count as usize;
    let pairs = moments.iter().zip(moments.iter().skip(count));
    pairs
        .into_iter()
        .all(|(first, next)| next - first >= unit_s * SECOND)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes when: no sliding unit sees more segments of a sender than his limit, his messages keep their order,
    /// each is sent once, and those of another sender by the same carrier, account and class go at once.
    #[test]
    fn a_sender_never_goes_faster_and_holds_nobody_up(
        count in 1u32..30,
        unit_s in prop_oneof![Just(1u64), Just(10)],
        arrivals in prop::collection::vec((0u64..900, 0usize..4, any::<bool>()), 1..60),
    ) {
        let mut rig = Rig::limited(settings(), vec![by_sender(count, unit_s)]);
        let mut seen = Seen::default();
        let (mut expected, mut was_down) = (0, false);
        for (at, (wait_ms, kind, goes_down)) in arrivals.into_iter().enumerate() {
            let (text, parts) = match kind {
                0 => (format!("free{at:03} "), 1),
                1 => (format!("long{at:03} {}", "x".repeat(300)), 3),
                _ => (format!("short{at:03} "), 1),
            };
            let sender = if kind == 0 { "FREE" } else { "slow1" };
            let submission = from(&rig, sender, &text);
            rig.hand_in(vec![submission], None);
            let before = seen.texts("free").len();
            seen.settle(&mut rig);
            if kind == 0 {
                prop_assert_eq!(seen.texts("free").len(), before + 1, "it waited behind another");
            } else {
                expected += parts;
            }
            seen.answer(&mut rig);
            if goes_down && at % 7 == 3 {
                was_down = true;
                rig.down(NORTH);
                rig.turn();
                rig.up(NORTH);
            }
            seen.run(&mut rig, wait_ms * MS);
        }
        let most_s = u64::from(expected as u32 + 2) * unit_s * 11 / (u64::from(count) * 10) + unit_s + 30;
        seen.run(&mut rig, most_s * SECOND);
        let slow: Vec<(u64, String)> = seen.sent.iter().filter(|(_, text)| !text.starts_with("free")).cloned().collect();
        let moments: Vec<u64> = slow.iter().map(|(at_ns, _)| *at_ns).collect();
        prop_assert!(keeps(&moments, count, unit_s), "{:?}", moments);
        let mut waits = rig.shard.lanes.iter().filter(|lane| lane.waiting() > 0);
        prop_assert!(waits.next().is_none(), "it is in a lane still");
        prop_assert!(slow.len() >= expected, "{} of {expected} segments", slow.len());
        let short = seen.texts("short");
        prop_assert!(was_down || (short.is_sorted() && slow.len() == expected), "{short:?}");
    }
}

#[test]
fn what_waits_goes_at_its_pace_in_its_order_and_wakes_nobody_in_between() {
    let mut rig = Rig::limited(settings(), vec![by_sender(10, 60)]);
    let mut seen = Seen::default();
    let texts: Vec<String> = (0..200).map(|n| format!("slow {n:03}")).collect();
    for text in &texts {
        rig.hand_in(vec![from(&rig, "slow1", text)], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.look(&mut rig);
    seen.turns = 0;
    seen.run(&mut rig, 600 * SECOND);
    let moments = seen.moments("slow");
    assert!(keeps(&moments, 10, 60));
    assert!(
        (98..=101).contains(&moments.len()),
        "{} in ten minutes",
        moments.len()
    );
    assert_eq!(seen.texts("slow"), texts[..moments.len()]);
    // The sweep comes ten times a second; two hundred messages that wait add a turn or two for each that is sent.
    assert!(
        seen.turns < 6_000 + 5 * moments.len(),
        "{} turns",
        seen.turns
    );
}

#[test]
fn a_message_under_two_limits_needs_both() {
    let rules = vec![by_sender(5, 1), rule("all", &[], paced(Each::All, 8, 1))];
    let mut rig = Rig::limited(settings(), rules);
    let mut seen = Seen::default();
    for n in 0..150 {
        for sender in ["slow1", "slow2"] {
            let text = format!("{sender} {n}");
            rig.hand_in(vec![from(&rig, sender, &text)], None);
        }
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.look(&mut rig);
    seen.answer(&mut rig);
    seen.run(&mut rig, 20 * SECOND);
    assert!(keeps(&seen.moments("slow1"), 5, 1));
    assert!(keeps(&seen.moments("slow2"), 5, 1));
    let all = seen.moments("slow");
    assert!(keeps(&all, 8, 1));
    assert!(
        all.len() >= 155,
        "{} of 160: the tighter limit is used up",
        all.len()
    );
    let one = seen.texts("slow1").len();
    assert!(
        (65..=95).contains(&one),
        "they take turns: {one} of {}",
        all.len()
    );
}

#[test]
fn shards_share_a_bucket() {
    let mut one = Rig::limited(settings(), vec![by_sender(10, 1)]);
    let mut two = Rig::beside(&one);
    let (mut seen, mut other) = (Seen::default(), Seen::default());
    for n in 0..150 {
        one.hand_in(vec![from(&one, "slow1", &format!("slow {n}"))], None);
        two.hand_in(vec![from(&two, "slow1", &format!("slow {n}"))], None);
        one.turn();
        two.turn();
        seen.look(&mut one);
        other.look(&mut two);
    }
    for _ in 0..10_000 {
        for (rig, seen) in [(&mut one, &mut seen), (&mut two, &mut other)] {
            rig.after(MS);
            seen.look(rig);
            seen.answer(rig);
        }
    }
    let (first, second) = (seen.moments("slow").len(), other.moments("slow").len());
    let mut moments = [seen.moments("slow"), other.moments("slow")].concat();
    moments.sort_unstable();
    assert!(keeps(&moments, 10, 1));
    assert!(first + second >= 95, "{first} and {second}");
}

#[test]
fn a_restart_keeps_to_the_limit_and_the_order() {
    for lane_live_max in [4, 1000] {
        let settings = EngineSettings {
            lane_live_max,
            ..settings()
        };
        let mut rig = Rig::limited(settings, vec![by_sender(5, 1)]);
        let texts: Vec<String> = (0..60).map(|n| format!("slow {n:02}")).collect();
        let mut seen = Seen::default();
        for text in &texts {
            rig.hand_in(vec![from(&rig, "slow1", text)], None);
            seen.settle(&mut rig);
        }
        seen.answer(&mut rig);
        seen.run(&mut rig, 3 * SECOND);
        let before = seen.texts("slow").len();
        assert!((10..=25).contains(&before), "{before}");
        let mut rig = rig.crash();
        rig.up(NORTH);
        rig.up(SOUTH);
        seen.wires = [0, 0];
        seen.answered = 1000;
        seen.run(&mut rig, 20 * SECOND);
        assert!(keeps(&seen.moments("slow"), 5, 1));
        assert_eq!(seen.texts("slow"), texts, "{lane_live_max} in memory");
    }
}

#[test]
fn what_the_memory_does_not_hold_keeps_limit_and_order_too() {
    let short = EngineSettings {
        lane_live_max: 4,
        ..settings()
    };
    let mut rig = Rig::limited(short, vec![by_sender(20, 1)]);
    let texts: Vec<String> = (0..200).map(|n| format!("slow {n:03}")).collect();
    let mut seen = Seen::default();
    for text in &texts {
        rig.hand_in(vec![from(&rig, "slow1", text)], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    assert!(rig.shard.lanes.has_long());
    seen.run(&mut rig, 15 * SECOND);
    assert!(keeps(&seen.moments("slow"), 20, 1));
    assert_eq!(seen.texts("slow"), texts);
}

#[test]
fn parts_of_a_text_go_one_by_one_and_before_the_next_message() {
    let mut rig = Rig::limited(settings(), vec![by_sender(2, 1)]);
    let long = |mark: &str| mark.repeat(400);
    rig.hand_in(
        vec![
            from(&rig, "slow1", &long("a")),
            from(&rig, "slow1", &long("b")),
        ],
        None,
    );
    rig.hand_in(vec![from(&rig, "FREE", "free")], None);
    let mut seen = Seen::default();
    seen.run(&mut rig, 10 * SECOND);
    assert_eq!(seen.moments("free").len(), 1);
    let parts: Vec<(u64, char)> = seen
        .sent
        .iter()
        .filter(|(_, text)| text != "free")
        .map(|(at_ns, text)| (*at_ns, text.chars().last().unwrap()))
        .collect();
    let moments: Vec<u64> = parts.iter().map(|(at_ns, _)| *at_ns).collect();
    assert!(keeps(&moments, 2, 1), "{moments:?}");
    let order: String = parts.iter().map(|(_, mark)| mark).collect();
    assert_eq!(order, "aaabbb");
}

#[test]
fn a_text_that_has_begun_goes_on_elsewhere_when_its_carrier_is_lost() {
    let mut rig = Rig::limited(settings(), vec![by_sender(2, 1)]);
    let long = "a".repeat(400);
    rig.hand_in(vec![from(&rig, "slow1", &long)], None);
    let mut seen = Seen::default();
    seen.settle(&mut rig);
    assert_eq!((rig.sent(NORTH).len(), rig.open(NORTH)), (1, 1));
    rig.down(NORTH);
    seen.run(&mut rig, 20 * SECOND);
    assert_eq!(rig.sent(SOUTH).len(), 3, "the whole text");
    let moments: Vec<u64> = seen.sent.iter().map(|(at_ns, _)| *at_ns).collect();
    assert!(keeps(&moments, 2, 1), "{moments:?}");
}

#[test]
fn a_limit_that_is_taken_out_lets_go_what_waits_and_one_that_comes_holds_it() {
    let mut rig = Rig::limited(settings(), vec![by_sender(1, 3600)]);
    let mut seen = Seen::default();
    for n in 0..40 {
        rig.hand_in(vec![from(&rig, "slow1", &format!("slow {n:02}"))], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    // A text that has begun, too.
    rig.hand_in(vec![from(&rig, "slow2", &"s".repeat(400))], None);
    rig.turn();
    seen.run(&mut rig, 10 * SECOND);
    assert_eq!(seen.sent.len(), 2);
    reload(&rig, vec![]);
    seen.run(&mut rig, SECOND);
    assert_eq!(seen.sent.len(), 43);
    let mut texts: Vec<&str> = seen.texts("slow");
    texts.dedup();
    let expected: Vec<String> = (0..40).map(|n| format!("slow {n:02}")).collect();
    assert_eq!(texts, expected);

    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    for n in 0..40 {
        rig.hand_in(vec![from(&rig, "slow1", &format!("then {n:02}"))], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    reload(&rig, vec![by_sender(4, 1)]);
    rig.turn();
    rig.up(NORTH);
    rig.up(SOUTH);
    seen.run(&mut rig, 20 * SECOND);
    let moments = seen.moments("then");
    assert!(keeps(&moments, 4, 1), "{moments:?}");
    let expected: Vec<String> = (0..40).map(|n| format!("then {n:02}")).collect();
    assert_eq!(seen.texts("then"), expected);
}

#[test]
fn a_limit_that_is_raised_lets_a_text_that_has_begun_go_on() {
    let mut rig = Rig::limited(settings(), vec![by_sender(1, 86_400)]);
    rig.hand_in(vec![from(&rig, "slow1", &"x".repeat(400))], None);
    let mut seen = Seen::default();
    seen.run(&mut rig, 2 * SECOND);
    assert_eq!(seen.sent.len(), 1);
    reload(&rig, vec![by_sender(100, 1)]);
    seen.run(&mut rig, SECOND);
    assert_eq!(seen.sent.len(), 3);
}

#[test]
fn a_limit_that_comes_holds_what_goes_on_after_a_failed_receipt() {
    let mut rig = Rig::limited(settings(), vec![]);
    super::onward::failed_receipts_go_on(&rig);
    for text in ["one", "two"] {
        rig.hand_in(vec![from(&rig, "slow1", text)], None);
    }
    rig.settle();
    for id in ["n1", "n2"] {
        rig.answer(NORTH, id);
    }
    rig.settle();
    reload(&rig, vec![by_sender(1, 3600)]);
    rig.settle();
    for id in ["n1", "n2"] {
        rig.receipt(NORTH, id, ReceiptState::Undeliverable);
    }
    rig.after(SECOND);
    rig.settle();
    assert_eq!(rig.sent(SOUTH).len(), 1);
}

#[test]
fn what_waits_in_the_log_under_a_limit_that_is_gone_is_let_go() {
    let short = EngineSettings {
        lane_live_max: 4,
        ..settings()
    };
    let mut rig = Rig::limited(short, vec![by_sender(1, 3600)]);
    let mut seen = Seen::default();
    let texts: Vec<String> = (0..100).map(|n| format!("slow {n:03}")).collect();
    for text in &texts {
        rig.hand_in(vec![from(&rig, "slow1", text)], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.run(&mut rig, SECOND);
    assert_eq!(seen.sent.len(), 1);
    reload(
        &rig,
        vec![rule("others", &["other"], paced(Each::Sender, 1, 1))],
    );
    seen.run(&mut rig, 2 * SECOND);
    assert_eq!(seen.texts("slow"), texts);
}

#[test]
fn a_limit_of_the_same_name_keeps_what_it_has_counted() {
    let mut rig = Rig::limited(settings(), vec![by_sender(10, 60)]);
    let mut seen = Seen::default();
    for n in 0..20 {
        rig.hand_in(vec![from(&rig, "slow1", &format!("slow {n:02}"))], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.run(&mut rig, 7 * SECOND);
    reload(
        &rig,
        vec![
            by_sender(10, 60),
            rule("more", &["x"], paced(Each::All, 1, 1)),
        ],
    );
    seen.run(&mut rig, 60 * SECOND);
    assert!(keeps(&seen.moments("slow"), 10, 60));
    assert!(seen.sent.len() >= 11);
    let view = rig.shared.limits.view();
    assert_eq!(view[0].granted, seen.sent.len() as u64);
    // Faster from now on, and not a burst for what it was before.
    let before = seen.sent.len();
    reload(&rig, vec![by_sender(2, 1)]);
    seen.run(&mut rig, 3 * SECOND);
    let after = seen.moments("slow").split_off(before);
    assert!(after.len() >= 4 && keeps(&after, 2, 1), "{after:?}");
}

#[test]
fn lanes_and_buckets_of_senders_that_are_through_are_given_back() {
    let mut rig = Rig::limited(settings(), vec![by_sender(10, 1)]);
    let mut seen = Seen::default();
    for round in 0..5 {
        for n in 0..100 {
            let sender = format!("slow{round}{n:02}");
            rig.hand_in(vec![from(&rig, &sender, "slow")], None);
            rig.turn();
            seen.look(&mut rig);
            seen.answer(&mut rig);
        }
        seen.run(&mut rig, 30 * SECOND);
        assert_eq!(seen.sent.len(), 100 * (round + 1));
        // Messages wait for their receipts, and so their buckets are known still; their lanes are not.
        assert_eq!(rig.shard.lanes.iter().count(), 0);
        let answered = seen.answered;
        for id in answered - 99..=answered {
            rig.receipt(
                NORTH,
                &format!("id{id}"),
                carrack_message::ReceiptState::Delivered,
            );
            rig.turn();
        }
        seen.run(&mut rig, 30 * SECOND);
        assert_eq!(rig.shared.limits.view()[0].in_use, 0);
    }
}

#[test]
fn senders_beyond_the_bound_share_a_bucket_and_are_counted() {
    let mut rig = Rig::limited(settings(), vec![]);
    rig.shared.replace_limits(LimitSettings {
        buckets_max: 3,
        ..only(vec![by_sender(2, 1)])
    });
    rig.turn();
    let mut seen = Seen::default();
    for n in 0..20 {
        for sender in 0..8 {
            let text = format!("s{sender} {n}");
            rig.hand_in(vec![from(&rig, &format!("slow{sender}"), &text)], None);
        }
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.run(&mut rig, 5 * SECOND);
    for own in ["s0", "s1", "s2"] {
        assert!(seen.moments(own).len() >= 9, "{own} has its own");
    }
    let mut shared: Vec<u64> = ["s3", "s4", "s5", "s6", "s7"]
        .iter()
        .flat_map(|own| seen.moments(own))
        .collect();
    shared.sort_unstable();
    assert!(shared.len() >= 9 && keeps(&shared, 2, 1), "{shared:?}");
    let view = rig.shared.limits.view();
    assert_eq!((view[0].in_use, view[0].beyond > 0), (4, true));
}

#[test]
fn networks_have_a_bucket_each() {
    let mut rig = Rig::limited(
        settings(),
        vec![rule("net", &[], paced(Each::Network, 3, 1))],
    );
    let rules = rig.shared.limits.rules();
    let submission = rig.submission("a");
    let query = submission.query("acme", "", None, 0);
    let network = |text: &str| text.parse::<Network>().unwrap();
    let paces = |network| rig.shared.limits.paces(1, &rules, &query, network).unwrap();
    let (one, other, unknown) = (
        paces(network("23415")),
        paces(network("26201")),
        paces(Network::UNKNOWN),
    );
    assert_eq!(one.number, paces(network("23415")).number);
    assert!(one.number != other.number && other.number != unknown.number);
    let mut seen = Seen::default();
    for n in 0..30 {
        rig.hand_in(vec![rig.submission(&format!("unknown {n}"))], None);
        rig.turn();
        seen.look(&mut rig);
        seen.answer(&mut rig);
    }
    seen.run(&mut rig, 5 * SECOND);
    let moments = seen.moments("unknown");
    assert!(moments.len() >= 13 && keeps(&moments, 3, 1));
}
