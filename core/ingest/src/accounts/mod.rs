//! Customers, and how each door finds the one that knocks.
//!
//! Promise: credentials are compared in constant time, and a wrong name costs what a wrong password costs. A book that
//! contradicts itself is refused whole, so the one in use stays. Bound: one read lock a look-up, held for one clone.

mod account;
mod book;
mod dialect;
mod fault;
mod specification;

pub use account::Account;
pub use book::{AccountBook, Accounts};
pub use dialect::{Dialect, IdFormat};
pub use fault::{AccessFault, AccountsFault};
pub use specification::AccountSpec;
