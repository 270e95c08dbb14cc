//! The SMPP door over real sockets, with an engine that the test holds in its hands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use carrack_engine::{Cancelled, Chunk, Ending, News, Submission, Verdict};
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::smpp_server::{
    Intake, MessageState, SmppServer, SmppServerSpec, Telling, TellingSink,
};
use carrack_message::{MessageId, Msisdn, Status};
use carrack_runtime::Io;
use carrack_smpp::{
    Address, Bind, BindKind, CancelSm, ClientEvent, ClientSession, ClientSettings, CommandId,
    CommandStatus, QuerySm, Request, SubmitSm, encode_bind, encode_header_only, encode_submit_sm,
    split_frame, tag, write_tlv,
};

const PATIENCE: Duration = Duration::from_secs(20);
const HERE: &str = "127.0.0.1:0";
const ACCOUNT: u32 = 7;
const KNOWN: MessageId = MessageId(0xACE);

struct Subscription {
    subscriber: u64,
    credits: u32,
    sink: TellingSink<u64>,
}

#[derive(Default)]
struct Held {
    full: AtomicBool,
    mute: AtomicBool,
    ids: AtomicU64,
    taken: Mutex<Vec<Submission>>,
    /// Chunks whose verdicts wait for the test.
    waiting: Mutex<Vec<Chunk>>,
    subscriptions: Mutex<Vec<Subscription>>,
    revoked: Mutex<Vec<u64>>,
    told: Mutex<Vec<u64>>,
    /// Held by the test while the store is slow.
    store: Mutex<()>,
}

/// Answers from a thread of its own, as a shard does.
#[derive(Clone)]
struct Hand {
    held: Arc<Held>,
    shard: mpsc::Sender<Chunk>,
}

impl Held {
    fn reply(&self, chunk: Chunk) {
        let verdicts = chunk
            .submissions
            .iter()
            .map(|_| Verdict::Accepted(MessageId(self.ids.fetch_add(1, Ordering::Relaxed).into())))
            .collect();
        self.taken.lock().unwrap().extend(chunk.submissions);
        (chunk.reply)(verdicts);
    }
}

impl Hand {
    fn new() -> (Self, JoinHandle<()>) {
        let held = Arc::new(Held::default());
        let (shard, chunks) = mpsc::channel::<Chunk>();
        let answering = Arc::clone(&held);
        let thread = std::thread::spawn(move || {
            for chunk in chunks {
                if answering.mute.load(Ordering::Relaxed) {
                    answering.waiting.lock().unwrap().push(chunk);
                } else {
                    answering.reply(chunk);
                }
            }
        });
        (Self { held, shard }, thread)
    }
}

impl Intake for Hand {
    type Key = u64;

    fn submissions_max(&self) -> usize {
        4096
    }

    fn submit_to(&self, _: u64, chunk: Chunk) -> Result<(), Chunk> {
        if self.held.full.load(Ordering::Relaxed) {
            return Err(chunk);
        }
        self.shard
            .send(chunk)
            .map_err(|mpsc::SendError(chunk)| chunk)
    }

    fn grant(&self, account: u32, subscriber: u64, credits: u32, sink: &TellingSink<u64>) {
        assert_eq!(account, ACCOUNT);
        let sink = Arc::clone(sink);
        self.held.subscriptions.lock().unwrap().push(Subscription {
            subscriber,
            credits,
            sink,
        });
    }

    fn revoke(&self, _: u32, subscriber: u64) {
        self.held.revoked.lock().unwrap().push(subscriber);
    }

    fn told(&self, key: &u64) {
        self.held.told.lock().unwrap().push(*key);
    }

    fn state(&self, account: u32, id: MessageId) -> Result<Option<MessageState>, String> {
        assert_eq!(account, ACCOUNT);
        // The store takes its time where the test holds it.
        drop(self.held.store.lock().unwrap());
        Ok((id == KNOWN).then_some(MessageState {
            status: Status::Delivered,
            error: 0,
            done_utc_ns: 1,
        }))
    }

    fn together(&self, _: u32, id: MessageId, _: bool) -> Result<Vec<(MessageId, Msisdn)>, String> {
        let to = Msisdn::from_u64(447_946_000_001).unwrap();
        Ok((id == KNOWN).then_some((id, to)).into_iter().collect())
    }

