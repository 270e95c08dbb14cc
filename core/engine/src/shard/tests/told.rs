//! Subscribers of a rig: what customers are told.

use std::sync::{Arc, Mutex};

use carrack_carrier::Disposition;
use carrack_message::mo::MoWay;
use carrack_message::record::ReceiptWish;
use carrack_message::{ReceiptState, Status};

use super::rig::{ACCOUNT, MS, NORTH, Rig, SECOND};
use crate::notice::{Ending, Notice, NoticeSink};
use crate::shard::Party;
use crate::submission::Submission;

pub(super) const BIND: Party = Party::binds(ACCOUNT);

impl Rig {
    /// Credits of a subscriber for the account; what it is told appears in the shared vector.
    pub(super) fn subscribe(
        &mut self,
        way: MoWay,
        subscriber: u64,
        credits: u32,
    ) -> Arc<Mutex<Vec<Notice>>> {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        let sink: NoticeSink = Arc::new(move |notices| into.lock().unwrap().extend(notices));
        let party = Party { way, ..BIND };
        self.shard.outbox.grant(party, subscriber, credits, sink);
        taken
    }
}

/// What its customer is told of a message whose carrier does these things, each a second after the one before.
fn told_after(does: &[&dyn Fn(&mut Rig)]) -> Ending {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 1);
    let submission = Submission {
        wants_receipt: ReceiptWish::Always,
        ..rig.submission("hello")
    };
    rig.hand_in(vec![submission], None);
    rig.settle();
    for act in does {
        rig.after(SECOND);
        act(&mut rig);
        rig.settle();
    }
    let told = taken
        .lock()
        .unwrap()
        .first()
        .and_then(Notice::ending)
        .cloned();
    told.unwrap()
}

#[test]
fn an_end_says_when_its_carrier_had_answered() {
    let answer = |rig: &mut Rig| {
        rig.answer(NORTH, "n1");
    };
    let receipt = |rig: &mut Rig| {
        rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    };
    let told = told_after(&[&answer, &receipt]);
    let (taken, done) = (
        told.taken_utc_ns - told.accepted_utc_ns,
        told.done_utc_ns - told.accepted_utc_ns,
    );
    assert!((SECOND..SECOND + 20 * MS).contains(&taken), "{taken}");
    assert!((2 * SECOND..2 * SECOND + 40 * MS).contains(&done), "{done}");
    let refuse = |rig: &mut Rig| rig.refuse(NORTH, 11, Disposition::MessageFault);
    let told = told_after(&[&refuse]);
    assert_eq!((told.status, told.taken_utc_ns), (Status::Rejected, 0));
}
