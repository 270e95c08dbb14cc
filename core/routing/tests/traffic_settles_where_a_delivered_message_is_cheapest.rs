//! Least cost per delivered message against three carriers with what a seed makes of them: A is cheap and delivers six of
//! ten to one network, B is dearer and good, C is cheapest, slow and has so many a day.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::VecDeque;

use carrack_message::{Class, Micros, Msisdn, Network};
use carrack_routing::quality::{Observed, Qualities, Rules};
use carrack_routing::{CarrierRow, Delivered, Draws, Policy, Query, RouteRow, RouteTable};
use proptest::prelude::*;

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;
const PRICES: [i64; 3] = [5_000, 8_000, 4_000];
const RECEIPT_AFTER: u64 = 3_000_000_000;
/// Messages a second, so that time is counted in messages.
const RATE: u64 = 100;
const STEP_NS: u64 = 1_000_000_000 / RATE;

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

/// Carriers as a seed makes them, and what the node knows of them.
struct World {
    table: RouteTable,
    observed: Vec<Observed>,
    quality: Qualities,
    draws: Draws,
    now_ns: u64,
    seed: u64,
    /// Of a thousand to the network at hand.
    delivers: [u64; 3],
    left_today: u64,
    /// Its receipts come at once.
    invents: [bool; 3],
    receipts: VecDeque<(u64, usize, Network, bool)>,
    sent: [u64; 3],
    explored: u64,
}

impl World {
    fn new(seed: u64, policy: Policy) -> Self {
        let carrier = |place: usize| CarrierRow {
            name: ["a", "b", "c"][place].to_owned(),
            deck: None,
            flat_price: Some(Micros(PRICES[place])),
            enabled: true,
        };
        let route = RouteRow {
            name: "all".to_owned(),
            carriers: vec![A, B, C],
            policy,
            ..RouteRow::default()
        };
        let rules = Rules {
            window_ns: 60_000_000_000,
            ..Rules::default()
        };
        Self {
            table: RouteTable::build([A, B, C].map(carrier).to_vec(), vec![route]).unwrap(),
            observed: (0..3).map(|_| Observed::new(rules)).collect(),
            quality: Qualities::new(3, 50),
            draws: Draws::new(1),
            now_ns: 0,
            seed,
            delivers: [950, 950, 950],
            left_today: 0,
            invents: [false; 3],
            receipts: VecDeque::new(),
            sent: [0; 3],
            explored: 0,
        }
    }

    fn chance(&mut self) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % 1000
    }

    /// Sends so many, and gives how many went to each carrier.
    fn send(&mut self, count: u64, to: Network) -> [u64; 3] {
        let before = self.sent;
        for _ in 0..count {
            self.now_ns += STEP_NS;
            self.receive();
            let query = Query {
                network: to,
                quality: Some(&self.quality),
                draws: Some(&self.draws),
                ..Query::of(
                    "shop",
                    Msisdn::from_u64(447_700_900_123).unwrap(),
                    "SHOP",
                    Class::Bulk,
                )
            };
            let choice = self.table.choose(&query).unwrap();
            let steady = self
                .table
                .choose(&Query {
                    draws: None,
                    ..query
                })
                .unwrap();
            self.explored += u64::from(choice.candidates[0] != steady.candidates[0]);
            let open = |carrier: usize| carrier != C || self.left_today > 0;
            let mut order = choice
                .candidates
                .iter()
                .map(|found| usize::from(found.carrier));
            let carrier = order.find(|carrier| open(*carrier)).unwrap();
            if carrier == C {
                self.left_today -= 1;
            }
            self.sent[carrier] += 1;
            let delivered = self.chance() < self.delivers[carrier];
            self.observed[carrier].accepted(self.now_ns, to, Class::Bulk, 20);
            self.receipts
                .push_back((self.now_ns + RECEIPT_AFTER, carrier, to, delivered));
        }
        [A, B, C].map(|carrier| self.sent[carrier] - before[carrier])
    }

    fn receive(&mut self) {
        while let Some((at, carrier, to, delivered)) = self.receipts.front().copied() {
            if at > self.now_ns {
                break;
            }
            self.receipts.pop_front();
            let after_ms = if self.invents[carrier] { 20 } else { 3_000 };
            self.observed[carrier].ended(at, to, Class::Bulk, delivered, after_ms);
        }
        if self.now_ns % 1_000_000_000 < STEP_NS {
            for carrier in [A, B, C] {
                if let Some(quality) = self.observed[carrier].publish(self.now_ns) {
                    self.quality.replace(carrier as u16, quality);
                }
            }
        }
    }
}

fn delivered() -> Policy {
    Policy::LeastCostDelivered(Delivered {
        explore_permille: 50,
        ..Delivered::default()
    })
}

/// What was known before leaves with the window: messages of a minute.
const WINDOW: u64 = 60 * RATE;
/// Messages within which traffic has settled: receipts take 300, and a few hundred are needed to believe them.
const SETTLES_WITHIN: u64 = 1_500;

