//! `[shutdown]`: how long a node may take to end.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// `[shutdown]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Time from the signal to the end, draining included.
    pub deadline: Duration,
}

impl Shutdown {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        Self {
            deadline: section.or("deadline", SECOND * 20, kind::time(SECOND..=SECOND * 3_600)),
        }
    }
}
