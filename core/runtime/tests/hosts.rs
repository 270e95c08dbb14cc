//! Which host is connected to, from which address of ours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use carrack_runtime::{ConnectSettings, Transport as _};
use support::{Driven, on_a_shard, plain};
use tokio::net::TcpListener;

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// A port on which nobody listens.
async fn closed() -> String {
    listener().await.1
}

#[test]
fn host_that_refuses_gives_way_to_the_next_and_the_last_to_the_first() {
    on_a_shard(|| async {
        let (dead, (live, address)) = (closed().await, listener().await);
        let mut driven = Driven::tcp(plain(vec![dead.clone(), address]));
        let reason = driven.connect().await.unwrap_err();
        assert!(reason.contains(&dead), "{reason}");
        driven.connect().await.unwrap();
        live.accept().await.unwrap();
        // It was never said to be good: the first has its turn again.
        let reason = driven.connect().await.unwrap_err();
        assert!(reason.contains(&dead), "{reason}");
    });
}

#[test]
fn host_that_proved_good_is_tried_first_when_it_is_lost() {
    on_a_shard(|| async {
        let ((first, first_address), (second, second_address)) =
            (listener().await, listener().await);
        let mut driven = Driven::tcp(plain(vec![first_address, second_address]));
        driven.connect().await.unwrap();
        first.accept().await.unwrap();
        driven.transport.settled();
        driven.connect().await.unwrap();
        first.accept().await.unwrap();
        driven.connect().await.unwrap();
        second.accept().await.unwrap();
    });
}

#[test]
fn host_that_takes_the_connection_but_not_the_bind_gives_way_too() {
    on_a_shard(|| async {
        let ((first, first_address), (second, second_address)) =
            (listener().await, listener().await);
        let mut driven = Driven::tcp(plain(vec![first_address, second_address]));
        driven.connect().await.unwrap();
        drop(first.accept().await.unwrap());
        assert!(driven.read(1).await.unwrap_err().contains("closed"));
        driven.connect().await.unwrap();
        second.accept().await.unwrap();
    });
}

#[test]
fn name_that_does_not_resolve_is_named() {
    on_a_shard(|| async {
        let settings = plain(vec!["no-such-host.invalid:2775".to_owned()]);
        let reason = Driven::tcp(settings).connect().await.unwrap_err();
        assert!(reason.contains("no-such-host.invalid:2775"), "{reason}");
    });
}

#[test]
fn ipv6_address_is_connected_to() {
    on_a_shard(|| async {
        let Ok(listener) = TcpListener::bind("[::1]:0").await else {
            // This machine has no IPv6: nothing to be shown.
            return;
        };
        let address = listener.local_addr().unwrap().to_string();
        let mut driven = Driven::tcp(plain(vec![address]));
        driven.connect().await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), IpAddr::V6(Ipv6Addr::LOCALHOST));
    });
}

#[test]
fn connection_leaves_from_the_local_address() {
    on_a_shard(|| async {
        let (listener, address) = listener().await;
        let own = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
        let mut driven = Driven::tcp(ConnectSettings {
            local_address: Some(own),
            ..plain(vec![address])
        });
        driven.connect().await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.ip(), own);
    });
}

#[test]
fn local_address_of_the_other_family_is_named() {
    on_a_shard(|| async {
        let (_listener, address) = listener().await;
        let mut driven = Driven::tcp(ConnectSettings {
            local_address: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            ..plain(vec![address])
        });
        let reason = driven.connect().await.unwrap_err();
        assert!(reason.contains("from the local address ::1"), "{reason}");
    });
}

#[test]
fn local_address_that_is_not_ours_is_named() {
    on_a_shard(|| async {
        let (_listener, address) = listener().await;
        let mut driven = Driven::tcp(ConnectSettings {
            local_address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
            ..plain(vec![address])
        });
        let reason = driven.connect().await.unwrap_err();
        assert!(reason.contains("the local address 192.0.2.1"), "{reason}");
    });
}

#[test]
fn no_answer_ends_by_the_connect_time_out() {
    on_a_shard(|| async {
        // A full queue of connections answers nothing.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut crowd = Vec::new();
        while let Ok(Ok(stream)) = tokio::time::timeout(
            Duration::from_millis(200),
            tokio::net::TcpStream::connect(address),
        )
        .await
        {
            crowd.push(stream);
        }
        let mut driven = Driven::tcp(ConnectSettings {
            connect_timeout: Duration::from_millis(50),
            ..plain(vec![address.to_string()])
        });
        let reason = driven.connect().await.unwrap_err();
        assert!(
            reason.contains("no answer in 50ms") || reason.contains("timed out"),
            "{reason}"
        );
    });
}
