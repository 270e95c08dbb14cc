//! Each quirk that can be seen from outside is named.

use crate::run::{named, plan, run, run_after_a_lost_session, run_in_pieces, simulator};

#[test]
fn without_a_quirk_none_is_named() {
    let (found, text) = named(&[]);
    assert!(found.is_empty(), "{found:?}\n{text}");
}

macro_rules! named_in_the_report {
    ($($test:ident: $quirk:literal $(as $as:literal)?;)*) => {$(
        #[test]
        fn $test() {
            let wanted = [$quirk, $($as)?].last().copied().unwrap();
            let wanted = wanted.split('=').next().unwrap();
            let (found, text) = named(&[$quirk]);
            assert!(found.contains(&wanted), "{found:?}\n{text}");
        }
    )*};
}

named_in_the_report! {
    t01_ids_hex_decimal: "ids-hex-decimal";
    t01_ids_decimal_hex: "ids-decimal-hex";
    t02_id_zeros_dropped: "id-zeros-dropped";
    t02_id_zeros_added: "id-zeros-added";
    t02_id_case_swapped: "id-case-swapped";
    t02_id_uuid: "id-uuid";
    t03_id_long: "id-long=65";
    t03_id_short: "id-short";
    t03_id_empty: "id-empty=30";
    t03_response_bare: "response-bare=30";
    t39_id_no_nul: "id-no-nul";
    t45_id_reuse: "id-reuse=3";
    decimal_ids: "decimal-ids";

    drop_receipt: "drop-receipt=40";
    t04_receipt_before_response: "receipt-before-response=100";
    t05_receipt_other_bind: "receipt-other-bind";
    t06_receipt_tlv_disagrees: "receipt-tlv-disagrees";
    t06_receipt_tlv_wrong: "receipt-tlv-wrong";
    t06_receipt_tlv_no_nul: "receipt-tlv-no-nul";
    t06_receipt_tlv_long: "receipt-tlv-long";
    t06_receipt_tlv_only: "receipt-tlv-only";
    t06_receipt_no_tlv: "receipt-no-tlv";
    t07_receipt_dialects: "receipt-dialects";
    t08_receipt_in_payload: "receipt-in-payload";
    t09_receipt_data_sm: "receipt-data-sm";
    t10_receipt_esm_zero: "receipt-esm-zero";
    t10_receipt_esm_bits: "receipt-esm-bits";
    t11_receipt_ucs2: "receipt-ucs2";
    t11_receipt_ucs2_real: "receipt-ucs2-real";
    t12_double_receipt: "double-receipt=100";
    t12_receipt_intermediate: "receipt-intermediate=100";
    t12_receipt_intermediate_late: "receipt-intermediate-late=100";
    t12_receipt_contradicts: "receipt-contradicts=100";

    t14_throttle: "throttle=30";
    t14_throttle_burst: "throttle-burst=4:20";
    t15_queue_full: "queue-full=30";
    t16_submit_fail: "submit-fail=30";
    t16_refuse: "refuse=30" as "submit-fail";
    t16_system_error: "system-error=30";
    t16_temporary_error: "temporary-error=30";
    t16_vendor_status: "vendor-status=40";
    t16_account_fault: "account-fault";
    reject: "reject=100";
    t42_nack_submit: "nack-submit=30";
    t42_nack_zero: "nack-zero=30";

    t17_error_body_nul: "error-body-nul";
    t17_error_body_id: "error-body-id";
    t17_error_body_tlvs: "error-body-tlvs";
    t18_bind_resp_bare: "bind-resp-bare";
    t18_bind_resp_short: "bind-resp-short";
    t46_version_33: "version-33";
    t46_version_50: "version-50";
    t46_version_none: "version-none";

    t19_sequence_zero: "sequence-zero";
    t19_sequence_high: "sequence-high";
    t19_sequence_constant: "sequence-constant";
    t20_sequence_mismatch: "sequence-mismatch=30";
    t22_late_response: "late-response=30";
    t22_double_response: "double-response=50";
    t27_drop_response: "drop-response=10";

    t23_no_enquire_answer: "no-enquire-answer";
    t23_enquire_flood: "enquire-flood";
    t23_enquire_before_bind: "enquire-before-bind";
    t24_unbind_after: "unbind-after=7";
    t24_ignore_unbind: "ignore-unbind";
    t05_close_after: "close-after=7";
    t05_reconnect_every: "reconnect-every=10s";
    t26_bind_refuse: "bind-refuse=2";
    t37_system_type_required: "system-type-required";
    t27_no_query: "no-query";
    no_cancel: "no-cancel";
    no_replace: "no-replace";
    alert: "alert=100";

    t30_dcs_241: "dcs-241";
    t30_dcs_no_1: "dcs-no-1";
    t38_ton_npi_strict: "ton-npi-strict";
    t40_tlv_unknown: "tlv-unknown";
    t40_tlv_repeated: "tlv-repeated";
    t40_tlv_cut: "tlv-cut";
    t39_stray_octets: "stray-octets";
}

