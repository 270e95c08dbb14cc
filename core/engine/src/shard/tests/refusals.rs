//! Refusals: of speed, of one recipient, of our account, of the moment.

use carrack_carrier::Disposition;
use carrack_message::{ReceiptState, Status};
use carrack_throttle::{ThrottleMode, ThrottleRule};

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::rules::CarrierRules;
use crate::settings::EngineSettings;

fn texts(rig: &mut Rig, count: usize) {
    let texts: Vec<String> = (0..count).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>());
}

fn pausing(pause_ns: u64) -> CarrierRules {
    CarrierRules {
        throttle: ThrottleRule {
            mode: ThrottleMode::Pause,
            pause_ns,
            burst: None,
        },
        ..CarrierRules::default()
    }
}

#[test]
fn t14_burst_of_refusals_keeps_the_order_and_goes_before_the_rest() {
    let mut rig = Rig::new();
    texts(&mut rig, 14);
    for _ in 0..10 {
        rig.refuse(NORTH, 0x58, Disposition::Throttled);
    }
    rig.settle();
    for _ in 0..600 {
        rig.after(100 * MS);
        let mut answered = 0;
        while rig.open(NORTH) > 0 {
            answered += 1;
            rig.answer(NORTH, &format!("{}-{answered}", rig.now.mono_ns));
        }
    }
    let sent = rig.sent(NORTH);
    let order: Vec<&str> = sent[10..]
        .iter()
        .map(|sent| sent.split("|text ").nth(1).unwrap())
        .collect();
    let expected: Vec<String> = (0..14).map(|n| n.to_string()).collect();
    assert_eq!(order, expected);
}

#[test]
fn t14_pause_mode_stops_the_whole_carrier_and_the_refused_one_goes_first() {
    let mut rig = Rig::with_rules(settings(), pausing(60 * SECOND));
    texts(&mut rig, 12);
    rig.refuse(NORTH, 0x58, Disposition::Throttled);
    for n in 0..9 {
        rig.answer(NORTH, &format!("n{n}"));
    }
    rig.settle();
    rig.after(59 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 10, "all stands still");
    assert!(rig.sent(SOUTH).is_empty(), "and nothing goes elsewhere");
    rig.after(2 * SECOND);
    let sent = rig.sent(NORTH);
    assert_eq!(sent.len(), 13);
    assert!(sent[10].ends_with("text 0"), "{}", sent[10]);
}

#[test]
fn t15_full_queue_of_one_recipient_pauses_its_message_and_no_other() {
    let mut rig = Rig::with(EngineSettings {
        attempts_max: 6,
        ..settings()
    });
    let submissions = [(1, "full"), (2, "other")].map(|(to, text)| rig.submission_to(text, to));
    rig.hand_in(submissions.to_vec(), None);
    rig.settle();
    let mut gaps = Vec::new();
    let mut refused_ns = rig.now.mono_ns;
    rig.refuse(NORTH, 0x14, Disposition::DestinationFull);
    rig.answer_to(NORTH, 2, "other");
    rig.settle();
    rig.receipt(NORTH, "other", ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals().len(), 1, "others go on");
    for _ in 0..4 {
        while rig.open(NORTH) == 0 {
            rig.after(20 * MS);
        }
        gaps.push(rig.now.mono_ns - refused_ns);
        rig.refuse(NORTH, 0x14, Disposition::DestinationFull);
        refused_ns = rig.now.mono_ns;
        rig.settle();
    }
    for (gap, doubled) in gaps.iter().zip([1, 2, 4, 8]) {
        let least = doubled * SECOND * 4 / 5;
        let most = doubled * SECOND * 6 / 5 + 50 * MS;
        assert!((least..=most).contains(gap), "{gaps:?}");
    }
    for _ in 0..400 {
        rig.after(100 * MS);
        if rig.open(NORTH) > 0 {
            rig.refuse(NORTH, 0x14, Disposition::DestinationFull);
        }
    }
    assert_eq!(
        rig.finals()[1].1,
        Status::Undelivered,
        "attempts are capped"
    );
    assert_eq!(rig.sent(NORTH).len(), 1 + 6);
    assert!(rig.sent(SOUTH).is_empty());
    rig.assert_nothing_kept();
}

