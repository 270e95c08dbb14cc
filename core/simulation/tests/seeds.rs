//! A bounded set of seeds: whatever they do, every message comes to its one end, and every kind of fault occurs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use carrack_simulation::{FaultCounts, Scenario, simulate};

const SEEDS: u64 = 3000;

#[test]
fn every_seed_ends_quiet_and_adds_up_and_every_fault_occurs() {
    // A fault of the engine is known; `Scenario` says which. The line goes when it is mended.
    let scenario = Scenario {
        tolerates_receipts_by_number: true,
        ..Scenario::default()
    };
    let mut faults = FaultCounts::default();
    let mut failed = Vec::new();
    for seed in 1..=SEEDS {
        let report = simulate(seed, &scenario).unwrap();
        faults.merge(&report.faults);
        if let Some(violation) = report.violations.first() {
            failed.push(format!("seed {seed}: {violation}"));
        }
    }
    assert!(
        failed.is_empty(),
        "replay with `cargo run -p carrack-simulation --release --example seeds -- --seed X --trace`\n{}",
        failed.join("\n")
    );
    assert_eq!(faults.missing(), [], "kinds of faults that no seed had");
}
