//! Queue jobs: purge, move and re-route of what waits, in memory and in the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::record::ReceiptWish;
use carrack_message::{Class, MessageId, Micros, Msisdn, Status};
use carrack_routing::{CarrierRow, Matcher, Policy, RouteRow, RouteTable};
use proptest::prelude::*;

use super::rig::{ACCOUNT, MS, NORTH, OTHER_ACCOUNT, Rig, SECOND, SOUTH, directory, settings};
use crate::jobs::{JobFilter, JobKind, JobRefused, JobRequest, JobStatus};
use crate::settings::EngineSettings;
use crate::shard::live::Phase;
use crate::submission::{Submission, Verdict};

fn short_lanes() -> EngineSettings {
    EngineSettings {
        lane_live_max: 4,
        ..settings()
    }
}

/// Both carriers down, and some texts that wait: four in memory, the rest in the log.
fn waiting(texts: usize) -> (Rig, Vec<MessageId>) {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let ids = hand_in(&mut rig, 0, texts);
    rig.settle();
    (rig, ids)
}

fn hand_in(rig: &mut Rig, from: usize, count: usize) -> Vec<MessageId> {
    let mut ids = Vec::new();
    for from in (from..from + count).step_by(10) {
        let to = (from + 10).min(count.max(from + 10));
        let texts: Vec<String> = (from..to).map(|n| format!("text {n}")).collect();
        ids.extend(rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    ids
}

fn start(rig: &Rig, kind: JobKind, filter: JobFilter) -> Result<JobStatus, JobRefused> {
    let (table, directory) = (rig.shared.table(), rig.shared.directory());
    let request = JobRequest {
        kind,
        filter,
        dry_run: false,
    };
    rig.shared.jobs.start(request, &table, &directory, 1)
}

fn newest(rig: &Rig) -> JobStatus {
    rig.shared.jobs.all().remove(0)
}

/// Turns until the job is over.
fn run(rig: &mut Rig, kind: JobKind, filter: JobFilter) -> JobStatus {
    start(rig, kind, filter).unwrap();
    for _ in 0..2000 {
        rig.after(MS);
        if newest(rig).is_over() {
            return newest(rig);
        }
    }
    panic!("not over: {:?}", newest(rig));
}

fn to_south() -> JobKind {
    JobKind::Move {
        to: "south".to_owned(),
    }
}

fn by_carrier(name: &str) -> JobFilter {
    JobFilter {
        carrier: Some(name.to_owned()),
        ..JobFilter::default()
    }
}

/// Answers all that is sent until nothing more is; gives the texts in their order.
fn send_all(rig: &mut Rig, carrier: usize) -> Vec<String> {
    for round in 0..400 {
        rig.after(10 * MS);
        let mut answered = 0;
        while rig.open(carrier) > 0 {
            answered += 1;
            rig.answer(carrier, &format!("{carrier}-{round}-{answered}"));
        }
    }
    let text = |sent: &String| sent.split('|').nth(1).unwrap().to_owned();
    rig.sent(carrier).iter().map(text).collect()
}

fn expected(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text {n}")).collect()
}

fn in_lanes(rig: &Rig) -> usize {
    rig.shard.view().lanes.iter().map(|lane| lane.waiting).sum()
}

#[test]
fn purge_ends_what_waits_in_memory_and_in_the_log_once() {
    let (mut rig, ids) = waiting(100);
    assert!(rig.shard.live.len() < 30, "most of it is in the log");
    let status = run(&mut rig, JobKind::Purge, by_carrier("north"));
    assert_eq!(
        (status.state, status.matched, status.done, status.left),
        ("done", 100, 100, 0),
        "{status:?}"
    );
    let mut finals = rig.finals();
    finals.sort_unstable_by_key(|(id, _, _)| *id);
    let cancelled: Vec<_> = ids.iter().map(|id| (*id, Status::Cancelled, 0)).collect();
    assert_eq!(finals, cancelled);
    assert_eq!(rig.shared.waiting.load(Ordering::Relaxed), 0);
    assert_eq!(in_lanes(&rig), 0, "no lane shows what is gone");
    rig.up(NORTH);
    assert!(send_all(&mut rig, NORTH).is_empty());
    rig.assert_nothing_kept();
    assert_eq!(rig.recovered().count(), 0);
}

#[test]
fn purge_tells_the_customer() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let submissions = (0..10).map(|n| Submission {
        wants_receipt: ReceiptWish::Always,
        ..rig.submission(&format!("text {n}"))
    });
    let submissions: Vec<_> = submissions.collect();
    rig.hand_in(submissions, None);
    rig.settle();
    run(&mut rig, JobKind::Purge, JobFilter::default());
    assert_eq!(rig.shard.outbox.waiting(), 10);
    assert_eq!(rig.finals().len(), 10);
}

#[test]
fn purge_leaves_what_is_in_a_window_or_was_taken() {
    let mut rig = Rig::new();
    let ids = hand_in(&mut rig, 0, 30);
    assert_eq!(rig.open(NORTH), 10, "the window is full");
    rig.answer(NORTH, "a");
    rig.turn();
    let sent = rig.sent(NORTH).len();
    let status = run(&mut rig, JobKind::Purge, JobFilter::default());
    assert_eq!(status.done as usize, 30 - sent, "{status:?}");
    let ended: Vec<_> = rig.finals().into_iter().map(|(id, ..)| id).collect();
    assert!(ids[..sent].iter().all(|id| !ended.contains(id)));
    assert!(ids[sent..].iter().all(|id| ended.contains(id)));
}

#[test]
fn purge_takes_only_what_matches_every_condition() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let mut wanted = Vec::new();
    let mut given = Vec::new();
    for n in 0..80u64 {
        let number = if n % 2 == 0 {
            447_700_900_000
        } else {
            447_800_900_000
        } + n;
        let submission = Submission {
            to: Msisdn::from_u64(number).unwrap(),
            from: carrack_message::Sender::parse(if n % 4 < 2 { "ACME" } else { "OTHER" }).unwrap(),
            account: if n % 8 < 4 { ACCOUNT } else { OTHER_ACCOUNT },
            class: if n % 16 < 8 { Class::Bulk } else { Class::Otp },
            batch: Rig::row(if n % 32 < 16 { 7 } else { 8 }, n),
            ..rig.submission(&format!("text {n}"))
        };
        if n == 40 {
            rig.after(100 * SECOND);
        }
        wanted.push(n % 2 == 0 && n % 4 < 2 && n % 8 < 4 && n % 16 < 8 && n % 32 < 16 && n < 40);
        given.push(rig.hand_in(vec![submission], None));
        rig.turn();
    }
    rig.settle();
    let filter = JobFilter {
        carrier: Some("north".to_owned()),
        class: Some(Class::Bulk),
        account: Some("acme".to_owned()),
        to_prefix: Some("4477".parse().unwrap()),
        from: Some("ACME".to_owned()),
        older_than_seconds: Some(60),
        batch: Some(7),
    };
    let status = run(&mut rig, JobKind::Purge, filter);
    let ended: Vec<_> = rig.finals().into_iter().map(|(id, ..)| id).collect();
    let count = wanted.iter().filter(|wanted| **wanted).count();
    assert_eq!((status.matched as usize, ended.len()), (count, count));
    for (wanted, given) in wanted.into_iter().zip(given) {
        let Some(Verdict::Accepted(id)) = given.lock().unwrap().first().cloned() else {
            panic!("not accepted");
        };
        assert_eq!(ended.contains(&id), wanted);
    }
}

