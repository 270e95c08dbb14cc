//! A file that takes its name only when it is whole.
//!
//! Promise: until [`Out::keep`] nothing is changed under the name; afterwards the whole file is there, on the disk.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// Octets written at a time.
const BUFFER: usize = 1 << 20;
/// Everybody may read it, as far as the process lets files be read.
const MODE: u32 = 0o644;

/// A file under way.
pub(crate) struct Out {
    name: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Out {
    /// Begins beside the name.
    pub(crate) fn beside(name: &Path) -> anyhow::Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(".numbers-")
            .permissions(std::fs::Permissions::from_mode(MODE))
            .tempfile_in(folder(name))
            .with_context(|| format!("cannot write beside {}", name.display()))?;
        Ok(Self {
            name: name.to_owned(),
            file: BufWriter::with_capacity(BUFFER, file),
        })
    }

    /// Gives it its name.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        let name = self.name.display().to_string();
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        let file = file.with_context(|| format!("cannot write {name}"))?;
        file.as_file().sync_all()?;
        file.persist(&self.name)
            .with_context(|| format!("cannot put {name} in its place"))?;
        File::open(folder(&self.name))?.sync_all()?;
        Ok(())
    }
}

/// The folder of a name.
pub(crate) fn folder(name: &Path) -> &Path {
    name.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

impl Write for Out {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.file.write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Out {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}
