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
use carrack_smpp::CommandStatus;
use support::*;

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
fn t16_link_fault_binds_again_and_gives_back_what_is_out() {
    let mut rig = Rig::bound(Profile::default());
    let (first, _) = (rig.submit(1), rig.submit(2));
    rig.events();
    rig.refuse(first, CommandStatus::ESME_RINVBNDSTS.0);
    let events = rig.events();
    assert!(matches!(events[0], LinkEvent::Refused { ticket: 1, .. }));
    assert_eq!(events[1], LinkEvent::Unanswered { ticket: 2 });
    assert!(matches!(events[2], LinkEvent::Down(_)));
    assert_eq!(rig.link.state(), LinkState::Down);
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.link.state(), LinkState::Up);
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
