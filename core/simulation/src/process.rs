//! One process after another: started from what is durable, turned, killed.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use carrack_engine::{
    SimulatedCarrier, SimulatedLog, SimulatedNode, SimulatedPart, SimulatedRecovery,
    SimulatedShelf, SimulatedSpec,
};
use carrack_queue::{InFlight, InFlightJournal, read_left_over};

use crate::disk::SimulatedCommitter;
use crate::faults::Fault;
use crate::link::SimulatedLink;
use crate::report::SimulationFault;
use crate::run::Run;
use crate::scenario::{MS, Mutant, SECOND};
use crate::tables::{Routes, accounts, directory, table};
use crate::world::Act;

/// Shards whose journals may lie in the folder.
const SHARDS_MAX: usize = 8;
/// A turn takes at least so long.
const TURN_NS: u64 = 15_000;

impl Run {
    fn journal(&self, shard: usize) -> PathBuf {
        self.folder.path().join(format!("in-flight-{shard}"))
    }

    pub(crate) fn left_over(&self) -> Result<Vec<InFlight>, SimulationFault> {
        let mut found = Vec::new();
        for shard in 0..SHARDS_MAX {
            found.extend(read_left_over(&self.journal(shard))?);
        }
        Ok(found)
    }

    /// A process starts: the log is read, what was in windows is written down, the shards get what is theirs.
    pub(crate) fn start(&mut self) -> Result<(), SimulationFault> {
        if self.node.is_some() {
            return Ok(());
        }
        let Some((recovery, epoch)) = self.recover()? else {
            return Ok(());
        };
        let mut world = self.world.borrow_mut();
        let mut shards = usize::from(world.plan.shards);
        if world.run > 0 && world.plan.shards_change && !world.healthy {
            let another = world.rng.between(1, 3) as usize;
            if another != shards {
                world.fault(Fault::ShardsChanged);
            }
            shards = another;
            world.plan.shards = another as u8;
        }
        let used_before = !world.disk.log.is_empty();
        world.disk.start(shards, epoch);
        world.process_ns = world.now_ns.saturating_sub(MS);
        world.run += 1;
        world.wakes = vec![world.now_ns; shards];
        world.stalled = None;
        let run = u64::from(world.run);
        world.note("start", [run, shards as u64, recovery.messages() as u64]);
        let now = world.now();
        let plan = world.plan.clone();
        let rate_told = world.mutant != Some(Mutant::RateNotTold);
        for (place, carrier) in plan.carriers.iter().enumerate() {
            for link in 0..carrier.links {
                let bind_ns = world.rng.between(MS, 60 * MS);
                world.after(bind_ns, Act::LinkUp(place, link));
            }
        }
        drop(world);
        self.accounts = accounts(plan.accounts, plan.account_max);
        let mut parts = Vec::new();
        for shard in 0..SHARDS_MAX {
            let path = self.journal(shard);
            if shard >= shards {
                // Most were never there.
                let _ = std::fs::remove_file(path);
                continue;
            }
            let owned = plan.carriers.iter().skip(shard).step_by(shards);
            let slots: u32 = owned
                .map(|carrier| carrier.window * carrier.links as u32)
                .sum();
            parts.push(SimulatedPart {
                committer: Box::new(SimulatedCommitter {
                    world: Rc::clone(&self.world),
                    shard,
                }),
                journal: InFlightJournal::create(&path, (2 * slots).max(1))?,
                log: self.log(),
                shelf: self.shelf(),
            });
        }
        let carriers = plan.carriers.iter().enumerate().map(|(place, carrier)| {
            let link = |link| -> Box<dyn carrack_carrier::Link> {
                Box::new(SimulatedLink {
                    world: Rc::clone(&self.world),
                    carrier: place,
                    link,
                })
            };
            SimulatedCarrier {
                name: format!("carrier-{place}"),
                rate: carrier.rate.filter(|_| rate_told),
                rules: carrier.rules.clone(),
                links: (0..carrier.links).map(link).collect(),
            }
        });
        let spec = SimulatedSpec {
            settings: plan.settings.clone(),
            directory: directory(&self.accounts, plan.carriers.len()),
            table: table(plan.carriers.len(), Routes::All)?,
            carriers: carriers.collect(),
            parts,
            references: Arc::clone(&self.references),
            shelf_counts: self.world.borrow().disk.shelf_counts(),
            keepers_found: self.world.borrow().disk.shelf_keepers()?,
            used_before,
            keys: Arc::clone(&self.world.borrow().disk.keys),
        };
        self.node = Some(SimulatedNode::start(spec, recovery, now));
        let mut world = self.world.borrow_mut();
        for account in 1..=plan.accounts {
            let bind_ns = world.rng.between(MS, SECOND);
            world.after(bind_ns, Act::Bind(account));
        }
        Ok(())
    }

    /// The disk, to be read frame by frame.
    fn log(&self) -> SimulatedLog {
        let world = Rc::clone(&self.world);
        Box::new(move |key| world.borrow().disk.frame(key))
    }

