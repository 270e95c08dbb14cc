//! Who may bind at the SMPP door, what a failed bind costs, and what follows a reload: over real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carrack_ingest::accounts::{
    AccountBook, AccountSpec, Accounts, BindKinds, DefaultAlphabet, Dialect, IdFormat, hash,
};
use carrack_ingest::smpp_server::{SmppServer, SmppServerSpec};
use carrack_smpp::{BindKind, CommandId, CommandStatus};
use support::{ACCOUNT, Client, Willing, account, connect, door, until};

struct House {
    book: Arc<AccountBook>,
    server: SmppServer<Willing>,
}

/// Each account by the first letter of its name.
fn number(name: &str) -> Option<u32> {
    name.bytes().next().map(u32::from)
}

impl House {
    fn open(accounts: &[AccountSpec]) -> Self {
        Self::of(accounts, door())
    }

    fn of(accounts: &[AccountSpec], spec: SmppServerSpec) -> Self {
        let book = Arc::new(AccountBook::new(Accounts::build(accounts, number).unwrap()));
        let server = SmppServer::start(spec, Willing, Arc::clone(&book)).unwrap();
        Self { book, server }
    }

    fn client(&self) -> Client<TcpStream> {
        Client::new(connect(self.server.address()))
    }

    fn reload(&self, accounts: &[AccountSpec]) {
        self.book.reload(accounts, number).unwrap();
        self.server.reload();
    }

    fn bind(&self, system_id: &str, password: &str) -> CommandStatus {
        self.client().bind(system_id, password).unwrap()
    }
}

const OK: CommandStatus = CommandStatus::ESME_ROK;
const WRONG: CommandStatus = CommandStatus::ESME_RINVPASWD;

fn hashed(password: &str) -> AccountSpec {
    AccountSpec {
        password: Some(hash(password).unwrap()),
        ..account()
    }
}

#[test]
fn a_hashed_password_is_verified_once_and_a_submit_behind_its_bind_is_answered() {
    let password = "much longer than eight characters";
    let house = House::open(&[hashed(password)]);
    let mut client = house.client();
    client
        .knock(BindKind::Transceiver, "acme", password)
        .unwrap();
    // Not bound yet, whether this comes with the bind or while it is judged.
    let (status, _) = client.send("ACME", b"too early");
    assert_eq!(status, CommandStatus::ESME_RINVBNDSTS);
    let (command, status, _, _) = client.answer().unwrap();
    assert_eq!((command, status), (CommandId::BIND_TRANSCEIVER_RESP, OK));
    client.submit(3..103);
    assert_eq!(house.server.counts().passwords_verified, 1);

    for _ in 0..50 {
        assert_eq!(house.bind("acme", password), OK);
    }
    assert_eq!(house.server.counts().passwords_verified, 1);
    assert_eq!(house.bind("acme", "another"), WRONG);
    assert_eq!(house.server.counts().passwords_verified, 2);
}

#[test]
fn a_client_that_leaves_while_its_password_is_verified_holds_no_place() {
    let spec = AccountSpec {
        binds_max: 1,
        ..hashed("right")
    };
    let house = House::open(&[spec]);
    for _ in 0..5 {
        let mut client = house.client();
        client
            .knock(BindKind::Transmitter, "acme", "right")
            .unwrap();
        drop(client);
    }
    until("their end", || house.server.counts().connections == 0);
    until("the place", || house.bind("acme", "right") == OK);
}

#[test]
fn failures_wait_longer_and_longer_and_a_right_password_never() {
    let house = House::open(&[
        account(),
        AccountSpec {
            name: "other".into(),
            system_id: Some("other".into()),
            ..account()
        },
    ]);
    assert_eq!(house.bind("acme", "pw"), OK);
    let begun = Instant::now();
    assert_eq!(house.bind("nobody", "pw"), CommandStatus::ESME_RINVSYSID);
    let first = begun.elapsed();
    for _ in 0..2 {
        assert_eq!(house.bind("acme", "no"), WRONG);
    }
    // The first costs nothing, the second a quarter of a second, the third half a second.
    assert!(first < Duration::from_millis(200), "{first:?}");
    let all = begun.elapsed();
    assert!(all > Duration::from_millis(700), "{all:?}");
    assert_eq!(house.server.counts().binds_delayed, 2);

    // The same address, with the right password: known or new, it does not wait.
    let mut storm = Vec::new();
    for _ in 0..3 {
        let mut client = house.client();
        client.knock(BindKind::Transceiver, "acme", "no").unwrap();
        storm.push(client);
    }
    until("the storm", || house.server.counts().binds_delayed == 5);
    let begun = Instant::now();
    assert_eq!(house.bind("acme", "pw"), OK);
    assert_eq!(house.bind("other", "pw"), OK);
    let waited = begun.elapsed();
    assert!(waited < Duration::from_millis(500), "{waited:?}");
}

#[test]
fn too_many_failures_at_once_are_told_to_slow_down_and_those_who_bound_before_are_not() {
    let house = House::open(&[account()]);
    assert_eq!(house.bind("acme", "pw"), OK);
    let storm: Vec<_> = (0..60)
        .map(|_| {
            let mut client = house.client();
            client.knock(BindKind::Transceiver, "nobody", "no").unwrap();
            client
        })
        .collect();
    until("the limit", || {
        let counts = house.server.counts();
        counts.binds_refused + counts.binds_throttled >= 60
    });
    assert!(house.server.counts().binds_throttled >= 20);
    assert_eq!(house.bind("acme", "pw"), OK);
    drop(storm);
}

