//! The files of a profile: each a line of text and a pickle.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Work;
use super::pickle::{self, Pickle};
use super::seen::Seen;
use crate::importing::source;

/// A folder of Jasmin's.
pub(super) struct Store {
    folder: PathBuf,
    profile: String,
}

/// A file that was read.
pub(super) struct Persisted {
    /// As it is named to people.
    pub(super) file: String,
    pub(super) pickle: Pickle,
}

impl Store {
    /// The folder itself, or the one that holds `store`.
    pub(super) fn open(folder: &Path, profile: &str) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!(
                "{} is no folder; name Jasmin's, mostly /etc/jasmin",
                folder.display()
            );
        }
        Ok(Self {
            folder: folder.to_owned(),
            profile: profile.to_owned(),
        })
    }

    /// `jasmin.cfg`, where it is there.
    pub(super) fn cfg(&self) -> anyhow::Result<Option<(String, String)>> {
        let path = self.folder.join("jasmin.cfg");
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some((path.display().to_string(), source::text(&path)?)))
    }

    /// A file of the profile, where it is there.
    pub(super) fn persisted(&self, kind: &str) -> anyhow::Result<Option<Persisted>> {
        let name = format!("{}.{kind}", self.profile);
        let paths = [
            self.folder.join("store").join(&name),
            self.folder.join(&name),
        ];
        let Some(path) = paths.iter().find(|path| path.is_file()) else {
            return Ok(None);
        };
        let file = path.display().to_string();
        let octets = source::octets(path)?;
        let end = octets.iter().position(|octet| *octet == b'\n');
        let (head, rest) = octets.split_at(end.map_or(0, |end| end + 1));
        if !head.starts_with(b"Persisted on ") {
            bail!("{file} does not begin with Jasmin's line \"Persisted on ...\"");
        }
        let pickle = pickle::read(rest).with_context(|| file.clone())?;
        Ok(Some(Persisted { file, pickle }))
    }
}

/// Scripts between callers and routes are nothing that could be carried over.
pub(super) fn leave_interceptors(store: &Store, kind: &str, work: &mut Work) -> anyhow::Result<()> {
    let Some(persisted) = store.persisted(kind)? else {
        return Ok(());
    };
    let root = Seen::of(&persisted.pickle);
    let table = root.get("table").unwrap_or(root);
    for entry in table.items() {
        for (order, interceptor) in entry.pairs() {
            let what = format!("{} of order {}", interceptor.class(), order.shown());
            let why = "scripts are not run here; see [[route]], [[limit]] and senders of accounts for what they were for";
            work.leave(&persisted.file, 0, what, why);
        }
    }
    Ok(())
}
