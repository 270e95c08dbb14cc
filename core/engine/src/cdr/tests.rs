//! Whatever the log holds and wherever the export is killed, each end has one line.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use carrack_message::record::{Accepted, BatchRow, Body, Final, FrameWriter, ReceiptWish, Told};
use carrack_message::{Class, MessageId, MessageIdParts, Status};
use carrack_queue::{
    ExportMark, FrameKey, FrameSummary, Names, Reclaimed, SealedFrame, ShelfChange, ShelfMarks,
    Store, Totals, Turnovers,
};
use proptest::prelude::*;

use super::export::{ExportParts, Exporter};
use super::fault::CdrFault;
use super::{CdrFormat, CdrSettings, CdrState, SharedCurrencies, cdr_state};

const SHARDS: u16 = 2;

/// A store that is written to as shards and a committer would, and the folder of its files.
struct World {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    export: Arc<ExportMark>,
    run_from: u32,
    epoch: u32,
    frames: u64,
    /// Next number by epoch and shard.
    numbers: BTreeMap<(u32, u16), u64>,
    /// Accepted and not ended, with the epoch that holds them.
    waiting: Vec<(MessageId, u32)>,
    ended: Vec<MessageId>,
    /// Those of strangers included.
    ends: u64,
    formats: Vec<CdrFormat>,
    rotate_octets: u64,
    clock_ns: u64,
}

impl World {
    fn new(formats: &[CdrFormat]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("store")).unwrap());
        let mut names = Names::load(&store, "account").unwrap();
        assert_eq!(names.number(&store, "account", "acme").unwrap(), 1);
        let mut names = Names::load(&store, "carrier").unwrap();
        assert_eq!(names.number(&store, "carrier", "north").unwrap(), 1);
        Self {
            folder,
            store,
            export: Arc::new(ExportMark::new(usize::from(SHARDS), 1 << 30)),
            run_from: 1,
            epoch: 1,
            frames: 0,
            numbers: BTreeMap::new(),
            waiting: Vec::new(),
            ended: Vec::new(),
            ends: 0,
            formats: formats.to_vec(),
            rotate_octets: 4_000,
            clock_ns: 1_795_367_700_000_000_000,
        }
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn parts(&self) -> ExportParts {
        ExportParts {
            store: Arc::clone(&self.store),
            export: Arc::clone(&self.export),
            settings: Arc::new(CdrSettings {
                folder: self.files(),
                formats: self.formats.clone(),
                rotate_after: Duration::from_secs(3600),
                rotate_octets: self.rotate_octets,
                hold_octets_max: 1 << 30,
                finish_max: Duration::ZERO,
                currencies: super::CdrCurrencies::default(),
            }),
            currencies: SharedCurrencies::default(),
            run_from: self.run_from,
        }
    }

    fn begin(&mut self) -> Exporter {
        self.clock_ns += 1_000_000_000;
        Exporter::begin(self.parts(), self.clock_ns).unwrap()
    }

    /// Another start of the node.
    fn restart(&mut self) {
        self.epoch += 1;
        self.run_from = self.epoch;
        self.export = Arc::new(ExportMark::new(usize::from(SHARDS), 1 << 30));
        self.export.note_written(self.frames);
    }

    fn next_key(&self, shard: u16) -> FrameKey {
        let number = self.numbers.get(&(self.epoch, shard)).copied();
        FrameKey {
            epoch: self.epoch,
            shard,
            number: number.unwrap_or(0),
        }
    }

    fn write(&mut self, key: FrameKey, writer: FrameWriter, shelf: Vec<ShelfChange>) {
        let frame = SealedFrame {
            key,
            ticket: 0,
            octets: writer.seal(self.frames),
            summary: FrameSummary::default(),
            shelf,
            keys: Vec::new(),
        };
        self.store.write_frames([frame].iter(), false).unwrap();
        self.numbers.insert((key.epoch, key.shard), key.number + 1);
        self.frames += 1;
        self.export.note_epoch(key.shard, key.epoch);
        self.export.note_written(self.frames);
    }

    /// A frame in which messages are accepted and others end; which ones, `picks` says.
    fn frame(&mut self, shard: u16, accepts: usize, picks: &[usize]) {
        let key = self.next_key(shard);
        let mut writer = FrameWriter::default();
        for pick in picks {
            if self.waiting.is_empty() {
                break;
            }
            let (id, epoch) = self.waiting.swap_remove(pick % self.waiting.len());
            writer.push(&end(id, epoch)).unwrap();
            let told = Told {
                id: id.0,
                epoch,
                at_utc_ns: 9,
            };
            writer.push(&told).unwrap();
            self.ended.push(id);
            self.ends += 1;
        }
        for _ in 0..accepts {
            let id = id(key, writer.records() as u16);
            writer.push(&accepted(id)).unwrap();
            self.waiting.push((id, key.epoch));
        }
        self.write(key, writer, Vec::new());
    }

    /// A message comes back from the shelf, to this shard's next frame; a stranger ends there.
    fn bring_back(&mut self, shard: u16, pick: usize) {
        if self.waiting.is_empty() {
            return;
        }
        let pick = pick % self.waiting.len();
        let (id, _) = self.waiting[pick];
        let key = self.next_key(shard);
        let mut writer = FrameWriter::default();
        writer.push(&end(MessageId(7), 0)).unwrap();
        writer.push(&accepted(id)).unwrap();
        let marks = ShelfMarks {
            id,
            account: 1,
            keeper: 0,
            due_ms: 0,
            receipts: Vec::new(),
        };
        self.write(key, writer, vec![ShelfChange::Take(marks, key)]);
        self.waiting[pick].1 = key.epoch;
        self.ends += 1;
    }

    /// Lines of all files, sorted; their heads taken away.
    fn lines(&self, format: CdrFormat, endings: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        for path in paths(&self.files()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let ending = name.split_once('.').unwrap().1;
            if !endings.contains(&ending) || !ending.starts_with(format.ending()) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let head = usize::from(format == CdrFormat::Csv);
            lines.extend(text.lines().skip(head).map(str::to_owned));
            assert!(text.ends_with('\n'), "{name} is whole");
        }
        lines.sort();
        lines
    }

    fn state(&self) -> CdrState {
        cdr_state(&self.store).unwrap().unwrap()
    }
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn id(key: FrameKey, index: u16) -> MessageId {
    MessageId::new(MessageIdParts {
        utc_ms: 1_795_367_700_000 + key.number,
        epoch: key.epoch,
        node: 0,
        shard: key.shard as u8,
        frame: key.number as u32,
        index,
    })
}