    fn cancel(&self, _: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        std::thread::spawn(move || reply(Cancelled::Done));
    }
}

fn account() -> AccountSpec {
    AccountSpec {
        name: "shop".into(),
        api_key: None,
        system_id: Some("acme".into()),
        password: Some("pw".into()),
        class: None,
        sender: None,
        region: None,
        rate: None,
        window: 100,
        binds_max: 3,
        deck: None,
        allowed_ips: Vec::new(),
        operator: false,
        segments_max: 10,
        validity_max: Duration::from_secs(86_400),
        ..AccountSpec::named("shop")
    }
}

struct House {
    held: Arc<Held>,
    book: Arc<AccountBook>,
    server: SmppServer<Hand>,
}

impl House {
    fn open(io: Io, change: impl FnOnce(&mut SmppServerSpec)) -> Self {
        let mut spec = SmppServerSpec {
            listen: HERE.parse().unwrap(),
            tls: None,
            allowed_ips: Vec::new(),
            io,
            system_id: "carrack".into(),
            enquire_link: Duration::from_secs(30),
            bind_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(10),
            connections_max: 1000,
            binds_max: 100,
            pdu_octets_max: 69_632,
            output_octets_max: 1 << 20,
            data_dir: std::env::temp_dir().join("no-short-ids"),
            short_ids_max: 100,
        };
        change(&mut spec);
        let accounts = Accounts::build(&[account()], |_| Some(ACCOUNT)).unwrap();
        let book = Arc::new(AccountBook::new(accounts));
        let (hand, _) = Hand::new();
        let held = Arc::clone(&hand.held);
        let server = SmppServer::start(spec, hand, Arc::clone(&book)).unwrap();
        Self { held, book, server }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

/// Looks until it is so; the door's thread works meanwhile.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::yield_now();
    }
}

/// A client's session over a blocking socket.
struct Client {
    stream: TcpStream,
    session: ClientSession,
    begun: Instant,
    bound: Option<Result<(), CommandStatus>>,
    responses: Vec<(u64, CommandStatus, Vec<u8>)>,
    /// Of requests other than submit_sm.
    answers: Vec<(u64, CommandStatus)>,
    receipts: Vec<(u32, Vec<u8>)>,
    unbound: bool,
    closed: bool,
}

impl Client {
    fn connect(address: SocketAddr, bind: BindKind) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let settings = ClientSettings {
            bind,
            system_id: b"acme".to_vec(),
            password: b"pw".to_vec(),
            window: 1000,
            ..ClientSettings::default()
        };
        let mut client = Self {
            stream,
            session: ClientSession::new(settings, 1),
            begun: Instant::now(),
            bound: None,
            responses: Vec::new(),
            answers: Vec::new(),
            receipts: Vec::new(),
            unbound: false,
            closed: false,
        };
        client.session.connected(client.now_ns());
        client.read_until(|client| client.bound.is_some() || client.closed);
        client
    }

    fn now_ns(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64 + 1
    }

    fn write(&mut self) {
        let bytes = std::mem::take(self.session.output());
        self.stream.write_all(&bytes).unwrap();
    }

    fn read_until(&mut self, so: impl Fn(&Self) -> bool) {
        let mut buffer = [0; 65_536];
        while !so(self) {
            self.write();
            let octets = match self.stream.read(&mut buffer) {
                Ok(octets) => octets,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
                Err(error) => panic!("nothing came: {error}"),
            };
            if octets == 0 {
                self.closed = true;
                assert!(so(self), "the door closed the connection");
                return;
            }
            let now_ns = self.now_ns();
            let (bound, unbound) = (&mut self.bound, &mut self.unbound);
            let (responses, receipts) = (&mut self.responses, &mut self.receipts);
            let answers = &mut self.answers;
            self.session
                .receive(now_ns, &buffer[..octets], &mut |event| match event {
                    ClientEvent::Bound { .. } => *bound = Some(Ok(())),
                    ClientEvent::BindRefused { status } => *bound = Some(Err(status)),
                    ClientEvent::Response {
                        ticket,
                        status,
                        message_id,
                        ..
                    } => responses.push((ticket, status, message_id.to_vec())),
                    ClientEvent::Answer { ticket, status, .. } => answers.push((ticket, status)),
                    ClientEvent::Deliver {
                        sequence_number,
                        sm,
                        ..
                    } => {
                        let id = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID).unwrap();
                        receipts.push((sequence_number, id.to_vec()));
                    }
                    ClientEvent::Unbound => *unbound = true,
                    _ => {}
                });
        }
        self.write();
    }

    fn submit(&mut self, tickets: std::ops::Range<u64>) {
        let now_ns = self.now_ns();
        for ticket in tickets {
            self.session.submit(now_ns, ticket, &good()).unwrap();
        }
        self.write();
    }
}

