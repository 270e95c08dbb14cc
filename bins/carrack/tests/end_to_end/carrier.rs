//! A simulated carrier on a thread of its own that can be asked and switched while it runs.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;

use carrack_loadtest::simulator::Running;
use carrack_loadtest::smsc::{Quirks, Report, Settings};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

enum Order {
    Report(mpsc::Sender<Report>),
    Toggle,
}

pub(crate) struct Carrier {
    pub(crate) address: SocketAddr,
    orders: UnboundedSender<Order>,
    thread: Option<JoinHandle<()>>,
}

/// Settings of a carrier with a latency and a delay of receipts, in milliseconds.
pub(crate) fn settings(name: &str, latency_ms: u64, receipt_ms: u64, quirks: &[&str]) -> Settings {
    let mut switched = Quirks::default();
    for quirk in quirks {
        switched.switch_on(quirk).unwrap();
    }
    Settings {
        name: name.to_owned(),
        latency_ns: latency_ms * 1_000_000,
        dlr_delay_ns: receipt_ms * 1_000_000,
        quirks: switched,
        seed: 7,
        ..Settings::default()
    }
}

impl Carrier {
    pub(crate) fn start(settings: Settings) -> Self {
        let (started, starting) = mpsc::channel();
        let (orders, mut inbox) = unbounded_channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let serve = async move {
                let running = Running::start(settings).await.unwrap();
                started.send(running.address).unwrap();
                while let Some(order) = inbox.recv().await {
                    match order {
                        Order::Report(reply) => drop(reply.send(running.report())),
                        Order::Toggle => running.toggle_link(),
                    }
                }
            };
            tokio::task::LocalSet::new().block_on(&runtime, serve);
        });
        Self {
            address: starting.recv().unwrap(),
            orders,
            thread: Some(thread),
        }
    }

    pub(crate) fn report(&self) -> Report {
        let (reply, answer) = mpsc::channel();
        self.orders.send(Order::Report(reply)).ok().unwrap();
        answer.recv().unwrap()
    }

    /// Closes all binds and refuses new ones; or takes them again.
    pub(crate) fn toggle(&self) {
        self.orders.send(Order::Toggle).ok().unwrap();
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let (orders, _) = unbounded_channel();
        self.orders = orders;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
