//! `ports`: modems are found where nobody named them, come and go, and those that somebody named are left alone.

use std::path::Path;
use std::time::Duration;

use carrack_loadtest::modem::Settings;
use carrack_loadtest::modem::edge::{Detached, Setup};
use serde_json::Value;

use crate::carrier::{Carrier, settings};
use crate::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

fn rack(folder: &Path) -> Detached {
    let settings = Settings {
        modems: 4,
        register_ns: 0,
        boot_ns: 0,
        submit_ns: 100_000_000,
        submit_jitter_ns: 0,
        report_delay_ns: 50_000_000,
        taken_kept: 1_000,
        ..Settings::default()
    };
    Detached::start(Setup::folder(folder, settings)).unwrap()
}

/// A node that looks for modems in a folder, where one is named by the configuration.
fn place(folder: &Path, north: &Carrier) -> Place {
    let folder = folder.display();
    let pool = format!(
        "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = \"0.001\"\nsim = {{ per_minute = 60 }}\n\
         ports = \"{folder}/modem-*\"\nports_max = 4\nports_every = \"1s\"\nports_answer = \"2s\"\n\
         [[modem]]\nname = \"named\"\npool = \"rack\"\nport = \"{folder}/modem-0\"\n"
    );
    let place = Place::new(&[CarrierEntry::north(north.address, (1, 100))], &pool);
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let both = text.replace("carriers = [\"north\"]", "carriers = [\"rack\", \"north\"]");
    assert_ne!(text, both);
    std::fs::write(path, both).unwrap();
    place
}

/// Modems that are up, with the end of the ports that they have.
fn up(shown: &Value) -> Vec<(String, String)> {
    let modems = shown["modems"].as_array().unwrap().iter();
    let modems = modems.filter(|modem| modem["state"] == "up").map(|modem| {
        let port = modem["port"].as_str().unwrap().rsplit('/').next();
        let name = modem["modem"].as_str().unwrap();
        (name.to_owned(), port.unwrap().to_owned())
    });
    modems.collect()
}

fn eventually_up(node: &Node, what: &str, expected: &[(&str, &str)]) {
    let mut shown = Value::Null;
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(name, port)| ((*name).to_owned(), (*port).to_owned()))
        .collect();
    let holds = || {
        shown = node.get("/v1/modems");
        up(&shown) == expected
    };
    let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        eventually(what, PATIENCE, holds);
    }));
    assert!(waited.is_ok(), "{what}: {:#}", node.get("/v1/modems"));
}

fn verdict(node: &Node, port: &str) -> Option<String> {
    let shown = node.get("/v1/modems");
    let ports = shown["ports"].as_array().unwrap();
    let found = ports
        .iter()
        .find(|found| found["port"].as_str().unwrap().ends_with(port))?;
    Some(found["verdict"].as_str().unwrap().to_owned())
}

#[test]
fn modems_are_found_serve_go_and_come_back_to_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let rack = rack(folder.path());
    let north = Carrier::start(settings("north", 1, 10, &[]));
    rack.order("3 silent").unwrap();
    let place = place(folder.path(), &north);
    let node = place.serve();
    let three = [
        ("named", "modem-0"),
        ("rack-auto-1", "modem-1"),
        ("rack-auto-2", "modem-2"),
    ];
    eventually_up(&node, "each modem that answers is up", &three);
    let shown = node.get("/v1/modems");
    let modems = shown["modems"].as_array().unwrap();
    assert_eq!(modems.len(), 3, "places that nobody had are not shown");
    let steps = modems.iter().map(|modem| &modem["counts"]["steps"]);
    let none = serde_json::json!([0, 0, 0, 0, 0, 0, 0]);
    assert!(steps.into_iter().all(|steps| *steps == none), "{shown}");
    assert_eq!(verdict(&node, "modem-0"), None, "somebody named it");
    assert_eq!(verdict(&node, "modem-1").as_deref(), Some("rack-auto-1"));
    assert_eq!(
        verdict(&node, "modem-3").as_deref(),
        Some("it does not answer AT")
    );

    let file = place.folder.path().join("rows.csv");
    let rows: String = (0..9)
        .map(|row| format!("4917012{row:05},ACME,hello {row}\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    node.batch_done(&batch, PATIENCE);

    rack.order("1 unplug").unwrap();
    let left = [("named", "modem-0"), ("rack-auto-2", "modem-2")];
    eventually_up(&node, "a modem that is gone leaves its place", &left);
    rack.order("3 heal").unwrap();
    let other = [
        ("named", "modem-0"),
        ("rack-auto-2", "modem-2"),
        ("rack-auto-3", "modem-3"),
    ];
    eventually_up(&node, "one that answers late is found", &other);
    rack.order("1 plug").unwrap();
    let all = [
        ("named", "modem-0"),
        ("rack-auto-1", "modem-1"),
        ("rack-auto-2", "modem-2"),
        ("rack-auto-3", "modem-3"),
    ];
    eventually_up(&node, "one that comes back has its place", &all);
    let tested = place.run(&["modem", "list"]);
    let said = String::from_utf8(tested.stdout).unwrap();
    assert!(
        said.contains("rack-auto-3") && said.contains("serial port"),
        "{said}"
    );

    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["delivered"], 9, "{audit} {}", place.said());
    let taken = rack.taken();
    let modems: std::collections::BTreeSet<usize> = taken.iter().map(|taken| taken.modem).collect();
    assert!(taken.len() == 9 && modems.len() == 3, "{modems:?}");
}
