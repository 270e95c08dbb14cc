//! Whether the demo adds up: what the batch held, what the node accepted, what the store says and what the carriers saw.

use carrack_engine::{Audit, CarrierSnapshot, Snapshot};
use carrack_loadtest::load::batch::BatchReport;
use carrack_loadtest::modem;
use carrack_loadtest::smsc::Report;
use serde::Serialize;

use crate::progress::BatchStatus;
use crate::table::{count, money, table};

/// All that is known at the end.
pub(super) struct Findings {
    pub(super) sample: BatchReport,
    pub(super) batch: BatchStatus,
    pub(super) snapshot: Snapshot,
    pub(super) audit: Audit,
    pub(super) carriers: Vec<Report>,
    pub(super) modems: modem::Report,
    /// Segments that a SIM may send on its day.
    pub(super) per_day: u32,
    pub(super) seconds: f64,
}

/// One comparison.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What was compared.
    what: &'static str,
    /// Whether it holds.
    holds: bool,
    /// The figures.
    figures: String,
}

/// The result for programs.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    adds_up: bool,
    rows: u64,
    accepted: u64,
    rejected: u64,
    delivered: u64,
    failed: u64,
    segments: u64,
    seconds: f64,
    rows_per_second: u64,
    checks: Vec<Check>,
    carriers: &'a [CarrierSnapshot],
    audit: &'a Audit,
    simulators: &'a [Report],
    modems: &'a modem::Report,
}

impl Findings {
    pub(super) fn outcome(&self) -> Outcome<'_> {
        let checks = self.checks();
        Outcome {
            adds_up: checks.iter().all(|check| check.holds),
            rows: self.sample.rows,
            accepted: self.batch.accepted,
            rejected: self.batch.rejected,
            delivered: self.batch.delivered,
            failed: self.batch.failed,
            segments: self.sample.segments,
            seconds: self.seconds,
            rows_per_second: self.rows_per_second(),
            checks,
            carriers: &self.snapshot.carriers,
            audit: &self.audit,
            simulators: &self.carriers,
            modems: &self.modems,
        }
    }

    fn rows_per_second(&self) -> u64 {
        (self.sample.rows as f64 / self.seconds.max(0.001)) as u64
    }

    fn checks(&self) -> Vec<Check> {
        let (sample, batch, audit) = (&self.sample, &self.batch, &self.audit);
        let sum = |figure: fn(&Report) -> u64| self.carriers.iter().map(figure).sum::<u64>();
        let pool = &self.modems.sum;
        let distinct = sum(|r| r.distinct_texts) + pool.distinct_texts;
        let duplicates = sum(|r| r.duplicates) + pool.duplicates;
        let malformed = sum(|r| r.malformed) + pool.counts.refused_by_judge;
        let of_a_sim = pool.worst.calendar_day.segments;
        let finals = audit.delivered + audit.undelivered + audit.expired + audit.rejected;
        let check = |what, holds, figures| Check {
            what,
            holds,
            figures,
        };
        vec![
            check(
                "every row has its verdict",
                batch.is_done() && batch.accepted + batch.rejected == sample.rows,
                format!(
                    "{} accepted + {} refused of {} rows",
                    batch.accepted, batch.rejected, sample.rows
                ),
            ),
            check(
                "good rows were accepted, bad ones refused",
                batch.accepted == sample.good && batch.rejected == sample.bad,
                format!(
                    "{} of {} good, {} of {} bad",
                    batch.accepted, sample.good, batch.rejected, sample.bad
                ),
            ),
            check(
                "the store knows what was acknowledged",
                audit.accepted == batch.accepted,
                format!(
                    "{} in the store, {} acknowledged",
                    audit.accepted, batch.accepted
                ),
            ),
            check(
                "nothing is lost",
                audit.adds_up && audit.waiting == 0 && finals == audit.accepted,
                format!(
                    "{} accepted = {} delivered + {} undelivered + {} expired + {} rejected, {} waiting",
                    audit.accepted,
                    audit.delivered,
                    audit.undelivered,
                    audit.expired,
                    audit.rejected,
                    audit.waiting
                ),
            ),
            check(
                "carriers saw every segment",
                distinct == sample.segments && audit.segments_submitted == sample.segments,
                format!(
                    "{distinct} different texts at the carriers, {} segments recorded, {} in the batch",
                    audit.segments_submitted, sample.segments
                ),
            ),
            check(
                "nothing was sent twice",
                duplicates == 0 && audit.uncertain.is_empty(),
                format!("{duplicates} doubled, {} uncertain", audit.uncertain.len()),
            ),
            check(
                "carriers found no PDU malformed",
                malformed == 0,
                format!("{malformed} malformed"),
            ),
            check(
                "no SIM sent more than its day allows",
                of_a_sim <= u64::from(self.per_day),
                format!(
                    "{} segments over {} modems, {of_a_sim} of a SIM at most, {} allowed",
                    pool.counts.taken,
                    self.modems.modems.len(),
                    self.per_day
                ),
            ),
        ]
    }
}

impl Outcome<'_> {
    /// Whether all of it holds.
    pub(super) const fn adds_up(&self) -> bool {
        self.adds_up
    }

    /// The result for people.
    pub(super) fn text(&self) -> String {
        let header = [
            "carrier",
            "segments sent",
            "taken",
            "throttled",
            "delivered",
            "failed",
            "cost EUR",
            "answer ms p50",
            "p99",
            "receipt ms p50",
            "p99",
        ];
        let mut rows = table(&header, 1);
        for carrier in self.carriers {
            rows.add_row([
                carrier.name.clone(),
                count(carrier.segments_sent),
                count(carrier.segments_accepted),
                count(carrier.segments_throttled),
                count(carrier.messages_delivered),
                count(carrier.messages_failed),
                money(carrier.cost_micros),
                format!("{:.1}", carrier.response_ms_p50),
                format!("{:.1}", carrier.response_ms_p99),
                format!("{:.0}", carrier.receipt_ms_p50),
                format!("{:.0}", carrier.receipt_ms_p99),
            ]);
        }
        let mut text = format!("{rows}\n");
        for check in &self.checks {
            let verdict = if check.holds { "ok  " } else { "FAIL" };
            text.push_str(&format!("{verdict} {}: {}\n", check.what, check.figures));
        }
        for contradiction in &self.audit.contradictions {
            text.push_str(&format!("     {contradiction}\n"));
        }
        let verdict = if self.adds_up {
            "It adds up"
        } else {
            "It does NOT add up"
        };
        text.push_str(&format!(
            "{verdict}: {} rows, {} segments in {:.1} s, {} rows/s from file to final state",
            count(self.rows),
            count(self.segments),
            self.seconds,
            count(self.rows_per_second),
        ));
        text
    }
}
