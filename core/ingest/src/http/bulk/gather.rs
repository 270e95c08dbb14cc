//! Lines become a chunk.
//!
//! Bound: [`ROWS_MAX`] lines and as many submissions, and one line of [`RECIPIENTS_MAX`] more.

use axum::body::Bytes;
use carrack_engine::Submission;
use serde_json::Value;

use super::lines::{LINE_OCTETS_MAX, Line};
use super::verdict::{Row, Said};
use crate::accounts::Account;
use crate::http::json::{self, JsonFault, TWICE};
use crate::http::messages::{RECIPIENTS_MAX, rate_problem};
use crate::http::problem::Problem;
use crate::http::recipients::{Recipients, segments};
use crate::http::request::MessageRequest;

/// Lines of a chunk: what a thread takes at once, and what is lost of evenness to others.
const ROWS_MAX: usize = 256;

/// Lines that travel together.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) submissions: Vec<Submission>,
    pub(crate) rows: Vec<Row>,
}

/// A line that was read and has no place yet.
pub(crate) struct Read {
    row: Row,
    submissions: Vec<Submission>,
}

impl Read {
    /// Reads and screens a line; none: it is blank.
    pub(crate) fn line(line: Line, number: u64, account: &Account, utc_ns: u64) -> Option<Self> {
        let mut submissions = Vec::new();
        let said = match line {
            Line::TooLong => {
                let detail = format!("is longer than {LINE_OCTETS_MAX} octets; divide it");
                Err(Problem::field("line", detail))
            }
            Line::Whole(octets) if octets.iter().all(u8::is_ascii_whitespace) => return None,
            Line::Whole(octets) => request(&octets, utc_ns).map(|(request, is_list)| {
                let recipients = Recipients::screen(&request, account, &mut submissions);
                Said::Recipients {
                    recipients,
                    is_list,
                }
            }),
        };
        let row = match said {
            Ok(said) => Row { line: number, said },
            Err(problem) => Row::refused(number, problem),
        };
        Some(Self { row, submissions })
    }

    /// Takes what it needs out of the account's rate, or becomes a refusal where it never can; else how long to wait, in
    /// nanoseconds.
    pub(crate) fn take_rate(&mut self, account: &Account) -> Result<(), u64> {
        if self.submissions.is_empty() {
            return Ok(());
        }
        match account.take_segments(segments(&self.submissions)) {
            Ok(()) => Ok(()),
            Err(u64::MAX) => {
                self.refuse(&rate_problem(u64::MAX));
                Ok(())
            }
            Err(wait_ns) => Err(wait_ns),
        }
    }

    /// Gives it up.
    pub(crate) fn refuse(&mut self, problem: &Problem) {
        self.submissions.clear();
        self.row = Row::refused(self.row.line, problem.clone());
    }
}

fn request(octets: &Bytes, utc_ns: u64) -> Result<(MessageRequest, bool), Problem> {
    match json::read(octets) {
        Ok(Value::Object(object)) => {
            let is_list = object.get("to").is_some_and(Value::is_array);
            let request = MessageRequest::read(object, RECIPIENTS_MAX, utc_ns)?;
            Ok((request, is_list))
        }
        Ok(_) => Err(Problem::field(
            "line",
            "has to be a JSON object, like {\"to\": ..., \"from\": ..., \"text\": ...}",
        )),
        Err(JsonFault::Twice(key)) => Err(Problem::field(&key, TWICE)),
        Err(JsonFault::NoJson(error)) => {
            Err(Problem::field("line", format!("is not JSON: {error}")))
        }
    }
}

impl Gathered {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether it goes as it is.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.submissions.len() >= ROWS_MAX
    }

    pub(crate) fn add(&mut self, read: Read) {
        self.rows.push(read.row);
        self.submissions.extend(read.submissions);
    }
}
