//! Looks for modems at serial ports, on a thread of its own: lists ports, asks who is there, and says who takes which place.
//!
//! Promise: what is looked for, and what follows, `carrack_carrier::modem::Search` decides; here is its eyes and hands. Bound: one look
//! each `every`; all ports that are to be asked are asked at once, each within its bound. An end waits for no port.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::modem::{
    Interview, Interviewed, ModemPanel, ModemSlot, ModemSpec, PortView, Search, SearchChange,
    SeenPort, Spoken,
};
use carrack_runtime::{
    Clock, FlowControl, Io, SerialSettings, SerialTransport, SystemClock, Wake, run_local,
};
use carrack_settings::{Modem, ModemPorts};
use carrack_telemetry::names;

use super::ports;
use crate::node::nanoseconds;

/// USB modems do not mind; others are set to it, or have a `[[modem]]`.
pub(super) const BAUD: u32 = 115_200;

/// Ports that were asked are closed by then: closing one can take a moment, and until then it is nobody else's.
const LET_GO: Duration = Duration::from_millis(250);

/// A place of the pool.
#[derive(Clone)]
pub(super) struct FoundPlace {
    /// What is said of any modem there, but for its port.
    pub(super) spec: ModemSpec,
    pub(super) slot: Arc<ModemSlot>,
    pub(super) panel: Arc<ModemPanel>,
}

impl FoundPlace {
    /// Where nobody is yet.
    pub(super) fn new(spec: ModemSpec) -> Self {
        let slot = ModemSlot::default();
        slot.vacate("no modem was found for it yet");
        Self {
            panel: Arc::new(ModemPanel::new(&spec.pool, &spec.name, "")),
            slot: Arc::new(slot),
            spec,
        }
    }
}

/// What it looks for.
pub(super) struct Wanted {
    pub(super) pool: String,
    pub(super) ports: ModemPorts,
    pub(super) places: Vec<FoundPlace>,
    /// Those of the configuration, which are left alone, whether they are used or not.
    pub(super) named: Vec<Modem>,
    /// Where these that are used are seen.
    pub(super) panels: Vec<Arc<ModemPanel>>,
}

/// The thread.
pub(super) struct Finder {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    wake: Wake,
    is_ending: AtomicBool,
    ports: Mutex<Vec<PortView>>,
}

impl Finder {
    pub(super) fn start(wanted: Wanted) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("modem-finder".to_owned());
        let thread = thread.spawn(move || {
            let look = Look::new(wanted, of_thread);
            if let Err(fault) = run_local(Io::Epoll, "modem-finder", |_| look.run()) {
                tracing::error!("no modem is looked for: {fault}");
            }
        });
        Ok(Self {
            shared,
            thread: Some(thread.context("no thread that looks for modems")?),
        })
    }

    /// What came of each port at the last look.
    pub(super) fn ports(&self) -> Vec<PortView> {
        let ports = self.shared.ports.lock();
        ports.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Release);
        self.shared.wake.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Look {
    wanted: Wanted,
    shared: Arc<Shared>,
    search: Search,
    clock: SystemClock,
}

impl Look {
    fn new(wanted: Wanted, shared: Arc<Shared>) -> Self {
        Self {
            search: Search::new(wanted.places.len()),
            wanted,
            shared,
            clock: SystemClock::default(),
        }
    }

    async fn run(mut self) {
        while !self.is_ending() {
            let seen = ports::seen(&self.wanted.ports.patterns);
            let due = self.search.look(&seen, &self.spoken());
            if !due.is_empty() {
                self.ask(due).await;
                self.rest(LET_GO).await;
            }
            // Modems of the configuration may have told who they are meanwhile.
            for change in self.search.decide(&self.spoken()) {
                self.take(change);
            }
            self.show();
            self.rest(self.wanted.ports.every).await;
        }
    }

    /// Does nothing for so long, or until it ends.
    async fn rest(&self, time: Duration) {
        let until_ns = self.clock.now().mono_ns + nanoseconds(time);
        while !self.is_ending() && self.clock.now().mono_ns < until_ns {
            self.wait_until(until_ns).await;
        }
    }

    fn is_ending(&self) -> bool {
        self.shared.is_ending.load(Ordering::Acquire)
    }

