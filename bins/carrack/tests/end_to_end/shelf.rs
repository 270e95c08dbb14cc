//! Receipts that take long and messages for later, with a real store and a kill -9 in between.

use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

const ROWS: usize = 3000;

fn entry(north: &Carrier) -> CarrierEntry<'static> {
    CarrierEntry::north(north.address, (2, 200))
}

fn count(document: &Value, key: &str) -> u64 {
    document[key].as_u64().unwrap()
}

#[test]
fn receipts_that_take_long_are_waited_for_on_disk_and_survive_a_kill() {
    let north = Carrier::start(settings("north", 1, 8_000, &[]));
    let place = Place::new(&[entry(&north)], "[queue]\nreceipt_in_memory = \"1s\"");
    let rows: String = (0..ROWS)
        .map(|row| format!("4477009{row:05},text number {row}\n"))
        .collect();
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, format!("to,text\n{rows}")).unwrap();
    let node = place.serve();
    let batch = node.submit_batch(&file);
    let all = ROWS as u64;
    // No receipt has come: all of them wait, and none in memory.
    eventually("all on the shelf", Duration::from_secs(7), || {
        let queue = node.get("/v1/queue");
        count(&queue, "shelved") == all && count(&queue, "receipts_awaited") == 0
    });
    node.kill();
    let audit = place.audit();
    assert_eq!(audit["adds_up"].as_bool(), Some(true), "{audit}");
    assert_eq!(
        (count(&audit, "waiting"), count(&audit, "shelved")),
        (all, all)
    );

    let node = place.serve();
    assert_eq!(count(&node.get("/v1/queue"), "shelved"), all);
    let done = node.batch_done(&batch, Duration::from_secs(60));
    assert_eq!(count(&done, "delivered"), all, "{done}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"].as_bool(), Some(true), "{audit}");
    assert_eq!(
        (count(&audit, "delivered"), count(&audit, "shelved")),
        (all, 0)
    );
    assert_eq!(count(&audit, "segments_submitted"), all);
    assert_eq!(north.report().duplicates, 0);
}

#[test]
fn message_for_later_is_sent_in_its_time_after_a_kill_and_another_is_taken_back() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    let place = Place::new(&[entry(&north)], "");
    let node = place.serve();
    let at = jiff::Timestamp::now() + Duration::from_secs(4);
    let send = |text: &str| {
        let at = at.to_string();
        let sent = place.run(&[
            "send",
            "--to",
            "447700900123",
            "--from",
            "ACME",
            "--text",
            text,
            "--at",
            &at,
        ]);
        assert!(sent.status.success(), "{sent:?}");
        String::from_utf8(sent.stdout).unwrap().trim().to_owned()
    };
    let (kept, taken_back) = (send("kept"), send("taken back"));
    assert_eq!(
        node.get(&format!("/v1/messages/{kept}"))["status"],
        "scheduled"
    );
    node.kill();
    let node = place.serve();
    let cancelled = node.delete(&format!("/v1/messages/{taken_back}"));
    assert_eq!(cancelled, 200);
    assert_eq!(north.report().submits, 0);
    eventually("delivered", Duration::from_secs(20), || {
        let message = node.get(&format!("/v1/messages/{kept}"));
        message["status"] == "delivered"
    });
    assert!(jiff::Timestamp::now() >= at);
    assert_eq!(north.report().submits, 1);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    assert_eq!(audit["adds_up"].as_bool(), Some(true), "{audit}");
    assert_eq!(
        (count(&audit, "accepted"), count(&audit, "cancelled")),
        (2, 1)
    );
}
