//! Files that are read, within bounds.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

/// Octets of one file.
pub(crate) const FILE_OCTETS_MAX: u64 = 16 << 20;

/// The octets of a file.
pub(crate) fn octets(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut octets = Vec::new();
    file.take(FILE_OCTETS_MAX + 1)
        .read_to_end(&mut octets)
        .with_context(|| format!("{shown} cannot be read"))?;
    if octets.len() as u64 > FILE_OCTETS_MAX {
        anyhow::bail!("{shown} is larger than {FILE_OCTETS_MAX} octets, so it is no configuration");
    }
    Ok(octets)
}

/// The text of a file; what is no UTF-8 is read as Latin-1, as old configurations are written.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    Ok(match String::from_utf8(octets(path)?) {
        Ok(text) => text,
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    })
}
