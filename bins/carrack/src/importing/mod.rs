//! Configurations of other gateways become one of ours.
//!
//! Promise: what is written is a configuration that `config check` finds good; what could not be carried over is listed
//! with file and line, why, and what to do instead. Nothing is dropped in silence. Reading runs nothing that stands in
//! a file. Bound: [`FILE_OCTETS_MAX`](source::FILE_OCTETS_MAX) a file, and what each reader says.

#[cfg(test)]
pub(crate) mod asked;
pub(crate) mod draft;
pub(crate) mod jasmin;
pub(crate) mod kannel;
pub(crate) mod names;
pub(crate) mod source;
pub(crate) mod write;

use serde::Serialize;

/// Something that was carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Carried {
    /// What it was, as its owner knows it.
    pub(crate) from: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    /// What it is now.
    pub(crate) to: String,
}

/// Something that was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) file: String,
    pub(crate) line: usize,
    /// What stands there.
    pub(crate) what: String,
    /// Why, and what to do.
    pub(crate) why: String,
}

/// A file that an import makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// Relative to the configuration's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All that an import has found.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// The configuration.
    pub(crate) text: String,
    /// What it names.
    pub(crate) beside: Vec<Made>,
    pub(crate) carried: Vec<Carried>,
    pub(crate) left: Vec<Left>,
    /// Whether a secret stands in the text.
    pub(crate) has_secrets: bool,
}

/// What is said of accounts whose callers were not bound to any address.
pub(crate) const CALLED_ANYWHERE: &str = "its messages may have receipts told at any address, of this machine and your own network too, as it was before; \
     name your hosts in `callbacks`";

impl Imported {
    /// Whether anything was there: octets of any kind make an empty configuration.
    ///
    /// # Errors
    /// Nothing was; with the first of what could not be read.
    pub(crate) fn is_something(&self) -> anyhow::Result<()> {
        if !self.carried.is_empty() {
            return Ok(());
        }
        let first = self.left.first().map_or_else(String::new, |left| {
            let what: String = left.what.chars().take(40).collect();
            let what = what.escape_debug();
            format!(
                " ({} was left, the first: \"{what}\" {})",
                self.left.len(),
                left.why
            )
        });
        anyhow::bail!(
            "nothing was found there that could be carried over{first}; name Kannel's files, or Jasmin's folder with its `store`"
        )
    }
}
