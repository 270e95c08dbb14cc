//! Handsets are answered once a day and kind, by the account that they wrote to, and never for ever.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use carrack_engine::{
    Chunk, ConsentEvent, ConsentNoted, ConsentSink, Refusal, Submission, Verdict,
};
use carrack_message::record::Body;
use carrack_message::{Class, MessageId, Msisdn};
use carrack_routing::consent::Meaning;

use super::door::Outlet;
use super::*;
use crate::accounts::{AccountBook, AccountSpec, Accounts};

struct Desk {
    handed: Sender<Submission>,
    exempted: Sender<String>,
}

impl Outlet for Desk {
    fn submit(&self, chunk: Chunk) -> Result<(), Chunk> {
        let mut verdicts = Vec::new();
        for submission in chunk.submissions {
            let is_bad = submission.body == Body::Text("refuse".to_owned());
            verdicts.push(match is_bad {
                true => Verdict::Refused(Refusal::NoRoute("none".to_owned())),
                false => Verdict::Accepted(MessageId(1)),
            });
            self.handed.send(submission).unwrap();
        }
        (chunk.reply)(verdicts);
        Ok(())
    }

    fn exempt(&self, tag: &str, _: u64, _: u64) -> bool {
        self.exempted.send(tag.to_owned()).unwrap();
        true
    }

    fn account(&self, number: u32) -> Option<String> {
        (number == 7).then(|| "shop".to_owned())
    }
}

struct Scene {
    door: ConsentDoor,
    book: Arc<AccountBook>,
    review: Review,
    handed: Receiver<Submission>,
    exempted: Receiver<String>,
    _folder: tempfile::TempDir,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let (handed_to, handed) = channel();
    let (exempted_to, exempted) = channel();
    let desk = Desk {
        handed: handed_to,
        exempted: exempted_to,
    };
    let spec = AccountSpec {
        senders: vec!["80808".parse().unwrap()],
        ..AccountSpec::named("shop")
    };
    let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
    let book = Arc::new(AccountBook::new(accounts));
    let review = Review::open(folder.path().join("review.jsonl"));
    let door = ConsentDoor::with(desk, Arc::clone(&book), review.clone()).unwrap();
    door.follow(Some(ConsentSpec {
        stop: Some("You get no more.".to_owned()),
        start: Some("Welcome back.".to_owned()),
        help: Some("Call us.".to_owned()),
        class: Class::Transactional,
        review_max: 2,
    }));
    Scene {
        door,
        book,
        review,
        handed,
        exempted,
        _folder: folder,
    }
}

fn event(meaning: Meaning, last: u64) -> ConsentEvent {
    let handset = Msisdn::from_u64(447_700_900_000 + last).unwrap();
    ConsentEvent {
        id: MessageId(u128::from(last)),
        meaning,
        changed: true,
        account: Some(7),
        handset: Some(handset),
        from: handset.to_string(),
        to: "80808".to_owned(),
        text: "stop by".to_owned(),
        at_utc_ns: 1_700_000_000_000_000_000,
    }
}

fn text(submission: &Submission) -> &str {
    match &submission.body {
        Body::Text(text) => text,
        Body::Raw { .. } => panic!("octets"),
    }
}

const SOON: Duration = Duration::from_secs(10);

#[test]
fn a_stop_is_answered_from_the_number_it_was_sent_to_and_may_leave() {
    let scene = scene();
    scene.door.sink()(event(Meaning::OptOut, 1), None);
    let sent = scene.handed.recv_timeout(SOON).unwrap();
    assert_eq!(
        (text(&sent), sent.from.as_str(), sent.account),
        ("You get no more.", "80808", 7)
    );
    assert_eq!(sent.to.as_u64(), 447_700_900_001);
    let word = scene.exempted.recv_timeout(SOON).unwrap();
    assert_eq!(carrack_message::tag(&sent.tlvs), word);
    assert!(word.len() > 32 && sent.validity_ns > 0);
}

#[test]
fn each_kind_is_answered_once_a_day_and_what_changed_nothing_not_at_all() {
    let scene = scene();
    let tell = scene.door.sink();
    for _ in 0..3 {
        tell(event(Meaning::Help, 1), None);
    }
    let unchanged = ConsentEvent {
        changed: false,
        ..event(Meaning::OptOut, 1)
    };
    tell(unchanged, None);
    let of_another = ConsentEvent {
        account: Some(8),
        ..event(Meaning::OptOut, 1)
    };
    tell(of_another, None);
    tell(event(Meaning::OptIn, 1), None);
    scene.door.stop();
    let texts: Vec<String> = scene
        .handed
        .iter()
        .map(|sent| text(&sent).to_owned())
        .collect();
    assert_eq!(texts, ["Call us.", "Welcome back."]);
}

