//! The text of a batch's source in blocks, the next one being read while one is worked on.
//!
//! Promise: blocks come in order, without gap, from any octet of the text on. Plain UTF-8 is read by the ring where it serves,
//! by plain reads elsewhere; what is packed or written otherwise is unpacked by a thread of its own, from its beginning. Bound:
//! two blocks, and what unpacking holds. Fails with the error of the disk, or with what is broken in the source.

use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carrack_runtime::Backend;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::shape::Shape;
use super::unpack::Unpacked;

/// Why no block comes.
#[derive(Debug)]
pub(crate) enum SourceFault {
    /// The disk; it may be better later.
    Disk(io::Error),
    /// The source itself, from here on.
    Broken(String),
}

impl From<io::Error> for SourceFault {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

#[derive(Clone)]
enum File {
    Ring(Rc<tokio_uring::fs::File>),
    Plain(Rc<std::fs::File>),
}

impl File {
    async fn open(path: &Path, backend: Backend) -> io::Result<Self> {
        Ok(match backend {
            Backend::Uring => Self::Ring(Rc::new(tokio_uring::fs::File::open(path).await?)),
            Backend::Epoll => Self::Plain(Rc::new(std::fs::File::open(path)?)),
        })
    }

    /// Up to `octets` octets from `at`; none at the end.
    async fn block(self, at: u64, octets: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Ring(file) => {
                let (read, block) = file.read_at(Vec::with_capacity(octets), at).await;
                read.map(|_| block)
            }
            Self::Plain(file) => {
                let mut block = vec![0; octets];
                let read = file.read_at(&mut block, at)?;
                block.truncate(read);
                Ok(block)
            }
        }
    }
}

/// A file whose octets are those of the text.
struct Direct {
    file: File,
    octets: usize,
    at: u64,
    ahead: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl Direct {
    async fn next(&mut self) -> io::Result<Vec<u8>> {
        let block = match self.ahead.take() {
            Some(ahead) => ahead.await.map_err(io::Error::other)??,
            None => self.file.clone().block(self.at, self.octets).await?,
        };
        self.at += block.len() as u64;
        if !block.is_empty() {
            let read = self.file.clone().block(self.at, self.octets);
            self.ahead = Some(tokio::task::spawn_local(read));
        }
        Ok(block)
    }
}

/// A file that another thread unpacks.
struct Apart {
    blocks: mpsc::Receiver<Result<Vec<u8>, SourceFault>>,
    octets_read: Arc<AtomicU64>,
}

enum Way {
    Direct(Direct),
    Apart(Apart),
}

/// Reads a source from some octet of its text on. Must be used inside `run_local`.
pub(crate) struct Source(Way);

impl Source {
    /// Opens a file; blocks have up to `octets` octets.
    pub(crate) async fn open(
        path: &Path,
        shape: &Shape,
        backend: Backend,
        at: u64,
        octets: usize,
        unpacked_max: u64,
    ) -> io::Result<Self> {
        let octets = octets.max(1);
        if !shape.is_direct() {
            let unpacked = Unpacked::open(path, shape, unpacked_max)?;
            return Ok(Self(Way::Apart(apart(unpacked, at, octets)?)));
        }
        Ok(Self(Way::Direct(Direct {
            file: File::open(path, backend).await?,
            octets,
            at,
            ahead: None,
        })))
    }

    /// The next block; an empty one is the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, SourceFault> {
        match &mut self.0 {
            Way::Direct(direct) => Ok(direct.next().await?),
            Way::Apart(apart) => apart.blocks.recv().await.unwrap_or_else(|| Ok(Vec::new())),
        }
    }

    /// Octets of the file that were read, where they are not those of the text.
    pub(crate) fn octets_read(&self) -> Option<u64> {
        match &self.0 {
            Way::Direct(_) => None,
            Way::Apart(apart) => Some(apart.octets_read.load(Ordering::Relaxed)),
        }
    }
}

/// Unpacks on a thread of its own, which ends with the source or with whoever reads it.
fn apart(mut unpacked: Unpacked, at: u64, octets: usize) -> io::Result<Apart> {
    let (sender, blocks) = mpsc::channel(1);
    let octets_read = unpacked.octets_read();
    let read = move || {
        let mut left = at;
        loop {
            let mut block = Vec::new();
            let wanted = if left > 0 {
                left.min(octets as u64)
            } else {
                octets as u64
            };
            let read = unpacked.by_ref().take(wanted).read_to_end(&mut block);
            let skips = left > 0;
            left = left.saturating_sub(block.len() as u64);
            // What was unpacked before the fault comes first.
            if !block.is_empty() && !skips && sender.blocking_send(Ok(block)).is_err() {
                return;
            }
            let fault = match read {
                Ok(0) => return,
                Ok(_) if sender.is_closed() => return,
                Ok(_) => continue,
                Err(error) if error.raw_os_error().is_some() => SourceFault::Disk(error),
                Err(error) => SourceFault::Broken(error.to_string()),
            };
            // Nobody waits for it any more only where the run has ended.
            drop(sender.blocking_send(Err(fault)));
            return;
        }
    };
    std::thread::Builder::new()
        .name("batch-unpack".to_owned())
        .spawn(read)?;
    Ok(Apart {
        blocks,
        octets_read,
    })
}
