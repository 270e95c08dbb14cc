//! Receipts against a client's session that answers by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::super::telling::tests::{from_handset, telling};
use super::*;
use crate::accounts::{DefaultAlphabet, MoForm};
use carrack_smpp::{
    BindKind, ClientEvent, ClientSession, ClientSettings, CommandId, ServerSettings,
};

/// A bound pair: our session and a client that answers by hand.
struct Pair {
    session: ServerSession,
    client: ClientSession,
    deliveries: Deliveries<u32>,
    writer: TellingWriter,
    now_ns: u64,
    seen: Vec<(u32, Vec<u8>)>,
}

impl Pair {
    fn bound(window: u32) -> Self {
        let settings = ServerSettings {
            window,
            response_timeout_ns: 10 * SECOND_NS,
            enquire_link_idle_ns: 0,
            ..ServerSettings::default()
        };
        let client = ClientSettings {
            bind: BindKind::Receiver,
            enquire_link_idle_ns: 0,
            ..ClientSettings::default()
        };
        let mut pair = Self {
            session: ServerSession::new(settings, 1),
            client: ClientSession::new(client, 1),
            deliveries: Deliveries::new(),
            writer: TellingWriter::default(),
            now_ns: SECOND_NS,
            seen: Vec::new(),
        };
        pair.session.connected(pair.now_ns);
        pair.client.connected(pair.now_ns);
        let mut asked = None;
        let bytes = std::mem::take(pair.client.output());
        pair.session.receive(pair.now_ns, &bytes, &mut |event| {
            if let carrack_smpp::ServerEvent::Bind {
                sequence_number, ..
            } = event
            {
                asked = Some(sequence_number);
            }
        });
        pair.session.accept_bind(asked.unwrap());
        pair.deliveries.set_window(window);
        pair.exchange();
        pair
    }

    /// Sends what has a slot to the client, and lets time-outs happen.
    fn exchange(&mut self) {
        let (deliveries, now_ns) = (&mut self.deliveries, self.now_ns);
        deliveries.tick(now_ns);
        self.session.tick(now_ns, &mut |event| {
            if let carrack_smpp::ServerEvent::DeliverTimedOut { ticket } = event {
                deliveries.timed_out(now_ns, ticket);
            }
        });
        deliveries.send(now_ns, &mut self.session, &mut self.writer);
        let bytes = std::mem::take(self.session.output());
        let seen = &mut self.seen;
        self.client.receive(now_ns, &bytes, &mut |event| {
            if let ClientEvent::Deliver {
                sequence_number,
                sm,
                ..
            } = event
            {
                seen.push((sequence_number, sm.short_message.to_vec()));
            }
        });
    }

    fn answer(&mut self, sequence_number: u32, status: CommandStatus) {
        self.client
            .answer_deliver(sequence_number, CommandId::DELIVER_SM, status);
        let bytes = std::mem::take(self.client.output());
        let (deliveries, now_ns) = (&mut self.deliveries, self.now_ns);
        self.session
            .receive(now_ns, &bytes, &mut |event| match event {
                carrack_smpp::ServerEvent::DeliverResponse { ticket, status }
                | carrack_smpp::ServerEvent::DeliverLateResponse { ticket, status } => {
                    deliveries.answered(now_ns, ticket, status);
                }
                _ => {}
            });
        self.exchange();
    }

    fn pass(&mut self, seconds: u64) {
        self.now_ns += seconds * SECOND_NS;
        self.exchange();
    }
}

#[test]
fn only_what_was_taken_is_told_and_credits_are_given_once() {
    let mut pair = Pair::bound(4);
    assert_eq!(pair.deliveries.news().credits, 4);
    pair.deliveries.push((0..4).map(telling).collect());
    pair.exchange();
    assert_eq!(pair.seen.len(), 4);
    assert_eq!(pair.deliveries.news().credits, 0);
    let (first, _) = pair.seen[0];
    pair.answer(first, CommandStatus::ESME_ROK);
    let news = pair.deliveries.news();
    assert_eq!((news.told, news.credits), (vec![0], 0));
    assert_eq!(pair.deliveries.held(), 3);
}

#[test]
fn more_than_the_window_waits_for_slots() {
    let mut pair = Pair::bound(2);
    pair.deliveries.news();
    pair.deliveries.push((0..5).map(telling).collect());
    pair.exchange();
    assert_eq!(pair.seen.len(), 2);
    for at in 0..5 {
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.deliveries.news().told, [0, 1, 2, 3, 4]);
    assert_eq!(pair.deliveries.held(), 0);
}

#[test]
fn refused_for_now_comes_again_and_refused_for_good_does_not() {
    let mut pair = Pair::bound(2);
    pair.deliveries.news();
    pair.deliveries.push(vec![telling(0), telling(1)]);
    pair.exchange();
    pair.answer(pair.seen[0].0, CommandStatus::ESME_RX_T_APPN);
    pair.answer(pair.seen[1].0, CommandStatus::ESME_RX_R_APPN);
    let news = pair.deliveries.news();
    assert_eq!((news.told, news.refused), (vec![1], 1));
    assert_eq!(pair.seen.len(), 2);
    pair.pass(1);
    assert_eq!(pair.seen.len(), 3);
    assert_eq!(pair.seen[2].1, pair.seen[0].1);
    pair.answer(pair.seen[2].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.deliveries.news().told, [0]);
}

