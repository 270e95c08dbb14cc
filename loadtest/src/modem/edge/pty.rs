//! A pseudo terminal as a serial port, with a link to it.

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// Both ends. The slave stays open here, so that a host may come and go as at a serial port.
#[derive(Debug)]
pub(super) struct Pty {
    // What tokio needs of a descriptor that is no socket: that it can be polled. Octets go out by the descriptor itself.
    master: Receiver,
    _slave: OwnedFd,
    link: PathBuf,
}

impl Pty {
    /// A new one behind this link, in place of what was there as a link.
    pub(super) fn open(link: &Path) -> io::Result<Self> {
        let ends = openpty(None, None)?;
        let mut modes = tcgetattr(&ends.slave)?;
        cfmakeraw(&mut modes);
        tcsetattr(&ends.slave, SetArg::TCSANOW, &modes)?;
        let flags = OFlag::from_bits_truncate(fcntl(&ends.master, FcntlArg::F_GETFL)?);
        fcntl(&ends.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        // No child of this process may hold a port that was unplugged.
        for end in [&ends.master, &ends.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let mut beside = link.as_os_str().to_owned();
        beside.push(".new");
        let _ = std::fs::remove_file(&beside);
        std::os::unix::fs::symlink(ttyname(&ends.slave)?, &beside)?;
        std::fs::rename(&beside, link)?;
        Ok(Self {
            master: Receiver::from_owned_fd_unchecked(ends.master)?,
            _slave: ends.slave,
            link: link.to_owned(),
        })
    }

    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.master.read(buffer).await
    }

    /// The end that octets are written to.
    pub(super) fn writer(&self) -> io::Result<OwnedFd> {
        self.master.as_fd().try_clone_to_owned()
    }
}

/// As much as there is room for; 0: none.
pub(super) fn write_now(writer: &OwnedFd, octets: &[u8]) -> io::Result<usize> {
    match nix::unistd::write(writer, octets) {
        Ok(written) => Ok(written),
        Err(nix::errno::Errno::EAGAIN) => Ok(0),
        Err(fault) => Err(fault.into()),
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Somebody else may have taken the name.
        let _ = std::fs::remove_file(&self.link);
    }
}
