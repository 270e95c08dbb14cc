//! A handset says stop: it holds before anybody is told, and through a crash at any step.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use carrack_message::MessageId;
use carrack_message::mo::MoWay;
use carrack_message::record::MoOutcome;
use carrack_routing::Matcher;
use carrack_routing::consent::{Keywords, Meaning};
use carrack_routing::key_index::Octets;
use carrack_routing::suppression::{Hashing, Keys, Scope, Whose};

use super::mo::{comes, outcomes, take, texts};
use super::rig::{NORTH, Rig, directory, recipient};
use crate::consent::{ConsentEvent, ConsentNoted, ConsentRule};
use crate::mail::Mail;
use crate::notice::News;
use crate::shared::Shared;
use crate::submission::{Refusal, Verdict};
use crate::suppression::{MapFile, SuppressionRule, SuppressionSettings, SuppressionThread};

/// The handset that the carrier of these tests names.
const HANDSET: u64 = 1;

struct Scene {
    rig: Rig,
    thread: Option<SuppressionThread>,
    heard: Arc<Mutex<Vec<ConsentEvent>>>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        assert!(self.thread.take().is_none_or(SuppressionThread::stop));
    }
}

/// As a start does: the rule of consent and the list, with what was added to it, are there before the log is read.
fn prepare(shared: &Arc<Shared>, folder: &Path, scope: Scope) {
    follow_rule(shared, scope, "stop");
    keep_list(shared, folder, scope, "stop");
}

fn follow_rule(shared: &Shared, scope: Scope, list: &str) {
    let rule = ConsentRule {
        keywords: Arc::new(Keywords::built_in()),
        list: list.to_owned(),
        scope,
        unclear_is_stop: false,
    };
    shared.replace_tables(directory().with_consent(Some(rule)), shared.table());
}

fn keep_list(shared: &Arc<Shared>, folder: &Path, scope: Scope, list: &str) {
    let map: MapFile = Arc::new(|path: &Path| Ok(Arc::new(std::fs::read(path)?) as Octets));
    let list = SuppressionRule {
        name: list.to_owned(),
        matcher: Matcher::default(),
        senders: Vec::new(),
        keys: Keys {
            scope,
            hashing: Hashing::None,
        },
        base: None,
    };
    let settings = SuppressionSettings {
        rules: vec![list],
        folder: Some(folder.to_owned()),
        live_max: 1000,
        map: Some(map),
    };
    shared.suppressions.replace(settings).unwrap();
    shared.tables_version.fetch_add(1, Ordering::Release);
}

impl Scene {
    fn of(rig: Rig, thread: Option<SuppressionThread>) -> Self {
        let heard: Arc<Mutex<Vec<ConsentEvent>>> = Arc::default();
        let into = Arc::clone(&heard);
        let sink = move |event, noted: Option<ConsentNoted>| {
            into.lock().unwrap().push(event);
            if let Some(noted) = noted {
                noted.done();
            }
        };
        rig.shared.consents.listen(Some(Arc::new(sink)));
        let mut scene = Self { rig, thread, heard };
        scene.rig.settle();
        scene
    }

    fn new(folder: &Path, scope: Scope) -> Self {
        let rig = Rig::new();
        prepare(&rig.shared, folder, scope);
        let thread = SuppressionThread::start(&rig.shared.suppressions).unwrap();
        Self::of(rig, Some(thread))
    }

    fn says(&mut self, to: &str, text: &str, sequence: u32) {
        comes(&mut self.rig, to, text.as_bytes(), sequence);
        self.work();
    }

    /// Until the thread of lists has answered all that it was asked.
    fn work(&mut self) {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !self.rig.shard.consenting.is_empty() && std::time::Instant::now() < until {
            std::thread::yield_now();
            self.rig.settle();
        }
    }

    fn is_suppressed(&self, account: &str, sender: &str) -> bool {
        let whose = Whose::Number(recipient(HANDSET));
        let found = &self.rig.shared.suppressions;
        let found = found.look_up(whose, account, sender, self.rig.now.utc_ns);
        found.iter().any(|found| found.holds)
    }

