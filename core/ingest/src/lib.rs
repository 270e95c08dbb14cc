//! Front doors: everything by which a message comes in, and by which its customer is told what became of it.
//!
//! Promise: every door finds the customer in [`accounts`], screens each recipient in [`submission`], hands the engine
//! whole chunks, and answers only once what it answers is durable. What cannot be taken is refused with the field, the
//! fault and its cure. Bound: connections, bodies, rows, chunks and waiting time come from the specification each door
//! is started with. A door that fails answers its own client; the engine and the other doors go on.

pub mod accounts;
pub mod batch;
mod by_account;
mod caught;
pub mod consent;
pub mod drop_folder;
pub mod http;
pub mod loop_probe;
pub mod replies;
pub mod smpp_server;
pub mod submission;
pub mod tls;
pub mod webhook;
