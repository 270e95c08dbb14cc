//! What is refused at random is no property of the carrier.

use carrack_carrier::probe::Report;

use crate::run::{plan, run, simulator};

/// What none of these simulators does.
const PROPERTIES: [&str; 3] = ["dcs-241", "dcs-no-1", "ton-npi-strict"];

fn probed(quirk: &str, seed: u64) -> Report {
    let mut settings = simulator(&[quirk]);
    settings.seed = seed;
    run(plan(), settings).0
}

#[test]
fn random_refusals_name_no_property_and_draft_no_key_of_text() {
    for quirk in [
        "temporary-error=10",
        "temporary-error=60",
        "vendor-status=10",
        "vendor-status=60",
        "nack-submit=10",
        "nack-submit=50",
        "reject=20",
        "queue-full=50",
        "submit-fail=30",
        "system-error=30",
        "throttle=40",
    ] {
        for seed in 1..=3 {
            let report = probed(quirk, seed);
            let text = report.markdown("");
            let found: Vec<&str> = report.quirks().collect();
            for property in PROPERTIES {
                assert!(
                    !found.contains(&property),
                    "{quirk}, seed {seed}: {property}\n{text}"
                );
            }
            let (draft, usual) = (&report.profile, carrack_settings::Profile::default());
            assert_eq!(draft.text, usual.text, "{quirk}, seed {seed}\n{text}");
            assert_eq!(
                draft.ton_npi_rules, usual.ton_npi_rules,
                "{quirk}, seed {seed}"
            );
            assert_eq!(draft.plus_sign, usual.plus_sign, "{quirk}, seed {seed}");
        }
    }
}

#[test]
fn random_refusals_are_named_with_their_share_and_status() {
    for (quirk, status) in [
        ("temporary-error=30", "ESME_RX_T_APPN"),
        ("vendor-status=30", "0x"),
        ("nack-submit=30", "ESME_RSYSERR"),
        ("submit-fail=30", "ESME_RSUBMITFAIL"),
    ] {
        for seed in 1..=2 {
            let report = probed(quirk, seed);
            let name = quirk.split('=').next().unwrap();
            let found = report
                .findings
                .iter()
                .find(|finding| finding.quirk == Some(name));
            let what = &found
                .unwrap_or_else(|| panic!("{quirk}, seed {seed}\n{}", report.markdown("")))
                .what;
            let is_said =
                what.contains("refuses at random: ") || what.contains("for the same recipients");
            assert!(
                is_said && what.contains(status),
                "{quirk}, seed {seed}: {what}"
            );
        }
    }
}

#[test]
fn a_property_is_named_among_random_refusals_as_well() {
    for noise in ["temporary-error=10", "vendor-status=10", "nack-submit=10"] {
        for seed in 1..=2 {
            let mut settings = simulator(&[noise, "dcs-no-1"]);
            settings.seed = seed;
            let (report, _) = run(plan(), settings);
            let found: Vec<&str> = report.quirks().collect();
            assert!(
                found.contains(&"dcs-no-1"),
                "{noise}, seed {seed}\n{}",
                report.markdown("")
            );
        }
    }
}

#[test]
fn asking_again_keeps_to_the_bound_of_messages() {
    for seed in 1..=3 {
        let mut plan = plan();
        plan.messages_max = plan.messages() + 2;
        let (most, bound) = (plan.messages_most(), plan.messages_max);
        let mut settings = simulator(&["queue-full=60"]);
        settings.seed = seed;
        let (report, _) = run(plan, settings);
        assert!(report.complete);
        assert!(
            report.totals.sent <= bound as usize,
            "{}",
            report.totals.sent
        );
        assert!(report.totals.sent <= most as usize);
    }
}