    async fn wait_until(&self, mono_ns: u64) {
        let left = mono_ns.saturating_sub(self.clock.now().mono_ns);
        let woken = self.shared.wake.woken();
        let _ = tokio::time::timeout(Duration::from_nanos(left), woken).await;
        self.shared.wake.clear();
    }

    fn spoken(&self) -> Spoken {
        let mut spoken = Spoken::default();
        for (device, body) in self.wanted.named.iter().filter_map(ports::named) {
            spoken.devices.insert(device);
            spoken.bodies.extend(body);
        }
        let imeis = self.wanted.panels.iter().map(|panel| panel.view().imei);
        spoken.imeis = imeis.filter(|imei| !imei.is_empty()).collect();
        spoken
    }

    async fn ask(&mut self, due: Vec<SeenPort>) {
        let answer_ns = nanoseconds(self.wanted.ports.answer);
        let begin = |port: SeenPort| {
            let settings = SerialSettings {
                path: port.name.clone().into(),
                baud: BAUD,
                flow_control: FlowControl::None,
            };
            let transport = Box::new(SerialTransport::new(settings, self.shared.wake.clone()));
            let interview = Interview::begin(self.clock.now(), transport, answer_ns);
            (port, interview)
        };
        let mut under_way: Vec<(SeenPort, Interview)> = due.into_iter().map(begin).collect();
        while !under_way.is_empty() && !self.is_ending() {
            let now = self.clock.now();
            let mut answers = Vec::new();
            under_way.retain_mut(|(port, interview)| {
                let found = interview.poll(now);
                let is_over = found.is_some();
                answers.extend(found.map(|found| (port.clone(), found)));
                !is_over
            });
            for (port, found) in answers {
                self.told(&port, found);
            }
            let deadlines = under_way
                .iter()
                .map(|(_, interview)| interview.deadline_ns());
            if let Some(next_ns) = deadlines.min() {
                self.wait_until(next_ns).await;
            }
        }
    }

    fn told(&mut self, port: &SeenPort, found: Result<Interviewed, String>) {
        let pool = &self.wanted.pool;
        let outcome = if found.is_ok() { "modem" } else { "nobody" };
        metrics::counter!(names::MODEM_PORTS_ASKED, "pool" => pool.clone(), "outcome" => outcome)
            .increment(1);
        match &found {
            Ok(found) => tracing::info!(
                pool,
                port = port.name,
                maker = found.maker,
                model = found.model,
                imei = found.imei,
                "a modem is at a serial port"
            ),
            Err(reason) => {
                tracing::info!(
                    pool,
                    port = port.name,
                    reason,
                    "no modem is at a serial port"
                );
            }
        }
        self.search.told(port, found);
    }

    fn take(&self, change: SearchChange) {
        let pool = &self.wanted.pool;
        let (place, what) = match &change {
            SearchChange::Fit { place, .. } => (*place, "found"),
            SearchChange::Vacate { place, .. } => (*place, "gone"),
        };
        metrics::counter!(names::MODEMS_FOUND, "pool" => pool.clone(), "change" => what)
            .increment(1);
        let Some(there) = self.wanted.places.get(place) else {
            return;
        };
        let modem = &there.spec.name;
        match change {
            SearchChange::Fit { port, found, .. } => {
                tracing::info!(
                    pool,
                    modem,
                    port,
                    imei = found.imei,
                    "a modem takes a place"
                );
                let spec = ModemSpec {
                    port,
                    ..there.spec.clone()
                };
                there.slot.fit(Arc::new(spec));
            }
            SearchChange::Vacate { reason, .. } => {
                tracing::warn!(pool, modem, reason, "a modem left its place");
                there.slot.vacate(reason);
            }
        }
    }

    fn show(&self) {
        let without_place = self.search.without_place() as f64;
        metrics::gauge!(names::MODEMS_WITHOUT_PLACE, "pool" => self.wanted.pool.clone())
            .set(without_place);
        let name = |place| Modem::found_name(&self.wanted.pool, place);
        let ports = self.search.ports(name);
        let shown = self.shared.ports.lock();
        *shown.unwrap_or_else(PoisonError::into_inner) = ports;
    }
}
