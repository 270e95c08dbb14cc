//! The HTTP front door: JSON in and out, problem documents (RFC 9457) for what cannot be done.
//!
//! Promise: 202 means durable. Every refusal names the field, the fault and its cure; a field that this version does not
//! serve is refused, never passed over. An account sees its own messages and batches and nobody else's. Bound:
//! connections, octets of a body and the time of a request as set; recipients of one call
//! [`RECIPIENTS_MAX`](messages::RECIPIENTS_MAX).

mod authentication;
mod balance;
mod batches;
mod body;
mod bulk;
mod calls;
mod connection;
mod consent;
mod cross_origin;
mod door;
mod encoding;
mod form;
mod health;
mod held;
mod idempotency;
mod jasmin;
mod jobs;
mod json;
mod kannel;
mod legacy_detail;
mod legacy_parts;
mod limit;
mod lives;
mod messages;
mod modems;
mod openapi;
mod operations;
mod parameters;
mod path;
mod patience;
mod problem;
mod recipients;
mod request;
mod routes;
mod scope;
mod shadow;
mod signature;
mod specification;
mod state;
mod suppression_call;
mod suppressions;
mod trace;
mod unknown;
mod unread;
#[cfg(test)]
mod unread_tests;
mod webhooks;
mod wishes;

pub use door::{HttpDoor, HttpFault};
pub use messages::RECIPIENTS_MAX;
pub use modems::{AcquitFault, ModemDesk, Modems};
pub use openapi::openapi;
pub use shadow::{Shadow, ShadowDesk};
pub use specification::{HttpSpec, MetricsPage};
pub use trace::Taps;
