//! The text of a batch's source in blocks, the next one being read while one is worked on.
//!
//! Promise: blocks come in order, without gap, from any octet of the text on. Plain UTF-8 is read by the ring where it serves,
//! by plain reads elsewhere; what is packed or written otherwise is unpacked by a thread of its own, from its beginning, and what
//! was unpacked last is kept, so that it can be read once more. Bound: two blocks, [`KEPT_OCTETS_MAX`], and what unpacking holds.
//! Fails with the error of the disk, or with what is broken in the source.

use std::collections::VecDeque;
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

/// Octets of an unpacked text that are kept; where more would be needed, it is unpacked anew.
const KEPT_OCTETS_MAX: usize = 16 << 20;

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
    kept: VecDeque<Rc<Vec<u8>>>,
    /// Where in the text the first of them begins, and how much they are.
    kept_from: u64,
    kept_octets: usize,
    /// The first of them that is still to be given; there is none: the next one is unpacked.
    next: usize,
    /// Why nothing comes behind them.
    end: Option<End>,
}

enum End {
    Whole,
    Broken(String),
    /// It may be better later, but not with this thread.
    Disk,
}

impl Apart {
    async fn next(&mut self) -> Result<Rc<Vec<u8>>, SourceFault> {
        if let Some(block) = self.kept.get(self.next) {
            self.next += 1;
            return Ok(Rc::clone(block));
        }
        if self.end.is_none() {
            match self.blocks.recv().await {
                Some(Ok(block)) => return Ok(self.keep(block)),
                None => self.end = Some(End::Whole),
                Some(Err(SourceFault::Broken(why))) => self.end = Some(End::Broken(why)),
                Some(Err(SourceFault::Disk(error))) => {
                    self.end = Some(End::Disk);
                    return Err(SourceFault::Disk(error));
                }
            }
        }
        match &self.end {
            Some(End::Broken(why)) => Err(SourceFault::Broken(why.clone())),
            Some(End::Disk) => Err(io::Error::other("it was not read to its end").into()),
            _ => Ok(Rc::default()),
        }
    }

    fn keep(&mut self, block: Vec<u8>) -> Rc<Vec<u8>> {
        let block = Rc::new(block);
        self.kept_octets += block.len();
        self.kept.push_back(Rc::clone(&block));
        while self.kept_octets > KEPT_OCTETS_MAX && self.drop_first() {}
        self.next = self.kept.len();
        block
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.kept.pop_front() else {
            return false;
        };
        self.kept_from += first.len() as u64;
        self.kept_octets -= first.len();
        self.next = self.next.saturating_sub(1);
        true
    }

    /// Lets go of what was given and lies before `at`.
    fn forget(&mut self, at: u64) {
        while self.next > 0
            && self
                .kept
                .front()
                .is_some_and(|first| self.kept_from + first.len() as u64 <= at)
        {
            self.drop_first();
        }
    }

    fn back_to(&mut self, at: u64) -> bool {
        let until = self.kept_from + self.kept_octets as u64;
        if matches!(self.end, Some(End::Disk)) || !(self.kept_from..=until).contains(&at) {
            return false;
        }
        self.next = self.kept.len();
        self.forget(at);
        let skipped = usize::try_from(at - self.kept_from).unwrap_or(usize::MAX);
        if skipped > 0
            && let Some(first) = self.kept.front_mut()
        {
            *first = Rc::new(first.get(skipped..).unwrap_or_default().to_vec());
            self.kept_from = at;
            self.kept_octets -= skipped;
        }
        self.next = 0;
        true
    }
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
    pub(crate) async fn next(&mut self) -> Result<Rc<Vec<u8>>, SourceFault> {
        match &mut self.0 {
            Way::Direct(direct) => Ok(Rc::new(direct.next().await?)),
            Way::Apart(apart) => apart.next().await,
        }
    }

    /// What lies before this octet will not be asked for again.
    pub(crate) fn forget(&mut self, at: u64) {
        match &mut self.0 {
            Way::Direct(_) => {}
            Way::Apart(apart) => apart.forget(at),
        }
    }

    /// Goes back to an octet; false where it has to be opened anew.
    pub(crate) fn back_to(&mut self, at: u64) -> bool {
        match &mut self.0 {
            // Opened at any octet, it costs nothing.
            Way::Direct(_) => false,
            Way::Apart(apart) => apart.back_to(at),
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
        kept: VecDeque::new(),
        kept_from: at,
        kept_octets: 0,
        next: 0,
        end: None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::io::Write as _;

    use carrack_runtime::Backend;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::Source;
    use crate::batch::ShapeWish;
    use crate::batch::shape::Shape;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_packed_source_gives_the_same_octets_again_from_wherever_it_is_asked(
            octets in 1_usize..3_000,
            block in 1_usize..400,
            start in 0.0..1.0_f64,
            steps in prop::collection::vec((0_usize..6, 0.0..1.0_f64), 1..12),
        ) {
            let text: Vec<u8> = (0..octets).map(|place| b' ' + (place * 7 % 90) as u8).collect();
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut packed = GzEncoder::new(file.as_file(), Compression::fast());
            packed.write_all(&text).unwrap();
            packed.finish().unwrap();
            let shape = Shape::of_file(file.path(), &ShapeWish::default(), 1 << 20, 1 << 20).unwrap().shape;
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut at = (octets as f64 * start) as usize;
            runtime.block_on(async {
                let mut source = Source::open(file.path(), &shape, Backend::Epoll, at as u64, block, 1 << 20).await.unwrap();
                // It cannot be opened again.
                drop(file);
                let mut asked = at;
                for (blocks, back) in steps {
                    for _ in 0..blocks {
                        let block = source.next().await.unwrap();
                        assert_eq!(&text[at..at + block.len()], block.as_slice());
                        assert!(!block.is_empty() || at == text.len());
                        at += block.len();
                    }
                    asked += ((at - asked) as f64 * back) as usize;
                    source.forget(asked as u64);
                    assert!(source.back_to(asked as u64));
                    at = asked;
                }
            });
        }
    }
}
