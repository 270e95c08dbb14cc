//! Modems of a node: the book of their SIMs, a panel each, and links for their pools.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::modem::book::{Layout, MappedPages, SimBook, SimRules, SimView};
use carrack_carrier::modem::{
    BalanceQuestion, Dialect, ModemLink, ModemPanel, ModemParts, ModemSpec, ModemView, Order,
    OrderFault, OrderReply,
};
use carrack_engine::LinkMaker;
use carrack_ingest::http::ModemDesk;
use carrack_runtime::{
    ConnectSettings, FlowControl, SerialSettings, SerialTransport, TcpTransport, Transport, Wake,
};
use carrack_settings::{Carrier, CarrierKind, Modem, ModemDialect, ModemPool, ModemPort, Settings};

use super::programs::Programs;
use crate::node::nanoseconds;
use crate::prices::utc_now_ns;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two looks at what the book has to say.
const ALERTS_EVERY: Duration = Duration::from_secs(1);

/// All modems of a node.
pub(crate) struct Rack {
    book: Arc<SimBook>,
    modems: Vec<Fitted>,
    programs: Arc<Programs>,
    alerts: Option<(Sender<()>, JoinHandle<()>)>,
}

/// A modem with what it needs besides its line.
#[derive(Clone)]
struct Fitted {
    spec: Arc<ModemSpec>,
    port: ModemPort,
    baud: u32,
    panel: Arc<ModemPanel>,
}

impl Rack {
    /// The modems of a configuration; none where it has no pool.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let is_pool = |carrier: &Carrier| carrier.kind == CarrierKind::ModemPool;
        if !settings.carriers.iter().any(is_pool) {
            return Ok(None);
        }
        let is_auto =
            |carrier: &&Carrier| carrier.pool.as_ref().is_some_and(|pool| pool.ports_auto);
        if let Some(carrier) = settings.carriers.iter().find(is_auto) {
            anyhow::bail!(
                "carrier {}: ports = \"auto\" is not done in this version; write a [[modem]] for each port",
                carrier.name
            );
        }
        let path = settings.node.data_dir.join("modems").join("sims");
        let pages = MappedPages::open(&path, Layout::from(settings.modems))
            .context("the book of SIMs cannot be opened")?;
        let book = SimBook::open(Box::new(pages), &path, SimRules::from(settings))
            .context("the book of SIMs cannot be read")?;
        let book = Arc::new(book);
        let mut programs = Programs::default();
        let mut modems = Vec::new();
        for modem in settings.modem_list.iter().filter(|modem| modem.enabled) {
            let pool = settings
                .carriers
                .iter()
                .find(|carrier| carrier.name == modem.pool);
            let Some((pool, port)) = pool
                .and_then(|carrier| carrier.pool.as_ref())
                .zip(modem.port.clone())
            else {
                continue;
            };
            programs.add(modem, pool, &port.to_string());
            modems.push(Fitted::new(modem, pool, port));
        }
        Ok(Some(Self {
            alerts: Some(say_alerts(Arc::clone(&book))?),
            book,
            modems,
            programs: Arc::new(programs),
        }))
    }

    /// What SIMs may is as this configuration says from now on.
    pub(crate) fn reload(&self, settings: &Settings) {
        self.book.take_rules(SimRules::from(settings));
        for modem in &self.modems {
            modem.panel.look_again();
        }
    }

    /// Makes the links of a pool, one a modem in their order; none: no modem of it is enabled, so that it has no link.
    pub(crate) fn link_maker(&self, pool: &Carrier) -> Option<LinkMaker> {
        let own = |modem: &&Fitted| modem.spec.pool == pool.name;
        let modems: Vec<Fitted> = self.modems.iter().filter(own).cloned().collect();
        let first = modems.first().cloned()?;
        let (book, programs) = (Arc::clone(&self.book), Arc::clone(&self.programs));
        Some(Box::new(move |link, wake| {
            let modem = modems.get(link as usize).unwrap_or(&first);
            let parts = ModemParts {
                desk: Arc::clone(&book) as _,
                hooks: Arc::clone(&programs) as _,
                panel: Arc::clone(&modem.panel),
                transport: modem.transport(wake.clone()),
                wake,
            };
            Box::new(ModemLink::new(Arc::clone(&modem.spec), parts))
        }))
    }
}

impl ModemDesk for Rack {
    fn modems(&self) -> Vec<ModemView> {
        self.modems.iter().map(|modem| modem.panel.view()).collect()
    }

    fn sims(&self) -> Vec<SimView> {
        self.book.list(utc_now_ns())
    }

    fn order(
        &self,
        modem: &str,
        order: Order,
        reply: OrderReply,
    ) -> Option<Result<(), OrderFault>> {
        let mut modems = self.modems.iter();
        let found = modems.find(|fitted| fitted.spec.name == modem)?;
        Some(found.panel.order(order, reply))
    }
}

impl Drop for Rack {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.alerts.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Fitted {
    fn new(modem: &Modem, pool: &ModemPool, port: ModemPort) -> Self {
        let balance = pool.balance_ussd.as_ref().map(|code| BalanceQuestion {
            code: code.clone(),
            every_ns: nanoseconds(pool.balance_every),
        });
        let spec = ModemSpec {
            dialect: dialect(modem.dialect),
            status_reports: pool.status_reports,
            poll_storage_ns: nanoseconds(pool.poll_storage),
            signal_every_ns: nanoseconds(pool.signal_every),
            retry_ns: nanoseconds(pool.retry),
            balance,
            seed: RandomState::new().hash_one(&modem.name),
            ..ModemSpec::new(&modem.pool, &modem.name, port.to_string())
        };
        Self {
            panel: Arc::new(ModemPanel::new(&modem.pool, &modem.name, &spec.port)),
            spec: Arc::new(spec),
            port,
            baud: modem.baud,
        }
    }

    fn transport(&self, wake: Wake) -> Box<dyn Transport> {
        match &self.port {
            ModemPort::Device(path) => Box::new(SerialTransport::new(
                SerialSettings {
                    path: path.clone(),
                    baud: self.baud,
                    flow_control: FlowControl::None,
                },
                wake,
            )),
            ModemPort::Tcp(address) => Box::new(TcpTransport::new(
                ConnectSettings {
                    addresses: vec![address.to_string()],
                    local_address: None,
                    connect_timeout: CONNECT_TIMEOUT,
                    tls: None,
                },
                wake,
            )),
        }
    }
}

fn dialect(wanted: ModemDialect) -> Option<&'static Dialect> {
    wanted.name().and_then(Dialect::named)
}

/// What the book has to say goes to the log, a second later at most.
fn say_alerts(book: Arc<SimBook>) -> anyhow::Result<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = channel::<()>();
    let watch = move || {
        while stopped.recv_timeout(ALERTS_EVERY) == Err(RecvTimeoutError::Timeout) {
            for alert in book.take_alerts() {
                tracing::error!("{alert}");
            }
        }
    };
    let thread = std::thread::Builder::new().name("sim-alerts".to_owned());
    let thread = thread
        .spawn(watch)
        .context("no thread for alerts of SIMs")?;
    Ok((stop, thread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_that_settings_know_is_one_of_the_drivers() {
        for wanted in [
            ModemDialect::Generic,
            ModemDialect::Sim800,
            ModemDialect::Sim7600,
            ModemDialect::Ec25,
            ModemDialect::Huawei,
            ModemDialect::Telit,
        ] {
            assert!(dialect(wanted).is_some(), "{wanted:?}");
        }
        assert!(dialect(ModemDialect::Auto).is_none());
    }
}
