//! What is added to a list is in force and durable when it is answered, and stays so through crashes and compactions.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use carrack_message::{Class, Msisdn, Network};
use carrack_routing::suppression::{Hashing, Keys, Reason, Scope, SuppressionWriter, Whose};
use carrack_routing::{Matcher, Query};
use proptest::prelude::*;

use super::*;

const HOUR_NS: u64 = 3_600_000_000_000;
/// Long ago: a compaction takes what handsets said then.
const NOW: u64 = 1_700_000_000_000_000_000;

fn number(last: u64) -> Msisdn {
    Msisdn::from_u64(447_700_900_000 + last).unwrap()
}

fn map() -> MapFile {
    Arc::new(|path: &Path| Ok(Arc::new(std::fs::read(path)?) as Octets))
}

fn keys(scope: Scope) -> Keys {
    Keys {
        scope,
        hashing: Hashing::None,
    }
}

fn rule(name: &str, keys: Keys) -> SuppressionRule {
    SuppressionRule {
        name: name.to_owned(),
        matcher: Matcher::default(),
        senders: Vec::new(),
        keys,
        base: None,
    }
}

fn based(numbers: &[u64]) -> SuppressionIndex {
    let keys = keys(Scope::Global);
    let mut writer = SuppressionWriter::new(&keys, std::io::Cursor::new(Vec::new()), 0).unwrap();
    for last in numbers {
        let mark = Mark::until(Reason::DoNotCall, u64::MAX);
        writer.push(number(*last).as_u64(), mark).unwrap();
    }
    let octets = writer.finish().unwrap().0.into_inner();
    SuppressionIndex::open(&keys, Arc::new(octets)).unwrap()
}

struct Desk {
    suppressions: Arc<Suppressions>,
    thread: Option<SuppressionThread>,
}

impl Desk {
    fn open(folder: &Path, rules: Vec<SuppressionRule>, live_max: usize) -> Self {
        let suppressions = Arc::new(Suppressions::default());
        let settings = SuppressionSettings {
            rules,
            folder: Some(folder.to_owned()),
            live_max,
            map: Some(map()),
        };
        suppressions.replace(settings).unwrap();
        let thread = SuppressionThread::start(&suppressions).unwrap();
        Self {
            suppressions,
            thread: Some(thread),
        }
    }

    fn change(&self, change: SuppressionChange) -> Result<bool, SuppressionFault> {
        let (answer, reply) = channel();
        let reply_to = Box::new(move |done| answer.send(done).unwrap());
        self.suppressions.change(vec![change], reply_to)?;
        reply.recv().unwrap().map(|changed| changed[0])
    }

    fn add(&self, last: u64, by: SuppressedBy, at_utc_ns: u64) -> Result<bool, SuppressionFault> {
        let act = SuppressionAct::Add {
            reason: Reason::OptOut,
            ends_utc_ns: u64::MAX,
        };
        self.change(said(last, "", act, by, at_utc_ns))
    }

    fn remove(
        &self,
        last: u64,
        by: SuppressedBy,
        at_utc_ns: u64,
    ) -> Result<bool, SuppressionFault> {
        self.change(said(last, "", SuppressionAct::Remove, by, at_utc_ns))
    }

    fn compact(&self) -> u64 {
        let (answer, reply) = channel();
        let reply_to = Box::new(move |done| answer.send(done).unwrap());
        self.suppressions.compact("stop", reply_to).unwrap();
        reply.recv().unwrap().unwrap()
    }

    fn holds(&self, last: u64) -> bool {
        self.holds_for(last, "shop", "80808")
    }

    fn holds_for(&self, last: u64, account: &str, from: &str) -> bool {
        let mut query = Query::of(account, number(last), from, Class::Bulk);
        query.at_utc_ns = NOW;
        let lists = self.suppressions.lists();
        let exempt = &self.suppressions.exempt;
        lists
            .find(&query, Network::UNKNOWN, At::Accept, exempt)
            .is_some()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        assert!(self.thread.take().unwrap().stop());
    }
}

fn said(
    last: u64,
    name: &str,
    act: SuppressionAct,
    by: SuppressedBy,
    at_utc_ns: u64,
) -> SuppressionChange {
    SuppressionChange {
        list: "stop".to_owned(),
        whose: Whose::Number(number(last)),
        name: name.to_owned(),
        act,
        by,
        at_utc_ns,
    }
}

fn stop_list() -> Vec<SuppressionRule> {
    vec![rule("stop", keys(Scope::Global))]
}