/// One quirk is not taken for another.
macro_rules! named_alone {
    ($($test:ident: $quirk:literal not $($other:literal),+;)*) => {$(
        #[test]
        fn $test() {
            let wanted = $quirk.split('=').next().unwrap();
            for seed in 1..=2 {
                let mut settings = simulator(&[$quirk]);
                settings.seed = seed;
                let (report, _) = run(plan(), settings);
                let found: Vec<&str> = report.quirks().collect();
                assert!(found.contains(&wanted), "seed {seed}: {found:?}\n{}", report.markdown(""));
                for other in [$($other),+] {
                    assert!(!found.contains(&other), "seed {seed}: {other}\n{}", report.markdown(""));
                }
            }
        }
    )*};
}

named_alone! {
    t41_garbage_after_3: "garbage-after=3" not "close-after", "reconnect-every", "receipt-other-bind", "double-receipt";
    t41_garbage_after_5: "garbage-after=5" not "close-after", "reconnect-every", "receipt-other-bind", "double-receipt";
    t03_id_empty_is_no_lost_receipt: "id-empty=50" not "drop-receipt";
    t03_response_bare_is_no_lost_receipt: "response-bare=100" not "drop-receipt", "receipt-before-response", "id-empty";
    t03_long_ids_are_no_long_parameter: "id-long=65" not "receipt-tlv-long";
    t03_longest_ids_are_no_long_parameter: "id-long=200" not "receipt-tlv-long";
    t05_reconnect_every_2s: "reconnect-every=2s" not "close-after";
    t05_close_after_4: "close-after=4" not "reconnect-every";
}

