//! What became of messages, posted: in order for each message, several in a request, at URLs of their own, signed by each key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code
)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/receiver.rs"]
mod receiver;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carrack_engine::Telling;
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::webhook::{WebhookSpec, Webhooks, Which};
use carrack_message::{CallbackKind, MessageId, StateEvents, Status};
use carrack_settings::{Callbacks, HostPattern, PostingTerms, Secret, Webhook};

use desk::Desk;
use receiver::{Answer, Receiver, Seen};

const SECRET: &str = "whsec-0123456789";
const NEW_SECRET: &str = "whsec-9876543210";
const PATIENCE: Duration = Duration::from_secs(40);
const DAY: Duration = Duration::from_secs(86_400);
const ACCOUNT: u32 = 97;

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn webhook(url: &str) -> Webhook {
    let mut webhook = Webhook::at(url.parse().unwrap(), vec![Secret::new(SECRET)]);
    webhook.terms.timeout = Duration::from_millis(400);
    webhook.events = StateEvents::ALL;
    webhook
}

fn callbacks(hosts: &[&str], private: bool) -> Callbacks {
    Callbacks {
        hosts: hosts
            .iter()
            .map(|host| HostPattern::One((*host).to_owned()))
            .collect(),
        private,
        events: StateEvents::FINALS,
        terms: PostingTerms {
            timeout: Duration::from_millis(400),
            ..PostingTerms::default()
        },
    }
}

fn account(webhook: Option<Webhook>, callbacks: Option<Callbacks>) -> AccountSpec {
    AccountSpec {
        webhook,
        callbacks,
        ..AccountSpec::named("a")
    }
}

fn open(desk: &Desk, account: AccountSpec) -> Webhooks {
    let book = Accounts::build(&[account], |_| Some(ACCOUNT)).unwrap();
    let spec = WebhookSpec {
        data_dir: desk.folder(),
        mo_keep: DAY,
        tell_within: DAY,
    };
    Webhooks::start(spec, desk.clone(), Arc::new(AccountBook::new(book))).unwrap()
}

fn telling(kind: CallbackKind, url: &str) -> Telling {
    Telling {
        kind,
        events: StateEvents::ALL,
        level: 0,
        get: false,
        url: url.into(),
        client_ref: None,
        batch: None,
    }
}

fn to_webhook() -> Telling {
    telling(CallbackKind::Webhook, "")
}

fn taken() -> Answer {
    Answer::whole(200, "")
}

/// States of each message in the order in which they were first posted.
fn states(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in receiver.seen().iter().flat_map(Seen::events) {
        let text = |key: &str| event[key].as_str().unwrap().to_owned();
        let states = all.entry(text("message_id")).or_default();
        if !states.contains(&text("state")) {
            states.push(text("state"));
        }
    }
    all
}

#[test]
fn submitted_comes_before_the_end_though_the_receiver_fails_in_between() {
    let receiver = Receiver::start(|seen| match (seen.serial % 3, seen.times) {
        (0, 1) => Answer::whole(500, ""),
        (1, 1) => Answer::Cut,
        _ => taken(),
    });
    let desk = Desk::default();
    let _door = open(&desk, account(Some(webhook(&receiver.url())), None));
    let ids: HashSet<MessageId> = (0..20)
        .map(|_| desk.ends(ACCOUNT, Status::Delivered, true, &to_webhook()))
        .collect();
    until("all are told", || desk.told(ACCOUNT) == ids);
    let states = states(&receiver);
    assert_eq!(states.len(), 20);
    for (id, states) in states {
        assert_eq!(states, ["submitted", "delivered"], "{id}");
    }
}