/// Binds and drops, cleanly and not, by right and wrong passwords, until told to stop.
fn storm(address: SocketAddr, stop: &AtomicBool) -> u32 {
    let mut binds = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut client = Client::new(connect(address));
        assert_eq!(client.bind("storm", "pw").unwrap(), OK);
        if binds % 2 == 0 {
            client.say(CommandId::UNBIND, 2);
            let _ = client.answer();
        }
        drop(client);
        let mut wrong = Client::new(connect(address));
        wrong.knock(BindKind::Receiver, "acme", "no").unwrap();
        drop(wrong);
        binds += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    binds
}

#[test]
fn a_bind_storm_slows_neither_itself_when_clean_nor_anybody_else() {
    let stormy = AccountSpec {
        name: "windy".into(),
        system_id: Some("storm".into()),
        ..hashed("pw")
    };
    let house = House::open(&[account(), stormy]);
    let mut calm = house.client();
    assert_eq!(calm.bind("acme", "pw").unwrap(), OK);
    let (address, stop) = (house.server.address(), AtomicBool::new(false));
    let (binds, slowest) = std::thread::scope(|scope| {
        let storm = scope.spawn(|| storm(address, &stop));
        let mut slowest = Duration::ZERO;
        for round in 0..200 {
            let begun = Instant::now();
            calm.submit(2 + round * 10..12 + round * 10);
            slowest = slowest.max(begun.elapsed());
            std::thread::sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
        (storm.join().unwrap(), slowest)
    });
    assert!(binds >= 10, "{binds}");
    assert!(slowest < Duration::from_millis(250), "{slowest:?}");
    // All its binds were let in at once, on one verification.
    assert!(house.server.counts().passwords_verified <= 2);
    assert_eq!(house.bind("acme", "pw"), OK);
}

#[test]
fn connections_from_elsewhere_are_closed_at_once() {
    let spec = SmppServerSpec {
        allowed_ips: vec!["192.0.2.0/24".parse().unwrap()],
        ..door()
    };
    let house = House::of(&[account()], spec);
    assert!(house.client().bind("acme", "pw").is_err());
    until("the count", || {
        house.server.counts().connections_refused == 1
    });
    let spec = SmppServerSpec {
        allowed_ips: vec![
            "192.0.2.0/24".parse().unwrap(),
            "127.0.0.0/8".parse().unwrap(),
        ],
        ..door()
    };
    assert_eq!(House::of(&[account()], spec).bind("acme", "pw"), OK);
}

#[test]
fn what_an_account_may_and_how_it_is_spoken_to_follows_a_reload() {
    let house = House::open(&[account()]);
    let mut client = house.client();
    assert_eq!(client.bind("acme", "pw").unwrap(), OK);
    let (status, id) = client.send("ACME", b"caf\xe9");
    assert_eq!((status, id.len()), (OK, 33));

    house.reload(&[AccountSpec {
        senders: vec!["SHOP*".parse().unwrap()],
        dialect: Dialect {
            message_id: IdFormat::Uuid,
            alphabet: DefaultAlphabet::Utf8,
            ..Dialect::default()
        },
        ..account()
    }]);
    // The reload is a letter to the door, the submit another.
    until("the senders", || {
        client.send("ACME", b"hi").0 == CommandStatus::ESME_RINVSRCADR
    });
    let (status, id) = client.send("SHOP-1", b"hi");
    assert_eq!((status, id.len()), (OK, 37));
    let (status, _) = client.send("SHOP-1", b"caf\xe9");
    assert_eq!(status, CommandStatus::ESME_RSUBMITFAIL);
}

#[test]
fn binds_that_a_reload_takes_away_are_unbound_and_others_stay() {
    let other = || AccountSpec {
        name: "other".into(),
        system_id: Some("other".into()),
        ..account()
    };
    let house = House::open(&[account(), other()]);
    let mut stays = house.client();
    assert_eq!(stays.bind("other", "pw").unwrap(), OK);
    let only_receiver = BindKinds {
        transmitter: false,
        transceiver: false,
        ..BindKinds::ALL
    };
    let changes: [(&str, Vec<AccountSpec>); 4] = [
        ("removed", vec![other()]),
        (
            "no longer so",
            vec![
                AccountSpec {
                    binds: only_receiver,
                    ..account()
                },
                other(),
            ],
        ),
        (
            "another system id",
            vec![
                AccountSpec {
                    system_id: Some("acme2".into()),
                    ..account()
                },
                other(),
            ],
        ),
        (
            "not from here",
            vec![
                AccountSpec {
                    allowed_ips: vec!["192.0.2.7".parse().unwrap()],
                    ..account()
                },
                other(),
            ],
        ),
    ];
    for (what, accounts) in changes {
        house.reload(&[account(), other()]);
        let mut client = house.client();
        assert_eq!(client.bind("acme", "pw").unwrap(), OK, "{what}");
        house.reload(&accounts);
        let (command, _, _, _) = client.answer().unwrap();
        assert_eq!(command, CommandId::UNBIND, "{what}");
        assert_ne!(house.bind("acme", "pw"), OK, "{what}");
    }
    // An account that was added.
    house.reload(&[account(), other()]);
    assert_eq!(house.bind("acme", "pw"), OK);
    // A new password does not end binds that are up.
    house.reload(&[
        account(),
        AccountSpec {
            password: Some("new".into()),
            ..other()
        },
    ]);
    stays.submit(2..12);
    assert_eq!(house.bind("other", "new"), OK);
    let _ = ACCOUNT;
}
