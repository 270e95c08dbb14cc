//! Texts that may mean stop, for a person to read.
//!
//! Promise: what is noted is in a file before the next one is; a start reads it again. Bound: as set; one more is not
//! kept, and counted. Fails: a file that cannot be written is said, and the text is in memory until the end.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carrack_telemetry::names;
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Default)]
struct Kept {
    path: Option<PathBuf>,
    most: usize,
    items: VecDeque<ReviewItem>,
    dropped: u64,
}

/// All of them. A clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct Review(Arc<Mutex<Kept>>);

impl Review {
    /// With what a file has.
    #[must_use]
    pub fn open(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A line that a crash cut is not read.
        let items = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let kept = Kept {
            items: items.collect(),
            path: Some(path),
            most: usize::MAX,
            dropped: 0,
        };
        Self(Arc::new(Mutex::new(kept)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many at most from now on.
    pub(crate) fn bound(&self, most: usize) {
        self.kept().most = most;
    }

    /// Notes one.
    pub(crate) fn note(&self, item: ReviewItem) {
        let mut kept = self.kept();
        if kept.items.len() >= kept.most {
            kept.dropped += 1;
            metrics::counter!(names::CONSENT_UNREAD).increment(1);
            return;
        }
        // Texts always are JSON.
        let mut line = serde_json::to_vec(&item).unwrap_or_default();
        line.push(b'\n');
        if let Some(path) = &kept.path {
            let file = OpenOptions::new().create(true).append(true).open(path);
            if let Err(error) = file.and_then(|mut file| file.write_all(&line)) {
                let path = path.display();
                tracing::error!(%path, %error, "a text that a person has to read could not be written down");
            }
        }
        kept.items.push_back(item);
    }

    /// The oldest so many, and how many there are and were left out.
    #[must_use]
    pub fn page(&self, most: usize) -> (Vec<ReviewItem>, usize, u64) {
        let kept = self.kept();
        let items = kept.items.iter().take(most).cloned().collect();
        (items, kept.items.len(), kept.dropped)
    }

    /// A person has read one. False: there is none of that id.
    #[must_use]
    pub fn done(&self, id: &str) -> bool {
        let mut kept = self.kept();
        let before = kept.items.len();
        kept.items.retain(|item| item.id != id);
        if kept.items.len() == before {
            return false;
        }
        if let Some(path) = &kept.path {
            let mut text = Vec::new();
            for item in &kept.items {
                text.extend(serde_json::to_vec(item).unwrap_or_default());
                text.push(b'\n');
            }
            let fresh = path.with_extension("new");
            let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
            if let Err(error) = written {
                let path = path.display();
                tracing::error!(%path, %error, "the list of texts to be read could not be written");
            }
        }
        true
    }
}
