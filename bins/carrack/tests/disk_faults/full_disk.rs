//! A disk without space: customers hear the truth, nothing that was acknowledged is lost, and it goes on when there is room.
//!
//! Each node has a small disk of its own, filled with ballast while it runs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{Node, Place, eventually};
use super::scene::{
    PATIENCE, acknowledged, all_final, data, get, offer, place, post, refusal_to_start, submit,
    text, unknown,
};
use super::small_disk::SmallDisk;

const DISK_MEBIBYTES: u32 = 48;
const RECIPIENTS: usize = 20;

/// What customers heard.
#[derive(Default)]
struct Heard {
    ids: Vec<String>,
    /// Recipients of whom it was said that nothing is known.
    open: u64,
    offered: u64,
}

impl Heard {
    fn offer(&mut self, node: &Node) -> Value {
        self.offered += 1;
        let answer = offer(node, &text(self.offered), RECIPIENTS);
        let ids = acknowledged(&answer);
        match answer.status {
            202 => assert_eq!(ids.len(), RECIPIENTS, "{}", answer.body),
            503 => assert!(ids.is_empty(), "{}", answer.body),
            status => panic!("{status}: {}", answer.body),
        }
        let detail = answer.body["detail"].clone();
        let said = detail.as_str().unwrap_or_default();
        if said.contains("is not known") {
            self.open += RECIPIENTS as u64;
        } else if answer.status == 503 {
            assert!(answer.retry_after, "says when to come again: {said}");
        }
        self.ids.extend(ids);
        detail
    }

    /// Offers messages until the node refuses them for its disk.
    fn fill_up(&mut self, node: &Node) {
        eventually("the full disk is told", PATIENCE, || {
            let said = self.offer(node).to_string();
            said.contains("the store does not take messages now")
        });
    }

    /// The first id of each answer: asking for all of them reads the log as many times.
    fn one_of_each(&self) -> Vec<String> {
        self.ids.iter().step_by(RECIPIENTS).cloned().collect()
    }

    /// All that was acknowledged has been delivered, and no more was accepted than may have been.
    fn holds(&self, place: &Place, north: &Carrier) {
        let audit = all_final(place);
        let accepted = audit["accepted"].as_u64().unwrap();
        assert_eq!(
            (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
            (Some(true), Some(accepted)),
            "{audit}"
        );
        let sure = self.ids.len() as u64;
        assert!(
            (sure..=sure + self.open).contains(&accepted),
            "{sure} acknowledged, {} open, {accepted} accepted",
            self.open
        );
        let distinct: BTreeSet<&String> = self.ids.iter().collect();
        assert_eq!(distinct.len(), self.ids.len(), "an id is given once");
        let report = north.report();
        assert_eq!(report.messages_distinct, accepted, "{report:?}");
        let uncertain = audit["uncertain"].as_array().unwrap().len() as u64;
        assert!(report.duplicates <= uncertain, "{report:?}");
    }
}

/// Uploads more than the disk can hold, listening after each piece: an answer that comes before its question has been
/// read to the end may be lost to a customer who only writes.
fn refusal_of_upload(node: &Node, path: &str, file: &[u8]) -> String {
    let address = node.http.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let octets = u64::from(DISK_MEBIBYTES) << 20;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer test-key\r\n\
         Content-Type: text/csv\r\nContent-Length: {octets}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0u8; 2048];
    for piece in file.chunks(64 << 10).cycle() {
        match stream.read(&mut answer) {
            Ok(count) => return String::from_utf8_lossy(&answer[..count]).to_lowercase(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        stream.write_all(piece).unwrap();
    }
    unreachable!("the pieces go round")
}

fn is_ready(node: &Node) -> bool {
    get(node, "/readyz").status == 200
}

#[test]
fn full_disk_refuses_honestly_and_loses_nothing_and_goes_on_by_itself() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), DISK_MEBIBYTES) else {
        return;
    };
    let node = place.serve();
    disk.fill(1 << 20);
    let mut heard = Heard::default();
    heard.fill_up(&node);
    assert!(!heard.ids.is_empty(), "there was some room");
    // What RocksDB frees of itself is not for us: nothing can be written from here on.
    disk.fill(0);
    eventually("it is not ready, and says why", PATIENCE, || {
        heard.offer(&node);
        let answer = get(&node, "/readyz");
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        answer.status == 503 && detail.contains("the store refuses new work")
    });
    assert_eq!(get(&node, "/healthz").status, 200, "alive all the same");
    assert!(
        place.said().contains("No space left on device"),
        "{}",
        place.said()
    );

    disk.make_room();
    eventually("it is ready without a restart", PATIENCE, || {
        is_ready(&node)
    });
    let before = heard.ids.len();
    heard.offer(&node);
    assert_eq!(heard.ids.len(), before + RECIPIENTS);
    assert!(unknown(&node, &heard.one_of_each()).is_empty());
    heard.holds(&place, &north);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    heard.holds(&place, &north);
}

