//! From `[[suppression]]` and `[suppressions]` to what the engine is told.
//!
//! Promise: a base that is foreign, cut, spoiled in its counts, or made with another secret is a fault of the configuration.

use std::path::Path;
use std::sync::Arc;

use carrack_engine::{MapFile, SuppressionRule, SuppressionSettings};
use carrack_routing::suppression::{Hashing, Keys, Scope, SuppressionIndex};
use carrack_settings::{self as settings, Fault, Settings, SuppressionHash, SuppressionScope};

use crate::configuration::prefixes;
use crate::limits::sender;
use crate::mapped::Mapped;
use crate::numbering::whole;
use crate::ways;

/// Where what is added lies, in the data folder.
const FOLDER: &str = "suppression";

/// Lists as the engine knows them; faults of prefixes and bases are gathered.
pub(crate) fn of(settings: &Settings, faults: &mut Vec<Fault>) -> SuppressionSettings {
    let lists = settings.suppression_lists.iter();
    let rules = lists.map(|list| {
        let keys = keys(list);
        let base = list.base.as_deref().map(|path| index(&keys, path));
        let base = base.and_then(|base| base.map_err(|fault| faults.push(fault)).ok());
        SuppressionRule {
            name: list.name.clone(),
            matcher: ways::matcher(
                &list.matches,
                prefixes(settings, &list.matches, list.line, faults),
            ),
            senders: list.senders.iter().map(sender).collect(),
            keys,
            base,
        }
    });
    let added_max = settings.suppressions.added_max;
    SuppressionSettings {
        rules: rules.collect(),
        folder: Some(settings.node.data_dir.join(FOLDER)),
        live_max: usize::try_from(added_max).unwrap_or(usize::MAX),
        map: Some(map()),
    }
}

fn map() -> MapFile {
    Arc::new(|path| Ok(Arc::new(Mapped::open(path, true)?)))
}

/// How a list is looked up.
pub(crate) fn keys(list: &settings::Suppression) -> Keys {
    let secret = list.secret.as_ref().map_or("", |secret| secret.expose());
    Keys {
        scope: match list.scope {
            SuppressionScope::Global => Scope::Global,
            SuppressionScope::Account => Scope::Account,
            SuppressionScope::Sender => Scope::Sender,
        },
        hashing: match list.hash {
            SuppressionHash::None => Hashing::None,
            SuppressionHash::Sha256 => Hashing::Sha256,
            SuppressionHash::Keyed => Hashing::keyed(secret.as_bytes()),
        },
    }
}

/// A base, mapped.
pub(crate) fn index(keys: &Keys, path: &Path) -> Result<SuppressionIndex, Fault> {
    let mapped = Mapped::open(path, true)
        .map_err(|error| whole(path, format!("cannot be read: {error}")))?;
    SuppressionIndex::open(keys, Arc::new(mapped)).map_err(|fault| whole(path, fault.to_string()))
}
