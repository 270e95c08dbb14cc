//! A register is asked while the message waits, and the message never waits for ever.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carrack_message::{Micros, Msisdn, Network};
use carrack_routing::{CarrierRow, Margin, Matcher, NetworkPattern, RouteRow, RouteTable};

use super::rig::{MS, NORTH, Rig, SOUTH, directory, settings};
use crate::register::{Register, RegisterReply};

const SECOND: u64 = 1000 * MS;

/// Answers when it is told to.
#[derive(Default)]
struct Slow {
    known: Mutex<HashMap<u64, Network>>,
    asked: Mutex<Vec<(Msisdn, RegisterReply)>>,
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slow")
    }
}

impl Register for Slow {
    fn known(&self, to: Msisdn) -> Option<Network> {
        self.known.lock().unwrap().get(&to.as_u64()).copied()
    }

    fn ask(&self, to: Msisdn, _: Duration, reply: RegisterReply) {
        self.asked.lock().unwrap().push((to, reply));
    }
}

impl Slow {
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, network: Option<Network>) {
        for (to, reply) in std::mem::take(&mut *self.asked.lock().unwrap()) {
            if let Some(network) = network {
                self.known.lock().unwrap().insert(to.as_u64(), network);
            }
            reply(network);
        }
    }
}

fn one() -> Network {
    "234-15".parse().unwrap()
}

/// Numbers of one network go to south; the others to north, which is asked for first.
fn rig() -> (Rig, Arc<Slow>) {
    let register = Arc::new(Slow::default());
    let rig = Rig::new();
    let asked: Arc<dyn Register> = Arc::clone(&register) as Arc<dyn Register>;
    rig.shared.register.set(asked).unwrap();
    let carrier = |name: &str| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(1)),
        enabled: true,
    };
    let ported = RouteRow {
        name: "ported".to_owned(),
        matcher: Matcher {
            networks: vec![NetworkPattern::Is(one())],
            ..Matcher::default()
        },
        carriers: vec![SOUTH],
        margin: Margin::Any,
        ..RouteRow::default()
    };
    let asks = RouteRow {
        name: "asks".to_owned(),
        carriers: vec![NORTH],
        looks_up: true,
        margin: Margin::Any,
        ..RouteRow::default()
    };
    let carriers = vec![carrier("north"), carrier("south")];
    let table = RouteTable::build(carriers, vec![ported, asks]).unwrap();
    rig.shared.replace_tables(directory(), Arc::new(table));
    (rig, register)
}

#[test]
fn message_waits_for_the_answer_and_goes_by_it() {
    let (mut rig, register) = rig();
    rig.accept(&["hello"]);
    assert_eq!(register.asked(), 1);
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 0));
    register.answer(Some(one()));
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (0, 1));
    rig.accept(&["again"]);
    assert_eq!(
        (register.asked(), rig.open(SOUTH)),
        (0, 2),
        "it is remembered"
    );
}

#[test]
fn without_an_answer_it_goes_by_what_tables_say() {
    let (mut rig, register) = rig();
    rig.accept(&["hello"]);
    register.answer(None);
    rig.settle();
    assert_eq!(rig.open(NORTH), 1);
}

#[test]
fn register_that_never_answers_holds_nothing_up() {
    let (mut rig, _register) = rig();
    rig.accept(&["hello"]);
    rig.after(settings().lookup_wait_ns + 2 * SECOND);
    assert_eq!(rig.open(NORTH), 1);
}

#[test]
fn answer_after_the_end_of_the_wait_changes_nothing() {
    let (mut rig, register) = rig();
    rig.accept(&["hello"]);
    rig.after(settings().lookup_wait_ns + 2 * SECOND);
    register.answer(Some(one()));
    rig.settle();
    assert_eq!((rig.open(NORTH), rig.open(SOUTH)), (1, 0));
}

#[test]
fn crash_while_it_waits_loses_nothing() {
    let (mut rig, _register) = rig();
    rig.accept(&["hello"]);
    let mut rig = rig.crash();
    rig.up(NORTH);
    rig.up(SOUTH);
    for _ in 0..5 {
        rig.after(SECOND);
        rig.settle();
    }
    assert_eq!(rig.open(NORTH) + rig.open(SOUTH), 1);
}