#[test]
fn dry_run_counts_and_touches_nothing() {
    let (mut rig, _) = waiting(50);
    for filter in [
        by_carrier("north"),
        JobFilter {
            from: Some("ACME".to_owned()),
            ..JobFilter::default()
        },
    ] {
        let (table, directory) = (rig.shared.table(), rig.shared.directory());
        let request = JobRequest {
            kind: JobKind::Purge,
            filter,
            dry_run: true,
        };
        rig.shared
            .jobs
            .start(request, &table, &directory, 1)
            .unwrap();
        for _ in 0..50 {
            rig.after(MS);
        }
        let status = newest(&rig);
        assert_eq!(
            (status.state, status.matched, status.done),
            ("done", 50, 0),
            "{status:?}"
        );
    }
    assert!(rig.finals().is_empty());
    rig.up(NORTH);
    assert_eq!(send_all(&mut rig, NORTH), expected(50));
}

#[test]
fn moved_messages_go_to_the_other_carrier_in_their_order() {
    let (mut rig, _) = waiting(100);
    let status = run(&mut rig, to_south(), by_carrier("north"));
    assert_eq!((status.matched, status.done), (100, 100), "{status:?}");
    assert_eq!(in_lanes(&rig), 100, "each stands in one lane");
    rig.up(NORTH);
    rig.up(SOUTH);
    let sent = send_all(&mut rig, SOUTH);
    assert!(
        rig.sent(NORTH).is_empty(),
        "the cheap one is up and gets nothing"
    );
    assert_eq!(sent, expected(100));
    // What comes later takes its route.
    hand_in(&mut rig, 100, 10);
    assert_eq!(send_all(&mut rig, NORTH).len(), 10);
}