fn good() -> SubmitSm<'static> {
    SubmitSm {
        source: Address {
            ton: 5,
            npi: 0,
            addr: b"ACME",
        },
        destination: Address {
            ton: 1,
            npi: 1,
            addr: b"447946000001",
        },
        short_message: b"hi",
        registered_delivery: 1,
        ..SubmitSm::default()
    }
}

fn telling(key: u64) -> Telling<u64> {
    Telling {
        key,
        news: News::End(Ending {
            id: MessageId(key.into()),
            told_as: Vec::new(),
            to: Msisdn::from_u64(447_946_000_001).unwrap(),
            from: "ACME".into(),
            status: Status::Delivered,
            error: 0,
            segments: 1,
            accepted_utc_ns: 0,
            taken_utc_ns: 0,
            done_utc_ns: 0,
            at_webhook: None,
        }),
    }
}

#[test]
fn submits_are_answered_and_receipts_come_back_on_ring_and_epoll() {
    for io in [Io::Auto, Io::Epoll] {
        let house = House::open(io, |_| ());
        let mut client = Client::connect(house.address(), BindKind::Transceiver);
        assert_eq!(client.bound, Some(Ok(())));
        for round in 0..20 {
            client.submit(round * 100..(round + 1) * 100);
            let expected = (round as usize + 1) * 100;
            client.read_until(|client| client.responses.len() == expected);
        }
        assert!(
            client
                .responses
                .iter()
                .all(|(_, status, id)| status.is_ok() && id.len() == 32)
        );
        assert_eq!(house.held.taken.lock().unwrap().len(), 2000);

        until("credits", || {
            !house.held.subscriptions.lock().unwrap().is_empty()
        });
        let (sink, credits) = {
            let subscriptions = house.held.subscriptions.lock().unwrap();
            (Arc::clone(&subscriptions[0].sink), subscriptions[0].credits)
        };
        assert_eq!(credits, 100);
        sink((0..100).map(telling).collect());
        client.read_until(|client| client.receipts.len() == 100);
        assert!(
            house.held.told.lock().unwrap().is_empty(),
            "told before it was taken"
        );
        for (sequence_number, _) in client.receipts.clone() {
            let status = CommandStatus::ESME_ROK;
            client
                .session
                .answer_deliver(sequence_number, CommandId::DELIVER_SM, status);
        }
        client.write();
        until("told", || house.held.told.lock().unwrap().len() == 100);
        // The engine gives a credit back for each receipt that was told.
        let given = house.held.subscriptions.lock().unwrap();
        assert_eq!(given.iter().map(|given| given.credits).sum::<u32>(), 100);
    }
}

#[test]
fn lost_client_gives_its_receipts_back() {
    let house = House::open(Io::Auto, |_| ());
    let client = Client::connect(house.address(), BindKind::Receiver);
    until("credits", || {
        !house.held.subscriptions.lock().unwrap().is_empty()
    });
    let subscriber = house.held.subscriptions.lock().unwrap()[0].subscriber;
    drop(client);
    until("revoke", || {
        house.held.revoked.lock().unwrap().as_slice() == [subscriber]
    });
    until("place", || house.server.counts().binds == 0);
}

