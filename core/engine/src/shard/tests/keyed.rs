//! Keys of requests lie in the frame of their message, and of nothing else.

use carrack_queue::KeptKey;

use super::rig::Rig;
use crate::idempotency::IdempotencyKey;
use crate::submission::Submission;

pub(super) fn keyed(submission: Submission) -> Submission {
    let key = IdempotencyKey::of_call(b"k", &submission, b"");
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

fn in_list(submission: Submission) -> Submission {
    let key = IdempotencyKey::of_recipient(b"list", &submission, b"", 0);
    Submission {
        key: Some(Box::new(key)),
        ..submission
    }
}

fn kept(rig: &Rig) -> Vec<KeptKey> {
    let log = rig.log.borrow();
    let frames = log.frames.iter();
    frames.flat_map(|frame| frame.keys.clone()).collect()
}

#[test]
fn key_is_written_with_its_message_and_a_call_to_many_once() {
    let mut rig = Rig::new();
    let chunk = vec![
        keyed(rig.submission("a")),
        rig.submission("b"),
        in_list(rig.submission_to("c", 1)),
        in_list(rig.submission_to("c", 2)),
    ];
    let given = rig.hand_in(chunk, None);
    rig.settle();
    let ids: Vec<_> = given.lock().unwrap().clone();
    let kept = kept(&rig);
    let of = |place: usize| crate::submission::Verdict::Accepted(kept[place].id);
    assert_eq!(kept.len(), 4, "one alone, one call, two of its recipients");
    assert_eq!(of(0), ids[0]);
    assert_eq!(
        (of(1), of(2), of(3)),
        (ids[2].clone(), ids[2].clone(), ids[3].clone())
    );
}
