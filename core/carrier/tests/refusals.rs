//! What a no means.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::smpp::status_class;
use carrack_carrier::{Disposition, Link, LinkEvent, LinkState};
use carrack_settings::{Profile, QueueFullScope, StatusClass};
use carrack_smpp::{CommandId, CommandStatus};
use support::*;

const NOT_BOUND: u32 = CommandStatus::ESME_RINVBNDSTS.0;

fn disposition(profile: Profile, status: u32) -> Disposition {
    let mut rig = Rig::bound(profile);
    rig.events();
    let sequence = rig.submit(1);
    rig.refuse(sequence, status);
    match rig.events()[0] {
        LinkEvent::Refused {
            ticket: 1,
            refusal,
            late: false,
        } => {
            assert_eq!(refusal.status, status);
            refusal.disposition
        }
        ref other => panic!("{other:?}"),
    }
}

fn usual(status: u32) -> Disposition {
    disposition(Profile::default(), status)
}

#[test]
fn t14_throttled_slows_the_link() {
    assert_eq!(usual(0x58), Disposition::Throttled);
}

#[test]
fn t15_full_queue_concerns_whom_the_profile_says() {
    for (scope, expected) in [
        (QueueFullScope::Link, Disposition::Throttled),
        (QueueFullScope::Destination, Disposition::DestinationFull),
    ] {
        let profile = profile(|p| p.queue_full_scope = scope);
        assert_eq!(disposition(profile, 0x14), expected);
    }
}

#[test]
fn t16_usual_statuses_have_their_usual_meaning() {
    for (status, expected) in [
        (0x45, Disposition::RetryHere),
        (0x08, Disposition::RetryHere),
        (0x64, Disposition::RetryHere),
        (0xFE, Disposition::RetryHere),
        (0x65, Disposition::MessageFault),
        (0x0B, Disposition::MessageFault),
        (0x66, Disposition::NextCarrier),
        (0x0A, Disposition::NextCarrier),
        (0x43, Disposition::NextCarrier),
        (0xC1, Disposition::NextCarrier),
        (0x0E, Disposition::AccountFault),
        (0x0F, Disposition::AccountFault),
    ] {
        assert_eq!(usual(status), expected, "{status:#x}");
    }
}

#[test]
fn t16_status_that_nobody_knows_is_passing_trouble() {
    for status in [0x22, 0x55F, 0x400, 0x4FF, 0xDEAD, u32::MAX] {
        assert_eq!(usual(status), Disposition::RetryHere, "{status:#x}");
    }
}

#[test]
fn t16_status_map_goes_before_the_usual_meaning() {
    let classes = [
        (StatusClass::Throttled, Disposition::Throttled),
        (StatusClass::RetryHere, Disposition::RetryHere),
        (StatusClass::NextRoute, Disposition::NextCarrier),
        (StatusClass::MessageFault, Disposition::MessageFault),
        (StatusClass::AccountFault, Disposition::AccountFault),
        (StatusClass::LinkFault, Disposition::LinkFault),
    ];
    for (class, expected) in classes {
        for status in [0x45, 0x58, 0x55F] {
            let profile = profile(|p| {
                p.status_map.insert(status, class);
            });
            assert_eq!(disposition(profile, status), expected);
        }
    }
    let profile = profile(|p| {
        p.status_map.insert(0x400, StatusClass::QueueFull);
        p.queue_full_scope = QueueFullScope::Destination;
    });
    assert_eq!(disposition(profile, 0x400), Disposition::DestinationFull);
}

#[test]
fn t16_link_fault_stops_submits_waits_for_what_is_out_and_binds_again() {
    let mut rig = Rig::bound(Profile::default());
    let (first, second, third) = (rig.submit(1), rig.submit(2), rig.submit(3));
    rig.events();
    rig.refuse(first, NOT_BOUND);
    let events = rig.events();
    assert!(matches!(events[..], [LinkEvent::Refused { ticket: 1, .. }]));
    assert_eq!(rig.link.state(), LinkState::Down);
    assert_eq!(rig.link.free_slots(), 0);
    assert!(rig.try_submit(4).is_err());
    assert_eq!(rig.sent(), [], "no goodbye while answers are awaited");
    rig.refuse(second, NOT_BOUND);
    rig.accept(third, b"c");
    let events = rig.events();
    assert!(matches!(events[0], LinkEvent::Refused { ticket: 2, .. }));
    assert!(matches!(events[1], LinkEvent::Accepted { ticket: 3, .. }));
    let goodbye = rig.sent_one();
    assert_eq!(goodbye.command, CommandId::UNBIND);
    assert_eq!(rig.link.state(), LinkState::Down);
    rig.feed(&pdu(CommandId::UNBIND_RESP, 0, goodbye.sequence, b""));
    assert!(rig.down().contains("not bound"));
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.events(), [LinkEvent::Up]);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t16_link_fault_of_a_carrier_that_then_says_nothing_ends_in_time() {
    let mut rig = Rig::bound(profile(|p| {
        p.slot_patience = true;
        p.window = 10;
    }));
    let begun_ns = rig.now.mono_ns;
    rig.submit(1);
    let later: Vec<_> = (2..=6).map(|ticket| rig.submit(ticket)).collect();
    rig.advance(5 * MS);
    for sequence in &later[1..] {
        rig.accept(*sequence, b"x");
    }
    rig.refuse(later[0], NOT_BOUND);
    rig.events();
    rig.advance_to_deadline();
    assert_eq!(rig.events(), [LinkEvent::TimedOut { ticket: 1 }]);
    // The whole time-out, though slots are given on before it elsewhere.
    assert_eq!(rig.now.mono_ns - begun_ns, 10 * SECOND);
    assert_eq!(rig.sent_one().command, CommandId::UNBIND);
    rig.advance_to_deadline();
    assert!(rig.down().contains("not bound"));
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t22_link_fault_in_a_late_answer_leaves_the_link_up() {
    let mut rig = Rig::bound(Profile::default());
    let sequence = rig.submit(1);
    rig.advance(10 * SECOND);
    rig.submit(2);
    rig.events();
    rig.refuse(sequence, NOT_BOUND);
    let events = rig.events();
    assert!(matches!(
        events[..],
        [LinkEvent::Refused {
            ticket: 1,
            late: true,
            ..
        }]
    ));
    assert_eq!(rig.link.state(), LinkState::Up);
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn t16_every_status_of_the_specification_has_a_class() {
    // The table is total: this holds what is not passing trouble, so that a change is seen.
    let passing = (0..0x200_u32)
        .map(CommandStatus)
        .filter(|status| status.name().is_some())
        .filter(|status| status_class(*status) == StatusClass::RetryHere)
        .count();
    let named = (0..0x200_u32)
        .filter(|status| CommandStatus(*status).name().is_some())
        .count();
    assert!(
        passing > 0 && passing < named / 2 + 10,
        "{passing} of {named}"
    );
}
