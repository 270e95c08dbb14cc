//! A pool of simulated modems as a carrier: texts and their receipts, long ones over one modem, a day's cap that sends the rest elsewhere.

use std::time::Duration;

use carrack_loadtest::modem::Settings;
use carrack_loadtest::modem::edge::{Detached, Setup};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn rack(modems: usize) -> Detached {
    let settings = Settings {
        modems,
        register_ns: 0,
        report_delay_ns: 50_000_000,
        taken_kept: 1_000,
        ..Settings::default()
    };
    Detached::start(Setup::tcp(settings)).unwrap()
}

/// The carrier `rack` of these modems.
pub(crate) fn sections(rack: &Detached, sim: &str) -> String {
    let mut pool = format!(
        "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = \"0.001\"\nsim = {{ {sim} }}\n"
    );
    for (number, port) in rack.ports.iter().enumerate() {
        pool.push_str(&format!(
            "[[modem]]\nname = \"rack-{number}\"\npool = \"rack\"\nport = \"{port}\"\n"
        ));
    }
    pool
}

/// Every modem of the node is up.
pub(crate) fn all_up(node: &Node) -> bool {
    let shown = node.get("/v1/modems");
    let modems = shown["modems"].as_array().unwrap();
    modems.iter().all(|modem| modem["state"] == "up")
}

/// A node whose first choice is the pool, and whose second is an SMSC.
fn place(rack: &Detached, north: &Carrier, sim: &str) -> Place {
    let pool = sections(rack, sim);
    let place = Place::new(&[CarrierEntry::north(north.address, (1, 100))], &pool);
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let both = text.replace("carriers = [\"north\"]", "carriers = [\"rack\", \"north\"]");
    assert_ne!(text, both);
    std::fs::write(path, both).unwrap();
    place
}

fn sent(place: &Place, texts: &[String]) {
    let node = place.serve();
    eventually("each modem sends, or rests for today", PATIENCE, || {
        let shown = node.get("/v1/modems");
        let modems = shown["modems"].as_array().unwrap();
        modems.iter().all(|modem| {
            let reason = modem["reason"].as_str().unwrap();
            modem["state"] == "up" || reason.contains("today")
        })
    });
    let file = place.folder.path().join("rows.csv");
    let rows: String = (0..)
        .zip(texts)
        .map(|(row, text)| format!("4917012{row:05},ACME,{text}\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    node.batch_done(&batch, PATIENCE);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}

#[test]
fn texts_go_over_a_pool_with_their_receipts_and_long_ones_over_one_modem() {
    let (rack, north) = (rack(3), Carrier::start(settings("north", 1, 10, &[])));
    let place = place(&rack, &north, "per_minute = 60");
    let mut texts: Vec<String> = (0..6).map(|number| format!("hello {number}")).collect();
    texts.extend(["a", "b"].map(|letter| letter.repeat(400)));
    sent(&place, &texts);
    let audit = place.audit();
    assert_eq!(
        (&audit["delivered"], &audit["waiting"]),
        (&8.into(), &0.into()),
        "{audit} {}",
        place.said()
    );
    let report = rack.report();
    assert_eq!(report.sum.counts.taken, 6 + 2 * 3);
    assert_eq!(north.report().accepted, 0);
}

#[test]
fn long_texts_that_no_sim_has_room_for_go_by_another_carrier_and_hold_up_nobody() {
    let (rack, north) = (rack(2), Carrier::start(settings("north", 1, 10, &[])));
    let place = place(&rack, &north, "per_minute = 60, per_day = 4");
    let mut texts: Vec<String> = ["a", "b", "c"].map(|letter| letter.repeat(400)).to_vec();
    // Longer than any day of a SIM.
    texts.push("d".repeat(1_000));
    texts.extend((0..6).map(|number| format!("hello {number}")));
    sent(&place, &texts);
    let audit = place.audit();
    assert_eq!(
        (&audit["delivered"], &audit["waiting"]),
        (&10.into(), &0.into()),
        "{audit} {}",
        place.said()
    );
    let report = rack.report();
    assert_eq!((report.sum.counts.taken, report.sum.duplicates), (8, 0));
    // Three of 3 segments, one of 7, and six: what the pool had is 8 of them.
    assert_eq!(north.report().accepted, 3 * 3 + 7 + 6 - 8);
}

#[test]
fn a_day_that_is_used_up_sends_the_rest_by_another_carrier() {
    let (rack, north) = (rack(2), Carrier::start(settings("north", 1, 10, &[])));
    let place = place(&rack, &north, "per_minute = 60, per_day = 3");
    let texts: Vec<String> = (0..10).map(|number| format!("hello {number}")).collect();
    sent(&place, &texts);
    let audit = place.audit();
    assert_eq!(audit["delivered"], 10, "{audit} {}", place.said());
    let taken = rack.report().sum.counts.taken;
    assert!(taken <= 6, "no SIM beyond its cap: {taken}");
    assert_eq!((taken, north.report().accepted), (6, 4));
    // The book outlives the process: nothing is left of today.
    sent(&place, &texts);
    assert_eq!(rack.report().sum.counts.taken, 6);
    assert_eq!(north.report().accepted, 14);
}
