//! What the importers' tests ask of something imported.
#![allow(clippy::unwrap_used, clippy::panic)]

use carrack_settings::Settings;

use super::Imported;

/// Its configuration, read as a node reads it, with the files beside it.
pub(crate) fn settings(imported: &Imported) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    for made in &imported.beside {
        let path = folder.path().join(&made.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &made.text).unwrap();
    }
    Settings::parse(&imported.text, "imported", folder.path())
        .unwrap_or_else(|faults| panic!("{faults}\n{}", imported.text))
}

/// Why the first thing that begins so was left.
pub(crate) fn left<'a>(imported: &'a Imported, what: &str) -> &'a str {
    let found = imported
        .left
        .iter()
        .find(|left| left.what.starts_with(what));
    &found
        .unwrap_or_else(|| panic!("{what}: {:#?}", imported.left))
        .why
}
