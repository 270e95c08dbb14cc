//! An ESME without a socket: hands octets to and fro between a client session and the simulator, in simulated time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub
)]

use carrack_loadtest::smsc::{BindKey, Quirks, Settings, Smsc};
use carrack_message::receipt;
use carrack_smpp::{
    Address, BindKind, ClientEvent, ClientSession, ClientSettings, CommandId, CommandStatus,
    Request, SubmitRefused, SubmitSm, Tlvs, tag,
};

pub const MS: u64 = 1_000_000;
pub const SECOND: u64 = 1_000 * MS;

/// What came back, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Bound,
    BindRefused(CommandStatus),
    Response {
        ticket: u64,
        status: CommandStatus,
        id: String,
    },
    Receipt {
        id: String,
        state: u32,
        text: String,
        to: String,
        raw: Raw,
    },
    Mo(Raw),
    Answer {
        ticket: u64,
        command: CommandId,
        status: CommandStatus,
        body: Vec<u8>,
    },
    LateResponse {
        ticket: u64,
        status: CommandStatus,
        id: String,
    },
    Alert {
        source: String,
    },
    Outbind {
        system_id: String,
    },
    Unbound,
    Unanswered(u64),
    TimedOut(u64),
    Closed,
}

/// A deliver as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Raw {
    pub sequence_number: u32,
    pub esm_class: u8,
    pub data_coding: u8,
    pub short_message: Vec<u8>,
    pub user_data: Vec<u8>,
    pub tlvs: Vec<(u16, Vec<u8>)>,
    pub by_data_sm: bool,
    pub oddities: Vec<&'static str>,
}

impl Raw {
    pub fn tlv(&self, tag: u16) -> Option<&[u8]> {
        let found = self.tlvs.iter().find(|(found, _)| *found == tag);
        found.map(|(_, value)| value.as_slice())
    }
}

/// One client.
pub struct Esme {
    pub key: Option<BindKey>,
    pub session: ClientSession,
    pub events: Vec<Event>,
    /// Deliveries are left unanswered while this is false.
    pub answers: bool,
    pub is_closed: bool,
}

pub fn quirks(spellings: &[&str]) -> Quirks {
    let mut quirks = Quirks::default();
    for spelling in spellings {
        quirks.switch_on(spelling).unwrap();
    }
    quirks
}

pub fn smsc(spellings: &[&str]) -> Smsc {
    Smsc::new(Settings {
        quirks: quirks(spellings),
        ..Settings::default()
    })
}

impl Esme {
    pub fn connect(
        smsc: &mut Smsc,
        now_ns: u64,
        kind: BindKind,
        system_id: &str,
        password: &str,
    ) -> Self {
        let settings = ClientSettings {
            bind: kind,
            system_id: system_id.into(),
            password: password.into(),
            window: 10_000,
            ..ClientSettings::default()
        };
        Self::connect_with(smsc, now_ns, settings)
    }

    pub fn connect_with(smsc: &mut Smsc, now_ns: u64, settings: ClientSettings) -> Self {
        let mut esme = Self {
            key: smsc.connect(now_ns),
            session: ClientSession::new(settings, 1),
            events: Vec::new(),
            answers: true,
            is_closed: false,
        };
        esme.session.connected(now_ns);
        esme.exchange(smsc, now_ns);
        esme
    }

    pub fn bound(smsc: &mut Smsc, now_ns: u64) -> Self {
        let esme = Self::connect(smsc, now_ns, BindKind::Transceiver, "acme", "pw");
        assert_eq!(esme.events.first(), Some(&Event::Bound));
        esme
    }

    pub fn submit(
        &mut self,
        now_ns: u64,
        ticket: u64,
        to: &str,
        text: &str,
    ) -> Result<u32, SubmitRefused> {
        let sm = SubmitSm {
            source: Address::alphanumeric(b"ACME"),
            destination: Address::international(to.as_bytes()),
            registered_delivery: 1,
            short_message: text.as_bytes(),
            ..SubmitSm::default()
        };
        self.session.submit(now_ns, ticket, &sm)
    }

    /// Asks something beside submits; the answer is an [`Event::Answer`].
    pub fn request(&mut self, smsc: &mut Smsc, now_ns: u64, ticket: u64, request: &Request<'_>) {
        self.session.request(now_ns, ticket, request).unwrap();
        self.exchange(smsc, now_ns);
    }

    /// The status and body that answered a ticket.
    pub fn answer(&self, wanted: u64) -> (CommandStatus, Vec<u8>) {
        let of = |event: &Event| match event {
            Event::Answer {
                ticket,
                status,
                body,
                ..
            } if *ticket == wanted => Some((*status, body.clone())),
            _ => None,
        };
        self.events.iter().rev().find_map(of).unwrap()
    }