#[test]
fn what_was_answered_holds_at_once_and_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    assert_eq!(desk.add(1, SuppressedBy::Handset, NOW), Ok(true));
    assert!(desk.holds(1) && !desk.holds(2));
    assert_eq!(desk.add(1, SuppressedBy::Customer, NOW), Ok(false));
    assert_eq!(desk.remove(2, SuppressedBy::Operator, NOW), Ok(false));
    // Nothing of it is told to the next one but what lies on the disk.
    let again = Desk::open(folder.path(), stop_list(), 1000);
    assert!(again.holds(1) && !again.holds(2));
    assert_eq!(
        again.remove(1, SuppressedBy::Handset, NOW + HOUR_NS),
        Ok(true)
    );
    assert!(!again.holds(1));
    drop(again);
    assert!(!Desk::open(folder.path(), stop_list(), 1000).holds(1));
}

#[test]
fn a_line_cut_by_a_crash_hides_no_other_and_is_not_joined_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stop.global-none.log");
    {
        let desk = Desk::open(folder.path(), stop_list(), 1000);
        for last in 0..5 {
            desk.add(last, SuppressedBy::Operator, NOW).unwrap();
        }
    }
    let whole = std::fs::read(&file).unwrap();
    for cut in 1..80 {
        std::fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        let desk = Desk::open(folder.path(), stop_list(), 1000);
        assert!(
            (0..4).all(|last| desk.holds(last)) && !desk.holds(4),
            "{cut}"
        );
        desk.add(7, SuppressedBy::Operator, NOW).unwrap();
        drop(desk);
        let desk = Desk::open(folder.path(), stop_list(), 1000);
        assert!(desk.holds(3) && desk.holds(7), "{cut}");
    }
    let mut spoiled = whole;
    let middle = spoiled.len() / 2;
    spoiled[middle] ^= 1;
    std::fs::write(&file, &spoiled).unwrap();
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    let held = (0..5).filter(|last| desk.holds(*last)).count();
    assert_eq!(held, 4, "one line is spoiled, and hides no other");
}

#[test]
fn the_base_is_below_what_is_added_and_a_compaction_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rules = || {
        let base = Some(based(&[10, 11, 12]));
        vec![SuppressionRule {
            base,
            ..rule("stop", keys(Scope::Global))
        }]
    };
    let desk = Desk::open(folder.path(), rules(), 1000);
    desk.remove(11, SuppressedBy::Customer, NOW).unwrap();
    desk.add(20, SuppressedBy::Customer, NOW).unwrap();
    let expected = [(10, true), (11, false), (12, true), (20, true), (21, false)];
    let check = |desk: &Desk, when: &str| {
        for (last, holds) in expected {
            assert_eq!(desk.holds(last), holds, "{last} {when}");
        }
    };
    check(&desk, "before");
    assert_eq!(desk.compact(), 2);
    check(&desk, "compacted");
    assert_eq!(desk.suppressions.views()[0].added, 0);
    drop(desk);
    let desk = Desk::open(folder.path(), rules(), 1000);
    check(&desk, "after a start");
    assert_eq!(desk.remove(20, SuppressedBy::Customer, NOW), Ok(true));
    desk.compact();
    assert!(!desk.holds(20));
}

#[test]
fn one_more_than_may_be_added_is_refused_but_never_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    // Half of it is compacted by itself, but not what handsets just said.
    let desk = Desk::open(folder.path(), stop_list(), 4);
    let now = carrack_runtime::Clock::now(&carrack_runtime::SystemClock::default()).utc_ns;
    for last in 0..4 {
        assert_eq!(desk.add(last, SuppressedBy::Handset, now), Ok(true));
    }
    assert_eq!(
        desk.add(5, SuppressedBy::Customer, now),
        Err(SuppressionFault::Full("stop".to_owned()))
    );
    assert_eq!(desk.add(6, SuppressedBy::Handset, now), Ok(true));
    assert!(desk.holds(6) && !desk.holds(5));
}

