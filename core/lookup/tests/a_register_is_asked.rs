//! What a register says is read, remembered and shared; what it does wrong is told and harms nobody.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use carrack_lookup::{Answer, Failure, Known, NotAsked, Presence};
use carrack_message::{Micros, Network};
use support::*;

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

/// A door that the test opens.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let closed = self.0.1.wait_while(self.0.0.lock().unwrap(), |open| !*open);
        drop(closed.unwrap());
    }
}

#[test]
fn an_answer_is_read_and_remembered() {
    let register =
        Register::saying(r#"{"mccmnc":"23415","np":{"ported":"yes"},"status":"Connected"}"#);
    let more = "ported = \"/np/ported\"\nreachable = [\"CONNECTED\"]";
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, more));
    assert_eq!(lookups.known(number(1)), None);
    let known = Known {
        network: network("23415"),
        ported: Some(true),
        presence: Presence::Reachable,
    };
    assert_eq!(answered(&lookups, number(1)), Answer::Known(known));
    assert_eq!(answered(&lookups, number(1)), Answer::Known(known));
    assert_eq!(lookups.known(number(1)), Some(known));
    let asked = register.asked();
    assert_eq!(asked.len(), 1, "the second answer was remembered");
    assert_eq!(
        asked[0].line.trim_end(),
        "GET /v1/447700900001?key=k HTTP/1.1"
    );
    let counts = lookups.counts();
    assert_eq!(
        (
            counts.questions,
            counts.requests,
            counts.remembered,
            counts.waiting
        ),
        (2, 1, 1, 0)
    );
    assert_eq!(counts.spent_today, Micros(10_000));
}

#[test]
fn two_pointers_make_a_network_and_words_are_as_the_settings_say() {
    let register = Register::saying(r#"{"mcc":310,"mnc":"410","status":"ABSENT_SUBSCRIBER"}"#);
    let more = "network = [\"/mcc\", \"/mnc\"]\nabsent = [\"absent_subscriber\"]";
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, more));
    let expected = Known {
        network: network("310-410"),
        ported: None,
        presence: Presence::Absent,
    };
    assert_eq!(answered(&lookups, number(1)), Answer::Known(expected));
}

#[test]
fn a_register_that_wants_a_post_and_a_key_gets_them() {
    let register = Register::saying(r#"{"mccmnc":"23415"}"#);
    let more = "body = '{\"msisdn\":\"{number}\"}'\nheaders = { Authorization = \"Bearer abc\", X-Client = \"c\" }";
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, more));
    assert!(matches!(answered(&lookups, number(7)), Answer::Known(_)));
    let asked = &register.asked()[0];
    assert!(asked.line.starts_with("POST "), "{}", asked.line);
    assert_eq!(asked.body, r#"{"msisdn":"447700900007"}"#);
    assert_eq!(
        (
            asked.headers["authorization"].as_str(),
            asked.headers["x-client"].as_str()
        ),
        ("Bearer abc", "c")
    );
}

