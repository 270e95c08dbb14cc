//! Customers, and how each door finds the one that knocks.
//!
//! Promise: credentials are compared in constant time, and a wrong name costs what a wrong password costs. A book that
//! contradicts itself is refused whole, so the one in use stays. Bound: one read lock a look-up, held for one clone.

mod account;
mod book;
#[cfg(test)]
mod book_tests;
mod dialect;
mod fault;
mod keys;
mod password;
mod specification;

pub use account::Account;
pub use book::{AccountBook, Accounts};
pub(crate) use book::{Admission, Proof};
pub use carrack_settings::{ApiKey, BindKinds, Scope, Scopes, Secret, SenderPattern};
pub use dialect::{
    DefaultAlphabet, Dialect, ErrorBody, IdFormat, MoForm, ReceiptDialect, ReceiptError,
};
pub use fault::{AccessFault, AccountsFault};
pub use keys::Admitted;
pub use password::{HashFault, hash};
pub use specification::AccountSpec;