#[test]
fn a_customer_has_a_share_of_what_may_be_added_and_a_compaction_gives_it_anew() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), vec![rule("own", keys(Scope::Account))], 4);
    let act = SuppressionAct::Add {
        reason: Reason::OptOut,
        ends_utc_ns: u64::MAX,
    };
    let add = |numbers: std::ops::Range<u64>, name: &str, by| {
        let changes = numbers.map(|last| SuppressionChange {
            list: "own".to_owned(),
            ..said(last, name, act, by, NOW)
        });
        let (answer, reply) = channel();
        let reply_to = Box::new(move |done| answer.send(done).unwrap());
        desk.suppressions
            .change(changes.collect(), reply_to)
            .unwrap();
        reply.recv().unwrap()
    };
    let full = Err(SuppressionFault::Share("own".to_owned()));
    assert_eq!(add(0..2, "shop", SuppressedBy::Customer), full);
    assert_eq!(add(0..1, "shop", SuppressedBy::Customer), Ok(vec![true]));
    assert_eq!(add(0..1, "other", SuppressedBy::Customer), Ok(vec![true]));
    // It compacts by itself; until then he is refused.
    let begun = std::time::Instant::now();
    while add(1..2, "shop", SuppressedBy::Customer) == full {
        assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    }
    assert!(desk.holds_for(0, "shop", "80808") && desk.holds_for(1, "shop", "80808"));
    let all = vec![true; 2];
    assert_eq!(add(10..12, "third", SuppressedBy::Operator), Ok(all));
}

#[test]
fn what_a_handset_said_before_does_not_undo_what_was_said_later() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    desk.add(1, SuppressedBy::Handset, NOW).unwrap();
    desk.remove(1, SuppressedBy::Handset, NOW + 2_000_000)
        .unwrap();
    // A start brings the first again, as it was not told to its customer.
    assert_eq!(desk.add(1, SuppressedBy::Handset, NOW), Ok(false));
    assert!(!desk.holds(1));
    drop(desk);
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    assert_eq!(
        desk.add(1, SuppressedBy::Handset, NOW + 1_000_000),
        Ok(false)
    );
    // Of what was compacted long afterwards the times are gone: a stop holds, and nothing old takes it back.
    desk.add(2, SuppressedBy::Handset, NOW + 3_000_000).unwrap();
    desk.compact();
    assert_eq!(desk.remove(2, SuppressedBy::Handset, NOW), Ok(false));
    assert!(desk.holds(2) && !desk.holds(1));
}

#[test]
fn an_entry_of_another_weakens_no_stop_of_a_handset_compacted_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    let weaker = |ends_utc_ns| SuppressionAct::Add {
        reason: Reason::DoNotCall,
        ends_utc_ns,
    };
    // Said first by a customer, it is the handset's all the same from then on.
    desk.add(2, SuppressedBy::Customer, NOW - HOUR_NS).unwrap();
    for last in [1, 2] {
        desk.add(last, SuppressedBy::Handset, NOW - HOUR_NS / 2)
            .unwrap();
    }
    let by = [SuppressedBy::Customer, SuppressedBy::Operator];
    for is_compacted in [false, true] {
        if is_compacted {
            desk.compact();
        }
        for (last, by) in [(1, by[0]), (1, by[1]), (2, by[0]), (2, by[1])] {
            for ends_utc_ns in [NOW - HOUR_NS / 4, NOW + HOUR_NS, u64::MAX] {
                let at_utc_ns = NOW - HOUR_NS / 4;
                let change = said(last, "", weaker(ends_utc_ns), by, at_utc_ns);
                assert_eq!(desk.change(change), Ok(false), "{is_compacted}");
            }
            let found = desk
                .suppressions
                .look_up(Whose::Number(number(last)), "", "", NOW);
            let found: Vec<_> = found.iter().map(|it| (it.reason, it.holds)).collect();
            assert_eq!(found, [(Reason::OptOut, true)]);
        }
    }
    assert_eq!(desk.remove(1, SuppressedBy::Customer, NOW), Ok(true));
    let change = said(1, "", weaker(u64::MAX), SuppressedBy::Customer, NOW);
    assert_eq!(desk.change(change), Ok(true));
}

#[test]
fn numbers_that_stand_twice_in_a_call_cost_no_write_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::open(folder.path(), stop_list(), 1000);
    let list = Arc::clone(&desk.suppressions.lists().lists[0].live);
    let act = SuppressionAct::Add {
        reason: Reason::Complaint,
        ends_utc_ns: u64::MAX,
    };
    let twice = (0..20).map(|place| said(place / 2, "", act, SuppressedBy::Customer, NOW));
    let (answer, reply) = channel();
    let reply_to = Box::new(move |done| answer.send(done).unwrap());
    desk.suppressions.change(twice.collect(), reply_to).unwrap();
    let changed = reply.recv().unwrap().unwrap();
    assert_eq!(changed, [true, false].repeat(10));
    assert_eq!(
        list.written().log.as_ref().unwrap().appended,
        2,
        "one, and its beginning"
    );
    // What is said otherwise of a number in the same call holds as it was said last.
    let acts = [SuppressionAct::Remove, act, SuppressionAct::Remove];
    let changes = acts.map(|act| said(1, "", act, SuppressedBy::Customer, NOW));
    let (answer, reply) = channel();
    let reply_to = Box::new(move |done| answer.send(done).unwrap());
    desk.suppressions
        .change(changes.to_vec(), reply_to)
        .unwrap();
    assert_eq!(reply.recv().unwrap().unwrap().len(), 3);
    assert!(!desk.holds(1) && desk.holds(2));
}

