//! Modems come and go at a place: what was under way comes back, and nothing of one reaches the next.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use carrack_carrier::modem::{ModemPanel, ModemSlot, ModemSpec, NoHooks, SlotLink, SlotParts};
use carrack_carrier::{Link, LinkEvent, LinkState};
use carrack_runtime::{Now, Wake};

use crate::book::Book;
use crate::fake::Fake;
use crate::incoming::message;
use crate::support::*;

struct Scene {
    slot: Arc<ModemSlot>,
    link: SlotLink,
    panel: Arc<ModemPanel>,
    /// Lines in the order in which they were made.
    pipes: Rc<RefCell<Vec<Rc<RefCell<Pipe>>>>>,
    modem: Fake,
    now: Now,
    events: Vec<LinkEvent>,
}

impl Scene {
    fn new() -> Self {
        let (slot, panel) = (
            Arc::new(ModemSlot::default()),
            Arc::new(ModemPanel::new("rack", "rack-auto-1", "")),
        );
        let pipes = Rc::new(RefCell::new(Vec::new()));
        let made = pipes.clone();
        let link = SlotLink::new(SlotParts {
            slot: slot.clone(),
            desk: Arc::new(Book::default()),
            hooks: Arc::new(NoHooks),
            panel: panel.clone(),
            line: Box::new(move |_| {
                let pipe = Pipe::new();
                made.borrow_mut().push(pipe.clone());
                Box::new(InMemory(pipe))
            }),
            wake: Wake::default(),
        });
        Self {
            slot,
            link,
            panel,
            pipes,
            modem: Fake::default(),
            now: Now {
                mono_ns: 1,
                utc_ns: UTC_NS,
            },
            events: Vec::new(),
        }
    }

    fn fit(&mut self, port: &str) {
        let spec = ModemSpec::new("rack", "rack-auto-1", port);
        self.slot.fit(Arc::new(spec));
        self.settle();
    }

    /// Turns of the loop until nothing happens any more, time standing still.
    fn settle(&mut self) {
        for _ in 0..500 {
            self.link.poll(self.now, &mut self.events);
            self.link.flush();
            let pipe = self.pipes.borrow().last().cloned();
            let talks = pipe.is_some_and(|pipe| pipe.borrow_mut().turn(&mut self.modem));
            let is_due = self
                .link
                .next_deadline_ns()
                .is_some_and(|due| due <= self.now.mono_ns);
            if !talks && !is_due {
                return;
            }
        }
        panic!("they never stop talking");
    }

    fn submit(&mut self, ticket: u64) {
        let from = sender();
        let taken = self.link.submit(self.now, ticket, &text(&from, b"hello"));
        assert_eq!(taken, Ok(()));
        self.settle();
    }
}

#[test]
fn an_empty_place_is_down_and_costs_no_time() {
    let mut scene = Scene::new();
    scene.settle();
    assert_eq!(scene.link.state(), LinkState::Down);
    assert_eq!(
        (scene.link.free_slots(), scene.link.next_deadline_ns()),
        (0, None)
    );
    scene.slot.vacate("nobody is found");
    scene.settle();
    assert_eq!(scene.panel.view().reason, "nobody is found");
    scene.link.close(scene.now);
    assert!(scene.link.is_closed());
    assert_eq!(scene.events, []);
}

#[test]
fn a_modem_that_is_found_serves_and_its_counts_outlive_it() {
    let mut scene = Scene::new();
    scene.fit("/dev/ttyUSB0");
    assert_eq!(
        scene.link.state(),
        LinkState::Up,
        "{:?}",
        scene.panel.view()
    );
    assert_eq!(scene.panel.view().port, "/dev/ttyUSB0");
    scene.submit(1);
    scene.slot.vacate("its port is gone");
    scene.settle();
    let view = scene.panel.view();
    assert_eq!(
        (view.state, view.reason.as_str()),
        ("down", "its port is gone")
    );
    assert_eq!((view.counts.accepted, view.imei.as_str()), (1, ""));
    assert!(matches!(scene.events.last(), Some(LinkEvent::Down(_))));
    scene.fit("/dev/ttyUSB3");
    assert_eq!(scene.link.state(), LinkState::Up);
    scene.submit(2);
    let view = scene.panel.view();
    assert_eq!(
        (view.counts.accepted, view.port.as_str()),
        (2, "/dev/ttyUSB3")
    );
}

#[test]
fn what_a_modem_had_when_it_went_comes_back_once() {
    let mut scene = Scene::new();
    scene.fit("/dev/ttyUSB0");
    scene.modem.deaf_to_pdu = true;
    scene.submit(7);
    scene.events.clear();
    let line = scene.pipes.borrow()[0].clone();
    line.borrow_mut().gone = Some("the port is gone".to_owned());
    scene.slot.vacate("its port is gone");
    scene.settle();
    let uncertain = |event: &&LinkEvent| {
        matches!(
            event,
            LinkEvent::Unanswered { ticket: 7 } | LinkEvent::TimedOut { ticket: 7 }
        )
    };
    assert_eq!(
        scene.events.iter().filter(uncertain).count(),
        1,
        "{:?}",
        scene.events
    );
    assert_eq!(scene.link.in_flight(), 0);
}

#[test]
fn an_answer_to_what_a_modem_told_does_not_reach_the_next_one() {
    let mut scene = Scene::new();
    scene.modem.store.insert(1, (0, message(b"one", b"")));
    scene.fit("/dev/ttyUSB0");
    let first = Rig::handles(&scene.events)[0];
    scene.slot.vacate("its port is gone");
    // The goodbye waits for the answer; the engine does not give it in time.
    scene.settle();
    scene.now.mono_ns += 10 * SECOND;
    scene.settle();
    scene.events.clear();
    scene.modem = Fake::default();
    scene.modem.store.insert(1, (0, message(b"two", b"")));
    scene.fit("/dev/ttyUSB1");
    let second = Rig::handles(&scene.events)[0];
    assert_eq!(
        first.sequence_number, second.sequence_number,
        "else this tests nothing"
    );
    scene.link.answer(first, true);
    scene.settle();
    assert_eq!(scene.modem.store.len(), 1, "nobody has taken it");
    scene.link.answer(second, true);
    scene.settle();
    assert!(scene.modem.store.is_empty());
}
