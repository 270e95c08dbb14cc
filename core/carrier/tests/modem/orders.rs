//! What operators ask is answered once, by the modem or because it cannot.

use std::sync::mpsc::{Receiver, channel};

use carrack_carrier::modem::{
    Allowance, BalanceQuestion, ModemSpec, ORDERS_MAX, Order, OrderAnswer, OrderFault, Rest,
};
use carrack_carrier::{Link, LinkState};

use crate::fake::Fake;
use crate::support::*;

type Answer = Result<OrderAnswer, OrderFault>;

fn ask(rig: &Rig, order: Order) -> Receiver<Answer> {
    let (sender, receiver) = channel();
    let reply = Box::new(move |answer| sender.send(answer).unwrap());
    rig.panel.order(order, reply).unwrap();
    receiver
}

#[test]
fn code_is_dialled_and_the_networks_words_come_back() {
    let mut rig = Rig::up();
    rig.modem.ussd = Some("0,\"Credit: 5.00 EUR\nvalid until 1 June\",15".to_owned());
    let answer = ask(&rig, Order::Ussd("*100#".to_owned()));
    rig.settle();
    let text = "Credit: 5.00 EUR\nvalid until 1 June".to_owned();
    assert_eq!(answer.try_recv(), Ok(Ok(OrderAnswer::Ussd(text))));
    assert!(rig.modem.asked.contains(&"+CUSD=1,\"*100#\",15".to_owned()));
}

#[test]
fn network_that_does_not_answer_a_code_is_not_waited_for() {
    let mut rig = Rig::up();
    let answer = ask(&rig, Order::Ussd("*100#".to_owned()));
    rig.settle();
    assert_eq!(rig.link.free_slots(), 0, "modems do not send meanwhile");
    rig.run(46 * SECOND);
    assert!(matches!(answer.try_recv(), Ok(Err(OrderFault::Failed(_)))));
    assert!(rig.modem.asked.contains(&"+CUSD=2".to_owned()));
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn code_that_is_none_is_refused_and_not_written() {
    let mut rig = Rig::up();
    let answer = ask(&rig, Order::Ussd("*100#\"\rATD112;".to_owned()));
    rig.settle();
    assert!(matches!(answer.try_recv(), Ok(Err(OrderFault::Failed(_)))));
    assert!(
        !rig.modem
            .asked
            .iter()
            .any(|command| command.contains("112"))
    );
}

#[test]
fn balance_is_asked_on_schedule_and_shown() {
    let balance = Some(BalanceQuestion {
        code: "*100#".to_owned(),
        every_ns: 86_400 * SECOND,
    });
    let modem = Fake {
        ussd: Some("0,\"00480069\",72".to_owned()),
        ..Fake::default()
    };
    let mut rig = Rig::new(ModemSpec { balance, ..spec() }, modem);
    rig.settle();
    assert_eq!(rig.panel.view().balance, "Hi");
    assert_eq!(rig.panel.view().balance_utc_ns, UTC_NS);
    rig.run(2 * 86_400 * SECOND);
    let asked = rig.modem.asked.iter();
    assert_eq!(
        asked
            .filter(|command| command.starts_with("+CUSD=1"))
            .count(),
        3
    );
}

#[test]
fn test_of_a_healthy_modem_finds_nothing() {
    let mut rig = Rig::up();
    let answer = ask(&rig, Order::Test);
    rig.settle();
    let Ok(Ok(OrderAnswer::Test(findings))) = answer.try_recv() else {
        panic!("no findings")
    };
    assert_eq!(findings.len(), 9);
    assert!(
        findings
            .iter()
            .all(|finding| finding.ok && finding.cure.is_empty()),
        "{findings:#?}"
    );
}

#[test]
fn test_names_what_is_wrong_and_the_cure() {
    let mut rig = Rig::up();
    (rig.modem.registration, rig.modem.rssi) = (3, 2);
    rig.run(31 * SECOND);
    let answer = ask(&rig, Order::Test);
    rig.settle();
    let Ok(Ok(OrderAnswer::Test(findings))) = answer.try_recv() else {
        panic!("no findings")
    };
    let wrong: Vec<_> = findings.iter().filter(|finding| !finding.ok).collect();
    let names: Vec<_> = wrong.iter().map(|finding| finding.what).collect();
    assert_eq!(names, ["service", "registration", "signal"]);
    assert!(wrong.iter().all(|finding| !finding.cure.is_empty()));
    // Where nothing can be asked it says what is known.
    rig.cut();
    let answer = ask(&rig, Order::Test);
    rig.turn();
    assert!(matches!(answer.try_recv(), Ok(Ok(OrderAnswer::Test(_)))));
}

#[test]
fn reset_in_mid_message_tells_what_became_of_it_and_comes_up() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    rig.submit(1);
    rig.modem.deaf_to_pdu = false;
    let answer = ask(&rig, Order::Reset);
    rig.settle();
    assert_eq!(answer.try_recv(), Ok(Ok(OrderAnswer::Reset)));
    assert_eq!(rig.link.in_flight(), 0);
    rig.until(60 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(rig.modem.asked.contains(&"+CFUN=1,1".to_owned()));
}

#[test]
fn orders_beyond_the_bound_are_refused_and_none_is_left_without_an_answer() {
    let rig = Rig::new(spec(), Fake::default());
    let answers: Vec<_> = (0..ORDERS_MAX).map(|_| ask(&rig, Order::Test)).collect();
    let one_more = rig
        .panel
        .order(Order::Test, Box::new(|_| panic!("answered")));
    assert_eq!(one_more, Err(OrderFault::Busy));
    let panel = rig.panel.clone();
    drop(rig);
    for answer in answers {
        assert_eq!(answer.try_recv(), Ok(Err(OrderFault::NotServed)));
    }
    let gone = panel.order(Order::Test, Box::new(|_| panic!("answered")));
    assert_eq!(gone, Err(OrderFault::NotServed));
}

/// A modem whose SIM may not send for a day.
fn capped(modem: Fake) -> Rig {
    let mut rig = Rig::new(spec(), modem);
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: UTC_NS + 86_400 * SECOND,
        rest: Rest::Suspected,
    });
    rig.run(2 * SECOND);
    assert_eq!(rig.link.state(), LinkState::Down);
    rig
}

