//! What a batch is asked for with, by names and values: the same for an upload, a command and a drop folder.
//!
//! Promise: a name that is not known is refused with the nearest that is, and one that stands twice as well.

use std::collections::BTreeMap;

use super::charset::Charset;
use super::duplicates::Duplicates;
use super::layout::{ColumnMap, FIELDS, Wanted};
use super::shape::ShapeWish;
use super::template::TemplateSyntax;
use crate::submission::nearest;

/// Before the name of a field whose column is named.
const COLUMN: &str = "column.";
/// What is said of an option without a value.
const EMPTY: &str = "is empty; give it a value, or leave it out";

/// What a batch is asked for with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchRequest {
    /// Sender of rows that name none.
    pub from: Option<String>,
    /// Text of each row, with placeholders.
    pub template: Option<String>,
    /// Class of rows that name none.
    pub class: Option<String>,
    /// The customer's name of the file.
    pub filename: Option<String>,
    /// What the customer says of the file itself.
    pub shape: ShapeWish,
    /// Which column is which field.
    pub columns: ColumnMap,
    /// How the template is written; none: told from it.
    pub template_syntax: Option<TemplateSyntax>,
    /// Which rows are refused because one before them is the same.
    pub duplicates: Option<Duplicates>,
    /// Whether typographic signs are written plainly where that saves a segment.
    pub smart_characters: bool,
    /// Not before this moment.
    pub start_at: Option<String>,
    /// Spread evenly up to this moment.
    pub finish_by: Option<String>,
    /// Spread evenly over this time.
    pub spread: Option<String>,
    /// Rows a second.
    pub rate: Option<String>,
    /// When each row is sent that does not say it.
    pub send_at: Option<String>,
    /// How long each row is valid that does not say it.
    pub validity: Option<String>,
    /// Only looked at; nothing is sent.
    pub dry_run: bool,
    /// Options that were given, as they were written; columns apart.
    pub(crate) given: BTreeMap<&'static str, String>,
}

/// An option that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct OptionFault {
    /// Its name as it was written.
    pub field: String,
    /// What is wrong and how to mend it.
    pub detail: String,
}

impl BatchRequest {
    /// Names of options; `column.FIELD` comes to them.
    pub const NAMES: [&'static str; 17] = [
        "from",
        "template",
        "template_syntax",
        "class",
        "filename",
        "encoding",
        "format",
        "delimiter",
        "duplicates",
        "smart_characters",
        "start_at",
        "finish_by",
        "spread",
        "rate",
        "send_at",
        "validity",
        "dry_run",
    ];

    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            template: self.template.as_deref(),
            syntax: self.template_syntax,
            columns: &self.columns,
        }
    }

    /// Takes one option. An empty value is a fault: `dry_run=` that sent the file would be a dear slip.
    ///
    /// # Errors
    /// [`OptionFault`].
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionFault> {
        let fault = |detail: String| OptionFault {
            field: name.to_owned(),
            detail,
        };
        let twice = || fault("stands twice; take one of them out".to_owned());
        if let Some(field) = name.strip_prefix(COLUMN) {
            if !FIELDS.contains(&field) {
                let cure = nearest(field, FIELDS.into_iter());
                return Err(fault(format!("`{field}` is no field of a message; {cure}")));
            }
            if value.is_empty() {
                return Err(fault(EMPTY.to_owned()));
            }
            let before = self.columns.insert(field.to_owned(), value.to_owned());
            return before.map_or(Ok(()), |_| Err(twice()));
        }
        let Some(known) = Self::NAMES.into_iter().find(|known| *known == name) else {
            let known = Self::NAMES.into_iter().chain(["column.to"]);
            return Err(fault(format!("is unknown; {}", nearest(name, known))));
        };
        if self.given.insert(known, value.to_owned()).is_some() {
            return Err(twice());
        }
        if value.is_empty() {
            return Err(fault(EMPTY.to_owned()));
        }
        self.take(known, value).map_err(fault)
    }

    /// Takes the charset that stands beside the file's media type as its encoding, where none is named.
    ///
    /// # Errors
    /// [`OptionFault`] where another is named.
    pub(crate) fn take_charset(&mut self, charset: Charset) -> Result<(), OptionFault> {
        let Some(named) = &self.shape.encoding else {
            self.shape.encoding = Some(charset.name());
            return Ok(());
        };
        match named.parse::<Charset>() {
            Ok(found) if !found.is_same(charset) => Err(OptionFault {
                field: "encoding".to_owned(),
                detail: format!(
                    "{named:?} is another than the charset of the Content-Type, {charset}; give one of the two"
                ),
            }),
            // One that is none is found when the file is looked at.
            _ => Ok(()),
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let place = match name {
            "template_syntax" => {
                let known = [
                    ("auto", None),
                    ("simple", Some(TemplateSyntax::Simple)),
                    ("jinja", Some(TemplateSyntax::Jinja)),
                ];
                self.template_syntax = one_of(value, &known)?;
                return Ok(());
            }
            "duplicates" => {
                let known = [
                    ("send", None),
                    ("refuse", Some(Duplicates::Refuse)),
                    ("refuse_same_text", Some(Duplicates::RefuseSameText)),
                ];
                self.duplicates = one_of(value, &known)?;
                return Ok(());
            }
            "smart_characters" => {
                self.smart_characters = one_of(value, &[("keep", false), ("replace", true)])?;
                return Ok(());
            }
            "dry_run" => {
                self.dry_run = one_of(value, &[("false", false), ("true", true)])?;
                return Ok(());
            }
            "from" => &mut self.from,
            "template" => &mut self.template,
            "class" => &mut self.class,
            "filename" => &mut self.filename,
            "encoding" => &mut self.shape.encoding,
            "format" => &mut self.shape.format,
            "delimiter" => &mut self.shape.delimiter,
            "start_at" => &mut self.start_at,
            "finish_by" => &mut self.finish_by,
            "spread" => &mut self.spread,
            "send_at" => &mut self.send_at,
            "validity" => &mut self.validity,
            _ => &mut self.rate,
        };
        *place = Some(value.to_owned());
        Ok(())
    }
}

/// The value of a word.
fn one_of<T: Copy>(value: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(word, _)| *word == value);
    found.map(|(_, found)| *found).ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        format!("{value:?} is unknown; use {}", words.join(" or "))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_name_that_is_listed_is_taken_once_and_no_other() {
        let mut request = BatchRequest::default();
        for name in BatchRequest::NAMES.into_iter().chain(["column.to"]) {
            let value = match name {
                "template_syntax" => "jinja",
                "duplicates" => "refuse",
                "smart_characters" => "replace",
                "dry_run" => "true",
                _ => "1",
            };
            request.set(name, value).unwrap();
            let fault = request.set(name, value).unwrap_err();
            assert!(fault.detail.contains("twice"), "{fault}");
        }
        let whole = format!("{request:?}");
        assert!(
            !whole.contains("None") && !whole.contains("false"),
            "{whole}"
        );
        for name in BatchRequest::NAMES.into_iter().chain(["column.to"]) {
            let fault = BatchRequest::default().set(name, "").unwrap_err();
            assert_eq!(fault.field, name);
            assert!(fault.detail.contains("is empty"), "{fault}");
        }
        let fault = BatchRequest::default().set("duplicates", "x").unwrap_err();
        assert!(fault.detail.contains("send or refuse"), "{fault}");
        let fault = request.set("tempalte", "x").unwrap_err();
        assert!(fault.detail.contains("did you mean `template`?"), "{fault}");
    }
}
