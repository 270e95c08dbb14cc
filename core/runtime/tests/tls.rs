//! TLS on real sockets (trap T47): what is good connects, what is not says why and never hangs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use carrack_runtime::{ConnectSettings, TlsFiles, TlsSource};
use rcgen::date_time_ymd;
use support::{Authority, Certified, Driven, Files, on_a_shard, on_every_shard, plain, server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

const NAME: &str = "localhost";

/// A server that gives back what it reads; its port.
async fn echo(config: Arc<ServerConfig>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::task::spawn_local(async move {
        let acceptor = TlsAcceptor::from(config);
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::task::spawn_local(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut buffer = vec![0; 64 << 10];
                while let Ok(octets @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..octets]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

fn settings(port: u16, tls: TlsFiles) -> ConnectSettings {
    secured(port, Arc::new(tls))
}

fn secured(port: u16, tls: Arc<dyn TlsSource>) -> ConnectSettings {
    ConnectSettings {
        tls: Some(tls),
        ..plain(vec![format!("127.0.0.1:{port}")])
    }
}

/// Connects to a server with this certificate, trusting `trusted`; gives the reason of a failure.
async fn reason(certified: &Certified, trusted: &Authority) -> String {
    let files = Files::new();
    let ca = files.write("ca.pem", &trusted.pem);
    let port = echo(server(certified, None)).await;
    let tls = TlsFiles::new(Some(ca), Some(NAME.to_owned()), None);
    let mut driven = Driven::tcp(settings(port, tls));
    driven.connect().await.unwrap_err()
}

#[test]
fn t47_good_certificate_carries_octets_both_ways() {
    on_every_shard(|| async {
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let port = echo(server(&authority.certify(&[NAME], |_| ()), None)).await;
        let ca = files.write("ca.pem", &authority.pem);
        let tls = TlsFiles::new(Some(ca), Some(NAME.to_owned()), None);
        let mut driven = Driven::tcp(settings(port, tls));
        driven.connect().await.unwrap();
        driven.write(b"bind").await;
        assert_eq!(driven.read(4).await.unwrap(), b"bind");
    });
}

#[test]
fn t47_self_signed_certificate_is_taken_where_it_is_named_and_only_there() {
    on_a_shard(|| async {
        // As the usual tools make it: an authority, for another name.
        let own = Authority::new("smsc");
        let certified = own.itself();
        let files = Files::new();
        let port = echo(server(&certified, None)).await;
        let ca = files.write("ca.pem", &own.pem);
        let tls = TlsFiles::new(Some(ca), Some(NAME.to_owned()), None);
        let mut driven = Driven::tcp(settings(port, tls));
        driven.connect().await.unwrap();
        driven.write(b"bind").await;
        assert_eq!(driven.read(4).await.unwrap(), b"bind");
        let reason = reason(&certified, &Authority::new("smsc")).await;
        assert!(reason.contains("the certificate of localhost"), "{reason}");
    });
}

#[test]
fn t47_self_signed_certificate_that_has_expired_is_not_taken() {
    on_a_shard(|| async {
        let own = Authority::of("smsc", |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        });
        let reason = reason(&own.itself(), &own).await;
        assert!(reason.contains("has expired"), "{reason}");
    });
}

#[test]
fn t47_more_than_every_buffer_arrives_whole_and_in_order() {
    on_a_shard(|| async {
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let certified = authority.certify(&[NAME], |_| ());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(server(&certified, None));
        let sent: Vec<u8> = (0..8_000_000_u32)
            .map(|place| (place % 251) as u8)
            .collect();
        let expected = sent.clone();
        let reader = tokio::task::spawn_local(async move {
            let mut stream = acceptor
                .accept(listener.accept().await.unwrap().0)
                .await
                .unwrap();
            let mut octets = vec![0; expected.len()];
            stream.read_exact(&mut octets).await.unwrap();
            assert!(octets == expected);
            stream.write_all(&octets).await.unwrap();
            stream.flush().await.unwrap();
            stream
        });
        let ca = files.write("ca.pem", &authority.pem);
        let tls = TlsFiles::new(Some(ca), Some(NAME.to_owned()), None);
        let mut driven = Driven::tcp(settings(port, tls));
        driven.connect().await.unwrap();
        driven.write(&sent).await;
        // What the cipher held back goes without another write.
        let back = driven.read(sent.len()).await.unwrap();
        assert!(back == sent);
        drop(reader.await.unwrap());
    });
}

#[test]
fn t47_unknown_authority_is_named() {
    on_a_shard(|| async {
        let certified = Authority::new("Carrier CA").certify(&[NAME], |_| ());
        let reason = reason(&certified, &Authority::new("Another CA")).await;
        assert!(
            reason.contains("not trusted") && reason.contains("`ca`"),
            "{reason}"
        );
    });
}

#[test]
fn t47_expired_certificate_is_named() {
    on_a_shard(|| async {
        let authority = Authority::new("Carrier CA");
        let certified = authority.certify(&[NAME], |params| {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        });
        let reason = reason(&certified, &authority).await;
        assert!(reason.contains("has expired"), "{reason}");
    });
}

#[test]
fn t47_certificate_of_the_future_is_named() {
    on_a_shard(|| async {
        let authority = Authority::new("Carrier CA");
        let certified = authority.certify(&[NAME], |params| {
            params.not_before = date_time_ymd(2999, 1, 1);
            params.not_after = date_time_ymd(3000, 1, 1);
        });
        let reason = reason(&certified, &authority).await;
        assert!(reason.contains("not valid yet"), "{reason}");
    });
}

#[test]
fn t47_wrong_name_is_named_with_its_cure() {
    on_a_shard(|| async {
        let authority = Authority::new("Carrier CA");
        let certified = authority.certify(&["smsc.example.com"], |_| ());
        let reason = reason(&certified, &authority).await;
        assert!(
            reason.contains("not for localhost") && reason.contains("server_name"),
            "{reason}"
        );
    });
}

#[test]
fn t47_host_of_the_address_is_the_name_where_none_is_given() {
    on_a_shard(|| async {
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let port = echo(server(&authority.certify(&["127.0.0.1"], |_| ()), None)).await;
        let ca = files.write("ca.pem", &authority.pem);
        let mut driven = Driven::tcp(settings(port, TlsFiles::new(Some(ca), None, None)));
        driven.connect().await.unwrap();
    });
}

#[test]
fn t47_name_goes_out_as_sni() {
    on_a_shard(|| async {
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let config = server(&authority.certify(&["smsc.example.com"], |_| ()), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = tokio::task::spawn_local(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = TlsAcceptor::from(config).accept(stream).await.unwrap();
            stream.get_ref().1.server_name().map(str::to_owned)
        });
        let ca = files.write("ca.pem", &authority.pem);
        let tls = TlsFiles::new(Some(ca), Some("smsc.example.com".to_owned()), None);
        let mut driven = Driven::tcp(settings(port, tls));
        driven.connect().await.unwrap();
        assert_eq!(seen.await.unwrap().as_deref(), Some("smsc.example.com"));
    });
}

#[test]
fn t47_client_certificate_is_shown() {
    on_a_shard(|| async {
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let customers = Authority::new("Customers CA");
        let config = server(&authority.certify(&[NAME], |_| ()), Some(&customers));
        let port = echo(config).await;
        let ca = files.write("ca.pem", &authority.pem);
        let own = customers.certify(&["carrack"], |_| ());
        let (cert, key) = (
            files.write("own.pem", &own.chain),
            files.write("own.key", &own.key),
        );
        let tls = TlsFiles::new(Some(ca.clone()), Some(NAME.to_owned()), Some((cert, key)));
        let mut driven = Driven::tcp(settings(port, tls));
        driven.connect().await.unwrap();
        driven.write(b"bind").await;
        assert_eq!(driven.read(4).await.unwrap(), b"bind");

        // Without one the refusal may come behind the handshake (TLS 1.3): at the latest at the first read.
        let tls = TlsFiles::new(Some(ca), Some(NAME.to_owned()), None);
        let mut driven = Driven::tcp(settings(port, tls));
        let reason = match driven.connect().await {
            Err(reason) => reason,
            Ok(()) => driven.read(1).await.unwrap_err(),
        };
        assert!(reason.contains("wants a client certificate"), "{reason}");
    });
}

#[test]
fn t47_tls_to_a_port_that_speaks_plain_smpp_says_so() {
    on_a_shard(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // An SMSC reads the hello as an absurd length: generic_nack, ESME_RINVCMDLEN.
            let nack = [0, 0, 0, 16, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
            stream.write_all(&nack).await.unwrap();
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        });
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let ca = files.write("ca.pem", &authority.pem);
        let tls = TlsFiles::new(Some(ca), None, None);
        let reason = Driven::tcp(settings(port, tls))
            .connect()
            .await
            .unwrap_err();
        assert!(reason.contains("does not speak TLS"), "{reason}");
    });
}

#[test]
fn t47_port_that_closes_during_the_handshake_says_so() {
    on_a_shard(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = [0; 5];
            stream.read_exact(&mut hello).await.unwrap();
        });
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let ca = files.write("ca.pem", &authority.pem);
        let tls = TlsFiles::new(Some(ca), None, None);
        let reason = Driven::tcp(settings(port, tls))
            .connect()
            .await
            .unwrap_err();
        assert!(
            reason.contains("closed during the TLS handshake"),
            "{reason}"
        );
    });
}

