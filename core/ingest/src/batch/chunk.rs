//! Rows become a chunk: submissions for the engine, and lines for the errors file.
//!
//! Promise: each row is in the chunk exactly once, accepted or refused; whether a row is refused depends on the row, the
//! job and the tables, not on the chunk it falls in. Routes are looked up here, so that what the engine still refuses is
//! only for a while. Bound: the rows asked for, the octets of a chunk, and [`FILL_MAX`]: it ends at whichever comes first.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use carrack_engine::{
    Chunk, IdempotencyKey, Refusal, Seen, ShadowDoor, Submission, SuppressionsNow,
};
use carrack_message::record::BatchRow;
use carrack_message::{Class, Network};
use carrack_routing::{Choice, RouteTable};

use super::duplicates::Before;
use super::errors::{RowVerdict, surplus, write_refused};
use super::job::Swaps;
use super::layout::{Layout, RESERVED_DETAIL};
use super::reader::Reader;
use super::rows::{Found, Place, RowFault, RowReader};
use crate::accounts::Account;
use crate::submission::{Fields, Screen, Screened, SendAt, SubmissionFault, said_send_at};

/// Rows that are judged without a break take no longer.
const FILL_MAX: Duration = Duration::from_millis(50);
/// Rows between two looks at the clock.
const LOOK_ROWS: u32 = 16;

/// What the rows of a batch have in common.
pub(crate) struct Terms<'a> {
    pub(crate) batch: u64,
    pub(crate) account: &'a Account,
    pub(crate) table: &'a RouteTable,
    /// Numbers that must not be sent to. The engine asks too; but what it refuses has the whole chunk judged again.
    pub(crate) suppressions: &'a SuppressionsNow,
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
    /// Whether typographic signs are written plainly where that saves a segment.
    pub(crate) smart_characters: bool,
    /// When rows are sent that do not say it.
    pub(crate) send_at: SendAt,
    /// That as it was written.
    pub(crate) send_at_text: Option<&'a str>,
    /// How long rows are valid that do not say it.
    pub(crate) validity: Option<&'a str>,
}

impl Terms<'_> {
    /// Whether nothing is handed in: a dry run has no number.
    fn only_looks(&self) -> bool {
        self.batch == 0
    }
}

/// Rows with their verdicts.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) submissions: Vec<Submission>,
    /// Lines for the errors file.
    pub(crate) errors: Vec<u8>,
    pub(crate) rejected: u32,
    pub(crate) rows: u32,
    /// Of the submissions, at most.
    pub(crate) octets: usize,
    /// Rows that no carrier takes, for the shadow.
    pub(crate) unrouted: Vec<Seen>,
    /// Why rows were refused whose recipients stand on a list.
    pub(crate) suppressed: Vec<Refusal>,
    /// Rows that are marked as being in the file.
    pub(crate) marked: usize,
    pub(crate) swaps: Swaps,
}

