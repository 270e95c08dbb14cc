//! What the header of a source says: which column is what, and where the rows begin.
//!
//! Promise: a source without usable header is refused at once, with line, column and cure. The byte order mark is
//! passed over; comma, semicolon or tab is told from the header.

use thiserror::Error;

use super::rows::{Found, Place, RowFault, RowReader};
use super::template::{Template, TemplateFault};
use crate::submission::nearest;

/// Columns that an errors file has behind those of its source; in a source they are passed over.
pub(crate) const ERROR_COLUMNS: [&str; 3] = ["error_line", "error_column", "error"];

/// Fields of a message that a batch cannot do yet: passing them over would promise them.
const RESERVED_COLUMNS: [&str; 4] = ["send_at", "validity", "encoding", "callback_url"];

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a header cannot be used. Nothing to retry: the file, or the template, has to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutFault {
    /// Nothing in the source.
    #[error("the file is empty; begin it with a header such as to,text")]
    Empty,
    /// UTF-16.
    #[error("the file is in UTF-16; save it as UTF-8")]
    Utf16,
    /// The header is no row.
    #[error("line {line}, the header: {fault}")]
    Row {
        /// Its line.
        line: u64,
        /// What is wrong.
        fault: RowFault,
    },
    /// A name that is not UTF-8.
    #[error(
        "line {line}, the header: the name of column {column} is not UTF-8; save the file as UTF-8"
    )]
    NotUtf8 {
        /// Its line.
        line: u64,
        /// Column, from 1.
        column: usize,
    },
    /// Two columns of one name.
    #[error("line {line}, the header: `{name}` stands there twice; rename one of them")]
    Twice {
        /// Its line.
        line: u64,
        /// The name.
        name: String,
    },
    /// A column that has to be there.
    #[error("line {line}, the header: there is no column `{name}`; {cure}")]
    Missing {
        /// Its line.
        line: u64,
        /// The name.
        name: &'static str,
        /// How to mend it.
        cure: String,
    },
    /// The template.
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

/// Where each column stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) delimiter: u8,
    /// Names as in the file.
    pub(crate) names: Vec<String>,
    pub(crate) to: usize,
    /// `None`: the template gives the text.
    pub(crate) text: Option<usize>,
    pub(crate) template: Option<Template>,
    pub(crate) from: Option<usize>,
    pub(crate) class: Option<usize>,
    pub(crate) client_ref: Option<usize>,
    pub(crate) idempotency_key: Option<usize>,
    /// Columns that an errors file repeats.
    pub(crate) kept: Vec<usize>,
    /// Where the rows begin.
    pub(crate) rows: Place,
}

impl Layout {
    /// Reads the header from the first octets of a source; `whole` if that is all of it.
    pub(crate) fn read(
        octets: &[u8],
        whole: bool,
        template: Option<&str>,
    ) -> Result<Self, LayoutFault> {
        if octets.starts_with(b"\xFF\xFE") || octets.starts_with(b"\xFE\xFF") {
            return Err(LayoutFault::Utf16);
        }
        let marked = octets.strip_prefix(BYTE_ORDER_MARK);
        let text = marked.unwrap_or(octets);
        let start = Place {
            octet: (octets.len() - text.len()) as u64,
            line: 1,
        };
        let delimiter = delimiter(text);
        let mut reader = RowReader::new(delimiter, start);
        reader.feed(text);
        if whole {
            reader.end();
        }
        let line = match reader.next() {
            Found::Row => reader.row_line(),
            Found::Bad(fault) => {
                return Err(LayoutFault::Row {
                    line: reader.row_line(),
                    fault,
                });
            }
            Found::End => return Err(LayoutFault::Empty),
            Found::More => {
                return Err(LayoutFault::Row {
                    line: 1,
                    fault: RowFault::TooLong,
                });
            }
        };
        Self::of_header(&reader, line, delimiter, template)
    }

