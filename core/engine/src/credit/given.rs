//! Money that an operator gives to an account, or takes back.

use thiserror::Error;

use super::BalanceView;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credited {
    /// False: it was booked before under the same reference, and not again.
    pub is_new: bool,
    /// The balance with it.
    pub balance: BalanceView,
}

/// Why it was not booked. Nothing of it is kept; the same may be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreditRefused {
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownAccount(String),
    /// Another amount was booked under the same reference.
    #[error("{} was booked under this reference before; give another reference", carrack_message::Micros(*booked_micros))]
    OtherAmount {
        /// That amount, micro-units.
        booked_micros: i64,
    },
    /// The store cannot be written.
    #[error("the store does not take anything now; try again later")]
    Store,
    /// The node is going down, or has too much at hand.
    #[error("the node is busy or shutting down; try again in a moment")]
    Busy,
}

pub(crate) type CreditReply = Box<dyn FnOnce(Result<Credited, CreditRefused>) + Send>;

/// On its way to the shard that books it.
pub(crate) struct Credit {
    pub(crate) account: u32,
    pub(crate) amount_micros: i64,
    pub(crate) reference: String,
    pub(crate) reply: CreditReply,
}
