//! kill -9 while customers submit over SMPP and take receipts: what was acknowledged ends, and each receipt comes.

use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place};

const MESSAGES: u64 = 6000;
const KILLS: usize = 4;

fn load(address: String) -> LoadReport {
    let options = smpp::Options {
        address,
        system_id: "test".into(),
        password: "secret".into(),
        binds: 3,
        window: 40,
        receipts: true,
        wait: Duration::from_secs(20),
        linger: Duration::from_millis(500),
        response_timeout: Duration::from_secs(10),
        reconnect: Some(Duration::from_millis(50)),
        tls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let texts = Texts::new("447700900", 3, "ACME", 9)
            .with_length(100)
            .unwrap();
        smpp::run(options, texts, Pace::new(Some(MESSAGES), None, Some(1500)))
            .await
            .unwrap()
    })
}

#[test]
fn acknowledged_message_ends_and_its_receipt_comes_through_every_kill() {
    let north = Carrier::start(settings("north", 3, 30, &["receipt-before-response=10"]));
    let entry = CarrierEntry::north(north.address, (2, 100));
    let place = Place::new(&[entry], "");
    // One address through all restarts.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let fixed = text.replacen(
        "[smpp_server]\nlisten = \"127.0.0.1:0\"",
        &format!("[smpp_server]\nlisten = \"{free}\""),
        1,
    );
    assert_ne!(text, fixed);
    std::fs::write(place.configuration(), fixed).unwrap();

    let mut node = place.serve();
    let customer = std::thread::spawn(move || load(free.to_string()));
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(700));
        node.kill();
        node = place.serve();
    }
    let report = customer.join().unwrap();
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    println!(
        "accepted {}, unanswered {}, receipts {}, missing {}, unmatched {}, doubled {}",
        report.accepted,
        report.unanswered,
        report.receipts,
        report.receipts_missing,
        report.receipts_unmatched,
        report.receipts_duplicate
    );
    assert!(report.disconnects >= KILLS as u64, "{report:?}");
    assert_eq!(
        report.receipts_missing, 0,
        "each acknowledged message has its receipt: {report:?}"
    );
    let audit = place.audit();
    assert_eq!(
        (
            audit["adds_up"].as_bool(),
            audit["waiting"].as_u64(),
            audit["untold"].as_u64()
        ),
        (Some(true), Some(0), Some(0)),
        "{audit}"
    );
    let accepted = audit["accepted"].as_u64().unwrap();
    assert!(
        accepted >= report.accepted && accepted <= report.accepted + report.unanswered,
        "{accepted}: {report:?}"
    );
    let doubled = north.report().accepted - accepted;
    let uncertain = audit["uncertain"].as_array().unwrap().len() as u64;
    assert!(
        doubled <= uncertain && uncertain <= KILLS as u64 * 2 * 100,
        "doubled {doubled}, uncertain {uncertain}"
    );
}
