//! Files mapped into memory to be read: the one place that does so here.
//!
//! Promise: opening costs no reading, and what many nodes of a machine map is in its memory once. What is mapped is the
//! file that had the name then: one that is renamed into its place leaves it as it is. Fails by what the system says.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::{Advice, Mmap, MmapOptions};

/// A file as octets.
pub(crate) struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Mapped {
    /// Maps a file, and asks the system to read it ahead where `is_read_ahead`.
    pub(crate) fn open(path: &Path, is_read_ahead: bool) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a file"));
        }
        let mapped = map(&file)?;
        if is_read_ahead {
            // A system that does not take the advice reads the pages when they are asked for.
            let _ = mapped.advise(Advice::WillNeed);
        }
        Ok(Self(mapped))
    }
}

#[allow(
    unsafe_code,
    reason = "an index of hundreds of megabytes is looked at in place; reading it would cost its size again in each process and at each reload"
)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is only read. Octets that change under it are answered wrongly and never trusted: every place
    // is checked before it is read. A file that is cut while it is mapped ends the process (SIGBUS); our commands
    // never write into an index but rename a new one into its place, and docs/numbers.md asks the same of others.
    unsafe { MmapOptions::new().map(file) }
}
