//! Links that say and do what a test tells them.

use super::*;

#[derive(Default)]
pub(in crate::shard::tests) struct Wire {
    pub(in crate::shard::tests) up: bool,
    pub(in crate::shard::tests) open: Vec<(u64, Vec<u8>)>,
    pub(in crate::shard::tests) sent: Vec<Vec<u8>>,
    pub(in crate::shard::tests) events: VecDeque<LinkEvent>,
    pub(in crate::shard::tests) answers: Vec<(u32, bool)>,
    /// What went beside the octets of each submit.
    pub(in crate::shard::tests) beside: Vec<Beside>,
    /// Tickets and ids that were asked about.
    pub(in crate::shard::tests) asked: Vec<(u64, String)>,
    /// Slots, where not [`WINDOW`].
    pub(in crate::shard::tests) slots: Option<u32>,
    /// Segments that a text may have, where fewer than slots.
    pub(in crate::shard::tests) text_max: Option<u32>,
    /// The network that it is at home in.
    pub(in crate::shard::tests) home: Network,
    /// Whether it answers no questions.
    pub(in crate::shard::tests) mute: bool,
    closed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shard::tests) struct Beside {
    pub(in crate::shard::tests) data_coding: u8,
    pub(in crate::shard::tests) esm_class: u8,
    pub(in crate::shard::tests) payload: bool,
    pub(in crate::shard::tests) sar: Option<SarPart>,
    pub(in crate::shard::tests) tlvs: Vec<u8>,
}

impl Wire {
    fn slots(&self) -> u32 {
        self.slots.unwrap_or(WINDOW)
    }
}

pub(super) struct ScriptedLink(pub(super) Rc<RefCell<Wire>>);

impl Link for ScriptedLink {
    fn state(&self) -> LinkState {
        if self.0.borrow().up {
            LinkState::Up
        } else {
            LinkState::Down
        }
    }
    fn free_slots(&self) -> u32 {
        let wire = self.0.borrow();
        if wire.up {
            let free = wire.slots().saturating_sub(wire.open.len() as u32);
            free.min(wire.text_max.unwrap_or(free))
        } else {
            0
        }
    }
    fn is_home_of(&self, network: Network) -> bool {
        self.0.borrow().home == network
    }
    fn in_flight(&self) -> u32 {
        self.0.borrow().open.len() as u32
    }
    fn window(&self) -> u32 {
        let wire = self.0.borrow();
        if wire.up { wire.slots() } else { 0 }
    }
    fn text_max(&self) -> u32 {
        let text_max = self.0.borrow().text_max;
        text_max.unwrap_or(u32::MAX).min(self.window())
    }
    fn submit(&mut self, _: Now, ticket: u64, segment: &Outgoing<'_>) -> Result<(), SubmitRefused> {
        let mut wire = self.0.borrow_mut();
        if !wire.up || wire.open.len() as u32 >= wire.slots() {
            return Err(SubmitRefused::NotNow);
        }
        let octets = [segment.to.to_string().as_bytes(), b"|", segment.octets].concat();
        wire.open.push((ticket, octets.clone()));
        wire.sent.push(octets);
        wire.beside.push(Beside {
            data_coding: segment.data_coding,
            esm_class: segment.esm_class,
            payload: segment.payload,
            sar: segment.sar,
            tlvs: segment.tlvs.to_vec(),
        });
        Ok(())
    }
    fn query(&mut self, _: Now, ticket: u64, id: &[u8], _: &Sender) -> Result<(), SubmitRefused> {
        let mut wire = self.0.borrow_mut();
        if wire.mute {
            return Err(SubmitRefused::Unwritable);
        }
        let id = String::from_utf8_lossy(id).into_owned();
        wire.asked.push((ticket, id));
        Ok(())
    }
    fn poll(&mut self, _: Now, events: &mut Vec<LinkEvent>) {
        events.extend(self.0.borrow_mut().events.drain(..));
    }
    fn answer(&mut self, handle: ReceiptHandle, taken: bool) {
        self.0
            .borrow_mut()
            .answers
            .push((handle.sequence_number, taken));
    }
    fn flush(&mut self) {}
    fn next_deadline_ns(&self) -> Option<u64> {
        None
    }
    fn close(&mut self, _: Now) {
        self.0.borrow_mut().closed = true;
    }
    fn is_closed(&self) -> bool {
        self.0.borrow().closed
    }
    fn take_oddities(&mut self) -> u64 {
        0
    }
}
