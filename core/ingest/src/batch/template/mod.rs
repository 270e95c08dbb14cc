//! The text of a row, made of its columns: `Hello {name}`, or a whole template language where that is wanted.
//!
//! Two syntaxes. *Simple*: `{name}` is a column, `{{` and `}}` are braces; nothing else. *Jinja*: `{{ name }}` is a column, with
//! filters, defaults and conditions. Told apart by themselves: a template that has a `{{`, or is not simple and has a
//! `{%` or `{#`, is Jinja. Where nothing but words stands in them it could be both (`{{name}}` is also how simple writes a word
//! in braces), and is refused until somebody says which it is.
//! Promise: checked against the columns once; what a row can still do wrong is a fault of that row. Bounds of both:
//! [`TEMPLATE_OCTETS_MAX`], and [`TEXT_OCTETS_MAX`] a text.

mod bounds;
mod cells;
mod filters;
mod jinja;
mod simple;

use std::borrow::Cow;

use jinja::Jinja;
pub use jinja::JinjaFault;
use simple::Simple;
use thiserror::Error;

use super::errors::RowVerdict;
use crate::submission::nearest;

/// Longest template.
const TEMPLATE_OCTETS_MAX: usize = 16 << 10;
/// Octets beyond which no column is put into a text: more than any message may have.
const TEXT_OCTETS_MAX: usize = 64 << 10;

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateFault {
    /// Nothing in it.
    #[error("the template is empty; write a text such as \"Hello {{name}}\"")]
    Empty,
    /// Too much of it.
    #[error("the template is longer than {TEMPLATE_OCTETS_MAX} octets; shorten it")]
    TooLong,
    /// A brace without its fellow.
    #[error(
        "the brace at character {character} of the template has no fellow; write {{{{ or }}}} for a brace itself"
    )]
    Brace {
        /// Its place in characters, from 1.
        character: usize,
    },
    /// A placeholder that is no column.
    #[error("the template's {{{name}}} is no column of the file; {cure}")]
    Unknown {
        /// The placeholder.
        name: String,
        /// The nearest column, or all of them.
        cure: String,
    },
    /// Both syntaxes have a meaning for it.
    #[error(
        "the template's {{{{{name}}}}} can be a column, or the word {name} in braces; say template_syntax=jinja or template_syntax=simple"
    )]
    Ambiguous {
        /// What stands in the braces.
        name: String,
    },
    /// A template of the whole language.
    #[error(transparent)]
    Jinja(#[from] JinjaFault),
}

/// How a template is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemplateSyntax {
    /// `{name}`
    Simple,
    /// `{{ name }}`
    Jinja,
}

/// A template whose names are columns of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Template {
    Simple(Simple),
    Jinja(Jinja),
}

impl Template {
    /// Reads a template for a header; names are compared without case and blanks around them.
    pub(crate) fn parse(
        text: &str,
        syntax: Option<TemplateSyntax>,
        columns: &[String],
    ) -> Result<Self, TemplateFault> {
        if text.len() > TEMPLATE_OCTETS_MAX {
            return Err(TemplateFault::TooLong);
        }
        let simple = match syntax {
            Some(TemplateSyntax::Jinja) => return Ok(Self::Jinja(Jinja::parse(text, columns)?)),
            Some(TemplateSyntax::Simple) => return Simple::parse(text, columns).map(Self::Simple),
            None => Simple::parse(text, columns),
        };
        match simple {
            // Whoever writes this means more than braces, mostly: it is never sent as it stands because nobody asked.
            Ok(_) if text.contains("{{") => match word(text) {
                Some(name) => Err(TemplateFault::Ambiguous { name }),
                None => Ok(Self::Jinja(Jinja::parse(text, columns)?)),
            },
            Ok(simple) => Ok(Self::Simple(simple)),
            Err(_) if ["{{", "{%", "{#"].iter().any(|sign| text.contains(sign)) => {
                Ok(Self::Jinja(Jinja::parse(text, columns)?))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Whether it says something that can only be meant otherwise. Not asked again of a batch that was taken.
    pub(crate) fn check(&self) -> Result<(), TemplateFault> {
        match self {
            Self::Simple(_) => Ok(()),
            Self::Jinja(jinja) => Ok(jinja.check_cells()?),
        }
    }

    /// Whether a column stands in it.
    pub(crate) fn uses(&self, column: usize) -> bool {
        match self {
            Self::Simple(simple) => simple.uses(column),
            Self::Jinja(jinja) => jinja.uses(column),
        }
    }

    /// Appends the text of a row; `cell` gives a column of it, none where the row has no such.
    pub(crate) fn render<'r>(
        &self,
        names: &[String],
        cell: impl Fn(usize) -> Result<Option<Cow<'r, str>>, RowVerdict>,
        out: &mut String,
    ) -> Result<(), RowVerdict> {
        match self {
            Self::Simple(simple) => simple.render(
                |column, out| match cell(column)? {
                    Some(text) if out.len() + text.len() > TEXT_OCTETS_MAX => Err(RowVerdict {
                        column: names.get(column).cloned().unwrap_or_default(),
                        detail: format!("the text becomes longer than {TEXT_OCTETS_MAX} octets"),
                    }),
                    Some(text) => {
                        out.push_str(&text);
                        Ok(())
                    }
                    None => Err(RowVerdict {
                        column: names.get(column).cloned().unwrap_or_default(),
                        detail: "is missing in this row, and the template needs it; add it"
                            .to_owned(),
                    }),
                },
                out,
            ),
            Self::Jinja(jinja) => jinja.render(cell, out),
        }
    }
}

/// The first word between `{{` and `}}`, where nothing but words stands between any of them.
fn word(text: &str) -> Option<String> {
    let is_word = |inside: &str| {
        let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        !inside.is_empty() && inside.chars().all(is_letter)
    };
    let mut first = None;
    for rest in text.split("{{").skip(1) {
        let (inside, _) = rest.split_once("}}")?;
        let inside = Some(inside.trim()).filter(|inside| is_word(inside))?;
        first.get_or_insert_with(|| inside.to_owned());
    }
    first
}

fn column(name: &str, columns: &[String]) -> Result<usize, TemplateFault> {
    let wanted = name.trim().to_lowercase();
    columns
        .iter()
        .position(|column| *column == wanted)
        .ok_or_else(|| TemplateFault::Unknown {
            name: name.to_owned(),
            cure: nearest(&wanted, columns.iter().map(String::as_str)),
        })
}

#[cfg(test)]
mod tests;
