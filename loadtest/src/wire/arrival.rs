//! When octets came to this machine, as the kernel noted it, so that a program that was kept from running does not take its own
//! delay for its peer's haste.
//!
//! Promise: the age is that of the last octet read. Bound: one control buffer; reads are short, so this is for carriers of some
//! thousand messages a second. Fails: a socket without stamps gives the age 0.

use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;
use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Octets of one read: fewer than a PDU with a text has, because a read has one stamp, that of its last octet.
const READ_OCTETS: usize = 64;
/// An age above this is a clock that was set.
const AGE_MAX: Duration = Duration::from_millis(500);

/// Reads a socket with the kernel's stamps.
#[derive(Debug)]
pub(super) struct Arrival {
    control: Vec<u8>,
    age: Duration,
}

impl Arrival {
    /// Asks the kernel for stamps of what comes from now on.
    ///
    /// # Errors
    /// As the socket.
    pub(super) fn noted(stream: &TcpStream) -> io::Result<Self> {
        setsockopt(stream, ReceiveTimestampns, &true)?;
        Ok(Self {
            control: nix::cmsg_space!(TimeSpec),
            age: Duration::ZERO,
        })
    }

    /// How long the last octet read had been here.
    pub(super) fn age(&self) -> Duration {
        self.age
    }

    /// Reads once, without waiting.
    ///
    /// # Errors
    /// As the socket; `WouldBlock` where nothing is there.
    pub(super) fn read(&mut self, stream: &TcpStream, inbox: &mut [u8]) -> io::Result<usize> {
        let (control, age) = (&mut self.control, &mut self.age);
        stream.try_io(Interest::READABLE, || {
            let length = inbox.len().min(READ_OCTETS);
            let mut pieces = [IoSliceMut::new(inbox.get_mut(..length).unwrap_or_default())];
            let message = recvmsg::<()>(
                stream.as_raw_fd(),
                &mut pieces,
                Some(control),
                MsgFlags::empty(),
            )?;
            *age = Duration::ZERO;
            for part in message.cmsgs()? {
                if let ControlMessageOwned::ScmTimestampns(at) = part {
                    *age = age_of(at);
                }
            }
            Ok(message.bytes)
        })
    }
}

fn age_of(at: TimeSpec) -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let age = now.saturating_sub(Duration::from(at));
    if age > AGE_MAX { Duration::ZERO } else { age }
}
