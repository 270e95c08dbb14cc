//! What the clock says where a recipient is: his zones by his number, hours in which he is left alone, and local times.
//!
//! Promise: pure; the moment is given. A number whose zone is not sure has all that it may have, and what is held for him is
//! held until it is day in all of them. Bound: a search for a quiet moment's end gives up after [`STEPS_MAX`](quiet) steps
//! and takes the moment it has come to.

mod quiet;
mod wall;
mod zones;

pub use quiet::{QuietHours, QuietRule};
pub use wall::{LocalMoment, LocalMomentFault};
pub use zones::zones;
