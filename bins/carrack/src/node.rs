//! From the configuration to a node: what the engine, its committer and its links are set to.

use std::sync::Arc;
use std::time::Duration;

use carrack_engine::{
    AccountQueue, CarrierSpec, CdrCurrencies, CdrFormat, CdrSettings, EngineSettings, Multipart,
    NodeSpec, Terms,
};
use carrack_message::Micros;
use carrack_message::mo::ReassemblySettings;
use carrack_queue::{CommitSettings, Durability};
use carrack_runtime::Io;
use carrack_settings::{self as settings, DurabilityMode, Settings};

use crate::configuration::{Configuration, on_no_response};
use crate::ways;
use crate::{handsets, loop_probes};

/// Frames that may wait for the committer, all shards together.
const FRAMES_MAX: usize = 1024;
/// Letters in a shard's mailbox: each may be a chunk of messages.
const MAILBOX_SIZE: usize = 4096;
/// Frames that the story of one message may read.
const HISTORY_FRAMES_MAX: usize = 50_000;
/// A chunk of a batch needs room for its progress beside a message.
const FRAME_MESSAGES_MIN: usize = 2;

/// What the node of a configuration is started with.
pub(crate) fn specification(configuration: &Configuration, carriers: Vec<CarrierSpec>) -> NodeSpec {
    let settings = &configuration.settings;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    NodeSpec {
        data_dir: settings.node.data_dir.clone(),
        shards: u8::try_from(settings.node.shards.on(cores)).unwrap_or(1),
        io: io(settings),
        pin_shards: settings.runtime.pin_shards,
        commit: commit(settings),
        engine: engine(settings),
        accounts: settings
            .accounts
            .iter()
            .zip(&configuration.sell_decks)
            .map(|(account, deck)| AccountQueue {
                name: account.name.clone(),
                group: group(account),
                currency: deck.as_ref().and_then(|deck| deck.currency()),
                messages_max: messages_max(account),
                share: account.share,
                terms: terms(account),
                acknowledged_early: acknowledged_early(account),
            })
            .chain([loop_probes::account()])
            .collect(),
        carriers,
        table: Arc::clone(&configuration.table),
        limits: configuration.limits.clone(),
        suppressions: configuration.suppressions.clone(),
        mo: handsets::rules(settings),
        consent: configuration.consent.clone(),
        quiet: configuration.quiet.clone(),
        register: None,
        batches_cancelled: Vec::new(),
        cdr: settings.cdr.as_ref().map(|cdr| CdrSettings {
            // The store keeps it, for commands that stand elsewhere.
            folder: std::path::absolute(&cdr.folder).unwrap_or_else(|_| cdr.folder.clone()),
            formats: cdr.format.iter().copied().map(cdr_format).collect(),
            rotate_after: cdr.rotate_after,
            rotate_octets: cdr.rotate_size,
            hold_octets_max: cdr.hold_max,
            finish_max: settings.shutdown.deadline / 8,
            currencies: currencies(configuration),
        }),
    }
}

const fn cdr_format(format: settings::CdrFormat) -> CdrFormat {
    match format {
        settings::CdrFormat::Jsonl => CdrFormat::Jsonl,
        settings::CdrFormat::Csv => CdrFormat::Csv,
    }
}

/// What the price lists say their prices are in.
pub(crate) fn currencies(configuration: &Configuration) -> CdrCurrencies {
    let accounts = configuration.settings.accounts.iter();
    let accounts = accounts.zip(&configuration.sell_decks);
    let carriers = configuration.table.carriers().iter();
    CdrCurrencies {
        accounts: accounts
            .filter_map(|(account, deck)| Some((account.name.clone(), deck.as_ref()?.currency()?)))
            .collect(),
        carriers: carriers
            .filter_map(|row| Some((row.name.clone(), row.deck.as_ref()?.currency()?)))
            .collect(),
    }
}

/// Ring or epoll.
pub(crate) const fn io(settings: &Settings) -> Io {
    match settings.runtime.io {
        settings::Io::Auto => Io::Auto,
        settings::Io::Uring => Io::Uring,
        settings::Io::Epoll => Io::Epoll,
    }
}

/// Most messages of an account that are accepted and not closed.
pub(crate) fn messages_max(account: &settings::Account) -> u64 {
    account.messages_max.unwrap_or(u64::MAX)
}

