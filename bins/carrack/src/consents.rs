//! From `[consent]` to what the engine is told.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carrack_engine::ConsentRule;
use carrack_routing::consent::Keywords;
use carrack_routing::suppression::Scope;
use carrack_settings::{Fault, Settings, SuppressionScope};

use crate::numbering::{faults_of, whole};

/// Texts that a person has to read.
const REVIEW: &str = "suppression/review.jsonl";

/// Where texts that a person has to read are kept.
pub(crate) fn review_path(settings: &Settings) -> PathBuf {
    settings.node.data_dir.join(REVIEW)
}

/// What is done when handsets say stop; faults of the keywords are gathered.
pub(crate) fn of(settings: &Settings, faults: &mut Vec<Fault>) -> Option<ConsentRule> {
    let consent = settings.consent.as_ref()?;
    let keywords = match &consent.keywords {
        None => Keywords::built_in(),
        Some(path) => read(path).unwrap_or_else(|found| {
            faults.extend(found);
            Keywords::default()
        }),
    };
    let mut lists = settings.suppression_lists.iter();
    let list = lists.find(|list| list.name == consent.list)?;
    Some(ConsentRule {
        keywords: Arc::new(keywords),
        list: consent.list.clone(),
        scope: match list.scope {
            SuppressionScope::Global => Scope::Global,
            SuppressionScope::Account => Scope::Account,
            SuppressionScope::Sender => Scope::Sender,
        },
        unclear_is_stop: consent.unclear_is_stop,
    })
}

/// Keywords of a file.
pub(crate) fn read(path: &Path) -> Result<Keywords, Vec<Fault>> {
    let file =
        File::open(path).map_err(|error| vec![whole(path, format!("cannot be read: {error}"))])?;
    Keywords::from_csv(BufReader::new(file), &path.display().to_string())
        .map_err(|found| faults_of(path, found))
}