#[test]
fn t47_port_that_says_nothing_ends_by_the_connect_time_out() {
    on_a_shard(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (authority, files) = (Authority::new("Carrier CA"), Files::new());
        let ca = files.write("ca.pem", &authority.pem);
        let settings = ConnectSettings {
            connect_timeout: Duration::from_millis(50),
            ..settings(port, TlsFiles::new(Some(ca), None, None))
        };
        let reason = Driven::tcp(settings).connect().await.unwrap_err();
        assert!(reason.contains("did not end in 50ms"), "{reason}");
        drop(listener);
    });
}

#[test]
fn t47_changed_files_serve_new_connections_and_old_ones_live_on() {
    on_a_shard(|| async {
        let files = Files::new();
        let (old, new) = (Authority::new("Old CA"), Authority::new("New CA"));
        let old_port = echo(server(&old.certify(&[NAME], |_| ()), None)).await;
        let new_port = echo(server(&new.certify(&[NAME], |_| ()), None)).await;
        let ca = files.write("ca.pem", &old.pem);
        let tls: Arc<dyn TlsSource> =
            Arc::new(TlsFiles::new(Some(ca), Some(NAME.to_owned()), None));
        let mut live = Driven::tcp(secured(old_port, Arc::clone(&tls)));
        live.connect().await.unwrap();
        let mut next = Driven::tcp(secured(new_port, Arc::clone(&tls)));
        assert!(next.connect().await.unwrap_err().contains("not trusted"));

        files.write("ca.pem", &new.pem);
        next.connect().await.unwrap();
        live.write(b"still here").await;
        assert_eq!(live.read(10).await.unwrap(), b"still here");

        // A file that is cut in the middle of a change does not replace the one before.
        files.write("ca.pem", "-----BEGIN CERTIFICATE-----\nMII");
        next.connect().await.unwrap();
    });
}

#[test]
fn missing_file_is_named() {
    on_a_shard(|| async {
        let files = Files::new();
        let tls = TlsFiles::new(Some(files.path("none.pem")), Some(NAME.to_owned()), None);
        let port = echo(server(&Authority::new("A").certify(&[NAME], |_| ()), None)).await;
        let reason = Driven::tcp(settings(port, tls))
            .connect()
            .await
            .unwrap_err();
        assert!(reason.contains("none.pem cannot be read"), "{reason}");
    });
}
