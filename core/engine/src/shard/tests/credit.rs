//! Money: reserved before a message is written, settled when its end is durable.
use std::sync::{Arc, Mutex};

use carrack_message::{ChargeOn, Micros, ReceiptState, Status};

use super::rig::{ACCOUNT, NORTH, Rig};
use crate::credit::{BalanceView, Credit, CreditRefused, Credited, Terms};
use crate::mail::Mail;
use crate::submission::{Refusal, Submission, Verdict};

fn with_limit(limit: i64, charge_on: ChargeOn) -> Rig {
    let rig = Rig::new();
    agree(&rig, limit, charge_on);
    rig
}

fn agree(rig: &Rig, limit: i64, charge_on: ChargeOn) {
    let entry = rig.shared.directory().account(ACCOUNT).unwrap().clone();
    let terms = Terms {
        limit_micros: Some(limit),
        charge_on,
        ..Terms::default()
    };
    let directory = super::rig::directory_with(crate::AccountEntry { terms, ..entry });
    rig.shared.replace_tables(directory, rig.shared.table());
}

fn at(rig: &Rig, price: i64) -> Submission {
    Submission {
        price: Some(Micros(price)),
        ..rig.submission("x")
    }
}

fn hand_in(rig: &mut Rig, price: i64) -> Verdict {
    let given = rig.hand_in(vec![at(rig, price)], None);
    rig.settle();
    given.lock().unwrap()[0].clone()
}

fn view(rig: &Rig) -> BalanceView {
    let directory = rig.shared.directory();
    directory.account(ACCOUNT).unwrap().balance.view()
}

fn available(rig: &Rig) -> i64 {
    view(rig).available.unwrap()
}

#[test]
fn message_beyond_the_limit_is_refused_and_one_that_fits_is_not() {
    let mut rig = with_limit(100, ChargeOn::Submitted);
    assert!(matches!(hand_in(&mut rig, 60), Verdict::Accepted(_)));
    assert_eq!(hand_in(&mut rig, 50), Verdict::Refused(Refusal::NoCredit));
    assert!(matches!(hand_in(&mut rig, 40), Verdict::Accepted(_)));
    assert_eq!((available(&rig), view(&rig).reserved), (0, 100));
    assert_eq!(rig.waiting(), 2, "what was refused holds no place");
}

#[test]
fn delivery_is_charged_and_the_failure_of_an_account_that_pays_for_delivery_is_not() {
    for (state, charge_on, charged) in [
        (ReceiptState::Delivered, ChargeOn::Delivered, 60),
        (ReceiptState::Undeliverable, ChargeOn::Delivered, 0),
        (ReceiptState::Undeliverable, ChargeOn::Submitted, 60),
    ] {
        let mut rig = with_limit(100, charge_on);
        hand_in(&mut rig, 60);
        rig.answer(NORTH, "a");
        rig.receipt(NORTH, "a", state);
        rig.settle();
        let view = view(&rig);
        assert_eq!((view.reserved, view.charged), (0, charged), "{charge_on}");
        assert_eq!(view.available, Some(100 - charged));
    }
}

#[test]
fn cancelled_message_gives_its_price_back() {
    let mut rig = with_limit(100, ChargeOn::Submitted);
    rig.down(NORTH);
    rig.down(super::rig::SOUTH);
    let Verdict::Accepted(id) = hand_in(&mut rig, 60) else {
        panic!("accepted");
    };
    rig.send(Mail::Cancel(id, Box::new(|_| ())));
    rig.settle();
    assert_eq!(rig.finals()[0].1, Status::Cancelled);
    assert_eq!((available(&rig), view(&rig).reserved), (100, 0));
}

#[test]
fn price_that_went_back_is_not_spent_before_that_is_durable() {
    let mut rig = with_limit(100, ChargeOn::Delivered);
    hand_in(&mut rig, 60);
    rig.answer(NORTH, "a");
    rig.settle();
    rig.log.borrow_mut().held = true;
    rig.receipt(NORTH, "a", ReceiptState::Undeliverable);
    rig.settle();
    assert_eq!(available(&rig), 40, "a crash now would find it reserved");
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(available(&rig), 100);
}

#[test]
fn balance_after_a_crash_is_that_of_the_log() {
    let mut rig = with_limit(1_000, ChargeOn::Submitted);
    for price in [60, 70, 80] {
        hand_in(&mut rig, price);
    }
    rig.answer(NORTH, "a");
    rig.receipt(NORTH, "a", ReceiptState::Delivered);
    rig.settle();
    assert_eq!((view(&rig).charged, view(&rig).reserved), (60, 150));
    // Accepted in memory, and never durable: nobody was told of it.
    rig.log.borrow_mut().held = true;
    rig.hand_in(vec![at(&rig, 500)], None);
    rig.settle();
    assert_eq!(available(&rig), 290);
    let rig = rig.crash();
    agree(&rig, 1_000, ChargeOn::Submitted);
    assert_eq!((view(&rig).charged, view(&rig).reserved), (60, 150));
    assert_eq!(available(&rig), 790);
}

type Told = Arc<Mutex<Vec<Result<Credited, CreditRefused>>>>;

fn give(rig: &mut Rig, amount_micros: i64, reference: &str, told: &Told) {
    let into = Arc::clone(told);
    rig.send(Mail::Credit(Credit {
        account: ACCOUNT,
        amount_micros,
        reference: reference.to_owned(),
        reply: Box::new(move |given| into.lock().unwrap().push(given)),
    }));
    rig.settle();
}

#[test]
fn money_is_there_when_it_is_durable_and_the_same_reference_is_booked_once() {
    let mut rig = with_limit(0, ChargeOn::Submitted);
    let told = Told::default();
    rig.log.borrow_mut().held = true;
    give(&mut rig, 100, "invoice 7", &told);
    // Asked again meanwhile: that it was booked is not durable either.
    give(&mut rig, 100, "invoice 7", &told);
    assert_eq!((available(&rig), told.lock().unwrap().len()), (0, 0));
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(available(&rig), 100);
    let other = Told::default();
    give(&mut rig, 90, "invoice 7", &other);
    let booked_micros = 100;
    assert_eq!(
        other.lock().unwrap()[0],
        Err(CreditRefused::OtherAmount { booked_micros })
    );
    give(&mut rig, -30, "correction", &told);
    let booked: Vec<_> = told
        .lock()
        .unwrap()
        .iter()
        .map(|given| {
            let given = given.clone().unwrap();
            (given.is_new, given.balance.available)
        })
        .collect();
    assert_eq!(
        booked,
        [(true, Some(100)), (false, Some(100)), (true, Some(70))]
    );
    let recovered = rig.recovered();
    assert_eq!(recovered.credited.len(), 2);
    let rig = rig.crash();
    agree(&rig, 0, ChargeOn::Submitted);
    assert_eq!((available(&rig), view(&rig).credited), (70, 70));
}

#[test]
fn money_is_not_taken_while_the_store_refuses() {
    let mut rig = with_limit(0, ChargeOn::Submitted);
    let told = Told::default();
    rig.log.borrow_mut().refuses = true;
    give(&mut rig, 100, "invoice 7", &told);
    assert_eq!(
        told.lock().unwrap().drain(..).collect::<Vec<_>>(),
        [Err(CreditRefused::Store)]
    );
    rig.log.borrow_mut().refuses = false;
    give(&mut rig, 100, "invoice 7", &told);
    assert!(matches!(&told.lock().unwrap()[0], Ok(given) if given.is_new));
}
