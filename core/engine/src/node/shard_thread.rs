//! A shard's thread: what it is built from, and the loop that turns it.

use std::sync::Arc;
use std::thread::JoinHandle;

use carrack_message::References;
use carrack_queue::{DayCounts, InFlightJournal, ShardCommitter};
use carrack_runtime::{
    Clock, Io, Mailbox, MailboxSender, Now, SystemClock, Wake, pin_thread, run_local,
};

use super::CarrierSpec;
use crate::mail::Mail;
use crate::pager::StorePager;
use crate::recovery::{Remembered, Restored, RestoredEarly, RestoredHandsets, RestoredLane};
use crate::shard::{Carrier, FarEnd, Party, Shard, ShardParts};
use crate::shared::Shared;

/// What a shard starts with.
pub(super) struct Seed {
    pub(super) messages: Vec<Restored>,
    pub(super) lanes: Vec<RestoredLane>,
    pub(super) early: Vec<RestoredEarly>,
    pub(super) handsets: RestoredHandsets,
    pub(super) ends: Vec<(Party, FarEnd)>,
    /// Of the whole node.
    pub(super) remembered: Arc<Remembered>,
    /// Whether another run may have used this second's rates up.
    pub(super) quiet: bool,
}

/// A shard's parts before its thread runs: links are made there.
pub(super) struct Building {
    pub(super) number: u8,
    pub(super) shared: Arc<Shared>,
    pub(super) committer: ShardCommitter,
    pub(super) journal: InFlightJournal,
    pub(super) day_counts: DayCounts,
    pub(super) inbox: Mailbox<Mail>,
    pub(super) peers: Vec<MailboxSender<Mail>>,
    pub(super) carriers: Vec<(u16, CarrierSpec)>,
    pub(super) references: Arc<References>,
    pub(super) pager: StorePager,
    pub(super) clock: SystemClock,
    pub(super) wake: Wake,
}

impl Building {
    fn build(self) -> ShardParts {
        let directory = self.shared.directory();
        let carriers = self.carriers.into_iter().map(|(place, spec)| {
            let links = (0..spec.links)
                .map(|link| (spec.make)(link, self.wake.clone()))
                .collect();
            let number = directory.carrier(place).map_or(0, |entry| entry.number);
            let carrier = Carrier::new(
                spec.name,
                number,
                spec.rate,
                spec.rules,
                self.shared.settings.quality,
                links,
            )
            .with_cap(spec.cap_a_day, self.day_counts.get(number));
            (place, carrier)
        });
        ShardParts {
            number: self.number,
            carriers: carriers.collect(),
            shared: self.shared,
            committer: Box::new(self.committer),
            journal: self.journal,
            day_counts: self.day_counts,
            inbox: self.inbox,
            peers: self.peers,
            references: self.references,
            pager: Box::new(self.pager),
        }
    }
}

/// Starts a shard's thread.
///
/// # Errors
/// What the system said.
pub(super) fn start(
    io: Io,
    pin: bool,
    building: Building,
    seed: Seed,
) -> std::io::Result<JoinHandle<()>> {
    let name = format!("shard-{}", building.number);
    let core = pin.then_some(usize::from(building.number));
    let run = move || run_shard(io, core, building, seed);
    std::thread::Builder::new().name(name).spawn(run)
}

fn run_shard(io: Io, core: Option<usize>, building: Building, seed: Seed) {
    let name = format!("shard-{}", building.number);
    let wake = building.wake.clone();
    if core.is_some_and(|core| !pin_thread(core)) {
        tracing::debug!(
            shard = name,
            "the system does not let a thread keep to one core"
        );
    }
    let ended = run_local(io, &name, |_| async {
        let clock = building.clock;
        let mut shard = Shard::new(building.build());
        let now = clock.now();
        if seed.quiet {
            shard.keep_quiet(now);
        }
        shard.remember(now, &seed.remembered);
        for early in seed.early {
            shard.restore_early(now, early);
        }
        for message in seed.messages {
            shard.restore(now, message);
        }
        for lane in seed.lanes {
            shard.restore_lane(lane);
        }
        shard.match_restored(now);
        shard.restore_mo(now, &seed.handsets);
        for (party, end) in seed.ends {
            shard.restore_end(party, end);
        }
        drive(&mut shard, &clock, &wake).await;
    });
    if let Err(fault) = ended {
        tracing::error!(shard = name, %fault, "the shard cannot run");
    }
}

async fn drive(shard: &mut Shard, clock: &SystemClock, wake: &Wake) {
    loop {
        wake.clear();
        let now: Now = clock.now();
        let busy = shard.turn(now);
        shard.written(clock.now());
        if shard.is_done() {
            return;
        }
        if busy {
            // Sockets and timers get their turn before ours comes again.
            tokio::task::yield_now().await;
            continue;
        }
        let patience = std::time::Duration::from_nanos(shard.patience_ns(clock.now()));
        tokio::select! {
            () = wake.woken() => {}
            () = tokio::time::sleep(patience) => {}
        }
    }
}
