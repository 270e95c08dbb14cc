//! Why a batch does not get on for now: said, waited for, and tried again.

use std::io;

/// Why it does not get on for now.
pub(super) struct Hindrance {
    pub(super) why: String,
    /// Fewer rows at a time may pass.
    pub(super) smaller: bool,
    /// Rows were refused for good, and nothing else: the others can be sent at once.
    pub(super) only_rows: bool,
    /// It is not known what became of the chunk on its way: only the log after a restart can tell.
    pub(super) lost_sight: bool,
}

impl From<io::Error> for Hindrance {
    fn from(error: io::Error) -> Self {
        Self::because(format!("the disk refuses: {error}"))
    }
}

impl Hindrance {
    pub(super) fn because(why: String) -> Self {
        Self {
            why,
            smaller: false,
            only_rows: false,
            lost_sight: false,
        }
    }
}
