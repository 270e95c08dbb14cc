//! Modems of a node: the book of their SIMs, a panel each, and links for their pools.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::modem::book::{Layout, MappedPages, SimBook, SimRules, SimView};
use carrack_carrier::modem::{
    BalanceQuestion, Dialect, ModemLink, ModemPanel, ModemParts, ModemSpec, ModemView, Order,
    OrderFault, OrderReply, PortView, SlotLink, SlotParts,
};
use carrack_engine::LinkMaker;
use carrack_ingest::http::{AcquitFault, ModemDesk};
use carrack_runtime::{
    ConnectSettings, FlowControl, SerialSettings, SerialTransport, TcpTransport, Transport, Wake,
};
use carrack_settings::{
    Carrier, CarrierKind, Modem, ModemDialect, ModemPool, ModemPort, ModemPorts, Settings,
};

use super::finder::{BAUD, Finder, FoundPlace, Wanted};
use super::metrics::Modems;
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
    found: Option<FoundPool>,
    programs: Arc<Programs>,
    alerts: Option<(Sender<()>, JoinHandle<()>)>,
}

/// A pool that looks for its modems.
struct FoundPool {
    places: Vec<FoundPlace>,
    finder: Finder,
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
        let mut found = None;
        for carrier in settings.carriers.iter().filter(|carrier| carrier.enabled) {
            let pool = carrier.pool.as_ref();
            if let Some((pool, ports)) = pool.and_then(|pool| Some((pool, pool.ports.as_ref()?))) {
                let places = places(&carrier.name, pool, ports, &mut programs);
                let wanted = Wanted {
                    pool: carrier.name.clone(),
                    ports: ports.clone(),
                    places: places.clone(),
                    named: settings.modem_list.clone(),
                    panels: modems.iter().map(|it| Arc::clone(&it.panel)).collect(),
                };
                found = Some(FoundPool {
                    places,
                    finder: Finder::start(wanted)?,
                });
            }
        }
        Ok(Some(Self {
            alerts: Some(say_alerts(Arc::clone(&book))?),
            book,
            modems,
            found,
            programs: Arc::new(programs),
        }))
    }

    /// What the page of metrics says of them.
    pub(crate) fn measured(&self) -> Modems {
        Modems {
            modems: self.modems(),
            sims: self.sims(),
            book: self.book.counts(),
        }
    }

    /// Where all modems are seen, those of the configuration first; places that never had one are left out.
    fn panels(&self) -> impl Iterator<Item = &Arc<ModemPanel>> {
        let found = self.found.iter().flat_map(|found| &found.places);
        let found = found.filter(|place| place.slot.was_used());
        let found = found.map(|place| &place.panel);
        self.modems.iter().map(|modem| &modem.panel).chain(found)
    }

    /// What SIMs may is as this configuration says from now on.
    pub(crate) fn reload(&self, settings: &Settings) {
        self.book.take_rules(SimRules::from(settings));
        for panel in self.panels() {
            panel.look_again();
        }
    }

    /// Makes the links of a pool, one a modem in their order, then one a place for those that are found; none: no modem of it
    /// is enabled, so that it has no link.
    pub(crate) fn link_maker(&self, pool: &Carrier) -> Option<LinkMaker> {
        let own = |modem: &&Fitted| modem.spec.pool == pool.name;
        let modems: Vec<Fitted> = self.modems.iter().filter(own).cloned().collect();
        let places = self.found.iter().flat_map(|found| &found.places);
        let places = places.filter(|place| place.spec.pool == pool.name);
        let places: Vec<FoundPlace> = places.cloned().collect();
        if modems.is_empty() && places.is_empty() {
            return None;
        }
        let (book, programs) = (Arc::clone(&self.book), Arc::clone(&self.programs));
        Some(Box::new(move |link, wake| {
            let link = link as usize;
            if let Some(modem) = modems.get(link) {
                let parts = ModemParts {
                    desk: Arc::clone(&book) as _,
                    hooks: Arc::clone(&programs) as _,
                    panel: Arc::clone(&modem.panel),
                    transport: modem.transport(wake.clone()),
                    wake,
                };
                return Box::new(ModemLink::new(Arc::clone(&modem.spec), parts));
            }
            let place = link.saturating_sub(modems.len());
            // A link more than there are places is one where nobody ever is.
            let nobody = || FoundPlace::new(ModemSpec::new("", "", ""));
            let place = places.get(place).cloned().unwrap_or_else(nobody);
            let of_line = wake.clone();
            Box::new(SlotLink::new(SlotParts {
                slot: place.slot,
                desk: Arc::clone(&book) as _,
                hooks: Arc::clone(&programs) as _,
                panel: place.panel,
                line: Box::new(move |spec| serial(&spec.port, BAUD, of_line.clone())),
                wake,
            }))
        }))
    }
}

