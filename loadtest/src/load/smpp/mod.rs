//! `smsload smpp`: an ESME with any number of binds, closed or open loop, that waits for its receipts with a bound.
//!
//! All binds run on one thread and share one pace, one tally and one book of receipts. A bind that breaks ends the load with a
//! fault, or connects again when asked to; what it had in flight is counted unanswered, never sent again.

mod bind;
mod book;

use super::pace::OVERDUE_NOTED_MAX;
use super::report::Tally;
use super::timeline::{Counts, Timeline};
use super::watch::{Look, Onlooker, Watch};
use super::{LoadFault, LoadReport, Pace, Texts};
use crate::wire::TlsTrust;
use bind::Esme;
use book::{Book, Found, Settled};
use carrack_message::Sender;
use carrack_message::receipt::ReceiptState;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_rustls::rustls::ClientConfig;

/// Message ids whose receipts are matched, at most.
const IDS_MAX: usize = 50_000_000;

/// How to load.
#[derive(Debug, Clone)]
pub struct Options {
    /// `host:port` of the SMSC.
    pub address: String,
    /// Who we are.
    pub system_id: String,
    /// Our secret.
    pub password: String,
    /// Transceiver binds.
    pub binds: u32,
    /// Submits in flight on each, 1 to 65,536.
    pub window: u32,
    /// Ask for receipts and wait for them.
    pub receipts: bool,
    /// How long to wait after the last answer or receipt for those that are missing.
    pub wait: Duration,
    /// How long to listen on for doubled receipts when all is there.
    pub linger: Duration,
    /// A submit unanswered for so long is given up.
    pub response_timeout: Duration,
    /// Pause before a broken bind connects again; `None`: it does not.
    pub reconnect: Option<Duration>,
    /// TLS instead of plain text.
    pub tls: Option<TlsTrust>,
}

/// What all binds share.
#[derive(Debug)]
struct Shared {
    options: Options,
    texts: Texts,
    sender: Sender,
    pace: RefCell<Pace>,
    tally: RefCell<Tally>,
    book: RefCell<Book>,
    in_flight: Cell<u64>,
    tls: Option<(TlsTrust, Arc<ClientConfig>)>,
    started: Instant,
}

impl Shared {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Notes an accepted message, where receipts are waited for.
    fn note_accepted(&self, message_id: &[u8], scheduled_ns: Option<u64>) {
        if self.options.receipts {
            let is_full = self.book.borrow_mut().accepted(message_id, scheduled_ns);
            if is_full {
                self.settle();
            }
        }
    }

    /// Notes a final receipt.
    fn note_receipt(&self, message_id: &[u8], state: Option<ReceiptState>, now_ns: u64) {
        let is_full = self.book.borrow_mut().receipt(message_id, state, now_ns);
        if is_full {
            self.settle();
        }
    }

    /// Brings the book up to date.
    fn settle(&self) {
        let mut tally = self.tally.borrow_mut();
        self.book.borrow_mut().settle(|settled| {
            let receipt_us = match settled {
                Settled::Receipt(_, Found::Again) => return,
                Settled::Receipt(state, found) => {
                    tally.count_receipt(state);
                    match found {
                        Found::First(receipt_us) => receipt_us,
                        _ => None,
                    }
                }
                Settled::EarlyReceipt(receipt_us) => receipt_us,
            };
            if let Some(receipt_us) = receipt_us {
                tally.receipted(receipt_us);
            }
        });
    }

    fn counts(&self) -> Counts {
        let matched = self.book.borrow().matched();
        let sent = self.pace.borrow().sent();
        self.tally.borrow().counts(sent, matched)
    }

    fn look(&self) -> Look {
        let (counts, in_flight) = (self.counts(), self.in_flight.get());
        let mut tally = self.tally.borrow_mut();
        Look {
            sent: counts.sent,
            in_flight,
            sample: tally.look(self.now_ns(), counts, in_flight),
        }
    }

    /// True when nothing more is sent and nothing more is waited for.
    fn is_finished(&self, now_ns: u64) -> bool {
        if self.in_flight.get() > 0 || !self.pace.borrow().is_done(now_ns) {
            return false;
        }
        let tally = self.tally.borrow();
        let since = |pause: Duration| {
            now_ns.saturating_sub(tally.last_event_ns()) >= crate::duration::nanoseconds(pause)
        };
        if !self.options.receipts {
            return true;
        }
        let is_complete = self.book.borrow().matched() >= tally.report.accepted;
        if is_complete {
            since(self.options.linger)
        } else {
            since(self.options.wait)
        }
    }
}

