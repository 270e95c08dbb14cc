//! The webhook door against receivers of flesh and bone: slow, dead, lying, redirecting, back after a while.

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

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_engine::Refusal;
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::webhook::{WebhookSpec, Webhooks};
use carrack_message::MessageId;
use carrack_message::record::Body;
use carrack_settings::{Secret, Webhook};

use desk::{Act, Desk, numbers};
use receiver::{Answer, Receiver, Seen};

const SECRET: &str = "whsec-0123456789";
const PATIENCE: Duration = Duration::from_secs(40);
const DAY: Duration = Duration::from_secs(86_400);

/// Looks until it is so.
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
    webhook
}

fn account(name: &str, url: &str) -> AccountSpec {
    AccountSpec {
        webhook: Some(webhook(url)),
        ..AccountSpec::named(name)
    }
}

/// Accounts are numbered by their first letter.
fn number(name: &str) -> Option<u32> {
    name.bytes().next().map(u32::from)
}

struct Stand {
    desk: Desk,
    book: Arc<AccountBook>,
    door: Webhooks,
}

fn open(desk: &Desk, accounts: &[AccountSpec]) -> Stand {
    let book = Accounts::build(accounts, number).unwrap();
    let book = Arc::new(AccountBook::new(book));
    let spec = WebhookSpec {
        data_dir: desk.folder(),
        mo_keep: DAY,
        tell_within: DAY,
    };
    let door = Webhooks::start(spec, desk.clone(), Arc::clone(&book)).unwrap();
    Stand {
        desk: desk.clone(),
        book,
        door,
    }
}

impl Stand {
    fn reload(&self, accounts: &[AccountSpec]) {
        let accounts = self.book.prepare(accounts, number).unwrap();
        self.book.replace(accounts);
        self.door.reload();
    }

    fn told(&self, name: &str) -> HashSet<MessageId> {
        self.desk.told(number(name).unwrap())
    }

    fn comes(&self, name: &str, count: u32) -> HashSet<MessageId> {
        let ids = (0..count).map(|_| self.desk.comes(number(name).unwrap(), "hello"));
        ids.collect()
    }
}

/// Every request is signed, says who it is of, and repeats say the same.
fn assert_honest(receiver: &Receiver) {
    for seen in receiver.seen() {
        assert!(seen.is_signed_by(SECRET), "{seen:?}");
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert!(seen.header("user-agent").unwrap().starts_with("carrack/"));
        assert_eq!(seen.header("x-carrack-id"), seen.json()["id"].as_str());
        let first = receiver
            .seen()
            .into_iter()
            .find(|other| other.id() == seen.id());
        assert_eq!(
            first.unwrap().body,
            seen.body,
            "a repeat says something else"
        );
    }
}

fn taken() -> Answer {
    Answer::whole(200, "")
}

/// The first time that an event comes.
fn is_first(seen: &Seen) -> bool {
    seen.times == 1
}

