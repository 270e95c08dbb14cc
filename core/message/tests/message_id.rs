//! Ids sort by time, say where their message lies, and survive being written down.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::{MessageId, MessageIdFault, MessageIdParts};
use proptest::prelude::*;

fn parts() -> impl Strategy<Value = MessageIdParts> {
    (
        0..=MessageIdParts::UTC_MS_MAX,
        0..=MessageIdParts::EPOCH_MAX,
        any::<u8>(),
        any::<u8>(),
        0..=MessageIdParts::FRAME_MAX,
        any::<u16>(),
    )
        .prop_map(
            |(utc_ms, epoch, node, shard, frame, index)| MessageIdParts {
                utc_ms,
                epoch,
                node,
                shard,
                frame,
                index,
            },
        )
}

proptest! {
    #[test]
    fn parts_come_back(parts in parts()) {
        prop_assert!(parts.fits());
        prop_assert_eq!(MessageId::new(parts).parts(), parts);
    }

    #[test]
    fn ids_sort_by_their_parts_from_time_down(a in parts(), b in parts()) {
        let key = |p: MessageIdParts| (p.utc_ms, p.epoch, p.node, p.shard, p.frame, p.index);
        prop_assert_eq!(MessageId::new(a).cmp(&MessageId::new(b)), key(a).cmp(&key(b)));
    }

    #[test]
    fn every_id_is_read_back_from_its_digits(value in any::<u128>()) {
        let id = MessageId(value);
        let text = id.to_string();
        prop_assert_eq!(text.len(), 32);
        prop_assert_eq!(text.as_bytes(), id.hex());
        prop_assert_eq!(text.parse(), Ok(id));
        prop_assert_eq!(text.to_uppercase().parse(), Ok(id));
        prop_assert_eq!(MessageId::new(id.parts()), id);
    }

    #[test]
    fn a_field_too_wide_does_not_spill_into_its_neighbour(parts in parts(), high in 1_u32..16) {
        let wide = MessageIdParts { frame: parts.frame | high << 28, ..parts };
        prop_assert!(!wide.fits());
        prop_assert_eq!(MessageId::new(wide), MessageId::new(parts));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = text.parse::<MessageId>();
    }
}

#[test]
fn a_wrong_id_is_refused_with_its_place() {
    let fault = |text: &str| text.parse::<MessageId>().unwrap_err();
    assert_eq!(fault(""), MessageIdFault::Length { octets: 0 });
    assert_eq!(
        fault(&"0".repeat(33)),
        MessageIdFault::Length { octets: 33 }
    );
    assert_eq!(
        fault("0000000000g000000000000000000000"),
        MessageIdFault::Digit { position: 10 }
    );
    assert_eq!(
        fault("+0000000000000000000000000000000"),
        MessageIdFault::Digit { position: 0 }
    );
}
