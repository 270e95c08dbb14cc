//! Why a book of accounts, or somebody who knocks, is refused.

use thiserror::Error;

/// A book that cannot be used; the one before stays.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountsFault {
    /// The engine does not know the account.
    #[error("account {0} has no number in the engine; load accounts into the engine first")]
    NoNumber(String),
    /// Two accounts with one name, key or system id.
    #[error("accounts {first} and {second} share a {what}; change one of them")]
    Shared {
        /// `name`, `api_key`, `system_id` or `legacy user`.
        what: &'static str,
        /// Name of the one.
        first: String,
        /// Name of the other.
        second: String,
    },
    /// The account's sender is none.
    #[error("account {account}: {reason}")]
    Sender {
        /// Name of the account.
        account: String,
        /// What is wrong, and how to mend it.
        reason: String,
    },
}

/// Why credentials do not open the door. What a client is told must not help to guess: doors answer the first two alike
/// where their protocol lets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AccessFault {
    /// No account has this key, name or system id.
    #[error("unknown key or name; check the credentials of the account")]
    Unknown,
    /// The name is known, the secret is another.
    #[error("wrong password or key; check the credentials of the account")]
    Secret,
    /// The credentials are right, the address is not one the account may come from.
    #[error("this address may not use the account; add it to allowed_ips")]
    Address,
}
