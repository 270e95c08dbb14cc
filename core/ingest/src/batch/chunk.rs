//! Rows become a chunk: submissions for the engine, and lines for the errors file.
//!
//! Promise: each row is in the chunk exactly once, accepted or refused; whether a row is refused depends on the row, the
//! job and the tables, not on the chunk it falls in. Routes are looked up here, so that what the engine still refuses is
//! only for a while. Bound: the rows asked for.

use std::borrow::Cow;
use std::collections::HashMap;

use carrack_engine::{IdempotencyKey, Refusal, Seen, ShadowDoor, Submission};
use carrack_message::record::BatchRow;
use carrack_message::{Class, Network};
use carrack_routing::RouteTable;

use super::errors::{RowVerdict, surplus, write_refused};
use super::layout::Layout;
use super::rows::{Found, Place, RowFault, RowReader};
use crate::accounts::Account;
use crate::submission::{Fields, Screen, SubmissionFault};

/// What the rows of a batch have in common.
pub(crate) struct Terms<'a> {
    pub(crate) batch: u64,
    pub(crate) account: &'a Account,
    pub(crate) table: &'a RouteTable,
    pub(crate) layout: &'a Layout,
    /// Sender of rows that name none; none: the account's.
    pub(crate) from: Option<&'a str>,
    /// Class of rows that name none; none: the account's, else the door's.
    pub(crate) class: Option<&'a str>,
    /// Class where nobody names one.
    pub(crate) class_default: Class,
    /// The moment, UTC nanoseconds.
    pub(crate) at_utc_ns: u64,
    /// Rows that the engine refused for good although the tables had a route.
    pub(crate) refused: &'a HashMap<u64, Refusal>,
    /// Who is shown rows that no carrier takes; the engine never sees them.
    pub(crate) shadow: Option<&'a ShadowDoor>,
}

/// Rows with their verdicts.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) submissions: Vec<Submission>,
    /// Lines for the errors file.
    pub(crate) errors: Vec<u8>,
    pub(crate) rejected: u32,
    pub(crate) rows: u32,
    /// Rows that no carrier takes, for the shadow.
    pub(crate) unrouted: Vec<Seen>,
}

/// Whether a chunk is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// As many rows as asked for.
    Full,
    /// The source is at its end.
    End,
    /// The reader needs more octets.
    More,
}

impl Prepared {
    /// Takes rows until there are `rows_max`; `row_next` is the number of the first.
    pub(crate) fn fill(
        &mut self,
        reader: &mut RowReader,
        terms: &Terms<'_>,
        row_next: u64,
        rows_max: u32,
    ) -> Filled {
        let mut text = String::new();
        while self.rows < rows_max {
            let bad = match reader.next() {
                Found::More => return Filled::More,
                Found::End => return Filled::End,
                Found::Row => None,
                Found::Bad(fault) => Some(fault),
            };
            let row = row_next + u64::from(self.rows);
            match verdict(reader, terms, row, bad, &mut text, &mut self.unrouted) {
                Ok(submission) => self.submissions.push(submission),
                Err(verdict) => {
                    write_refused(terms.layout, reader, &verdict, &mut self.errors);
                    self.rejected += 1;
                }
            }
            self.rows += 1;
        }
        Filled::Full
    }
}

/// After which row a batch goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The next row, from 1.
    pub(crate) row_next: u64,
    /// Where it begins.
    pub(crate) place: Place,
    /// Length of the errors file up to it.
    pub(crate) errors_octets: u64,
}

