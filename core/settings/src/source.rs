//! Where settings came from: the file and its text.

use std::fmt;
use std::path::PathBuf;

/// Where settings came from. `Debug` does not show the text, which may hold secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The file as it was named to us.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
