//! Sessions of both sides, without I/O: bytes in by slice, bytes out by a buffer the edge drains with
//! one write a loop turn, time in as monotonic nanoseconds, what happened out by events.
//!
//! Bounds: the send window, one partial PDU, the output buffer, the memory for late responses; all
//! from settings. Failure: a session that cannot go on reports `Close` once and then ignores input;
//! the edge drains the output, closes the socket and calls `disconnected`.

mod client;
mod client_requests;
mod client_responses;
mod counters;
mod event;
mod inbox;
mod late;
mod link;
mod patience;
mod request;
mod server;
mod server_answers;
mod server_requests;
mod settings;
mod version;
mod window;

pub use client::ClientSession;
pub use counters::Counters;
pub use event::{ClientEvent, CloseReason, DeliverRefused, ServerEvent, SubmitRefused};
pub use request::Request;
pub use server::ServerSession;
pub use settings::{ClientSettings, ServerSettings, SpecLimits};
