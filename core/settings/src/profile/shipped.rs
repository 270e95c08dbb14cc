//! The profiles that ship, the reference file, the document and the reader know the same keys and names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::keys::KEYS;
use super::source::read;
use super::types::Profile;
use crate::reader::Context;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Keys at the beginnings of lines, also those behind `# `.
fn keys_of(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, _)| key)
        .filter(|key| {
            key.bytes()
                .all(|octet| octet.is_ascii_lowercase() || octet == b'_' || octet.is_ascii_digit())
        })
        .collect()
}

/// First and last cells of the tables' rows below a heading, up to the next of its kind.
fn rows<'t>(document: &'t str, heading: &str) -> Vec<(&'t str, &'t str)> {
    let (_, below) = document.split_once(heading).unwrap();
    let below = below.split("\n## ").next().unwrap();
    below
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| {
            let name = row.split('`').next().unwrap();
            let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            (name, last)
        })
        .collect()
}

#[test]
fn every_key_is_documented_and_stands_in_the_reference_file() {
    let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    let reference = text("config/profiles/reference.toml");
    let in_reference: BTreeSet<&str> = keys_of(&reference).into_iter().collect();
    assert_eq!(in_reference, known.iter().copied().collect());
    let document = text("docs/profiles.md");
    let classes = super::words::STATUS_CLASSES.iter().map(|(word, _)| *word);
    let expected: BTreeSet<&str> = known.iter().copied().chain(classes).collect();
    let in_document: BTreeSet<&str> = rows(&document, "\n## Keys\n")
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(in_document, expected);
}

#[test]
fn the_reader_asks_for_every_key_and_no_other() {
    let reference = text("config/profiles/reference.toml");
    let context = Context::new(&reference, "reference.toml", Path::new(""));
    let _ = read(&reference, "reference.toml", &context);
    let asked: BTreeSet<&str> = context
        .asked()
        .into_iter()
        .filter(|(title, _)| title == "the profile")
        .map(|(_, key)| key)
        .collect();
    assert_eq!(asked, KEYS.iter().map(|key| key.name).collect());
    assert!(
        KEYS.iter()
            .all(|key| !key.why.is_empty() && key.why.len() < 130)
    );
}

#[test]
fn the_reference_file_shows_the_defaults() {
    let reference =
        Profile::parse(&text("config/profiles/reference.toml"), "reference.toml").unwrap();
    assert_eq!(
        Profile {
            name: "default".to_owned(),
            ..reference
        },
        Profile::default()
    );
    // What the document shows as a default is written as in the file.
    let document = text("docs/profiles.md");
    let whole = text("config/profiles/reference.toml");
    for key in KEYS.iter().skip(1) {
        let row = document.lines().find(|line| {
            line.starts_with(&format!("| `{}` |", key.name)) && line.matches(" | ").count() == 2
        });
        let shown = row.unwrap().split(" | ").nth(1).unwrap().trim_matches('`');
        let line = whole
            .lines()
            .find(|line| line.starts_with(&format!("{} = ", key.name)));
        match line {
            None => assert_eq!(shown, "none", "{}", key.name),
            Some(_) if key.name == "receipt_grammar" => assert_eq!(shown, "none"),
            Some(line) => assert!(
                line.contains(&format!(" = {shown} ")),
                "{line} lacks {shown}"
            ),
        }
    }
}

#[test]
fn the_files_of_the_folder_are_built_in() {
    let mut files: Vec<String> = std::fs::read_dir(root().join("config/profiles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
        .filter(|name| name != "reference")
        .collect();
    files.sort();
    assert_eq!(Profile::names(), files);
    assert!(files.len() >= 12, "{}", files.len());
}

#[test]
fn shipped_profiles_differ_and_say_what_they_are_drawn_from() {
    let usual = Profile::default();
    let mut seen: Vec<Profile> = Vec::new();
    for name in Profile::names() {
        let file = format!("{name}.toml");
        let profile = Profile::parse(&text(&format!("config/profiles/{file}")), &file)
            .unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(profile.name, name);
        assert_eq!(Profile::built_in(name).as_ref(), Some(&profile), "{name}");
        assert!(
            profile.description.ends_with('.') && !profile.description.contains('\n'),
            "{name}"
        );
        assert!(
            profile.drawn_from.trim().len() > 30,
            "{name} says not what it is drawn from"
        );
        // Who goes by a provider's pages says so, and that he was not asked.
        if name.ends_with("-like") {
            assert!(
                profile
                    .drawn_from
                    .replace('\n', " ")
                    .contains("Not certified by"),
                "{name}"
            );
        }
        let bare = Profile {
            name: String::new(),
            description: String::new(),
            drawn_from: String::new(),
            ..profile.clone()
        };
        let plain = Profile {
            name: String::new(),
            ..usual.clone()
        };
        assert_ne!(bare, plain, "{name} is the default");
        assert!(!seen.contains(&bare), "{name} says what another says");
        seen.push(bare);
        // And what is written of it reads back.
        assert_eq!(Profile::parse(&profile.to_toml(), "x.toml"), Ok(profile));
    }
}

#[test]
fn the_document_lists_the_shipped_profiles() {
    let document = text("docs/profiles.md");
    let listed = rows(&document, "\n## Shipped profiles\n");
    let shipped: Vec<(String, String)> = Profile::names()
        .into_iter()
        .map(|name| {
            (
                name.to_owned(),
                Profile::built_in(name).unwrap().description,
            )
        })
        .collect();
    let listed: Vec<(String, String)> = listed
        .into_iter()
        .map(|(name, what)| (name.to_owned(), what.to_owned()))
        .collect();
    assert_eq!(listed, shipped);
}
