//! What a connection says, turned into what is to be done. A session cannot be told anything while it reads, so its wishes are
//! listed and done when it has read.

use super::connections::BindKey;
use super::desk::{Answer, Desk, Reply, Sender};
use super::services::Served;
use carrack_smpp::{
    BindKind, CloseReason, CommandId, CommandStatus, ServerEvent, ShortMessage, Strictness,
};

/// What the SMSC knows of a connection beside its session.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Index of its system_id; `None` unless it is bound.
    pub(super) system: Option<usize>,
    /// It may receive.
    pub(super) receives: bool,
    /// Its submits that wait for an answer.
    pub(super) unanswered: u32,
    /// Submits it sent.
    pub(super) submits: u64,
    /// When it came.
    pub(super) since_ns: u64,
    /// An unbind of either side was said.
    pub(super) has_unbind: bool,
    /// Its session is over, but answers are owed: it is closed behind the last one.
    pub(super) is_draining: bool,
    /// It is to be closed when its output has been written.
    pub(super) is_closing: bool,
    /// Its output was not drained: it takes no parcel before it is.
    pub(super) is_full: bool,
    /// What is no PDU was sent.
    pub(super) has_garbage: bool,
    /// Requests beside the session's own.
    pub(super) enquiries: u32,
}

/// What a session must do after it has read: it cannot be told while it reads.
#[derive(Debug)]
pub(super) enum Action {
    Bind {
        sequence_number: u32,
        verdict: Result<(usize, BindKind), CommandStatus>,
    },
    Answer(Answer),
    GiveUp,
    Served {
        sequence_number: u32,
        command_id: CommandId,
        served: Served,
    },
    Parcel {
        ticket: u64,
        fate: ParcelFate,
    },
    Unbound,
}

#[derive(Debug)]
pub(super) enum ParcelFate {
    Answered(CommandStatus),
    Unanswered,
}

impl Traffic {
    /// The session is over: the connection is closed, behind the answers it owes where it said unbind and is not hasty.
    fn close(&mut self, reason: CloseReason, is_hasty: bool) {
        let owes = reason == CloseReason::Unbound && self.unanswered > 0;
        if owes && !is_hasty {
            self.is_draining = true;
        } else {
            self.is_closing = true;
        }
    }

    /// Counts a submit; who sent it, and how many were unanswered before it.
    fn count_submit(&mut self, bind: BindKey, command: CommandId, sequence_number: u32) -> Sender {
        let sender = Sender {
            bind,
            system: self.system.unwrap_or_default(),
            unanswered: self.unanswered,
            command,
            sequence_number,
        };
        self.submits += 1;
        self.unanswered += 1;
        sender
    }
}

impl Action {
    /// What a reply asks of the session.
    fn of(reply: Reply) -> Option<Self> {
        match reply {
            Reply::Now(answer) => Some(Self::Answer(answer)),
            Reply::Never => Some(Self::GiveUp),
            Reply::Later => None,
        }
    }
}

/// Lists what an event asks for; counts what needs no session.
pub(super) fn on_event(
    desk: &mut Desk,
    actions: &mut Vec<Action>,
    traffic: &mut Traffic,
    now_ns: u64,
    key: BindKey,
    event: ServerEvent<'_>,
) {
    match event {
        ServerEvent::Submit {
            sequence_number,
            sm,
            ..
        } => {
            let sender = traffic.count_submit(key, CommandId::SUBMIT_SM, sequence_number);
            actions.extend(Action::of(desk.submit(now_ns, sender, &sm)));
        }
        ServerEvent::Bind {
            sequence_number,
            kind,
            bind,
        } => {
            let verdict = desk.judge_bind(now_ns, &bind).map(|system| (system, kind));
            actions.push(Action::Bind {
                sequence_number,
                verdict,
            });
        }
        ServerEvent::DeliverResponse { ticket, status } => {
            actions.push(answered(ticket, status));
        }
        // It may be on its way again: an answer settles it all the same, a refusal is left to the repetition.
        ServerEvent::DeliverLateResponse { ticket, status } => {
            actions.extend(status.is_ok().then(|| answered(ticket, status)));
        }
        ServerEvent::DeliverTimedOut { ticket } | ServerEvent::DeliverUnanswered { ticket } => {
            actions.push(Action::Parcel {
                ticket,
                fate: ParcelFate::Unanswered,
            });
        }
        ServerEvent::Other {
            sequence_number,
            command_id,
            body,
        } => other(
            desk,
            actions,
            traffic,
            now_ns,
            key,
            (sequence_number, command_id, body),
        ),
        ServerEvent::Unbound => actions.push(Action::Unbound),
        ServerEvent::Close { reason } => {
            let is_hasty = desk.settings.quirks.link.unbind_then_close;
            traffic.close(reason, is_hasty);
        }
    }
}

fn answered(ticket: u64, status: CommandStatus) -> Action {
    Action::Parcel {
        ticket,
        fate: ParcelFate::Answered(status),
    }
}

/// A request beside submit_sm: its sequence number, command and body.
fn other(
    desk: &mut Desk,
    actions: &mut Vec<Action>,
    traffic: &mut Traffic,
    now_ns: u64,
    key: BindKey,
    (sequence_number, command_id, body): (u32, CommandId, &[u8]),
) {
    let is_submit = command_id == CommandId::DATA_SM && !desk.settings.quirks.service.no_data;
    let served = if is_submit {
        match ShortMessage::decode_data_sm(body, Strictness::Tolerant) {
            Ok(decoded) => {
                let sender = traffic.count_submit(key, command_id, sequence_number);
                let reply = desk.submit(now_ns, sender, &decoded.value);
                actions.extend(Action::of(reply));
                return;
            }
            Err(fault) => {
                desk.counts.malformed += 1;
                Served::Status(fault.answer)
            }
        }
    } else {
        desk.serve(now_ns, command_id, body)
    };
    actions.push(Action::Served {
        sequence_number,
        command_id,
        served,
    });
}
