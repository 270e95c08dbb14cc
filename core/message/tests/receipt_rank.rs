//! States have ranks and never go back (T12).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing
)]

use carrack_message::ReceiptState;
use proptest::prelude::*;

fn state() -> impl Strategy<Value = ReceiptState> {
    prop::sample::select(&ReceiptState::ALL[..])
}

/// What is known after one more receipt.
fn after(known: Option<ReceiptState>, told: ReceiptState) -> Option<ReceiptState> {
    match known {
        Some(known) if !told.supersedes(known) => Some(known),
        _ => Some(told),
    }
}

#[test]
fn t12_intermediate_after_final_and_another_final_change_nothing() {
    use ReceiptState::{Delivered, Enroute, Undeliverable, Unknown};
    for (told, expected) in [
        (&[Delivered, Enroute][..], Delivered),
        (&[Enroute, Delivered, Enroute], Delivered),
        (&[Delivered, Delivered], Delivered),
        (&[Delivered, Undeliverable], Delivered),
        (&[Undeliverable, Delivered], Undeliverable),
        (&[Enroute, Unknown, Delivered], Delivered),
        (&[Delivered, Unknown], Delivered),
    ] {
        let known = told.iter().fold(None, |known, told| after(known, *told));
        assert_eq!(known, Some(expected), "{told:?}");
    }
}

proptest! {
    #[test]
    fn t12_ranks_are_monotone(told in prop::collection::vec(state(), 1..12)) {
        let mut known = None;
        let mut first_settled = None;
        for told in told {
            let before = known;
            known = after(known, told);
            let now = known.unwrap();
            prop_assert!(before.is_none_or(|before: ReceiptState| now.rank() >= before.rank()));
            prop_assert!(before.is_none_or(|before| !before.is_final() || now.is_final()));
            if told.is_final() && told != ReceiptState::Unknown && first_settled.is_none() {
                first_settled = Some(told);
            }
            prop_assert!(first_settled.is_none_or(|settled| settled == now), "the first that settles stands");
        }
    }

    #[test]
    fn t12_superseding_is_an_order(a in state(), b in state(), c in state()) {
        prop_assert!(!a.supersedes(a));
        prop_assert!(!(a.supersedes(b) && b.supersedes(a)));
        prop_assert!(!(a.supersedes(b) && b.supersedes(c)) || a.supersedes(c));
        prop_assert!(!(b.is_final() && !a.is_final() && a.supersedes(b)));
    }
}