#[test]
fn what_is_refused_for_now_comes_again_however_often_and_is_never_dropped() {
    let mut pair = Pair::bound(1);
    pair.deliveries.news();
    pair.deliveries.push(vec![telling(0)]);
    pair.exchange();
    for at in 0..100 {
        assert_eq!(pair.seen.len(), at + 1);
        pair.answer(pair.seen[at].0, CommandStatus::ESME_RSYSERR);
        pair.pass(64);
    }
    assert!(pair.deliveries.news().told.is_empty());
    let (last, _) = pair.seen[100];
    pair.answer(last, CommandStatus::ESME_ROK);
    let news = pair.deliveries.news();
    assert_eq!((news.told, news.refused), (vec![0], 0));
    assert_eq!(pair.deliveries.held(), 0);
}

/// A client whose program trips over one text answers all others: they go on, and that one comes again at growing pauses.
#[test]
fn one_that_is_never_answered_holds_up_no_other() {
    let mut pair = Pair::bound(2);
    pair.deliveries.news();
    pair.deliveries.push(vec![telling(0)]);
    pair.exchange();
    let mut told = 0;
    for number in 1..60 {
        let seen = pair.seen.len();
        pair.deliveries.push(vec![telling(number)]);
        pair.exchange();
        let other = pair.seen[seen..]
            .iter()
            .find(|(_, text)| *text != pair.seen[0].1);
        if let Some((sequence_number, _)) = other.cloned() {
            pair.answer(sequence_number, CommandStatus::ESME_ROK);
        }
        pair.pass(5);
        let news = pair.deliveries.news();
        assert!(!news.revoke);
        told += news.told.len();
    }
    assert!(told >= 55, "{told}");
}

#[test]
fn late_answer_settles_what_was_to_be_sent_again() {
    let mut pair = Pair::bound(1);
    pair.deliveries.news();
    pair.deliveries.push(vec![telling(0)]);
    pair.exchange();
    pair.pass(10);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.deliveries.news().told, [0]);
    pair.pass(5);
    assert_eq!(pair.seen.len(), 1);
}

#[test]
fn late_refusal_of_an_older_attempt_sends_nothing_twice() {
    let mut pair = Pair::bound(1);
    pair.deliveries.news();
    pair.deliveries.push(vec![telling(0)]);
    pair.exchange();
    pair.pass(10);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_RSYSERR);
    pair.pass(5);
    pair.pass(5);
    assert_eq!(pair.seen.len(), 2);
    pair.answer(pair.seen[1].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.deliveries.news().told, [0]);
}

#[test]
fn client_that_never_answers_gets_none_for_a_minute_and_then_again() {
    let mut pair = Pair::bound(3);
    pair.deliveries.news();
    pair.deliveries.push((0..3).map(telling).collect());
    pair.exchange();
    for _ in 0..3 {
        pair.pass(10);
        pair.pass(1);
    }
    let news = pair.deliveries.news();
    assert!(news.revoke && news.told.is_empty() && news.credits == 0);
    assert_eq!(pair.deliveries.held(), 0);
    pair.deliveries.push(vec![telling(9)]);
    assert_eq!(
        pair.deliveries.held(),
        0,
        "what comes after the revoke went back with the rest"
    );
    pair.pass(60);
    let news = pair.deliveries.news();
    assert!(!news.revoke && news.credits == 3);
}

#[test]
fn receipts_beyond_the_credits_are_kept_and_no_more_are_asked_for() {
    let mut pair = Pair::bound(2);
    assert_eq!(pair.deliveries.news().credits, 2);
    pair.deliveries.push((0..4).map(telling).collect());
    pair.exchange();
    for at in 0..2 {
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.deliveries.held(), 2);
    assert_eq!(pair.deliveries.news().credits, 0);
    for at in 2..4 {
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.deliveries.news().credits, 0);
}

/// Three parts: 153, 153 and 94 letters.
fn long() -> String {
    "abcdefghij".repeat(40)
}

fn in_parts() -> Dialect {
    Dialect {
        mo_form: MoForm::Parts,
        ..Dialect::default()
    }
}

impl Pair {
    fn with_long(key: u32, window: u32) -> Self {
        let mut pair = Self::bound(window);
        pair.writer.speak(in_parts());
        pair.deliveries.news();
        pair.deliveries.push(vec![from_handset(key, &long())]);
        pair.exchange();
        pair
    }

    /// The parts that came, by their headers.
    fn parts(&self) -> Vec<u8> {
        self.seen.iter().map(|(_, data)| data[5]).collect()
    }
}