#[test]
fn questions_for_one_number_join_the_one_under_way() {
    let gate = Gate::default();
    let there = gate.clone();
    let register = Register::start(move |_, stream| {
        there.pass();
        answer(stream, "200 OK", "", r#"{"mccmnc":"23415"}"#);
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    let answers: Vec<_> = (0..50)
        .map(|_| ask(&lookups, number(1), PATIENCE))
        .collect();
    gate.open();
    for receiver in answers {
        assert!(matches!(
            receiver.recv_timeout(PATIENCE).unwrap(),
            Answer::Known(_)
        ));
    }
    assert_eq!(register.asked().len(), 1);
    let counts = lookups.counts();
    assert_eq!(counts.joined + counts.remembered, 49);
}

#[test]
fn a_deadline_is_kept_and_the_late_answer_is_remembered_and_joined() {
    let gate = Gate::default();
    let there = gate.clone();
    let register = Register::start(move |_, stream| {
        there.pass();
        answer(stream, "200 OK", "", r#"{"mccmnc":"23415"}"#);
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    let late = ask(&lookups, number(1), Duration::from_millis(30));
    assert_eq!(late.recv_timeout(PATIENCE).unwrap(), Answer::TooLate);
    let patient = ask(&lookups, number(1), PATIENCE);
    gate.open();
    assert!(matches!(
        patient.recv_timeout(PATIENCE).unwrap(),
        Answer::Known(_)
    ));
    assert_eq!(
        register.asked().len(),
        1,
        "it joined the request that was under way"
    );
    assert!(lookups.known(number(1)).is_some());
    assert_eq!(lookups.counts().too_late, 1);
}

#[test]
fn a_register_that_is_not_there_costs_nothing_and_its_failure_is_remembered() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(nobody, ""));
    for _ in 0..3 {
        assert_eq!(
            answered(&lookups, number(1)),
            Answer::Failed(Failure::Unreachable)
        );
    }
    let counts = lookups.counts();
    assert_eq!(
        (counts.requests, counts.remembered, counts.spent_today),
        (1, 2, Micros::ZERO)
    );
    assert_eq!(lookups.known(number(1)), None);
}

#[test]
fn a_register_that_hangs_is_given_up_in_time() {
    let register = Register::start(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
        std::thread::park();
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(
        folder.path(),
        &settings(register.address, "timeout = \"100ms\""),
    );
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::Failed(Failure::TimedOut)
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Register::saying(r#"{"mccmnc":"23415"}"#);
    let location = format!("Location: http://{}/v1/447700900001\r\n", target.address);
    let register = Register::start(move |_, stream| answer(stream, "302 Found", &location, ""));
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::Failed(Failure::Redirected(302))
    );
    assert!(target.asked().is_empty());
}

#[test]
fn answers_that_are_none_are_failures() {
    let long = format!("{{\"mccmnc\":\"23415\",\"x\":\"{}\"}}", "x".repeat(70_000));
    let long: &'static str = Box::leak(long.into_boxed_str());
    for (body, expected) in [
        ("<html>welcome</html>", Failure::Unreadable),
        ("", Failure::Unreadable),
        ("{\"mccmnc\":\"234", Failure::Unreadable),
        (long, Failure::Unreadable),
        ("{\"other\":1}", Failure::Empty),
        ("[]", Failure::Empty),
        ("null", Failure::Empty),
    ] {
        let register = Register::saying(body);
        let folder = tempfile::tempdir().unwrap();
        let lookups = lookups(folder.path(), &settings(register.address, ""));
        let shown = body.get(..body.len().min(30));
        assert_eq!(
            answered(&lookups, number(1)),
            Answer::Failed(expected),
            "{shown:?}"
        );
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_failure() {
    let register = Register::start(|_, stream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"mccmnc\":\"23415\"}");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::Failed(Failure::Unreadable)
    );
}

#[test]
fn a_register_that_lies_gives_no_network() {
    let register = Register::saying(r#"{"mccmnc":{"a":[1]},"ported":"perhaps","status":17.5}"#);
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(
        folder.path(),
        &settings(register.address, "ported = \"/ported\""),
    );
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::Known(Known::default())
    );
}

#[test]
fn nothing_blocks_the_caller_and_what_is_too_much_is_told_at_once() {
    let register = Register::start(|_, _| std::thread::park());
    let folder = tempfile::tempdir().unwrap();
    let more = "queue_max = 100\nconcurrency = 1";
    let lookups = lookups(folder.path(), &settings(register.address, more));
    let start = Instant::now();
    let answers: Vec<_> = (0..10_000)
        .map(|place| ask(&lookups, number(place), PATIENCE))
        .collect();
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let told: Vec<_> = answers
        .iter()
        .filter_map(|receiver| receiver.try_recv().ok())
        .collect();
    assert_eq!(told.len(), 10_000 - 100);
    assert!(
        told.iter()
            .all(|told| *told == Answer::NotAsked(NotAsked::Full))
    );
    drop(lookups);
    let stopped = answers
        .iter()
        .filter_map(|receiver| receiver.try_recv().ok());
    assert_eq!(
        stopped
            .filter(|told| *told == Answer::NotAsked(NotAsked::Stopped))
            .count(),
        100
    );
}

#[test]
fn a_register_that_fails_is_spared_and_tried_by_one() {
    let is_well = Arc::new(Mutex::new(false));
    let there = Arc::clone(&is_well);
    let register = Register::start(move |_, stream| match *there.lock().unwrap() {
        true => answer(stream, "200 OK", "", r#"{"mccmnc":"23415"}"#),
        false => answer(stream, "500 Internal Server Error", "", ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    for place in 0..5 {
        let failed = answered(&lookups, number(place));
        assert!(
            matches!(
                failed,
                Answer::Failed(Failure::Later {
                    status: 500,
                    pause: None
                })
            ),
            "{failed:?}"
        );
    }
    assert_eq!(
        answered(&lookups, number(5)),
        Answer::NotAsked(NotAsked::Circuit)
    );
    assert_eq!(register.asked().len(), 5);
    *is_well.lock().unwrap() = true;
    let start = Instant::now();
    let mut place = 6;
    while answered(&lookups, number(place)) == Answer::NotAsked(NotAsked::Circuit) {
        assert!(start.elapsed() < PATIENCE);
        place += 1;
        std::thread::yield_now();
    }
    assert!(matches!(
        answered(&lookups, number(place + 1)),
        Answer::Known(_)
    ));
}

#[test]
fn a_register_that_asks_for_time_gets_it() {
    let register = Register::start(|_, stream| {
        answer(stream, "429 Too Many Requests", "Retry-After: 30\r\n", "");
    });
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    let pause = Some(Duration::from_secs(30));
    assert_eq!(
        answered(&lookups, number(1)),
        Answer::Failed(Failure::Later { status: 429, pause })
    );
    assert_eq!(
        answered(&lookups, number(2)),
        Answer::NotAsked(NotAsked::Circuit)
    );
}

#[test]
fn a_number_that_the_register_refuses_does_not_spare_it() {
    let register = Register::start(|_, stream| answer(stream, "404 Not Found", "", ""));
    let folder = tempfile::tempdir().unwrap();
    let lookups = lookups(folder.path(), &settings(register.address, ""));
    for place in 0..20 {
        assert_eq!(
            answered(&lookups, number(place)),
            Answer::Failed(Failure::Refused(404))
        );
    }
}
