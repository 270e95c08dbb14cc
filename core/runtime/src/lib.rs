//! What the pure rooms are given from outside: threads, ring or epoll, clock, mailboxes, sockets.
//!
//! Promise: the engine sees time, bytes and mail only through the types here, so that a simulation can bring its own.
//! Bound: mailboxes and sockets' buffers are bounded by their users. A refused ring is no failure: epoll serves, said
//! once in the log with the remedy.

mod accept;
mod backend;
mod clock;
mod connect;
mod mailbox;
mod serial;
mod socket;
mod tcp;
mod tls;
mod transport;
mod wake;

pub use accept::{AcceptSettings, AcceptTransport};
pub use backend::{Backend, Io, RuntimeFault, pin_thread, run_local};
pub use clock::{Clock, Now, SystemClock};
pub use connect::ConnectSettings;
pub use mailbox::{Mailbox, MailboxFull, MailboxSender, mailbox};
pub use serial::{FlowControl, SerialSettings, SerialTransport, serial_ports};
pub use tcp::TcpTransport;
pub use tls::{TlsClient, TlsFault, TlsFiles, TlsSource};
pub use transport::{ReadOutcome, Transport, TransportState, WriteOutcome};
pub use wake::Wake;
