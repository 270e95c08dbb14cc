//! From the configuration to a node: what the engine, its committer and its links are set to.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use carrack_carrier::smpp::{SmppLink, SmppSpec};
use carrack_engine::{CarrierSpec, EngineSettings, LinkMaker, NodeSpec};
use carrack_queue::{CommitSettings, Durability};
use carrack_runtime::{Io, TcpTransport};
use carrack_settings::{self as settings, Bind, Carrier, DurabilityMode, Settings};
use carrack_smpp::ClientSettings;

use crate::configuration::{Configuration, on_no_response};

/// Frames that may wait for the committer, all shards together.
const FRAMES_MAX: usize = 1024;
/// Letters in a shard's mailbox: each may be a chunk of messages.
const MAILBOX_SIZE: usize = 4096;
/// Frames that the story of one message may read.
const HISTORY_FRAMES_MAX: usize = 50_000;
/// A chunk of a batch needs room for its progress beside a message.
const FRAME_MESSAGES_MIN: usize = 2;

/// What the node of a configuration is started with.
pub(crate) fn specification(configuration: &Configuration) -> NodeSpec {
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
            .map(|account| (account.name.clone(), messages_max(account)))
            .collect(),
        carriers: settings
            .carriers
            .iter()
            .map(|carrier| carrier_specification(carrier, settings.shutdown.deadline))
            .collect(),
        table: Arc::clone(&configuration.table),
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
    let (delivery, queue) = (&settings.delivery, &settings.queue);
    EngineSettings {
        node_id: settings.node.node_id,
        messages_max: queue.messages_max,
        frame_messages_max: usize::from(settings.durability.frame_messages_max)
            .max(FRAME_MESSAGES_MIN),
        validity_default_ns: nanoseconds(delivery.validity_default),
        validity_max_ns: nanoseconds(delivery.validity_max),
        receipt_wait_max_ns: nanoseconds(delivery.receipt_wait_max),
        attempts_max: u32::from(delivery.attempts_max),
        retry_delay_ns: nanoseconds(delivery.retry_delay),
        retry_delay_max_ns: nanoseconds(delivery.retry_delay_max),
        on_no_response: on_no_response(delivery.on_no_response),
        early_receipt_hold_ns: nanoseconds(queue.early_receipt_hold),
        early_receipts_max: usize::try_from(queue.early_receipts_max).unwrap_or(usize::MAX),
        mailbox_size: MAILBOX_SIZE,
        history_frames_max: HISTORY_FRAMES_MAX,
        drain_ns: nanoseconds(drain(settings.shutdown.deadline)),
    }
}

fn carrier_specification(carrier: &Carrier, deadline: Duration) -> CarrierSpec {
    CarrierSpec {
        name: carrier.name.clone(),
        rate: carrier.rate,
        // A carrier that is switched off is not bound to.
        links: if carrier.enabled {
            u32::from(carrier.links)
        } else {
            0
        },
        window: carrier.window,
        make: link_maker(carrier, deadline),
    }
}

fn link_maker(carrier: &Carrier, deadline: Duration) -> LinkMaker {
    let spec = SmppSpec {
        session: ClientSettings {
            system_id: carrier.system_id.clone().into_bytes(),
            password: carrier.password.expose().as_bytes().to_vec(),
            system_type: carrier.system_type.clone().into_bytes(),
            interface_version: carrier.interface_version.octet(),
            window: carrier.window,
            response_timeout_ns: nanoseconds(carrier.response_timeout),
            bind_timeout_ns: nanoseconds(carrier.response_timeout),
            enquire_link_idle_ns: nanoseconds(carrier.enquire_link),
            enquire_link_misses_max: u32::from(carrier.enquire_link_misses),
            unbind_timeout_ns: nanoseconds((deadline / 8).min(UNBIND_TIMEOUT_MAX)),
            ..ClientSettings::default()
        },
        pair: carrier.bind == Bind::TransmitterReceiver,
        reconnect_delay_ns: nanoseconds(carrier.reconnect_delay),
        reconnect_delay_max_ns: nanoseconds(carrier.reconnect_delay_max),
        seed: seed(),
    };
    let (address, connect_timeout) = (carrier.address.to_string(), carrier.response_timeout);
    Box::new(move |link, wake| {
        // Links of one carrier must not come back in step.
        let seed = spec
            .seed
            .wrapping_add(u64::from(link).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let spec = SmppSpec {
            seed,
            ..spec.clone()
        };
        Box::new(SmppLink::new(&spec, || {
            let (address, wake) = (address.clone(), wake.clone());
            Box::new(TcpTransport::new(address, connect_timeout, wake))
        }))
    })
}

const UNBIND_TIMEOUT_MAX: Duration = Duration::from_secs(5);

/// Chance enough for jitter: the hasher's keys are the system's.
fn seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
