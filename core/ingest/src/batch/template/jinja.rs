//! Templates of the whole language: `Hello {{ name | default("you") }}{% if vip %}, dear guest{% endif %}`.
//!
//! The library is minijinja. Of the language stand here variables, filters, tests and conditions: no loops, no variables of a
//! template's own, no products, so that a text grows no more than its template and its columns do. Promise: names are columns;
//! a fault names line and column of the template. Bounds: those of all templates, [`bounds`], [`FUEL`] instructions a row, and
//! [`super::filters::VALUE_OCTETS_MAX`] octets a value.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

use minijinja::value::{Object, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use thiserror::Error as ThisError;

use super::super::errors::RowVerdict;
use super::{TEXT_OCTETS_MAX, bounds, cells, filters};
use crate::submission::nearest;

/// Instructions that the text of one row may take.
const FUEL: u64 = 20_000;
/// The row as a whole, for columns whose names are no words: `row["first name"]`.
pub(super) const ROW: &str = "row";
const NAME: &str = "template";

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("line {line}, column {column} of the template: {detail}")]
pub struct JinjaFault {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// A template, compiled.
#[derive(Clone)]
pub(crate) struct Jinja {
    environment: Arc<Environment<'static>>,
    source: Arc<str>,
    /// Names as the template writes them, with their columns.
    names: Arc<[(String, usize)]>,
    /// Columns that stand alone as a condition.
    conditions: Arc<[usize]>,
}

impl fmt::Debug for Jinja {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jinja({:?})", self.source)
    }
}

impl PartialEq for Jinja {
    fn eq(&self, other: &Self) -> bool {
        (&self.source, &self.names) == (&other.source, &other.names)
    }
}

impl Eq for Jinja {}

/// What a column is called where only words are names.
pub(super) fn identifier(column: &str) -> String {
    let word = |letter: char| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '_'
        }
    };
    column.trim().to_lowercase().chars().map(word).collect()
}

impl Jinja {
    pub(super) fn parse(text: &str, columns: &[String]) -> Result<Self, JinjaFault> {
        if text.trim().is_empty() {
            return Err(at(
                text,
                0,
                "it is empty; write a text such as \"Hello {{ name }}\"",
            ));
        }
        bounds::check(text)?;
        check_single_braces(text, columns)?;
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_keep_trailing_newline(true);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(32);
        filters::add(&mut environment);
        environment.set_formatter(filters::write);
        environment
            .add_template_owned(NAME, text.to_owned())
            .map_err(|error| of_error(text, &error))?;
        let template = environment
            .get_template(NAME)
            .map_err(|error| of_error(text, &error))?;
        let mut used: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        used.sort();
        let names = names(text, &used, columns)?;
        let found = cells::of(text);
        let conditions = found
            .conditions
            .iter()
            .filter_map(|name| place_in(name, columns));
        let jinja = Self {
            conditions: conditions.collect(),
            environment: Arc::new(environment),
            source: text.into(),
            names: names.into(),
        };
        jinja.check_filters()?;
        Ok(jinja)
    }

    /// Names of filters and tests are looked up when a row is made: so one is made of nothing.
    fn check_filters(&self) -> Result<(), JinjaFault> {
        use minijinja::ErrorKind::{UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
        let mut out = String::new();
        let numbers = |_| Ok::<_, RowVerdict>(Some(Cow::Borrowed("1")));
        match self.run(numbers, &mut out) {
            Ok(Err(error))
                if matches!(
                    error.kind(),
                    UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest
                ) =>
            {
                Err(of_error(&self.source, &error))
            }
            _ => Ok(()),
        }
    }

    /// What can only be meant otherwise. Asked when a batch comes in: one that was taken goes on as it was.
    pub(super) fn check_cells(&self) -> Result<(), JinjaFault> {
        match cells::of(&self.source).fault {
            Some((place, cure)) => Err(at(&self.source, place, cure)),
            None => Ok(()),
        }
    }

    pub(super) fn uses(&self, column: usize) -> bool {
        self.names.iter().any(|(_, used)| *used == column)
    }

    pub(super) fn render<'r>(
        &self,
        cell: impl Fn(usize) -> Result<Option<Cow<'r, str>>, RowVerdict>,
        out: &mut String,
    ) -> Result<(), RowVerdict> {
        self.run(cell, out)?.map_err(|error| RowVerdict {
            column: String::new(),
            detail: of_error(&self.source, &error).to_string(),
        })
    }

