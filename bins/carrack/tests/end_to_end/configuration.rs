//! Bad configuration: every fault with file, line and cure; exit 2; a running node keeps its old one.

use std::time::Duration;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

#[test]
fn every_fault_is_named_with_file_line_and_cure() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 10));
    let place = Place::new(&[entry], "");
    let good = std::fs::read_to_string(place.configuration()).unwrap();
    let checked = place.run(&["config", "check", place.configuration().to_str().unwrap()]);
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let cases = [
        ("links = 1", "lnks = 1", "links"),
        ("window = 10\n", "window = \"ten\"\n", "window"),
        ("price = \"0.005\"", "deck = \"decks/none.csv\"", "none.csv"),
        (
            "[http]\n",
            "[http]\ntls = { cert = \"no.pem\", key = \"no.key\" }\n",
            "no.pem",
        ),
    ];
    for (from, to, named) in cases {
        assert!(good.contains(from), "{from}");
        let bad = good.replacen(from, to, 1);
        let changed = to.lines().last().unwrap();
        let line = bad.lines().position(|line| line == changed).unwrap() + 1;
        std::fs::write(place.configuration(), &bad).unwrap();
        for command in [&["config", "check"][..], &["serve", "--config"]] {
            let output = place.run(&[command, &[place.configuration().to_str().unwrap()]].concat());
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(
                said.contains(&format!("carrack.toml:{line}:")) && said.contains(named),
                "line {line}, {named}: {said}"
            );
        }
    }
    let twice = format!(
        "{good}\n[[carrier]]\nname = \"north\"\naddress = \"127.0.0.1:1\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"1\"\n"
    );
    std::fs::write(place.configuration(), twice).unwrap();
    let output = place.run(&["config", "check", place.configuration().to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.code() == Some(2) && said.contains("north"),
        "{said}"
    );
}

#[test]
fn running_node_keeps_its_configuration_when_the_new_one_is_bad() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 10));
    let place = Place::new(&[entry], "");
    let good = std::fs::read_to_string(place.configuration()).unwrap();
    let node = place.serve();
    std::fs::write(place.configuration(), good.replace("links = 1", "lnks = 1")).unwrap();
    node.signal("HUP");
    eventually("the fault is logged", Duration::from_secs(5), || {
        place.said().contains("lnks")
    });
    let explained = |node: &super::node::Node| {
        node.get("/v1/routes/explain?to=447700900001")["candidates"][0]["price_micros"].as_i64()
    };
    assert_eq!(explained(&node), Some(5000), "it still routes");
    std::fs::write(place.configuration(), good.replace("0.005", "0.007")).unwrap();
    node.signal("HUP");
    eventually("the new price holds", Duration::from_secs(5), || {
        explained(&node) == Some(7000)
    });
    assert_eq!(node.stop().0, Some(0));
}

#[test]
fn a_configuration_through_which_nothing_passes_is_good_with_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bare.toml");
    std::fs::write(&file, "[node]\ndata_dir = \"data\"\n").unwrap();
    let output = std::process::Command::new(super::node::PROGRAM)
        .args(["config", "check"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in ["[[account]]", "[http]", "[[carrier]]"] {
        let warned = |line: &str| line.contains("warning: ") && line.contains(part);
        assert!(said.lines().any(warned), "{part}: {said}");
    }
}
