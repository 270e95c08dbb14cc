//! What the header of a source says: which column is what, and where the rows begin.
//!
//! Promise: a source without usable header is refused at once, with line, column and cure. The byte order mark is
//! passed over. Of NDJSON the keys that its first objects have are the columns, and the fields of a message always.

use std::collections::BTreeMap;

use thiserror::Error;

use super::json_rows::{column_name, keys};
use super::rows::{Found, Place, RowFault, RowReader};
use super::shape::{Format, Shape, separator_line};
use super::template::{Template, TemplateFault, TemplateSyntax};
use crate::submission::nearest;

/// Columns that an errors file has behind those of its source; in a source they are passed over.
pub(crate) const ERROR_COLUMNS: [&str; 3] = ["error_line", "error_column", "error"];

/// Fields of a message that a row may give; any column can be named as one of them.
pub(super) const FIELDS: [&str; 8] = [
    "to",
    "text",
    "from",
    "class",
    "client_ref",
    "idempotency_key",
    "send_at",
    "validity",
];

/// Which column is which field, where their names do not say it.
pub type ColumnMap = BTreeMap<String, String>;

/// Fields of a message that a batch cannot do yet: passing them over would promise them.
const RESERVED_COLUMNS: [&str; 2] = ["encoding", "callback_url"];

/// What is said of them.
pub(crate) const RESERVED_DETAIL: &str = "this column is not done for batches in this version; take it out, or rename it if it is only for you";

/// Columns that a fault lists.
const COLUMNS_SHOWN_MAX: usize = 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why a header cannot be used. Nothing to retry: the file, or the template, has to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutFault {
    /// Nothing in the source.
    #[error("the file is empty; begin it with a header such as to,text")]
    Empty,
    /// Lines end as those of old Macs.
    #[error(
        "its lines end with CR alone, as those of old Macs did; save it with line ends of Unix or Windows (LF or CRLF)"
    )]
    OldLineEnds,
    /// NDJSON without an object.
    #[error(
        "no line that the file begins with is a JSON object; write one a line, such as {{\"to\": \"+447700900123\", \"text\": \"Hello\"}}"
    )]
    NoObject,
    /// A field that is mapped and is none.
    #[error("column.{field}: {cure}")]
    NoField {
        /// What was written.
        field: String,
        /// The nearest field, or all of them.
        cure: String,
    },
    /// A column that a field is mapped to and that is not there.
    #[error("column.{field}: there is no column {column:?}; {cure}")]
    NoColumn {
        /// The field.
        field: String,
        /// What was written.
        column: String,
        /// The nearest column, and those found.
        cure: String,
    },
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

/// What is asked of the columns of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) template: Option<&'a str>,
    pub(crate) syntax: Option<TemplateSyntax>,
    pub(crate) columns: &'a ColumnMap,
}

/// Where each column stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    pub(crate) delimiter: u8,
    /// A line that names it stands before the header.
    pub(crate) has_separator_line: bool,
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
    /// As [`SendAt`](crate::submission::SendAt) reads it.
    pub(crate) send_at: Option<usize>,
    pub(crate) validity: Option<usize>,
    /// Columns that an errors file repeats.
    pub(crate) kept: Vec<usize>,
    /// Where the rows begin.
    pub(crate) rows: Place,
    /// So many columns stand in the source; those behind them only may.
    pub(crate) found: usize,
}

impl Layout {
    /// Reads the header from the first octets of a source; `whole` if that is all of it.
    pub(crate) fn read(
        octets: &[u8],
        whole: bool,
        shape: &Shape,
        wanted: &Wanted<'_>,
    ) -> Result<Self, LayoutFault> {
        let marked = octets.strip_prefix(BYTE_ORDER_MARK);
        let text = marked.unwrap_or(octets);
        let start = Place {
            octet: (octets.len() - text.len()) as u64,
            line: 1,
        };
        if shape.format == Format::Ndjson {
            return Self::of_objects(text, start, wanted);
        }
        let separator = separator_line(text);
        let (text, start) = match separator {
            Some((_, octets)) => {
                let place = Place {
                    octet: start.octet + octets as u64,
                    line: start.line + 1,
                };
                (text.get(octets..).unwrap_or_default(), place)
            }
            None => (text, start),
        };
        let has_old_ends = has_old_ends(text);
        if has_old_ends && whole && !text.contains(&b'\n') {
            return Err(LayoutFault::OldLineEnds);
        }
        let layout = Self::of_cells(text, whole, start, shape, wanted);
        let layout = layout.map_err(|fault| match has_old_ends {
            true => LayoutFault::OldLineEnds,
            false => fault,
        })?;
        Ok(Self {
            has_separator_line: separator.is_some(),
            ..layout
        })
    }

