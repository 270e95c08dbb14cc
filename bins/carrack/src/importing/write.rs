//! The configuration is written where its owner wants it, once it was checked there.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Imported;
use crate::configuration::Configuration;
use crate::fault::Fault;

const CONFIGURATION: &str = "carrack.toml";

/// Writes what was imported to `out` and beside it; gives the files.
pub(crate) fn write(imported: &Imported, out: &Path, force: bool) -> Result<Vec<PathBuf>, Fault> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut targets = vec![out.to_owned()];
    targets.extend(imported.beside.iter().map(|made| folder.join(&made.path)));
    if let Some(there) = targets.iter().find(|path| path.exists() && !force) {
        let shown = there.display();
        return Err(Fault::Usage(format!(
            "{shown} is there already; name another file with --out, or write over it with --force"
        )));
    }
    // Checked where nobody reads it yet: what is in place is good.
    let trial = tempfile::tempdir_in(&folder)
        .with_context(|| format!("{} cannot be written to", folder.display()))?;
    let mut written = vec![trial.path().join(CONFIGURATION)];
    secret_file(&trial.path().join(CONFIGURATION), &imported.text)?;
    for made in &imported.beside {
        let path = trial.path().join(&made.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        secret_file(&path, &made.text)?;
        written.push(path);
    }
    Configuration::load(&trial.path().join(CONFIGURATION)).map_err(|faults| {
        Fault::Failed(anyhow::anyhow!(
            "what was made of it is not good, so nothing was written; please report this:\n{faults}"
        ))
    })?;
    for (from, to) in written.iter().zip(&targets) {
        if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent)?;
        }
        fs::rename(from, to).with_context(|| format!("{} cannot be written", to.display()))?;
    }
    Ok(targets)
}

/// Passwords stand in it: for its owner alone.
fn secret_file(path: &Path, text: &str) -> Result<(), Fault> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}