/// Whether a chunk is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// As many rows as asked for, or as many octets as a chunk may have.
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
        reader: &mut Reader,
        terms: &Terms<'_>,
        before: &mut Option<Before>,
        row_next: u64,
        rows_max: u32,
    ) -> Filled {
        let mut text = String::new();
        let begun = Instant::now();
        while self.rows < rows_max && self.octets + self.errors.len() < Chunk::OCTETS {
            // Others' batches are taken by the same thread.
            if self.rows > 0 && self.rows.is_multiple_of(LOOK_ROWS) && begun.elapsed() >= FILL_MAX {
                break;
            }
            let bad = match reader.next() {
                Found::More => return Filled::More,
                Found::End => return Filled::End,
                Found::Row => None,
                Found::Bad(fault) => Some(fault),
            };
            let judged = Judged {
                row: row_next + u64::from(self.rows),
                bad,
                text: &mut text,
                unrouted: &mut self.unrouted,
                suppressed: &mut self.suppressed,
                chosen: &mut |_: &Choice| {},
            };
            let found = judge(reader, terms, before, judged);
            match found {
                Ok(screened) => {
                    self.swaps.note(screened.swapped);
                    self.octets += screened.submission.octets_max();
                    self.submissions.push(screened.submission);
                }
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

/// A row to be judged, and where what is found on the way goes.
pub(crate) struct Judged<'a, F> {
    /// From 1.
    pub(crate) row: u64,
    /// Why it could not be told apart.
    pub(crate) bad: Option<RowFault>,
    /// Becomes what it says.
    pub(crate) text: &'a mut String,
    pub(crate) unrouted: &'a mut Vec<Seen>,
    pub(crate) suppressed: &'a mut Vec<Refusal>,
    /// Is shown its carriers.
    pub(crate) chosen: &'a mut F,
}

/// The verdict of the row that the reader stands on.
pub(crate) fn judge<F: FnMut(&Choice)>(
    reader: &Reader,
    terms: &Terms<'_>,
    before: &mut Option<Before>,
    judged: Judged<'_, F>,
) -> Result<Screened, RowVerdict> {
    let screened = verdict(reader, terms, judged)?;
    if let Some(before) = before {
        let to = terms.layout.name(terms.layout.to);
        before.take(&screened.submission, to)?;
    }
    Ok(screened)
}

fn verdict<F: FnMut(&Choice)>(
    reader: &Reader,
    terms: &Terms<'_>,
    judged: Judged<'_, F>,
) -> Result<Screened, RowVerdict> {
    let Judged {
        row,
        bad,
        text,
        unrouted,
        suppressed,
        chosen,
    } = judged;
    let layout = terms.layout;
    if let Some(fault) = bad {
        return Err(split_fault(reader, layout, fault));
    }
    match reader {
        Reader::Cells(reader) => check_columns(reader, layout)?,
        Reader::Objects(_) => check_keys(reader, layout)?,
    }
    let cell = |column: usize| text_of(reader, layout, column);
    let optional = |column: Option<usize>| column.map(cell).transpose();
    let to = cell(layout.to)?;
    let (from, class) = (optional(layout.from)?, optional(layout.class)?);
    let client_ref = optional(layout.client_ref)?;
    let key = optional(layout.idempotency_key)?;
    let (send_at, validity) = (optional(layout.send_at)?, optional(layout.validity)?);
    text.clear();
    text_of_row(reader, layout, text)?;
    if let Some(refusal) = terms.refused.get(&row) {
        return Err(verdict_of(refusal, layout));
    }
    let named = |value: &'_ Option<Cow<'_, str>>| {
        value
            .as_deref()
            .is_some_and(|value| !value.trim().is_empty())
    };
    let own_moment = send_at.as_deref().filter(|_| named(&send_at));
    let (send_at_utc_ns, send_at_local) = match own_moment {
        Some(text) => SendAt::read(text.trim(), terms.at_utc_ns)
            .map_err(|fault| refused(layout.name_of("send_at"), fault.to_string()))?,
        None => terms.send_at,
    }
    .parts();
    let said = said_send_at(own_moment.or(terms.send_at_text));
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
        smart_characters: terms.smart_characters,
        send_at_utc_ns,
        send_at_local,
        validity: match named(&validity) {
            true => validity.as_deref().map(str::trim),
            false => terms.validity,
        },
        ..Fields::default()
    };
    let screen = Screen::new(terms.account, terms.class_default);
    let screened = screen.message(&fields).and_then(|screened| {
        let routed = screen.route(terms.table, &screened.submission, terms.at_utc_ns);
        if let (Err(_), Some(shadow)) = (&routed, terms.shadow) {
            let (submission, at_utc_ns) = (&screened.submission, terms.at_utc_ns);
            unrouted.extend(shadow.copy(submission, at_utc_ns, Network::UNKNOWN, None));
        }
        let choice = routed?;
        let mut screened = screened;
        put_key(key.as_deref(), &mut screened.submission, said)?;
        let (submission, at_utc_ns) = (&screened.submission, terms.at_utc_ns);
        let lists = terms.suppressions;
        let refusal = match submission.key {
            _ if terms.only_looks() => screen.suppression(lists, submission, &choice, at_utc_ns),
            None => screen.suppression_anywhere(lists, submission, at_utc_ns),
            // It may be a repetition, which has the answer of the first time: the engine knows.
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            let fault = SubmissionFault::new("to", &refusal);
            suppressed.push(refusal);
            return Err(fault);
        }
        chosen(&choice);
        Ok(screened)
    });
    screened.map_err(|fault| refused(layout.name_of(fault.field), fault.detail))
}

/// What is said of a row that the engine refuses.
pub(super) fn verdict_of(refusal: &Refusal, layout: &Layout) -> RowVerdict {
    let column = match refusal {
        Refusal::KeyUsed => layout.idempotency_key,
        Refusal::Duplicate(_) | Refusal::DuplicateRow(_) => layout.text,
        _ => Some(layout.to),
    };
    RowVerdict {
        column: column.map_or_else(String::new, |column| layout.name(column).to_owned()),
        detail: refusal.to_string(),
    }
}

fn refused(column: &str, detail: String) -> RowVerdict {
    RowVerdict {
        column: column.to_owned(),
        detail,
    }
}

/// Appends what a row says: its text, or what the template makes of its columns.
pub(crate) fn text_of_row(
    reader: &Reader,
    layout: &Layout,
    text: &mut String,
) -> Result<(), RowVerdict> {
    match (&layout.template, layout.text) {
        (Some(template), _) => {
            let cell = |column| optional_text_of(reader, layout, column);
            template.render(&layout.names, cell, text)
        }
        (None, Some(column)) => {
            text.push_str(&text_of(reader, layout, column)?);
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// What is said of a row that cannot be told apart.
fn split_fault(reader: &Reader, layout: &Layout, fault: RowFault) -> RowVerdict {
    let column = match fault {
        RowFault::Unclosed { column } | RowFault::AfterQuote { column } => layout.name(column - 1),
        _ => "",
    };
    let stands_whole = match reader {
        Reader::Cells(reader) => reader.columns() == 0,
        Reader::Objects(_) => fault == RowFault::TooLong,
    };
    RowVerdict {
        column: column.to_owned(),
        detail: if stands_whole {
            let to = layout.name(layout.to);
            format!("{fault}; here its beginning stands in `{to}`")
        } else {
            fault.to_string()
        },
    }
}

/// Nothing that batches cannot do yet, which the first objects did not show.
fn check_keys(reader: &Reader, layout: &Layout) -> Result<(), RowVerdict> {
    for (column, name) in layout.reserved_columns() {
        if column >= layout.found && reader.cell(column).is_some() {
            return Err(RowVerdict {
                column: name.to_owned(),
                detail: RESERVED_DETAIL.to_owned(),
            });
        }
    }
    Ok(())
}

/// Puts the key of a row, where it has one, on its message. `said`: when it is to be sent.
fn put_key(
    key: Option<&str>,
    submission: &mut Submission,
    said: &[u8],
) -> Result<(), SubmissionFault> {
    let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else {
        return Ok(());
    };
    IdempotencyKey::check(key.as_bytes())
        .map_err(|fault| SubmissionFault::new("idempotency_key", fault))?;
    let key = IdempotencyKey::of_call(key.as_bytes(), submission, said);
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

/// The text of a column; none where the row has no such.
fn optional_text_of<'r>(
    reader: &'r Reader,
    layout: &Layout,
    column: usize,
) -> Result<Option<Cow<'r, str>>, RowVerdict> {
    if reader.cell(column).is_none() && !reader.is_nested(column) {
        return Ok(None);
    }
    text_of(reader, layout, column).map(Some)
}

fn text_of<'r>(
    reader: &'r Reader,
    layout: &Layout,
    column: usize,
) -> Result<Cow<'r, str>, RowVerdict> {
    let fault = |detail: String| RowVerdict {
        column: layout.name(column).to_owned(),
        detail,
    };
    if reader.is_nested(column) {
        let detail = "is a list or an object; write a text or a number";
        return Err(fault(detail.to_owned()));
    }
    let text = match reader.cell(column).unwrap_or_default() {
        Cow::Borrowed(octets) => std::str::from_utf8(octets).map(Cow::Borrowed),
        Cow::Owned(octets) => String::from_utf8(octets)
            .map(Cow::Owned)
            .map_err(|fault| fault.utf8_error()),
    };
    let text = text.map_err(|found| {
        fault(format!(
            "octet {} is not UTF-8; save the file as UTF-8, or name its encoding with the batch",
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
