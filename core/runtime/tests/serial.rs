//! Serial ports, played by pseudo-terminals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use carrack_runtime::{FlowControl, SerialSettings, SerialTransport, Transport as _};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{Driven, on_a_shard, on_every_shard};

/// The modem's end, and the name of ours.
fn terminal() -> (File, PathBuf) {
    let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&end).unwrap();
    unlockpt(&end).unwrap();
    let name = ptsname(&end, Vec::new()).unwrap().into_string().unwrap();
    (File::from(end), name.into())
}

fn port(path: &Path) -> Driven<SerialTransport> {
    let settings = SerialSettings {
        path: path.to_owned(),
        baud: 115_200,
        flow_control: FlowControl::None,
    };
    Driven::new(|wake| SerialTransport::new(settings, wake))
}

#[test]
fn octets_go_both_ways_as_they_are() {
    on_every_shard(|| async {
        let (mut modem, path) = terminal();
        let mut link = port(&path);
        link.connect().await.unwrap();
        let all: Vec<u8> = (0..=255).collect();
        link.write(&all).await;
        let mut came = vec![0; 256];
        modem.read_exact(&mut came).unwrap();
        // Nothing of a terminal is left: no echo, no line ends of its own, no signals.
        assert_eq!(came, all);
        modem.write_all(&all).unwrap();
        assert_eq!(link.read(256).await.unwrap(), all);
    });
}

#[test]
fn port_that_is_gone_is_closed_and_found_again_under_its_name() {
    on_a_shard(|| async {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("modem");
        let (modem, path) = terminal();
        symlink(&path, &name).unwrap();
        let mut link = port(&name);
        link.connect().await.unwrap();
        drop(modem);
        assert!(link.read(1).await.is_err());
        let (mut modem, path) = terminal();
        std::fs::remove_file(&name).unwrap();
        symlink(&path, &name).unwrap();
        link.connect().await.unwrap();
        modem.write_all(b"OK").unwrap();
        assert_eq!(link.read(2).await.unwrap(), b"OK");
    });
}

#[test]
fn port_that_is_not_there_is_named() {
    on_a_shard(|| async {
        let reason = port(Path::new("/dev/no-such-modem")).connect().await;
        let reason = reason.unwrap_err();
        assert!(reason.contains("/dev/no-such-modem"), "{reason}");
        // A file is no port.
        let file = tempfile::NamedTempFile::new().unwrap();
        let reason = port(file.path()).connect().await.unwrap_err();
        assert!(reason.contains("cannot open"), "{reason}");
    });
}

#[test]
fn port_has_one_user_until_it_is_let_go() {
    on_a_shard(|| async {
        let (_modem, path) = terminal();
        let (mut one, mut other) = (port(&path), port(&path));
        one.connect().await.unwrap();
        let reason = other.connect().await.unwrap_err();
        assert!(reason.contains("is used by another program"), "{reason}");
        one.transport.close();
        // It is let go on another thread: soon.
        while other.connect().await.is_err() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn port_that_takes_no_more_is_written_when_it_does() {
    on_a_shard(|| async {
        let (mut modem, path) = terminal();
        let mut link = port(&path);
        link.connect().await.unwrap();
        let much = vec![b'x'; 100_000];
        let reader = std::thread::spawn(move || {
            let mut came = vec![0; 100_000];
            modem.read_exact(&mut came).unwrap();
            (modem, came)
        });
        link.write(&much).await;
        let (_modem, came) = reader.join().unwrap();
        assert_eq!(came, much);
    });
}
