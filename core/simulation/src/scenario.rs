//! What a run is like: the frame that the caller sets, and within it what the seed draws.
//!
//! Each seed draws which kinds of faults it has and how many of each, so that rare ones are not drowned by others.

use carrack_engine::{CarrierRules, EngineSettings, Multipart};
use carrack_message::carrier_id::{IdBase, IdRule};
use carrack_message::wire::{LongMethod, TextForm};
use carrack_routing::OnNoResponse;

use crate::rng::Rng;

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MS;
pub(crate) const HOUR: u64 = 3600 * SECOND;

/// A part of the world that lies: the oracle must report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A crash takes a frame that was reported durable.
    DiskLosesDurableFrame,
    /// Frames are reported durable before they are written.
    DiskReportsTooSoon,
    /// Each text arrives twice at a carrier.
    CarrierDoubles,
    /// A link says that its window is larger than it is.
    LinkHidesWindow,
    /// The engine is not told of a carrier's rate.
    RateNotTold,
    /// What journals held is not read at a restart.
    JournalForgotten,
    /// A customer's answers to notices are lost, and he is counted as having answered.
    AnswerForgotten,
    /// Keys of requests are not written with their messages.
    KeysForgotten,
}

impl Mutant {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::DiskLosesDurableFrame,
        Self::DiskReportsTooSoon,
        Self::CarrierDoubles,
        Self::LinkHidesWindow,
        Self::RateNotTold,
        Self::JournalForgotten,
        Self::AnswerForgotten,
        Self::KeysForgotten,
    ];
}

/// The frame of a run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Messages that customers hand in.
    pub messages_max: u32,
    /// How long customers and faults go on, simulated milliseconds; then everything is healthy until all is quiet.
    pub horizon_ms: u64,
    /// Whether processes are killed.
    pub crashes: bool,
    /// Whether UTC jumps.
    pub clock_jumps: bool,
    /// Whether epochs roll during a run of the process.
    pub epochs_roll: bool,
    /// Most shards.
    pub shards_max: u8,
    /// Whether a receipt that says nothing certain may end the wrong message: where several messages go to one recipient,
    /// the engine may give a receipt of a copy whose id it never learned to another message. Rare (3 of 10,000 seeds); while
    /// this is set, who was said to be delivered is checked only where every recipient is another.
    pub tolerates_receipts_by_number: bool,
    /// Whether all events are kept for the report.
    pub trace: bool,
    /// A lie of the world.
    pub mutant: Option<Mutant>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            messages_max: 48,
            horizon_ms: 12_000,
            crashes: true,
            clock_jumps: true,
            epochs_roll: true,
            shards_max: 3,
            tolerates_receipts_by_number: false,
            trace: false,
            mutant: None,
        }
    }
}

/// How ids in receipts relate to those in responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdForm {
    Same,
    Upper,
    Decimal,
}

#[derive(Debug, Clone)]
pub(crate) struct CarrierPlan {
    pub(crate) links: usize,
    pub(crate) window: u32,
    pub(crate) rate: Option<u32>,
    pub(crate) rules: CarrierRules,
    pub(crate) id_form: IdForm,
    /// Whether ids are compared as they must be, without learning.
    pub(crate) ids_sure: bool,
    pub(crate) latency_max_ns: u64,
    /// Whether receipts name the recipient.
    pub(crate) numbers: bool,
    pub(crate) odds: CarrierOdds,
}

/// In a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CarrierOdds {
    pub(crate) throttled: u32,
    pub(crate) retry_here: u32,
    pub(crate) destination_full: u32,
    pub(crate) next_carrier: u32,
    pub(crate) message_fault: u32,
    pub(crate) account_fault: u32,
    pub(crate) link_fault: u32,
    pub(crate) response_lost: u32,
    pub(crate) response_late: u32,
    pub(crate) without_id: u32,
    pub(crate) output_full: u32,
    pub(crate) receipt_early: u32,
    pub(crate) receipt_late: u32,
    pub(crate) receipt_doubled: u32,
    pub(crate) receipt_missing: u32,
    pub(crate) receipt_bad: u32,
    pub(crate) receipt_middle: u32,
    pub(crate) another_link: u32,
    pub(crate) stray: u32,
}