/// The places of a pool that looks for its modems.
fn places(
    name: &str,
    pool: &ModemPool,
    ports: &ModemPorts,
    programs: &mut Programs,
) -> Vec<FoundPlace> {
    let place = |place| {
        let modem = Modem::found_name(name, place);
        let place = FoundPlace::new(spec(name, &modem, pool));
        programs.add_found(&modem, pool, &place.panel);
        place
    };
    (0..usize::from(ports.max)).map(place).collect()
}

impl ModemDesk for Rack {
    fn modems(&self) -> Vec<ModemView> {
        self.panels().map(|panel| panel.view()).collect()
    }

    fn ports(&self) -> Vec<PortView> {
        let found = self.found.as_ref();
        found.map(|found| found.finder.ports()).unwrap_or_default()
    }

    fn sims(&self) -> Vec<SimView> {
        self.book.list(utc_now_ns())
    }

    fn acquit(&self, sim: &str) -> Result<SimView, AcquitFault> {
        let found = match self.book.ending(sim).as_slice() {
            [] => return Err(AcquitFault::Unknown),
            [found] => *found,
            several => return Err(AcquitFault::Several(several.len())),
        };
        self.book.acquit(found);
        let view = self.book.view(found, utc_now_ns());
        let view = view.ok_or(AcquitFault::Unknown)?;
        tracing::info!(
            sim = view.iccid,
            modem = view.modem,
            "somebody holds nothing against a SIM any more"
        );
        for panel in self.panels() {
            panel.look_again();
        }
        Ok(view)
    }

    fn order(
        &self,
        modem: &str,
        order: Order,
        reply: OrderReply,
    ) -> Option<Result<(), OrderFault>> {
        let found = self.panels().find(|panel| panel.is_of(modem))?;
        Some(found.order(order, reply))
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
        let spec = ModemSpec {
            dialect: dialect(modem.dialect),
            port: port.to_string(),
            ..spec(&modem.pool, &modem.name, pool)
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
            ModemPort::Device(path) => serial(path, self.baud, wake),
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

fn serial(path: impl Into<PathBuf>, baud: u32, wake: Wake) -> Box<dyn Transport> {
    let settings = SerialSettings {
        path: path.into(),
        baud,
        flow_control: FlowControl::None,
    };
    Box::new(SerialTransport::new(settings, wake))
}

/// What a pool says of each of its modems.
fn spec(pool: &str, modem: &str, said: &ModemPool) -> ModemSpec {
    let balance = said.balance_ussd.as_ref().map(|code| BalanceQuestion {
        code: code.clone(),
        every_ns: nanoseconds(said.balance_every),
    });
    ModemSpec {
        status_reports: said.status_reports,
        poll_storage_ns: nanoseconds(said.poll_storage),
        signal_every_ns: nanoseconds(said.signal_every),
        retry_ns: nanoseconds(said.retry),
        balance,
        seed: RandomState::new().hash_one(modem),
        ..ModemSpec::new(pool, modem, "")
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
