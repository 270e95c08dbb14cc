//! Reading lists of ported numbers into a [`Sorter`].
//!
//! Promise: all faults of all lists at once. Rows that are read after a fault are looked at and not kept.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use carrack_routing::numbering::portability::{Dump, DumpKind};
use carrack_settings::Faults;

use super::progress::Progress;
use super::sort::{Sorted, Sorter};
use crate::fault::Fault;
use crate::numbering::{faults_of, whole};

/// Rows between two looks at how far it is.
const LOOK: u64 = 1 << 16;

/// A file that counts what was read of it.
pub(crate) struct Counted {
    pub(crate) file: File,
    pub(crate) octets: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(room)?;
        self.octets.set(self.octets.get() + read as u64);
        Ok(read)
    }
}

/// Reads lists one after the other; where a number stands in two, the later counts. Gives the rows read, too.
pub(super) fn read(
    paths: &[PathBuf],
    kind: DumpKind,
    folder: &Path,
) -> Result<(Sorted, u64), Fault> {
    let lengths = paths
        .iter()
        .map(|path| path.metadata().map_or(0, |file| file.len()));
    let mut progress = Progress::start("rows read", lengths.sum());
    let octets = Rc::new(Cell::new(0));
    let mut sorter = Sorter::new(folder);
    let mut faults = Vec::new();
    for path in paths {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                faults.push(whole(path, format!("cannot be read: {error}")));
                continue;
            }
        };
        let name = path.display().to_string();
        let octets_here = Rc::clone(&octets);
        let counted = Counted {
            file,
            octets: octets_here,
        };
        let mut dump = Dump::open(counted, &name, kind);
        let is_good = faults.is_empty();
        let before = sorter.given();
        while let Some(row) = dump.next() {
            if is_good {
                sorter.push((row.number.as_u64(), row.network.as_u32()))?;
            }
            if dump.rows().is_multiple_of(LOOK) {
                progress.show(before + dump.rows(), octets.get());
            }
        }
        if let Err(found) = dump.finish() {
            faults.extend(faults_of(path, found));
        }
    }
    progress.finish(sorter.given());
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    let rows = sorter.given();
    Ok((sorter.sorted()?, rows))
}
