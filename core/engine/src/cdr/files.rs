//! The files themselves: cut back, appended to, synced, finished.
//!
//! Promise: a file that has its final name is whole and is not touched again; until then it ends in `.open`, and what
//! counts of it is what the position says. Bound: [`BUFFER_OCTETS`] a file and a round. Fails by [`CdrFault`]; then the
//! whole is begun again from the position.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::CdrFormat;
use super::fault::{CdrFault, file};
use super::line::{Line, header};
use super::position::{FilePart, FileSet};

const BUFFER_OCTETS: usize = 256 << 10;

struct Part {
    format: CdrFormat,
    path: PathBuf,
    file: File,
    octets: u64,
    buffer: Vec<u8>,
}

/// The files that are written to.
pub(super) struct OpenFiles {
    set: FileSet,
    parts: Vec<Part>,
    /// Their names are not on the disk yet.
    is_new: bool,
}

fn final_path(set: &FileSet, format: CdrFormat) -> PathBuf {
    set.folder.join(format!("{}.{}", set.stem, format.ending()))
}

fn open_path(set: &FileSet, format: CdrFormat) -> PathBuf {
    set.folder
        .join(format!("{}.{}.open", set.stem, format.ending()))
}

fn sync_folder(folder: &Path) -> Result<(), CdrFault> {
    let opened = File::open(folder).and_then(|folder| folder.sync_all());
    opened.map_err(file("sync", folder))
}

/// Makes the folder where it was never used; one that was used and is gone is on a disk that is missing.
pub(super) fn look_for_folder(folder: &Path, was_used: bool) -> Result<(), CdrFault> {
    if was_used {
        return std::fs::read_dir(folder)
            .map(drop)
            .map_err(file("find", folder));
    }
    std::fs::create_dir_all(folder).map_err(file("make", folder))
}

impl OpenFiles {
    /// Opens the files of a set as the position knows them: what is behind their length there never counted.
    ///
    /// `None`: they are shorter than that, so something of them is lost.
    pub(super) fn open(set: FileSet) -> Result<Option<Self>, CdrFault> {
        let mut parts = Vec::with_capacity(set.parts.len());
        let mut is_short = false;
        for FilePart { format, octets } in set.parts.iter().cloned() {
            let path = open_path(&set, format);
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(octets == 0);
            let mut opened = match options.open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound && octets > 0 => {
                    return Err(CdrFault::Missing { path, octets });
                }
                opened => opened.map_err(file("open", &path))?,
            };
            let found = opened.metadata().map_err(file("look at", &path))?.len();
            is_short |= found < octets;
            if found > octets {
                opened.set_len(octets).map_err(file("cut", &path))?;
            }
            let end = opened.seek(SeekFrom::End(0));
            end.map_err(file("seek in", &path))?;
            let mut part = Part {
                format,
                path,
                file: opened,
                octets,
                buffer: Vec::with_capacity(BUFFER_OCTETS),
            };
            if octets == 0 {
                part.buffer = header(format);
            }
            parts.push(part);
        }
        if is_short {
            return Ok(None);
        }
        Ok(Some(Self {
            is_new: set.parts.iter().any(|part| part.octets == 0),
            set,
            parts,
        }))
    }

    /// Appends a line to each.
    pub(super) fn append(&mut self, line: &Line<'_>) -> Result<(), CdrFault> {
        self.set.lines += 1;
        for part in &mut self.parts {
            line.write(part.format, &mut part.buffer);
            if part.buffer.len() >= BUFFER_OCTETS {
                part.flush()?;
            }
        }
        Ok(())
    }

    /// Octets of the largest, those in memory included.
    pub(super) fn octets(&self) -> u64 {
        let octets = |part: &Part| part.octets + part.buffer.len() as u64;
        self.parts.iter().map(octets).max().unwrap_or(0)
    }

    pub(super) fn begun_utc_ns(&self) -> u64 {
        self.set.begun_utc_ns
    }

    pub(super) fn lines(&self) -> u64 {
        self.set.lines
    }

    /// Brings all of it to the disk; gives what the position is to say.
    pub(super) fn sync(&mut self) -> Result<FileSet, CdrFault> {
        for part in &mut self.parts {
            part.flush()?;
            part.file.sync_data().map_err(file("sync", &part.path))?;
        }
        if std::mem::take(&mut self.is_new) {
            sync_folder(&self.set.folder)?;
        }
        let part = |part: &Part| FilePart {
            format: part.format,
            octets: part.octets,
        };
        self.set.parts = self.parts.iter().map(part).collect();
        Ok(self.set.clone())
    }
}

impl Part {
    fn flush(&mut self) -> Result<(), CdrFault> {
        self.file
            .write_all(&self.buffer)
            .map_err(file("write", &self.path))?;
        self.octets += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Leaves files that have lost something as they are, under another name.
pub(super) fn put_aside(set: &FileSet) -> Result<(), CdrFault> {
    for part in &set.parts {
        let open = open_path(set, part.format);
        let aside = final_path(set, part.format).with_added_extension("damaged");
        tracing::error!(
            path = %aside.display(),
            octets_written = part.octets,
            "a CDR file is shorter than what was written to it; it is left under this name, and another is begun"
        );
        std::fs::rename(&open, &aside).map_err(file("rename", &open))?;
    }
    sync_folder(&set.folder)
}

/// Gives a set its final names, once or again. Files of it that are gone were taken away finished.
pub(super) fn finish(set: &FileSet) -> Result<(), CdrFault> {
    for part in &set.parts {
        let (open, done) = (open_path(set, part.format), final_path(set, part.format));
        let opened = match OpenOptions::new().write(true).open(&open) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            opened => opened.map_err(file("open", &open))?,
        };
        let found = opened.metadata().map_err(file("look at", &open))?.len();
        if found > part.octets {
            opened.set_len(part.octets).map_err(file("cut", &open))?;
        }
        opened.sync_all().map_err(file("sync", &open))?;
        std::fs::rename(&open, &done).map_err(file("rename", &open))?;
    }
    match sync_folder(&set.folder) {
        Err(CdrFault::File { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(()),
        synced => synced,
    }
}