#[test]
fn an_entry_of_one_account_or_sender_forbids_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let act = SuppressionAct::Add {
        reason: Reason::Complaint,
        ends_utc_ns: NOW + HOUR_NS,
    };
    for (scope, name, other) in [
        (Scope::Account, "shop", ("bank", "80808")),
        (Scope::Sender, "80808", ("shop", "90909")),
    ] {
        let desk = Desk::open(folder.path(), vec![rule("stop", keys(scope))], 1000);
        desk.change(said(1, name, act, SuppressedBy::Customer, NOW))
            .unwrap();
        assert!(desk.holds(1));
        assert!(!desk.holds_for(1, other.0, other.1));
        let entries = desk
            .suppressions
            .added("stop", Some(name), None, 10)
            .unwrap();
        assert_eq!((entries.len(), entries[0].number), (1, Some(number(1))));
        assert!(
            desk.suppressions
                .added("stop", Some("x"), None, 10)
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn a_word_exempts_one_message_and_a_matcher_those_it_does_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let matcher = Matcher {
        classes: vec![Class::Bulk],
        ..Matcher::default()
    };
    let rules = vec![SuppressionRule {
        matcher,
        ..rule("stop", keys(Scope::Global))
    }];
    let desk = Desk::open(folder.path(), rules, 1000);
    desk.add(1, SuppressedBy::Operator, NOW).unwrap();
    assert!(desk.suppressions.exempt.add("consent.k7", NOW, NOW + 1));
    let lists = desk.suppressions.lists();
    let find = |tag, class| {
        let mut query = Query::of("shop", number(1), "80808", class);
        (query.at_utc_ns, query.tag) = (NOW, tag);
        lists.find(
            &query,
            Network::UNKNOWN,
            At::Send,
            &desk.suppressions.exempt,
        )
    };
    assert!(find("", Class::Bulk).is_some() && find("other", Class::Bulk).is_some());
    assert!(find("consent.k7", Class::Bulk).is_none());
    assert!(find("", Class::Otp).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_changes_compactions_and_starts_leave_what_was_said_last(
        steps in proptest::collection::vec((0..6_u64, 0..4_u8), 1..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut desk = Desk::open(folder.path(), stop_list(), 1000);
        let mut expected = [false; 6];
        for (turn, (last, step)) in steps.into_iter().enumerate() {
            let at = NOW + turn as u64 * 1_000_000;
            match step {
                0 => {
                    desk.add(last, SuppressedBy::Handset, at).unwrap();
                    expected[last as usize] = true;
                }
                1 => {
                    desk.remove(last, SuppressedBy::Operator, at).unwrap();
                    expected[last as usize] = false;
                }
                2 => drop(desk.compact()),
                _ => {
                    drop(desk);
                    desk = Desk::open(folder.path(), stop_list(), 1000);
                }
            }
            for (last, holds) in expected.iter().enumerate() {
                prop_assert_eq!(desk.holds(last as u64), *holds, "{} after {} {}", last, turn, step);
            }
        }
    }
}

#[test]
fn a_list_by_network_is_asked_by_the_engine_alone() {
    let network: Network = "234-15".parse().unwrap();
    let mut by_network = rule("ported", keys(Scope::Global));
    by_network.matcher.networks = vec![carrack_routing::NetworkPattern::Is(network)];
    by_network.base = Some(based(&[1, 2]));
    let mut everywhere = rule("stop", keys(Scope::Global));
    everywhere.base = Some(based(&[2]));
    let now = SuppressionsNow::of_files(vec![by_network, everywhere]).unwrap();
    let named =
        |refusal: Option<crate::Refusal>| refusal.map(|it| it.to_string()).unwrap_or_default();
    let [one, two] = [1, 2].map(|last| Query::of("shop", number(last), "80808", Class::Bulk));
    assert!(named(now.refusal(&one, network)).contains("list ported"));
    assert_eq!(now.refusal_anywhere(&one), None);
    assert!(named(now.refusal_anywhere(&two)).contains("list stop"));
}
