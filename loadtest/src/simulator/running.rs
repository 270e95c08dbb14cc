//! A simulator inside the caller's process, on the caller's `LocalSet`: for tests and for `smscsim` itself.

use super::server::Server;
use crate::smsc::quirk::mo::Form;
use crate::smsc::{MoText, Quirks, Report, Settings, TakenText};
use crate::wire::TlsFiles;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use tokio::net::TcpListener;

/// What a simulator is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The SMSC.
    pub settings: Settings,
    /// TLS instead of plain text.
    pub tls: Option<TlsFiles>,
}

impl From<Settings> for Setup {
    /// A free port of the loopback interface, in plain text.
    fn from(settings: Settings) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            settings,
            tls: None,
        }
    }
}

/// A simulator that runs until it is dropped together with its `LocalSet`.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    server: Rc<Server>,
}

impl Running {
    /// Starts a simulator on a free port of the loopback interface. Quirks and scenario are in the settings.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        Self::start_with(Setup::from(settings)).await
    }

    /// Starts a simulator.
    ///
    /// # Errors
    /// When the address cannot be listened on, or TLS cannot be set up from its files.
    pub async fn start_with(setup: Setup) -> io::Result<Self> {
        let tls = setup.tls.map(|files| files.load());
        let tls = tls.transpose().map_err(io::Error::other)?;
        let listener = TcpListener::bind(setup.listen).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            address,
            server: Server::start(setup.settings, tls, listener),
        })
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.server.ask(|smsc| smsc.report())
    }

    /// Switches the link down, or up again.
    pub fn toggle_link(&self) {
        self.server.tell(|smsc, _| {
            let is_down = !smsc.is_link_down();
            smsc.set_link_down(is_down);
        });
    }

    /// The last texts that were accepted whole, as a handset would show them; `Settings::texts_kept` says how many.
    #[must_use]
    pub fn texts(&self) -> Vec<TakenText> {
        self.server.ask(|smsc| smsc.texts())
    }

    /// The last messages from handsets with what a reader should show; `Settings::texts_kept` says how many.
    #[must_use]
    pub fn mos(&self) -> Vec<MoText> {
        self.server.ask(|smsc| smsc.mos())
    }

    /// Other quirks from now on; `outbind` only counts at the start.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.server.tell(|smsc, _| smsc.set_quirks(quirks));
    }

    /// Another rate from now on; `None` is unlimited.
    pub fn set_rate(&self, rate: Option<u32>) {
        self.server.tell(|smsc, _| smsc.set_rate(rate));
    }

    /// A handset writes to a bind that receives: in the form given or the next that quirks name, or the text given. False when
    /// no bind receives.
    pub fn write_from_handset(&self, form: Option<Form>, text: Option<&str>) -> bool {
        let write =
            |smsc: &mut crate::smsc::Smsc, now_ns| smsc.write_from_handset(now_ns, form, text);
        self.server.tell(write)
    }
}
