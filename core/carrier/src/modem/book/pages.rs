//! The file of a node's SIMs: what is where, and what is wrong with one.
//!
//! A header, then a place for each SIM: two copies of its record and its recipients of this month. The layout stands in the header.
//! Promise: a file that is not one, is cut, of a later version or torn is told with its cure and left as it is. Bound: the layout.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use carrack_message::Msisdn;
use thiserror::Error;

use super::octets::{Reader, Writer};
use super::record::{self, CHECKSUM_OCTETS, Found, RECORD_OCTETS};
use super::sheet::Kept;

/// Octets before the first place: a page.
pub(super) const HEADER_OCTETS: u64 = 4_096;
const PAGE_OCTETS: u64 = 4_096;
const MAGIC: [u8; 8] = *b"CRKSIMS\n";
const VERSION: u32 = 1;
const RECIPIENT_OCTETS: u64 = 8;
const MSISDN_BITS: u32 = 50;

/// Octets that outlive the process: a mapped file, or memory.
pub trait SimPages: Send + Sync {
    /// How many there are.
    fn octets(&self) -> u64;
    /// Reads from a place; what lies beyond the end is left as it is.
    fn read(&self, at: u64, into: &mut [u8]);
    /// Writes at a place; when it returns, no end of this process loses it. Nothing is written beyond the end.
    fn write(&self, at: u64, from: &[u8]);
}

/// Pages that no restart survives: for simulations and tests.
#[derive(Debug, Default)]
pub struct MemoryPages(Mutex<Vec<u8>>);

impl MemoryPages {
    /// Pages with an empty book in them.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let mut octets = vec![0; layout.octets() as usize];
        let header = layout.header();
        if let Some(place) = octets.get_mut(..header.len()) {
            place.copy_from_slice(&header);
        }
        Self(Mutex::new(octets))
    }

    /// Pages with these octets in them.
    #[must_use]
    pub const fn of(octets: Vec<u8>) -> Self {
        Self(Mutex::new(octets))
    }

    /// What stands in them.
    #[must_use]
    pub fn copy(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl SimPages for MemoryPages {
    fn octets(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) {
        let octets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = octets.get(at as usize..at as usize + into.len()) {
            into.copy_from_slice(place);
        }
    }

    fn write(&self, at: u64, from: &[u8]) {
        let mut octets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = octets.get_mut(at as usize..at as usize + from.len()) {
            place.copy_from_slice(from);
        }
    }
}

/// Why there is no book.
#[derive(Debug, Error)]
pub enum BookFault {
    /// It cannot be made, opened or mapped.
    #[error("{}: {source}; the folder must be writable and have {octets} octets free", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it takes.
        octets: u64,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else, or its header is spoiled.
    #[error(
        "{}: is no book of SIMs, or its header is spoiled; put a copy of it there, or move it away and start: then every SIM is counted \
         from nothing, so lower the caps for the rest of the month", path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is shorter than its header says.
    #[error(
        "{}: has {octets} octets and should have {expected}: it was cut; put a copy of it there, or move it away and start: then every SIM \
         is counted from nothing, so lower the caps for the rest of the month", path.display()
    )]
    Cut {
        /// The file.
        path: PathBuf,
        /// Its length.
        octets: u64,
        /// What its header says.
        expected: u64,
    },
    /// One SIM cannot be read.
    #[error(
        "{}: what was counted of SIM {place} cannot be read; put a copy of the file there, or move it away and start: then every SIM is \
         counted from nothing, so lower the caps for the rest of the month", path.display()
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// Which, from 0.
        place: u32,
    },
    /// A later program wrote it.
    #[error("{}: was written by a later version ({version}) of this program; run that one, or move the file away and start: then every SIM is counted from nothing", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// The version.
        version: u32,
    },
    /// The settings have less room than the SIMs in it take.
    #[error("{}: has {found}, and `{key}` of [modems] is less; raise it to {found} at least", path.display())]
    TooSmall {
        /// The file.
        path: PathBuf,
        /// Of `[modems]`.
        key: &'static str,
        /// What there is.
        found: u32,
    },
}

/// How many SIMs, and recipients of each, there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// SIMs.
    pub sims_max: u32,
    /// Recipients of a month, each.
    pub recipients_max: u32,
}

impl From<carrack_settings::Modems> for Layout {
    fn from(modems: carrack_settings::Modems) -> Self {
        Self {
            sims_max: modems.sims_max,
            recipients_max: modems.recipients_max,
        }
    }
}

impl Layout {
    const fn place_octets(self) -> u64 {
        let octets = 2 * RECORD_OCTETS as u64 + self.recipients_max as u64 * RECIPIENT_OCTETS;
        octets.next_multiple_of(PAGE_OCTETS)
    }

    /// Length of the file.
    #[must_use]
    pub const fn octets(self) -> u64 {
        HEADER_OCTETS + self.sims_max as u64 * self.place_octets()
    }

    const fn record_at(self, place: u32, sequence: u64) -> u64 {
        self.place_at(place) + sequence % 2 * RECORD_OCTETS as u64
    }

    const fn place_at(self, place: u32) -> u64 {
        HEADER_OCTETS + place as u64 * self.place_octets()
    }

    const fn recipient_at(self, place: u32, number: u32) -> u64 {
        self.place_at(place) + 2 * RECORD_OCTETS as u64 + number as u64 * RECIPIENT_OCTETS
    }