#[test]
fn what_cannot_be_seen_from_outside_is_said() {
    for quirk in ["dc0-latin1", "dc0-windows1252", "dc0-ascii", "latin1-lossy"] {
        let (report, _) = run(plan(), simulator(&[quirk]));
        let said = report.unseen.join("\n");
        assert!(
            said.contains("dc0_alphabet") && said.contains("data_coding 3"),
            "{quirk}: {said}"
        );
        assert!(report.markdown("").contains(&report.unseen[0]), "{quirk}");
    }
    let (report, _) = run(plan(), simulator(&[]));
    let said = report.unseen.join("\n");
    for part in [
        "at random",
        "after more than",
        "wrong passwords",
        "--measure-rate",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn t24_unbind_then_close() {
    let (found, text) = named(&["unbind-after=7", "unbind-then-close"]);
    assert!(found.contains(&"unbind-then-close"), "{found:?}\n{text}");
}

#[test]
fn t43_octets_that_come_in_pieces_are_seen() {
    for (octets, quirk) in [(1, "drip"), (7, "split-header")] {
        let (report, _) = run_in_pieces(plan(), simulator(&[]), octets);
        let found: Vec<&str> = report.quirks().collect();
        assert_eq!(found, [quirk], "{}", report.markdown(""));
    }
}

#[test]
fn t30_a_carrier_that_wants_241_is_asked_in_241() {
    let mut plan = plan();
    plan.data_coding = 241;
    let (report, _) = run(plan, simulator(&["dcs-241"]));
    let found: Vec<&str> = report.quirks().collect();
    assert_eq!(found, ["dcs-241"], "{}", report.markdown(""));
    assert!(report.totals.receipts > 20);
    assert_eq!(report.profile.text.data_codings.default_alphabet, 241);
}

#[test]
fn t21_shuffled_responses_are_seen_in_a_window() {
    let mut plan = plan();
    (plan.window_max, plan.messages_max) = (Some(50), 100);
    let (report, _) = run(plan, simulator(&["shuffle-responses"]));
    assert!(
        report.quirks().any(|quirk| quirk == "shuffle-responses"),
        "{}",
        report.markdown("")
    );
}

#[test]
fn t12_shuffled_receipts_are_seen_in_a_window() {
    let mut plan = plan();
    (plan.window_max, plan.messages_max) = (Some(50), 100);
    let (report, _) = run(plan, simulator(&["receipts-shuffled"]));
    assert!(
        report.quirks().any(|quirk| quirk == "receipts-shuffled"),
        "{}",
        report.markdown("")
    );
}

#[test]
fn t15_a_queue_that_is_full_for_one_recipient_only() {
    let mut settings = simulator(&["queue-full-destination=50:3600s"]);
    // A seed with which one of the two is full.
    settings.seed = 3;
    let (report, text) = (1..20)
        .map(|seed| {
            settings.seed = seed;
            let (report, _) = run(plan(), settings.clone());
            let text = report.markdown("");
            (report, text)
        })
        .find(|(report, _)| report.totals.accepted > 0 && report.totals.refused > 0)
        .unwrap();
    assert!(
        report
            .quirks()
            .any(|quirk| quirk == "queue-full-destination"),
        "{text}"
    );
}

#[test]
fn t25_an_old_session_is_waited_for() {
    let mut smsc = simulator(&["already-bound=30s"]);
    smsc.name = "held".to_owned();
    let (report, _) = run_after_a_lost_session(plan(), smsc);
    assert!(report.complete, "{:?}", report.stopped);
    assert!(
        report.quirks().any(|quirk| quirk == "already-bound"),
        "{}",
        report.markdown("")
    );
    let wait = report.profile.already_bound_wait;
    assert!((30..=36).contains(&wait.as_secs()), "{wait:?}");
}

#[test]
fn t37_a_long_password_is_refused_by_who_keeps_to_the_letter() {
    let mut plan = plan();
    plan.account.password = b"longer than eight".to_vec();
    let (report, _) = run(plan, simulator(&["password-8"]));
    assert!(
        report.quirks().any(|quirk| quirk == "password-8"),
        "{}",
        report.markdown("")
    );
}

/// Messages from handsets come in each form.
macro_rules! named_in_incoming {
    ($($test:ident: $quirk:literal;)*) => {$(
        #[test]
        fn $test() {
            let (found, text) = named(&["mo=100", $quirk]);
            assert!(found.contains(&$quirk), "{found:?}\n{text}");
        }
    )*};
}

named_in_incoming! {
    t10_mo_like_receipt: "mo-like-receipt";
    t32_mo_ucs2_little_endian: "mo-ucs2-little-endian";
    t32_mo_ucs2_bom: "mo-ucs2-bom";
    t32_mo_ucs2_odd: "mo-ucs2-odd";
    t32_mo_ucs2_lone: "mo-ucs2-lone";
    t32_mo_split_pair: "mo-split-pair";
    t33_mo_flash: "mo-flash";
    t34_mo_payload: "mo-payload";
    t34_mo_both_payload: "mo-both-payload";
    t34_mo_length_255: "mo-length-255";
    t34_mo_empty: "mo-empty";
    t09_mo_data_sm: "mo-data-sm";
    t35_mo_udh8: "mo-udh8";
    t35_mo_udh16: "mo-udh16";
    t35_mo_sar: "mo-sar";
    t35_mo_two_methods: "mo-two-methods";
    t35_mo_out_of_order: "mo-out-of-order";
    t35_mo_repeated_part: "mo-repeated-part";
    t36_mo_udhi_missing: "mo-udhi-missing";
    t36_mo_udhi_false: "mo-udhi-false";
    t39_mo_trailing_nul: "mo-trailing-nul";
    t39_mo_no_nul: "mo-no-nul";
}
