//! Credit: what an account may still spend.
//!
//! The log is the ledger (`carrack_queue::Turnover`): what an account was given, what its messages were priced at, what
//! they were charged at their end and what went back. This room holds the same sums in memory, so that a message is
//! accepted only within the limit. Promise: what is durable never goes below an account's limit, for a price is reserved
//! before its message is written and goes back only when its end is durable; after a crash the sums are those of the
//! log. Bound: one row an account. Fails by [`Short`]: the customer's to mend, by paying.

mod balance;
mod balances;
mod given;
mod terms;

pub(crate) use balance::Short;
pub use balance::{Balance, BalanceView};
pub(crate) use balances::Balances;
pub(crate) use given::{Credit, CreditReply};
pub use given::{CreditRefused, Credited};
pub use terms::Terms;