#[test]
fn questions_are_answered_and_a_slow_store_holds_up_nobody_else() {
    let house = House::open(Io::Auto, |_| ());
    let mut curious = Client::connect(house.address(), BindKind::Transceiver);
    let known = KNOWN.hex();
    let query = QuerySm {
        message_id: &known,
        ..QuerySm::default()
    };
    let other = MessageId(1).hex();
    let cancel = CancelSm {
        message_id: &other,
        ..CancelSm::default()
    };
    let slow = house.held.store.lock().unwrap();
    let now_ns = curious.now_ns();
    for ticket in 0..40 {
        let request = Request::Query(&query);
        curious.session.request(now_ns, ticket, &request).unwrap();
    }
    // Beyond what one client may ask at a time.
    curious.read_until(|client| client.answers.len() == 8);
    let throttled = CommandStatus::ESME_RTHROTTLED;
    assert!(
        curious
            .answers
            .iter()
            .all(|(_, status)| *status == throttled)
    );
    let mut client = Client::connect(house.address(), BindKind::Transceiver);
    client.submit(0..50);
    client.read_until(|client| client.responses.len() == 50);
    drop(slow);
    curious.read_until(|client| client.answers.len() == 40);
    assert!(
        curious.answers[8..]
            .iter()
            .all(|(_, status)| status.is_ok())
    );
    for (ticket, message_id) in [(40, &known), (41, &other)] {
        let cancel = CancelSm {
            message_id,
            ..cancel
        };
        let request = Request::Cancel(&cancel);
        curious.session.request(now_ns, ticket, &request).unwrap();
    }
    curious.read_until(|client| client.answers.len() == 42);
    curious.answers.sort();
    let last = &curious.answers[40..];
    let expected = [
        (40, CommandStatus::ESME_ROK),
        (41, CommandStatus::ESME_RINVMSGID),
    ];
    assert_eq!(last, expected);
}

#[test]
fn full_engine_throttles() {
    let house = House::open(Io::Auto, |_| ());
    let mut client = Client::connect(house.address(), BindKind::Transmitter);
    house.held.full.store(true, Ordering::Relaxed);
    client.submit(0..50);
    client.read_until(|client| client.responses.len() == 50);
    assert!(
        client
            .responses
            .iter()
            .all(|(_, status, _)| *status == CommandStatus::ESME_RTHROTTLED)
    );
    assert!(house.server.counts().chunks_throttled >= 1);
    house.held.full.store(false, Ordering::Relaxed);
    client.submit(50..51);
    client.read_until(|client| client.responses.len() == 51);
    assert!(client.responses[50].1.is_ok());
}

#[test]
fn binds_beyond_the_accounts_are_refused_until_one_ends() {
    let house = House::open(Io::Auto, |_| ());
    let bind = || Client::connect(house.address(), BindKind::Transmitter);
    let mut clients: Vec<_> = (0..3).map(|_| bind()).collect();
    assert!(clients.iter().all(|client| client.bound == Some(Ok(()))));
    assert_eq!(bind().bound, Some(Err(CommandStatus::ESME_RBINDFAIL)));
    let mut first = clients.swap_remove(0);
    let now_ns = first.now_ns();
    first.session.unbind(now_ns);
    first.read_until(|client| client.closed);
    assert_eq!(bind().bound, Some(Ok(())));
}

#[test]
fn connections_beyond_the_bound_are_closed_and_the_others_stay() {
    let house = House::open(Io::Auto, |spec| spec.connections_max = 2);
    let mut client = Client::connect(house.address(), BindKind::Transceiver);
    let _idle = TcpStream::connect(house.address()).unwrap();
    until("the idle one", || house.server.counts().connections == 2);
    let mut third = TcpStream::connect(house.address()).unwrap();
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(third.read(&mut [0; 1]).unwrap_or(0), 0);
    assert_eq!(house.server.counts().connections_refused, 1);
    client.submit(0..1);
    client.read_until(|client| client.responses.len() == 1);
}

/// Asks until every buffer on the way is full: the door has stopped reading.
fn clog(address: SocketAddr) -> TcpStream {
    let mut deaf = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_millis(300));
    deaf.set_write_timeout(patience).unwrap();
    let mut asked = Vec::new();
    for sequence in 1..=4096 {
        let status = CommandStatus::ESME_ROK;
        encode_header_only(&mut asked, CommandId::ENQUIRE_LINK, status, sequence);
    }
    let stuck = (0..2000).any(|_| deaf.write_all(&asked).is_err());
    assert!(
        stuck,
        "the door reads without end from a client that does not"
    );
    deaf
}

