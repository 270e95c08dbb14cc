//! The SMPP front door: customers bind, submit and get their receipts.
//!
//! Promise: a `submit_sm` is answered OK only once its message is durable; a receipt is handed over until the customer
//! takes it. Malformed input is answered as SMPP says, or ends that connection alone. Decisions are made by
//! [`connection`], which knows no socket; [`door`] moves the bytes. Bound: connections, binds, windows, rates and
//! buffers from the specification and the accounts; above them the answers are `ESME_RBINDFAIL`, `ESME_RTHROTTLED` and
//! `ESME_RMSGQFUL`. Plain TCP; requests other than `submit_sm` are answered `ESME_RINVCMDID` by this version.

mod address;
mod connection;
mod counts;
mod deliveries;
mod door;
mod intake;
mod peer;
mod period;
mod post;
mod receipt;
mod reception;
mod register;
mod screen;
mod server;
mod spec;
mod user_data;

pub use counts::SmppServerCounts;
pub use intake::{Intake, TellingSink};
pub use receipt::Telling;
pub use server::{SmppServer, SmppServerFault};
pub use spec::SmppServerSpec;
