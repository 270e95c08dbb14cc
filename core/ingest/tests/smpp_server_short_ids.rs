//! Ids of SMPP 3.3 over real sockets and restarts of the door.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts, Dialect, IdFormat};
use carrack_ingest::smpp_server::{SmppServer, SmppServerFault, SmppServerSpec};
use carrack_smpp::CommandStatus;

use support::{ACCOUNT, Client, Willing, connect, until};

fn account(message_id: IdFormat) -> AccountSpec {
    AccountSpec {
        dialect: Dialect {
            message_id,
            ..Dialect::default()
        },
        ..support::account()
    }
}

fn open(
    data_dir: &Path,
    message_id: IdFormat,
) -> Result<(Arc<AccountBook>, SmppServer<Willing>), SmppServerFault> {
    let accounts = Accounts::build(&[account(message_id)], |_| Some(ACCOUNT)).unwrap();
    let book = Arc::new(AccountBook::new(accounts));
    let spec = SmppServerSpec {
        data_dir: data_dir.to_owned(),
        ..support::door()
    };
    let server = SmppServer::start(spec, Willing, Arc::clone(&book))?;
    Ok((book, server))
}

/// The id of one message, as text.
fn sent(server: &SmppServer<Willing>) -> (CommandStatus, String) {
    let mut client = Client::new(connect(server.address()));
    assert!(client.bind("acme", "pw").unwrap().is_ok());
    let (status, id) = client.send("ACME", b"hello");
    let id = id.strip_suffix(b"\0").unwrap_or(&id).to_vec();
    (status, String::from_utf8(id).unwrap())
}

#[test]
fn short_ids_are_given_from_the_first_submit_on_and_none_twice_over_restarts() {
    let data_dir = tempfile::tempdir().unwrap();
    let mut seen = HashSet::new();
    for _ in 0..4 {
        let (_, server) = open(data_dir.path(), IdFormat::Short).unwrap();
        for _ in 0..3 {
            let (status, id) = sent(&server);
            assert!(status.is_ok());
            assert_eq!(id.len(), 8);
            assert!(seen.insert(id));
        }
    }
}

#[test]
fn files_that_are_broken_keep_the_door_shut_and_say_why() {
    let data_dir = tempfile::tempdir().unwrap();
    drop(open(data_dir.path(), IdFormat::Short).unwrap());
    let folder = data_dir.path().join("short_ids");
    std::fs::write(folder.join("marks"), "").unwrap();
    // One of them is enough.
    drop(open(data_dir.path(), IdFormat::Short).unwrap());
    for name in ["marks", "marks.copy"] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    let fault = open(data_dir.path(), IdFormat::Short).err().unwrap();
    assert!(fault.to_string().contains("take both away"), "{fault}");
}

#[test]
fn account_that_turns_to_short_ids_by_a_reload_gets_them_soon() {
    let data_dir = tempfile::tempdir().unwrap();
    let (book, server) = open(data_dir.path(), IdFormat::Hex).unwrap();
    assert!(!data_dir.path().join("short_ids").exists());
    assert_eq!(sent(&server).1.len(), 32);
    book.reload(&[account(IdFormat::Short)], |_| Some(ACCOUNT))
        .unwrap();
    server.reload();
    until("a short id", || match sent(&server) {
        (CommandStatus::ESME_RTHROTTLED, _) => false,
        (status, id) => {
            assert!(status.is_ok() && id.len() == 8, "{id}");
            true
        }
    });
}
