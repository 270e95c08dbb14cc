//! A carrier with a limit, a random refusal and a way there and back, and a sender that always has more to send.

use std::collections::VecDeque;

use carrack_throttle::Adaptive;

pub const SECOND_NS: u64 = 1_000_000_000;
pub const MS_NS: u64 = SECOND_NS / 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Seconds that begin at this phase.
    Fixed(u64),
    /// Any second; what was refused does not count.
    Sliding,
    /// Any second; what was refused counts as well.
    Strict,
}

#[derive(Debug, Clone, Copy)]
pub struct Scene {
    pub limit: u64,
    pub window: Window,
    pub latency_ns: u64,
    /// The way there takes up to this much longer, in order.
    pub jitter_ns: u64,
    pub in_flight_max: usize,
    /// Segments offered a second; 0 for as many as go.
    pub offered: u64,
    /// Refused at random, in a hundred thousand.
    pub random: u64,
    /// From, to: everything is refused in each ten seconds.
    pub burst_ns: (u64, u64),
    /// So many in a row are refused, once in so many at random; (0, 0) for never.
    pub fits: (u64, u64),
    pub seed: u64,
}

impl Scene {
    pub fn new(limit: u64, window: Window) -> Self {
        Self {
            limit,
            window,
            latency_ns: 20 * MS_NS,
            jitter_ns: 0,
            in_flight_max: 500,
            offered: 0,
            random: 0,
            burst_ns: (0, 0),
            fits: (0, 0),
            seed: 1,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Figures {
    pub accepted: u64,
    pub refused: u64,
    pub seconds: u64,
    pub sent_worst_second: usize,
}

impl Figures {
    /// Refused in ten thousand.
    pub fn refused_share(&self) -> u64 {
        self.refused * 10_000 / (self.accepted + self.refused).max(1)
    }
}

struct Carrier {
    scene: Scene,
    counted: VecDeque<u64>,
    second: u64,
    in_second: u64,
    random: u64,
    fit_left: u64,
}

impl Carrier {
    fn dice(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 16
    }

    fn accepts(&mut self, at_ns: u64) -> bool {
        let (length, every) = self.scene.fits;
        if every > 0 && self.fit_left == 0 && self.dice().is_multiple_of(every) {
            self.fit_left = length;
        }
        if self.fit_left > 0 {
            self.fit_left -= 1;
            return false;
        }
        let in_ten = at_ns % (10 * SECOND_NS);
        let burst = self.scene.burst_ns.0 <= in_ten && in_ten < self.scene.burst_ns.1;
        if burst || self.dice() % 100_000 < self.scene.random {
            return false;
        }
        if let Window::Fixed(phase_ns) = self.scene.window {
            let second = (at_ns + phase_ns) / SECOND_NS;
            if second != self.second {
                (self.second, self.in_second) = (second, 0);
            }
            self.in_second += 1;
            return self.in_second <= self.scene.limit;
        }
        while self.counted.front().is_some_and(|t| t + SECOND_NS <= at_ns) {
            self.counted.pop_front();
        }
        let accepted = (self.counted.len() as u64) < self.scene.limit;
        if accepted || self.scene.window == Window::Strict {
            self.counted.push_back(at_ns);
        }
        accepted
    }
}

/// Runs from 0 to `to_s`; the figures are of the seconds from `from_s` on.
pub fn run(adaptive: &mut Adaptive, scene: Scene, from_s: u64, to_s: u64) -> Figures {
    let mut carrier = Carrier {
        scene,
        counted: VecDeque::new(),
        second: 0,
        in_second: 0,
        fit_left: 0,
        random: scene.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
    };
    let mut answers: VecDeque<(u64, bool)> = VecDeque::new();
    let mut sent: VecDeque<u64> = VecDeque::new();
    let mut figures = Figures {
        seconds: to_s - from_s,
        ..Figures::default()
    };
    let (mut now_ns, mut ready_ns, mut offered, mut arrival_ns) = (0u64, 0u64, 0u64, 0u64);
    while now_ns < to_s * SECOND_NS {
        while answers.front().is_some_and(|answer| answer.0 <= now_ns) {
            let (_, accepted) = answers.pop_front().unwrap();
            if !accepted {
                adaptive.on_throttled(now_ns);
            }
            if now_ns >= from_s * SECOND_NS {
                figures.accepted += u64::from(accepted);
                figures.refused += u64::from(!accepted);
            }
        }
        let due_ns = (offered * SECOND_NS)
            .checked_div(scene.offered)
            .unwrap_or(0);
        let may = answers.len() < scene.in_flight_max;
        if may && now_ns >= due_ns && now_ns >= ready_ns {
            match adaptive.take(now_ns, 1) {
                Ok(()) => {
                    offered += 1;
                    let jitter_ns = if scene.jitter_ns == 0 {
                        0
                    } else {
                        carrier.dice() % scene.jitter_ns
                    };
                    arrival_ns = arrival_ns.max(now_ns + scene.latency_ns / 2 + jitter_ns);
                    let accepted = carrier.accepts(arrival_ns);
                    answers.push_back((arrival_ns + scene.latency_ns / 2, accepted));
                    sent.push_back(now_ns);
                    while sent.front().is_some_and(|t| t + SECOND_NS <= now_ns) {
                        sent.pop_front();
                    }
                    figures.sent_worst_second = figures.sent_worst_second.max(sent.len());
                    // A microsecond of work for each.
                    now_ns += 1_000;
                }
                Err(told_ns) => ready_ns = told_ns,
            }
            continue;
        }
        let next_ns = answers.front().map_or(u64::MAX, |answer| answer.0);
        now_ns = if may {
            next_ns.min(due_ns.max(ready_ns))
        } else {
            next_ns
        }
        .max(now_ns + 1);
    }
    figures
}
