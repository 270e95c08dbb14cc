//! Recorded PDUs of both sides, read as a link with a profile would read them.
//!
//! Promise: the same codec, receipt rules, status map, id rule and text form as on a live link, so that what is found here
//! is what a link would do. No socket, no clock. Bound: 65,536 open requests, a million ids and as many early receipts;
//! the oldest give way and are counted. Nothing fails: what cannot be read is a line that says so.

mod ids;
mod line;
mod requests;
mod summary;

use carrack_message::receipt::{ReceiptRead, ReceiptRules};
use carrack_settings::Profile;
use carrack_smpp::{
    BindKind, Body, CommandId, CommandStatus, Pdu, ShortMessage, Strictness, split_frame,
};

pub use ids::Match;
pub use line::{ReplayLine, Said, TextRead};
pub use summary::Summary;

use crate::smpp::{Statuses, receipt_of_query, receipt_rules, receipt_whole};
use crate::trace::Direction;
use ids::{Ids, Submitted};
use line::{address, text_of};
use requests::{Open, Request, Requests};

/// A recording on its way through a profile.
pub struct Replay {
    profile: Profile,
    rules: ReceiptRules,
    statuses: Statuses,
    strictness: Strictness,
    shows_numbers: bool,
    requests: Requests,
    ids: Ids,
    summary: Summary,
}

