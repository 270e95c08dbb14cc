//! A carrier's id rule is found out by what matches, and proposed once it is sure (T01).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::carrier_id::{
    Candidates, IdBase, IdCase, IdPad, IdRule, IdTransform, Learning, fold,
};
use proptest::prelude::*;

#[test]
fn t01_first_fifty_receipts_all_match_and_the_fixed_rule_is_proposed() {
    for (hex_response, hex_receipt) in [(true, false), (false, true), (true, true), (false, false)]
    {
        let rule = IdRule::default();
        let mut learning = Learning::default();
        for number in 0x1A2B_3C00_u64..0x1A2B_3C00 + 50 {
            let write = |hex| {
                if hex {
                    format!("{number:X}")
                } else {
                    format!("{number:010}")
                }
            };
            let response = fold(&rule, write(hex_response).as_bytes());
            let receipt = write(hex_receipt);
            let candidates = Candidates::of_receipt(&rule, receipt.as_bytes());
            let found = candidates.into_iter().find(|(_, form)| *form == response);
            learning.note(found.expect("every receipt matches").0);
        }
        let proposal = learning.proposal().unwrap();
        let expected = match (hex_response, hex_receipt) {
            (true, false) => (IdBase::Hex, IdBase::Decimal),
            (false, true) => (IdBase::Decimal, IdBase::Hex),
            _ => (IdBase::Text, IdBase::Text),
        };
        assert_eq!((proposal.rule.submit, proposal.rule.receipt), expected);
        assert_eq!((proposal.matched, proposal.share_percent), (50, 100));
        assert_eq!(learning.misses(), 0);
        // The proposed rule finds what the learned one found.
        let response = if hex_response {
            "1A2B3C00"
        } else {
            "439041024"
        };
        let receipt = if hex_receipt {
            "1a2b3c00"
        } else {
            "0439041024"
        };
        let candidates = Candidates::of_receipt(&proposal.rule, receipt.as_bytes());
        let sought = fold(&proposal.rule, response.as_bytes());
        assert_eq!(candidates.as_slice().len(), 1);
        assert_eq!(candidates.as_slice()[0].1, sought);
    }
}

#[test]
fn a_proposal_reads_as_the_lines_of_a_profile() {
    let mut learning = Learning::default();
    for _ in 0..20 {
        learning.note(IdTransform::HexToDecimal);
    }
    let lines = learning.proposal().unwrap().toml();
    assert_eq!(
        lines,
        "id_submit_base = \"hex\"\nid_receipt_base = \"decimal\"\n"
    );
    for base in [IdBase::Learn, IdBase::Text, IdBase::Hex, IdBase::Decimal] {
        assert_eq!(IdBase::from_word(base.word()), Some(base));
    }
    assert_eq!(IdBase::from_word("octal"), None);
}

#[test]
fn nothing_is_proposed_before_it_is_sure() {
    let mut learning = Learning::default();
    for _ in 0..19 {
        learning.note(IdTransform::Same);
        learning.note_miss();
    }
    assert_eq!((learning.proposal(), learning.misses()), (None, 19));
    learning.note(IdTransform::Same);
    assert!(learning.proposal().is_some());
    for _ in 0..2 {
        learning.note(IdTransform::DecimalToHex);
    }
    assert_eq!(learning.proposal(), None, "20 of 22 are too few");
}

#[test]
fn a_carrier_that_changes_its_ids_is_noticed_within_some_thousand_receipts() {
    let mut learning = Learning::default();
    for _ in 0..1_000_000 {
        learning.note(IdTransform::Same);
    }
    let mut needed = 0;
    while learning.proposal().map(|proposal| proposal.transform) != Some(IdTransform::HexToDecimal)
    {
        learning.note(IdTransform::HexToDecimal);
        needed += 1;
        assert!(needed < 5_000);
    }
    assert_eq!(learning.matched(IdTransform::Same), 1_000_000);
    assert_eq!(learning.matched(IdTransform::HexToDecimal), needed);
}

proptest! {
    #[test]
    fn a_proposal_explains_its_share(notes in prop::collection::vec(0_usize..3, 0..400), bias in 0_usize..3) {
        let mut learning = Learning::default();
        for (place, note) in notes.iter().enumerate() {
            let transform = if place % 16 == 0 { *note } else { bias };
            learning.note(IdTransform::ALL[transform]);
        }
        let most = IdTransform::ALL.into_iter().map(|transform| learning.matched(transform)).max().unwrap();
        match learning.proposal() {
            Some(proposal) => {
                prop_assert!(proposal.matched >= 20 && proposal.matched == most);
                prop_assert!(proposal.share_percent >= 95 && proposal.share_percent <= 100);
                prop_assert_eq!((proposal.rule.case, proposal.rule.pad), (IdCase::Ignore, IdPad::Ignore));
            }
            None => prop_assert!(most < 20 || most * 100 < notes.len() as u64 * 95),
        }
    }
}
