//! What was agreed with an account about money.

use carrack_message::ChargeOn;

/// The terms of one account; the default: nothing is limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// How far it may spend beyond what it was given later, micro-units: what the settings say that it has paid, and its
    /// credit line. None: without limit.
    pub limit_micros: Option<i64>,
    /// An alert is raised when less than this may still be spent, micro-units.
    pub low_micros: Option<i64>,
    /// What it pays for.
    pub charge_on: ChargeOn,
}
