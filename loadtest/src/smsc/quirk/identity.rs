//! How message ids look.

use super::{Argument, Quirk};

/// The spelling of message ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids {
    /// Decimal digits instead of hexadecimal ones.
    pub decimal: bool,
}

pub(super) const FAMILY: &[Quirk] = &[Quirk {
    name: "decimal-ids",
    argument: Argument::None,
    line: "message ids are decimal numbers instead of 16 hexadecimal digits",
    set: |quirks, _| quirks.identity.decimal = true,
}];
