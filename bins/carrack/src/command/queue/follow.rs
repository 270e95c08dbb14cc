//! How far a queue job is, for people: a bar where stderr is a terminal, a line a second elsewhere; and jobs as a table.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::client::{Client, may_pass};
use crate::fault::Fault;
use crate::table::{count, shown, wrapped};

/// Where jobs are.
pub(super) const JOBS: &str = "/v1/queue/jobs";

const LOOK: Duration = Duration::from_millis(200);
/// Between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(1);
/// How long looks may fail.
const AWAY_MAX: Duration = Duration::from_secs(10);

/// Shows progress until the job has ended; gives its last state.
pub(super) fn follow(client: &Client, job: &Value) -> Result<Value, Fault> {
    let id = job.get("id").and_then(Value::as_u64).unwrap_or(0);
    let bar = std::io::stderr().is_terminal().then(bar);
    let mut said = Instant::now();
    let mut away: Option<Instant> = None;
    let ended = loop {
        match look(client, id) {
            Ok(job) => {
                away = None;
                if matches!(shown(&job, "state").as_str(), "done" | "stopped") {
                    break Ok(job);
                }
                match &bar {
                    Some(bar) => show(bar, &job),
                    None if said.elapsed() >= LINE => {
                        said = Instant::now();
                        eprintln!("{}", words(&job));
                    }
                    None => {}
                }
            }
            Err(fault) if !may_pass(&fault) => break Err(fault),
            Err(fault) => {
                if away.get_or_insert_with(Instant::now).elapsed() >= AWAY_MAX {
                    break Err(fault);
                }
            }
        }
        std::thread::sleep(LOOK);
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    ended
}

fn look(client: &Client, id: u64) -> Result<Value, Fault> {
    let document = client.get(JOBS, &[])?;
    let jobs = document.get("jobs").and_then(Value::as_array);
    let mut jobs = jobs.into_iter().flatten();
    let found = jobs.find(|job| job.get("id").and_then(Value::as_u64) == Some(id));
    found.cloned().ok_or_else(|| {
        Fault::Failed(anyhow!(
            "the node does not know queue job {id} any more: it has started anew, which ends jobs"
        ))
    })
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {percent}% {msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn show(bar: &ProgressBar, job: &Value) {
    let get = |key: &str| job.get(key).and_then(Value::as_u64).unwrap_or(0);
    bar.set_length(get("looked") + get("left"));
    bar.set_position(get("looked"));
    bar.set_message(words(job));
}

fn words(job: &Value) -> String {
    let get = |key: &str| count(job.get(key).and_then(Value::as_u64).unwrap_or(0));
    let mut text = format!(
        "{} matched, {} done, {} still to be looked at",
        get("matched"),
        get("done"),
        get("left")
    );
    let hindrance = shown(job, "hindrance");
    if !hindrance.is_empty() {
        text.push_str(&format!(" ({hindrance})"));
    }
    text
}

/// Jobs as a table.
pub(super) fn text(jobs: &[Value]) -> String {
    let header = [
        "job", "does", "with", "state", "matched", "done", "left", "seconds",
    ];
    let mut rows = wrapped(&header, 4);
    for job in jobs {
        let mut does = shown(job, "kind");
        if let Some(to) = job.get("to").and_then(Value::as_str) {
            does.push_str(&format!(" to {to}"));
        }
        if job.get("dry_run").and_then(Value::as_bool) == Some(true) {
            does.push_str(" (dry run)");
        }
        let mut state = shown(job, "state");
        let hindrance = shown(job, "hindrance");
        if !hindrance.is_empty() {
            state.push_str(&format!(": {hindrance}"));
        }
        let unreadable = job.get("unreadable").and_then(Value::as_u64);
        if let Some(unreadable) = unreadable.filter(|unreadable| *unreadable > 0) {
            state.push_str(&format!("; {} could not be read", count(unreadable)));
        }
        rows.add_row([
            shown(job, "id"),
            does,
            filter(job),
            state,
            shown(job, "matched"),
            shown(job, "done"),
            shown(job, "left"),
            seconds(job),
        ]);
    }
    rows.to_string()
}

fn filter(job: &Value) -> String {
    let filter = job.get("filter").and_then(Value::as_object);
    let conditions: Vec<String> = filter
        .into_iter()
        .flatten()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name} {text}"),
            other => format!("{name} {other}"),
        })
        .collect();
    match conditions.is_empty() {
        true => "all that waits".to_owned(),
        false => conditions.join(", "),
    }
}

fn seconds(job: &Value) -> String {
    let get = |key: &str| job.get(key).and_then(Value::as_u64).filter(|at| *at > 0);
    match (get("begun_utc_ns"), get("ended_utc_ns")) {
        (Some(begun), Some(ended)) => {
            format!("{:.1}", ended.saturating_sub(begun) as f64 / 1e9)
        }
        _ => String::new(),
    }
}
