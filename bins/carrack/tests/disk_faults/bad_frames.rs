//! A frame that the database holds whole and that we cannot read: put aside by name, all others go their way.

use carrack_queue::{FrameKey, FrameSummary, SealedFrame, Store};

use super::carrier::{Carrier, settings};
use super::scene::{all_final, data, frame, place, submit, unknown};

const MESSAGES: usize = 10;
const BAD: usize = 4;

#[test]
fn bad_frame_is_put_aside_by_name_and_all_others_arrive() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    north.toggle();
    let place = place(&north);
    let node = place.serve();
    let ids = submit(&node, "text", MESSAGES);
    node.kill();

    let (epoch, shard, number) = frame(&ids[BAD]);
    let key = FrameKey {
        epoch,
        shard: u16::from(shard),
        number: u64::from(number),
    };
    let store = Store::open(&data(&place).join("store")).unwrap();
    let mut octets = store.frame(key).unwrap().unwrap();
    let last = octets.len() - 5;
    octets[last] ^= 0x40;
    let bad = SealedFrame {
        key,
        ticket: 0,
        octets: octets.clone(),
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    };
    store.write_frames(std::iter::once(&bad), true).unwrap();
    store.close();
    drop(store);

    let node = place.serve();
    let lost: Vec<String> = unknown(&node, &ids).into_iter().collect();
    assert_eq!(lost, ids[BAD..=BAD]);
    let aside = data(&place)
        .join("quarantine")
        .join(format!("epoch{epoch}-shard{shard}-frame{number}.bin"));
    assert_eq!(
        std::fs::read(&aside).unwrap(),
        octets,
        "nothing is thrown away"
    );
    let reason = std::fs::read_to_string(aside.with_extension("txt")).unwrap();
    assert!(!reason.trim().is_empty());
    assert!(place.said().contains("put aside"), "{}", place.said());

    north.toggle();
    let audit = all_final(&place);
    assert_eq!(audit["delivered"], MESSAGES - 1, "{audit}");
    let named = format!("epoch: {epoch}, shard: {shard}, number: {number} ");
    let said = audit["contradictions"].as_array().unwrap();
    assert!(
        said.len() == 1 && said[0].as_str().unwrap().contains(&named),
        "{audit}"
    );
    drop(node);
    assert_eq!(north.report().messages_distinct, MESSAGES as u64 - 1);
}