    fn shelf(&self) -> SimulatedShelf {
        let world = Rc::clone(&self.world);
        Box::new(move |question| world.borrow().ask_shelf(question))
    }

    /// What the log gives, and the epoch to go on in; none where the process is killed meanwhile.
    fn recover(&mut self) -> Result<Option<(SimulatedRecovery, u32)>, SimulationFault> {
        let frames = self.world.borrow().disk.in_order();
        let epoch = self.world.borrow().disk.epoch_last() + 1;
        let carriers = self.world.borrow().plan.carriers.len();
        let mut recovery = SimulatedRecovery::new(
            directory(&self.accounts, carriers),
            table(carriers, Routes::All)?,
            self.log(),
        );
        for frame in &frames {
            recovery.apply(frame)?;
        }
        let mut left = self.left_over()?;
        let mut world = self.world.borrow_mut();
        let shelved = world.disk.shelved();
        world.book.read_again(frames.iter(), &shelved);
        for place in 0..world.plan.carriers.len() {
            let here = left
                .iter()
                .filter(|found| found.carrier == place as u32 + 11)
                .count() as u64;
            let windows = world.windows(place);
            if here > windows {
                world.book.violated(|| {
                    format!("{here} segments of carrier {place} are left over, its windows are {windows}")
                });
            }
            world.faults.add(Fault::LeftInWindow, here);
        }
        if world.mutant == Some(Mutant::JournalForgotten) {
            left.clear();
        }
        let utc_ns = world.utc_ns;
        if let Some(octets) = recovery.left_in_windows(&left, utc_ns)? {
            world.write_at_start(epoch, octets);
        }
        if world.run > 0 && world.goes_wrong(80) {
            world.fault(Fault::CrashInRecovery);
            world.note("killed in recovery", [0; 3]);
            world.after(100 * MS, Act::Start);
            return Ok(None);
        }
        Ok(Some((recovery, epoch + 1)))
    }

    /// The process is gone with all its memory.
    pub(crate) fn kill(&mut self) {
        if self.node.take().is_none() {
            return;
        }
        self.letters().clear();
        self.subscribers.clear();
        let mut world = self.world.borrow_mut();
        let within = world.dead;
        world.fault(if within {
            Fault::CrashInTurn
        } else {
            Fault::Crash
        });
        world.note("killed", [u64::from(within), 0, 0]);
        (world.dead, world.effects_left) = (false, None);
        let windows: u64 = (0..world.plan.carriers.len())
            .map(|place| world.windows(place))
            .sum();
        world.book.excuses += windows;
        world.book.outages = true;
        world.book.handed.clear();
        world.book.answered.clear();
        world.disk_crashes();
        world.links_lost();
        world.wakes.clear();
        let down_ns = world.rng.between(20 * MS, 3 * SECOND);
        world.after(down_ns, Act::Start);
    }

    /// The shards whose time has come take their turns.
    pub(crate) fn turn_due(&mut self) {
        let (first, shards, now_ns) = {
            let mut world = self.world.borrow_mut();
            let shards = world.wakes.len();
            (
                world.rng.below(shards as u64) as usize,
                shards,
                world.now_ns,
            )
        };
        for step in 0..shards {
            let shard = (first + step) % shards;
            let due = self
                .world
                .borrow()
                .wakes
                .get(shard)
                .is_some_and(|due| *due <= now_ns);
            if due {
                self.turn(shard);
            }
            if self.node.is_none() {
                return;
            }
        }
    }

    /// One turn of a shard, and what is heard from it.
    pub(crate) fn turn(&mut self, shard: usize) {
        let now = self.world.borrow().now();
        let Some(node) = &mut self.node else {
            return;
        };
        self.turns += 1;
        let before: usize = (0..node.shards()).map(|shard| node.letters(shard)).sum();
        let own = node.letters(shard);
        let busy = node.turn(shard, now);
        if self.world.borrow().dead {
            return self.kill();
        }
        let patience_ns = if busy {
            0
        } else {
            node.patience_ns(shard, now)
        };
        let moved = (0..node.shards())
            .map(|shard| node.letters(shard))
            .sum::<usize>()
            + own
            > before;
        let letters: Vec<usize> = (0..node.shards())
            .filter(|shard| node.letters(*shard) > 0)
            .collect();
        let mut world = self.world.borrow_mut();
        let mut sleep_ns = patience_ns.max(TURN_NS);
        if world.healthy && sleep_ns > 50 * MS {
            // Nothing but the sweep.
            sleep_ns = sleep_ns.max(400 * MS);
        }
        let wake_ns = world.now_ns + sleep_ns;
        if let Some(wake) = world.wakes.get_mut(shard) {
            *wake = wake_ns;
        }
        if moved && !letters.is_empty() {
            world.fault(Fault::Moved);
        }
        for shard in letters {
            world.wake(shard);
        }
        drop(world);
        self.read_letters();
    }
}