fn accepted(id: MessageId) -> Accepted {
    let mark = id.0 as u16;
    Accepted {
        id: id.0,
        account: 1,
        class: Class::Bulk.as_u8(),
        to: 447_700_900_000 + u64::from(mark),
        from: "ACME".to_owned(),
        body: match mark % 3 {
            0 => Body::Text("hello".to_owned()),
            1 => Body::Text("жаль".to_owned()),
            _ => Body::Raw {
                data_coding: 4,
                esm_class: 0,
                octets: vec![1],
            },
        },
        segments: 1,
        reference: 0,
        wants_receipt: ReceiptWish::Always,
        at_utc_ns: u64::from(mark) * 1_000_000,
        send_at_utc_ns: 0,
        expires_utc_ns: 2,
        price_micros: if mark.is_multiple_of(5) { -1 } else { 7_500 },
        client_ref: mark.is_multiple_of(2).then(|| format!("order, \"{mark}\"")),
        batch: (mark % 4 == 1).then_some(BatchRow { batch: 5, row: 6 }),
        tlvs: Vec::new(),
        told_as: Vec::new(),
    }
}

fn end(id: MessageId, epoch: u32) -> Final {
    Final {
        id: id.0,
        account: 1,
        epoch,
        status: Status::Delivered.as_u8(),
        carrier: 1,
        error: 0,
        segments_sent: 1,
        tell: true,
        cost_micros: 5_000,
        charged_micros: 7_000,
        released_micros: 500,
        at_utc_ns: 3,
        detail: String::new(),
    }
}

