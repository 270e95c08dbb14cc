//! The draft of a profile fits what was seen, and reads back.

use carrack_message::carrier_id::IdBase;
use carrack_settings::Bind;

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