#[test]
fn node_killed_on_a_full_disk_starts_when_there_is_room_and_has_everything() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), DISK_MEBIBYTES) else {
        return;
    };
    let node = place.serve();
    disk.fill(1 << 20);
    let mut heard = Heard::default();
    heard.fill_up(&node);
    node.kill();
    disk.fill(0);
    let said = refusal_to_start(&place);
    assert!(
        said.contains(&*data(&place).to_string_lossy()) && said.contains("No space left on device"),
        "{said}"
    );
    assert!(said.contains("space"), "says what to do: {said}");

    disk.make_room();
    let node = place.serve();
    assert!(unknown(&node, &heard.one_of_each()).is_empty());
    heard.offer(&node);
    heard.holds(&place, &north);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}

#[test]
fn carrier_that_comes_back_on_a_full_disk_does_not_end_the_node() {
    // What goes into windows is noted in a file that must have its space before the disk is full.
    let north = Carrier::start(settings("north", 1, 5, &[]));
    north.toggle();
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), DISK_MEBIBYTES) else {
        return;
    };
    let node = place.serve();
    let ids = submit(&node, "text", 300);
    disk.fill(0);
    north.toggle();
    eventually("messages leave", PATIENCE, || north.report().accepted > 0);
    eventually("outcomes cannot be written", PATIENCE, || !is_ready(&node));
    assert_eq!(get(&node, "/healthz").status, 200, "{}", place.said());
    disk.make_room();
    let audit = all_final(&place);
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
        (Some(true), Some(ids.len() as u64)),
        "{audit}"
    );
    let report = north.report();
    assert_eq!(
        (report.messages_distinct, report.duplicates),
        (ids.len() as u64, 0),
        "{report:?}"
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}

#[test]
fn batch_waits_out_a_full_disk_and_another_is_refused() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let Some(disk) = SmallDisk::mount(&data(&place), DISK_MEBIBYTES) else {
        return;
    };
    let rows = 1500;
    let mut file = "to,text\n".to_owned();
    for row in 0..rows {
        writeln!(file, "44770090{row:04},{}", &text(row)[..600]).unwrap();
    }
    let node = place.serve();
    // Room for the file and for some of its messages.
    disk.fill(file.len() as u64 + (600 << 10));
    let path = "/v1/batches?from=ACME";
    let taken = post(&node, path, "text/csv", file.as_bytes());
    assert!((200..300).contains(&taken.status), "{}", taken.body);
    let id = taken.body["id"].as_str().unwrap().to_owned();
    eventually("it meets the full disk", PATIENCE, || {
        place.said().contains("No space left on device")
    });
    disk.fill(0);
    let refused = refusal_of_upload(&node, path, file.as_bytes());
    assert!(refused.starts_with("http/1.1 503 "), "{refused}");
    assert!(refused.contains("retry-after: "), "{refused}");

    disk.make_room();
    let batch = node.batch_done(&id, PATIENCE);
    assert_eq!(
        (batch["accepted"].as_u64(), batch["rejected"].as_u64()),
        (Some(rows), Some(0)),
        "{batch}"
    );
    let audit = all_final(&place);
    assert_eq!(
        (
            audit["adds_up"].as_bool(),
            audit["accepted"].as_u64(),
            audit["delivered"].as_u64()
        ),
        (Some(true), Some(rows), Some(rows)),
        "{audit}"
    );
    assert_eq!(north.report().messages_distinct, rows);
}