fn id_of(line: &str) -> MessageId {
    let digits: String = line.chars().filter(char::is_ascii_hexdigit).collect();
    let begin = if line.starts_with('{') { 1 } else { 0 };
    // In JSON the `d` of "id" stands before it.
    digits[begin..begin + 32].parse().unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Frame(u16, usize, Vec<usize>),
    Back(u16, usize),
    Roll,
    Turn,
    Save,
    Finish,
    /// With octets that nobody counted behind the files.
    Kill(bool),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..SHARDS, 0usize..6, proptest::collection::vec(any::<usize>(), 0..6))
            .prop_map(|(shard, accepts, picks)| Step::Frame(shard, accepts, picks)),
        1 => (0..SHARDS, any::<usize>()).prop_map(|(shard, pick)| Step::Back(shard, pick)),
        1 => Just(Step::Roll),
        4 => Just(Step::Turn),
        3 => Just(Step::Save),
        1 => Just(Step::Finish),
        2 => any::<bool>().prop_map(Step::Kill),
        1 => Just(Step::Restart),
    ]
}

fn spoil_open(folder: &Path) {
    for path in paths(folder) {
        if path.extension().is_some_and(|ending| ending == "open") {
            let mut file = std::fs::File::options().append(true).open(path).unwrap();
            file.write_all(b"{\"id\":\"half a li").unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn any_log_and_any_kill_give_the_same_lines(steps in proptest::collection::vec(step(), 1..60)) {
        let both = [CdrFormat::Jsonl, CdrFormat::Csv];
        let mut world = World::new(&both);
        let mut exporter = world.begin();
        for step in &steps {
            match step {
                Step::Frame(shard, accepts, picks) => world.frame(*shard, *accepts, picks),
                Step::Back(shard, pick) => world.bring_back(*shard, *pick),
                Step::Roll => world.epoch += 1,
                Step::Turn => drop(exporter.turn(world.clock_ns).unwrap()),
                Step::Save => {
                    exporter.save(world.clock_ns).unwrap();
                    if let Some(state) = cdr_state(&world.store).unwrap() {
                        prop_assert_eq!(state.exported + state.waiting, world.ends);
                    }
                }
                Step::Finish => exporter.save_and_finish(world.clock_ns).unwrap(),
                Step::Kill(spoil) => {
                    drop(exporter);
                    if *spoil {
                        spoil_open(&world.files());
                    }
                    exporter = world.begin();
                }
                Step::Restart => {
                    drop(exporter);
                    world.restart();
                    exporter = world.begin();
                }
            }
        }
        drop(exporter);
        let mut exporter = world.begin();
        while exporter.turn(world.clock_ns).unwrap() {}
        exporter.save_and_finish(world.clock_ns).unwrap();
        let lines = world.lines(CdrFormat::Jsonl, &["jsonl"]);
        let rows = world.lines(CdrFormat::Csv, &["csv"]);
        prop_assert!(world.lines(CdrFormat::Jsonl, &["jsonl.open", "jsonl.damaged"]).is_empty());
        let ours = |lines: &[String]| -> Vec<MessageId> {
            let mut ids: Vec<MessageId> = lines.iter().map(|line| id_of(line)).collect();
            ids.retain(|id| *id != MessageId(7));
            ids.sort_unstable();
            ids
        };
        world.ended.sort_unstable();
        prop_assert_eq!(&ours(&lines), &world.ended);
        prop_assert_eq!(&ours(&rows), &world.ended);
        // The same log in one go.
        let mut whole = World { folder: tempfile::tempdir().unwrap(), ..world };
        whole.store.set_meta(b"cdr_position", &position_of_nothing()).unwrap();
        let mut exporter = whole.begin();
        while exporter.turn(whole.clock_ns).unwrap() {}
        exporter.save_and_finish(whole.clock_ns).unwrap();
        prop_assert_eq!(whole.lines(CdrFormat::Jsonl, &["jsonl"]), lines);
        prop_assert_eq!(whole.lines(CdrFormat::Csv, &["csv"]), rows);
        drop(exporter);
        whole.store.close();
    }
}

/// As if nothing was exported.
fn position_of_nothing() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let position = super::position::Position::first(&store).unwrap();
    store.close();
    serde_json::to_vec(&position).unwrap()
}

#[test]
fn line_says_what_was_accepted_though_it_is_read_from_another_frame_of_the_log() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    world.frame(0, 4, &[]);
    let mut exporter = world.begin();
    assert!(exporter.turn(0).unwrap());
    exporter.save(0).unwrap();
    drop(exporter);
    // Not remembered by the next one.
    let mut exporter = world.begin();
    world.bring_back(1, 0);
    world.epoch += 1;
    world.frame(1, 0, &[0, 0, 0, 0]);
    assert!(exporter.turn(0).unwrap());
    exporter.save_and_finish(0).unwrap();
    let lines = world.lines(CdrFormat::Jsonl, &["jsonl"]);
    assert_eq!(lines.len(), 5);
    let ours = lines.iter().filter(|line| id_of(line) != MessageId(7));
    for line in ours {
        let read: serde_json::Value = serde_json::from_str(line).unwrap();
        let index = id_of(line).parts().index;
        assert_eq!(read["account"], "acme");
        assert_eq!(read["to"], format!("44770090000{index}"));
        assert_eq!(read["cost"], "0.005");
        assert_eq!(read["margin"].as_str(), (index != 0).then_some("0.002"));
        assert_eq!(
            read["encoding"],
            ["gsm7", "ucs2", "binary"][usize::from(index % 3)]
        );
    }
    // The end of a message that was never accepted has a line all the same.
    let stranger = lines.iter().find(|line| id_of(line) == MessageId(7));
    assert!(stranger.unwrap().contains("\"to\":null"));
    assert_eq!(world.state().without_origin, 1);
}

