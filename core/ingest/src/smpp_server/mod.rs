//! The SMPP front door: customers bind, submit, and get their receipts and messages from handsets.
//!
//! Promise: what makes messages is answered OK only once they are durable; a receipt or a message from a handset is
//! handed over until the customer takes it. Malformed input is answered as SMPP says, or ends that connection alone. Decisions are made by
//! [`connection`], which knows no socket; [`door`] moves the bytes. Bound: connections, binds, windows, rates and
//! buffers from the specification and the accounts; above them the answers are `ESME_RBINDFAIL`, `ESME_RTHROTTLED` and
//! `ESME_RMSGQFUL`. Plain TCP, or TLS by [`wire`].
//!
//! What a client may ask: `submit_sm`, `data_sm` and `submit_multi` ([`multi`]) become messages; `query_sm`, `cancel_sm`
//! and `replace_sm` ([`question`]) are answered from the store by [`clerks`]; broadcasts are `ESME_RINVCMDID`.

mod address;
mod binds;
mod clerks;
mod connection;
mod counts;
mod default_alphabet;
mod deliveries;
mod door;
mod guard;
mod intake;
mod judgement;
pub(crate) mod message_id;
mod mo;
mod multi;
mod peer;
pub(crate) mod period;
mod post;
mod question;
mod receipt;
mod reception;
mod register;
mod requests;
mod screen;
mod server;
mod short_id;
mod short_ids;
mod short_marks;
mod spec;
mod telling;
pub(crate) mod user_data;
mod wire;

pub(crate) use receipt::state as receipt_state;

pub use counts::SmppServerCounts;
pub use intake::{Intake, MessageState, TellingSink};
pub use server::{SmppServer, SmppServerFault};
pub use short_marks::ShortIdsFault;
pub use spec::SmppServerSpec;
pub use telling::Telling;
