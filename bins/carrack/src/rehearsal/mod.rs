//! Messages beside another configuration: what became of them, and what it would have done with them.
//!
//! Promise: each message is priced and routed by the tables that a node would build of that configuration; nothing is
//! sent. Used for CDR files (`carrack route rehearse`) and beside live traffic (`[shadow]`). Bound: sums, whose size is
//! that of the two tables.

mod comparison;
mod judge;
mod message;
mod money;
mod sums;

use std::fs::File;

use carrack_routing::Rates;
use carrack_settings::{Faults, Settings};

pub(crate) use comparison::{Comparison, Made};
pub(crate) use judge::{Judge, Judged, Refusal};
pub(crate) use message::{Facts, Past};
pub(crate) use money::{Amount, Money};
pub(crate) use sums::Sums;

use crate::numbering;

/// The rates of a configuration that was taken.
pub(crate) fn rates(settings: &Settings) -> Result<Option<Rates>, Faults> {
    let Some(currency) = &settings.currency else {
        return Ok(None);
    };
    let Some(path) = &currency.rates else {
        return Ok(Some(Rates::of_base(currency.base)));
    };
    let file = File::open(path).map_err(|error| {
        let what = format!("cannot be read: {error}");
        Faults(vec![numbering::whole(path, what)])
    })?;
    let read = Rates::from_csv(file, &path.display().to_string(), currency.base);
    let read = read.map_err(|found| Faults(numbering::faults_of(path, found)));
    read.map(Some)
}
