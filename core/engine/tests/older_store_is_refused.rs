//! A log whose records lie otherwise is not started on: nothing is put aside, nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use carrack_engine::{EngineSettings, LimitSettings, Node, NodeFault, NodeSpec, audit};
use carrack_message::record::{FrameFault, FrameWriter, Told};
use carrack_queue::{CommitSettings, Durability, FrameKey, FrameSummary, SealedFrame, Store};
use carrack_routing::{MoTable, RouteTable};
use carrack_runtime::Io;

/// A frame of the version that came before; the version lies behind the four octets of the magic.
fn old_frame() -> SealedFrame {
    let mut writer = FrameWriter::default();
    let told = Told {
        id: 1,
        epoch: 1,
        at_utc_ns: 1,
    };
    writer.push(&told).unwrap();
    let mut octets = writer.seal(0);
    for (slot, octet) in octets.iter_mut().skip(4).zip(1u16.to_le_bytes()) {
        *slot = octet;
    }
    SealedFrame {
        key: FrameKey {
            epoch: 1,
            shard: 0,
            number: 0,
        },
        ticket: 0,
        octets,
        summary: FrameSummary::default(),
        shelf: Vec::new(),
        keys: Vec::new(),
    }
}

#[test]
fn older_log_is_refused_with_the_remedy_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Store::open(&path).unwrap();
    store.write_frames([old_frame()].iter(), true).unwrap();
    store.close();
    drop(store);
    let refused = Node::start(NodeSpec {
        data_dir: folder.path().to_owned(),
        shards: 1,
        io: Io::Auto,
        pin_shards: false,
        commit: CommitSettings {
            durability: Durability::EveryBatch,
            linger: Duration::ZERO,
            frames_max: 64,
            epoch_octets: 64 << 20,
            epoch_age: Duration::from_secs(600),
            retention: Duration::from_secs(3600),
        },
        engine: EngineSettings::default(),
        accounts: Vec::new(),
        carriers: Vec::new(),
        table: Arc::new(RouteTable::build(Vec::new(), Vec::new()).unwrap()),
        limits: LimitSettings::default(),
        suppressions: carrack_engine::SuppressionSettings::default(),
        consent: None,
        quiet: carrack_routing::local::QuietHours::default(),
        mo: MoTable::default(),
        register: None,
        cdr: None,
        batches_cancelled: Vec::new(),
    });
    let Err(NodeFault::Frame(fault)) = refused else {
        panic!("it started, or failed otherwise");
    };
    assert_eq!(fault, FrameFault::OldVersion(1));
    assert!(fault.to_string().contains("data_dir"), "{fault}");
    assert!(!folder.path().join("quarantine").exists());
    let store = Store::open(&path).unwrap();
    let found = audit(&store).unwrap();
    assert_eq!((found.frames, found.adds_up), (1, false));
}
