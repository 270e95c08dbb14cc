//! Ids that carriers give to messages, and the other clothes in which they come back (traps T01 to T03).
//!
//! A receipt may name the id of the response in another base, case or padding. Both sides are folded to
//! one form and, where the rule is not fixed, a few candidates are tried. Ids that are no numbers of at
//! most 64 bits, a UUID first of all, are compared as text only. Total: no id fails, none is cut.

mod candidates;
mod fold;
mod learning;
mod rule;

pub use candidates::Candidates;
pub use fold::{CarrierId, FoldedId, ID_DIGITS_MAX, ID_OCTETS_MAX, fold};
pub use learning::{Learning, Proposal};
pub use rule::{IdBase, IdCase, IdPad, IdRule, IdTransform};
