//! An outage of the first carrier overflows to a pool of modems, within the caps of its SIMs, and ends.

use std::time::Duration;

use super::carrier::{Carrier, settings};
use super::modem_pools::{all_up, rack, sections};
use super::node::{CarrierEntry, Place, eventually};

const PATIENCE: Duration = Duration::from_secs(60);
const ROWS: u64 = 200;
const MODEMS: usize = 2;
const PER_DAY: u64 = 4;

#[test]
fn outage_overflows_to_the_pool_within_its_caps_and_what_is_left_waits_for_the_carrier() {
    let (rack, north) = (rack(MODEMS), Carrier::start(settings("north", 1, 10, &[])));
    let entry = CarrierEntry {
        more: "rate = 40",
        ..CarrierEntry::north(north.address, (1, 5))
    };
    let sim = format!("per_minute = 60, per_day = {PER_DAY}");
    let place = Place::new(&[entry], &sections(&rack, &sim));
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    let both = text.replace(
        "carriers = [\"north\"]\npolicy = \"least_cost\"",
        "carriers = [\"north\", \"rack\"]\npolicy = \"ordered\"",
    );
    assert_ne!(text, both);
    std::fs::write(path, both).unwrap();
    let node = place.serve();
    eventually("each modem is up", PATIENCE, || all_up(&node));
    let file = place.folder.path().join("rows.csv");
    let rows: String = (0..ROWS)
        .map(|row| format!("4917012{row:05},ACME,number {row}\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    eventually("the first carrier has some", PATIENCE, || {
        north.report().accepted >= 20
    });
    assert_eq!(rack.report().sum.counts.taken, 0, "the first has its rate");
    north.toggle();
    let allowed = MODEMS as u64 * PER_DAY;
    eventually("the SIMs had their day", PATIENCE, || {
        rack.report().sum.counts.taken == allowed
    });
    north.toggle();
    node.batch_done(&batch, PATIENCE);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let (audit, pool, smsc) = (place.audit(), rack.report().sum, north.report());
    assert_eq!(
        (&audit["delivered"], &audit["waiting"]),
        (&ROWS.into(), &0.into()),
        "{audit} {}",
        place.said()
    );
    assert_eq!((pool.counts.taken, pool.duplicates), (allowed, 0));
    // What stood in the window when the links were cut may have come twice, and is listed.
    let uncertain = audit["uncertain"].as_array().unwrap().len() as u64;
    assert!(smsc.accepted + allowed <= ROWS + uncertain, "{audit}");
    assert!(uncertain <= 5, "{audit}");
}