#[test]
fn those_that_wait_come_several_in_a_request_and_a_bad_one_keeps_no_other_away() {
    let bad = |seen: &Seen| {
        seen.events()
            .iter()
            .any(|event| event["state"] == "rejected")
    };
    // Until it listens, all wait.
    let receiver = Receiver::start(move |seen| match bad(seen) {
        true => Answer::whole(400, ""),
        false if seen.serial == 0 => Answer::whole(503, ""),
        false => taken(),
    });
    let mut webhook = webhook(&receiver.url());
    (webhook.batch_max, webhook.terms.concurrency) = (50, 1);
    webhook.terms.refusals_max = 1;
    let desk = Desk::default();
    let mut ids = HashSet::new();
    for number in 0..200 {
        let state = if number == 77 {
            Status::Rejected
        } else {
            Status::Expired
        };
        ids.insert(desk.ends(ACCOUNT, state, false, &to_webhook()));
    }
    let _door = open(&desk, account(Some(webhook), None));
    until("all are told or given up", || desk.told(ACCOUNT) == ids);
    let seen = receiver.seen();
    assert!(
        seen.iter().any(|seen| seen.events().len() == 50),
        "never a whole bundle"
    );
    assert!(seen.iter().all(|seen| seen.events().len() <= 50));
    assert!(seen.len() < 80, "{} requests", seen.len());
    for seen in &seen {
        assert!(seen.is_signed_by(SECRET));
    }
}

#[test]
fn each_key_of_the_account_signs() {
    let receiver = Receiver::start(|_| taken());
    let mut webhook = webhook(&receiver.url());
    webhook.terms.secrets.push(Secret::new(NEW_SECRET));
    let desk = Desk::default();
    let _door = open(&desk, account(Some(webhook), None));
    desk.ends(ACCOUNT, Status::Delivered, false, &to_webhook());
    until("it is told", || desk.told(ACCOUNT).len() == 1);
    let seen = receiver.seen().remove(0);
    assert!(seen.is_signed_by(SECRET) && seen.is_signed_by(NEW_SECRET));
    assert!(!seen.is_signed_by("whsec-of-somebody"));
}

#[test]
fn message_is_told_at_its_own_url_and_nowhere_inside() {
    let receiver = Receiver::start(|_| taken());
    let url = receiver.url();
    let desk = Desk::default();
    let own = telling(CallbackKind::Carrack, &url);
    let mut outlets = account(Some(webhook(&url)), Some(callbacks(&["127.0.0.1"], true)));
    let door = open(&desk, outlets.clone());
    desk.ends(ACCOUNT, Status::Delivered, false, &own);
    until("it is told", || desk.told(ACCOUNT).len() == 1);
    assert!(
        receiver.seen()[0].is_signed_by(SECRET),
        "by the webhook's key, as it has none"
    );
    door.stop(Duration::from_secs(1));
    // The same without leave for addresses inside, by number and by name; and at a host that is not its own.
    let port = url.rsplit(':').next().unwrap();
    let by_name = format!("http://localhost:{port}");
    for (hosts, url) in [
        ("127.0.0.1", &url),
        ("localhost", &by_name),
        ("example.com", &url),
    ] {
        let mut inside = callbacks(&[hosts], false);
        inside.terms.refusals_max = 1;
        (outlets.webhook, outlets.callbacks) = (None, Some(inside));
        let door = open(&desk, outlets.clone());
        let before = desk.told(ACCOUNT).len();
        let id = desk.ends(
            ACCOUNT,
            Status::Delivered,
            false,
            &telling(CallbackKind::Carrack, url),
        );
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(receiver.seen().len(), 1, "{url} was asked");
        if hosts != "localhost" {
            until("it is given up", || desk.told(ACCOUNT).contains(&id));
        } else {
            assert_eq!(desk.told(ACCOUNT).len(), before, "it is tried again");
        }
        door.stop(Duration::from_millis(10));
    }
}

