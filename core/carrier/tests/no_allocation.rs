//! A segment costs the link no allocation, whatever parameters it has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod counting;
mod support;

use carrack_carrier::{Link, Outgoing, SarPart};
use carrack_settings::PlusSign;
use carrack_smpp::tag;
use counting::counted;
use support::*;

#[test]
fn whole_life_of_a_segment_allocates_nothing() {
    let mut rig = Rig::bound(profile(|p| {
        p.plus_sign = PlusSign::Always;
        p.tlv_out = vec![(tag::PRIVACY_INDICATOR, vec![1])];
        p.queue_full_scope = carrack_settings::QueueFullScope::Destination;
        p.status_map
            .insert(0x400, carrack_settings::StatusClass::QueueFull);
    }));
    let from = carrack_message::Sender::parse("+447700900123").unwrap();
    let given = tlvs(&[(tag::USER_MESSAGE_REFERENCE, &[0, 7])]);
    let segment = Outgoing {
        sar: Some(SarPart {
            reference: 1,
            total: 2,
            part: 1,
        }),
        flash_subunit: true,
        tlvs: &given,
        validity_s: 3600,
        ..text(&from, b"hello")
    };
    let line = b"id:0123456789 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 text:";
    let mut events = Vec::with_capacity(64);
    let mut total = 0;
    for round in 0..50_u64 {
        let now = rig.now;
        let link = &mut rig.link;
        let submitted = counted(|| {
            link.submit(now, round, &segment).unwrap();
            link.flush();
        });
        let sequence = rig.sent_one().sequence;
        let answer = if round % 2 == 0 {
            accepted(sequence, b"0123456789")
        } else {
            pdu(
                carrack_smpp::CommandId::SUBMIT_SM_RESP,
                0x400,
                sequence,
                b"",
            )
        };
        rig.feed_on(0, &[answer, deliver(1, &receipt(line, b""))].concat());
        let link = &mut rig.link;
        let settled = counted(|| link.poll(now, &mut events));
        assert_eq!(events.len(), 2);
        events.clear();
        // Buffers grow to their size in the first rounds.
        if round > 20 {
            total += submitted + settled;
        }
    }
    assert_eq!(total, 0);
}
