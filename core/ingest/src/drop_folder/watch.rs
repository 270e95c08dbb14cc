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
use crate::batch::{
    BatchFault, BatchNumber, BatchRequest, BatchView, Batches, ShapeFault, SpoolFault,
};
use crate::caught::caught;

const BLOCK_OCTETS: usize = 1 << 20;
const TAKEN: &str = "taken";
/// Between the number of a taken file and its name: not yet submitted, submitted.
const NEW: &str = ".new.";
const SENT: &str = ".sent.";
/// Entries of a folder that are looked at in a look, those that are left alone as well.
const ENTRIES_A_LOOK: usize = 1 << 20;
/// Longest name that a file keeps: what comes before and behind it makes at most 55 octets, and a file system takes 255.
const NAME_OCTETS_MAX: usize = 200;
/// Longest end of a name that is kept where it is cut.
const END_OCTETS_MAX: usize = 16;
/// Ends of names that writers give to what they have not finished.
const UNFINISHED: [&str; 5] = [".part", ".tmp", ".filepart", ".crdownload", "~"];

/// Why a file was not submitted.
enum Failed {
    /// It never can be.
    Never(String),
    /// This one may be later; the others are not concerned.
    Stuck(String),
    /// It may be later, and so may the others.
    Later(String),
}

impl Failed {
    fn disk(error: &io::Error, why: String) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Later(why),
            _ => Self::Stuck(why),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::disk(&error, error.to_string())
    }
}

