//! The source file of a batch in blocks, the next one being read while one is worked on.
//!
//! Promise: blocks come in order, without gap. By the ring where it serves, by plain reads elsewhere. Bound: two blocks.
//! Fails with the error of the disk.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

use carrack_runtime::Backend;
use tokio::task::JoinHandle;

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

/// Reads a source from some octet on. Must be used inside `run_local`.
pub(crate) struct Source {
    file: File,
    octets: usize,
    at: u64,
    ahead: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl Source {
    /// Opens a file; blocks have up to `octets` octets.
    pub(crate) async fn open(
        path: &Path,
        backend: Backend,
        at: u64,
        octets: usize,
    ) -> io::Result<Self> {
        let file = File::open(path, backend).await?;
        Ok(Self {
            file,
            octets: octets.max(1),
            at,
            ahead: None,
        })
    }

    /// The next block; an empty one is the end.
    pub(crate) async fn next(&mut self) -> io::Result<Vec<u8>> {
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