    fn hand_in(&mut self) -> Verdict {
        let submission = self.rig.submission_to("hello", HANDSET);
        let given = self.rig.hand_in(vec![submission], None);
        self.rig.settle();
        given.lock().unwrap()[0].clone()
    }

    fn meanings(&self) -> Vec<(Meaning, bool)> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .map(|event| (event.meaning, event.changed))
            .collect()
    }
}

#[test]
fn after_a_stop_nothing_is_taken_and_after_a_start_all_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path(), Scope::Global);
    let taken = scene.rig.subscribe(MoWay::Bind, 1, 10);
    scene.says("1234", "Stop. Thank you", 1);
    assert_eq!(scene.meanings(), [(Meaning::OptOut, true)]);
    let verdict = scene.hand_in();
    assert!(
        matches!(verdict, Verdict::Refused(Refusal::Suppressed { .. })),
        "{verdict:?}"
    );
    scene.says("1234", "START", 2);
    assert!(matches!(scene.hand_in(), Verdict::Accepted(_)));
    scene.says("1234", "hello", 3);
    scene.says("1234", "stop by tomorrow", 4);
    assert_eq!(
        scene.meanings(),
        [
            (Meaning::OptOut, true),
            (Meaning::OptIn, true),
            (Meaning::Unclear, false)
        ]
    );
    // Its customer is told of each, and what it means.
    let told: Vec<Option<Meaning>> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|notice| match &notice.news {
            News::Mo(mo) => mo.meaning,
            News::End(_) | News::Submitted(_) => panic!("not of a handset"),
        })
        .collect();
    let (stop, start) = (Some(Meaning::OptOut), Some(Meaning::OptIn));
    assert_eq!(told, [stop, start, None, Some(Meaning::Unclear)]);
    assert_eq!(texts(&taken).len(), 4);
}

#[test]
fn a_stop_to_one_sender_or_account_is_none_to_another() {
    for scope in [Scope::Sender, Scope::Account] {
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Scene::new(folder.path(), scope);
        scene.says("1234", "STOP", 1);
        assert!(scene.is_suppressed("acme", "1234"));
        let (account, sender) = match scope {
            Scope::Sender => ("acme", "5678"),
            _ => ("other", "1234"),
        };
        assert!(!scene.is_suppressed(account, sender), "{scope:?}");
    }
}

#[test]
fn a_stop_that_no_rule_takes_holds_and_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path(), Scope::Global);
    scene.says("7777", "stop", 1);
    assert!(scene.is_suppressed("acme", ""));
    assert_eq!(outcomes(&scene.rig, MoOutcome::Nobody), 1);
    assert_eq!(scene.rig.wires[NORTH].borrow().answers, [(1, true)]);
    // By account it cannot be told whose: a person reads it.
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path(), Scope::Account);
    scene.says("7777", "stop", 1);
    assert_eq!(scene.meanings(), [(Meaning::Unclear, false)]);
    assert_eq!(outcomes(&scene.rig, MoOutcome::Nobody), 1);
}

#[test]
fn a_stop_that_was_answered_to_the_carrier_is_done_after_a_crash_and_once() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody writes the list: the process ends between the two.
    let mut rig = Rig::new();
    prepare(&rig.shared, folder.path(), Scope::Global);
    rig.settle();
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    comes(&mut rig, "1234", b"stop", 1);
    assert_eq!(rig.wires[NORTH].borrow().answers, [(1, true)]);
    assert!(texts(&taken).is_empty(), "nobody is told before it holds");
    let started: Arc<Mutex<Option<SuppressionThread>>> = Arc::default();
    let (into, path) = (Arc::clone(&started), folder.path().to_owned());
    rig.on_start = Some(Arc::new(move |shared: &Arc<Shared>| {
        prepare(shared, &path, Scope::Global);
        let thread = SuppressionThread::start(&shared.suppressions).unwrap();
        *into.lock().unwrap() = Some(thread);
    }));
    let rig = rig.crash();
    let thread = started.lock().unwrap().take();
    let mut scene = Scene::of(rig, thread);
    scene.work();
    assert!(scene.is_suppressed("acme", ""));
    let taken = scene.rig.subscribe(MoWay::Bind, 1, 10);
    scene.rig.settle();
    assert_eq!(texts(&taken).len(), 1);
    take(&mut scene.rig, &taken);
    assert_eq!(outcomes(&scene.rig, MoOutcome::Told), 1);
}

