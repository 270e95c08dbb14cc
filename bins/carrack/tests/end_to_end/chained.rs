//! Two nodes, one the carrier of the other: ids and receipts are right at both.

use std::time::Duration;

use super::carrier::{Carrier, settings};
use super::customers::load;
use super::node::{CarrierEntry, Place, eventually};

fn entry(address: std::net::SocketAddr, price: &'static str) -> CarrierEntry<'static> {
    CarrierEntry {
        name: "north",
        address,
        price,
        links: 2,
        window: 500,
        more: "",
    }
}

#[test]
fn node_that_is_the_carrier_of_another_gives_back_every_receipt_once() {
    let north = Carrier::start(settings("north", 1, 5, &["receipt-before-response=20"]));
    // The node above is this account of the node below, and is charged by it.
    let hop = "[[account]]\nname = \"hop\"\nsystem_id = \"c\"\npassword = \"p\"\nwindow = 1000\ndeck = \"sell.csv\"";
    let below = Place::new(&[entry(north.address, "0.005")], hop);
    let deck = "prefix,price,currency,name\n44,0.01,EUR,United Kingdom\n";
    std::fs::write(below.folder.path().join("sell.csv"), deck).unwrap();
    let node_below = below.serve();
    let above = Place::new(&[entry(node_below.smpp.unwrap(), "0.01")], "");
    let node_above = above.serve();

    let report = load(&node_above, 3000, 1, None);
    assert_eq!(
        (report.sent, report.accepted, report.receipts),
        (3000, 3000, 3000),
        "{report:?}"
    );
    assert_eq!(
        (
            report.receipts_duplicate,
            report.receipts_unmatched,
            report.receipts_missing
        ),
        (0, 0, 0),
        "{report:?}"
    );
    let carried = north.report();
    assert_eq!((carried.messages_distinct, carried.duplicates), (3000, 0));
    let charged = || node_below.get("/v1/balances")["balances"][0]["charged"].clone();
    eventually("the hop is charged", Duration::from_secs(5), || {
        charged() == "30"
    });
    let audits = [above.audit(), below.audit()];
    for audit in &audits {
        assert_eq!(
            (&audit["adds_up"], &audit["delivered"], &audit["untold"]),
            (&true.into(), &3000.into(), &0.into()),
            "{audit}"
        );
    }
    // What the one sells at is what the other pays.
    let charged = audits[1]["accounts"][0]["charged_micros"].clone();
    assert_eq!(audits[0]["cost_micros"], charged);
}

#[test]
fn message_that_goes_round_comes_to_an_end() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own = free.local_addr().unwrap();
    drop(free);
    let round = CarrierEntry {
        more: "profile = \"carrack\"",
        ..entry(own, "0.01")
    };
    let hop = "[[account]]\nname = \"hop\"\nsystem_id = \"c\"\npassword = \"p\"";
    let place = Place::new(&[round], hop);
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let door = "[smpp_server]\nlisten = ";
    let text = text.replace(
        &format!("{door}\"127.0.0.1:0\""),
        &format!("{door}\"{own}\""),
    );
    std::fs::write(place.configuration(), text).unwrap();
    let node = place.serve();
    let report = load(&node, 20, 1, None);
    assert_eq!((report.accepted, report.receipts), (20, 20), "{report:?}");
    assert_eq!(report.receipts_by_state.get("DELIVRD"), None, "{report:?}");
    let audit = place.audit();
    // Each time it came to the node, the last one but refused.
    let accepted = 20 * u64::from(carrack_message::HOPS_MAX);
    assert_eq!(
        (&audit["adds_up"], &audit["accepted"], &audit["waiting"]),
        (&true.into(), &accepted.into(), &0.into()),
        "{audit}"
    );
}
