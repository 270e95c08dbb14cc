//! What was seen, in the order in which it was seen. Every list is bounded; what does not fit is counted.

use carrack_smpp::{BindKind, CommandId, CommandStatus, Oddities};

use super::message::Message;
use super::plan::Question;
use super::script::{Ask, Wire};

/// Entries of any list that is fed by the other side.
const SEEN_MAX: usize = 4096;

/// When something was seen: the order tells apart what one read brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Moment {
    pub(super) order: u64,
    pub(super) now_ns: u64,
}

/// An answer to something we sent.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) at: Moment,
    pub(super) command: CommandId,
    pub(super) status: CommandStatus,
    pub(super) body: Vec<u8>,
}

/// A bind and what came of it.
#[derive(Clone, Debug)]
pub(super) struct BindSeen {
    pub(super) wire: Wire,
    pub(super) kind: BindKind,
    pub(super) at: Moment,
    pub(super) answer: Option<Answer>,
    /// What came instead of an answer, once the connection has ended.
    pub(super) instead: Option<Instead>,
}

/// What came instead of an answer to a bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// Nothing, until we gave up.
    Nothing,
    /// Nothing, and it closed.
    Closed,
    /// A bind response with this sequence number, which is not the bind's.
    Foreign(u32),
    /// Other PDUs.
    Pdus,
    /// What is no SMPP: its first octets.
    Octets(Vec<u8>),
}

impl Instead {
    /// Whether another try would show the same.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self, Self::Foreign(_) | Self::Octets(_))
    }
}

impl std::fmt::Display for Instead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const TLS_ALERT: [u8; 2] = [0x15, 0x03];
        match self {
            Self::Nothing => f.write_str("the peer said nothing"),
            Self::Closed => f.write_str("the peer closed the connection without a word"),
            Self::Foreign(sequence) => write!(
                f,
                "the peer answered the bind with sequence number {sequence}, which is not the bind's"
            ),
            Self::Pdus => f.write_str("the peer sent other PDUs, and no answer to the bind"),
            Self::Octets(octets) if octets.starts_with(b"HTTP") || octets.starts_with(b"<") => {
                f.write_str("the peer answered HTTP: this port is no SMPP")
            }
            Self::Octets(octets) if octets.starts_with(&TLS_ALERT) => {
                f.write_str("the peer answered TLS: ask with --tls")
            }
            Self::Octets(octets) => {
                write!(
                    f,
                    "the peer answered what is no SMPP: {}",
                    super::findings::shown(octets)
                )
            }
        }
    }
}

/// A message we sent.
#[derive(Clone, Debug)]
pub(super) struct SubmitSeen {
    pub(super) message: Message,
    pub(super) at: Moment,
    pub(super) sequence: u32,
    /// On which connection of the main line.
    pub(super) connection: u32,
    pub(super) answers: Vec<Answer>,
}

impl SubmitSeen {
    /// The answer that counts.
    pub(super) fn answer(&self) -> Option<&Answer> {
        self.answers.first()
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.answer().is_some_and(|answer| answer.status.is_ok())
    }
}

/// Another request we sent.
#[derive(Clone, Debug)]
pub(super) struct AskSeen {
    pub(super) ask: Ask,
    pub(super) at: Moment,
    pub(super) sequence: u32,
    pub(super) connection: u32,
    pub(super) answer: Option<Answer>,
}

/// A `deliver_sm` or `data_sm`.
#[derive(Clone, Debug)]
pub(super) struct DeliverSeen {
    pub(super) at: Moment,
    pub(super) wire: Wire,
    pub(super) command: CommandId,
    pub(super) source: Vec<u8>,
    pub(super) destination: Vec<u8>,
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) short_message: Vec<u8>,
    pub(super) tlvs: Vec<(u16, Vec<u8>)>,
    pub(super) oddities: Oddities,
    /// Submits sent before it.
    pub(super) submits_before: usize,
}

impl DeliverSeen {
    pub(super) fn tlv(&self, tag: u16) -> Option<&[u8]> {
        let found = self.tlvs.iter().find(|(each, _)| *each == tag);
        found.map(|(_, value)| value.as_slice())
    }

