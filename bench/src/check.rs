//! Whether a run has proved its figure: nothing lost, nothing doubled, and the store says the same.

use crate::carrier::Report;
use crate::node::Audit;
use crate::outcome::Outcome;

/// Fills in the counts of the carrier and notes every fault.
pub(crate) fn carrier(outcome: &mut Outcome, reports: &[&Report]) {
    let sum = |name: &str| -> u64 { reports.iter().map(|report| report.count(name)).sum() };
    let counts = &mut outcome.counts;
    counts.distinct_texts = sum("distinct_texts");
    counts.doubled += sum("duplicates") + sum("receipts_doubled");
    counts.lost = counts.accepted.saturating_sub(counts.distinct_texts);
    let faults = [
        (counts.accepted == 0, "nothing was accepted".to_owned()),
        (
            counts.lost > 0,
            format!(
                "{} of {} accepted messages never reached the carrier",
                counts.lost, counts.accepted
            ),
        ),
        (
            counts.distinct_texts > counts.accepted,
            format!(
                "the carrier has {} texts of {} accepted messages",
                counts.distinct_texts, counts.accepted
            ),
        ),
        (counts.doubled > 0, format!("{} doubled", counts.doubled)),
        (
            counts.receipts != counts.accepted,
            format!(
                "{} receipts for {} accepted messages",
                counts.receipts, counts.accepted
            ),
        ),
        (
            sum("malformed") > 0,
            format!("the carrier counted {} malformed PDUs", sum("malformed")),
        ),
    ];
    let found = faults.into_iter().filter(|(is, _)| *is);
    outcome.faults.extend(found.map(|(_, fault)| fault));
}

/// Notes what the audit of the store contradicts.
pub(crate) fn audit(outcome: &mut Outcome, audit: &Audit) {
    outcome.counts.audit_adds_up = Some(audit.adds_up);
    let accepted = outcome.counts.accepted;
    if !audit.adds_up {
        outcome.faults.push(format!(
            "the audit does not add up: {}",
            audit.contradictions.join("; ")
        ));
    }
    if audit.accepted != accepted || audit.delivered != accepted || audit.waiting > 0 {
        outcome.faults.push(format!(
            "of {accepted} messages the store has {} accepted, {} delivered, {} waiting",
            audit.accepted, audit.delivered, audit.waiting
        ));
    }
    if audit.untold > 0 {
        outcome
            .faults
            .push(format!("{} customers are still to be told", audit.untold));
    }
}
