//! What is said of each line, as JSON on a line of its own.

use carrack_engine::Verdict;
use serde::Serialize;

use crate::http::problem::{FieldFault, Problem};
use crate::http::recipients::{Item, Recipients};

/// Why a line, or its only recipient, was not taken.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LineError {
    /// `line` where it is the line as a whole.
    field: String,
    detail: String,
    /// What `POST /v1/messages` would have answered to it alone.
    status: u16,
    /// Seconds after which the line may be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// All faults, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldFault>,
}

impl From<Problem> for LineError {
    fn from(problem: Problem) -> Self {
        let (status, retry_after) = (problem.status(), problem.retry_after_seconds());
        let (detail, mut errors) = problem.into_faults();
        let (field, detail) = match errors.first() {
            Some(first) => (first.field.clone(), first.detail.clone()),
            None => ("line".to_owned(), detail),
        };
        if errors.len() < 2 {
            errors.clear();
        }
        Self {
            field,
            detail,
            status,
            retry_after,
            errors,
        }
    }
}

/// What is known of a line before the engine has decided.
pub(crate) enum Said {
    /// It was refused.
    Refused(Box<LineError>),
    /// Its recipients; `is_list`: they came as one.
    Recipients {
        recipients: Recipients,
        is_list: bool,
    },
}

/// A line and what is said of it.
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) said: Said,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    error: &'a LineError,
}

#[derive(Serialize)]
struct One<'a> {
    line: u64,
    #[serde(flatten)]
    item: &'a Item,
}

#[derive(Serialize)]
struct RefusedOne<'a> {
    line: u64,
    to: &'a str,
    error: LineError,
}

#[derive(Serialize)]
struct Many<'a> {
    line: u64,
    messages: &'a [Item],
}

impl Row {
    pub(crate) fn refused(line: u64, problem: Problem) -> Self {
        let said = Said::Refused(Box::new(problem.into()));
        Self { line, said }
    }

    /// Writes the verdict of the line, with the engine's.
    pub(crate) fn decide(
        mut self,
        verdicts: &mut impl Iterator<Item = Verdict>,
        out: &mut Vec<u8>,
    ) {
        let mut refusal = None;
        if let Said::Recipients { recipients, .. } = &mut self.said {
            let asked = recipients.asked();
            refusal = recipients.decide(verdicts.by_ref().take(asked));
        }
        self.write(refusal.as_ref().map(Problem::from), out);
    }

    /// Writes that the line could not be decided.
    pub(crate) fn fail(mut self, problem: &Problem, out: &mut Vec<u8>) {
        let mut failed = None;
        if let Said::Recipients { recipients, .. } = &mut self.said
            && recipients.asked() > 0
        {
            recipients.fail(problem.detail());
            failed = Some(problem.clone());
        }
        self.write(failed, out);
    }

    /// `problem` is what hindered the only recipient, where that was not his own fault.
    fn write(&self, problem: Option<Problem>, out: &mut Vec<u8>) {
        let line = self.line;
        match &self.said {
            Said::Refused(error) => push(out, &Refused { line, error }),
            Said::Recipients {
                recipients,
                is_list: false,
            } => {
                let Some(item) = recipients.items.first() else {
                    return;
                };
                let Some(fault) = &item.error else {
                    return push(out, &One { line, item });
                };
                let own = || Problem::fields(vec![fault.clone()]);
                let to = item.to();
                let error = problem.unwrap_or_else(own).into();
                push(out, &RefusedOne { line, to, error });
            }
            Said::Recipients { recipients, .. } => {
                let messages = &recipients.items;
                push(out, &Many { line, messages });
            }
        }
    }
}

fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    let before = out.len();
    if let Err(error) = serde_json::to_writer(&mut *out, value) {
        tracing::error!(%error, "a verdict could not be written as JSON");
        out.truncate(before);
    }
    out.push(b'\n');
}
