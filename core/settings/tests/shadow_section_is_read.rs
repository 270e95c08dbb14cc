//! `[shadow]`: off where it is missing; what it names is not opened; its own faults have their cure.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use carrack_settings::{Faults, Settings, Shadow};

fn read(text: &str) -> Result<Option<Shadow>, Faults> {
    let text = format!("[node]\ndata_dir = \"data\"\n{text}");
    Settings::parse(&text, "c.toml", Path::new("/etc/carrack")).map(|settings| settings.shadow)
}

#[test]
fn a_section_that_is_missing_is_off_and_a_file_that_is_missing_is_no_fault_of_this_one() {
    assert_eq!(read("").unwrap(), None);
    let found = read("[shadow]\nconfiguration = \"next.toml\"\n").unwrap();
    let found = found.unwrap();
    assert_eq!(found.configuration, Path::new("/etc/carrack/next.toml"));
    assert_eq!((found.share, found.queue), (100, 65_536));
    let found = read("[shadow]\nconfiguration = \"/x/y.toml\"\nshare = 7\nqueue = 1\n").unwrap();
    let found = found.unwrap();
    assert_eq!(found.configuration, Path::new("/x/y.toml"));
    assert_eq!((found.share, found.queue), (7, 1));
}

#[test]
fn faults_are_named_with_their_cure() {
    for (text, part) in [
        ("[shadow]\n", "write configuration = \"next.toml\""),
        (
            "[shadow]\nconfiguration = \"\"\n",
            "name the configuration that is to be tried",
        ),
        ("[shadow]\nconfiguration = \"n\"\nshare = 0\n", "`share`"),
        ("[shadow]\nconfiguration = \"n\"\nshare = 101\n", "`share`"),
        ("[shadow]\nconfiguration = \"n\"\nqueue = 0\n", "`queue`"),
        (
            "[shadow]\nconfiguration = \"n\"\nshares = 5\n",
            "did you mean `share`?",
        ),
    ] {
        let said = read(text).unwrap_err().to_string();
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn the_section_of_a_file_with_other_faults_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let of = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Shadow::of_file(&path)
    };
    let section = "[shadow]\nconfiguration = \"next.toml\"\n";
    let found = of(&format!("[nodes]\n[[route]]\nx = 1\n{section}")).unwrap();
    assert_eq!(found.configuration, path.with_file_name("next.toml"));
    assert_eq!(found.line, 4);
    for text in ["", "shadow = 1\n", "[shadow]\n", &format!("{section}[")] {
        assert_eq!(of(text), None, "{text}");
    }
    assert_eq!(Shadow::of_file(&folder.path().join("none.toml")), None);
}
