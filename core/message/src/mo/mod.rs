//! Messages from handsets: parts that come one by one, in any order, and are one text (traps T35, T36).
//!
//! Promise: a message is handed over once, when all its parts are there, or with what came when its time is up or
//! room is needed; nothing that came is dropped. Bound: messages and octets held, by settings. Pure; time comes in.

mod held;
mod message;
mod reassembly;
mod way;

pub use message::{Mo, MoPart};
pub use reassembly::{Reassembly, ReassemblySettings, Taken};
pub use way::{ArchivedMoWay, MoWay, MoWays};
