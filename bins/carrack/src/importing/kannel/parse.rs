//! `kannel.conf` as text: `name = value` lines, groups with blank lines between them, comments, `include`.
//!
//! Bound: [`FILES_MAX`] files; what includes itself is read once. A line that is none is listed and passed over.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::group::{Group, Pair};
use crate::importing::{Left, source};

const FILES_MAX: usize = 256;

/// What stands in the files.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) groups: Vec<Group>,
    pub(super) left: Vec<Left>,
    seen: HashSet<PathBuf>,
    /// Whether the next pair begins a group.
    is_between: bool,
}

/// Reads files and what they include.
pub(super) fn files(paths: &[PathBuf]) -> anyhow::Result<Parsed> {
    let mut parsed = Parsed::default();
    for path in paths {
        parsed.is_between = true;
        parsed.file(path)?;
    }
    Ok(parsed)
}

impl Parsed {
    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        if self.seen.len() >= FILES_MAX {
            anyhow::bail!("more than {FILES_MAX} files are included");
        }
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(whole) {
            return Ok(());
        }
        let text = source::text(path)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let name = path.display().to_string();
        let mut joined = String::new();
        for (place, line) in text.lines().enumerate() {
            // A backslash at its end joins the next line.
            if let Some(begun) = line.strip_suffix('\\') {
                joined.push_str(begun);
                continue;
            }
            joined.push_str(line);
            let whole = std::mem::take(&mut joined);
            self.line(path, &name, place + 1, whole.trim());
        }
        Ok(())
    }

    fn line(&mut self, path: &Path, file: &str, line: usize, text: &str) {
        if text.is_empty() {
            self.is_between = true;
            return;
        }
        if text.starts_with('#') {
            return;
        }
        let Some((key, value)) = text.split_once('=') else {
            return self.leave(
                file,
                line,
                text,
                "is no `name = value`; Kannel does not read it either",
            );
        };
        let pair = Pair {
            name: key.trim().to_ascii_lowercase(),
            value: unquoted(value.trim()),
            file: file.to_owned(),
            line,
        };
        if pair.name == "include" {
            return self.include(path, &pair);
        }
        if pair.name == "group" {
            self.groups.push(Group::new(&pair));
            self.is_between = false;
            return;
        }
        match self.groups.last_mut() {
            Some(group) if !self.is_between => group.pairs.push(pair),
            _ => self.leave(
                file,
                line,
                text,
                "stands in no group: `group = ...` is a group's first line",
            ),
        }
    }

    fn include(&mut self, from: &Path, pair: &Pair) {
        self.is_between = true;
        let named = PathBuf::from(&pair.value);
        // Kannel looks from where it was started; that is mostly where its files are.
        let beside = from.parent().map(|folder| folder.join(&named));
        let found = [Some(named), beside]
            .into_iter()
            .flatten()
            .find(|path| path.exists());
        let what = format!("include = {}", pair.value);
        let Some(found) = found else {
            return self.leave(
                &pair.file,
                pair.line,
                &what,
                "is not there; name it beside the others",
            );
        };
        let whole = found.canonicalize().unwrap_or_else(|_| found.clone());
        if self.seen.contains(&whole) {
            let why = "was read before, by another include or by itself; it counts once, take the line out";
            return self.leave(&pair.file, pair.line, &what, why);
        }
        let included = match found.is_dir() {
            false => self.file(&found),
            true => files_of(&found).and_then(|files| {
                files.iter().try_for_each(|file| {
                    self.is_between = true;
                    self.file(file)
                })
            }),
        };
        if let Err(fault) = included {
            self.leave(&pair.file, pair.line, &what, &fault.to_string());
        }
        self.is_between = true;
    }

    fn leave(&mut self, file: &str, line: usize, what: &str, why: &str) {
        self.left.push(Left {
            file: file.to_owned(),
            line,
            what: what.to_owned(),
            why: why.to_owned(),
        });
    }
}

fn files_of(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// Without the quotes around it; a backslash takes the next sign as it is.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut signs = inner.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => out.extend(signs.next()),
            sign => out.push(sign),
        }
    }
    out
}
