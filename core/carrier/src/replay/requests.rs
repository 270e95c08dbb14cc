//! Requests that wait for their responses.

use std::collections::{BTreeMap, HashMap, VecDeque};

use carrack_smpp::CommandId;

use super::ids::Submitted;
use crate::trace::Direction;

const REQUESTS_MAX: usize = 65_536;

/// What a response answers: who asked, on which connection, under which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Open {
    pub(super) connection: u32,
    pub(super) from: Direction,
    pub(super) sequence_number: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) command: CommandId,
    /// What is known of a submit.
    pub(super) submitted: Option<Submitted>,
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    open: HashMap<Open, Request>,
    order: VecDeque<Open>,
    /// The first number of each side of each connection: what is below was asked before the recording.
    first: BTreeMap<(u32, Direction), u32>,
    pub(super) forgotten: u64,
}

impl Requests {
    pub(super) fn begin(&mut self, open: Open, request: Request) {
        let side = (open.connection, open.from);
        self.first.entry(side).or_insert(open.sequence_number);
        self.open.insert(open, request);
        self.order.push_back(open);
        while self.order.len() > REQUESTS_MAX {
            let oldest = self.order.pop_front();
            let forgotten = oldest.and_then(|oldest| self.open.remove(&oldest));
            self.forgotten += u64::from(forgotten.is_some());
        }
    }

    /// The request that a response with this command answers.
    pub(super) fn end(&mut self, open: Open, command: CommandId) -> Option<Request> {
        let request = self.open.get(&open)?;
        let fits = command == CommandId::GENERIC_NACK || request.command.response() == command;
        fits.then(|| self.open.remove(&open)).flatten()
    }

    /// Whether the request was made before the recording began, as far as its number tells.
    pub(super) fn is_before(&self, open: Open) -> bool {
        let first = self.first.get(&(open.connection, open.from));
        first.is_none_or(|first| open.sequence_number < *first)
    }

    pub(super) fn open(&self) -> u64 {
        self.open.len() as u64
    }
}
