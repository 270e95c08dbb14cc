//! The draft of a profile fits what was seen, and reads back.

use carrack_message::carrier_id::IdBase;
use carrack_settings::{Bind, Profile};

use crate::run::{plan, run, simulator};

#[test]
fn an_smsc_without_quirks_needs_no_more_than_ids_as_text() {
    let (report, _) = run(plan(), simulator(&[]));
    let profile = report.profile;
    assert_eq!(
        (profile.ids.submit, profile.ids.receipt),
        (IdBase::Text, IdBase::Text)
    );
    assert_eq!(profile.bind, Bind::Transceiver);
    assert!(profile.text.data_codings_allowed.is_empty());
}

#[test]
fn a_draft_reads_back_whatever_was_found() {
    for quirks in [
        &[][..],
        &["ids-hex-decimal", "receipt-esm-zero", "receipt-no-tlv"],
        &["dcs-241", "receipt-tlv-only"],
        &["dcs-no-1", "receipt-tlv-wrong", "late-response=30"],
        &["queue-full-destination=50:3600s", "version-33"],
        &["id-uuid", "receipt-dialects", "ton-npi-strict"],
    ] {
        let (report, _) = run(plan(), simulator(quirks));
        let text = report.profile.to_toml();
        let read = Profile::parse(&text, "draft.toml");
        assert_eq!(
            read.as_ref().ok(),
            Some(&report.profile),
            "{quirks:?}\n{text}\n{read:?}"
        );
    }
}

#[test]
fn bases_of_ids_are_fixed_where_receipts_show_them() {
    for (quirk, bases) in [
        ("ids-hex-decimal", (IdBase::Hex, IdBase::Decimal)),
        ("ids-decimal-hex", (IdBase::Decimal, IdBase::Hex)),
        ("id-uuid", (IdBase::Text, IdBase::Text)),
    ] {
        let (report, _) = run(plan(), simulator(&[quirk]));
        let ids = report.profile.ids;
        assert_eq!((ids.submit, ids.receipt), bases, "{quirk}");
    }
}
