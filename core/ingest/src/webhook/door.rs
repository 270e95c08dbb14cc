//! Starts, changes and stops the webhooks of all accounts.
//!
//! Promise: an account whose receiver is slow, dead or wrong holds up no other: each has its own requests, connections
//! and pauses. Bound: one thread; requests on their way as each account's `concurrency` says.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use carrack_engine::Engine;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;
use tokio_rustls::rustls::ClientConfig;

use super::client::{Outlets, Receiver, trust};
use super::desk::{Resent, WebhookDesk};
use super::intake::Intake;
use super::letter::Which;
use super::subscriber::{Party, Subscriber, Wish};
use crate::accounts::{Account, AccountBook};

const THREAD: &str = "webhook";
/// Where dead letters lie.
const FOLDER: &str = "webhooks";
/// Subscribers of the engine are told apart by door: this one's numbers begin with "WH".
const NUMBER_FIRST: u64 = 0x5748 << 48;

/// Why the door did not open.
#[derive(Debug, Error)]
#[error("cannot start the thread of webhooks: {0}")]
pub struct WebhookFault(#[from] io::Error);

/// What the door is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSpec {
    /// Folder of the node; dead letters lie in `webhooks/` under it.
    pub data_dir: PathBuf,
    /// How long the engine keeps a message from a handset that nobody takes.
    pub mo_keep: Duration,
    /// How long it keeps the end of a message.
    pub tell_within: Duration,
}

pub(super) enum Order {
    Reload,
    Stop {
        within: Duration,
    },
    Resend {
        account: u32,
        which: Which,
        reply: oneshot::Sender<Resent>,
    },
}

/// The webhooks of all accounts: one thread that posts their events.
pub struct Webhooks {
    orders: mpsc::UnboundedSender<Order>,
    desk: WebhookDesk,
    thread: Option<JoinHandle<()>>,
}

impl Webhooks {
    /// Starts to post for every account of the book that has a webhook.
    ///
    /// # Errors
    /// [`WebhookFault`].
    pub fn start<I: Intake>(
        spec: WebhookSpec,
        intake: I,
        book: Arc<AccountBook>,
    ) -> Result<Self, WebhookFault> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        // Few: one each reload, each call that tells letters again, and one stop.
        let (orders, ordered) = mpsc::unbounded_channel();
        let desk = WebhookDesk::new(orders.clone(), spec.data_dir.join(FOLDER));
        let shown = desk.clone();
        let serve = move || {
            let door = Door::new(spec, intake, book, shown);
            LocalSet::new().block_on(&runtime, door.serve(ordered));
            // A look-up of a name that hangs is not waited for.
            runtime.shutdown_background();
        };
        let thread = Builder::new().name(THREAD.to_owned()).spawn(serve)?;
        Ok(Self {
            orders,
            desk,
            thread: Some(thread),
        })
    }

    /// What people may see of them and ask of them.
    #[must_use]
    pub fn desk(&self) -> WebhookDesk {
        self.desk.clone()
    }

    /// To be called after the book of accounts was loaded anew: webhooks are begun, changed and ended as it says.
    pub fn reload(&self) {
        // A thread that ended has no receiver any more.
        let _ = self.orders.send(Order::Reload);
    }

    /// Begins nothing more, lets what is on its way end within that time, and gives the rest back to the engine, which
    /// has to run still. Blocks until then.
    pub fn stop(mut self, within: Duration) {
        self.end(within);
    }

    fn end(&mut self, within: Duration) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let _ = self.orders.send(Order::Stop { within });
        if thread.join().is_err() {
            tracing::error!("the thread of webhooks has panicked");
        }
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

/// A subscriber at work.
struct Working {
    receiver: Rc<Receiver>,
    again: mpsc::UnboundedSender<(Which, oneshot::Sender<Resent>)>,
    wishes: watch::Sender<Wish>,
}

struct Door<I: Intake> {
    spec: WebhookSpec,
    intake: I,
    book: Arc<AccountBook>,
    desk: WebhookDesk,
    working: HashMap<u32, Working>,
    subscribers: JoinSet<()>,
    next_number: u64,
}

impl<I: Intake> Door<I> {
    fn new(spec: WebhookSpec, intake: I, book: Arc<AccountBook>, desk: WebhookDesk) -> Self {
        Self {
            spec,
            intake,
            book,
            desk,
            working: HashMap::new(),
            subscribers: JoinSet::new(),
            next_number: NUMBER_FIRST,
        }
    }

    async fn serve(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        self.follow();
        let within = loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Reload) => self.follow(),
                    Some(Order::Stop { within }) => break within,
                    Some(Order::Resend { account, which, reply }) => {
                        // Who is not at work drops the reply, and that says so.
                        if let Some(working) = self.working.get(&account) {
                            let _ = working.again.send((which, reply));
                        }
                    }
                    None => break Duration::ZERO,
                },
                Some(_) = self.subscribers.join_next() => {}
            }
        };
        let until = Instant::now() + within;
        for working in self.working.values() {
            working.wishes.send_replace(Wish::End(until));
        }
        while self.subscribers.join_next().await.is_some() {}
    }

    /// Does as the book says.
    fn follow(&mut self) {
        let accounts = self.book.current();
        // Read once, and only if somebody needs it.
        let mut tls = None;
        for account in accounts.iter() {
            self.follow_account(account, &mut tls);
        }
        let has = |number: &u32| {
            let mut all = accounts.iter();
            all.any(|account| account.number == *number && Outlets::of(account).is_some())
        };
        let gone: Vec<u32> = self
            .working
            .keys()
            .copied()
            .filter(|number| !has(number))
            .collect();
        for number in gone {
            if let Some(working) = self.working.remove(&number) {
                let until = Instant::now() + working.receiver.terms().timeout;
                working.wishes.send_replace(Wish::End(until));
            }
        }
    }

    fn follow_account(&mut self, account: &Account, tls: &mut Option<ClientConfig>) {
        let Some(outlets) = Outlets::of(account) else {
            return;
        };
        let working = self.working.get_mut(&account.number);
        if working
            .as_ref()
            .is_some_and(|working| *working.receiver.outlets() == outlets)
        {
            return;
        }
        if tls.is_none() {
            *tls = trust();
        }
        let Some(tls) = tls else {
            return;
        };
        let receiver = Rc::new(Receiver::new(outlets, tls));
        if let Some(working) = working {
            working.receiver = Rc::clone(&receiver);
            working.wishes.send_replace(Wish::Post(receiver));
            return;
        }
        let (wishes, wished) = watch::channel(Wish::Post(Rc::clone(&receiver)));
        let party = Party {
            account: account.number,
            name: account.name.clone(),
            subscriber: self.next_number,
            mo_keep: self.spec.mo_keep,
            tell_within: self.spec.tell_within,
        };
        self.next_number += 1;
        let book = Arc::clone(&self.book);
        let subscriber = Subscriber::new(
            self.intake.clone(),
            book,
            party,
            Rc::clone(&receiver),
            self.desk.clone(),
        );
        // Few: calls that people make.
        let (again, wanted) = mpsc::unbounded_channel();
        self.subscribers.spawn_local(subscriber.run(wished, wanted));
        let working = Working {
            receiver,
            again,
            wishes,
        };
        self.working.insert(account.number, working);
    }
}

/// The engine is an intake.
const _: fn(WebhookSpec, Engine, Arc<AccountBook>) -> Result<Webhooks, WebhookFault> =
    Webhooks::start::<Engine>;
