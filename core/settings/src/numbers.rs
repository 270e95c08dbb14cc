//! `[numbers]`: lists that say to which network a number belongs.

use std::path::PathBuf;

use crate::reader::Section;

/// `[numbers]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// The numbering plan, CSV; none: no range has an owner.
    pub plan: Option<PathBuf>,
    /// The index of ported numbers; none: no number was ported.
    pub portability: Option<PathBuf>,
    /// Line of its header in the file.
    pub line: usize,
}

impl Numbers {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        Self {
            plan: section.optional("plan", crate::carrier::deck(section.context)),
            portability: section.optional("portability", crate::carrier::deck(section.context)),
            line: section.line,
        }
    }
}
