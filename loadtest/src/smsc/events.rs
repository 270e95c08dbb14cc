//! What a connection says, turned into what is to be done. A session cannot be told anything while it reads, so its wishes are
//! listed and done when it has read.

use super::connections::BindKey;
use super::desk::{Answer, Desk, Reply, Sender};
use carrack_smpp::{BindKind, CommandId, CommandStatus, ServerEvent};

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
    /// It is to be closed when its output has been written.
    pub(super) is_closing: bool,
    /// Its output was not drained: it takes no receipt before it is.
    pub(super) is_full: bool,
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
    Unsupported {
        sequence_number: u32,
        command_id: CommandId,
    },
    Receipt {
        ticket: u64,
        fate: ReceiptFate,
    },
    Unbound,
}

#[derive(Debug)]
pub(super) enum ReceiptFate {
    Answered(CommandStatus),
    Unanswered,
}

impl Traffic {
    /// Counts a submit; who sent it, and how many were unanswered before it.
    fn count_submit(&mut self, bind: BindKey) -> Sender {
        let sender = Sender {
            bind,
            system: self.system.unwrap_or_default(),
            unanswered: self.unanswered,
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
            let sender = traffic.count_submit(key);
            let reply = desk.submit(now_ns, sender, sequence_number, &sm);
            actions.extend(Action::of(reply));
        }
        ServerEvent::Bind {
            sequence_number,
            kind,
            bind,
        } => {
            let verdict =
                credentials(desk, bind.system_id, bind.password).map(|system| (system, kind));
            actions.push(Action::Bind {
                sequence_number,
                verdict,
            });
        }
        ServerEvent::DeliverResponse { ticket, status } => actions.push(Action::Receipt {
            ticket,
            fate: ReceiptFate::Answered(status),
        }),
        // It may be on its way again: an answer settles it all the same, a refusal is left to the repetition.
        ServerEvent::DeliverLateResponse { ticket, status } if status.is_ok() => {
            actions.push(Action::Receipt {
                ticket,
                fate: ReceiptFate::Answered(status),
            });
        }
        ServerEvent::DeliverLateResponse { .. } => {}
        ServerEvent::DeliverTimedOut { ticket } | ServerEvent::DeliverUnanswered { ticket } => {
            actions.push(Action::Receipt {
                ticket,
                fate: ReceiptFate::Unanswered,
            });
        }
        ServerEvent::Other {
            sequence_number,
            command_id,
            ..
        } => actions.push(Action::Unsupported {
            sequence_number,
            command_id,
        }),
        ServerEvent::Unbound => actions.push(Action::Unbound),
        ServerEvent::Close { .. } => traffic.is_closing = true,
    }
}

fn credentials(desk: &mut Desk, system_id: &[u8], password: &[u8]) -> Result<usize, CommandStatus> {
    if desk
        .settings
        .system_id
        .as_ref()
        .is_some_and(|expected| expected.as_bytes() != system_id)
    {
        return Err(CommandStatus::ESME_RINVSYSID);
    }
    if desk
        .settings
        .password
        .as_ref()
        .is_some_and(|expected| expected.as_bytes() != password)
    {
        return Err(CommandStatus::ESME_RINVPASWD);
    }
    desk.post
        .system(system_id)
        .ok_or(CommandStatus::ESME_RBINDFAIL)
}
