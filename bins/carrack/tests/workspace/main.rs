//! What must hold for the workspace as a whole. Works offline, from the lock file and what was downloaded to build.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrows;
mod licences;

use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

/// The workspace and all that it is built from on this platform.
fn metadata() -> Metadata {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap()
        .to_owned();
    let options = ["--offline".to_owned(), "--filter-platform".to_owned(), host];
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(options.to_vec())
        .exec()
        .unwrap()
}
