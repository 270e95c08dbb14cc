//! `carrack send-lines`: a message a line, by the HTTP door of a running node.
//!
//! Lines go in requests of [`LINES`], so that neither side waits for the other to read. Bound: one such request in memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use crate::fault::Fault;
use crate::output;
use crate::place::Shown;
use crate::table::count;

/// Lines of a request: their verdicts fit into what lies between two sockets.
const LINES: u64 = 500;
/// Longest line that the node takes, and its end.
const LINE_OCTETS_MAX: u64 = (64 << 10) + 2;
/// Between two words of how far it is.
const WORD: Duration = Duration::from_secs(1);

/// Sends a message a line (NDJSON) and prints the verdict of each
#[derive(Args)]
#[command(after_help = "\
A line is the JSON of POST /v1/messages: {\"to\": \"447700900123\", \"from\": \"DEMO\", \"text\": \"Hello\"}.
With --json the verdicts are printed as the node gives them, a JSON object a line.

Examples:
  carrack send-lines messages.ndjson
  jq -c '.people[] | {to: .phone, from: \"ACME\", text: \"Hello\"}' people.json | carrack send-lines - --json

Exit codes: 0 every line was taken, 1 one was not, 2 wrong usage.")]
pub(crate) struct Arguments {
    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    shown: Shown,
}

#[derive(Default)]
struct Sums {
    lines: u64,
    accepted: u64,
    refused: u64,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let client = arguments.shown.node.client()?;
    let path = &arguments.file;
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let opened = File::open(path);
        Box::new(opened.with_context(|| format!("{} cannot be opened", path.display()))?)
    };
    let mut source = BufReader::new(source);
    let mut sums = Sums::default();
    let mut said_at = Instant::now();
    loop {
        let (block, lines) =
            block(&mut source).with_context(|| format!("{} cannot be read", path.display()))?;
        if lines == 0 {
            break;
        }
        let answer = client.post_lines("/v1/messages:bulk", block)?;
        for verdict in answer.lines() {
            note(verdict, &mut sums, arguments.shown.json)?;
        }
        sums.lines += lines;
        if said_at.elapsed() >= WORD {
            said_at = Instant::now();
            eprintln!(
                "{} lines, {} refused",
                count(sums.lines),
                count(sums.refused)
            );
        }
    }
    let (accepted, refused) = (count(sums.accepted), count(sums.refused));
    if !arguments.shown.json {
        output::line(format_args!("{accepted} accepted, {refused} refused"))?;
    }
    match sums.refused {
        0 => Ok(()),
        _ => Err(Fault::Said),
    }
}

/// The next lines, whole, and how many there are.
fn block(source: &mut impl BufRead) -> io::Result<(Vec<u8>, u64)> {
    let (mut block, mut lines) = (Vec::new(), 0);
    while lines < LINES {
        let begin = block.len();
        source
            .by_ref()
            .take(LINE_OCTETS_MAX)
            .read_until(b'\n', &mut block)?;
        if block.len() == begin {
            break;
        }
        if !block.ends_with(b"\n") {
            // The end of the file, or of what a line may have: the node says so, and the rest of it is passed over.
            source.skip_until(b'\n')?;
            block.push(b'\n');
        }
        lines += 1;
    }
    Ok((block, lines))
}

fn note(verdict: &str, sums: &mut Sums, json: bool) -> Result<(), Fault> {
    let mut verdict: Value = serde_json::from_str(verdict).context("a verdict is no JSON")?;
    let line = verdict.get("line").and_then(Value::as_u64);
    let line = line.unwrap_or_default() + sums.lines;
    let ones = match verdict.get("messages").and_then(Value::as_array) {
        Some(messages) => messages.clone(),
        None => vec![verdict.clone()],
    };
    if json {
        if let Some(place) = verdict.get_mut("line") {
            *place = line.into();
        }
        output::line(&verdict)?;
    }
    for one in ones {
        let Some(error) = one.get("error") else {
            sums.accepted += 1;
            continue;
        };
        sums.refused += 1;
        if !json {
            let text = |key| error.get(key).and_then(Value::as_str).unwrap_or_default();
            output::line(format_args!(
                "line {line}: {}: {}",
                text("field"),
                text("detail")
            ))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_hold_whole_lines_and_a_line_without_end_is_one() {
        let long = "x".repeat(200_000);
        let text = format!("{}{long}\nlast", "a\n".repeat(600));
        let mut source = text.as_bytes();
        let (first, lines) = block(&mut source).unwrap();
        assert_eq!((first.len(), lines), (1_000, 500));
        let (second, lines) = block(&mut source).unwrap();
        assert_eq!(lines, 102);
        assert!(second.ends_with(b"x\nlast\n") && second.len() < 70_000);
        assert_eq!(block(&mut source).unwrap().1, 0);
    }
}
