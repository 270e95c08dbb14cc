//! Outcomes as a table for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::outcome::{LatencyMs, Outcome};

/// Parts and symbols of a profile that are shown.
const PARTS_SHOWN: usize = 25;

fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header(heads);
    for (place, column) in table.column_iter_mut().enumerate() {
        if place > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The median run, with the rates of all runs.
pub(crate) fn outcome(outcome: &Outcome, rates: &[f64]) -> String {
    let head = format!("{}, {}", outcome.scenario, outcome.system);
    let mut rows = table(&[&head, &outcome.shape]);
    let mut row = |name: &str, value: String| {
        rows.add_row([name.to_owned(), value]);
    };
    row("accepted a second", rate(outcome.accepted_per_second));
    let all: Vec<String> = rates.iter().map(|one| rate(*one)).collect();
    let runs = if all.len() > 1 {
        format!(
            "{} (runs: {})",
            rate(outcome.life_per_second),
            all.join(", ")
        )
    } else {
        rate(outcome.life_per_second)
    };
    row("whole life a second", runs);
    row(
        "seconds: accepted, whole life",
        format!(
            "{:.2}, {:.2}",
            outcome.accepted_seconds, outcome.life_seconds
        ),
    );
    if let Some(latency) = &outcome.answer_ms {
        row("answer, ms", percentiles(latency));
    }
    if let Some(latency) = &outcome.life_ms {
        row("receipt, ms", percentiles(latency));
    }
    for process in &outcome.processes {
        row(
            &process.name,
            format!(
                "{:.2} us/msg, {:.2} s CPU, RSS peak {:.0} MB",
                process.us_per_message, process.cpu_seconds, process.rss_peak_mb
            ),
        );
    }
    for thread in &outcome.threads {
        row(
            &format!("  {}", thread.name),
            format!("{:.2} us/msg", thread.us_per_message),
        );
    }
    for (name, value) in &outcome.figures {
        row(&name.replace('_', " "), rate(*value));
    }
    counts(outcome, &mut row);
    rows.to_string() + &profile(outcome) + &words(outcome)
}

fn counts(outcome: &Outcome, row: &mut impl FnMut(&str, String)) {
    let counts = &outcome.counts;
    row(
        "accepted, distinct texts, receipts",
        format!(
            "{}, {}, {}",
            counts.accepted, counts.distinct_texts, counts.receipts
        ),
    );
    row(
        "lost, doubled",
        format!("{}, {}", counts.lost, counts.doubled),
    );
    let audit = match counts.audit_adds_up {
        Some(true) => "adds up",
        Some(false) => "DOES NOT ADD UP",
        None => "none: a peer",
    };
    row("audit", audit.to_owned());
    if let (Some(first), Some(last)) = (outcome.rss_mb.first(), outcome.rss_mb.last())
        && outcome.rss_mb.len() > 2
    {
        let middle = outcome
            .rss_mb
            .get(outcome.rss_mb.len() / 2)
            .unwrap_or(first);
        row(
            "node RSS at start, middle, end, MB",
            format!("{first:.0}, {middle:.0}, {last:.0}"),
        );
    }
    let noise = &outcome.noise;
    row(
        "machine: idle, stolen, others",
        format!(
            "{:.0} %, {:.0} %, {:.0} %; load before {:.1}",
            noise.idle_percent, noise.steal_percent, noise.others_percent, noise.load_before
        ),
    );
}

fn profile(outcome: &Outcome) -> String {
    let mut text = String::new();
    for (title, uses) in [("part", &outcome.parts), ("symbol", &outcome.symbols)] {
        if uses.is_empty() {
            continue;
        }
        let mut rows = table(&[title, "us/msg", "%", "thread"]);
        for one in uses.iter().take(PARTS_SHOWN) {
            rows.add_row([
                one.part.chars().take(80).collect(),
                format!("{:.2}", one.us_per_message),
                format!("{:.1}", one.percent),
                one.thread.clone(),
            ]);
        }
        text.push('\n');
        text.push_str(&rows.to_string());
    }
    text
}

fn words(outcome: &Outcome) -> String {
    let mut text = String::new();
    for note in &outcome.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    for fault in &outcome.faults {
        text.push_str(&format!("\nFAULT: {fault}"));
    }
    text
}

fn percentiles(latency: &LatencyMs) -> String {
    format!(
        "p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, max {:.1}",
        latency.p50, latency.p90, latency.p99, latency.p999, latency.max
    )
}

/// A number with its thousands parted; small ones with two places.
fn rate(value: f64) -> String {
    if value.abs() < 1_000.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        assert_eq!(rate(1_234_567.4), "1,234,567");
        assert_eq!(rate(100_000.0), "100,000");
        assert_eq!(rate(12.345), "12.35");
    }
}
