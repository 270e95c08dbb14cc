//! The lists of `[numbers]`, read.
//!
//! Promise: all faults of the plan at once, each with file and line; an index that is foreign, cut or spoiled in its
//! counts is a fault too. What faults leave is used by nobody.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use carrack_routing::numbering::{NumberPlan, Numbering, Portability};
use carrack_settings::{Fault, Numbers};

use crate::mapped::Mapped;

/// Reads the plan and maps the index, where the settings name them.
pub(crate) fn load(numbers: &Numbers, faults: &mut Vec<Fault>) -> Arc<Numbering> {
    let plan = numbers.plan.as_deref().map(plan);
    let portability = numbers.portability.as_deref();
    let portability = portability.map(|path| index(path, true).map_err(|fault| vec![fault]));
    Arc::new(Numbering {
        plan: kept(plan, faults).map(Arc::new),
        portability: kept(portability, faults),
    })
}

fn kept<T>(read: Option<Result<T, Vec<Fault>>>, faults: &mut Vec<Fault>) -> Option<T> {
    match read? {
        Ok(read) => Some(read),
        Err(found) => {
            faults.extend(found);
            None
        }
    }
}

/// A numbering plan.
pub(crate) fn plan(path: &Path) -> Result<NumberPlan, Vec<Fault>> {
    let file =
        File::open(path).map_err(|error| vec![whole(path, format!("cannot be read: {error}"))])?;
    NumberPlan::from_csv(BufReader::new(file), &path.display().to_string())
        .map_err(|found| faults_of(path, found))
}

/// The faults of a list, as those of a configuration.
pub(crate) fn faults_of(path: &Path, found: carrack_routing::DeckFaults) -> Vec<Fault> {
    let more = (found.more > 0).then(|| whole(path, format!("and {} faults more", found.more)));
    let faults = found.faults.into_iter().map(|fault| Fault {
        file: fault.file,
        line: usize::try_from(fault.line).unwrap_or(usize::MAX),
        what: fault.what,
    });
    faults.chain(more).collect()
}

/// An index of ported numbers, mapped.
pub(crate) fn index(path: &Path, is_read_ahead: bool) -> Result<Portability, Fault> {
    let mapped = Mapped::open(path, is_read_ahead)
        .map_err(|error| whole(path, format!("cannot be read: {error}")))?;
    Portability::open(Arc::new(mapped)).map_err(|fault| whole(path, fault.to_string()))
}

/// A fault of a file as a whole.
pub(crate) fn whole(path: &Path, what: String) -> Fault {
    Fault {
        file: path.display().to_string(),
        line: 0,
        what,
    }
}