#[test]
fn a_stop_that_comes_while_a_reload_takes_its_list_away_holds_on_the_one_that_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path(), Scope::Global);
    let taken = scene.rig.subscribe(MoWay::Bind, 1, 10);
    // As a reload does: lists first, then the rules that name them.
    keep_list(&scene.rig.shared, folder.path(), Scope::Global, "other");
    comes(&mut scene.rig, "1234", b"stop", 1);
    for _ in 0..5 {
        scene.rig.after(super::rig::SECOND);
        // Whoever reads the list has answered by then.
        let (answer, answered) = std::sync::mpsc::channel();
        let reply = Box::new(move |_| answer.send(()).unwrap());
        scene
            .rig
            .shared
            .suppressions
            .compact("none", reply)
            .unwrap();
        answered.recv().unwrap();
    }
    assert!(!scene.is_suppressed("acme", "") && texts(&taken).is_empty());
    assert_eq!(scene.heard.lock().unwrap().len(), 0);
    follow_rule(&scene.rig.shared, Scope::Global, "other");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !scene.rig.shard.consenting.is_empty() && std::time::Instant::now() < until {
        std::thread::yield_now();
        scene.rig.after(super::rig::SECOND);
    }
    scene.rig.settle();
    assert!(scene.is_suppressed("acme", ""));
    assert_eq!(scene.meanings(), [(Meaning::OptOut, true)]);
    assert_eq!(texts(&taken).len(), 1);
}

#[test]
fn a_full_mailbox_keeps_no_stop_open_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new(folder.path(), Scope::Global);
    // The thread of lists is held until the mailbox is full.
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let held = Box::new(move |_| opened.recv().unwrap());
    let lists = Arc::clone(&scene.rig.shared.suppressions);
    lists.compact("none", held).unwrap();
    comes(&mut scene.rig, "1234", b"stop", 1);
    let letter = || Mail::Cancel(MessageId(7), Box::new(|_| ()));
    while scene.rig.send(letter()) {}
    gate.send(()).unwrap();
    let (answer, answered) = std::sync::mpsc::channel();
    let reply = Box::new(move |_| answer.send(()).unwrap());
    lists.compact("none", reply).unwrap();
    let soon = std::time::Duration::from_secs(3);
    assert_eq!(answered.recv_timeout(soon), Ok(()), "it waits for a shard");
    scene.work();
    assert!(scene.is_suppressed("acme", "") && scene.rig.shard.consenting.is_empty());
}

#[test]
fn a_text_that_may_mean_stop_is_open_until_a_person_will_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::new();
    prepare(&rig.shared, folder.path(), Scope::Global);
    // Nobody listens, then somebody has no room, then the node dies.
    comes(&mut rig, "1234", b"stop by tomorrow", 1);
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    let heard: Arc<Mutex<u32>> = Arc::default();
    let into = Arc::clone(&heard);
    let sink = move |event: ConsentEvent, noted: Option<ConsentNoted>| {
        assert_eq!((event.meaning, noted.is_some()), (Meaning::Unclear, true));
        *into.lock().unwrap() += 1;
    };
    rig.shared.consents.listen(Some(Arc::new(sink)));
    for _ in 0..3 {
        rig.after(super::rig::SECOND);
    }
    assert!(*heard.lock().unwrap() >= 2);
    assert!(texts(&taken).is_empty() && rig.shard.consenting.len() == 1);
    let path = folder.path().to_owned();
    rig.on_start = Some(Arc::new(move |shared: &Arc<Shared>| {
        prepare(shared, &path, Scope::Global);
    }));
    let mut scene = Scene::of(rig.crash(), None);
    let taken = scene.rig.subscribe(MoWay::Bind, 1, 10);
    for _ in 0..3 {
        scene.rig.after(super::rig::SECOND);
    }
    assert_eq!(scene.meanings(), [(Meaning::Unclear, false)]);
    assert_eq!(
        (texts(&taken).len(), scene.rig.shard.consenting.len()),
        (1, 0)
    );
}
