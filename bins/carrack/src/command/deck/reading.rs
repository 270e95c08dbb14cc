//! Reads a price list and shows how far it is, where that takes longer than a second.

use std::path::Path;

use carrack_routing::PriceList;
use carrack_settings::Faults;

use crate::numbering;
use crate::watched::Watched;

/// Reads a list, or all its faults.
pub(super) fn read(path: &Path) -> Result<PriceList, Faults> {
    let name = path.display().to_string();
    let watched = Watched::open(path).map_err(|error| {
        Faults(vec![numbering::whole(
            path,
            format!("cannot be read: {error}"),
        )])
    })?;
    let read = PriceList::from_csv(watched, &name);
    read.map_err(|found| Faults(numbering::faults_of(path, found)))
}
