//! Connections that the SMSC opens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use carrack_runtime::{AcceptSettings, AcceptTransport, Transport as _, TransportState};
use support::{Driven, on_a_shard};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

fn listen(peers: &[&str]) -> (AcceptSettings, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let settings = AcceptSettings {
        listener: Arc::new(listener),
        peers: peers.iter().map(|peer| (*peer).to_owned()).collect(),
    };
    (settings, address)
}

fn waiting(settings: &AcceptSettings) -> Driven<AcceptTransport> {
    Driven::new(|wake| AcceptTransport::new(settings.clone(), wake))
}

async fn from(local: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(local.parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

#[test]
fn connection_of_the_smsc_is_taken_and_carries_octets() {
    on_a_shard(|| async {
        let (settings, address) = listen(&[]);
        let mut link = waiting(&settings);
        link.transport.connect();
        assert_eq!(link.transport.state(), TransportState::Connecting);
        let mut smsc = TcpStream::connect(address).await.unwrap();
        smsc.write_all(b"outbind").await.unwrap();
        assert_eq!(link.read(7).await.unwrap(), b"outbind");
        link.write(b"bind").await;
        let mut octets = [0; 4];
        smsc.read_exact(&mut octets).await.unwrap();
        assert_eq!(&octets, b"bind");
    });
}

#[test]
fn each_connection_goes_to_one_of_the_links_that_wait() {
    on_a_shard(|| async {
        let (settings, address) = listen(&[]);
        let mut links = [waiting(&settings), waiting(&settings)];
        for link in &mut links {
            link.transport.connect();
        }
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        first.write_all(b"1").await.unwrap();
        second.write_all(b"2").await.unwrap();
        let mut got = Vec::new();
        for link in &mut links {
            got.extend(link.read(1).await.unwrap());
        }
        got.sort_unstable();
        assert_eq!(got, b"12");
    });
}

#[test]
fn connection_of_a_stranger_is_closed_and_the_link_waits_on() {
    on_a_shard(|| async {
        let (settings, address) = listen(&["127.0.0.9:2775"]);
        let mut link = waiting(&settings);
        link.transport.connect();
        let mut stranger = from("127.0.0.5:0", address).await;
        let mut rest = Vec::new();
        stranger.read_to_end(&mut rest).await.unwrap();
        assert_eq!(link.transport.state(), TransportState::Connecting);
        let mut smsc = from("127.0.0.9:0", address).await;
        smsc.write_all(b"outbind").await.unwrap();
        assert_eq!(link.read(7).await.unwrap(), b"outbind");
    });
}

#[test]
fn link_takes_another_connection_after_it_lost_one() {
    on_a_shard(|| async {
        let (settings, address) = listen(&[]);
        let mut link = waiting(&settings);
        link.transport.connect();
        drop(TcpStream::connect(address).await.unwrap());
        assert!(link.read(1).await.unwrap_err().contains("closed"));
        link.transport.connect();
        let mut smsc = TcpStream::connect(address).await.unwrap();
        smsc.write_all(b"outbind").await.unwrap();
        assert_eq!(link.read(7).await.unwrap(), b"outbind");
    });
}
