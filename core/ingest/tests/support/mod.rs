//! A door whose engine takes everything, and a client of few words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    unreachable_pub
)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use carrack_engine::{Cancelled, Chunk, Verdict};
use carrack_ingest::accounts::AccountSpec;
use carrack_ingest::smpp_server::{Intake, MessageState, SmppServerSpec, TellingSink};
use carrack_message::{MessageId, Msisdn};
use carrack_runtime::Io;
use carrack_smpp::{
    Address, Bind, BindKind, CommandId, CommandStatus, SubmitSm, encode_bind, encode_header_only,
    encode_submit_sm, split_frame,
};

pub const PATIENCE: Duration = Duration::from_secs(20);
pub const ACCOUNT: u32 = 7;

/// Accepts everything at once.
#[derive(Clone)]
pub struct Willing;

impl Intake for Willing {
    type Key = u64;

    fn submissions_max(&self) -> usize {
        4096
    }

    fn submit_to(&self, _: u64, chunk: Chunk) -> Result<(), Chunk> {
        let ids = 1..=chunk.submissions.len() as u128;
        (chunk.reply)(ids.map(|id| Verdict::Accepted(MessageId(id))).collect());
        Ok(())
    }

    fn grant(&self, _: u32, _: u64, _: u32, _: &TellingSink<u64>) {}

    fn revoke(&self, _: u32, _: u64) {}

    fn told(&self, _: &u64) {}

    fn state(&self, _: u32, _: MessageId) -> Result<Option<MessageState>, String> {
        Ok(None)
    }

    fn together(&self, _: u32, id: MessageId, _: bool) -> Result<Vec<(MessageId, Msisdn)>, String> {
        let to = Msisdn::from_u64(447_946_000_001).unwrap();
        Ok(vec![(id, to)])
    }

    fn cancel(&self, _: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        reply(Cancelled::Done);
    }
}

/// A door on a free port.
pub fn door() -> SmppServerSpec {
    SmppServerSpec {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        allowed_ips: Vec::new(),
        io: Io::Auto,
        system_id: "carrack".into(),
        enquire_link: Duration::from_secs(30),
        bind_timeout: Duration::from_secs(5),
        response_timeout: Duration::from_secs(10),
        connections_max: 1000,
        binds_max: 1000,
        pdu_octets_max: 69_632,
        output_octets_max: 1 << 20,
        data_dir: std::env::temp_dir().join("no-short-ids"),
        short_ids_max: 100,
    }
}

/// An account that binds as `acme` with `pw`.
pub fn account() -> AccountSpec {
    AccountSpec {
        system_id: Some("acme".into()),
        password: Some("pw".into()),
        binds_max: 1000,
        ..AccountSpec::named("shop")
    }
}

/// Looks until it is so; the door's thread works meanwhile.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::yield_now();
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A client over any stream.
pub struct Client<S> {
    pub stream: S,
    left: Vec<u8>,
}

/// One PDU: command, status, sequence number and body.
pub type Answer = (CommandId, CommandStatus, u32, Vec<u8>);

impl<S: Read + Write> Client<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            left: Vec::new(),
        }
    }

    /// Asks for a bind.
    pub fn knock(&mut self, kind: BindKind, system_id: &str, password: &str) -> io::Result<()> {
        let bind = Bind {
            system_id: system_id.as_bytes(),
            password: password.as_bytes(),
            interface_version: 0x34,
            ..Bind::default()
        };
        let mut bytes = Vec::new();
        encode_bind(&mut bytes, 1, kind, &bind).unwrap();
        self.stream.write_all(&bytes)
    }

    /// Binds as a transceiver; gives the answer's status.
    pub fn bind(&mut self, system_id: &str, password: &str) -> io::Result<CommandStatus> {
        self.knock(BindKind::Transceiver, system_id, password)?;
        self.answer().map(|(_, status, _, _)| status)
    }

    /// The next PDU.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut buffer = [0; 16_384];
        loop {
            if let Some((pdu, length)) = split_frame(&self.left, 4096).unwrap() {
                let (header, body) = (pdu.header, pdu.body.to_vec());
                self.left.drain(..length);
                let status = header.command_status;
                return Ok((header.command_id, status, header.sequence_number, body));
            }
            let octets = self.stream.read(&mut buffer)?;
            if octets == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.left.extend_from_slice(&buffer[..octets]);
        }
    }

    /// Says something without a body.
    pub fn say(&mut self, command: CommandId, sequence_number: u32) {
        let mut bytes = Vec::new();
        let status = CommandStatus::ESME_ROK;
        encode_header_only(&mut bytes, command, status, sequence_number);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Sends one text and gives its answer's status and id.
    pub fn send(&mut self, from: &str, text: &[u8]) -> (CommandStatus, Vec<u8>) {
        self.send_all(from, text, 2..3);
        let (_, status, _, id) = self.answer().unwrap();
        (status, id)
    }

    fn send_all(&mut self, from: &str, text: &[u8], sequence_numbers: std::ops::Range<u32>) {
        let sm = SubmitSm {
            source: Address {
                ton: 5,
                npi: 0,
                addr: from.as_bytes(),
            },
            destination: Address {
                ton: 1,
                npi: 1,
                addr: b"447946000001",
            },
            short_message: text,
            ..SubmitSm::default()
        };
        let mut bytes = Vec::new();
        for sequence_number in sequence_numbers {
            encode_submit_sm(&mut bytes, sequence_number, &sm).unwrap();
        }
        self.stream.write_all(&bytes).unwrap();
    }

    /// Sends so many and sees each answered in order.
    pub fn submit(&mut self, sequence_numbers: std::ops::Range<u32>) {
        self.send_all("ACME", b"hello", sequence_numbers.clone());
        for sequence_number in sequence_numbers {
            let (command, status, sequence, _) = self.answer().unwrap();
            let expected = (
                CommandId::SUBMIT_SM_RESP,
                CommandStatus::ESME_ROK,
                sequence_number,
            );
            assert_eq!((command, status, sequence), expected);
        }
    }
}