    pub fn mos(&self) -> Vec<Raw> {
        let of = |event: &Event| match event {
            Event::Mo(raw) => Some(raw.clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    pub fn raw_receipts(&self) -> Vec<Raw> {
        let of = |event: &Event| match event {
            Event::Receipt { raw, .. } => Some(raw.clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    /// Carries octets both ways until nothing moves.
    pub fn exchange(&mut self, smsc: &mut Smsc, now_ns: u64) {
        let Some(key) = self.key else { return };
        loop {
            let sent = std::mem::take(self.session.output());
            if !sent.is_empty() {
                smsc.receive(now_ns, key, &sent);
            }
            let mut came = Vec::new();
            let is_closing = smsc.take_output(key, &mut came);
            let (mut deliveries, events) = (Vec::new(), &mut self.events);
            self.session.receive(now_ns, &came, &mut |event| {
                note(events, &mut deliveries, event)
            });
            for (sequence_number, command) in deliveries {
                if self.answers {
                    self.session
                        .answer_deliver(sequence_number, command, CommandStatus::ESME_ROK);
                }
            }
            if is_closing {
                self.is_closed = true;
                smsc.disconnect(now_ns, key);
                self.key = None;
                return;
            }
            if sent.is_empty() && came.is_empty() && self.session.output().is_empty() {
                return;
            }
        }
    }

    /// The connection breaks without a word.
    pub fn drop_connection(&mut self, smsc: &mut Smsc, now_ns: u64) {
        if let Some(key) = self.key.take() {
            smsc.disconnect(now_ns, key);
        }
        let events = &mut self.events;
        self.session
            .disconnected(&mut |event| note(events, &mut Vec::new(), event));
    }

    pub fn responses(&self) -> Vec<(u64, CommandStatus, String)> {
        let of = |event: &Event| match event {
            Event::Response { ticket, status, id } => Some((*ticket, *status, id.clone())),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    pub fn receipts(&self) -> Vec<String> {
        let of = |event: &Event| {
            if let Event::Receipt { id, .. } = event {
                Some(id.clone())
            } else {
                None
            }
        };
        self.events.iter().filter_map(of).collect()
    }
}

/// Lets time pass in steps of a millisecond; the time after it.
pub fn pass(smsc: &mut Smsc, esmes: &mut [&mut Esme], from_ns: u64, for_ns: u64) -> u64 {
    let mut now_ns = from_ns;
    while now_ns < from_ns + for_ns {
        now_ns += MS;
        smsc.tick(now_ns);
        for esme in esmes.iter_mut() {
            esme.exchange(smsc, now_ns);
        }
    }
    now_ns
}

fn note(
    events: &mut Vec<Event>,
    deliveries: &mut Vec<(u32, carrack_smpp::CommandId)>,
    event: ClientEvent<'_>,
) {
    let string = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    let tlvs = |tlvs: Tlvs<'_>| {
        let owned = tlvs.iter().map(|tlv| (tlv.tag, tlv.value.to_vec()));
        owned.collect::<Vec<_>>()
    };
    events.push(match event {
        ClientEvent::Bound { .. } => Event::Bound,
        ClientEvent::BindRefused { status } => Event::BindRefused(status),
        ClientEvent::Response {
            ticket,
            status,
            message_id,
            ..
        } => Event::Response {
            ticket,
            status,
            id: string(message_id),
        },
        ClientEvent::LateResponse {
            ticket,
            status,
            message_id,
            ..
        } => Event::LateResponse {
            ticket,
            status,
            id: string(message_id),
        },
        ClientEvent::TimedOut { ticket } => Event::TimedOut(ticket),
        ClientEvent::Unanswered { ticket } => Event::Unanswered(ticket),
        ClientEvent::Deliver {
            sequence_number,
            sm,
            command,
            oddities,
            ..
        } => {
            deliveries.push((sequence_number, command));
            let raw = Raw {
                sequence_number,
                esm_class: sm.esm_class,
                data_coding: sm.data_coding,
                short_message: sm.short_message.to_vec(),
                user_data: sm.user_data().to_vec(),
                tlvs: tlvs(sm.tlvs),
                by_data_sm: command == CommandId::DATA_SM,
                oddities: oddities.names().collect(),
            };
            let parsed = receipt::parse(sm.user_data());
            let id = sm
                .tlvs
                .find_cstring(tag::RECEIPTED_MESSAGE_ID)
                .or(parsed.id);
            let state = sm.tlvs.find_number(tag::MESSAGE_STATE);
            let state = state.or(parsed.state.map(|state| u32::from(state.code())));
            match (id, state) {
                (Some(id), Some(state)) if !is_mo(&sm) => Event::Receipt {
                    id: string(id),
                    state,
                    text: String::from_utf8_lossy(sm.user_data()).into_owned(),
                    to: string(sm.source.addr),
                    raw,
                },
                _ => Event::Mo(raw),
            }
        }
        ClientEvent::Answer {
            ticket,
            command,
            status,
            body,
            ..
        } => Event::Answer {
            ticket,
            command,
            status,
            body: body.to_vec(),
        },
        ClientEvent::Alert { source, .. } => Event::Alert {
            source: string(source.addr),
        },
        ClientEvent::Outbind { system_id, .. } => Event::Outbind {
            system_id: string(system_id),
        },
        ClientEvent::Unbound => Event::Unbound,
        ClientEvent::Close { .. } => Event::Closed,
    });
}

/// Messages from handsets that read like receipts say so.
fn is_mo(sm: &carrack_smpp::DeliverSm<'_>) -> bool {
    sm.user_data().ends_with(b"so they say")
}
