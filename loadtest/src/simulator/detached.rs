//! A simulator on a thread of its own, which can be asked and told things from any other thread.

use super::{Running, Setup};
use crate::smsc::Report;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Order = Box<dyn FnOnce(&Running) + Send>;

/// A simulator that runs on its own thread until it is dropped.
#[derive(Debug)]
pub struct Detached {
    /// Where it listens.
    pub address: SocketAddr,
    // One order waits for its answer at a time for each asker, so the channel is as long as there are askers.
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Detached {
    /// Starts a simulator; it listens when this returns.
    ///
    /// # Errors
    /// As [`Running::start_with`], and when there is no thread for it.
    pub fn start(setup: impl Into<Setup>) -> io::Result<Self> {
        let setup = setup.into();
        let (started, starting) = mpsc::channel();
        let (orders, inbox) = unbounded_channel();
        let thread = std::thread::Builder::new()
            .name(format!("smsc-{}", setup.settings.name))
            .spawn(move || {
                let ended = serve(setup, inbox, &started);
                if let Err(fault) = ended {
                    // The starter waits for exactly this, or knows already.
                    let _ = started.send(Err(fault));
                }
            })?;
        let gone = |_| io::Error::other("the simulator ended before it listened");
        let address = starting.recv().map_err(gone)??;
        Ok(Self {
            address,
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Asks or tells the simulator something; `None` when its thread has ended.
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
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the simulator has been printed; here it changes nothing.
            let _ = thread.join();
        }
    }
}

fn serve(
    setup: Setup,
    mut inbox: UnboundedReceiver<Order>,
    started: &mpsc::Sender<io::Result<SocketAddr>>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let running = Running::start_with(setup).await?;
        // The starter may have given up; then the inbox is closed, too.
        let _ = started.send(Ok(running.address));
        while let Some(order) = inbox.recv().await {
            order(&running);
        }
        Ok(())
    })
}