#[test]
fn file_that_is_missing_is_waited_for_and_goes_on_when_it_is_back() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    world.rotate_octets = u64::MAX;
    world.frame(0, 4, &[]);
    world.frame(0, 0, &[0, 1]);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    drop(exporter);
    let path = paths(&world.files()).pop().unwrap();
    let away = world.folder.path().join("away");
    std::fs::rename(&path, &away).unwrap();
    world.frame(0, 0, &[0, 1]);
    let Err(fault) = Exporter::begin(world.parts(), 0) else {
        panic!("it went on without its file");
    };
    assert!(matches!(fault, CdrFault::Missing { .. }), "{fault}");
    assert!(fault.to_string().contains("cdr-"), "{fault}");
    // The folder as a whole, as with a disk that is not mounted.
    std::fs::remove_dir_all(world.files()).unwrap();
    assert!(Exporter::begin(world.parts(), 0).is_err());
    std::fs::create_dir(world.files()).unwrap();
    std::fs::rename(&away, &path).unwrap();
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save_and_finish(0).unwrap();
    assert_eq!(world.lines(CdrFormat::Jsonl, &["jsonl"]).len(), 4);
}

#[test]
fn file_that_lost_its_end_is_left_aside_and_what_comes_goes_on() {
    let mut world = World::new(&[CdrFormat::Jsonl, CdrFormat::Csv]);
    world.rotate_octets = u64::MAX;
    world.frame(0, 4, &[]);
    world.frame(0, 0, &[0, 1]);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    drop(exporter);
    let path = paths(&world.files()).pop().unwrap();
    std::fs::File::create(&path).unwrap();
    world.frame(0, 0, &[0, 1]);
    for _ in 0..2 {
        let mut exporter = world.begin();
        exporter.turn(0).unwrap();
        exporter.save_and_finish(0).unwrap();
    }
    assert_eq!(world.lines(CdrFormat::Jsonl, &["jsonl"]).len(), 2);
    assert_eq!(world.lines(CdrFormat::Csv, &["csv"]).len(), 2);
    let damaged = paths(&world.files());
    let damaged = damaged
        .iter()
        .filter(|path| path.extension().unwrap() == "damaged");
    assert_eq!(damaged.count(), 2);
}

#[test]
fn other_formats_and_another_folder_begin_new_files_and_finish_the_old() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    world.rotate_octets = u64::MAX;
    world.frame(0, 6, &[]);
    world.frame(0, 0, &[0, 1]);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    drop(exporter);
    spoil_open(&world.files());
    world.formats = vec![CdrFormat::Csv];
    world.frame(0, 0, &[0, 1]);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save_and_finish(0).unwrap();
    assert_eq!(world.lines(CdrFormat::Jsonl, &["jsonl"]).len(), 2);
    assert_eq!(world.lines(CdrFormat::Csv, &["csv"]).len(), 2);
    let names: BTreeSet<String> = paths(&world.files())
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "cdr-19700101T000000Z-000001.jsonl",
            "cdr-19700101T000000Z-000002.csv"
        ]
    );
}

