//! From session events to link events.
//!
//! Every submit and every question comes out exactly once; a late answer to a question is dropped, for its loss was told.

use carrack_message::receipt::ReceiptRules;
use carrack_smpp::{ClientEvent, CommandId, CommandStatus, DeliverSm, QuerySmResp};

use super::addressing::number;
use super::disposition::Statuses;
use super::handset;
use super::queries::Queries;
use super::receipt;
use crate::link::{CarrierMessageId, Disposition, LinkEvent, ReceiptHandle};

/// What one connection's turn is translated with.
pub(super) struct Inbound<'a> {
    pub(super) statuses: &'a Statuses,
    pub(super) rules: &'a ReceiptRules,
    pub(super) queries: &'a mut Queries,
    pub(super) session: u8,
    pub(super) connection: u32,
    pub(super) oddities: &'a mut u64,
    pub(super) events: &'a mut Vec<LinkEvent>,
    /// An answer in time said that the link is not what we think it is; a late one tells of what was.
    pub(super) must_rebind: bool,
}

impl Inbound<'_> {
    pub(super) fn on(&mut self, event: ClientEvent<'_>) {
        match event {
            ClientEvent::Response {
                ticket,
                status,
                message_id,
                ..
            } => self.response(ticket, status, message_id, false),
            ClientEvent::LateResponse {
                ticket,
                status,
                message_id,
                ..
            } => self.response(ticket, status, message_id, true),
            ClientEvent::Answer {
                ticket,
                status,
                body,
                late,
                ..
            } => self.answer(ticket, status, body, late),
            ClientEvent::TimedOut { ticket } => {
                let event = self.lost(ticket, LinkEvent::TimedOut { ticket });
                self.events.push(event);
            }
            ClientEvent::Unanswered { ticket } => {
                let event = self.lost(ticket, LinkEvent::Unanswered { ticket });
                self.events.push(event);
            }
            ClientEvent::Deliver {
                sequence_number,
                sm,
                command,
                oddities,
            } => {
                *self.oddities += u64::from(!oddities.is_empty());
                self.deliver(sequence_number, &sm, command);
            }
            ClientEvent::Alert { source, .. } => self.events.push(LinkEvent::Available {
                recipient: number(source.addr),
            }),
            // The connection has kept what concerns it.
            ClientEvent::Bound { .. }
            | ClientEvent::BindRefused { .. }
            | ClientEvent::Outbind { .. }
            | ClientEvent::Unbound
            | ClientEvent::Close { .. } => {}
        }
    }

    fn response(&mut self, ticket: u64, status: CommandStatus, id: &[u8], late: bool) {
        if status.is_ok() {
            self.events.push(LinkEvent::Accepted {
                ticket,
                id: CarrierMessageId::from_slice(id),
                late,
            });
            return;
        }
        let refusal = self.statuses.refusal(status);
        self.must_rebind |= !late && refusal.disposition == Disposition::LinkFault;
        self.events.push(LinkEvent::Refused {
            ticket,
            refusal,
            late,
        });
    }

    /// The end without answer of a question or, where it is none, `of_submit`.
    fn lost(&mut self, ticket: u64, of_submit: LinkEvent) -> LinkEvent {
        if !self.queries.end(ticket) {
            return of_submit;
        }
        LinkEvent::Queried {
            ticket,
            state: None,
            error: 0,
        }
    }

    fn answer(&mut self, ticket: u64, status: CommandStatus, body: &[u8], late: bool) {
        if late || !self.queries.end(ticket) {
            return;
        }
        self.queries.unknown_to_peer |= status == CommandStatus::ESME_RINVCMDID;
        let (state, error) = if status.is_ok() {
            receipt::of_query(&QuerySmResp::decode(body).value)
        } else {
            (None, 0)
        };
        self.events.push(LinkEvent::Queried {
            ticket,
            state,
            error,
        });
    }

    fn deliver(&mut self, sequence_number: u32, sm: &DeliverSm<'_>, command: CommandId) {
        let handle = ReceiptHandle {
            session: self.session,
            data_sm: command == CommandId::DATA_SM,
            sequence_number,
            connection: self.connection,
        };
        let found = receipt::read(sm, self.rules);
        *self.oddities += u64::from(found.as_ref().is_some_and(|found| found.word_unknown));
        self.events.push(match found {
            Some(found) => LinkEvent::Receipt {
                handle,
                id: found.id,
                state: found.state,
                error: found.error,
                source: number(sm.source.addr),
                destination: number(sm.destination.addr),
            },
            None => LinkEvent::Mo {
                handle,
                part: Box::new(handset::part(sm)),
            },
        });
    }
}