/// The group of an account, as routes ask for it.
pub(crate) fn group(account: &settings::Account) -> String {
    account.group.clone().unwrap_or_default()
}

/// Whether an account has asked for answers before its messages are durable.
pub(crate) fn acknowledged_early(account: &settings::Account) -> bool {
    account.ack == settings::Ack::Memory
}

/// What was agreed with an account about money. Without `balance` and `credit` nothing is limited.
pub(crate) fn terms(account: &settings::Account) -> Terms {
    let limit = match (account.balance, account.credit) {
        (None, None) => None,
        (balance, credit) => {
            let amount = |amount: Option<Micros>| amount.map_or(0, |amount| amount.0);
            // The largest amount means that there is no limit.
            let limit = amount(balance).saturating_add(amount(credit));
            Some(limit.min(i64::MAX - 1))
        }
    };
    Terms {
        limit_micros: limit,
        low_micros: account.low_balance.map(|amount| amount.0),
        charge_on: account.charge_on,
    }
}

/// How long the windows may take to empty: what the doors and the last frame leave of the deadline.
fn drain(deadline: Duration) -> Duration {
    deadline / 2
}

fn commit(settings: &Settings) -> CommitSettings {
    // The same key: how long a frame waits for company, or the time between two syncs.
    let max_delay = settings.durability.max_delay;
    let (durability, linger) = match settings.durability.mode {
        DurabilityMode::EveryBatch => (Durability::EveryBatch, max_delay),
        DurabilityMode::Interval => (Durability::Interval(max_delay), Duration::ZERO),
    };
    CommitSettings {
        durability,
        linger,
        frames_max: FRAMES_MAX,
        epoch_octets: settings.queue.epoch_size,
        epoch_age: settings.queue.epoch_age,
        retention: settings.queue.retention,
    }
}

fn engine(settings: &Settings) -> EngineSettings {
    let (delivery, queue, mo) = (&settings.delivery, &settings.queue, &settings.mo);
    EngineSettings {
        node_id: settings.node.node_id,
        messages_max: queue.messages_max,
        lane_live_max: size(queue.lane_in_memory),
        frame_messages_max: usize::from(settings.durability.frame_messages_max)
            .max(FRAME_MESSAGES_MIN),
        validity_default_ns: nanoseconds(delivery.validity_default),
        validity_max_ns: nanoseconds(delivery.validity_max),
        receipt_wait_max_ns: nanoseconds(delivery.receipt_wait_max),
        tell_within_ns: nanoseconds(delivery.tell_within),
        idempotency_keep_ns: nanoseconds(queue.idempotency_keep),
        idempotency_under_way_max: usize::try_from(queue.idempotency_under_way_max)
            .unwrap_or(usize::MAX),
        untold_live_max: usize::try_from(queue.untold_in_memory).unwrap_or(usize::MAX),
        attempts_max: u32::from(delivery.attempts_max),
        retry_delay_ns: nanoseconds(delivery.retry_delay),
        retry_delay_max_ns: nanoseconds(delivery.retry_delay_max),
        on_no_response: on_no_response(delivery.on_no_response),
        multipart: match delivery.multipart {
            settings::Multipart::All => Multipart::All,
            settings::Multipart::Any => Multipart::Any,
            settings::Multipart::Last => Multipart::Last,
        },
        receipt_in_memory_ns: nanoseconds(queue.receipt_in_memory),
        receipts_in_memory_max: size(queue.receipts_in_memory_max),
        early_receipt_hold_ns: nanoseconds(queue.early_receipt_hold),
        early_receipts_max: size(queue.early_receipts_max),
        lookup_wait_ns: settings
            .hlr
            .as_ref()
            .map_or(0, |hlr| nanoseconds(hlr.timeout)),
        quality: ways::quality(&settings.quality),
        quality_known_by: settings.quality.known_by,
        quality_receipt_wait_ns: nanoseconds(settings.quality.receipt_wait),
        mo_reassembly: ReassemblySettings {
            timeout_ns: nanoseconds(mo.join_timeout),
            messages_max: size(mo.join_messages_max),
            octets_max: size(mo.join_size),
        },
        mo_waiting_max: size(mo.waiting_max),
        mo_keep_ns: nanoseconds(mo.keep),
        mailbox_size: MAILBOX_SIZE,
        history_frames_max: HISTORY_FRAMES_MAX,
        drain_ns: nanoseconds(drain(settings.shutdown.deadline)),
    }
}

fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// For the engine, which counts in them.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
