//! Files of the simulators, written whole: a reader sees the old content or the new one.

use serde::Serialize;
use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Writes a file by way of a second one beside it.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".new");
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}

/// Writes the report, where one is wanted.
pub(crate) fn write_report(path: Option<&Path>, report: &impl Serialize) -> io::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    write(path, &json)
}
