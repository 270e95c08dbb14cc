//! Texts that may mean stop, for a person to read.
//!
//! Promise: what is noted is on the disk before that is said; a start reads it again. It is noted once, however often it
//! comes: of the last [`READ_MAX`] that a person has read it is known that he has. Bound: as set; one more is not kept, and
//! counted. Fails: a file that cannot be written is said, the text is in memory until the end, and has to come again.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carrack_telemetry::names;
use serde::{Deserialize, Serialize};

/// Of so many it is known that a person has read them.
const READ_MAX: usize = 10_000;

/// One text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// The message from the handset.
    pub id: String,
    /// When it came, RFC 3339.
    pub at: String,
    /// The handset.
    pub from: String,
    /// What it was sent to.
    pub to: String,
    /// The account that got it; none: nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// What it says.
    pub text: String,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Item(ReviewItem),
    /// A person has read the one of this id.
    Read {
        read: String,
    },
}

#[derive(Debug, Default)]
struct Kept {
    path: Option<PathBuf>,
    most: usize,
    items: VecDeque<ReviewItem>,
    /// Ids of those in memory that are not on the disk.
    unwritten: HashSet<String>,
    /// Ids of those that a person has read.
    read: VecDeque<String>,
    dropped: u64,
}

/// All of them. A clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct Review(Arc<Mutex<Kept>>);

impl Review {
    /// With what a file has.
    #[must_use]
    pub fn open(path: PathBuf) -> Self {
        let mut kept = Kept {
            most: usize::MAX,
            ..Kept::default()
        };
        let octets = fs::read(&path).unwrap_or_default();
        for line in octets.split(|octet| *octet == b'\n') {
            // A line that a crash cut is not read.
            match serde_json::from_slice(line) {
                Ok(Line::Item(item)) => kept.items.push_back(item),
                Ok(Line::Read { read }) => kept.read.push_back(read),
                Err(_) => {}
            }
        }
        kept.path = Some(path);
        Self(Arc::new(Mutex::new(kept)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many at most from now on.
    pub(crate) fn bound(&self, most: usize) {
        self.kept().most = most;
    }

    /// Notes one. False: it is not on the disk, and has to come again.
    pub(crate) fn note(&self, item: ReviewItem) -> bool {
        let mut kept = self.kept();
        if kept.read.contains(&item.id) {
            return true;
        }
        let is_known = kept.items.iter().any(|known| known.id == item.id);
        if is_known && !kept.unwritten.contains(&item.id) {
            return true;
        }
        if !is_known && kept.items.len() >= kept.most {
            kept.dropped += 1;
            metrics::counter!(names::CONSENT_UNREAD).increment(1);
            return true;
        }
        let written = kept
            .path
            .as_deref()
            .map_or(Ok(()), |path| append(path, &item));
        if let Err(error) = &written {
            if !is_known {
                let path = kept.path.as_deref().unwrap_or(Path::new("")).display();
                tracing::error!(%path, %error, "a text that a person has to read could not be written down; it is tried again");
            }
            kept.unwritten.insert(item.id.clone());
        } else {
            kept.unwritten.remove(&item.id);
        }
        if !is_known {
            tracing::info!(
                id = item.id,
                from = item.from,
                "a text may mean stop; a person has to read it (`carrack consent review`)"
            );
            kept.items.push_back(item);
        }
        written.is_ok()
    }

    /// The oldest so many, and how many there are and were left out.
    #[must_use]
    pub fn page(&self, most: usize) -> (Vec<ReviewItem>, usize, u64) {
        let kept = self.kept();
        let items = kept.items.iter().take(most).cloned().collect();
        (items, kept.items.len(), kept.dropped)
    }

    /// A person has read one. False: there is none of that id. Blocking.
    ///
    /// # Errors
    /// The list cannot be written; it waits to be read as before.
    pub fn done(&self, id: &str) -> io::Result<bool> {
        let mut kept = self.kept();
        let Some(place) = kept.items.iter().position(|item| item.id == id) else {
            return Ok(false);
        };
        let item = kept.items.remove(place);
        kept.read.push_back(id.to_owned());
        let written = kept.path.as_deref().map_or(Ok(()), |path| kept.write(path));
        if let Err(error) = written {
            let path = kept.path.as_deref().unwrap_or(Path::new("")).display();
            tracing::error!(%path, %error, "the list of texts to be read could not be written");
            kept.read.pop_back();
            if let Some(item) = item {
                kept.items.insert(place, item);
            }
            return Err(error);
        }
        kept.unwritten.remove(id);
        while kept.read.len() > READ_MAX {
            kept.read.pop_front();
        }
        Ok(true)
    }
}

impl Kept {
    /// Puts a file with all of it in place of the one that is there.
    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = Vec::new();
        for id in &self.read {
            let read = id.clone();
            serde_json::to_writer(&mut text, &Line::Read { read })?;
            text.push(b'\n');
        }
        for item in &self.items {
            serde_json::to_writer(&mut text, item)?;
            text.push(b'\n');
        }
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    }
}

/// Adds a line, behind whatever a crash or a full disk cut off.
fn append(path: &Path, item: &ReviewItem) -> io::Result<()> {
    let is_new = !path.try_exists()?;
    let mut options = OpenOptions::new();
    let mut file = options.create(true).read(true).append(true).open(path)?;
    let mut line = Vec::new();
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.push(b'\n');
        }
    }
    serde_json::to_writer(&mut line, item)?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.sync_data()?;
    if let (true, Some(folder)) = (is_new, path.parent()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
