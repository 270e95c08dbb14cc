//! A deterministic simulation of a node: the engine's own shards and recovery; everything else seeded.
//!
//! Promise: [`simulate`] with the same seed and scenario does the same, to the last event; a run ends quiet and adds up,
//! or its report says what does not. Clock, disk, carriers, customers and the moments of crashes come from the seed.
//! Bound: the messages and the simulated time of the scenario. Fails by violations in the report, or [`SimulationFault`]
//! where the machine gives no folder for journals.

mod book;
mod carrier;
mod customers;
mod disk;
mod events;
mod faults;
mod link;
mod mishaps;
mod money;
mod process;
mod report;
mod rng;
mod run;
mod scenario;
mod tables;
mod world;

pub use events::Event;
pub use faults::{Fault, FaultCounts};
pub use report::{Report, SimulationFault, Totals};
pub use run::simulate;
pub use scenario::{Mutant, Scenario};