#[test]
fn client_that_does_not_read_holds_up_nobody() {
    let house = House::open(Io::Auto, |_| ());
    let _deaf = clog(house.address());
    let mut client = Client::connect(house.address(), BindKind::Transceiver);
    client.submit(0..100);
    client.read_until(|client| client.responses.len() == 100);
}

#[test]
fn client_that_does_not_read_is_cut_off_when_its_time_is_over() {
    let house = House::open(Io::Auto, |spec| spec.bind_timeout = Duration::from_secs(1));
    let _deaf = clog(house.address());
    until("its end", || house.server.counts().connections == 0);
}

#[test]
fn stop_answers_what_is_owed_unbinds_and_takes_nothing_more() {
    let house = House::open(Io::Auto, |_| ());
    let address = house.address();
    let mut client = Client::connect(address, BindKind::Transceiver);
    house.held.mute.store(true, Ordering::Relaxed);
    client.submit(0..10);
    until("the chunk", || {
        let waiting = house.held.waiting.lock().unwrap();
        waiting
            .iter()
            .map(|chunk| chunk.submissions.len())
            .sum::<usize>()
            == 10
    });
    let House { held, server, .. } = house;
    let stopping = std::thread::spawn(move || server.stop(PATIENCE));
    until("the listener's end", || {
        TcpStream::connect(address).is_err()
    });
    assert!(!client.unbound);
    for chunk in held.waiting.lock().unwrap().drain(..) {
        held.reply(chunk);
    }
    client.read_until(|client| client.unbound);
    assert_eq!(client.responses.len(), 10);
    assert!(client.responses.iter().all(|(_, status, _)| status.is_ok()));
    stopping.join().unwrap();
}

