//! The same full disk as SMPP customers meet it: a status for each submit, a receipt for each that was taken.

use std::time::Duration;

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};

use super::carrier::{Carrier, settings};
use super::node::{Node, eventually};
use super::scene::{PATIENCE, all_final, data, place};
use super::small_disk::SmallDisk;

const MESSAGES: u64 = 900;

fn load(address: String) -> LoadReport {
    let options = smpp::Options {
        address,
        system_id: "test".into(),
        password: "secret".into(),
        binds: 3,
        window: 100,
        receipts: true,
        wait: Duration::from_secs(10),
        linger: Duration::from_millis(200),
        response_timeout: PATIENCE,
        reconnect: None,
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
        smpp::run(options, texts, Pace::new(Some(MESSAGES), None, Some(300)))
            .await
            .unwrap()
    })
}

fn refused_for_the_store(node: &Node) -> bool {
    let mut response = ureq::get(format!("{}/metrics", node.http)).call().unwrap();
    let page = response.body_mut().read_to_string().unwrap();
    let mut lines = page.lines();
    lines.any(|line| {
        line.starts_with("carrack_messages_refused_total") && line.contains("\"store\"")
    })
}

#[test]
fn full_disk_is_a_status_for_each_submit_and_each_taken_one_has_its_receipt() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), 48) else {
        return;
    };
    let node = place.serve();
    disk.fill(0);
    let address = node.smpp.unwrap().to_string();
    let customer = std::thread::spawn(move || load(address));
    eventually("submits are refused for the disk", PATIENCE, || {
        refused_for_the_store(&node)
    });
    disk.make_room();
    let report = customer.join().unwrap();
    assert_eq!(
        (report.unanswered, report.disconnects),
        (0, 0),
        "{report:?}"
    );
    let refused = report.refused.get("ESME_RSYSERR").copied().unwrap_or(0);
    assert!(refused > 0 && report.accepted > 0, "{report:?}");
    assert_eq!(report.accepted + refused, MESSAGES, "{report:?}");
    assert_eq!(report.receipts_missing, 0, "{report:?}");
    let audit = all_final(&place);
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["accepted"].as_u64()),
        (Some(true), Some(report.accepted)),
        "{audit}"
    );
    assert_eq!(north.report().messages_distinct, report.accepted);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
