//! `[cdr]`: files with the one final record of each message. Absent: none are written.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use crate::kind;
use crate::reader::{Read, Section};

/// How a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CdrFormat {
    /// A JSON object a line.
    Jsonl,
    /// A header line, then a row a record (RFC 4180).
    Csv,
}

/// `[cdr]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cdr {
    /// Folder of the files.
    pub folder: PathBuf,
    /// Formats, each once and at least one; a file each.
    pub format: Vec<CdrFormat>,
    /// Age at which a file is finished and the next one begun.
    pub rotate_after: Duration,
    /// Octets at which a file is finished.
    pub rotate_size: u64,
    /// Octets of the log that are kept only because their ends are in no file yet.
    pub hold_max: u64,
}

impl Cdr {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        let folder = |value: &DeValue<'_>| {
            let text = kind::text(value)?;
            if text.is_empty() {
                Err("is empty; name a folder".into())
            } else {
                Ok(section.context.path(&text))
            }
        };
        Self {
            folder: section.or("folder", section.context.path("cdr"), folder),
            format: section.or("format", vec![CdrFormat::Jsonl], formats),
            rotate_after: section.or("rotate_after", HOUR, kind::time(SECOND..=HOUR * 24 * 31)),
            rotate_size: section.or("rotate_size", 256 << 20, kind::octets(64 << 10..=1 << 40)),
            hold_max: section.or("hold_max", 10 << 30, kind::octets(1 << 20..=1 << 50)),
        }
    }
}

fn formats(value: &DeValue<'_>) -> Read<Vec<CdrFormat>> {
    const FORMATS: &[(&str, CdrFormat)] = &[("jsonl", CdrFormat::Jsonl), ("csv", CdrFormat::Csv)];
    let mut found = kind::one_or_list(kind::choice(FORMATS))(value)?;
    if found.is_empty() {
        return Err("is empty; name \"jsonl\", \"csv\" or both, or take [cdr] away".into());
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
