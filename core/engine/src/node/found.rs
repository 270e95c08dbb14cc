//! What a node finds on its disk: the store, the names, the messages that still live, the epoch to go on in.

use std::path::Path;
use std::sync::Arc;

use carrack_message::record::{FRAME_VERSION, FrameFault, frame_version};
use carrack_queue::{EpochLedger, Names, ScanReport, Store, StoreFault, Turnovers};

use super::crash::{left_over, note_uncertain};
use super::{NodeFault, NodeSpec};
use crate::directory::{AccountEntry, CarrierEntry, Directory};
use crate::limits::Limits;
use crate::recovery::{Recovered, Ways, recover};

/// All of it.
pub(super) struct Found {
    pub(super) store: Arc<Store>,
    pub(super) directory: Directory,
    pub(super) limits: Arc<Limits>,
    pub(super) recovered: Recovered,
    pub(super) ledger: EpochLedger,
    /// What the log says of the money of accounts.
    pub(super) money: Turnovers,
    /// Whether there was a run before this one.
    pub(super) used_before: bool,
}

/// Opens the store, reads the log and writes down what a crash left uncertain.
pub(super) fn find(spec: &NodeSpec) -> Result<Found, NodeFault> {
    make_folder(&spec.data_dir)?;
    let store = Arc::new(Store::open(&spec.data_dir.join("store"))?);
    refuse_old(&store)?;
    let directory = name_all(&store, spec)?;
    let limits = Arc::new(Limits::new(spec.limits.clone()));
    let ways = Ways::new(
        directory.clone(),
        Arc::clone(&spec.table),
        Arc::clone(&limits),
    );
    let mut recovered = recover(&store, &spec.data_dir.join("quarantine"), ways)?;
    let first_epoch = store.first_epoch()?;
    let report = std::mem::take(&mut recovered.report);
    say_what_was_found(&recovered, &report);
    let used_before = report.frames > 0;
    let mut ledger = report.into_ledger(first_epoch);
    let money = ledger.money();
    let left_over = left_over(&spec.data_dir)?;
    note_uncertain(&store, &mut recovered, &left_over, ledger.current())?;
    // The epoch of what was just written belongs to no shard.
    ledger.go_on_in(ledger.current() + 1);
    Ok(Found {
        store,
        directory,
        limits,
        recovered,
        ledger,
        money,
        used_before,
    })
}

/// A log whose records lie otherwise would be put aside frame by frame; it must not be started on at all.
fn refuse_old(store: &Store) -> Result<(), NodeFault> {
    let mut fault = None;
    store.visit_frames(store.first_epoch()?, |_, octets| {
        fault = frame_version(octets).and_then(|version| match version {
            FRAME_VERSION => None,
            newer if newer > FRAME_VERSION => Some(FrameFault::Version(newer)),
            older => Some(FrameFault::OldVersion(older)),
        });
        false
    })?;
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}

fn make_folder(path: &Path) -> Result<(), NodeFault> {
    std::fs::create_dir_all(path).map_err(|source| NodeFault::System {
        what: format!("cannot make {}", path.display()),
        source,
    })
}

fn name_all(store: &Store, spec: &NodeSpec) -> Result<Directory, StoreFault> {
    let mut accounts = Names::load(store, "account")?;
    let mut carriers = Names::load(store, "carrier")?;
    let mut entries = Vec::new();
    for account in &spec.accounts {
        let number = accounts.number(store, "account", &account.name)?;
        entries.push(AccountEntry {
            number,
            name: account.name.clone(),
            waiting: Arc::default(),
            messages_max: account.messages_max,
            share: account.share,
            group: account.group.clone(),
            currency: account.currency,
            terms: account.terms,
            acknowledged_early: account.acknowledged_early,
            balance: Arc::default(),
        });
    }
    let mut carrier_entries = Vec::new();
    for carrier in &spec.carriers {
        let number = carriers.number(store, "carrier", &carrier.name)?;
        carrier_entries.push(CarrierEntry {
            number,
            name: carrier.name.clone(),
        });
    }
    Ok(Directory::new(entries, carrier_entries)
        .with_mo(spec.mo.clone())
        .with_consent(spec.consent.clone())
        .with_quiet(spec.quiet.clone()))
}

fn say_what_was_found(recovered: &Recovered, report: &ScanReport) {
    tracing::info!(
        frames = report.frames,
        octets = report.octets,
        messages = recovered.count(),
        receipts_parked = recovered.early.len(),
        from_handsets = recovered.handsets.open(),
        "the log was read"
    );
    if !report.quarantined.is_empty() || !report.gaps.is_empty() || recovered.unusable > 0 {
        metrics::counter!(carrack_telemetry::names::FRAMES_QUARANTINED)
            .increment(report.quarantined.len() as u64);
        tracing::error!(
            quarantined = report.quarantined.len(),
            gaps = report.gaps.len(),
            unusable = recovered.unusable,
            "parts of the log are missing or cannot be read; `carrack audit` names them"
        );
    }
}
