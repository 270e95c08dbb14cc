//! One carrier goes down in mid-batch and comes back.

use std::time::Duration;

use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::batch::{self, Options};
use carrack_loadtest::smsc::Settings;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

#[test]
fn traffic_moves_within_a_second_and_returns_to_the_cheap_carrier() {
    let north = Carrier::start(settings("north", 3, 20, &[]));
    let south = Carrier::start(settings("south", 3, 20, &[]));
    let entry = |name, address, price| CarrierEntry {
        name,
        address,
        price,
        links: 2,
        window: 50,
        more: "rate = 4000",
    };
    let place = Place::new(
        &[
            entry("north", north.address, "0.005"),
            entry("south", south.address, "0.009"),
        ],
        "",
    );
    let file = place.folder.path().join("rows.csv");
    let options = Options {
        rows: 24_000,
        seed: 5,
        mixed: true,
        bad: Percent::new(0.0).unwrap(),
        long: Percent::new(0.0).unwrap(),
        keys: false,
    };
    let sample = batch::write(&options, &mut std::fs::File::create(&file).unwrap()).unwrap();
    let node = place.serve();
    let second = Duration::from_secs(1);
    eventually("both links are up", 5 * second, || {
        north.report().binds_now == 2 && south.report().binds_now == 2
    });
    let id = node.submit_batch(&file);

    eventually("the batch runs", 10 * second, || {
        north.report().accepted > 3000
    });
    assert_eq!(
        south.report().accepted,
        0,
        "while the cheap one is up the dear one gets nothing"
    );
    north.toggle();
    let moved = eventually("traffic moves", 5 * second, || south.report().accepted > 0);
    assert!(moved < second, "{moved:?}");
    eventually("the dear one carries", 10 * second, || {
        south.report().accepted > 3000
    });
    north.toggle();
    eventually("the cheap one is back", 10 * second, || {
        north.report().binds_now > 0
    });
    let before = north.report().accepted;
    eventually("traffic returns", second, || {
        north.report().accepted > before
    });
    // What was in the dear one's windows is still answered; after that it gets nothing more.
    std::thread::sleep(second / 2);
    let south_then = south.report().accepted;
    let north_then = north.report().accepted;
    eventually("the cheap one carries", 10 * second, || {
        north.report().accepted > north_then + 1000
    });
    assert_eq!(
        south.report().accepted,
        south_then,
        "price order holds again"
    );

    let done = node.batch_done(&id, Duration::from_secs(60));
    assert_eq!(done["delivered"], sample.good, "{done}");
    assert_eq!(node.stop().0, Some(0));
    let audit = place.audit();
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
        (Some(true), Some(sample.good)),
        "{audit}"
    );
    let doubled = north.report().accepted + south.report().accepted - sample.segments;
    println!("moved in {moved:?}, doubled {doubled}");
    assert!(
        doubled <= 2 * 50 + u64::from(audit["uncertain"].as_array().unwrap().len() as u32),
        "{doubled}"
    );
}

/// North, which delivers seven of ten, and south; a route that goes on after a failed receipt, and what else is said of it.
fn short_of_delivery(more: &'static str) -> (Carrier, Carrier, Place) {
    let north = Carrier::start(Settings {
        undelivered: Percent::new(30.0).unwrap(),
        ..settings("north", 3, 20, &[])
    });
    let south = Carrier::start(settings("south", 3, 20, &[]));
    let entry = |name, address, price, more| CarrierEntry {
        name,
        address,
        price,
        links: 2,
        window: 50,
        more,
    };
    let place = Place::new(
        &[
            entry("north", north.address, "0.005", more),
            entry("south", south.address, "0.009", ""),
        ],
        "",
    );
    let file = place.configuration();
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace(
        "policy = \"least_cost\"",
        "policy = \"least_cost\"\non_failed_receipt = \"next\"",
    );
    std::fs::write(file, text).unwrap();
    (north, south, place)
}

fn rows(place: &Place, rows: u64) -> (std::path::PathBuf, u64, u64) {
    let file = place.folder.path().join("rows.csv");
    let options = Options {
        rows,
        seed: 5,
        mixed: true,
        bad: Percent::new(0.0).unwrap(),
        long: Percent::new(20.0).unwrap(),
        keys: false,
    };
    let sample = batch::write(&options, &mut std::fs::File::create(&file).unwrap()).unwrap();
    (file, sample.good, sample.segments)
}

#[test]
fn what_one_carrier_does_not_deliver_the_next_one_does() {
    let (north, south, place) = short_of_delivery("");
    let (file, good, segments) = rows(&place, 3_000);
    let node = place.serve();
    let id = node.submit_batch(&file);
    let done = node.batch_done(&id, Duration::from_secs(60));
    assert_eq!(done["delivered"], good, "{done}");
    let (first, second) = (north.report(), south.report());
    assert_eq!(first.accepted, segments, "north had all of it");
    assert!(second.accepted > segments / 5, "{}", second.accepted);
    assert_eq!(second.duplicates, 0);
    assert_eq!(node.stop().0, Some(0));
    let audit = place.audit();
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
        (Some(true), Some(good)),
        "{audit}"
    );
    // Each part that went a second time is named.
    assert_eq!(
        audit["uncertain"].as_array().unwrap().len() as u64,
        second.accepted
    );
}

#[test]
fn cap_of_a_day_is_kept_through_kill_9_and_the_rest_goes_elsewhere() {
    let (north, south, place) = short_of_delivery("cap_a_day = 1000");
    let (file, good, _) = rows(&place, 3_000);
    let node = place.serve();
    let id = node.submit_batch(&file);
    eventually("half of the cap is used", Duration::from_secs(10), || {
        north.report().segments > 500
    });
    node.kill();
    let node = place.serve();
    let done = node.batch_done(&id, Duration::from_secs(60));
    assert_eq!(done["delivered"], good, "{done}");
    let had = north.report().segments;
    assert!((900..=1000).contains(&had), "{had}");
    assert!(south.report().segments > 2_000);
    assert_eq!(node.stop().0, Some(0));
    assert_eq!(place.audit()["adds_up"], true);
}
