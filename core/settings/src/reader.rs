//! A table of the file, read key by key.
//!
//! Promise: every fault is gathered and reading goes on with a stand-in, so that one run shows them all. A key that
//! nobody asked for is unknown: [`Section::finish`] says so and names the nearest that was asked for.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, Faults, Gathered};

/// Why a value cannot be taken; the place where it is not the value as a whole.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) what: String,
    pub(crate) span: Option<Range<usize>>,
}

impl From<String> for Wrong {
    fn from(what: String) -> Self {
        Self { what, span: None }
    }
}

impl From<&str> for Wrong {
    fn from(what: &str) -> Self {
        what.to_owned().into()
    }
}

/// What reading a value gives.
pub(crate) type Read<T> = Result<T, Wrong>;

/// The file being read: where lines begin, what paths are relative to, and the faults so far.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) faults: Gathered,
    base_dir: PathBuf,
    line_ends: Vec<usize>,
    /// Every `section key` asked for.
    asked: RefCell<Vec<(String, &'static str)>>,
}

impl Context {
    pub(crate) fn new(text: &str, file_name: &str, base_dir: &Path) -> Self {
        Self {
            faults: Gathered::new(file_name),
            base_dir: base_dir.to_owned(),
            line_ends: text
                .bytes()
                .enumerate()
                .filter(|(_, octet)| *octet == b'\n')
                .map(|(at, _)| at)
                .collect(),
            asked: RefCell::default(),
        }
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// A path of the file, relative to its folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.base_dir.join(path)
    }

    /// Sections and keys asked for so far.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> Vec<(String, &'static str)> {
        self.asked.borrow().clone()
    }
}

/// One table of the file, or its absence.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) context: &'a Context,
    /// As it is written in the file: `[node]`, `[[carrier]]`, `match of [[route]]`.
    title: String,
    table: Option<&'a DeTable<'a>>,
    /// Line of its header; the first of the file where it is absent.
    pub(crate) line: usize,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(
        context: &'a Context,
        title: &str,
        table: Option<(&'a DeTable<'a>, usize)>,
    ) -> Self {
        Self {
            context,
            title: title.to_owned(),
            table: table.map(|(table, _)| table),
            line: table.map_or(1, |(_, line)| line),
            known: RefCell::default(),
        }
    }

    /// The value of a key, which is known from now on.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().push(key);
        self.context
            .asked
            .borrow_mut()
            .push((self.title.clone(), key));
        self.table?.get(key)
    }

    /// The line of a key, or of the section where the key is absent.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        let entry = self.table.and_then(|table| table.get_key_value(key));
        entry.map_or(self.line, |(key, _)| self.context.line(key.span().start))
    }

    /// A fault at the line of a key.
    pub(crate) fn fault(&self, key: &str, what: impl AsRef<str>) {
        self.fault_at(self.line_of(key), key, what.as_ref());
    }

    /// A value that may be absent.
    pub(crate) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&DeValue<'_>) -> Read<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        match read(value.get_ref()) {
            Ok(value) => Some(value),
            Err(wrong) => {
                let span = wrong.span.unwrap_or_else(|| value.span());
                self.fault_at(self.context.line(span.start), key, &wrong.what);
                None
            }
        }
    }

    /// A value with a default.
    pub(crate) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&DeValue<'_>) -> Read<T>,
    ) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// A value that has to be there; none only after a fault was gathered.
    pub(crate) fn required<T>(
        &self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&DeValue<'_>) -> Read<T>,
    ) -> Option<T> {
        if self.table.is_none_or(|table| !table.contains_key(key)) {
            self.context.faults.add(
                self.line,
                format!(
                    "`{key}` is missing in {}; write {key} = {example}",
                    self.title
                ),
            );
        }
        self.optional(key, read)
    }

    /// A table inside this one.
    pub(crate) fn inner(&self, key: &'static str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        let line = self.context.line(value.span().start);
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(
                self.context,
                &format!("{key} of {}", self.title),
                Some((table, line)),
            )),
            None => {
                self.fault(key, format!("has to be a table, as {key} = {{ ... }}"));
                None
            }
        }
    }

    /// The tables of a list inside this one; one table counts as a list of one.
    pub(crate) fn inners(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let elements = match value.get_ref() {
            DeValue::Array(elements) => elements.iter().collect(),
            _ => vec![value],
        };
        let title = format!("{key} of {}", self.title);
        let mut sections = Vec::with_capacity(elements.len());
        for element in elements {
            let line = self.context.line(element.span().start);
            match element.get_ref().as_table() {
                Some(table) => {
                    sections.push(Section::new(self.context, &title, Some((table, line))));
                }
                None => self.fault_at(
                    line,
                    key,
                    "has to be a list of tables, as [{ ... }, { ... }]",
                ),
            }
        }
        sections
    }

    /// The entries of a table inside this one whose keys are data.
    pub(crate) fn entries(&self, key: &'static str) -> Vec<Entry<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            self.fault(key, format!("has to be a table, as {key} = {{ ... }}"));
            return Vec::new();
        };
        let entry = |(name, value): (
            &'a Spanned<std::borrow::Cow<'a, str>>,
            &'a Spanned<DeValue<'a>>,
        )| Entry {
            context: self.context,
            title: format!("{key} of {}", self.title),
            line: self.context.line(name.span().start),
            key: name.get_ref(),
            value: value.get_ref(),
        };
        table.iter().map(entry).collect()
    }

    /// Whether the key stands in the file.
    pub(crate) fn holds(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Whether no key stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_none_or(DeTable::is_empty)
    }

    /// Says which keys nobody asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for (key, _) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let line = self.context.line(key.span().start);
                let cure = nearest(name, &known);
                self.context.faults.add(
                    line,
                    format!("unknown key `{name}` in {}; {cure}", self.title),
                );
            }
        }
    }

    fn fault_at(&self, line: usize, key: &str, what: &str) {
        self.context
            .faults
            .add(line, format!("`{key}` in {} {what}", self.title));
    }
}