impl CarrierOdds {
    fn drawn(rng: &mut Rng) -> Self {
        // Most kinds are absent in most runs.
        let mut odds = |share: u32, most: u64| {
            if rng.chance(share) {
                rng.between(1, most) as u32
            } else {
                0
            }
        };
        Self {
            throttled: odds(300, 300),
            retry_here: odds(250, 250),
            destination_full: odds(200, 150),
            next_carrier: odds(250, 250),
            message_fault: odds(150, 80),
            account_fault: odds(100, 60),
            link_fault: odds(100, 60),
            response_lost: odds(350, 200),
            response_late: odds(350, 200),
            without_id: odds(200, 200),
            output_full: odds(200, 150),
            receipt_early: odds(350, 500),
            receipt_late: odds(300, 300),
            receipt_doubled: odds(350, 300),
            receipt_missing: odds(250, 150),
            receipt_bad: odds(500, 300),
            receipt_middle: odds(250, 300),
            another_link: odds(400, 500),
            stray: odds(200, 100),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) shards: u8,
    pub(crate) carriers: Vec<CarrierPlan>,
    pub(crate) settings: EngineSettings,
    pub(crate) accounts: u32,
    pub(crate) account_max: u64,
    pub(crate) recipients: u64,
    pub(crate) messages: u32,
    pub(crate) horizon_ns: u64,
    pub(crate) commit_ns_max: u64,
    pub(crate) frames_max: usize,
    pub(crate) epoch_rolls: u32,
    pub(crate) crashes: u64,
    pub(crate) shards_change: bool,
    pub(crate) jumps: u64,
    pub(crate) disk_failures: u64,
    pub(crate) slow_disks: u64,
    pub(crate) stalls: u64,
    pub(crate) link_drops: u64,
    pub(crate) carrier_downs: u64,
    pub(crate) pauses: u64,
    pub(crate) table_changes: u64,
    pub(crate) cancels: u64,
    pub(crate) unbinds: u64,
    pub(crate) long_texts: u32,
    pub(crate) wants_receipt: u32,
    /// To be sent later.
    pub(crate) later: u32,
    /// Chunks with a request that was sent before; none: no request has a key.
    pub(crate) repeats: u32,
}

fn some(rng: &mut Rng, share: u32, most: u64) -> u64 {
    if rng.chance(share) {
        rng.between(1, most)
    } else {
        0
    }
}

impl Plan {
    pub(crate) fn drawn(rng: &mut Rng, scenario: &Scenario) -> Self {
        let count = rng.between(1, 3);
        let carriers = (0..count).map(|_| carrier(rng)).collect();
        let crashes = if scenario.crashes {
            some(rng, 600, 4)
        } else {
            0
        };
        let jumps = if scenario.clock_jumps {
            some(rng, 150, 2)
        } else {
            0
        };
        let rolls = if scenario.epochs_roll {
            some(rng, 400, 300)
        } else {
            0
        };
        Self {
            shards: rng.between(1, u64::from(scenario.shards_max.max(1))) as u8,
            carriers,
            settings: settings(rng),
            accounts: rng.between(1, 3) as u32,
            account_max: if rng.chance(850) {
                10_000
            } else {
                rng.between(5, 30)
            },
            recipients: if rng.chance(400) {
                rng.between(1, 6)
            } else {
                1_000_000
            },
            messages: rng.between(4, u64::from(scenario.messages_max.max(4))) as u32,
            horizon_ns: scenario.horizon_ms * MS / rng.between(1, 3),
            commit_ns_max: if rng.chance(700) { 3 * MS } else { 150 * MS },
            frames_max: if rng.chance(500) {
                64
            } else {
                rng.between(1, 3) as usize
            },
            epoch_rolls: rolls as u32,
            crashes,
            shards_change: rng.chance(300),
            jumps,
            disk_failures: some(rng, 250, 3),
            slow_disks: some(rng, 250, 3),
            stalls: some(rng, 250, 4),
            link_drops: some(rng, 500, 6),
            carrier_downs: some(rng, 350, 3),
            pauses: some(rng, 200, 2),
            table_changes: some(rng, 300, 4),
            cancels: some(rng, 350, 8),
            unbinds: some(rng, 400, 5),
            long_texts: some(rng, 600, 400) as u32,
            wants_receipt: rng.between(0, 1000) as u32,
            later: some(rng, 400, 500) as u32,
            repeats: 0,
        }
    }
}

fn settings(rng: &mut Rng) -> EngineSettings {
    let policies = [
        OnNoResponse::Resend,
        OnNoResponse::Resend,
        OnNoResponse::Wait,
        OnNoResponse::Query,
        OnNoResponse::Fail,
    ];
    let parts = [Multipart::All, Multipart::Any, Multipart::Last];
    EngineSettings {
        node_id: 1,
        messages_max: if rng.chance(850) {
            100_000
        } else {
            rng.between(6, 40)
        },
        lane_live_max: if rng.chance(400) {
            32_768
        } else {
            rng.between(1, 8) as usize
        },
        frame_messages_max: if rng.chance(500) {
            4096
        } else {
            rng.between(8, 40) as usize
        },
        validity_default_ns: rng.between(20, 120) * SECOND,
        receipt_wait_max_ns: rng.between(20, 60) * SECOND,
        attempts_max: rng.between(2, 10) as u32,
        retry_delay_ns: rng.between(50, 1000) * MS,
        retry_delay_max_ns: 5 * SECOND,
        on_no_response: rng.pick(&policies).unwrap_or(OnNoResponse::Resend),
        multipart: rng.pick(&parts).unwrap_or_default(),
        early_receipt_hold_ns: rng.between(8, 25) * SECOND,
        early_receipts_max: if rng.chance(850) {
            10_000
        } else {
            rng.between(1, 5) as usize
        },
        mailbox_size: if rng.chance(750) {
            1024
        } else {
            rng.between(1, 5) as usize
        },
        receipt_in_memory_ns: match rng.chance(500) {
            true => rng.between(100, 5000) * MS,
            false => 600 * SECOND,
        },
        receipts_in_memory_max: match rng.chance(850) {
            true => 500_000,
            false => rng.between(0, 20) as usize,
        },
        untold_live_max: match rng.chance(500) {
            true => 65_536,
            false => rng.between(1, 300) as usize,
        },
        ..EngineSettings::default()
    }
}

fn carrier(rng: &mut Rng) -> CarrierPlan {
    let forms = [IdForm::Same, IdForm::Same, IdForm::Upper, IdForm::Decimal];
    let id_form = rng.pick(&forms).unwrap_or(IdForm::Same);
    let ids_sure = rng.chance(600);
    let ids = match (ids_sure, id_form) {
        (false, _) => IdRule::default(),
        (true, IdForm::Decimal) => IdRule {
            submit: IdBase::Hex,
            receipt: IdBase::Decimal,
            ..IdRule::default()
        },
        (true, _) => IdRule {
            submit: IdBase::Hex,
            receipt: IdBase::Hex,
            ..IdRule::default()
        },
    };
    let methods = [
        LongMethod::Udh,
        LongMethod::Udh,
        LongMethod::Sar,
        LongMethod::Payload,
    ];
    let long_method = rng.pick(&methods).unwrap_or_default();
    let ucs2 = rng.chance(150);
    let text = TextForm {
        long_method,
        data_codings_allowed: ucs2.then_some(8).into_iter().collect(),
        ..TextForm::default()
    };
    let rates = [Some(2), Some(5), Some(20), Some(100)];
    let rate = rng.pick(&rates).flatten();
    let limited = rng.chance(450) && long_method != LongMethod::Payload;
    CarrierPlan {
        links: rng.between(1, 3) as usize,
        window: rng.between(1, 8) as u32,
        rate: rate.filter(|_| limited),
        rules: CarrierRules {
            ids,
            text,
            receipt_query_after_ns: rng.chance(200).then_some(2 * SECOND),
            on_no_response: rng.chance(100).then_some(OnNoResponse::Wait),
            resend_grace_ns: rng.between(1, 6) * SECOND,
            ..CarrierRules::default()
        },
        id_form,
        ids_sure,
        latency_max_ns: if rng.chance(700) { 20 * MS } else { 900 * MS },
        numbers: rng.chance(700),
        odds: CarrierOdds::drawn(rng),
    }
}