#[test]
fn traffic_leaves_a_carrier_that_delivers_little_and_returns_when_it_heals() {
    for seed in 0..20 {
        let (mut world, one) = (World::new(seed, delivered()), network("234-15"));
        world.delivers = [600, 950, 950];
        world.send(SETTLES_WITHIN, one);
        // 5,000 for 0.6 is dearer than 8,000 for 0.95 only where it is; 8,333 against 8,421 is close: A stays cheaper.
        // So A gets worse: 12,500.
        world.delivers[A] = 400;
        world.send(WINDOW + SETTLES_WITHIN, one);
        let settled = world.send(4_000, one);
        assert!(settled[B] >= 3_750, "seed {seed}: {settled:?}");
        world.delivers[A] = 950;
        world.send(WINDOW + SETTLES_WITHIN, one);
        let healed = world.send(4_000, one);
        assert!(healed[A] >= 3_750, "seed {seed}: {healed:?}");
    }
}

#[test]
fn only_the_network_that_suffers_moves() {
    let mut world = World::new(7, delivered());
    let (poor, good) = (network("234-15"), network("234-20"));
    for _ in 0..100 {
        world.delivers[A] = 300;
        world.send(50, poor);
        world.delivers[A] = 950;
        world.send(50, good);
    }
    world.delivers[A] = 300;
    let to_poor = world.send(2_000, poor);
    world.delivers[A] = 950;
    let to_good = world.send(2_000, good);
    assert!(to_poor[B] >= 1_850, "{to_poor:?}");
    assert!(to_good[A] >= 1_850, "{to_good:?}");
}

#[test]
fn the_cheapest_takes_what_it_may_a_day_and_the_rest_goes_on() {
    let mut world = World::new(3, delivered());
    world.left_today = 3_000;
    let day = world.send(10_000, network("234-15"));
    assert_eq!(day[C], 3_000);
    assert!(day[A] >= 6_500, "{day:?}");
}

#[test]
fn floors_put_a_carrier_behind_all_others() {
    let mut world = World::new(
        5,
        Policy::LeastCostDelivered(Delivered {
            delivered_permille_min: 700,
            explore_permille: 20,
            ..Delivered::default()
        }),
    );
    // 5,000 for 0.65 is cheaper than 8,000 for 0.95, and not good enough.
    world.delivers = [650, 950, 950];
    world.send(SETTLES_WITHIN, network("234-15"));
    let settled = world.send(4_000, network("234-15"));
    assert!(settled[B] >= 3_850, "{settled:?}");
}

#[test]
fn invented_receipts_put_a_carrier_behind_the_honest_ones() {
    let mut world = World::new(9, delivered());
    world.delivers = [1000, 950, 950];
    world.invents[A] = true;
    world.send(SETTLES_WITHIN, network("234-15"));
    let settled = world.send(4_000, network("234-15"));
    assert!(settled[B] >= 3_750, "{settled:?}");
}

#[test]
fn chance_alone_does_not_make_traffic_flap() {
    for seed in 0..20 {
        let mut world = World::new(seed, delivered());
        // 8,333 against 8,421: as close as can be.
        world.delivers = [600, 950, 950];
        world.send(10_000, network("234-15"));
        let mut best: Vec<usize> = Vec::new();
        for _ in 0..50 {
            let sent = world.send(200, network("234-15"));
            best.push(if sent[A] > sent[B] { A } else { B });
        }
        let turns = best.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(turns <= 4, "seed {seed}: {turns} turns in 10,000 messages");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn exploration_is_never_above_what_the_route_allows(
        explore in 0u16..=50,
        seed: u64,
        delivers in prop::array::uniform3(0u64..=1000),
        count in 1u64..3_000,
    ) {
        let rules = Delivered { explore_permille: explore, ..Delivered::default() };
        let mut world = World::new(seed, Policy::LeastCostDelivered(rules));
        world.delivers = delivers;
        world.send(count, network("234-15"));
        let allowed = count * u64::from(explore) / 1000;
        prop_assert!(world.explored <= allowed, "{} of {count}, {explore} allowed", world.explored);
    }

    #[test]
    fn weights_are_exact_within_a_hundredth_over_ten_thousand(weights in prop::array::uniform3(0u32..1000)) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let policy = Policy::Weighted { weights: weights.to_vec(), sticky: false };
        let mut world = World::new(1, policy);
        world.left_today = u64::MAX;
        let sent = world.send(10_000, network("234-15"));
        let total: u32 = weights.iter().sum();
        for (weight, sent) in weights.iter().zip(sent) {
            let wanted = u64::from(*weight) * 10_000 / u64::from(total);
            prop_assert!(sent.abs_diff(wanted) <= 100, "{sent} of 10,000 for {weight} of {total}");
        }
    }

    #[test]
    fn a_sticky_recipient_keeps_its_carrier_and_many_share_by_weight(first in 1u32..9, second in 1u32..9) {
        let policy = Policy::Weighted { weights: vec![first, second, 0], sticky: true };
        let world = World::new(1, policy);
        let choose = |to: u64| {
            let query = Query {
                draws: Some(&world.draws),
                ..Query::of("shop", Msisdn::from_u64(to).unwrap(), "SHOP", Class::Bulk)
            };
            world.table.choose(&query).unwrap().candidates[0].carrier
        };
        let recipients = 447_700_000_000..447_700_004_000u64;
        let to_first = recipients.clone().filter(|to| choose(*to) == 0).count() as u64;
        prop_assert!(recipients.clone().take(100).all(|to| choose(to) == choose(to)));
        let wanted = 4_000 * u64::from(first) / u64::from(first + second);
        prop_assert!(to_first.abs_diff(wanted) < 150, "{to_first} of 4,000, wanted {wanted}");
    }
}
