//! Where files end: in `archive/` with report and refused rows, or in `refused/` with the reason.
//!
//! Promise: the file itself goes last, so what a crash leaves half done is done again, to the same names.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::watch::sync;
use crate::batch::{BatchView, ErrorsFile, Format};

pub(super) const ARCHIVE: &str = "archive";
pub(super) const REFUSED: &str = "refused";

/// Puts a file away with what became of it.
pub(super) fn archive(
    folder: &Path,
    taken: &Path,
    name: &str,
    view: &BatchView,
    errors: Option<&ErrorsFile>,
) -> io::Result<()> {
    let folder = folder.join(ARCHIVE);
    let place = free(&folder, name, &view.id);
    let report = serde_json::to_vec_pretty(view)?;
    write(&beside(&place, "report.json"), &mut report.as_slice())?;
    if let Some(errors) = errors.filter(|_| view.rejected > 0) {
        let end = match errors.format {
            Format::Csv => "errors.csv",
            Format::Tsv => "errors.tsv",
            Format::Ndjson => "errors.ndjson",
        };
        let mut rows = File::open(&errors.path)?.take(errors.octets);
        write(&beside(&place, end), &mut rows)?;
    }
    fs::rename(taken, &place)?;
    sync(&folder)?;
    tracing::info!(
        file = name,
        batch = view.id,
        rows = view.rows,
        rejected = view.rejected,
        "a file was archived"
    );
    Ok(())
}

/// Puts a file away that cannot be taken.
pub(super) fn refuse(folder: &Path, taken: &Path, name: &str, why: &str) -> io::Result<()> {
    let folder = folder.join(REFUSED);
    let number = taken
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let number = number.unwrap_or_default();
    let number = number.split('.').next().unwrap_or_default();
    let place = free(&folder, name, number);
    write(
        &beside(&place, "reason.txt"),
        &mut format!("{why}\n").as_bytes(),
    )?;
    fs::rename(taken, &place)?;
    sync(&folder)?;
    tracing::warn!(file = name, why, "a file of a drop folder is refused");
    Ok(())
}

/// The name, or with its number before it where the name is taken.
fn free(folder: &Path, name: &str, number: &str) -> PathBuf {
    let place = folder.join(name);
    if place.exists() {
        folder.join(format!("{number}-{name}"))
    } else {
        place
    }
}

fn beside(place: &Path, end: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    name.into()
}

fn write(path: &Path, octets: &mut dyn Read) -> io::Result<()> {
    let mut file = File::create(path)?;
    io::copy(octets, &mut file)?;
    file.flush()?;
    file.sync_all()
}