    /// What the first row of a source says.
    fn of_cells(
        text: &[u8],
        whole: bool,
        start: Place,
        shape: &Shape,
        wanted: &Wanted<'_>,
    ) -> Result<Self, LayoutFault> {
        let mut reader = RowReader::new(shape.delimiter, start);
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
        let mut names = Vec::with_capacity(reader.columns());
        for column in 0..reader.columns() {
            let name = reader.cell(column).unwrap_or_default().into_owned();
            let fault = |_| LayoutFault::NotUtf8 {
                line,
                column: column + 1,
            };
            names.push(String::from_utf8(name).map_err(fault)?);
        }
        let found = names.len();
        let header = Header { line, names, found };
        let layout = header.layout(wanted, reader.place())?;
        Ok(Self {
            format: shape.format,
            delimiter: shape.delimiter,
            ..layout
        })
    }

    /// What the first objects of a source say.
    fn of_objects(text: &[u8], start: Place, wanted: &Wanted<'_>) -> Result<Self, LayoutFault> {
        if text.trim_ascii().is_empty() {
            return Err(LayoutFault::Empty);
        }
        let mut names = keys(text);
        let found = names.len();
        if found == 0 {
            return Err(LayoutFault::NoObject);
        }
        // A later object may have what the first ones have not.
        for field in FIELDS.into_iter().chain(RESERVED_COLUMNS) {
            if !names.iter().any(|name| column_name(name) == field) {
                names.push(field.to_owned());
            }
        }
        let header = Header {
            line: 1,
            names,
            found,
        };
        let layout = header.layout(wanted, start)?;
        Ok(Self {
            format: Format::Ndjson,
            ..layout
        })
    }

    /// A column whose name is kept for what batches cannot do yet. One that the template uses is only text.
    pub(crate) fn reserved(&self) -> Option<&'static str> {
        let used = |column| {
            let template = self.template.as_ref();
            template.is_some_and(|template| template.uses(column))
        };
        self.reserved_columns()
            .find(|(column, _)| *column < self.found && !used(*column))
            .map(|(_, name)| name)
    }

    /// A column of errors files that the template uses. It is dropped from them, and their own would be said in its place.
    pub(crate) fn used_error_column(&self) -> Option<&str> {
        let template = self.template.as_ref()?;
        let mut names = self.names.iter().enumerate();
        let (column, _) = names.find(|(column, name)| {
            ERROR_COLUMNS.contains(&column_name(name).as_str()) && template.uses(*column)
        })?;
        Some(self.name(column))
    }

    /// Such columns, whether the source begins with them or not.
    pub(crate) fn reserved_columns(&self) -> impl Iterator<Item = (usize, &'static str)> {
        let names = self.names.iter().enumerate();
        names.filter_map(|(column, name)| {
            let name = column_name(name);
            let mut reserved = RESERVED_COLUMNS.into_iter();
            Some((column, reserved.find(|reserved| name == *reserved)?))
        })
    }

    /// What the file calls a field of a message; its own name where the file has no column for it.
    pub(crate) fn name_of<'l>(&'l self, field: &'l str) -> &'l str {
        let column = match field {
            "to" => Some(self.to),
            "text" => self.text,
            "from" => self.from,
            "class" => self.class,
            "client_ref" => self.client_ref,
            "idempotency_key" => self.idempotency_key,
            "send_at" => self.send_at,
            "validity" => self.validity,
            _ => None,
        };
        column.map_or(field, |column| self.name(column))
    }

    /// The name of a column, for people.
    pub(crate) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", |name| name.trim())
    }
}