/// A key that is data, and its value.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    context: &'a Context,
    title: String,
    line: usize,
    pub(crate) key: &'a str,
    pub(crate) value: &'a DeValue<'a>,
}

impl Entry<'_> {
    /// The file it stands in.
    pub(crate) const fn context(&self) -> &Context {
        self.context
    }

    /// What was read, or a fault at the entry's line.
    pub(crate) fn checked<T>(&self, read: Read<T>) -> Option<T> {
        read.map_err(|wrong| self.fault(wrong.what)).ok()
    }

    /// A fault at the entry's line.
    pub(crate) fn fault(&self, what: impl AsRef<str>) {
        let (key, title) = (self.key.escape_default(), &self.title);
        self.context
            .faults
            .add(self.line, format!("`{key}` in {title} {}", what.as_ref()));
    }
}

/// The tables of a text; what a broken text still yields would only bring faults that are none.
pub(crate) fn document<'t>(
    text: &'t str,
    context: &Context,
) -> Result<Spanned<DeTable<'t>>, Faults> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut last = None;
    for error in &errors {
        let line = error.span().map_or(1, |span| context.line(span.start));
        // One slip makes the parser stumble several times on its line.
        if last.replace(line) != Some(line) {
            context.faults.add(
                line,
                format!("is not TOML: {}", error.message().replace('\n', "; ")),
            );
        }
    }
    match context.faults.take() {
        Some(faults) => Err(faults),
        None => Ok(document),
    }
}

/// The text of a file of at most so many octets.
pub(crate) fn text_of(path: &Path, octets_max: u64) -> Result<String, Faults> {
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(octets_max + 1).read_to_string(&mut text));
    let what = match read {
        Ok(octets) if octets as u64 <= octets_max => return Ok(text),
        Ok(_) => format!("is larger than {octets_max} octets"),
        Err(error) => format!("cannot be read: {error}"),
    };
    Err(Faults(vec![Fault {
        file: path.display().to_string(),
        line: 0,
        what,
    }]))
}

/// "did you mean" where something is near, else what is known.
pub(crate) fn nearest(found: &str, known: &[&str]) -> String {
    let distance = |name: &str| strsim::damerau_levenshtein(found, name);
    match known.iter().min_by_key(|name| distance(name)) {
        Some(name) if distance(name) <= (found.chars().count() / 3).max(2) => {
            format!("did you mean `{name}`?")
        }
        _ => format!("known are {}", known.join(", ")),
    }
}
