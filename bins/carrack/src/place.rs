//! Which configuration and which node a command means when it is told little.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use carrack_settings::{Account, Settings};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::fault::Fault;

/// Where the configuration is looked for.
const PLACES: [&str; 2] = ["carrack.toml", "config/carrack.toml"];

/// The configuration file.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration; default ./carrack.toml or ./config/carrack.toml
    #[arg(long, value_name = "FILE", env = "CARRACK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

impl ConfigArgs {
    /// The file that is meant.
    pub(crate) fn path(&self) -> Result<PathBuf, Fault> {
        if let Some(path) = &self.config {
            return Ok(path.clone());
        }
        PLACES.iter().map(PathBuf::from).find(|path| path.is_file()).ok_or_else(|| {
            Fault::Usage(
                "no configuration: name one with --config FILE or CARRACK_CONFIG, or stand where ./carrack.toml or ./config/carrack.toml is"
                    .to_owned(),
            )
        })
    }

    /// The settings of that file.
    pub(crate) fn settings(&self) -> Result<Settings, Fault> {
        Ok(Settings::load(self.path()?)?)
    }
}

/// A running node and who we are to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeArgs {
    /// Address of the node; default: [http] listen of the configuration
    #[arg(long, value_name = "URL", env = "CARRACK_URL")]
    pub(crate) url: Option<String>,
    /// API key; default: that of the first account of the configuration that has one (of an operator, for carriers,
    /// queue and routes)
    #[arg(long, value_name = "KEY", env = "CARRACK_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// How an answer is shown, and which node gives it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shown {
    /// Prints JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) node: NodeArgs,
}

impl NodeArgs {
    /// A client of the node that is meant.
    pub(crate) fn client(&self) -> Result<Client, Fault> {
        self.client_of(|_| true)
    }

    /// The same for calls that only operators may make.
    pub(crate) fn operator(&self) -> Result<Client, Fault> {
        self.client_of(|account| account.operator)
    }

    fn client_of(&self, preferred: fn(&Account) -> bool) -> Result<Client, Fault> {
        if let (Some(url), Some(key)) = (&self.url, &self.key) {
            return Client::new(url, key);
        }
        let settings = self.config.settings()?;
        let url = match &self.url {
            Some(url) => url.clone(),
            None => url_of(&settings)?,
        };
        let key = match &self.key {
            Some(key) => key.clone(),
            None => key_of(&settings, preferred)?,
        };
        Client::new(&url, &key)
    }
}

/// Of the preferred accounts, else of any: the node then says what is missing.
fn key_of(settings: &Settings, preferred: fn(&Account) -> bool) -> Result<String, Fault> {
    let key_where = |wanted: fn(&Account) -> bool| {
        let mut accounts = settings.accounts.iter().filter(|account| wanted(account));
        accounts.find_map(|account| account.api_key.as_ref())
    };
    let key = key_where(preferred).or_else(|| key_where(|_| true));
    key.map(|key| key.expose().to_owned()).ok_or_else(|| {
        Fault::Usage(
            "no account of the configuration has an api_key; give one, or name --key KEY"
                .to_owned(),
        )
    })
}

fn url_of(settings: &Settings) -> Result<String, Fault> {
    let http = settings.http.as_ref().ok_or_else(|| {
        Fault::Usage("the configuration has no [http]; add it, or name --url URL".to_owned())
    })?;
    let address = match Ready::read(&settings.node.data_dir).and_then(|ready| ready.http) {
        Some(address) if http.listen.port() == 0 => address,
        _ => http.listen,
    };
    let scheme = if http.tls.is_some() { "https" } else { "http" };
    Ok(format!("{scheme}://{}", reachable(address)))
}

/// An address to connect to: who listens everywhere listens here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// `ready.json` in the data folder: written when a node is ready, taken away when it stops.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The process.
    pub(crate) pid: u32,
    /// Where the HTTP door listens.
    pub(crate) http: Option<SocketAddr>,
    /// Where the SMPP door listens.
    pub(crate) smpp: Option<SocketAddr>,
}

impl Ready {
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("ready.json")
    }

    /// What the running node said, if one is there.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        let octets = std::fs::read(Self::path(data_dir)).ok()?;
        serde_json::from_slice(&octets).ok()
    }

    /// Says it: whole or not at all.
    pub(crate) fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        let beside = data_dir.join("ready.json.new");
        std::fs::write(&beside, serde_json::to_vec(self)?)?;
        std::fs::rename(&beside, Self::path(data_dir))
    }

    /// Takes back what a node said.
    pub(crate) fn remove(data_dir: &Path) {
        // It may never have been written.
        let _ = std::fs::remove_file(Self::path(data_dir));
    }
}
