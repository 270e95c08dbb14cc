//! Serial ports, real, of USB sticks, and pseudo-terminals, as a [`Transport`]; must run inside a `LocalSet` (see `run_local`).
//!
//! Promise: a port is opened by its name each time, so that a stick that was plugged out and in is found again; it is never made the
//! terminal of this process, and no two programs that ask for a lock have it. What can wait in the kernel (open, settings, close) is
//! done on another thread. A port that is gone is `Closed` at the next read. Bound: the kernel's buffers.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use serial2::{CharSize, KeepSettings, Parity, SerialPort, StopBits};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;

use crate::socket::{Socket, Watched};
use crate::transport::{ReadOutcome, Transport, TransportState, WriteOutcome};
use crate::wake::Wake;

/// Who says when the other side may not write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FlowControl {
    /// Nobody: as sticks and short texts have it.
    #[default]
    None,
    /// The wires RTS and CTS.
    RtsCts,
}

/// A port: eight bits, no parity, one stop bit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialSettings {
    /// `/dev/ttyUSB0`, or better a name under `/dev/serial/by-id`, which stays.
    pub path: PathBuf,
    /// Bits a second; sticks take any.
    pub baud: u32,
    /// Flow control.
    pub flow_control: FlowControl,
}

/// Ports that this machine has, by the system's names, sorted.
///
/// # Errors
/// `/sys/class/tty` cannot be read.
pub fn serial_ports() -> std::io::Result<Vec<PathBuf>> {
    let mut ports = SerialPort::available_ports()?;
    ports.sort();
    Ok(ports)
}

/// A serial port that we open.
pub struct SerialTransport {
    settings: SerialSettings,
    shared: Rc<Watched>,
    task: Option<JoinHandle<()>>,
}

impl SerialTransport {
    /// A port that is not opened yet.
    #[must_use]
    pub fn new(settings: SerialSettings, wake: Wake) -> Self {
        Self {
            settings,
            shared: Watched::new(TransportState::Idle, wake),
            task: None,
        }
    }

    fn end(&mut self, state: TransportState) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.shared.close();
        // A new cell for each opening: what an aborted task still holds cannot touch the next one.
        self.shared = Watched::new(state, self.shared.wake().clone());
    }
}

impl Transport for SerialTransport {
    fn connect(&mut self) {
        self.end(TransportState::Connecting);
        let (shared, settings) = (Rc::clone(&self.shared), self.settings.clone());
        self.task = Some(tokio::task::spawn_local(async move {
            let opened = tokio::task::spawn_blocking(move || open(&settings)).await;
            let opened = opened.map_err(|error| error.to_string()).flatten();
            let watched = opened.and_then(|port| {
                #[expect(
                    deprecated,
                    reason = "it is unsound for what gives its descriptor away; a port owns one and never changes it"
                )]
                let watched = AsyncFd::new(port);
                watched.map_err(|error| error.to_string())
            });
            match watched {
                Ok(port) => shared.serve(Socket::Serial(port)).await,
                Err(reason) => shared.fail(reason),
            }
        }));
    }

    fn state(&self) -> TransportState {
        self.shared.state()
    }

    fn read(&mut self, into: &mut [u8]) -> ReadOutcome {
        self.shared.read(into)
    }

    fn read_later(&mut self) {
        self.shared.wake().wake();
    }

    fn write(&mut self, octets: &[u8]) -> WriteOutcome {
        self.shared.write(octets)
    }

    fn close(&mut self) {
        self.end(TransportState::Idle);
    }
}

impl Drop for SerialTransport {
    fn drop(&mut self) {
        self.close();
    }
}

/// An open port. To let go of one can take as long as it takes to write what it still has: that is thrown away, on another thread.
#[derive(Debug)]
pub(crate) struct OpenPort(Arc<File>);

impl OpenPort {
    pub(crate) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(into)
    }

    pub(crate) fn write(&self, octets: &[u8]) -> io::Result<usize> {
        (&*self.0).write(octets)
    }
}

impl AsFd for OpenPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for OpenPort {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        let port = Arc::clone(&self.0);
        let close = move || {
            // A port that is gone has nothing to throw away.
            if let Ok(same) = port.try_clone() {
                let _ = SerialPort::from(OwnedFd::from(same)).discard_output_buffer();
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(close)),
            Err(_) => close(),
        }
    }
}

/// Opens a port and sets it up; the fault is for people.
fn open(settings: &SerialSettings) -> Result<OpenPort, String> {
    let path = settings.path.display();
    let failed = |error: io::Error| format!("cannot open {path}: {error}");
    let port = SerialPort::open(&settings.path, KeepSettings).map_err(failed)?;
    let file = File::from(OwnedFd::from(port));
    // Before anything is set: it may be at work for somebody else.
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(format!(
                "{path} is used by another program, or by another modem of the configuration"
            ));
        }
        Err(TryLockError::Error(error)) => return Err(format!("cannot lock {path}: {error}")),
    }
    let mut port = SerialPort::from(OwnedFd::from(file));
    set_up(&mut port, settings).map_err(|error| format!("cannot set {path} up: {error}"))?;
    // What came while nobody listened is answered to nobody. Pseudo-terminals have no wires.
    let _ = port.discard_buffers();
    let _ = port.set_dtr(true);
    if settings.flow_control == FlowControl::None {
        let _ = port.set_rts(true);
    }
    Ok(OpenPort(Arc::new(File::from(OwnedFd::from(port)))))
}

fn set_up(port: &mut SerialPort, settings: &SerialSettings) -> io::Result<()> {
    let mut wanted = port.get_configuration()?;
    wanted.set_raw();
    wanted.set_baud_rate(settings.baud)?;
    wanted.set_char_size(CharSize::Bits8);
    wanted.set_parity(Parity::None);
    wanted.set_stop_bits(StopBits::One);
    wanted.set_flow_control(match settings.flow_control {
        FlowControl::None => serial2::FlowControl::None,
        FlowControl::RtsCts => serial2::FlowControl::RtsCts,
    });
    port.set_configuration(&wanted)
}