#[test]
fn stop_does_not_wait_for_a_client_that_says_nothing() {
    let house = House::open(Io::Auto, |_| ());
    let _client = Client::connect(house.address(), BindKind::Transceiver);
    let _idle = TcpStream::connect(house.address()).unwrap();
    let begun = Instant::now();
    house.server.stop(Duration::from_millis(500));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn reload_unbinds_an_account_that_is_gone_and_leaves_the_rest() {
    let house = House::open(Io::Auto, |_| ());
    let mut client = Client::connect(house.address(), BindKind::Transceiver);
    house.book.reload(&[account()], |_| Some(ACCOUNT)).unwrap();
    house.server.reload();
    client.submit(0..1);
    client.read_until(|client| client.responses.len() == 1);
    house.book.reload(&[], |_| None).unwrap();
    house.server.reload();
    client.read_until(|client| client.unbound);
    let again = Client::connect(house.address(), BindKind::Transceiver);
    assert_eq!(again.bound, Some(Err(CommandStatus::ESME_RINVSYSID)));
}

#[test]
fn a_taken_address_is_named() {
    let house = House::open(Io::Auto, |_| ());
    let taken = house.address();
    let (hand, _) = Hand::new();
    let spec = SmppServerSpec {
        listen: taken,
        tls: None,
        allowed_ips: Vec::new(),
        io: Io::Epoll,
        system_id: "twin".into(),
        enquire_link: Duration::from_secs(30),
        bind_timeout: Duration::from_secs(5),
        response_timeout: Duration::from_secs(10),
        connections_max: 10,
        binds_max: 10,
        pdu_octets_max: 69_632,
        output_octets_max: 1 << 20,
        data_dir: std::env::temp_dir().join("no-short-ids"),
        short_ids_max: 100,
    };
    let fault = SmppServer::start(spec, hand, Arc::clone(&house.book))
        .err()
        .unwrap();
    assert!(fault.to_string().contains(&taken.to_string()));
}

/// A connection that is bound as acme.
fn bound(address: SocketAddr) -> TcpStream {
    let mut stream = connected(address);
    let mut bytes = Vec::new();
    let bind = Bind {
        system_id: b"acme",
        password: b"pw",
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut bytes, 1, BindKind::Transceiver, &bind).unwrap();
    stream.write_all(&bytes).unwrap();
    assert!(stream.read(&mut [0; 4096]).unwrap() > 16);
    stream
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends raw octets after a bind, or before one, and gives back the answers, then whether the door closed.
fn answers(address: SocketAddr, is_bound: bool, octets: &[u8]) -> (Vec<(u32, u32, u32)>, bool) {
    let mut stream = match is_bound {
        true => bound(address),
        false => connected(address),
    };
    let mut buffer = [0; 4096];
    let mut bytes = octets.to_vec();
    // Its answer says that all before it has been answered.
    encode_header_only(
        &mut bytes,
        CommandId::ENQUIRE_LINK,
        CommandStatus::ESME_ROK,
        0x00EE,
    );
    stream.write_all(&bytes).unwrap();
    let (mut found, mut left) = (Vec::new(), Vec::new());
    loop {
        let octets = stream.read(&mut buffer).unwrap_or(0);
        left.extend_from_slice(&buffer[..octets]);
        while let Some((pdu, length)) = split_frame(&left, 4096).unwrap() {
            let header = pdu.header;
            found.push((
                header.command_id.0,
                header.command_status.0,
                header.sequence_number,
            ));
            left.drain(..length);
        }
        if octets == 0 {
            return (found, true);
        }
        // All answers of a read come by one write.
        if let Some(last) = found.iter().position(|answer| answer.2 == 0x00EE) {
            found.remove(last);
            return (found, false);
        }
    }
}

#[test]
fn client_that_closes_its_sending_side_still_gets_its_answers() {
    let house = House::open(Io::Epoll, |_| ());
    let mut stream = bound(house.address());
    let submits: Vec<u8> = (2..22).flat_map(|number| pdu(&good(), number)).collect();
    stream.write_all(&submits).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut left = Vec::new();
    stream.read_to_end(&mut left).unwrap();
    let mut answered = 0;
    while let Some((pdu, length)) = split_frame(&left, 4096).unwrap() {
        let header = pdu.header;
        answered += u32::from(header.command_id.0 == SUBMIT_RESP && header.command_status.is_ok());
        left.drain(..length);
    }
    assert_eq!(answered, 20);
}

fn pdu(sm: &SubmitSm<'_>, sequence: u32) -> Vec<u8> {
    let mut out = Vec::new();
    encode_submit_sm(&mut out, sequence, sm).unwrap();
    out
}

const NACK: u32 = 0x8000_0000;
const SUBMIT_RESP: u32 = 0x8000_0004;

#[test]
fn malformed_pdus_are_answered_as_written_down_and_hurt_nobody() {
    let house = House::open(Io::Auto, |_| ());
    let address = house.address();
    let mut other = Client::connect(address, BindKind::Transceiver);
    let set_length = |length: u32| {
        let mut bytes = pdu(&good(), 2);
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes
    };
    let closed_by_nack = (vec![(NACK, 2, 0)], true);
    assert_eq!(answers(address, true, &set_length(8)), closed_by_nack);
    assert_eq!(
        answers(address, true, &set_length(0x7FFF_FFFF)),
        closed_by_nack
    );
    assert_eq!(
        answers(address, false, b"GET / HTTP/1.1\r\n\r\n"),
        closed_by_nack
    );

    let taken_before = house.held.taken.lock().unwrap().len();
    let mut unknown = Vec::new();
    encode_header_only(&mut unknown, CommandId(0x77), CommandStatus::ESME_ROK, 2);
    assert_eq!(
        answers(address, true, &unknown),
        (vec![(NACK, 3, 2)], false)
    );
    let mut unasked = Vec::new();
    encode_header_only(
        &mut unasked,
        CommandId::SUBMIT_SM_RESP,
        CommandStatus::ESME_ROK,
        99,
    );
    assert_eq!(answers(address, true, &unasked), (vec![], false));
    let mut query = Vec::new();
    encode_header_only(&mut query, CommandId::QUERY_SM, CommandStatus::ESME_ROK, 5);
    assert_eq!(
        answers(address, true, &query),
        (
            vec![(0x8000_0003, CommandStatus::ESME_RINVCMDLEN.0, 5)],
            false
        )
    );
    let refused = |bound, bytes: &[u8]| {
        let (answers, closed) = answers(address, bound, bytes);
        assert!(!closed);
        assert_eq!((answers.len(), answers[0].0), (1, SUBMIT_RESP));
        answers[0].1
    };
    // sm_length says 200 where two octets stand.
    let mut overrun = pdu(&good(), 2);
    let sm_length_at = overrun.len() - 3;
    overrun[sm_length_at] = 200;
    assert_eq!(refused(true, &overrun), CommandStatus::ESME_RINVPARLEN.0);
    let mut unterminated = Vec::new();
    encode_header_only(
        &mut unterminated,
        CommandId::SUBMIT_SM,
        CommandStatus::ESME_ROK,
        2,
    );
    unterminated.extend_from_slice(b"\0\x05\0");
    unterminated.extend_from_slice(&[b'A'; 60]);
    let length = u32::try_from(unterminated.len()).unwrap().to_be_bytes();
    unterminated[..4].copy_from_slice(&length);
    assert!(matches!(refused(true, &unterminated), 0x02 | 0x0A | 0xC2));
    let udh = SubmitSm {
        esm_class: 0x40,
        short_message: b"\xff\x00\x03hi",
        ..good()
    };
    assert_eq!(
        refused(true, &pdu(&udh, 2)),
        CommandStatus::ESME_RINVPARLEN.0
    );
    assert_eq!(
        refused(false, &pdu(&good(), 2)),
        CommandStatus::ESME_RINVBNDSTS.0
    );
    assert_eq!(
        house.held.taken.lock().unwrap().len(),
        taken_before,
        "a malformed message was taken"
    );

    other.submit(0..10);
    other.read_until(|client| client.responses.len() == 10);
    assert!(other.responses.iter().all(|(_, status, _)| status.is_ok()));
    until("their count", || {
        house.server.counts().connections_malformed == 3
    });
}

#[test]
fn odd_but_clear_submits_are_taken() {
    let house = House::open(Io::Auto, |_| ());
    let take = |bytes: &[u8], sequence: u32| {
        let mut client = TcpStream::connect(house.address()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut bind = Vec::new();
        let who = Bind {
            system_id: b"acme",
            password: b"pw",
            ..Bind::default()
        };
        encode_bind(&mut bind, 1, BindKind::Transceiver, &who).unwrap();
        client.write_all(&bind).unwrap();
        let mut buffer = [0; 4096];
        assert!(client.read(&mut buffer).unwrap() > 16);
        client.write_all(bytes).unwrap();
        let octets = client.read(&mut buffer).unwrap();
        let (pdu, _) = split_frame(&buffer[..octets], 4096).unwrap().unwrap();
        assert_eq!(pdu.header.sequence_number, sequence);
        assert_eq!(
            (pdu.header.command_id.0, pdu.header.command_status.0),
            (SUBMIT_RESP, 0)
        );
    };
    take(&pdu(&good(), 0), 0);
    take(&pdu(&good(), 0xFFFF_FFFE), 0xFFFF_FFFE);
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, 0x1500, b"opaque").unwrap();
    let mut cut = pdu(
        &SubmitSm {
            tlvs: carrack_smpp::Tlvs::new(&tlvs),
            ..good()
        },
        3,
    );
    let last = cut.len() - 7;
    cut[last] = 0xFF;
    take(&cut, 3);
    take(
        &pdu(
            &SubmitSm {
                short_message: b"",
                ..good()
            },
            4,
        ),
        4,
    );
}

#[test]
fn connection_without_bind_and_pdu_never_finished_are_closed() {
    let house = House::open(Io::Auto, |spec| {
        spec.bind_timeout = Duration::from_millis(200);
        spec.response_timeout = Duration::from_millis(200);
    });
    let mut idle = TcpStream::connect(house.address()).unwrap();
    idle.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(idle.read(&mut [0; 16]).unwrap_or(0), 0);
    let mut client = Client::connect(house.address(), BindKind::Transceiver);
    client.stream.write_all(&pdu(&good(), 2)[..20]).unwrap();
    client.read_until(|client| client.closed);
}
