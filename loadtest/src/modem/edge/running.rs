//! A rack inside the caller's process, on the caller's `LocalSet`.

use super::super::{OrderFault, Rack, Report, Settings, Taken};
use super::control::{self, Control};
use super::port;
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Where the modems are to be had.
#[derive(Debug, Clone)]
pub enum Ports {
    /// Ptys, with a link `modem-N` to each in this folder, which is made where it is not there.
    Folder(PathBuf),
    /// A TCP port each: free ones where the port is 0, else this one and those after it.
    Tcp(SocketAddr),
}

/// What a rack is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the modems are.
    pub ports: Ports,
    /// The rack. `utc_base_s` 0 is taken for now.
    pub settings: Settings,
    /// So many simulated seconds pass in one: 60 makes a minute of a second.
    pub time_scale: f64,
    /// Where orders are taken.
    pub control: Option<Control>,
}

impl Setup {
    /// Modems on free TCP ports of the loopback interface, at the speed of the clock.
    #[must_use]
    pub fn tcp(settings: Settings) -> Self {
        Self {
            ports: Ports::Tcp(SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0))),
            settings,
            time_scale: 1.0,
            control: None,
        }
    }

    /// Modems on ptys, with links in this folder.
    #[must_use]
    pub fn folder(folder: impl Into<PathBuf>, settings: Settings) -> Self {
        Self {
            ports: Ports::Folder(folder.into()),
            ..Self::tcp(settings)
        }
    }

    /// With another time scale.
    #[must_use]
    pub fn time_scale(self, time_scale: f64) -> Self {
        Self { time_scale, ..self }
    }
}

/// The rack, its clock, and who has to be woken.
#[derive(Debug)]
pub(super) struct Shared {
    rack: RefCell<Rack>,
    started: Instant,
    time_scale: f64,
    wakers: Vec<Notify>,
    timer: Notify,
    armed_ns: Cell<u64>,
    dirty: RefCell<Vec<usize>>,
}

impl Shared {
    /// Simulated nanoseconds since the start.
    pub(super) fn now_ns(&self) -> u64 {
        (self.started.elapsed().as_nanos() as f64 * self.time_scale) as u64
    }

    fn real(&self, simulated_ns: u64) -> Instant {
        // A year is as good as never, and no clock overflows.
        let real_ns = (simulated_ns as f64 / self.time_scale).min(365.0 * 86_400e9);
        self.started + Duration::from_nanos(real_ns as u64)
    }

    pub(super) fn ask<T>(&self, question: impl FnOnce(&Rack) -> T) -> T {
        question(&self.rack.borrow())
    }

    /// Tells the rack something, and wakes whom it concerns.
    pub(super) fn tell<T>(&self, order: impl FnOnce(&mut Rack, u64) -> T) -> T {
        let told = order(&mut self.rack.borrow_mut(), self.now_ns());
        self.wake();
        told
    }

    /// For one port alone: its own octets.
    pub(super) fn output<T>(
        &self,
        modem: usize,
        take: impl FnOnce(&mut Vec<u8>) -> T,
    ) -> Option<T> {
        self.rack.borrow_mut().output(modem).map(take)
    }

    pub(super) async fn woken(&self, modem: usize) {
        match self.wakers.get(modem) {
            Some(waker) => waker.notified().await,
            None => std::future::pending().await,
        }
    }

    fn wake(&self) {
        let mut dirty = self.dirty.borrow_mut();
        let mut rack = self.rack.borrow_mut();
        rack.take_dirty(&mut dirty);
        for modem in dirty.drain(..) {
            if let Some(waker) = self.wakers.get(modem) {
                waker.notify_one();
            }
        }
        if rack
            .next_deadline_ns()
            .is_some_and(|due_ns| due_ns < self.armed_ns.get())
        {
            self.timer.notify_one();
        }
    }

    async fn keep_time(self: Rc<Self>) {
        loop {
            let due_ns = self.ask(Rack::next_deadline_ns);
            self.armed_ns.set(due_ns.unwrap_or(u64::MAX));
            match due_ns {
                None => self.timer.notified().await,
                Some(due_ns) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(self.real(due_ns)) => {}
                        () = self.timer.notified() => {}
                    }
                }
            }
            self.tell(Rack::tick);
        }
    }
}

/// A rack that runs until it is dropped together with its `LocalSet`.
#[derive(Debug)]
pub struct Running {
    /// Where each modem is: the path of its link, or `tcp://ADDRESS`, as a `[[modem]]` has it.
    pub ports: Vec<String>,
    /// Where orders are taken.
    pub control: Option<String>,
    shared: Rc<Shared>,
}

impl Running {
    /// Starts a rack; its ports are there when this returns.
    ///
    /// # Errors
    /// When a port or the control socket cannot be had.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let mut settings = setup.settings;
        if settings.utc_base_s == 0 {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            settings.utc_base_s = now.map_or(0, |since| since.as_secs());
        }
        let rack = Rack::new(settings);
        let shared = Rc::new(Shared {
            wakers: (0..rack.modems()).map(|_| Notify::new()).collect(),
            rack: RefCell::new(rack),
            started: Instant::now(),
            time_scale: setup.time_scale.max(0.001),
            timer: Notify::new(),
            armed_ns: Cell::new(0),
            dirty: RefCell::default(),
        });
        let ports = port::open_all(&shared, &setup.ports).await?;
        let control = match setup.control {
            Some(control) => Some(control::listen(&shared, control).await?),
            None => None,
        };
        tokio::task::spawn_local(Rc::clone(&shared).keep_time());
        Ok(Self {
            ports,
            control,
            shared,
        })
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.shared.tell(|rack, now_ns| {
            rack.tick(now_ns);
            rack.report(now_ns)
        })
    }

    /// Carries out an order (see [`super::super::Rack::order`]).
    ///
    /// # Errors
    /// As there.
    pub fn order(&self, order: &str) -> Result<String, OrderFault> {
        self.shared.tell(|rack, now_ns| rack.order(now_ns, order))
    }

    /// The last segments that the network took; `Settings::taken_kept` says how many.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.ask(Rack::taken)
    }

    /// Asks the rack anything.
    pub fn ask<T>(&self, question: impl FnOnce(&Rack) -> T) -> T {
        self.shared.ask(question)
    }
}
