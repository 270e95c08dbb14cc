//! The shadow is shown each message once, with the way it got, and changes nothing of it.
use std::sync::Arc;

use carrack_message::Micros;
use carrack_message::record::BatchProgress;
use carrack_routing::{Matcher, RouteRow, RouteTable};
use crossbeam::channel::Receiver;

use super::rig::{ACCOUNT, NORTH, Rig, SOUTH};
use crate::credit::Terms;
use crate::shadow::{Seen, ShadowDoor, ShadowSpec};
use crate::submission::{Refusal, Submission, Verdict};

fn watched(rig: &mut Rig, queue: usize) -> (Arc<ShadowDoor>, Receiver<Seen>) {
    let (door, seen) = ShadowDoor::open(ShadowSpec {
        share_percent: 100,
        queue,
        wants_text: true,
    });
    let door = Arc::new(door);
    rig.shared.replace_shadow(Some(Arc::clone(&door)));
    rig.turn();
    (door, seen)
}

fn verdicts(rig: &mut Rig, submissions: Vec<Submission>) -> Vec<Verdict> {
    let given = rig.hand_in(submissions, None);
    rig.settle();
    given.lock().unwrap().clone()
}

fn only_for(account: &str, rig: &Rig) -> RouteTable {
    let row = RouteRow {
        name: "some".to_owned(),
        matcher: Matcher {
            accounts: vec![account.to_owned()],
            ..Matcher::default()
        },
        carriers: vec![SOUTH],
        ..RouteRow::default()
    };
    let carriers = rig.shared.table().carriers().to_vec();
    RouteTable::build(carriers, vec![row]).unwrap()
}

#[test]
fn it_is_shown_what_is_accepted_and_what_has_no_route_and_a_full_queue_holds_nothing_up() {
    let mut rig = Rig::new();
    let (door, seen) = watched(&mut rig, 2);
    let three = vec![
        rig.submission("a"),
        rig.submission("b"),
        rig.submission("c"),
    ];
    let taken = verdicts(&mut rig, three);
    assert!(
        taken
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Accepted(_)))
    );
    assert_eq!((rig.waiting(), door.dropped()), (3, 1));
    for text in ["a", "b"] {
        let shown = seen.try_recv().unwrap();
        let way = shown.way.unwrap();
        assert_eq!(
            (shown.text.as_deref(), shown.account),
            (Some(text), ACCOUNT)
        );
        assert_eq!(
            (usize::from(way.carrier), way.route, way.draw),
            (NORTH, 0, None)
        );
    }
    let directory = rig.shared.directory().as_ref().clone();
    let table = Arc::new(only_for("nobody", &rig));
    rig.shared.replace_tables(directory, table);
    let one = vec![rig.submission("d")];
    let refused = verdicts(&mut rig, one);
    assert!(matches!(refused[0], Verdict::Refused(Refusal::NoRoute(_))));
    assert!(seen.try_recv().unwrap().way.is_none());

    rig.shared.replace_shadow(None);
    rig.turn();
    let one = vec![rig.submission("e")];
    verdicts(&mut rig, one);
    assert!(seen.is_empty());
}

#[test]
fn what_has_to_come_again_is_shown_when_it_comes_again() {
    let mut rig = Rig::new();
    let entry = rig.shared.directory().account(ACCOUNT).unwrap().clone();
    let terms = Terms {
        limit_micros: Some(100),
        ..Terms::default()
    };
    let directory = super::rig::directory_with(crate::AccountEntry { terms, ..entry });
    rig.shared.replace_tables(directory, rig.shared.table());
    let (_door, seen) = watched(&mut rig, 10);
    let at = |rig: &Rig, price| Submission {
        price: Some(Micros(price)),
        ..rig.submission("x")
    };
    let progress = BatchProgress {
        batch: 9,
        row_first: 1,
        row_next: 3,
        source_octet: 100,
        source_line: 4,
        errors_octets: 0,
        accepted: 0,
        rejected: 0,
    };
    let both = vec![at(&rig, 60), at(&rig, 50)];
    let given = rig.hand_in(both, Some(progress));
    rig.settle();
    let given = given.lock().unwrap().clone();
    assert_eq!(given[0], Verdict::Refused(Refusal::Together));
    assert!(seen.is_empty());
    let one = vec![at(&rig, 60)];
    verdicts(&mut rig, one);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen.try_recv().unwrap().price, Some(Micros(60)));
}