#[test]
fn moved_messages_that_the_carrier_refuses_go_back_to_their_route() {
    let (mut rig, _) = waiting(10);
    run(&mut rig, to_south(), JobFilter::default());
    rig.up(SOUTH);
    rig.settle();
    assert_eq!(rig.open(SOUTH), 10);
    rig.up(NORTH);
    while rig.open(SOUTH) > 0 {
        rig.refuse(SOUTH, 0x45, carrack_carrier::Disposition::NextCarrier);
    }
    rig.settle();
    assert_eq!(send_all(&mut rig, NORTH).len(), 10);
}

#[test]
fn what_an_earlier_run_accepted_is_purged_before_anything_new_is_written() {
    let (rig, ids) = waiting(40);
    let mut rig = rig.crash();
    let status = run(&mut rig, JobKind::Purge, JobFilter::default());
    assert_eq!(status.done as usize, ids.len(), "{status:?}");
    assert_eq!(rig.finals().len(), ids.len());
    // And what is accepted while a job is at work is none of its business.
    start(&rig, JobKind::Purge, JobFilter::default()).unwrap();
    let later = hand_in(&mut rig, 0, 20);
    for _ in 0..20 {
        rig.after(MS);
    }
    assert!(newest(&rig).is_over());
    assert_eq!(rig.finals().len(), ids.len());
    rig.up(NORTH);
    assert_eq!(send_all(&mut rig, NORTH).len(), later.len());
}

#[test]
fn moved_messages_are_routed_anew_by_a_start() {
    let (mut rig, _) = waiting(40);
    run(&mut rig, to_south(), JobFilter::default());
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.up(SOUTH);
    assert_eq!(send_all(&mut rig, NORTH).len(), 40);
    assert!(rig.sent(SOUTH).is_empty());
}

/// `north` and `south` as in the rig, with other prices; south takes only numbers that begin with 4477 if `deck`.
fn table(north: i64, south: i64, deck: bool) -> Arc<RouteTable> {
    let row = |name: &str, micros: i64| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(micros)),
        enabled: true,
    };
    let mut rows = vec![row("north", north), row("south", south)];
    if deck {
        let text = "prefix,price\n4477,0.001\n";
        let deck = carrack_routing::Deck::from_csv(text.as_bytes(), "south.csv").unwrap();
        rows[SOUTH].deck = Some(Arc::new(deck));
        rows[SOUTH].flat_price = None;
    }
    let route = RouteRow {
        name: "all".to_owned(),
        matcher: Matcher::default(),
        carriers: vec![NORTH, SOUTH],
        policy: Policy::LeastCost,
        ..RouteRow::default()
    };
    Arc::new(RouteTable::build(rows, vec![route]).unwrap())
}

#[test]
fn only_what_a_carrier_takes_is_moved_to_it() {
    let mut rig = Rig::with(short_lanes());
    rig.shared.replace_tables(directory(), table(1, 9, true));
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    for n in 0..60u64 {
        let number = if n % 3 == 0 {
            447_700_900_000
        } else {
            447_800_900_000
        } + n;
        let submission = Submission {
            to: Msisdn::from_u64(number).unwrap(),
            ..rig.submission(&format!("text {n}"))
        };
        rig.hand_in(vec![submission], None);
        rig.turn();
    }
    rig.settle();
    let status = run(&mut rig, to_south(), by_carrier("north"));
    assert_eq!((status.matched, status.done), (60, 20), "{status:?}");
    rig.up(NORTH);
    rig.up(SOUTH);
    let moved = send_all(&mut rig, SOUTH);
    assert_eq!(moved.len(), 20);
    let third = |text: &String| text["text ".len()..].parse::<u64>().unwrap() % 3 == 0;
    assert!(moved.iter().all(third));
    assert_eq!(send_all(&mut rig, NORTH).len(), 40);
}

#[test]
fn changed_prices_count_after_reroute() {
    let (mut rig, _) = waiting(100);
    rig.shared
        .replace_tables(directory(), table(9000, 5000, false));
    rig.turn();
    let status = run(&mut rig, JobKind::Reroute, JobFilter::default());
    assert_eq!((status.matched, status.done), (100, 100), "{status:?}");
    let lanes = rig.shard.view().lanes;
    assert!(
        lanes.iter().all(|lane| lane.carriers == ["south", "north"]),
        "{lanes:?}"
    );
    let again = run(&mut rig, JobKind::Reroute, JobFilter::default());
    assert_eq!((again.matched, again.done), (100, 0), "{again:?}");
    rig.up(NORTH);
    rig.up(SOUTH);
    assert_eq!(send_all(&mut rig, SOUTH), expected(100));
    assert!(rig.sent(NORTH).is_empty());
}

