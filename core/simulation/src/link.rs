//! A simulated carrier behind the trait that the engine knows.

use std::cell::RefCell;
use std::rc::Rc;

use carrack_carrier::{Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, SubmitRefused};
use carrack_message::Sender;
use carrack_runtime::Now;

use crate::world::World;

pub(crate) struct SimulatedLink {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) carrier: usize,
    pub(crate) link: usize,
}

impl Link for SimulatedLink {
    fn state(&self) -> LinkState {
        match self.world.borrow().is_up(self.carrier, self.link) {
            true => LinkState::Up,
            false => LinkState::Down,
        }
    }

    fn free_slots(&self) -> u32 {
        self.world.borrow().free_slots(self.carrier, self.link)
    }

    fn in_flight(&self) -> u32 {
        self.world.borrow().in_flight(self.carrier, self.link)
    }

    fn window(&self) -> u32 {
        self.world.borrow().window(self.carrier)
    }

    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        let mut world = self.world.borrow_mut();
        world.submit(self.carrier, self.link, now, ticket, segment)
    }

    fn query(&mut self, _: Now, ticket: u64, id: &[u8], _: &Sender) -> Result<(), SubmitRefused> {
        let mut world = self.world.borrow_mut();
        world.query(self.carrier, self.link, ticket, id)
    }

    fn poll(&mut self, _: Now, events: &mut Vec<LinkEvent>) {
        self.world
            .borrow_mut()
            .poll(self.carrier, self.link, events);
    }

    fn answer(&mut self, handle: ReceiptHandle, taken: bool) {
        self.world
            .borrow_mut()
            .answer(self.carrier, self.link, handle, taken);
    }

    fn flush(&mut self) {
        self.world.borrow_mut().flush(self.carrier, self.link);
    }

    /// The world wakes the loop, as a socket does.
    fn next_deadline_ns(&self) -> Option<u64> {
        None
    }

    fn close(&mut self, _: Now) {}

    fn is_closed(&self) -> bool {
        !self.world.borrow().is_up(self.carrier, self.link)
    }

    fn take_oddities(&mut self) -> u64 {
        0
    }
}