impl From<BatchFault> for Failed {
    fn from(fault: BatchFault) -> Self {
        match &fault {
            BatchFault::TooMany { .. } | BatchFault::TooManyChecks | BatchFault::Stopping => {
                Self::Later(fault.to_string())
            }
            BatchFault::Spool(SpoolFault::Disk(error))
            | BatchFault::Shape(ShapeFault::Disk(error)) => Self::disk(error, fault.to_string()),
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

/// Octets and time of a file when it last changed, and since when it did not.
type Change = (u64, Option<SystemTime>, Instant);

/// A folder being watched.
pub(super) struct Watch {
    spec: DropFolderSpec,
    batches: Batches,
    accounts: Arc<AccountBook>,
    /// Files that have not settled.
    seen: HashMap<PathBuf, Change>,
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

    /// Goes on with what was taken, then takes what has settled; a file that cannot be gone on with keeps no other.
    pub(super) fn look(&mut self) {
        let mut why = None;
        for step in [Self::go_on, Self::take, Self::go_on] {
            if let Err(fault) = step(self) {
                why.get_or_insert(fault);
            }
        }
        if why != self.said {
            if let Some(why) = &why {
                let folder = self.spec.folder.display();
                tracing::warn!(%folder, why, "a drop folder does not get on; it is tried again");
            }
            self.said = why;
        }
    }

    fn take(&mut self) -> Result<(), String> {
        let said = |error: io::Error| error.to_string();
        let mut seen = HashMap::new();
        let mut stuck = None;
        let mut room = FILES_A_LOOK.saturating_sub(self.taken().map_err(said)?.len());
        let entries = fs::read_dir(&self.spec.folder).map_err(said)?;
        for entry in entries.take(ENTRIES_A_LOOK) {
            let entry = entry.map_err(said)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let unfinished = UNFINISHED.iter().any(|end| name.ends_with(end));
            // A link may point anywhere; it is not followed.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if !is_file || name.starts_with('.') || unfinished {
                continue;
            }
            if room == 0 {
                break;
            }
            room -= 1;
            match self.take_one(&entry.path(), &name) {
                Ok(None) => {}
                Ok(Some(change)) => drop(seen.insert(entry.path(), change)),
                // Somebody has taken it out again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => drop(stuck.get_or_insert(format!("{name}: {error}"))),
            }
        }
        self.seen = seen;
        stuck.map_or(Ok(()), Err)
    }

    /// Takes a file, or gives what is known of one that has not settled.
    fn take_one(&self, path: &Path, name: &str) -> io::Result<Option<Change>> {
        let about = fs::symlink_metadata(path)?;
        let now = (about.len(), about.modified().ok());
        let since = match self.seen.get(path) {
            Some((octets, at, since)) if (*octets, *at) == now => *since,
            _ => Instant::now(),
        };
        if since.elapsed() < self.spec.settle {
            return Ok(Some((now.0, now.1, since)));
        }
        let number = self.batches.next_number();
        let folder = self.spec.folder.join(TAKEN);
        fs::rename(path, folder.join(format!("{number}{NEW}{}", cut(name))))?;
        sync(&folder)?;
        tracing::info!(file = %path.display(), batch = %number, "a file was taken from a drop folder");
        Ok(None)
    }

    fn go_on(&mut self) -> Result<(), String> {
        let taken = self.taken().map_err(|error| error.to_string())?;
        let (mut may_submit, mut first) = (true, None);
        for taken in taken {
            let why = match self.go_on_with(&taken, may_submit) {
                Ok(()) => continue,
                Err(Failed::Stuck(why) | Failed::Never(why)) => why,
                Err(Failed::Later(why)) => {
                    may_submit = false;
                    why
                }
            };
            first.get_or_insert(format!("{}: {why}", taken.name));
        }
        first.map_or(Ok(()), Err)
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
                let name = cut(name);
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

    fn go_on_with(&self, taken: &Taken, may_submit: bool) -> Result<(), Failed> {
        let Some(view) = self.batches.view(taken.number, &self.spec.account) else {
            if taken.was_sent {
                let why = "its batch is not known any more; look for it before it is sent again";
                return Ok(refuse(&self.spec.folder, &taken.path, &taken.name, why)?);
            }
            if !may_submit {
                return Ok(());
            }
            return match unless_it_panics(|| self.submit(taken)) {
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
        let view = self.whether_it_grew(taken, view)?;
        let errors = self.batches.errors(taken.number, &self.spec.account);
        Ok(archive(
            &self.spec.folder,
            &taken.path,
            &taken.name,
            &view,
            errors.as_ref(),
        )?)
    }

    /// Says in the batch where somebody went on writing after its rows were taken.
    fn whether_it_grew(&self, taken: &Taken, view: BatchView) -> io::Result<BatchView> {
        let (octets, now) = (view.total_octets, fs::metadata(&taken.path)?.len());
        if now == octets {
            return Ok(view);
        }
        let fault = match now > octets {
            true => format!(
                "the file grew after it was taken, from {octets} octets to {now}: what stands behind octet {octets} was \
                 not sent, and the row there may have been cut; put those rows in as a file of their own, written \
                 elsewhere and renamed into the folder, or make `settle` longer than its writer pauses"
            ),
            false => format!(
                "the file was changed after it was taken, from {octets} octets to {now}: what was sent is what it had \
                 then; write files elsewhere and rename them into the folder"
            ),
        };
        tracing::warn!(
            file = taken.name,
            batch = view.id,
            fault,
            "a file of a drop folder changed"
        );
        let said = self
            .batches
            .add_fault(taken.number, &self.spec.account, &fault)?;
        Ok(said.unwrap_or(view))
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
        let mut file = File::open(&taken.path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => Failed::Never(format!(
                "it may not be read ({error}); let the node read it, and put it in again"
            )),
            _ => error.into(),
        })?;
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

/// A file that the node fails on is refused: it would fail again, and keep all others.
fn unless_it_panics(submit: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
    caught(submit).unwrap_or_else(|words| {
        tracing::error!(words, "the node failed on a file of a drop folder");
        Err(Failed::Never(format!(
            "the node failed on it, by a fault of its own ({words}); report it, and put the file in again with a version that mends it"
        )))
    })
}

/// Makes names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A name, or where it is too long its beginning and its end.
fn cut(name: &str) -> String {
    if name.len() <= NAME_OCTETS_MAX {
        return name.to_owned();
    }
    let end = name.rfind('.').and_then(|place| name.get(place..));
    let end = end
        .filter(|end| end.len() <= END_OCTETS_MAX)
        .unwrap_or_default();
    let mut length = NAME_OCTETS_MAX - end.len();
    while !name.is_char_boundary(length) {
        length -= 1;
    }
    format!("{}{end}", name.get(..length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::{Failed, unless_it_panics};

    #[test]
    fn a_file_that_the_node_fails_on_is_never_tried_again_and_says_so() {
        assert!(unless_it_panics(|| Ok(())).is_ok());
        let failed = unless_it_panics(|| panic!("divided by zero"));
        assert!(matches!(failed, Err(Failed::Never(why)) if why.contains("divided by zero")));
    }
}