    fn run<'r>(
        &self,
        cell: impl Fn(usize) -> Result<Option<Cow<'r, str>>, RowVerdict>,
        out: &mut String,
    ) -> Result<Result<(), Error>, RowVerdict> {
        let mut values = Vec::with_capacity(self.names.len());
        for (name, column) in self.names.iter() {
            let text = cell(*column)?;
            if text
                .as_ref()
                .is_some_and(|text| text.len() > filters::VALUE_OCTETS_MAX)
            {
                return Err(RowVerdict {
                    column: name.clone(),
                    detail: format!(
                        "is longer than {} octets; shorten it",
                        filters::VALUE_OCTETS_MAX
                    ),
                });
            }
            if self.conditions.contains(column)
                && let Some(no) = text.as_deref().filter(|text| cells::says_no(text))
            {
                return Err(RowVerdict {
                    column: name.clone(),
                    detail: format!(
                        "is {:?}, and `if {name}` takes every cell that is not empty for a yes; write `if {name} is yes` in the template, or leave the cell empty",
                        no.trim()
                    ),
                });
            }
            values.push(text.map(|text| Value::from(text.as_ref())));
        }
        let row = Row {
            names: Arc::clone(&self.names),
            values,
        };
        let mut text = Bounded(std::mem::take(out).into_bytes());
        let made = self.environment.get_template(NAME).and_then(|template| {
            template
                .render_captured_to(Value::from_object(row), &mut text)
                .map(drop)
        });
        // What a template writes is text.
        *out = String::from_utf8(text.0).unwrap_or_default();
        Ok(made)
    }
}

/// The columns that are used; `row` uses all of them.
fn names(
    text: &str,
    used: &[String],
    columns: &[String],
) -> Result<Vec<(String, usize)>, JinjaFault> {
    let mut names = Vec::new();
    for name in used {
        let wanted = name.to_lowercase();
        match place_in(name, columns) {
            Some(column) => names.push((name.clone(), column)),
            None if name == ROW => {
                let all = columns.iter().enumerate();
                names.extend(all.map(|(column, name)| (name.clone(), column)));
            }
            None => {
                let words: Vec<String> = columns.iter().map(|column| identifier(column)).collect();
                let cure = nearest(&wanted, words.iter().map(String::as_str));
                let detail = format!("`{name}` is no column of the file; {cure}");
                return Err(at(text, place_of(text, name), detail));
            }
        }
    }
    Ok(names)
}

/// The column that a name means: as it is called, or as a word.
fn place_in(name: &str, columns: &[String]) -> Option<usize> {
    let wanted = name.to_lowercase();
    let exact = columns.iter().position(|column| *column == wanted);
    exact.or_else(|| (columns.iter()).position(|column| identifier(column) == wanted))
}

/// `{name}` is how the simple syntax writes a column; here it would be sent as it stands.
fn check_single_braces(text: &str, columns: &[String]) -> Result<(), JinjaFault> {
    for (place, _) in text.match_indices('{') {
        let before = text.get(..place).unwrap_or_default();
        let inside = text.get(place + 1..).unwrap_or_default();
        let Some((word, _)) = inside.split_once('}') else {
            continue;
        };
        let is_word = !word.trim().is_empty()
            && word
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | ' ' | '-'));
        if !before.ends_with('{') && is_word {
            let near = nearest(
                &word.trim().to_lowercase(),
                columns.iter().map(String::as_str),
            );
            let detail = format!(
                "{{{word}}} would be sent as it stands; a column is {{{{ {} }}}} here ({near}), a brace {{{{ \"{{\" }}}}",
                word.trim()
            );
            return Err(at(text, place, detail));
        }
    }
    Ok(())
}

/// Where a name stands in a template, in octets.
fn place_of(text: &str, name: &str) -> usize {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let found = text.match_indices(name).find(|(place, _)| {
        let before = text
            .get(..*place)
            .and_then(|before| before.chars().next_back());
        let after = text
            .get(place + name.len()..)
            .and_then(|after| after.chars().next());
        let is_inside = text.get(..*place).is_some_and(|before| {
            before.rfind("{{").max(before.rfind("{%")) > before.rfind("}}").max(before.rfind("%}"))
        });
        is_inside && !before.is_some_and(is_word) && !after.is_some_and(is_word)
    });
    found.map_or(0, |(place, _)| place)
}

pub(super) fn at(text: &str, place: usize, detail: impl Into<String>) -> JinjaFault {
    let before = text.get(..place).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    JinjaFault {
        line: before.matches('\n').count() + 1,
        column: line.chars().count() + 1,
        detail: detail.into(),
    }
}

pub(super) fn of_error(text: &str, error: &Error) -> JinjaFault {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let detail = match (error.kind(), source.as_deref().or(error.detail())) {
        (ErrorKind::UndefinedError, _) => {
            "this row has nothing there; give it a default, like {{ name|default(\"you\") }}"
                .to_owned()
        }
        // What is said of a value names its fault and cure.
        (ErrorKind::InvalidOperation, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    match (error.range(), error.line()) {
        (Some(range), _) if range.start <= text.len() => at(text, range.start, detail),
        (_, line) => JinjaFault {
            line: line.unwrap_or(1),
            column: 1,
            detail,
        },
    }
}

/// A row as a template sees it.
#[derive(Debug)]
struct Row {
    names: Arc<[(String, usize)]>,
    values: Vec<Option<Value>>,
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let is_it =
            |(name, _): &(String, usize)| name == key || name.eq_ignore_ascii_case(key.trim());
        match self.names.iter().position(is_it) {
            Some(place) => self.values.get(place)?.clone(),
            None => (key == ROW).then(|| Value::from_dyn_object(Arc::clone(self))),
        }
    }
}

/// A text that ends at its bound.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.0.len() + octets.len() > TEXT_OCTETS_MAX {
            return Err(io::Error::other(format!(
                "the text becomes longer than {TEXT_OCTETS_MAX} octets"
            )));
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