#[test]
fn each_event_gets_through_and_bad_receivers_harm_no_other() {
    let good = Receiver::start(|_| taken());
    // Takes its time the first time, and answers when nobody listens any more.
    let slow = Receiver::start(|seen| {
        if is_first(seen) {
            Answer::Late
        } else {
            taken()
        }
    });
    let liar = Receiver::start(|seen| match seen.times {
        1 if seen.serial % 2 == 0 => Answer::Endless,
        1 => Answer::Short,
        2 => Answer::Cut,
        _ => taken(),
    });
    let goal = format!("{}stolen", good.url());
    let redirecting = Receiver::start(move |seen| match is_first(seen) {
        true => Answer::to(307, &goal),
        false => taken(),
    });
    let dead = Receiver::start(|_| taken());
    let dead_url = dead.url();
    let dead_at = dead.stop();
    let url_without_tls = good.url().replace("http:", "https:");
    let accounts = [
        account("good", &good.url()),
        account("slow", &slow.url()),
        account("liar", &liar.url()),
        account("redirecting", &redirecting.url()),
        account("dead", &dead_url),
        account("tls", &url_without_tls),
    ];
    let desk = Desk::default();
    let stand = open(&desk, &accounts);
    let mut sent = Vec::new();
    for name in ["slow", "liar", "redirecting", "dead", "tls"] {
        sent.push((name, stand.comes(name, 12)));
    }
    // What is well is told at once, while all others are in trouble.
    let begun = Instant::now();
    for _ in 0..10 {
        let before = stand.told("good").len();
        let ids = stand.comes("good", 30);
        until("the good one has all", || {
            stand.told("good").len() == before + 30
        });
        assert!(stand.told("good").is_superset(&ids));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert!(stand.told("dead").is_empty() && stand.told("tls").is_empty());
    // Back on its feet.
    let dead = Receiver::start_at(dead_at, |_| taken());
    let mut mended = accounts.to_vec();
    mended[5] = account("tls", &good.url());
    stand.reload(&mended);
    for (name, ids) in &sent {
        until(name, || stand.told(name) == *ids);
    }
    for receiver in [&good, &slow, &liar, &redirecting, &dead] {
        assert_honest(receiver);
    }
    assert!(
        good.seen().iter().all(|seen| seen.path == "/hook"),
        "a redirect was followed"
    );
    for (receiver, times) in [(&slow, 2), (&liar, 3), (&redirecting, 2)] {
        for id in receiver.seen().iter().map(Seen::id) {
            let seen = receiver.seen();
            let posted = seen.iter().filter(|seen| seen.id() == id).count();
            assert!(posted >= times, "told though it was not taken: {posted}");
        }
    }
    stand.door.stop(Duration::from_secs(1));
    assert_eq!(desk.handed(), 0);
}

#[test]
fn receiver_that_is_down_is_spared_and_gets_all_when_it_is_back() {
    let receiver = Receiver::start(|seen| {
        if seen.serial < 6 {
            Answer::whole(503, "")
        } else {
            taken()
        }
    });
    let desk = Desk::default();
    let stand = open(&desk, &[account("a", &receiver.url())]);
    let ids = stand.comes("a", 300);
    until("all are told", || stand.told("a") == ids);
    let most = receiver.most_at_once();
    assert!(most <= 4, "{most} requests at a time");
    assert_honest(&receiver);
}

#[test]
fn reply_is_accepted_before_its_event_is_told() {
    let receiver = Receiver::start(|_| Answer::whole(200, r#"{"reply":{"text":"thanks"}}"#));
    let desk = Desk::default();
    // Twice the node has no room.
    desk.refuse([Refusal::QueueFull, Refusal::Store("full".into())]);
    let stand = open(&desk, &[account("a", &receiver.url())]);
    let ids = stand.comes("a", 1);
    until("it is told", || stand.told("a") == ids);
    let acts = desk.acts();
    let [Act::Accepted(reply), Act::Told] = &acts[..] else {
        panic!("{acts:?}");
    };
    assert_eq!(reply.to, numbers().0);
    assert_eq!(reply.from.as_str(), numbers().1.to_string());
    assert_eq!(reply.body, Body::Text("thanks".into()));
    assert_eq!(
        receiver.seen().len(),
        1,
        "the receiver is not asked again for its reply"
    );
}

#[test]
fn reply_that_is_refused_for_good_leaves_its_event_told() {
    let receiver = Receiver::start(|seen| {
        let text = seen.json()["text"].as_str().unwrap().to_owned();
        let reply = match text.as_str() {
            "no text" => r#"{"reply":{"text":""}}"#,
            "no reply" => r#"{"reply":"yes"}"#,
            _ => r#"{"reply":{"text":"thanks"}}"#,
        };
        Answer::whole(200, reply)
    });
    let desk = Desk::default();
    desk.refuse([Refusal::NoCredit]);
    let stand = open(&desk, &[account("a", &receiver.url())]);
    for text in ["no text", "no reply", "no credit"] {
        let id = desk.comes(97, text);
        until(text, || stand.told("a").contains(&id));
    }
    assert!(
        !desk
            .acts()
            .iter()
            .any(|act| matches!(act, Act::Accepted(_)))
    );
    assert_eq!(receiver.seen().len(), 3);
}

#[test]
fn what_is_on_its_way_at_a_stop_is_given_back_and_told_by_the_next_start() {
    let receiver = Receiver::start(|seen| {
        if seen.serial < 4 {
            Answer::Late
        } else {
            taken()
        }
    });
    let desk = Desk::default();
    let accounts = [account("a", &receiver.url())];
    let stand = open(&desk, &accounts);
    let ids = stand.comes("a", 8);
    until("some are on their way", || !receiver.seen().is_empty());
    let asked = Instant::now();
    stand.door.stop(Duration::from_millis(50));
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!((desk.handed(), desk.waiting()), (0, 8));
    let again = open(&desk, &accounts);
    until("all are told", || again.told("a") == ids);
    assert_honest(&receiver);
}

#[test]
fn account_is_added_and_taken_away_while_running() {
    let receiver = Receiver::start(|_| taken());
    let desk = Desk::default();
    let stand = open(&desk, &[AccountSpec::named("a")]);
    let ids = stand.comes("a", 5);
    stand.reload(&[account("a", &receiver.url())]);
    until("all are told", || stand.told("a") == ids);
    stand.reload(&[AccountSpec::named("a")]);
    until("it is gone", || desk.subscribers() == 0);
    stand.comes("a", 5);
    assert_eq!((desk.handed(), desk.waiting()), (0, 5));
    stand.reload(&[account("a", &receiver.url())]);
    until("the rest is told", || stand.told("a").len() == 10);
}

#[test]
fn request_that_panics_keeps_no_place_and_its_event() {
    let receiver = Receiver::start(|seen| match seen.serial {
        0 | 1 => Answer::whole(200, r#"{"reply":{"text":"panic"}}"#),
        _ => taken(),
    });
    let mut spec = account("a", &receiver.url());
    let webhook = spec.webhook.as_mut().unwrap();
    (webhook.terms.concurrency, webhook.terms.refusals_max) = (1, 1);
    webhook.terms.dead_max = 100;
    let stand = open(&Desk::default(), &[spec]);
    let ids = stand.comes("a", 5);
    // Those whose request broke off are dead letters: told as done with, and listed.
    until("all are done with", || stand.told("a") == ids);
    let people = stand.door.desk();
    assert_eq!(people.dead(number("a").unwrap(), 0, 0).unwrap().1, 2);
    assert_eq!(people.state(number("a").unwrap()).unwrap().requests, 0);
    stand.door.stop(Duration::from_secs(1));
}