#[test]
fn t16_submit_fail_is_tried_once_more_and_then_elsewhere() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x45, Disposition::RetryHere);
    rig.settle();
    rig.after(2 * SECOND);
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (1, 0));
    rig.refuse(NORTH, 0x45, Disposition::RetryHere);
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 1));
}

#[test]
fn t16_account_at_fault_rests_its_carrier_and_messages_go_to_the_next() {
    let mut rig = Rig::new();
    let rest_ns = rig.settings.retry_delay_max_ns;
    texts(&mut rig, 12);
    rig.refuse(NORTH, 0x0401, Disposition::AccountFault);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 3, "the refused one and all that waited");
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(
        (north.account_fault, north.account_faults),
        (Some(0x0401), 1)
    );
    while rig.open(NORTH) > 0 {
        rig.refuse(NORTH, 0x0401, Disposition::AccountFault);
    }
    rig.settle();
    while rig.open(SOUTH) > 0 {
        rig.answer(SOUTH, &format!("s{}", rig.now.mono_ns));
        rig.after(MS);
    }
    rig.after(rest_ns);
    let before = rig.sent(NORTH).len();
    texts(&mut rig, 4);
    assert_eq!(rig.sent(NORTH).len() - before, 1, "one is tried");
    rig.answer(NORTH, "mended");
    rig.settle();
    assert_eq!(rig.sent(NORTH).len() - before, 4);
    let (_, north) = &rig.shard.view().carriers[0];
    assert_eq!(north.account_fault, None);
}

#[test]
fn t16_link_at_fault_does_not_cost_the_message_its_carrier() {
    let mut rig = Rig::new();
    rig.accept(&["hello"]);
    rig.refuse(NORTH, 0x04, Disposition::LinkFault);
    rig.settle();
    rig.after(2 * SECOND);
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (1, 0));
}

/// One recipient whose texts are refused as if we were too fast, among others that are taken.
#[test]
fn t14_message_that_is_always_refused_for_speed_holds_nobody_and_goes_to_the_next_carrier() {
    let mut rig = Rig::with(settings());
    let all = (1..=9).map(|to| rig.submission_to("text", to));
    let all: Vec<_> = all.collect();
    rig.hand_in(all, None);
    rig.settle();
    let (mut tries, mut taken) = (0, 0);
    for _ in 0..900 {
        rig.after(100 * MS);
        while rig.open(NORTH) > 0 {
            if rig.first_open(NORTH).starts_with("447700900001") {
                tries += 1;
                rig.refuse(NORTH, 0x14, Disposition::Throttled);
            } else {
                taken += 1;
                rig.answer(NORTH, &format!("n{taken}"));
            }
        }
    }
    assert_eq!(taken, 8, "the others are taken");
    assert!(tries <= 40, "{tries} submits of one part");
    let sent = rig.sent(SOUTH);
    assert!(sent[0].starts_with("447700900001"), "{sent:?}");
}

#[test]
fn t14_carrier_that_refuses_all_for_speed_costs_no_message_an_attempt() {
    let mut rig = Rig::new();
    texts(&mut rig, 6);
    for _ in 0..3000 {
        rig.after(100 * MS);
        while rig.open(NORTH) > 0 {
            rig.refuse(NORTH, 0x58, Disposition::Throttled);
        }
    }
    assert!(rig.finals().is_empty() && rig.sent(SOUTH).is_empty());
    for n in 0..3000 {
        rig.after(100 * MS);
        while rig.open(NORTH) > 0 {
            rig.answer(NORTH, &format!("n{n}-{}", rig.open(NORTH)));
        }
    }
    let late = rig
        .sent(NORTH)
        .iter()
        .filter(|sent| sent.ends_with("text 5"))
        .count();
    assert!(late > 0 && rig.sent(SOUTH).is_empty());
}
