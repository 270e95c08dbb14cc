//! A data folder that cannot be used: the start is refused with the folder's name and what to do, and nothing is harmed.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::carrier::{Carrier, settings};
use super::node::PROGRAM;
use super::scene::{all_final, data, get, place, refusal_to_start, refused, submit, unknown};
use super::small_disk::SmallDisk;

/// Nobody: a user without rights, as root needs none.
const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn folder_without_write_permission_is_named() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    let place = place(&north);
    let data = data(&place);
    std::fs::create_dir(&data).unwrap();
    set_mode(&data, 0o555);
    let said = if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root writes everywhere: the program runs as somebody else, from a folder that he can see.
        set_mode(place.folder.path(), 0o755);
        let program = place.folder.path().join("carrack");
        std::fs::copy(PROGRAM, &program).unwrap();
        let mut serve = Command::new(program);
        serve.args(["serve", "--config"]).arg(place.configuration());
        refused(&place, serve.uid(NOBODY).gid(NOBODY))
    } else {
        refusal_to_start(&place)
    };
    set_mode(&data, 0o755);
    let path = data.to_string_lossy();
    assert!(said.contains(&*path), "names the folder: {said}");
    assert!(
        said.contains("Permission denied") && said.contains("writable"),
        "says why and what to do: {said}"
    );
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
fn read_only_disk_is_named_and_what_it_holds_can_be_audited() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    north.toggle();
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), 32) else {
        return;
    };
    let node = place.serve();
    let ids = submit(&node, "text", 5);
    node.kill();
    disk.make_read_only();
    let said = refusal_to_start(&place);
    assert!(said.contains(&*data(&place).to_string_lossy()), "{said}");
    assert!(
        said.contains("Read-only file system") && said.contains("writable"),
        "{said}"
    );
    let audit = place.audit();
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["waiting"].as_u64()),
        (Some(true), Some(ids.len() as u64)),
        "{audit}"
    );
}

#[test]
fn second_node_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    let place = place(&north);
    let node = place.serve();
    let mut ids = submit(&node, "before", 5);
    let ready = std::fs::read(data(&place).join("ready.json")).unwrap();

    let said = refusal_to_start(&place);
    assert!(
        said.contains("LOCK") && said.contains("no other carrack uses it"),
        "{said}"
    );
    assert!(said.contains(&*data(&place).to_string_lossy()), "{said}");

    assert_eq!(
        std::fs::read(data(&place).join("ready.json")).unwrap(),
        ready,
        "commands still find the first"
    );
    assert_eq!(get(&node, "/readyz").status, 200);
    ids.extend(submit(&node, "after", 5));
    assert!(unknown(&node, &ids).is_empty());
    let audit = all_final(&place);
    assert_eq!(audit["delivered"], ids.len(), "{audit}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["adds_up"], true);
}

#[test]
fn file_in_the_place_of_the_folder_is_named() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    let place = place(&north);
    std::fs::write(data(&place), "no folder").unwrap();
    let said = refusal_to_start(&place);
    assert!(said.contains(&*data(&place).to_string_lossy()), "{said}");
}
