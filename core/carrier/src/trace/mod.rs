//! What goes over a carrier's wires, for the eyes of an operator.
//!
//! Promise: a link that nobody listens to pays one load; a listener never holds a link up. Only whole PDUs come out, and
//! unless they are asked for, no passwords, no contents and no full numbers. Bound: chunks and octets that wait, and one
//! partial PDU a direction of a connection. What is lost is counted.

mod framer;
mod mask;
mod recorder;
mod tap;

pub use mask::mask;
pub use recorder::{Recorder, TracedPdu};
pub use tap::{Chunk, Direction, Listener, Stream, Tap};