    pub(super) fn user_data(&self) -> &[u8] {
        match self.tlv(carrack_smpp::tag::MESSAGE_PAYLOAD) {
            Some(payload) if !payload.is_empty() => payload,
            _ => &self.short_message,
        }
    }
}

/// Why a connection ended.
#[derive(Clone, Debug)]
pub(super) struct EndSeen {
    pub(super) wire: Wire,
    pub(super) at: Moment,
    /// The other side sent `unbind` first.
    pub(super) unbind: bool,
    /// We had said goodbye, or were about to.
    pub(super) was_wanted: bool,
    /// Its bind had been taken.
    pub(super) was_bound: bool,
    /// How long the connection had stood.
    pub(super) age_ns: u64,
    pub(super) reason: String,
    /// First octets of what was no PDU.
    pub(super) garbage: Option<Vec<u8>>,
    /// Submits sent on this connection.
    pub(super) submits: u32,
    pub(super) connection: u32,
}

/// An `unbind` of ours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GoodbyeSeen {
    pub(super) asked: Moment,
    pub(super) answered: Option<Moment>,
    /// Its `unbind` had come before.
    pub(super) peer_was_first: bool,
}

/// How octets came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadsSeen {
    pub(super) reads: u64,
    pub(super) octets: u64,
    /// Reads that ended inside a header.
    pub(super) split_headers: u64,
    /// PDUs whose length cannot be.
    pub(super) lost_frames: u64,
    pub(super) pdus: u64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Observations {
    order: u64,
    pub(super) binds: Vec<BindSeen>,
    pub(super) submits: Vec<SubmitSeen>,
    pub(super) asks: Vec<AskSeen>,
    pub(super) delivers: Vec<DeliverSeen>,
    pub(super) ends: Vec<EndSeen>,
    pub(super) goodbyes: Vec<(Wire, GoodbyeSeen)>,
    /// Sequence numbers of its requests, in order.
    pub(super) sequences: Vec<u32>,
    pub(super) enquiries: Vec<Moment>,
    pub(super) enquiries_before_bind: u64,
    pub(super) alerts: u64,
    pub(super) outbinds: u64,
    /// Responses that answer nothing we sent: command and sequence number.
    pub(super) strays: Vec<(CommandId, u32)>,
    /// `generic_nack` that names no request.
    pub(super) nacks_without_request: u64,
    pub(super) bodies_unreadable: u64,
    pub(super) reads: ReadsSeen,
    pub(super) forgotten: u64,
    /// Questions that were asked to their end.
    pub(super) asked: Vec<Question>,
}

impl Observations {
    pub(super) fn moment(&mut self, now_ns: u64) -> Moment {
        self.order += 1;
        Moment {
            order: self.order,
            now_ns,
        }
    }

    /// Adds to a list that the other side feeds.
    pub(super) fn keep<T>(list: &mut Vec<T>, forgotten: &mut u64, entry: T) {
        if list.len() < SEEN_MAX {
            list.push(entry);
        } else {
            *forgotten += 1;
        }
    }

    pub(super) fn submit_with(&mut self, sequence: u32) -> Option<&mut SubmitSeen> {
        // Sequence numbers of a run are not used twice; the newest are asked for most.
        self.submits
            .iter_mut()
            .rev()
            .find(|seen| seen.sequence == sequence)
    }

    pub(super) fn ask_with(&mut self, sequence: u32) -> Option<&mut AskSeen> {
        self.asks
            .iter_mut()
            .rev()
            .find(|seen| seen.sequence == sequence)
    }

    /// Whether something that was sent on a connection of the main line has no answer yet.
    pub(super) fn is_owed(&self, connection: u32) -> bool {
        self.submits
            .iter()
            .any(|seen| seen.connection == connection && seen.answers.is_empty())
    }

    pub(super) fn accepted(&self) -> impl Iterator<Item = &SubmitSeen> {
        self.submits.iter().filter(|seen| seen.is_accepted())
    }
}
