//! One folder: what lies in it, what was taken of it, and what became of that.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::archive::{archive, refuse};
use super::{DropFolderSpec, FILES_A_LOOK};
use crate::accounts::AccountBook;
use crate::batch::{BatchFault, BatchNumber, BatchRequest, Batches, ShapeFault, SpoolFault};

const BLOCK_OCTETS: usize = 1 << 20;
const TAKEN: &str = "taken";
/// Between the number of a taken file and its name: not yet submitted, submitted.
const NEW: &str = ".new.";
const SENT: &str = ".sent.";
/// Ends of names that writers give to what they have not finished.
const UNFINISHED: [&str; 5] = [".part", ".tmp", ".filepart", ".crdownload", "~"];

/// Why a file was not submitted.
enum Failed {
    /// It never can be.
    Never(String),
    /// It may be later.
    Later(String),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<BatchFault> for Failed {
    fn from(fault: BatchFault) -> Self {
        match &fault {
            BatchFault::TooMany { .. }
            | BatchFault::TooManyChecks
            | BatchFault::Stopping
            | BatchFault::Spool(SpoolFault::Disk(_))
            | BatchFault::Shape(ShapeFault::Disk(_)) => Self::Later(fault.to_string()),
            _ => Self::Never(fault.to_string()),
        }
    }
}

impl From<SpoolFault> for Failed {
    fn from(fault: SpoolFault) -> Self {
        BatchFault::from(fault).into()
    }
}

/// A file that was taken.
struct Taken {
    path: PathBuf,
    number: BatchNumber,
    was_sent: bool,
    name: String,
}

/// A folder being watched.
pub(super) struct Watch {
    spec: DropFolderSpec,
    batches: Batches,
    accounts: Arc<AccountBook>,
    /// Octets and time of each file when it last changed, and since when it did not.
    seen: HashMap<PathBuf, (u64, Option<SystemTime>, Instant)>,
    /// What was said last.
    said: Option<String>,
}

impl Watch {
    pub(super) fn open(
        spec: DropFolderSpec,
        batches: Batches,
        accounts: Arc<AccountBook>,
    ) -> io::Result<Self> {
        for folder in [TAKEN, super::archive::ARCHIVE, super::archive::REFUSED] {
            fs::create_dir_all(spec.folder.join(folder))?;
        }
        Ok(Self {
            spec,
            batches,
            accounts,
            seen: HashMap::new(),
            said: None,
        })
    }

    /// Goes on with what was taken, then takes what has settled.
    pub(super) fn look(&mut self) {
        let looked = self.go_on().and_then(|()| self.take());
        let why = match looked {
            Ok(()) => None,
            Err(Failed::Later(why) | Failed::Never(why)) => Some(why),
        };
        if why != self.said {
            if let Some(why) = &why {
                let folder = self.spec.folder.display();
                tracing::warn!(%folder, why, "a drop folder does not get on; it is tried again");
            }
            self.said = why;
        }
    }

    fn take(&mut self) -> Result<(), Failed> {
        let mut seen = HashMap::new();
        for entry in fs::read_dir(&self.spec.folder)?.take(FILES_A_LOOK) {
            let entry = entry?;
            let (path, name) = (
                entry.path(),
                entry.file_name().to_string_lossy().into_owned(),
            );
            // A link may point anywhere; it is not followed.
            let about = fs::symlink_metadata(&path)?;
            let unfinished = UNFINISHED.iter().any(|end| name.ends_with(end));
            if !about.is_file() || name.starts_with('.') || unfinished {
                continue;
            }
            let now = (about.len(), about.modified().ok());
            let since = match self.seen.get(&path) {
                Some((octets, at, since)) if (*octets, *at) == now => *since,
                _ => Instant::now(),
            };
            if since.elapsed() < self.spec.settle {
                seen.insert(path, (now.0, now.1, since));
                continue;
            }
            let number = self.batches.next_number();
            let taken = self
                .spec
                .folder
                .join(TAKEN)
                .join(format!("{number}{NEW}{name}"));
            fs::rename(&path, &taken)?;
            sync(&self.spec.folder.join(TAKEN))?;
            tracing::info!(file = %path.display(), batch = %number, "a file was taken from a drop folder");
        }
        self.seen = seen;
        self.go_on()
    }

    fn go_on(&mut self) -> Result<(), Failed> {
        for taken in self.taken()? {
            self.go_on_with(&taken)?;
        }
        Ok(())
    }

    fn taken(&self) -> io::Result<Vec<Taken>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.spec.folder.join(TAKEN))?.take(FILES_A_LOOK) {
            let path = entry?.path();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let Some((number, rest)) = name.as_deref().and_then(|name| name.split_once('.')) else {
                continue;
            };
            let (was_sent, name) =
                match (rest.strip_prefix(&NEW[1..]), rest.strip_prefix(&SENT[1..])) {
                    (Some(name), _) => (false, name),
                    (_, Some(name)) => (true, name),
                    _ => continue,
                };
            if let Ok(number) = number.parse() {
                let name = name.to_owned();
                found.push(Taken {
                    path,
                    number,
                    was_sent,
                    name,
                });
            }
        }
        found.sort_by_key(|taken| taken.number);
        Ok(found)
    }

    fn go_on_with(&mut self, taken: &Taken) -> Result<(), Failed> {
        let Some(view) = self.batches.view(taken.number, &self.spec.account) else {
            if taken.was_sent {
                let why = "its batch is not known any more; look for it before it is sent again";
                return Ok(refuse(&self.spec.folder, &taken.path, &taken.name, why)?);
            }
            return match self.submit(taken) {
                Ok(()) => Ok(self.is_sent(taken)?),
                Err(Failed::Never(why)) => {
                    Ok(refuse(&self.spec.folder, &taken.path, &taken.name, &why)?)
                }
                Err(later) => Err(later),
            };
        };
        if !taken.was_sent {
            return Ok(self.is_sent(taken)?);
        }
        if !view.has_every_verdict() {
            return Ok(());
        }
        let errors = self.batches.errors(taken.number, &self.spec.account);
        Ok(archive(
            &self.spec.folder,
            &taken.path,
            &taken.name,
            &view,
            errors.as_ref(),
        )?)
    }

    /// Says by its name that it was submitted.
    fn is_sent(&self, taken: &Taken) -> io::Result<()> {
        let folder = self.spec.folder.join(TAKEN);
        fs::rename(
            &taken.path,
            folder.join(format!("{}{SENT}{}", taken.number, taken.name)),
        )?;
        sync(&folder)
    }

    fn submit(&self, taken: &Taken) -> Result<(), Failed> {
        let accounts = self.accounts.current();
        let account = accounts.by_name(&self.spec.account).ok_or_else(|| {
            Failed::Later(format!(
                "account {} is not in the configuration",
                self.spec.account
            ))
        })?;
        let mut spool = self.batches.spool_as(taken.number, &account.name)?;
        let mut file = File::open(&taken.path)?;
        let mut block = vec![0; BLOCK_OCTETS];
        loop {
            match file.read(&mut block)? {
                0 => break,
                read => spool.write(block.get(..read).unwrap_or_default())?,
            }
        }
        let request = BatchRequest {
            filename: Some(taken.name.clone()),
            ..self.spec.request.clone()
        };
        self.batches.submit(spool, account, request)?;
        Ok(())
    }
}

/// Makes names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