/// Whether a CR stands within the first line.
fn has_old_ends(text: &[u8]) -> bool {
    let mut lines = text.trim_ascii_start().split(|octet| *octet == b'\n');
    let first = lines.next().unwrap_or_default();
    first.strip_suffix(b"\r").unwrap_or(first).contains(&b'\r')
}

/// Names of the columns of a source.
struct Header {
    line: u64,
    names: Vec<String>,
    /// So many of them stand in the source; those behind them only may.
    found: usize,
}

impl Header {
    fn layout(self, wanted: &Wanted<'_>, rows: Place) -> Result<Layout, LayoutFault> {
        let map = wanted.columns;
        let Self { line, names, found } = self;
        let known: Vec<String> = names.iter().map(|name| column_name(name)).collect();
        if let Some(name) = twice(&known) {
            return Err(LayoutFault::Twice { line, name });
        }
        let present = known.get(..found).unwrap_or(&known);
        check_map(map, present)?;
        let find = |field: &str| {
            let wanted = map
                .get(field)
                .map_or(field.to_owned(), |name| column_name(name));
            known.iter().position(|name| *name == wanted)
        };
        let missing = |name: &'static str, more: &str| LayoutFault::Missing {
            line,
            name,
            cure: format!("{}{more}", nearest_and_found(name, present)),
        };
        let template = wanted
            .template
            .map(|text| Template::parse(text, wanted.syntax, present))
            .transpose()?;
        let to = find("to").filter(|column| *column < found);
        let to = to.ok_or_else(|| {
            missing(
                "to",
                "; the recipient's number stands in `to`, or in the column that is mapped to it (column.to=NAME)",
            )
        })?;
        let text = find("text").filter(|_| template.is_none());
        if text.is_none_or(|column| column >= found) && template.is_none() {
            return Err(missing(
                "text",
                "; name it so, map it (column.text=NAME), or give a template",
            ));
        }
        // A moment that stands in the text may be written in any way: it is no field unless somebody says so.
        let moment = |field: &str| {
            let is_text = |column| {
                template
                    .as_ref()
                    .is_some_and(|template| template.uses(column))
            };
            find(field).filter(|column| map.contains_key(field) || !is_text(*column))
        };
        let (send_at, validity) = (moment("send_at"), moment("validity"));
        let kept = known.iter().enumerate();
        let kept = kept.filter(|(_, name)| !ERROR_COLUMNS.contains(&name.as_str()));
        Ok(Layout {
            format: Format::Csv,
            delimiter: b',',
            has_separator_line: false,
            to,
            text,
            template,
            from: find("from"),
            class: find("class"),
            client_ref: find("client_ref"),
            idempotency_key: find("idempotency_key"),
            send_at,
            validity,
            kept: kept.map(|(column, _)| column).collect(),
            rows,
            found,
            names,
        })
    }
}

/// Each field that is mapped is one, and its column is there.
fn check_map(map: &ColumnMap, columns: &[String]) -> Result<(), LayoutFault> {
    for (field, column) in map {
        if !FIELDS.contains(&field.as_str()) {
            return Err(LayoutFault::NoField {
                field: field.clone(),
                cure: format!(
                    "is no field of a message; {}",
                    nearest(field, FIELDS.into_iter())
                ),
            });
        }
        let wanted = column_name(column);
        if !columns.contains(&wanted) {
            return Err(LayoutFault::NoColumn {
                field: field.clone(),
                column: column.clone(),
                cure: nearest_and_found(&wanted, columns),
            });
        }
    }
    Ok(())
}

