//! A rack on a thread of its own, which can be asked and told things from any other thread.

use super::super::{OrderFault, Report, Taken};
use super::{Running, Setup};
use std::io;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Order = Box<dyn FnOnce(&Running) + Send>;
type Started = (Vec<String>, Option<String>);

/// A rack that runs on its own thread until it is dropped.
#[derive(Debug)]
pub struct Detached {
    /// Where each modem is: the path of its link, or `tcp://ADDRESS`, as a `[[modem]]` has it.
    pub ports: Vec<String>,
    /// Where orders are taken.
    pub control: Option<String>,
    // One order waits for its answer at a time for each asker, so the channel is as long as there are askers.
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Detached {
    /// Starts a rack; its ports are there when this returns.
    ///
    /// # Errors
    /// As [`Running::start`], and when there is no thread for it.
    pub fn start(setup: Setup) -> io::Result<Self> {
        let (started, starting) = mpsc::channel();
        let (orders, inbox) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("modems".into())
            .spawn(move || {
                if let Err(fault) = serve(setup, inbox, &started) {
                    // The starter waits for exactly this, or knows already.
                    let _ = started.send(Err(fault));
                }
            })?;
        let gone = |_| io::Error::other("the rack ended before its ports were there");
        let (ports, control) = starting.recv().map_err(gone)??;
        Ok(Self {
            ports,
            control,
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Asks or tells the rack something; `None` when its thread has ended.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Running) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = mpsc::channel();
        let order: Order = Box::new(move |running| {
            // An asker that is gone needs no answer.
            let _ = reply.send(question(running));
        });
        self.orders.as_ref()?.send(order).ok()?;
        answer.recv().ok()
    }

    /// The counts so far; those of nothing when its thread has ended.
    #[must_use]
    pub fn report(&self) -> Report {
        self.ask(Running::report).unwrap_or_default()
    }

    /// The last segments that the network took.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.ask(Running::taken).unwrap_or_default()
    }

    /// Carries out an order (see [`super::super::Rack::order`]); an ended rack answers nothing.
    ///
    /// # Errors
    /// As there.
    pub fn order(&self, order: &str) -> Result<String, OrderFault> {
        let order = order.to_owned();
        self.ask(move |running| running.order(&order))
            .unwrap_or_else(|| Ok(String::new()))
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the rack has been printed; here it changes nothing.
            let _ = thread.join();
        }
    }
}

fn serve(
    setup: Setup,
    mut inbox: UnboundedReceiver<Order>,
    started: &mpsc::Sender<io::Result<Started>>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let running = Running::start(setup).await?;
        // The starter may have given up; then the inbox is closed, too.
        let _ = started.send(Ok((running.ports.clone(), running.control.clone())));
        while let Some(order) = inbox.recv().await {
            order(&running);
        }
        Ok(())
    })
}