#[test]
fn reroute_takes_a_move_back() {
    let (mut rig, _) = waiting(60);
    run(&mut rig, to_south(), JobFilter::default());
    let status = run(&mut rig, JobKind::Reroute, JobFilter::default());
    assert_eq!(status.done, 60, "{status:?}");
    rig.up(NORTH);
    rig.up(SOUTH);
    assert_eq!(send_all(&mut rig, NORTH), expected(60));
}

#[test]
fn stopped_job_leaves_the_rest_as_it_was() {
    let (mut rig, ids) = waiting(900);
    start(&rig, JobKind::Purge, JobFilter::default()).unwrap();
    rig.after(MS);
    rig.after(MS);
    rig.after(MS);
    assert_eq!(
        start(&rig, JobKind::Reroute, JobFilter::default()),
        Err(JobRefused::Busy(1))
    );
    assert_eq!(rig.shared.jobs.stop().unwrap().state, "stopping");
    rig.settle();
    let status = newest(&rig);
    assert_eq!(status.state, "stopped", "{status:?}");
    let ended = rig.finals().len();
    assert!(ended > 0 && ended < 900, "{ended}");
    assert_eq!(status.done as usize, ended);
    assert!(rig.shared.jobs.stop().is_none());
    rig.up(NORTH);
    assert_eq!(send_all(&mut rig, NORTH).len(), ids.len() - ended);
    // The next one may begin.
    assert_eq!(run(&mut rig, JobKind::Reroute, JobFilter::default()).id, 2);
}

#[test]
fn unknown_names_are_refused_before_anything_is_touched() {
    let (rig, _) = waiting(10);
    let nowhere = JobKind::Move {
        to: "west".to_owned(),
    };
    assert_eq!(
        start(&rig, nowhere, JobFilter::default()),
        Err(JobRefused::UnknownCarrier("west".to_owned()))
    );
    assert_eq!(
        start(&rig, JobKind::Purge, by_carrier("west")),
        Err(JobRefused::UnknownCarrier("west".to_owned()))
    );
    let account = Some("nobody".to_owned());
    let filter = JobFilter {
        account,
        ..JobFilter::default()
    };
    assert_eq!(
        start(&rig, JobKind::Purge, filter),
        Err(JobRefused::UnknownAccount("nobody".to_owned()))
    );
    assert!(rig.shared.jobs.all().is_empty());
}

#[test]
fn purge_waits_for_a_disk_that_refuses() {
    let (mut rig, _) = waiting(60);
    rig.log.borrow_mut().refuses = true;
    start(&rig, JobKind::Purge, JobFilter::default()).unwrap();
    rig.settle();
    let status = newest(&rig);
    assert!(status.hindrance.is_some() && status.done == 0, "{status:?}");
    rig.log.borrow_mut().refuses = false;
    for _ in 0..20 {
        rig.after(MS);
    }
    let status = newest(&rig);
    assert_eq!((status.state, status.done), ("done", 60), "{status:?}");
    assert_eq!(status.hindrance, None);
}

#[derive(Debug, Clone)]
enum Step {
    Accept(u8),
    Answer(usize),
    Refuse(usize),
    Down(usize),
    Up(usize),
    Pass(u16),
    Hold(bool),
    Prices(bool),
    Job(JobKind, JobFilter, bool),
    Stop,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let carrier = prop_oneof![Just(NORTH), Just(SOUTH)];
    let name = prop_oneof![Just("north".to_owned()), Just("south".to_owned())];
    let kind = prop_oneof![
        Just(JobKind::Purge),
        Just(JobKind::Reroute),
        name.clone().prop_map(|to| JobKind::Move { to }),
    ];
    let filter = (
        proptest::option::of(name),
        proptest::option::of(Just("4477009000".parse().unwrap())),
        proptest::option::of(0u64..3),
    )
        .prop_map(|(carrier, to_prefix, older_than_seconds)| JobFilter {
            carrier,
            to_prefix,
            older_than_seconds,
            ..JobFilter::default()
        });
    prop_oneof![
        5 => (1u8..40).prop_map(Step::Accept),
        4 => carrier.clone().prop_map(Step::Answer),
        1 => carrier.clone().prop_map(Step::Refuse),
        1 => carrier.clone().prop_map(Step::Down),
        1 => carrier.prop_map(Step::Up),
        4 => (1u16..3000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Hold),
        1 => any::<bool>().prop_map(Step::Prices),
        4 => (kind, filter, any::<bool>()).prop_map(|(kind, filter, dry)| Step::Job(kind, filter, dry)),
        1 => Just(Step::Stop),
        1 => Just(Step::Crash),
    ]
}

