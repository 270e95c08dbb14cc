//! A rack on ptys or TCP ports, with the clock of the machine, one thread.
//!
//! [`Running`] lives on the caller's `LocalSet`, [`Detached`] on a thread of its own, [`run`] is the program. A pty is a serial line without a speed; a TCP port is
//! a serial server that takes one host at a time (a new one takes over). What nobody reads for two seconds is lost, and a port that is unplugged is gone: its link is away,
//! its connection closed. Fails only when a port cannot be had or a file not be written.

mod control;
mod detached;
mod port;
mod pty;
mod run;
mod running;

pub use control::{Control, tell};
pub use detached::Detached;
pub use run::{Options, run};
pub use running::{Ports, Running, Setup};