#[test]
fn all_automatic_answers_to_a_handset_are_bounded() {
    let scene = scene();
    scene.book.replies().bound(1);
    let tell = scene.door.sink();
    tell(event(Meaning::Help, 1), None);
    tell(event(Meaning::OptOut, 1), None);
    tell(event(Meaning::Help, 2), None);
    scene.door.stop();
    assert_eq!(scene.handed.iter().count(), 2);
}

#[test]
fn an_unclear_text_waits_for_a_person_across_a_start_and_is_bounded() {
    let scene = scene();
    let tell = scene.door.sink();
    for last in 1..=3 {
        tell(event(Meaning::Unclear, last), None);
    }
    scene.door.stop();
    let (items, waiting, dropped) = scene.review.page(10);
    assert_eq!((items.len(), waiting, dropped), (2, 2, 1));
    assert_eq!(
        (items[0].text.as_str(), items[0].account.as_deref()),
        ("stop by", Some("shop"))
    );
    let done = || scene.review.done(&items[0].id).unwrap();
    assert!(done() && !done());
    let again = Review::open(scene._folder.path().join("review.jsonl"));
    assert_eq!(again.page(10).0, items[1..]);
    assert!(scene.handed.iter().next().is_none());
}

/// Tells of an unclear text; hears whether it was noted.
fn unclear(tell: &ConsentSink, last: u64) -> Receiver<bool> {
    let (answer, noted) = channel();
    let said = ConsentNoted::new(move |is_noted| answer.send(is_noted).unwrap());
    tell(event(Meaning::Unclear, last), Some(said));
    noted
}

#[test]
fn an_unclear_text_is_noted_once_on_the_disk_before_that_is_said_however_often_it_comes() {
    let scene = scene();
    let (tell, path) = (scene.door.sink(), scene._folder.path().join("review.jsonl"));
    for _ in 0..2 {
        assert!(unclear(&tell, 1).recv_timeout(SOON).unwrap());
        assert_eq!(Review::open(path.clone()).page(10).1, 1);
    }
    let id = scene.review.page(1).0[0].id.clone();
    // A file that cannot be replaced: he is told so, and it waits as before.
    let fresh = path.with_extension("new");
    std::fs::create_dir(&fresh).unwrap();
    assert!(scene.review.done(&id).is_err());
    assert_eq!(scene.review.page(1).0[0].id, id);
    std::fs::remove_dir(&fresh).unwrap();
    assert!(scene.review.done(&id).unwrap());
    // It was not told to its customer yet, and comes again after a start: he who read it need not twice.
    assert!(unclear(&tell, 1).recv_timeout(SOON).unwrap());
    assert_eq!(scene.review.page(10).1, 0);
    let again = Review::open(path);
    assert!(!again.done(&id).unwrap() && again.page(10).1 == 0);
    drop(scene.door);
    assert!(
        !unclear(&tell, 2).recv_timeout(SOON).unwrap(),
        "nobody noted it"
    );
}

#[test]
fn a_disk_that_does_not_take_an_unclear_text_has_it_come_again() {
    let scene = scene();
    let (tell, path) = (scene.door.sink(), scene._folder.path().join("review.jsonl"));
    std::fs::create_dir(&path).unwrap();
    for _ in 0..2 {
        assert!(!unclear(&tell, 1).recv_timeout(SOON).unwrap());
        assert_eq!(scene.review.page(10).1, 1, "a person can read it");
    }
    std::fs::remove_dir(&path).unwrap();
    assert!(unclear(&tell, 1).recv_timeout(SOON).unwrap());
    assert_eq!(
        (scene.review.page(10).1, Review::open(path).page(10).1),
        (1, 1)
    );
}

#[test]
fn a_line_that_a_crash_cut_hides_neither_those_before_nor_the_next() {
    let scene = scene();
    let (tell, path) = (scene.door.sink(), scene._folder.path().join("review.jsonl"));
    assert!(unclear(&tell, 1).recv_timeout(SOON).unwrap());
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap();
    std::io::Write::write_all(&mut file, b"{\"id\":\"7\",\"text\":\"\xc3").unwrap();
    assert_eq!(Review::open(path.clone()).page(10).1, 1);
    assert!(unclear(&tell, 2).recv_timeout(SOON).unwrap());
    assert_eq!(Review::open(path).page(10).1, 2);
}
