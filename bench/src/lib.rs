//! What is measured, and how: the end-to-end bench, which starts node, carrier and generator as processes of their own,
//! as a customer would, and reads what the system says of each.
//!
//! Promise: a figure is printed only beside its proof: accepted, distinct texts at the carrier and receipts are equal, and
//! the audit of the store adds up; otherwise the run has failed. Bound: every wait ends. Fails with the process and its
//! log named; whatever was started is stopped.

mod backlog;
mod batch;
mod carrier;
mod check;
mod command;
mod customers;
mod fleet;
mod http_load;
mod http_run;
mod kannel;
mod kannel_box;
mod links;
mod machine;
mod node;
mod outcome;
mod overload;
mod parts;
mod probe;
mod process;
mod profile;
mod programs;
mod request;
mod scenario;
mod show;
mod sink;
mod smpp_run;

pub use command::{Arguments, run};