/// Drives a load to its end. Must be called inside a `LocalSet`.
///
/// # Errors
/// [`LoadFault`] when the first connection or bind fails; later faults are in the report.
pub async fn run(options: Options, texts: Texts, pace: Pace) -> Result<LoadReport, LoadFault> {
    let (report, _) = run_watched(options, texts, pace, Watch::default()).await?;
    Ok(report)
}

/// As [`run`], and looks on; the timeline is empty unless it was asked for.
///
/// # Errors
/// As [`run`].
pub async fn run_watched(
    options: Options,
    texts: Texts,
    pace: Pace,
    watch: Watch,
) -> Result<(LoadReport, Timeline), LoadFault> {
    let sender = Sender::parse(texts.from())
        .map_err(|fault| LoadFault::Usage(format!("--from: {fault}")))?;
    let binds = options.binds.max(1);
    let tls = tls(&options)?;
    let shared = Rc::new(Shared {
        tls,
        options,
        texts,
        sender,
        pace: RefCell::new(pace),
        tally: RefCell::new(Tally::new()?),
        book: RefCell::new(Book::new(IDS_MAX)),
        in_flight: Cell::new(0),
        started: Instant::now(),
    });
    let expected = shared.pace.borrow().expected();
    if let (Some(messages), true) = (expected, shared.options.receipts) {
        shared.book.borrow_mut().expect(messages);
    }
    if watch.is_on() {
        let window = u64::from(binds) * u64::from(shared.options.window);
        shared.tally.borrow_mut().record(shared.now_ns(), window)?;
    }
    let looked_at = Rc::clone(&shared);
    let onlooker = Onlooker::start(watch, expected, move || looked_at.look());
    let first_fault = all_binds(&shared, binds).await?;
    drop(onlooker);
    let (now_ns, counts) = (shared.now_ns(), shared.counts());
    let timeline = shared.tally.borrow_mut().take_timeline(now_ns, counts);
    let sent = shared.pace.borrow().sent();
    match first_fault {
        Some(fault) if sent == 0 => Err(fault),
        fault => finish(&shared, fault).map(|report| (report, timeline)),
    }
}

/// Lets all binds work to their end; the first fault of any.
async fn all_binds(shared: &Rc<Shared>, binds: u32) -> Result<Option<LoadFault>, LoadFault> {
    let tasks: Vec<_> = (0..binds)
        .map(|number| tokio::task::spawn_local(one_bind(Rc::clone(shared), number)))
        .collect();
    let mut first_fault = None;
    for task in tasks {
        let ended = task
            .await
            .map_err(|fault| LoadFault::Usage(format!("a bind's task ended: {fault}")))?;
        if let Err(fault) = ended {
            first_fault.get_or_insert(fault);
        }
    }
    Ok(first_fault)
}

fn tls(options: &Options) -> Result<Option<(TlsTrust, Arc<ClientConfig>)>, LoadFault> {
    let Some(trust) = options.tls.clone() else {
        return Ok(None);
    };
    let config = trust
        .load()
        .map_err(|fault| LoadFault::Usage(fault.to_string()))?;
    Ok(Some((trust, config)))
}

/// The report of a load that has ended.
fn finish(shared: &Shared, first_fault: Option<LoadFault>) -> Result<LoadReport, LoadFault> {
    let pace = shared.pace.borrow();
    let mut tally = std::mem::replace(&mut *shared.tally.borrow_mut(), Tally::new()?);
    let now_ns = shared.now_ns();
    let overdue = pace.overdue(now_ns, OVERDUE_NOTED_MAX, |scheduled_ns| {
        tally.waited(now_ns, scheduled_ns);
        if shared.options.receipts {
            tally.waited_for_receipt(now_ns, scheduled_ns);
        }
    });
    let book = shared.book.borrow();
    for scheduled_us in book.missing_us() {
        tally.waited_for_receipt(now_ns, scheduled_us.saturating_mul(1_000));
    }
    let mut report = tally.finish(pace.started_ns());
    if let Some(fault) = first_fault {
        report.fault.get_or_insert(fault.to_string());
    }
    report.sent = pace.sent();
    report.overdue = overdue;
    report.receipts = book.matched();
    report.receipts_early = book.early();
    report.receipts_duplicate = book.duplicates();
    report.receipts_unmatched = book.unmatched();
    if shared.options.receipts {
        report.receipts_missing = report.accepted.saturating_sub(report.receipts);
    }
    Ok(report)
}

async fn one_bind(shared: Rc<Shared>, number: u32) -> Result<(), LoadFault> {
    let mut esme = Esme::new(&shared, number);
    loop {
        let ended = esme.connection().await;
        esme.disconnected();
        let Err(fault) = ended else { return Ok(()) };
        shared.tally.borrow_mut().report.disconnects += 1;
        let Some(pause) = shared.options.reconnect else {
            return Err(fault);
        };
        if shared.is_finished(shared.now_ns()) {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
    }
}