/// The column that was probably meant, and which there are.
fn nearest_and_found(wanted: &str, columns: &[String]) -> String {
    let nearest = nearest(wanted, columns.iter().map(String::as_str));
    if !nearest.starts_with("did you mean") {
        return nearest;
    }
    let listed: Vec<&str> = columns
        .iter()
        .filter(|name| !name.is_empty())
        .take(COLUMNS_SHOWN_MAX)
        .map(String::as_str)
        .collect();
    format!("{nearest} found are {}", listed.join(", "))
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
        with(text, None, &[])
    }

    fn with(
        text: &str,
        template: Option<&str>,
        map: &[(&str, &str)],
    ) -> Result<Layout, LayoutFault> {
        let shape = Shape {
            format: if text.starts_with('{') {
                Format::Ndjson
            } else {
                Format::Csv
            },
            delimiter: if text.contains(';') { b';' } else { b',' },
            ..Shape::default()
        };
        let map = map
            .iter()
            .map(|(field, column)| ((*field).to_owned(), (*column).to_owned()));
        let wanted = Wanted {
            template,
            syntax: None,
            columns: &map.collect(),
        };
        Layout::read(text.as_bytes(), true, &shape, &wanted)
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
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_header() {
        for line in ["sep=;\n", "SEP=;\r\n", "\u{FEFF}\"sep=;\"\r\n"] {
            let layout = read(&format!("{line}to;text\nx;y")).unwrap();
            assert_eq!((layout.to, layout.text), (0, Some(1)));
            let octet = line.len() as u64 + 8;
            assert_eq!(layout.rows, Place { octet, line: 3 });
            assert!(layout.has_separator_line);
        }
        assert_eq!(read("sep=;\n"), Err(LayoutFault::Empty));
        // What says nothing is a header, and no name is nearest that is none.
        for text in ["sep=\nto,text\n", "sep=;;\nto,text\n", ";;\nx;y\n", "  \n"] {
            let fault = read(text).unwrap_err().to_string();
            assert!(fault.contains("there is no column `to`"), "{fault}");
            assert!(!fault.contains("``") && !fault.contains(", ;"), "{fault}");
        }
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
            ("to,text\r491700000001,x\r", "end with CR alone"),
            ("to\r491700000001\r", "end with CR alone"),
            ("name,to\rBob,4917\rEve,\"4\n9\"\r", "end with CR alone"),
        ] {
            let fault = read(text).unwrap_err().to_string();
            assert!(fault.contains(part), "{text:?}: {fault}");
        }
        let fault = with("to,name\n", Some("Hi {nam}"), &[]).unwrap_err();
        assert!(fault.to_string().contains("did you mean `name`?"));
        assert!(
            with("to,name\n", Some("Hi {name}"), &[])
                .unwrap()
                .text
                .is_none()
        );
    }

    #[test]
    fn a_cr_that_stands_in_a_name_harms_nobody() {
        let layout = read("to,\"my\rtext\",text\r\n1,2,3\r\n").unwrap();
        assert_eq!((layout.to, layout.text), (0, Some(2)));
        let fault = with("to,name\r491700000001,Bob\r", Some("Hello"), &[]).unwrap_err();
        assert_eq!(fault, LayoutFault::OldLineEnds);
    }

    #[test]
    fn a_column_serves_as_the_field_it_is_mapped_to() {
        let layout = with("Telefon;to;text\n", None, &[("to", " telefon")]).unwrap();
        assert_eq!((layout.to, layout.text), (0, Some(2)));
        for (map, part) in [
            (("too", "Telefon"), "did you mean `to`?"),
            (
                ("to", "Telefn"),
                "did you mean `telefon`? found are telefon, text",
            ),
        ] {
            let fault = with("Telefon;text\n", None, &[map])
                .unwrap_err()
                .to_string();
            assert!(fault.contains(part), "{fault}");
        }
        let fault = read("Telefon;text\n").unwrap_err().to_string();
        assert!(
            fault.contains("telefon, text") && fault.contains("column.to"),
            "{fault}"
        );
    }

    #[test]
    fn keys_of_the_first_objects_are_columns_and_fields_always() {
        let layout = with("{\"to\":1,\"text\":\"a\"}\n{\"n\":2}", None, &[]).unwrap();
        assert_eq!((layout.to, layout.text, layout.found), (0, Some(1), 3));
        assert!(layout.from.is_some_and(|column| column >= layout.found));
        assert_eq!(layout.rows, Place { octet: 0, line: 1 });
        for (text, part) in [
            ("{\"t\":1}", "`to`"),
            ("{\"to\":1}", "`text`"),
            ("{no}", "no line"),
        ] {
            let fault = with(text, None, &[]).unwrap_err().to_string();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
