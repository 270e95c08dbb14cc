//! One run from its seed to its report.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use carrack_engine::{AccountEntry, SimulatedNode, Submission};
use carrack_message::References;
use rustc_hash::FxHashSet;
use tempfile::TempDir;

use crate::customers::{Held, Letters, Subscriber};
use crate::faults::Fault;
use crate::report::{Report, SimulationFault};
use crate::rng::Rng;
use crate::scenario::{HOUR, MS, Plan, SECOND, Scenario};
use crate::tables::{Routes, directory, table};
use crate::world::{Act, World};

/// Turns of one run above which it is taken for a livelock.
const TURNS_MAX: u64 = 600_000;
/// How long a healthy world may need until all is quiet.
const QUIET_NS_MAX: u64 = 40 * 60 * SECOND;

pub(crate) struct Run {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) node: Option<SimulatedNode>,
    pub(crate) inbox: Arc<Mutex<Letters>>,
    pub(crate) subscribers: Vec<Subscriber>,
    pub(crate) bound: u64,
    pub(crate) held: Vec<Held>,
    pub(crate) handed_before: FxHashSet<u128>,
    pub(crate) accounts: Vec<AccountEntry>,
    pub(crate) references: Arc<References>,
    pub(crate) folder: TempDir,
    pub(crate) turns: u64,
    /// Draws which requests are sent again.
    pub(crate) repeats: Rng,
    /// Requests with keys, by the number of their text.
    pub(crate) keyed: Vec<(usize, Submission)>,
    back_jumps: u64,
    pub(crate) tolerates_receipts_by_number: bool,
}

/// Runs one seed.
///
/// # Errors
/// [`SimulationFault`] where the machine or the simulation itself is at fault; what the engine does wrong is in the
/// report.
pub fn simulate(seed: u64, scenario: &Scenario) -> Result<Report, SimulationFault> {
    let mut rng = Rng::new(seed);
    let mut plan = Plan::drawn(&mut rng, scenario);
    // By draws of its own, so that what a seed does besides stays as it is.
    let mut repeats = Rng::new(!seed);
    if repeats.chance(500) {
        plan.repeats = repeats.between(100, 900) as u32;
    }
    let world = World::new(plan, rng, scenario.trace, scenario.mutant);
    let mut run = Run {
        world: Rc::new(RefCell::new(world)),
        node: None,
        inbox: Arc::default(),
        subscribers: Vec::new(),
        bound: 0,
        held: Vec::new(),
        handed_before: FxHashSet::default(),
        accounts: Vec::new(),
        references: Arc::new(References::new(seed)),
        folder: folder()?,
        turns: 0,
        repeats,
        keyed: Vec::new(),
        back_jumps: 0,
        tolerates_receipts_by_number: scenario.tolerates_receipts_by_number,
    };
    run.schedule();
    run.start()?;
    run.until_quiet()?;
    run.report(seed)
}

/// In memory where the system has such a place: journals are written often.
fn folder() -> std::io::Result<TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())
}

impl Run {
    /// Puts what the plan drew on the agenda.
    fn schedule(&mut self) {
        let mut world = self.world.borrow_mut();
        let plan = world.plan.clone();
        let carriers = plan.carriers.len() as u64;
        let mut often = |count: u64, act: &mut dyn FnMut(&mut Rng) -> Act| {
            for _ in 0..count {
                let at_ns = world.rng.below(plan.horizon_ns);
                let act = act(&mut world.rng);
                world.after(at_ns, act);
            }
        };
        often(1, &mut |_| Act::Look);
        often(plan.crashes, &mut |_| Act::Crash);
        often(plan.jumps, &mut |rng| Act::Jump(rng.chance(500)));
        often(plan.disk_failures, &mut |rng| {
            Act::DiskFails(rng.between(50 * MS, 3 * SECOND))
        });
        often(plan.slow_disks, &mut |rng| {
            Act::DiskSlow(rng.between(SECOND, 4 * SECOND))
        });
        often(plan.stalls, &mut |rng| {
            Act::Stall(rng.between(50 * MS, 900 * MS))
        });
        often(plan.link_drops, &mut |rng| {
            let carrier = rng.below(carriers) as usize;
            let links = plan
                .carriers
                .get(carrier)
                .map_or(1, |carrier| carrier.links);
            Act::LinkDown(carrier, rng.below(links as u64) as usize)
        });
        often(plan.carrier_downs, &mut |rng| {
            Act::CarrierDown(
                rng.below(carriers) as usize,
                rng.between(SECOND, 30 * SECOND),
            )
        });
        often(plan.pauses, &mut |rng| {
            Act::Pause(
                rng.below(carriers) as usize,
                rng.between(SECOND, 5 * SECOND),
            )
        });
        often(plan.table_changes, &mut |_| Act::Table);
        often(plan.cancels, &mut |_| Act::Cancel);
        often(plan.unbinds, &mut |rng| Act::Unbind(rng.below(5) as usize));
        world.after(0, Act::Submit);
    }

