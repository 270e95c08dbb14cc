//! Where the programs under test are.

use std::path::{Path, PathBuf};

use anyhow::bail;

/// The three programs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) carrack: PathBuf,
    pub(crate) smscsim: PathBuf,
    pub(crate) smsload: PathBuf,
}

impl Programs {
    /// In the folder that was named; else beside this program, else in `target/release`.
    pub(crate) fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let own = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.to_owned()));
        let candidates: Vec<PathBuf> = match named {
            Some(named) => vec![named.to_owned()],
            None => own
                .into_iter()
                .chain([PathBuf::from("target/release")])
                .collect(),
        };
        for folder in &candidates {
            let Ok(folder) = folder.canonicalize() else {
                continue;
            };
            let found = Self {
                carrack: folder.join("carrack"),
                smscsim: folder.join("smscsim"),
                smsload: folder.join("smsload"),
            };
            if [&found.carrack, &found.smscsim, &found.smsload]
                .iter()
                .all(|program| program.is_file())
            {
                return Ok(found);
            }
        }
        bail!(
            "carrack, smscsim and smsload are not in {candidates:?}; build them with `cargo build --release`, or name their folder with --programs"
        )
    }
}

/// The first program of this name on the path.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
