//! `carrack modem acquit`: a SIM that looks blocked sends again when somebody says so.

use std::time::Duration;

use carrack_loadtest::modem::Settings;
use carrack_loadtest::modem::edge::{Detached, Setup};

use crate::carrier::{Carrier, settings};
use crate::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

fn send(place: &Place, node: &Node, name: &str, count: usize) {
    let file = place.folder.path().join(name);
    let rows: String = (0..count)
        .map(|row| format!("4917012{row:05},ACME,{name} {row}\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    node.batch_done(&batch, PATIENCE);
}

fn state(node: &Node) -> String {
    let shown = node.get("/v1/modems");
    let sims = shown["sims"].as_array().unwrap();
    let state = sims.first().map(|sim| sim["state"].as_str().unwrap());
    state.unwrap_or_default().to_owned()
}

#[test]
fn a_sim_that_was_taken_for_blocked_sends_again_when_somebody_says_so() {
    let of_rack = Settings {
        modems: 1,
        register_ns: 0,
        submit_ns: 100_000_000,
        submit_jitter_ns: 0,
        report_delay_ns: 50_000_000,
        ..Settings::default()
    };
    let cards = of_rack.cards();
    let rack = Detached::start(Setup::tcp(of_rack)).unwrap();
    let north = Carrier::start(settings("north", 1, 10, &[]));
    let port = &rack.ports[0];
    let pool = format!(
        "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = \"0.001\"\nsim = {{ per_minute = 60, suspect_after = 2 }}\n\
         [[modem]]\nname = \"rack-0\"\npool = \"rack\"\nport = \"{port}\"\n"
    );
    let place = Place::new(&[CarrierEntry::north(north.address, (1, 100))], &pool);
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let both = text.replace("carriers = [\"north\"]", "carriers = [\"rack\", \"north\"]");
    std::fs::write(path, both).unwrap();
    let node = place.serve();
    eventually("it is up", PATIENCE, || {
        node.get("/v1/modems")["modems"][0]["state"] == "up"
    });
    rack.order("0 sim block 21").unwrap();
    send(&place, &node, "first", 4);
    eventually("it is suspected", PATIENCE, || state(&node) == "suspected");
    rack.order("0 sim unblock").unwrap();

    for (none, code) in [("123", 2), ("rack-0", 2), ("999999", 1)] {
        let found = place.run(&["modem", "acquit", none]);
        assert_eq!(found.status.code(), Some(code), "{none}");
    }
    let iccid = &cards[0].iccid;
    let tail = &iccid[iccid.len() - 6..];
    let said = place.run(&["modem", "acquit", tail]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("it sends"), "{said}");
    assert_eq!(state(&node), "sends");
    eventually("its modem is up", PATIENCE, || {
        node.get("/v1/modems")["modems"][0]["state"] == "up"
    });
    let before = rack.report().sum.counts.taken;
    send(&place, &node, "second", 2);
    eventually("it sends again", PATIENCE, || {
        rack.report().sum.counts.taken == before + 2
    });
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