#[test]
fn full_file_is_finished_and_no_line_is_in_two() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    let mut exporter = world.begin();
    for _ in 0..30 {
        world.frame(0, 3, &[0, 0, 0]);
        exporter.turn(world.clock_ns).unwrap();
        if exporter.is_full(world.clock_ns) {
            exporter.save_and_finish(world.clock_ns).unwrap();
        }
    }
    exporter.save_and_finish(world.clock_ns).unwrap();
    let files = paths(&world.files());
    assert!(files.len() > 5, "{files:?}");
    for path in &files {
        let octets = path.metadata().unwrap().len();
        assert!(octets < world.rotate_octets + 4_000, "{octets}");
    }
    let lines = world.lines(CdrFormat::Jsonl, &["jsonl"]);
    let ids: BTreeSet<MessageId> = lines.iter().map(|line| id_of(line)).collect();
    assert_eq!(
        (lines.len(), ids.len()),
        (world.ended.len(), world.ended.len())
    );
    // By age, and only where there is something in it.
    world.rotate_octets = u64::MAX;
    let mut exporter = world.begin();
    let later = world.clock_ns + 3_600_000_000_000;
    assert!(!exporter.is_full(later));
    world.frame(0, 1, &[0]);
    world.frame(0, 1, &[0]);
    exporter.turn(world.clock_ns).unwrap();
    assert!(!exporter.is_full(later - 1) && exporter.is_full(later));
}

#[test]
fn log_that_was_let_go_is_said_and_what_is_kept_goes_on() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    world.frame(0, 4, &[]);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    world.frame(0, 0, &[0]);
    world.epoch += 1;
    // One of the first epoch, whose acceptance will be gone, and two of this one.
    world.frame(0, 2, &[0]);
    world.waiting.drain(..2);
    world.frame(1, 0, &[0, 0]);
    let totals = Totals {
        accepted: 4,
        delivered: 4,
        ..Totals::default()
    };
    let gone = Reclaimed {
        epochs_below: 2,
        octets: 1,
        totals,
        money: Turnovers::default(),
        unread: true,
    };
    world.store.reclaim(&gone).unwrap();
    assert!(exporter.is_overtaken().unwrap());
    drop(exporter);
    let mut exporter = world.begin();
    exporter.turn(0).unwrap();
    exporter.save_and_finish(0).unwrap();
    let lines = world.lines(CdrFormat::Jsonl, &["jsonl"]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| id_of(line).parts().epoch == 2));
    let audit = crate::audit(&world.store).unwrap();
    let cdr = audit.cdr.unwrap();
    assert_eq!((cdr.exported, cdr.waiting, cdr.lost), (2, 0, Some(4)));
    assert_eq!(cdr.adds_up, Some(true));
}

#[test]
fn frames_are_held_until_their_lines_are_saved() {
    let mut world = World::new(&[CdrFormat::Jsonl]);
    world.frame(0, 4, &[]);
    world.frame(1, 0, &[0]);
    let mut exporter = world.begin();
    // What comes while it reads is behind its mark.
    world.frame(0, 0, &[0]);
    exporter.turn(0).unwrap();
    assert_eq!(exporter.lag_frames(), 0);
    world.frame(0, 0, &[0]);
    assert_eq!(exporter.lag_frames(), 1);
    let through = |world: &World| format!("{:?}", world.export);
    assert!(
        through(&world).contains("through: 0"),
        "{}",
        through(&world)
    );
    exporter.save(0).unwrap();
    assert!(
        through(&world).contains("through: 2"),
        "{}",
        through(&world)
    );
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    assert!(
        through(&world).contains("through: 3"),
        "{}",
        through(&world)
    );
    exporter.turn(0).unwrap();
    exporter.save(0).unwrap();
    assert!(
        through(&world).contains("through: 4"),
        "{}",
        through(&world)
    );
}