#[test]
fn what_is_given_up_is_listed_through_a_restart_until_it_is_taken_or_dropped() {
    let refuses = Arc::new(AtomicBool::new(true));
    let refusing = Arc::clone(&refuses);
    let receiver = Receiver::start(move |_| match refusing.load(Ordering::SeqCst) {
        true => Answer::whole(410, ""),
        false => taken(),
    });
    let mut webhook = webhook(&receiver.url());
    (webhook.terms.refusals_max, webhook.terms.dead_max) = (1, 100);
    let desk = Desk::default();
    let spec = account(Some(webhook), None);
    let door = open(&desk, spec.clone());
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(desk.ends(ACCOUNT, Status::Delivered, false, &to_webhook()));
    }
    // The engine hears of them when they are written down.
    until("all are given up", || desk.told(ACCOUNT).len() == 20);
    door.stop(Duration::from_secs(1));
    let door = open(&desk, spec);
    let people = door.desk();
    let (letters, total) = people.dead(ACCOUNT, 0, 5).unwrap();
    assert_eq!((letters.len(), total), (5, 20));
    assert_eq!(letters[0].why, "refused");
    let body: serde_json::Value = serde_json::from_str(&letters[0].body).unwrap();
    assert_eq!(body["state"], "delivered");
    let (next, _) = people.dead(ACCOUNT, letters[4].serial, 100).unwrap();
    assert_eq!(next.len(), 15);
    let one = Which::Ids(vec![letters[0].id.clone()]);
    assert_eq!(people.drop_letters(ACCOUNT, &one).unwrap(), 1);
    // Nobody takes them yet: they stay where they are.
    let again = |which| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(people.resend(ACCOUNT, which)).unwrap()
    };
    let before = receiver.seen().len();
    assert_eq!(again(Which::Ids(vec![letters[1].id.clone()])).resent, 1);
    until("it is asked again", || receiver.seen().len() > before);
    until("it is given up again", || {
        people
            .state(ACCOUNT)
            .is_some_and(|state| state.resending == 0)
    });
    assert_eq!(people.dead(ACCOUNT, 0, 0).unwrap().1, 19);
    refuses.store(false, Ordering::SeqCst);
    assert_eq!(again(Which::All).resent, 19);
    until("all are taken", || {
        people.dead(ACCOUNT, 0, 0).unwrap().1 == 0
    });
    let seen = receiver.seen();
    let last = seen.iter().rev().take(19);
    let taken: HashSet<String> = last.map(Seen::id).collect();
    assert_eq!(taken.len(), 19);
    assert!(!taken.contains(&letters[0].id), "it was dropped");
}

#[test]
fn dead_letters_that_are_taken_while_the_node_ends_are_not_told_again() {
    let refuses = Arc::new(AtomicBool::new(true));
    let (asked, gate) = std::sync::mpsc::channel();
    let (open_to, opened) = std::sync::mpsc::channel::<()>();
    let (refusing, opened) = (Arc::clone(&refuses), std::sync::Mutex::new(opened));
    let receiver = Receiver::start(move |_| {
        if refusing.load(Ordering::SeqCst) {
            return Answer::whole(410, "");
        }
        asked.send(()).unwrap();
        opened.lock().unwrap().recv().unwrap();
        taken()
    });
    let mut webhook = webhook(&receiver.url());
    (webhook.terms.refusals_max, webhook.terms.dead_max) = (1, 100);
    (webhook.terms.concurrency, webhook.terms.timeout) = (1, PATIENCE);
    let desk = Desk::default();
    let spec = account(Some(webhook), None);
    let door = open(&desk, spec.clone());
    desk.ends(ACCOUNT, Status::Delivered, false, &to_webhook());
    until("it is given up", || desk.told(ACCOUNT).len() == 1);
    refuses.store(false, Ordering::SeqCst);
    let people = door.desk();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let again = runtime
        .block_on(people.resend(ACCOUNT, Which::All))
        .unwrap();
    assert_eq!(again.resent, 1);
    gate.recv_timeout(PATIENCE).unwrap();
    // It is on its way when the node is to end, and is taken then.
    let ending = std::thread::spawn(move || door.stop(PATIENCE));
    until("the end has begun", || {
        let patience = Duration::from_millis(50);
        let asked =
            async { tokio::time::timeout(patience, people.resend(ACCOUNT, Which::All)).await };
        !matches!(runtime.block_on(asked), Ok(Some(_)))
    });
    open_to.send(()).unwrap();
    ending.join().unwrap();
    assert_eq!(people.dead(ACCOUNT, 0, 0).unwrap().1, 0);
}
