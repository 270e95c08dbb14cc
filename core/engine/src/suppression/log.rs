//! The file of what was added to a list: a line an entry, each with its checksum.
//!
//! Promise: [`Log::append`] returns when the lines are on the disk; a write that failed leaves none of them. A line that
//! cannot be read hides no other: one at the end that was cut by a crash was never answered and is cut away, any other is
//! named in the log of the node. Shape of a line: CRC-32C of the rest as eight hexadecimal digits, a blank, JSON.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use carrack_routing::suppression::{Hashing, Keys, Mark, Reason, SuppressionIndex};
use serde::{Deserialize, Serialize};

use super::{MapFile, SuppressedBy};

/// Longest line: a name of an account or sender and some numbers.
const LINE_OCTETS_MAX: usize = 4096;

/// One entry as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "k")]
    pub(super) key: u64,
    /// 0 where the list holds hashes.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    pub(super) number: u64,
    #[serde(rename = "s", default, skip_serializing_if = "String::is_empty")]
    pub(super) name: String,
    #[serde(rename = "m")]
    mark: u32,
    #[serde(rename = "t")]
    pub(super) at_utc_ms: u64,
    pub(super) by: SuppressedBy,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Entry {
    pub(super) fn new(key: u64, mark: Mark, at_utc_ms: u64, by: SuppressedBy) -> Self {
        Self {
            key,
            number: 0,
            name: String::new(),
            mark: mark.as_u32(),
            at_utc_ms,
            by,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark::from_u32(self.mark).unwrap_or(Mark {
            reason: Reason::Other,
            ends_day: 0,
            is_removed: false,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// Stands first: what the secret of the list makes of nothing, and until when handsets' wishes are in the index.
    Begins {
        check: Option<u64>,
        settled_until_ms: u64,
    },
    Entry(Entry),
}

/// The name of the file of a list: another scope or hash has a file of its own, as its keys are others.
pub(super) fn file_name(list: &str, keys: &Keys) -> String {
    format!("{list}.{}-{}", keys.scope.name(), keys.hashing.name())
}

/// The file, open to be added to.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    octets: u64,
    check: Option<u64>,
    /// What handsets said until then, and is not in memory, is in the index.
    pub(super) settled_until_ms: u64,
    /// Lines wait here until they are written.
    lines: Vec<u8>,
    /// Times that it was written and synced.
    #[cfg(test)]
    pub(super) appended: usize,
}

impl Log {
    /// Opens or makes it; gives the entries in their order.
    pub(super) fn open(folder: &Path, name: &str, keys: &Keys) -> io::Result<(Self, Vec<Entry>)> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{name}.log"));
        let mut options = OpenOptions::new();
        let options = options.create(true).read(true).append(true);
        let file = options.open(&path).map_err(|error| named(&path, &error))?;
        let mut log = Self {
            path,
            file,
            octets: 0,
            check: keys.check(),
            settled_until_ms: 0,
            lines: Vec::new(),
            #[cfg(test)]
            appended: 0,
        };
        let entries = log.read()?;
        if log.octets == 0 {
            log.lines.clear();
            log.push(&Line::Begins {
                check: log.check,
                settled_until_ms: 0,
            });
            log.append()?;
            File::open(folder)?.sync_all()?;
        }
        Ok((log, entries))
    }

    /// Where the index of what was compacted lies.
    pub(super) fn index_path(&self) -> PathBuf {
        self.path.with_extension("idx")
    }

    fn read(&mut self) -> io::Result<Vec<Entry>> {
        let mut reader = BufReader::new(&self.file);
        let (mut entries, mut line) = (Vec::new(), Vec::new());
        let (mut at, mut good_until, mut bad) = (0_u64, 0_u64, 0_u64);
        let mut begins = None;
        loop {
            line.clear();
            let octets = reader.read_until(b'\n', &mut line)?;
            if octets == 0 {
                break;
            }
            at += octets as u64;
            match parse(&line) {
                Some(Line::Entry(entry)) => entries.push(entry),
                Some(Line::Begins {
                    check,
                    settled_until_ms,
                }) => begins = Some((check, settled_until_ms)),
                None => {
                    bad += 1;
                    continue;
                }
            }
            good_until = at;
        }
        if let Some((check, settled_until_ms)) = begins {
            if check != self.check {
                let what = "was written with another secret; give the list its old key, or move the file away";
                return Err(named(&self.path, &io::Error::other(what)));
            }
            self.settled_until_ms = settled_until_ms;
        }
        let torn = at > good_until;
        if bad > u64::from(torn) {
            let path = self.path.display();
            tracing::error!(%path, lines = bad, "lines of a suppression list cannot be read; their entries are lost");
        }
        if torn {
            self.file.set_len(good_until)?;
            self.file.sync_all()?;
        }
        self.octets = good_until;
        Ok(entries)
    }

    /// A line for the next [`Self::append`].
    pub(super) fn add(&mut self, entry: &Entry) {
        self.push(&Line::Entry(entry.clone()));
    }

    fn push(&mut self, line: &Line) {
        // Numbers and texts are always JSON.
        let json = serde_json::to_vec(line).unwrap_or_default();
        let crc = crc32c::crc32c(&json);
        // A vector takes all that is written to it.
        let _ = write!(self.lines, "{crc:08x} ");
        self.lines.extend_from_slice(&json);
        self.lines.push(b'\n');
    }

    /// Writes what was added, and waits for the disk.
    ///
    /// # Errors
    /// What the system says; nothing of it stands in the file then, and the lines are kept for another try.
    pub(super) fn append(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&self.lines);
        let synced = written.and_then(|()| self.file.sync_data());
        if let Err(error) = synced {
            // What of it stands there is not to be joined by the next try.
            self.file.set_len(self.octets)?;
            return Err(named(&self.path, &error));
        }
        self.octets += self.lines.len() as u64;
        self.lines.clear();
        #[cfg(test)]
        {
            self.appended += 1;
        }
        Ok(())
    }

    /// Takes back what was added and not written.
    pub(super) fn drop_lines(&mut self) {
        self.lines.clear();
    }

    /// Puts a file with these entries alone in its place.
    ///
    /// # Errors
    /// What the system says; the file is as it was then.
    pub(super) fn replace<'a>(
        &mut self,
        settled_until_ms: u64,
        entries: impl Iterator<Item = &'a Entry>,
    ) -> io::Result<()> {
        let path = self.path.with_extension("log.new");
        // One that a crash left; where there is none there is nothing to take away.
        let _ = std::fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let options = options.create(true).read(true).append(true);
        let mut fresh = Self {
            file: options.open(&path)?,
            path: path.clone(),
            octets: 0,
            check: self.check,
            settled_until_ms,
            lines: Vec::new(),
            #[cfg(test)]
            appended: 0,
        };
        fresh.push(&Line::Begins {
            check: self.check,
            settled_until_ms,
        });
        for entry in entries {
            fresh.add(entry);
        }
        fresh.append()?;
        std::fs::rename(&path, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        fresh.path.clone_from(&self.path);
        *self = fresh;
        Ok(())
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn parse(line: &[u8]) -> Option<Line> {
    if line.len() > LINE_OCTETS_MAX {
        return None;
    }
    let (crc, rest) = line.split_at_checked(8)?;
    let json = rest.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    let good = crc32c::crc32c(json) == crc;
    good.then(|| serde_json::from_slice(json).ok()).flatten()
}

/// Maps the index of what was compacted.
pub(super) fn open_index(keys: &Keys, path: &Path, map: &MapFile) -> io::Result<SuppressionIndex> {
    let octets = map(path).map_err(|error| named(path, &error))?;
    SuppressionIndex::open(keys, octets)
        .map_err(|fault| named(path, &io::Error::other(fault.to_string())))
}

/// Whether numbers may be written beside keys.
pub(super) const fn shows_numbers(keys: &Keys) -> bool {
    matches!(keys.hashing, Hashing::None)
}
