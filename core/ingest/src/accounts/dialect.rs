//! How an account's SMPP client wants to be spoken to.
//!
//! Clients that come from another gateway parse what that gateway wrote: each account may have it so. Held in place
//! and copied; nothing of it is looked up a message.

pub use carrack_settings::IdFormat;

/// The dialect of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// How message ids are written.
    pub message_id: IdFormat,
}

impl Dialect {
    /// As configured.
    #[must_use]
    pub const fn from_settings(account: &carrack_settings::Account) -> Self {
        Self {
            message_id: account.message_id,
        }
    }
}
