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
    /// The node failed on a row, and would again.
    pub(super) broke_off: bool,
}

impl From<io::Error> for Hindrance {
    fn from(error: io::Error) -> Self {
        Self::because(format!("the disk refuses: {error}"))
    }
}

impl Hindrance {
    /// Nothing is wrong: the node stops, or the batch was paused or cancelled.
    pub(super) fn told_to_stop() -> Self {
        Self::because("it was told to stop".to_owned())
    }

    /// `words`: those of the panic; `before_row`: where it was, every row before it has its verdict.
    pub(super) fn broke_off(before_row: u64, words: &str) -> Self {
        let why = format!(
            "the node failed at row {before_row}, by a fault of its own ({words}), and the batch was paused there; report it, \
             then resume the batch with a version that mends it, or cancel it and submit the rows from that one on without what it \
             fails on"
        );
        Self {
            broke_off: true,
            ..Self::because(why)
        }
    }

    pub(super) fn because(why: String) -> Self {
        Self {
            why,
            smaller: false,
            only_rows: false,
            lost_sight: false,
            broke_off: false,
        }
    }
}
