//! The line to a modem: octets to the dialogue and back.
//!
//! Promise: one read a turn while nothing comes; what is not written yet waits. Bound: the read buffer, and what one command writes.

use carrack_runtime::{ReadOutcome, Transport, TransportState, WriteOutcome};

use super::at::{Dialogue, Heard, Outcome};

/// Octets taken at a time.
const READ_OCTETS: usize = 4096;
/// Reads in one turn, so that one loud modem does not hold the shard.
const READS_A_TURN_MAX: usize = 8;

pub(super) struct Port {
    pub(super) dialogue: Dialogue,
    transport: Box<dyn Transport>,
    is_open: bool,
    read_buffer: Vec<u8>,
}

impl Port {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            dialogue: Dialogue::default(),
            transport,
            is_open: false,
            read_buffer: vec![0; READ_OCTETS],
        }
    }

    pub(super) fn open(&mut self) {
        self.dialogue.reset();
        self.is_open = false;
        self.transport.connect();
    }

    /// Whether an opening has come to something: open, or the reason why not.
    pub(super) fn opened(&mut self) -> Option<Result<(), String>> {
        match self.transport.state() {
            TransportState::Open => {
                self.is_open = true;
                Some(Ok(()))
            }
            TransportState::Failed(reason) => Some(Err(reason)),
            TransportState::Idle | TransportState::Connecting => None,
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// It proved good.
    pub(super) fn settled(&mut self) {
        self.transport.settled();
    }

    /// Ends it; says how a command under way ended.
    pub(super) fn close(&mut self) -> Option<Outcome> {
        self.is_open = false;
        let ended = self.dialogue.reset();
        self.transport.close();
        ended
    }

    /// Takes what came; gives the reason if the other side is gone.
    pub(super) fn read(&mut self, heard: &mut Vec<Heard>) -> Option<String> {
        for _ in 0..READS_A_TURN_MAX {
            match self.transport.read(&mut self.read_buffer) {
                ReadOutcome::Octets(octets) => {
                    let octets = self.read_buffer.get(..octets).unwrap_or(&[]);
                    self.dialogue.receive(octets, heard);
                }
                ReadOutcome::Nothing => return None,
                ReadOutcome::Closed(reason) => return Some(reason),
            }
        }
        self.transport.read_later();
        None
    }

    pub(super) fn flush(&mut self) {
        if !self.is_open || self.dialogue.output().is_empty() {
            return;
        }
        let output = self.dialogue.output();
        // A closed pipe shows itself at the next read.
        if let WriteOutcome::Octets(written) = self.transport.write(output) {
            output.drain(..written.min(output.len()));
        }
    }
}
