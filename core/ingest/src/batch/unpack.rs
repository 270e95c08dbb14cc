//! The text of a source, whatever it is packed and written in: octets of UTF-8, from its beginning.
//!
//! Promise: the same octets at every reading, so a place in them can be found again. Whole frames and members one behind
//! the other are one source. Bound: octets unpacked as set, the window of zstd as [`WINDOW_LOG_MAX`] says, two blocks.
//! Fails with the error of the disk (it has an OS code), or, where the source is broken, with one that says so for people.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::charset::Transcoder;
use super::shape::{Compression, Shape};

/// Largest window of a zstd frame, as a power of two: 32 MiB, what `zstd --ultra -20` takes.
const WINDOW_LOG_MAX: u32 = 25;
const BLOCK_OCTETS: usize = 64 << 10;

/// A file that counts what was read of it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(block)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A source being read as text.
pub(crate) struct Unpacked {
    inner: Box<dyn Read + Send>,
    compression: Compression,
    /// Octets unpacked, before they were turned into UTF-8.
    octets: u64,
    octets_max: u64,
    transcoder: Option<Transcoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How much of `text` was given.
    given: usize,
    ended: bool,
    read: Arc<AtomicU64>,
}

impl Unpacked {
    pub(crate) fn open(path: &Path, shape: &Shape, octets_max: u64) -> io::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let file = Counted {
            file: File::open(path)?,
            read: Arc::clone(&read),
        };
        let inner: Box<dyn Read + Send> = match shape.compression {
            Compression::None => Box::new(file),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                BLOCK_OCTETS,
                file,
            ))),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(file)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        };
        Ok(Self {
            inner,
            compression: shape.compression,
            octets: 0,
            octets_max: match shape.compression {
                Compression::None => u64::MAX,
                _ => octets_max,
            },
            transcoder: (!shape.encoding.is_utf8()).then(|| shape.encoding.transcoder()),
            raw: vec![0; BLOCK_OCTETS],
            text: Vec::new(),
            given: 0,
            ended: false,
            read,
        })
    }

    /// Octets of the file that were read so far, for those who watch.
    pub(crate) fn octets_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// Reads what was unpacked; a fault of what is packed says so.
    fn raw(&mut self, block: Option<&mut [u8]>) -> io::Result<usize> {
        let block = block.unwrap_or(&mut self.raw);
        let read = match self.inner.read(block) {
            Ok(read) => read,
            Err(error)
                if error.raw_os_error().is_some()
                    || error.kind() == io::ErrorKind::Interrupted
                    || self.compression == Compression::None =>
            {
                return Err(error);
            }
            Err(error) => return Err(self.broken(&error)),
        };
        self.octets += read as u64;
        if self.octets > self.octets_max {
            return Err(io::Error::other(format!(
                "the file unpacks to more than the {} octets allowed (`unpacked_max` of [batch]); divide it",
                self.octets_max
            )));
        }
        Ok(read)
    }

    fn broken(&self, error: &io::Error) -> io::Error {
        let archive = match self.compression {
            Compression::Zstd => "zstd",
            _ => "gzip",
        };
        let (read, octets) = (self.read.load(Ordering::Relaxed), self.octets);
        let what = if error.kind() == io::ErrorKind::UnexpectedEof {
            "is cut off".to_owned()
        } else {
            format!("is broken ({error})")
        };
        io::Error::other(format!(
            "the {archive} archive {what} within its first {read} octets, after {octets} octets of text; what stands before is taken, pack the rest anew"
        ))
    }
}

impl Read for Unpacked {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if self.transcoder.is_none() {
            return self.raw(Some(block));
        }
        while self.given == self.text.len() && !self.ended {
            let read = self.raw(None)?;
            self.text.clear();
            self.given = 0;
            self.ended = read == 0;
            let raw = self.raw.get(..read).unwrap_or_default();
            if let Some(transcoder) = &mut self.transcoder {
                transcoder.take(raw, self.ended, &mut self.text);
            }
        }
        let rest = self.text.get(self.given..).unwrap_or_default();
        let octets = rest.len().min(block.len());
        if let (Some(to), Some(from)) = (block.get_mut(..octets), rest.get(..octets)) {
            to.copy_from_slice(from);
        }
        self.given += octets;
        Ok(octets)
    }
}
