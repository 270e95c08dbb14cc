//! What goes over the line to a modem and back: lines, answers, and what comes unasked. Pure.
//!
//! Promise: total; what is not known is an [`Unsolicited::Other`] or a line of information, never a fault. Bound:
//! [`LINE_OCTETS_MAX`]; a longer line is cut, and said to be.

mod answer;
mod dialogue;
mod fault;
mod lines;
mod unsolicited;

pub use answer::{Final, final_result};
pub use dialogue::{Ask, Dialogue, Heard, INFORMATION_LINES_MAX, Outcome};
pub use fault::{Blame, blame_cme, blame_cms};
pub use lines::{LINE_OCTETS_MAX, Line, Lines};
pub use unsolicited::{Registration, Unsolicited, unsolicited};