    fn until_quiet(&mut self) -> Result<(), SimulationFault> {
        let horizon_ns = self.world.borrow().plan.horizon_ns;
        let mut looked_ns = 0;
        loop {
            let (now_ns, healthy) = {
                let mut world = self.world.borrow_mut();
                let wake = world.wakes.iter().min().copied();
                let next = world.next_act_ns().into_iter().chain(wake).min();
                let mut next_ns = next.unwrap_or(world.now_ns + MS);
                if !world.healthy {
                    next_ns = next_ns.min(horizon_ns);
                }
                world.pass_to(next_ns);
                (world.now_ns, world.healthy)
            };
            if !healthy && now_ns >= horizon_ns {
                self.heal()?;
            }
            self.act()?;
            self.turn_due();
            let most_ns = horizon_ns + QUIET_NS_MAX + 2 * HOUR * self.back_jumps;
            if now_ns > most_ns || self.turns > TURNS_MAX {
                let turns = self.turns;
                let seconds = now_ns / SECOND;
                let mut world = self.world.borrow_mut();
                world
                    .book
                    .violated(|| format!("not quiet after {seconds} s and {turns} turns"));
                return Ok(());
            }
            if healthy && now_ns > looked_ns + 500 * MS {
                looked_ns = now_ns;
                if self.is_quiet() {
                    return Ok(());
                }
            }
        }
    }

    fn is_quiet(&self) -> bool {
        let world = self.world.borrow();
        let told = |logged: &crate::book::Logged| !logged.tell || logged.told > 0;
        let unread = |node: &SimulatedNode| (0..node.shards()).any(|shard| node.letters(shard) > 0);
        let node = self.node.as_ref();
        node.is_some_and(|node| node.waiting() == 0 && !unread(node))
            && world.disk.is_idle()
            && world.receipts_open() == 0
            && world
                .book
                .log
                .values()
                .all(|logged| logged.end.is_some() && told(logged))
    }

    /// Does what is due.
    fn act(&mut self) -> Result<(), SimulationFault> {
        loop {
            let act = self.world.borrow_mut().next_act();
            let Some(act) = act else {
                return Ok(());
            };
            match act {
                Act::Start => self.start()?,
                Act::Submit => self.submit()?,
                Act::Cancel => self.cancel(),
                Act::Look => self.look(),
                Act::Bind(account) => self.bind(account),
                Act::Unbind(place) => self.unbind(place),
                Act::Answer(place) => self.answer(place),
                Act::Table => self.change_table()?,
                Act::Crash => self.crash(),
                Act::Pause(carrier, for_ns) => self.pause(carrier, for_ns),
                Act::Resume(carrier) => self.resume(carrier),
                Act::Jump(forward) => self.jump(forward),
                act => self.world.borrow_mut().act(act, self.node.is_some()),
            }
        }
    }

    /// The process is killed now, or within a turn that is to come.
    fn crash(&mut self) {
        if self.node.is_none() || self.world.borrow().healthy {
            return;
        }
        let within = self.world.borrow_mut().rng.chance(500);
        if !within {
            return self.kill();
        }
        let mut world = self.world.borrow_mut();
        let effects = world.rng.between(0, 12);
        world.effects_left = Some(effects);
    }

    fn jump(&mut self, forward: bool) {
        let mut world = self.world.borrow_mut();
        if world.healthy {
            return;
        }
        world.note("UTC jumps", [u64::from(forward), 0, 0]);
        if forward {
            world.fault(Fault::ClockForward);
            world.utc_ns += HOUR;
        } else {
            world.fault(Fault::ClockBack);
            world.utc_ns -= HOUR;
            self.back_jumps += 1;
        }
    }

    fn pause(&mut self, carrier: usize, for_ns: u64) {
        let mut world = self.world.borrow_mut();
        let Some(node) = self.node.as_ref().filter(|_| !world.healthy) else {
            return;
        };
        node.pause_carrier(carrier as u16, true);
        world.fault(Fault::CarrierPaused);
        world.note("pause", [carrier as u64, 0, 0]);
        world.book.outages = true;
        world.after(for_ns, Act::Resume(carrier));
    }

    fn resume(&mut self, carrier: usize) {
        if let Some(node) = &self.node {
            node.pause_carrier(carrier as u16, false);
            self.world.borrow_mut().wake_owner(carrier);
        }
    }

    fn change_table(&mut self) -> Result<(), SimulationFault> {
        let routes = {
            let mut world = self.world.borrow_mut();
            if world.healthy {
                return Ok(());
            }
            let all = [
                Routes::All,
                Routes::Reversed,
                Routes::OneCarrier,
                Routes::Nowhere,
            ];
            let routes = world.rng.pick(&all).unwrap_or(Routes::All);
            world.fault(if routes == Routes::Nowhere {
                Fault::RouteGone
            } else {
                Fault::TableChanged
            });
            world.book.outages = true;
            routes
        };
        self.set_routes(routes)
    }

    fn set_routes(&mut self, routes: Routes) -> Result<(), SimulationFault> {
        let mut world = self.world.borrow_mut();
        let carriers = world.plan.carriers.len();
        if let Some(node) = &self.node {
            world.note("routes", [routes as u64, 0, 0]);
            node.replace_tables(
                directory(&self.accounts, carriers),
                table(carriers, routes)?,
            );
        }
        for shard in 0..world.wakes.len() {
            world.wake(shard);
        }
        Ok(())
    }

    /// From now on nothing goes wrong: what is left must come to its end.
    fn heal(&mut self) -> Result<(), SimulationFault> {
        {
            let mut world = self.world.borrow_mut();
            world.note("all is healthy", [0; 3]);
            world.healthy = true;
            world.effects_left = None;
            world.stalled = None;
            world.disk_mends();
            for carrier in 0..world.carriers.len() {
                world.after(MS, Act::CarrierUp(carrier));
            }
        }
        let carriers = self.world.borrow().plan.carriers.len();
        for carrier in 0..carriers {
            self.resume(carrier);
        }
        self.set_routes(Routes::All)?;
        self.wake_customers();
        Ok(())
    }
}