fn act(mut rig: Rig, step: &Step, count: &mut usize, given: &mut Given) -> Rig {
    match step {
        Step::Accept(number) => {
            let submissions = (0..*number).map(|_| {
                *count += 1;
                rig.submission_to(&format!("text {count}"), *count as u64 * 37 % 1000)
            });
            let submissions: Vec<_> = submissions.collect();
            given.push(rig.hand_in(submissions, None));
        }
        Step::Answer(carrier) => {
            while rig.open(*carrier) > 0 {
                *count += 1;
                rig.answer(*carrier, &format!("id{count}"));
            }
        }
        Step::Refuse(carrier) => {
            while rig.open(*carrier) > 0 {
                rig.refuse(*carrier, 0x45, carrack_carrier::Disposition::NextCarrier);
            }
        }
        Step::Down(carrier) => rig.down(*carrier),
        Step::Up(carrier) => rig.up(*carrier),
        Step::Pass(ms) => rig.after(u64::from(*ms) * MS),
        Step::Hold(held) => rig.log.borrow_mut().held = *held,
        Step::Prices(south) => {
            let table = table(5, if *south { 1 } else { 9 }, false);
            rig.shared.replace_tables(directory(), table);
        }
        Step::Job(kind, filter, dry_run) => {
            let (table, directory) = (rig.shared.table(), rig.shared.directory());
            let request = JobRequest {
                kind: kind.clone(),
                filter: filter.clone(),
                dry_run: *dry_run,
            };
            // Refused while one is at work.
            let _ = rig.shared.jobs.start(request, &table, &directory, 1);
        }
        Step::Stop => drop(rig.shared.jobs.stop()),
        Step::Crash => return rig.crash(),
    }
    rig.turn();
    rig
}

type Given = Vec<Arc<std::sync::Mutex<Vec<Verdict>>>>;

proptest! {
    /// Each acknowledged message ends once, whatever jobs run beside the traffic; all that a purge says it ended has.
    #[test]
    fn jobs_beside_traffic_lose_nothing(steps in proptest::collection::vec(step(), 1..80)) {
        let mut rig = Rig::with(EngineSettings { attempts_max: 1000, ..short_lanes() });
        let (mut count, mut given): (usize, Given) = (0, Vec::new());
        for step in &steps {
            rig = act(rig, step, &mut count, &mut given);
        }
        rig.log.borrow_mut().held = false;
        rig.up(NORTH);
        rig.up(SOUTH);
        for _ in 0..4000 {
            for carrier in [NORTH, SOUTH] {
                rig = act(rig, &Step::Answer(carrier), &mut count, &mut given);
            }
            rig.after(50 * MS);
            let mut live = rig.shard.live.iter();
            let sent = live.all(|(_, live)| live.phase == Phase::AwaitingReceipt);
            if sent && rig.shared.jobs.current().is_none() && in_lanes(&rig) == 0 {
                break;
            }
        }
        prop_assert!(rig.shared.jobs.current().is_none(), "{:?}", newest(&rig));
        prop_assert!(rig.shared.jobs.all().iter().all(|job| job.done <= job.matched));
        let wait_ns = rig.settings.receipt_wait_max_ns;
        for _ in 0..4 {
            rig.after(wait_ns);
            rig.settle();
        }
        let mut ends: HashMap<MessageId, Vec<Status>> = HashMap::new();
        for (id, status, _) in rig.finals() {
            ends.entry(id).or_default().push(status);
        }
        for verdict in given.iter().flat_map(|given| given.lock().unwrap().clone()) {
            if let Verdict::Accepted(id) = verdict {
                let statuses = ends.get(&id).cloned().unwrap_or_default();
                prop_assert_eq!(statuses.len(), 1, "message {}: {:?}", id, statuses);
                prop_assert!(matches!(statuses[0], Status::Cancelled | Status::Unknown), "{statuses:?}");
            }
        }
        prop_assert_eq!(rig.shared.waiting.load(Ordering::Relaxed), 0);
        prop_assert_eq!(rig.recovered().count(), 0);
        prop_assert_eq!(in_lanes(&rig), 0);
        rig.assert_nothing_kept();
    }
}