impl Replay {
    /// A recording to be read as `profile` says; the ends of numbers are masked.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        Self {
            rules: receipt_rules(profile),
            statuses: Statuses::new(profile),
            strictness: if profile.strict {
                Strictness::Strict
            } else {
                Strictness::Tolerant
            },
            shows_numbers: false,
            requests: Requests::default(),
            ids: Ids::new(profile.ids),
            summary: Summary::default(),
            profile: profile.clone(),
        }
    }

    /// The same, with numbers shown whole.
    #[must_use]
    pub const fn with_numbers(mut self) -> Self {
        self.shows_numbers = true;
        self
    }

    /// Reads one PDU of a recording of one connection.
    pub fn feed(&mut self, direction: Direction, pdu: &[u8]) -> Vec<ReplayLine> {
        self.feed_on(0, direction, pdu)
    }

    /// Reads one PDU; connections have sequence numbers of their own.
    pub fn feed_on(
        &mut self,
        connection: u32,
        direction: Direction,
        octets: &[u8],
    ) -> Vec<ReplayLine> {
        let frame = split_frame(octets, self.profile.max_pdu);
        let Ok(Some((pdu, length))) = frame else {
            return vec![self.malformed(connection, direction, octets)];
        };
        self.summary.pdus += 1;
        if length < octets.len() {
            self.summary.odd("more_octets_than_one_pdu");
        }
        let mut lines = vec![ReplayLine::new(connection, direction, &pdu)];
        let said = self.read(connection, direction, &pdu, &mut lines);
        if let Some(line) = lines.first_mut() {
            line.said = said;
        }
        lines
    }

    /// What was found so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        summary.requests_unanswered = self.requests.open();
        summary.receipts_unmatched = self.ids.parked();
        summary.forgotten = self.requests.forgotten + self.ids.forgotten;
        summary.proposal = self.ids.learning.proposal();
        summary.otherwise = self.ids.otherwise();
        summary
    }

    fn malformed(&mut self, connection: u32, direction: Direction, octets: &[u8]) -> ReplayLine {
        self.summary.malformed += 1;
        let reason = match split_frame(octets, self.profile.max_pdu) {
            Err(fault) => fault.to_string(),
            Ok(_) => "shorter than it claims".to_owned(),
        };
        ReplayLine::unframed(connection, direction, reason)
    }

    fn read(
        &mut self,
        connection: u32,
        direction: Direction,
        pdu: &Pdu<'_>,
        lines: &mut Vec<ReplayLine>,
    ) -> Said {
        let header = pdu.header;
        let decoded = match Body::decode(header.command_id, pdu.body, self.strictness) {
            Ok(decoded) => decoded,
            Err(fault) => {
                self.summary.malformed += 1;
                return Said::Malformed {
                    answer: Some(fault.answer),
                    reason: fault.to_string(),
                };
            }
        };
        for name in decoded.oddities.names() {
            self.summary.odd(name);
        }
        if let Some(line) = lines.first_mut() {
            line.oddities = decoded.oddities;
        }
        if header.command_id.is_response() {
            let open = Open {
                connection,
                from: opposite(direction),
                sequence_number: header.sequence_number,
            };
            return self.response(
                open,
                header.command_id,
                header.command_status,
                &decoded.value,
                lines,
            );
        }
        self.request(connection, direction, pdu, &decoded.value)
    }

    fn request(
        &mut self,
        connection: u32,
        direction: Direction,
        pdu: &Pdu<'_>,
        body: &Body<'_>,
    ) -> Said {
        let command = pdu.header.command_id;
        let (said, submitted) = match (direction, body) {
            (Direction::Out, Body::Message(sm) | Body::DataSm(sm)) => self.submit(sm),
            (Direction::In, Body::Message(sm) | Body::DataSm(sm)) => (self.deliver(sm), None),
            (_, Body::Bind(bind)) => {
                self.summary.binds += 1;
                let said = Said::Bind {
                    system_id: String::from_utf8_lossy(bind.system_id).into_owned(),
                    interface_version: bind.interface_version,
                };
                (said, None)
            }
            _ => (Said::Other, None),
        };
        if !matches!(command, CommandId::ALERT_NOTIFICATION | CommandId::OUTBIND) {
            let open = Open {
                connection,
                from: direction,
                sequence_number: pdu.header.sequence_number,
            };
            self.requests.begin(open, Request { command, submitted });
        }
        said
    }

    fn submit(&mut self, sm: &ShortMessage<'_>) -> (Said, Option<Submitted>) {
        self.summary.submits += 1;
        let text = self.text(sm);
        let said = Said::Submit {
            from: address(&sm.source, self.shows_numbers),
            to: address(&sm.destination, self.shows_numbers),
            text,
        };
        (said, Some(Submitted::to(sm.destination.addr)))
    }

    fn deliver(&mut self, sm: &ShortMessage<'_>) -> Said {
        match receipt_whole(sm, &self.rules) {
            Some(read) if read.id.is_some() => self.receipt(sm, &read),
            Some(_) => {
                self.summary.receipts += 1;
                self.summary.receipts_without_id += 1;
                Said::ReceiptOfNothing
            }
            None => {
                self.summary.mo += 1;
                Said::Mo {
                    from: address(&sm.source, self.shows_numbers),
                    to: address(&sm.destination, self.shows_numbers),
                    text: self.text(sm),
                }
            }
        }
    }

    fn receipt(&mut self, sm: &ShortMessage<'_>, read: &ReceiptRead) -> Said {
        let id = read.id.as_deref().unwrap_or_default();
        self.summary.receipt(read);
        let matched = self.ids.receipt(id, [sm.source.addr, sm.destination.addr]);
        if let Some(found) = &matched {
            self.summary.matched(found);
        }
        Said::Receipt {
            id: String::from_utf8_lossy(id).into_owned(),
            state: read.state,
            error: read.error,
            matched,
        }
    }

    fn text(&mut self, sm: &ShortMessage<'_>) -> TextRead {
        let text = text_of(&self.profile.text, sm);
        self.summary.text(&text);
        text
    }

    fn response(
        &mut self,
        open: Open,
        command: CommandId,
        status: CommandStatus,
        body: &Body<'_>,
        lines: &mut Vec<ReplayLine>,
    ) -> Said {
        self.summary.responses += 1;
        let Some(request) = self.requests.end(open, command) else {
            return if self.requests.is_before(open) {
                self.summary.responses_before += 1;
                Said::ResponseBefore
            } else {
                self.summary.responses_unmatched += 1;
                Said::ResponseUnmatched
            };
        };
        if !status.is_ok() || command == CommandId::GENERIC_NACK {
            let class = self.statuses.class(status);
            self.summary.refused(status, class);
            return Said::Refused { class };
        }
        match (body, request.submitted) {
            (Body::MessageId(body), Some(submitted)) => {
                self.taken(body.message_id, submitted, open.connection, lines)
            }
            (Body::Empty | Body::Opaque(_), Some(submitted)) => {
                self.taken(b"", submitted, open.connection, lines)
            }
            (Body::QuerySmResp(answer), _) => Said::Queried {
                state: receipt_of_query(answer).0,
            },
            (Body::BindResp(answer), _) => Said::Bound {
                interface_version: answer.interface_version(),
            },
            _ if BindKind::from_command(request.command).is_some() => Said::Bound {
                interface_version: None,
            },
            _ => Said::Other,
        }
    }

    fn taken(
        &mut self,
        id: &[u8],
        submitted: Submitted,
        connection: u32,
        lines: &mut Vec<ReplayLine>,
    ) -> Said {
        self.summary.taken += 1;
        if id.is_empty() {
            self.summary.taken_without_id += 1;
        }
        for (receipt, found) in self.ids.response(id, submitted) {
            self.summary.matched(&found);
            lines.push(ReplayLine::early(connection, &receipt, found));
        }
        Said::Taken {
            id: String::from_utf8_lossy(id).into_owned(),
        }
    }
}

const fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::In => Direction::Out,
        Direction::Out => Direction::In,
    }
}