    /// The header of a file of this layout.
    #[must_use]
    pub fn header(self) -> [u8; 24] {
        let mut octets = [0; 24];
        let mut to = Writer::new(&mut octets);
        to.put(MAGIC);
        to.u32(VERSION);
        to.u32(self.sims_max);
        to.u32(self.recipients_max);
        let sum = crc32c::crc32c(octets.get(..20).unwrap_or_default());
        let mut to = Writer::new(octets.get_mut(20..).unwrap_or_default());
        to.u32(sum);
        octets
    }

    /// The layout of what stands in pages; `path` is what faults call them.
    ///
    /// # Errors
    /// [`BookFault::Foreign`], [`BookFault::Later`], [`BookFault::Cut`].
    pub fn of(pages: &dyn SimPages, path: &std::path::Path) -> Result<Self, BookFault> {
        let path = path.to_owned();
        let mut octets = [0; 24];
        pages.read(0, &mut octets);
        let mut from = Reader::new(&octets);
        let (magic, version) = (from.take::<8>(), from.u32());
        let layout = Self {
            sims_max: from.u32(),
            recipients_max: from.u32(),
        };
        let sum = crc32c::crc32c(octets.get(..20).unwrap_or_default());
        if magic != MAGIC || from.u32() != sum {
            return Err(BookFault::Foreign { path });
        }
        if version > VERSION {
            return Err(BookFault::Later { path, version });
        }
        let (octets, expected) = (pages.octets(), layout.octets());
        if octets < expected {
            return Err(BookFault::Cut {
                path,
                octets,
                expected,
            });
        }
        Ok(layout)
    }

    /// Writes a SIM's record over the older of its copies.
    pub(super) fn write(self, pages: &dyn SimPages, place: u32, kept: &Kept, sequence: u64) {
        let (at, octets) = (
            self.record_at(place, sequence),
            record::written(kept, sequence),
        );
        if let Some((checksum, rest)) = octets.split_at_checked(CHECKSUM_OCTETS) {
            pages.write(at + CHECKSUM_OCTETS as u64, rest);
            pages.write(at, checksum);
        }
    }

    pub(super) fn read(self, pages: &dyn SimPages, place: u32) -> Found {
        let mut copies = [[0; RECORD_OCTETS]; 2];
        for (sequence, copy) in (0_u64..).zip(&mut copies) {
            pages.read(self.record_at(place, sequence), copy);
        }
        let [even, odd] = &copies;
        record::read([even, odd])
    }

    pub(super) fn write_recipient(self, pages: &dyn SimPages, place: u32, number: u32, to: Msisdn) {
        if number < self.recipients_max {
            let octets = checked(to).to_le_bytes();
            pages.write(self.recipient_at(place, number), &octets);
        }
    }

    /// Those of a SIM's first recipients that can be read; one that cannot counts as a new one when it comes again.
    pub(super) fn read_recipients(
        self,
        pages: &dyn SimPages,
        place: u32,
        count: u32,
    ) -> impl Iterator<Item = u64> {
        (0..count.min(self.recipients_max)).filter_map(move |number| {
            let mut octets = [0; 8];
            pages.read(self.recipient_at(place, number), &mut octets);
            let found = u64::from_le_bytes(octets);
            let to = Msisdn::from_u64(found & ((1 << MSISDN_BITS) - 1))?;
            (checked(to) == found).then_some(to.as_u64())
        })
    }
}

/// A number, and above it what tells it from noise.
fn checked(to: Msisdn) -> u64 {
    let sum = crc32c::crc32c(&to.as_u64().to_le_bytes());
    to.as_u64() | u64::from(sum) << MSISDN_BITS
}

/// Takes all SIMs of pages over into others of another layout, which are empty.
///
/// # Errors
/// [`BookFault::Torn`], [`BookFault::Later`], [`BookFault::TooSmall`].
pub fn transfer(
    from: (&dyn SimPages, Layout),
    to: (&dyn SimPages, Layout),
    path: &std::path::Path,
) -> Result<(), BookFault> {
    let mut next = 0;
    for place in 0..from.1.sims_max {
        let Some((kept, sequence)) = sim_at(from.0, from.1, place, path)? else {
            continue;
        };
        let too_small = |key, found| BookFault::TooSmall {
            path: path.to_owned(),
            key,
            found,
        };
        if kept.recipients > to.1.recipients_max {
            return Err(too_small("recipients_max", kept.recipients));
        }
        if next < to.1.sims_max {
            let recipients = from.1.read_recipients(from.0, place, kept.recipients);
            for (number, recipient) in (0..).zip(recipients) {
                if let Some(recipient) = Msisdn::from_u64(recipient) {
                    to.1.write_recipient(to.0, next, number, recipient);
                }
            }
            to.1.write(to.0, next, &kept, sequence);
        }
        next += 1;
    }
    if next > to.1.sims_max {
        return Err(BookFault::TooSmall {
            path: path.to_owned(),
            key: "sims_max",
            found: next,
        });
    }
    Ok(())
}

/// The SIM at a place; none where it is empty.
pub(super) fn sim_at(
    pages: &dyn SimPages,
    layout: Layout,
    place: u32,
    path: &std::path::Path,
) -> Result<Option<(Box<Kept>, u64)>, BookFault> {
    let path = || path.to_owned();
    match layout.read(pages, place) {
        Found::Empty => Ok(None),
        Found::Sim(kept, sequence) => Ok(Some((kept, sequence))),
        Found::Later(version) => Err(BookFault::Later {
            path: path(),
            version,
        }),
        Found::Torn => Err(BookFault::Torn {
            path: path(),
            place,
        }),
    }
}