fn verdict(
    reader: &RowReader,
    terms: &Terms<'_>,
    row: u64,
    bad: Option<RowFault>,
    text: &mut String,
    unrouted: &mut Vec<Seen>,
) -> Result<Submission, RowVerdict> {
    let layout = terms.layout;
    if let Some(fault) = bad {
        let column = match fault {
            RowFault::Unclosed { column } | RowFault::AfterQuote { column } => {
                layout.name(column - 1)
            }
            RowFault::TooLong | RowFault::TooManyColumns => "",
        };
        return Err(RowVerdict {
            column: column.to_owned(),
            detail: if reader.columns() == 0 {
                let to = layout.name(layout.to);
                format!("{fault}; here its beginning stands in `{to}`")
            } else {
                fault.to_string()
            },
        });
    }
    check_columns(reader, layout)?;
    let cell = |column: usize| text_of(reader, layout, column);
    let optional = |column: Option<usize>| column.map(cell).transpose();
    let to = cell(layout.to)?;
    let (from, class) = (optional(layout.from)?, optional(layout.class)?);
    let client_ref = optional(layout.client_ref)?;
    let key = optional(layout.idempotency_key)?;
    text.clear();
    match (&layout.template, layout.text) {
        (Some(template), _) => template.render(
            |column, out| {
                out.push_str(&cell(column)?);
                Ok(())
            },
            text,
        )?,
        (None, column) => text.push_str(&optional(column)?.unwrap_or_default()),
    }
    if let Some(refusal) = terms.refused.get(&row) {
        let column = match refusal {
            Refusal::KeyUsed => layout.idempotency_key,
            Refusal::Duplicate(_) => layout.text,
            _ => Some(layout.to),
        };
        return Err(RowVerdict {
            column: column.map_or_else(String::new, |column| layout.name(column).to_owned()),
            detail: refusal.to_string(),
        });
    }
    let named = |value: &'_ Option<Cow<'_, str>>| {
        value
            .as_deref()
            .is_some_and(|value| !value.trim().is_empty())
    };
    let fields = Fields {
        to: &to,
        from: if named(&from) {
            from.as_deref()
        } else {
            terms.from
        },
        text,
        class: if named(&class) {
            class.as_deref().map(str::trim)
        } else {
            terms.class
        },
        client_ref: client_ref.as_deref(),
        batch: Some(BatchRow {
            batch: terms.batch,
            row,
        }),
        ..Fields::default()
    };
    let screen = Screen::new(terms.account, terms.class_default);
    let screened = screen.message(&fields).and_then(|screened| {
        let routed = screen.route(terms.table, &screened.submission, terms.at_utc_ns);
        if let (Err(_), Some(shadow)) = (&routed, terms.shadow) {
            let (submission, at_utc_ns) = (&screened.submission, terms.at_utc_ns);
            unrouted.extend(shadow.copy(submission, at_utc_ns, Network::UNKNOWN, None));
        }
        routed?;
        let mut submission = screened.submission;
        put_key(key.as_deref(), &mut submission)?;
        Ok(submission)
    });
    screened.map_err(|fault| RowVerdict {
        column: fault.field.to_owned(),
        detail: fault.detail,
    })
}

/// Puts the key of a row, where it has one, on its message.
fn put_key(key: Option<&str>, submission: &mut Submission) -> Result<(), SubmissionFault> {
    let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else {
        return Ok(());
    };
    IdempotencyKey::check(key.as_bytes())
        .map_err(|fault| SubmissionFault::new("idempotency_key", fault))?;
    let key = IdempotencyKey::of_call(key.as_bytes(), submission, b"");
    submission.key = Some(Box::new(key));
    Ok(())
}

/// As many cells as the header has; empty ones too many are passed over.
fn check_columns(reader: &RowReader, layout: &Layout) -> Result<(), RowVerdict> {
    let (found, expected) = (reader.columns(), layout.names.len());
    let surplus = surplus(reader, layout);
    if found >= expected && surplus == 0 {
        return Ok(());
    }
    let cure = match (surplus, layout.text) {
        (0, _) => "fill up the row".to_owned(),
        (_, Some(text)) => format!(
            "here they are joined into `{}`; check and submit again",
            layout.name(text)
        ),
        (_, None) => format!(
            "here the whole row stands in `{}`; divide it into its columns, with quotes around what holds the separator, and submit again",
            layout.name(layout.to)
        ),
    };
    let found = found.min(expected + surplus);
    Err(RowVerdict {
        column: String::new(),
        detail: format!("the row has {found} columns, the header {expected}; {cure}"),
    })
}

fn text_of<'r>(
    reader: &'r RowReader,
    layout: &Layout,
    column: usize,
) -> Result<Cow<'r, str>, RowVerdict> {
    let fault = |detail: String| RowVerdict {
        column: layout.name(column).to_owned(),
        detail,
    };
    let text = match reader.cell(column).unwrap_or_default() {
        Cow::Borrowed(octets) => std::str::from_utf8(octets).map(Cow::Borrowed),
        Cow::Owned(octets) => String::from_utf8(octets)
            .map(Cow::Owned)
            .map_err(|fault| fault.utf8_error()),
    };
    let text = text.map_err(|found| {
        fault(format!(
            "octet {} is not UTF-8; save the file as UTF-8",
            found.valid_up_to() + 1
        ))
    })?;
    match text.find('\0') {
        Some(place) => Err(fault(format!(
            "there is a NUL at octet {}; take it out",
            place + 1
        ))),
        None => Ok(text),
    }
}
