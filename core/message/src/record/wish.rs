//! Which ends of a message its customer wants to be told (SMPP 3.4 5.2.17, 5.0 4.7.21).
//!
//! A message that its customer withdrew has failed (5.0 4.7.21): who asked for failures is told.

use rkyv::{Archive, Deserialize, Serialize};

use crate::Status;

/// The ends that the customer is to be told.
#[derive(
    Archive, Serialize, Deserialize, Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord,
)]
pub enum ReceiptWish {
    /// None.
    #[default]
    Never,
    /// Every one.
    Always,
    /// All but delivered.
    Failure,
    /// Delivered only.
    Success,
}

impl ReceiptWish {
    /// Whether any end is to be told.
    #[must_use]
    pub const fn is_any(self) -> bool {
        !matches!(self, Self::Never)
    }

    /// Whether this end is to be told.
    #[must_use]
    pub const fn covers(self, end: Status) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Failure => !matches!(end, Status::Delivered),
            Self::Success => matches!(end, Status::Delivered),
        }
    }
}

impl ArchivedReceiptWish {
    /// The wish as it was stored.
    #[must_use]
    pub const fn wish(&self) -> ReceiptWish {
        match self {
            Self::Never => ReceiptWish::Never,
            Self::Always => ReceiptWish::Always,
            Self::Failure => ReceiptWish::Failure,
            Self::Success => ReceiptWish::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_and_success_share_the_ends_between_them() {
        for end in Status::ALL {
            assert!(ReceiptWish::Always.covers(end) && !ReceiptWish::Never.covers(end));
            assert_ne!(
                ReceiptWish::Failure.covers(end),
                ReceiptWish::Success.covers(end)
            );
        }
        assert!(ReceiptWish::Success.covers(Status::Delivered));
        assert!(ReceiptWish::Failure.covers(Status::Cancelled));
    }
}
