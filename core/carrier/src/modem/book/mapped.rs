//! Pages in a file that is mapped into memory: what is written there survives kill -9 without a system call, because the page belongs to
//! the kernel. A thread syncs them every second: a power cut loses what was counted since, and the copy that the disk held is whole.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use memmap2::MmapMut;

use super::pages::{BookFault, Layout, SimPages, transfer};

const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Pages of one file.
pub struct MappedPages {
    map: Mutex<MmapMut>,
    sync: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Errors of a file, with what it takes.
fn io(path: &Path, octets: u64) -> impl Fn(std::io::Error) -> BookFault {
    move |source| BookFault::Io {
        path: path.to_owned(),
        octets,
        source,
    }
}

impl MappedPages {
    /// The file at `path`, made where there is none, in this layout: where its own is another, what is in it is carried over.
    ///
    /// # Errors
    /// [`BookFault`]; the file is as it was then.
    pub fn open(path: &Path, layout: Layout) -> Result<Self, BookFault> {
        let fault = io(path, layout.octets());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(&fault)?;
        }
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => {
                let pages = Self::map(&file).map_err(&fault)?;
                let found = Layout::of(&pages, path)?;
                if found != layout {
                    let beside = Self::made(path, layout)?;
                    transfer((&pages, found), (&beside.0, layout), path)?;
                    return beside
                        .1
                        .put(path, &beside.0)
                        .map_err(&fault)
                        .map(|file| beside.0.synced(file));
                }
                Ok(pages.synced(file))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let (pages, beside) = Self::made(path, layout)?;
                let file = beside.put(path, &pages).map_err(&fault)?;
                Ok(pages.synced(file))
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// An empty one beside it.
    fn made(path: &Path, layout: Layout) -> Result<(Self, Beside), BookFault> {
        let fault = io(path, layout.octets());
        let beside = path.with_extension("new");
        let make = || -> std::io::Result<(Self, Beside)> {
            let mut options = OpenOptions::new();
            let options = options.read(true).write(true).create(true).truncate(true);
            let mut file = options.open(&beside)?;
            let header = layout.header();
            file.write_all(&header)?;
            // Written, not only made long: a page without space of its own would end the process by SIGBUS on a full disk.
            let rest = layout.octets() - header.len() as u64;
            std::io::copy(&mut std::io::repeat(0).take(rest), &mut file)?;
            Ok((
                Self::map(&file)?,
                Beside {
                    path: beside.clone(),
                    file,
                },
            ))
        };
        make().map_err(fault)
    }

    #[allow(
        unsafe_code,
        reason = "a mapping is how a count survives kill -9 without a system call a segment"
    )]
    fn map(file: &File) -> std::io::Result<Self> {
        // SAFETY: the file is in the node's own folder, which the store's lock keeps to one process; nothing truncates it
        // while it is mapped.
        let map = unsafe { MmapMut::map_mut(file) }?;
        Ok(Self {
            map: Mutex::new(map),
            sync: None,
        })
    }

    /// With a thread that syncs the file, which writes what was mapped, until this is dropped.
    fn synced(mut self, file: File) -> Self {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            while matches!(
                stopped.recv_timeout(SYNC_EVERY),
                Err(RecvTimeoutError::Timeout)
            ) {
                // A disk that fails shows in the store; what is in memory still survives the process.
                let _ = file.sync_data();
            }
            let _ = file.sync_data();
        };
        let thread = std::thread::Builder::new().name("sim-book-sync".into());
        self.sync = thread.spawn(run).ok().map(|thread| (stop, thread));
        self
    }
}

/// A new file that is not in its place yet.
struct Beside {
    path: PathBuf,
    file: File,
}

impl Beside {
    fn put(self, path: &Path, pages: &MappedPages) -> std::io::Result<File> {
        pages
            .map
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()?;
        self.file.sync_all()?;
        std::fs::rename(&self.path, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(self.file)
    }
}

impl Drop for MappedPages {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.sync.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl SimPages for MappedPages {
    fn octets(&self) -> u64 {
        self.map
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) {
        let map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(at)
            .ok()
            .and_then(|at| map.get(at..at.checked_add(into.len())?));
        if let Some(place) = place {
            into.copy_from_slice(place);
        }
    }

    fn write(&self, at: u64, from: &[u8]) {
        let mut map = self.map.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(at)
            .ok()
            .and_then(|at| map.get_mut(at..at.checked_add(from.len())?));
        if let Some(place) = place {
            place.copy_from_slice(from);
        }
    }
}