#[test]
fn code_is_dialled_while_the_sim_may_not_send() {
    let mut rig = capped(Fake {
        ussd: Some("0,\"0.00\",15".to_owned()),
        ..Fake::default()
    });
    let answer = ask(&rig, Order::Ussd("*100#".to_owned()));
    rig.settle();
    let text = "0.00".to_owned();
    assert_eq!(answer.try_recv(), Ok(Ok(OrderAnswer::Ussd(text))));
    let answer = ask(&rig, Order::Test);
    rig.settle();
    assert!(matches!(answer.try_recv(), Ok(Ok(OrderAnswer::Test(_)))));
}

#[test]
fn code_that_cannot_be_dialled_is_answered_in_its_time() {
    let mut rig = Rig::up();
    rig.modem.registration = 2;
    rig.says("+CREG: 2");
    rig.run(2 * SECOND);
    let answer = ask(&rig, Order::Ussd("*100#".to_owned()));
    rig.run(31 * SECOND);
    let Ok(Err(OrderFault::Failed(words))) = answer.try_recv() else {
        panic!("no answer")
    };
    assert!(words.contains("no network"), "{words}");
    assert!(
        !rig.modem
            .asked
            .iter()
            .any(|command| command.starts_with("+CUSD=1"))
    );
}

#[test]
fn reset_is_taken_past_what_waits_and_what_is_under_way() {
    let mut rig = capped(Fake::default());
    let answers = [
        ask(&rig, Order::Ussd("*100#".to_owned())),
        ask(&rig, Order::Test),
    ];
    rig.settle();
    let more = ask(&rig, Order::Ussd("*101#".to_owned()));
    let reset = ask(&rig, Order::Reset);
    rig.turn();
    assert_eq!(reset.try_recv(), Ok(Ok(OrderAnswer::Reset)));
    rig.run(120 * SECOND);
    for answer in answers.iter().chain([&more]) {
        assert!(answer.try_recv().is_ok(), "none is left without an answer");
    }
    assert!(rig.modem.asked.contains(&"+CFUN=1,1".to_owned()));
}

#[test]
fn test_ends_where_the_sim_goes_in_its_middle() {
    let mut rig = Rig::up();
    rig.modem.deaf_to.push("+CSQ".to_owned());
    let answer = ask(&rig, Order::Test);
    rig.settle();
    assert!(answer.try_recv().is_err());
    rig.modem.sim = "10".to_owned();
    rig.modem.deaf_to.clear();
    rig.says("+CPIN: NOT READY");
    rig.run(10 * SECOND);
    assert!(answer.try_recv().is_ok());
    let reset = ask(&rig, Order::Reset);
    rig.turn();
    assert_eq!(reset.try_recv(), Ok(Ok(OrderAnswer::Reset)));
}