    fn of_header(
        reader: &RowReader,
        line: u64,
        delimiter: u8,
        template: Option<&str>,
    ) -> Result<Self, LayoutFault> {
        let mut names = Vec::with_capacity(reader.columns());
        for column in 0..reader.columns() {
            let name = reader.cell(column).unwrap_or_default().into_owned();
            let fault = |_| LayoutFault::NotUtf8 {
                line,
                column: column + 1,
            };
            names.push(String::from_utf8(name).map_err(fault)?);
        }
        let known: Vec<String> = names
            .iter()
            .map(|name| name.trim().to_lowercase())
            .collect();
        if let Some(name) = twice(&known) {
            return Err(LayoutFault::Twice { line, name });
        }
        let find = |wanted: &str| known.iter().position(|name| name == wanted);
        let missing = |name: &'static str, more: &str| LayoutFault::Missing {
            line,
            name,
            cure: format!("{}{more}", nearest(name, known.iter().map(String::as_str))),
        };
        let template = template
            .map(|text| Template::parse(text, &known))
            .transpose()?;
        let text = find("text").filter(|_| template.is_none());
        if text.is_none() && template.is_none() {
            return Err(missing("text", "; name it so, or give a template"));
        }
        let kept = known.iter().enumerate();
        let kept = kept.filter(|(_, name)| !ERROR_COLUMNS.contains(&name.as_str()));
        Ok(Self {
            delimiter,
            to: find("to")
                .ok_or_else(|| missing("to", "; the recipient's number stands in `to`"))?,
            text,
            template,
            from: find("from"),
            class: find("class"),
            client_ref: find("client_ref"),
            idempotency_key: find("idempotency_key"),
            kept: kept.map(|(column, _)| column).collect(),
            rows: reader.place(),
            names,
        })
    }

    /// A column whose name is kept for what batches cannot do yet. One that the template uses is only text.
    pub(crate) fn reserved(&self) -> Option<&'static str> {
        let used = |column| {
            let template = self.template.as_ref();
            template.is_some_and(|template| template.uses(column))
        };
        self.names.iter().enumerate().find_map(|(column, name)| {
            let name = name.trim();
            let found = RESERVED_COLUMNS
                .into_iter()
                .find(|reserved| name.eq_ignore_ascii_case(reserved));
            found.filter(|_| !used(column))
        })
    }

    /// The name of a column, for people.
    pub(crate) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", |name| name.trim())
    }
}

/// The separator that the first line has most of; a comma where it has none.
fn delimiter(text: &[u8]) -> u8 {
    let line = text
        .split(|octet| *octet == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|octet| **octet == wanted).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|wanted| count(*wanted))
        .unwrap_or(b',')
}

fn twice(names: &[String]) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    names
        .iter()
        .filter(|name| !name.is_empty())
        .find(|name| !seen.insert(name.as_str()))
        .cloned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Layout, LayoutFault> {
        Layout::read(text.as_bytes(), true, None)
    }

    #[test]
    fn mark_case_blanks_and_separator_of_the_header() {
        let layout = read("\u{FEFF}\r\n Text ;TO;error_line\r\nx").unwrap();
        assert_eq!(
            (layout.to, layout.text, layout.delimiter),
            (1, Some(0), b';')
        );
        assert_eq!(layout.kept, [0, 1]);
        assert_eq!(layout.rows, Place { octet: 27, line: 3 });
        assert_eq!(read("to\ttext\n").unwrap().delimiter, b'\t');
    }

    #[test]
    fn a_header_that_cannot_serve_is_refused_with_its_cure() {
        for (text, part) in [
            ("", "begin it with a header"),
            ("\n\r\n", "begin it with a header"),
            ("too,text\n", "did you mean `too`?"),
            ("to,txt\n", "did you mean `txt`?"),
            ("to,text,To\n", "`to` stands there twice"),
            ("to,\"text\n1,2", "is not closed"),
        ] {
            let fault = read(text).unwrap_err().to_string();
            assert!(fault.contains(part), "{text:?}: {fault}");
        }
        assert_eq!(
            Layout::read(b"\xFF\xFEt\0", true, None),
            Err(LayoutFault::Utf16)
        );
        let fault = Layout::read(b"to,name\n", true, Some("Hi {nam}")).unwrap_err();
        assert!(fault.to_string().contains("did you mean `name`?"));
        assert!(
            Layout::read(b"to,name\n", true, Some("Hi {name}"))
                .unwrap()
                .text
                .is_none()
        );
    }
}
