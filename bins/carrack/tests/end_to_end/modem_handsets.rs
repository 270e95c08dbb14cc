//! Messages from handsets to the SIMs of a pool: joined, told once, and out of the storage, also what came while the node was away.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::mo_customers::Ear;
use super::modem_pools::{all_up, rack, sections};
use super::node::{Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);
const LONG: &str = "a long text that a handset sends in parts, ";

#[test]
fn what_handsets_write_to_sims_comes_once_and_leaves_the_storage() {
    let rack = rack(2);
    let rule = "[[mo_route]]\nname = \"all\"\nmatch = { to = \"491510*\" }\naccount = \"test\"\ndeliver = \"bind\"\n";
    let mut more = format!(
        "mo_form = \"payload\"\nmo_link_tlv = true\n{rule}{}",
        sections(&rack, "per_minute = 60")
    );
    for sim in rack.report().sims {
        more.push_str(&format!(
            "[[sim]]\niccid = \"{}\"\nnumber = \"+{}\"\n",
            sim.iccid, sim.number
        ));
    }
    let place = Place::new(&[], &more);
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let routed = text.replace("carriers = []", "carriers = [\"rack\"]");
    std::fs::write(path, routed).unwrap();
    let mut expected = Vec::new();
    let mut write = |modem: usize, text: &str| {
        rack.order(&format!("{modem} mo +447700900123 {text}"))
            .unwrap();
        expected.push(text.to_owned());
    };
    let long = LONG.repeat(8);
    write(0, "before the start");
    write(1, &format!("{long}zero"));
    let node = place.serve();
    eventually("each modem is up", PATIENCE, || all_up(&node));
    write(0, &format!("{long}one"));
    write(1, "while it runs");
    let stored = || {
        rack.report()
            .sims
            .iter()
            .map(|sim| sim.stored)
            .sum::<usize>()
    };
    eventually("the storage is empty", PATIENCE, || {
        let report = rack.report();
        report.sum.pending == 0 && stored() == 0
    });
    node.kill();
    write(1, "while it was away");
    let node = place.serve();
    let ear = Arc::new(Ear::default());
    let bind = ear.open(node.smpp.unwrap());
    eventually("all came", PATIENCE, || ear.texts().len() >= 5);
    eventually("the storage is empty again", PATIENCE, || stored() == 0);
    let mut came: Vec<String> = ear.texts().into_values().collect();
    ear.over.store(true, Ordering::Release);
    bind.join().unwrap();
    came.sort_unstable();
    expected.sort_unstable();
    assert_eq!(came, expected);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    assert_eq!(
        (&audit["mo"]["waiting"], &audit["mo"]["nobody"]),
        (&0.into(), &0.into()),
        "{audit}"
    );
}