#[test]
fn next_part_leaves_when_the_one_before_was_taken_and_the_whole_is_told_after_the_last() {
    let mut pair = Pair::with_long(7, 4);
    for at in 0..3 {
        assert_eq!(pair.seen.len(), at + 1);
        assert!(pair.deliveries.news().told.is_empty());
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.parts(), [1, 2, 3]);
    assert_eq!(pair.deliveries.news().told, [7]);
    assert_eq!(pair.deliveries.held(), 0);
    let text: Vec<u8> = pair
        .seen
        .iter()
        .flat_map(|(_, data)| data[6..].to_vec())
        .collect();
    assert_eq!(text, long().as_bytes());
}

#[test]
fn refused_part_comes_again_and_those_before_it_do_not() {
    let mut pair = Pair::with_long(7, 4);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    pair.answer(pair.seen[1].0, CommandStatus::ESME_RX_T_APPN);
    pair.pass(1);
    assert_eq!(pair.parts(), [1, 2, 2]);
    assert_eq!(pair.seen[1].1, pair.seen[2].1);
    pair.answer(pair.seen[2].0, CommandStatus::ESME_ROK);
    pair.answer(pair.seen[3].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.parts(), [1, 2, 2, 3]);
    assert_eq!(pair.deliveries.news().told, [7]);
}

#[test]
fn part_refused_for_good_ends_the_whole() {
    let mut pair = Pair::with_long(7, 4);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    pair.answer(pair.seen[1].0, CommandStatus::ESME_RX_R_APPN);
    pair.pass(60);
    assert_eq!(pair.parts(), [1, 2]);
    let news = pair.deliveries.news();
    assert_eq!((news.told, news.refused), (vec![7], 1));
}

#[test]
fn second_answer_to_one_part_does_not_count_for_the_next() {
    let mut pair = Pair::with_long(7, 4);
    // Not answered: it comes again, and then both are answered.
    pair.pass(10);
    pair.pass(1);
    assert_eq!(pair.parts(), [1, 1]);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.parts(), [1, 1, 2]);
    pair.answer(pair.seen[1].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.parts(), [1, 1, 2], "the second part was not answered");
    pair.answer(pair.seen[2].0, CommandStatus::ESME_ROK);
    pair.answer(pair.seen[3].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.parts(), [1, 1, 2, 3]);
    assert_eq!(pair.deliveries.news().told, [7]);
}

#[test]
fn bind_lost_in_mid_parts_begins_anew_with_the_same_parts_on_another() {
    let mut lost = Pair::with_long(7, 4);
    lost.answer(lost.seen[0].0, CommandStatus::ESME_ROK);
    assert_eq!(lost.parts(), [1, 2]);
    assert!(lost.deliveries.news().told.is_empty());
    let mut other = Pair::with_long(7, 4);
    other.answer(other.seen[0].0, CommandStatus::ESME_ROK);
    let octets =
        |pair: &Pair| -> Vec<Vec<u8>> { pair.seen.iter().map(|(_, data)| data.clone()).collect() };
    assert_eq!(octets(&lost), octets(&other));
}

#[test]
fn silence_over_one_part_gives_the_whole_back() {
    let mut pair = Pair::with_long(7, 4);
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    for _ in 0..3 {
        pair.pass(10);
        pair.pass(1);
    }
    assert_eq!(pair.parts(), [1, 2, 2, 2]);
    let news = pair.deliveries.news();
    assert!(news.revoke && news.told.is_empty());
    // What was answered too late is told to nobody: it went back, whole.
    pair.answer(pair.seen[3].0, CommandStatus::ESME_ROK);
    assert!(pair.deliveries.news().told.is_empty());
    assert_eq!(pair.parts().len(), 4);
}

#[test]
fn account_changed_in_mid_parts_changes_no_cut() {
    let mut pair = Pair::with_long(7, 4);
    pair.writer.speak(Dialect {
        alphabet: DefaultAlphabet::Utf8,
        ..Dialect::default()
    });
    for at in 0..3 {
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.parts(), [1, 2, 3]);
    assert_eq!(pair.deliveries.news().told, [7]);
    pair.deliveries.push(vec![from_handset(8, &long())]);
    pair.exchange();
    assert_eq!(pair.seen.len(), 4);
    pair.answer(pair.seen[3].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.deliveries.news().told, [8], "the next goes whole");
}

#[test]
fn parts_go_on_before_what_has_not_begun() {
    let mut pair = Pair::with_long(7, 1);
    pair.deliveries.push(vec![telling(8)]);
    for at in 0..4 {
        pair.answer(pair.seen[at].0, CommandStatus::ESME_ROK);
    }
    assert_eq!(pair.deliveries.news().told, [7, 8]);
}

#[test]
fn what_no_deliver_sm_can_say_holds_up_nobody() {
    let mut pair = Pair::bound(2);
    pair.deliveries.news();
    pair.deliveries
        .push(vec![from_handset(1, &"Ж".repeat(40_000)), telling(2)]);
    pair.exchange();
    let news = pair.deliveries.news();
    assert_eq!((news.told, news.refused), (vec![1], 1));
    pair.answer(pair.seen[0].0, CommandStatus::ESME_ROK);
    assert_eq!(pair.deliveries.news().told, [2]);
}
