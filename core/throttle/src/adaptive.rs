//! A bucket that learns from a carrier's refusals.
//!
//! Promise: never above the nominal rate. What counts is not one refusal but their share and what was accepted. A
//! refusal where no limit is known pauses for 100 ms, so that the answers in flight come in. Where they are many, or
//! refusals go on for a second, the rate becomes 99 % of what the carrier accepted in a second, not below a
//! sixteenth of the nominal, and [`Search`] feels its way back. When more than half is refused the pause doubles
//! with each repeat, up to 5 s. A limit refuses nothing below itself: refusals that go on, in about the same share,
//! after two cuts and a third by an eighth more are no limit; the rate comes back and [`Tolerance`] bears them for a
//! minute. Without a nominal rate, a limit is forgotten after a quiet minute, or two holds where these are longer. At
//! most one cut a second, corrected while its pause lasts. Refusals at a rate that is proven ([`Proof`]), or at the step of
//! a probe, are first taken for a fit: all stands still for 31 ms, and only what goes on is a limit. It never fails.

use crate::history::{History, of_a_second};
use crate::proof::Proof;
use crate::search::Search;
use crate::tolerance::Tolerance;
use crate::trial::{Sent, Trial};
use crate::{Bucket, NEVER_NS, SECOND_NS};

const PAUSE_FIRST_NS: u64 = SECOND_NS / 10;
const PAUSE_MAX_NS: u64 = 5 * SECOND_NS;
/// Responses to what was sent before a cut may still come in for this long after it, or after its pause.
const SETTLE_NS: u64 = SECOND_NS / 5;
/// Long enough for a carrier's full second to empty a little, short enough to cost nothing.
const DUCK_NS: u64 = SECOND_NS / 32;
/// A refusal this long after the end of a pause begins with the first pause again.
const REPEAT_NS: u64 = 3 * SECOND_NS / 2;
const FORGET_NS: u64 = 60 * SECOND_NS;
/// Cuts after which further refusals are no sign of a limit; the last is the deep one.
const LOOK_NS: u64 = SECOND_NS + PAUSE_FIRST_NS + SETTLE_NS;
const SUSPECT_NS: u64 = 5 * SECOND_NS;
const CUTS_MAX: u32 = 3;
/// Refusals below the limit that are more than a stray.
const EVIDENCE: u64 = 5;

/// A [`Bucket`] that goes slower when the carrier says so, and recovers.
#[derive(Debug, Clone)]
pub struct Adaptive {
    bucket: Bucket,
    nominal: Option<u32>,
    search: Search,
    tolerance: Tolerance,
    refused: History,
    total: Sent,
    trial: Option<Trial>,
    proof: Proof,
    /// Totals at the last cut; what is refused before it is settled is not in them.
    mark: Sent,
    /// The most accepted in a second of late, an eighth less for each second since.
    best: u64,
    paused_until_ns: u64,
    repeats: u32,
    settled_ns: u64,
    last_refusal_ns: u64,
    last_cut_ns: Option<u64>,
    /// When a refusal came where no limit is known.
    suspected_ns: Option<u64>,
    /// Granted in the second before the pause; answers during the pause say how much of it was refused.
    open: Option<u64>,
    /// The same of a short standstill: were it many, it was no fit.
    ducked: Option<u64>,
}

impl Adaptive {
    /// A bucket of `nominal` segments a second, or one that limits itself only after a refusal.
    pub fn new(nominal: Option<u32>) -> Self {
        Self::with_burst(nominal, None)
    }

    /// The same with so many segments at once, as [`Bucket::of_contract`].
    pub fn with_burst(nominal: Option<u32>, burst: Option<u32>) -> Self {
        // Four thousand million a second is no limit, but keeps the history that the first refusal asks for.
        let most = nominal.unwrap_or(u32::MAX);
        let floor = nominal.map_or(1, |nominal| nominal / 16).max(1);
        Self {
            bucket: Bucket::of_contract(most, burst.filter(|_| nominal.is_some())),
            nominal,
            search: Search::new(most, floor),
            tolerance: Tolerance::default(),
            refused: History::of_window(),
            total: Sent::default(),
            trial: None,
            proof: Proof::default(),
            mark: Sent::default(),
            best: 0,
            paused_until_ns: 0,
            repeats: 0,
            settled_ns: 0,
            last_refusal_ns: 0,
            last_cut_ns: None,
            suspected_ns: None,
            open: None,
            ducked: None,
        }
    }

    /// As [`Bucket::take`], and nothing during a pause.
    ///
    /// # Errors
    /// As [`Bucket::take`]; during a pause its end. [`NEVER_NS`] only where `n` is larger than the nominal rate.
    #[inline]
    pub fn take(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        self.admit(now_ns)?;
        match self.bucket.take(now_ns, n) {
            Ok(()) => {
                self.total.granted = self.total.granted.saturating_add(u64::from(n));
                Ok(())
            }
            Err(ready_ns) => Err(self.not_for_ever(ready_ns, n)),
        }
    }

    /// As [`Bucket::ready`], and not during a pause.
    ///
    /// # Errors
    /// As [`Adaptive::take`].
    pub fn ready(&mut self, now_ns: u64, n: u32) -> Result<(), u64> {
        self.admit(now_ns)?;
        let ready = self.bucket.ready(now_ns, n);
        ready.map_err(|ready_ns| self.not_for_ever(ready_ns, n))
    }

    /// As [`Bucket::take_up_to`], and nothing during a pause.
    pub fn take_up_to(&mut self, now_ns: u64, n: u32) -> u32 {
        let granted = match self.admit(now_ns) {
            Ok(()) => self.bucket.take_up_to(now_ns, n),
            Err(_) => 0,
        };
        self.total.granted = self.total.granted.saturating_add(u64::from(granted));
        granted
    }

    /// As [`Bucket::written`].
    #[inline]
    pub fn written(&mut self, now_ns: u64) {
        self.bucket.written(now_ns);
    }

    /// The carrier refused a segment because we are too fast.
    pub fn on_throttled(&mut self, now_ns: u64) {
        if now_ns >= self.paused_until_ns {
            self.advance(now_ns);
        }
        self.refused.add(now_ns, 1);
        self.last_refusal_ns = self.last_refusal_ns.max(now_ns);
        if now_ns < self.paused_until_ns {
            self.search.count_cost(now_ns);
            self.correct(now_ns);
            return;
        }
        if now_ns < self.settled_ns && !self.is_flood(now_ns) {
            self.search.count_cost(now_ns);
            return;
        }
        self.total.refused = self.total.refused.saturating_add(1);
        let granted = self.bucket.granted_last_window(now_ns);
        let refused = self.refused.sum(now_ns);
        self.proof.refusal();
        if refused <= self.tolerance.allowed(granted) {
            return;
        }
        let stray = self.search.is_below() && self.total.since(self.mark).refused < EVIDENCE;
        let many = are_many(granted, refused);
        if !many && self.proof.bears(self.search.rate()) {
            self.duck(now_ns, granted);
        } else if many || !stray {
            self.respond(now_ns, granted, refused);
        }
    }

    /// The end of the pause, 0 before the first.
    pub const fn paused_until_ns(&self) -> u64 {
        self.paused_until_ns
    }

    /// Segments a second at present; none where no limit is known.
    pub fn rate(&self) -> Option<u32> {
        let rate = self.search.rate();
        (self.nominal.is_some() || rate != u32::MAX).then_some(rate)
    }

    /// Segments a second as configured; none where unlimited.
    pub const fn nominal(&self) -> Option<u32> {
        self.nominal
    }

    #[inline]
    fn admit(&mut self, now_ns: u64) -> Result<(), u64> {
        if now_ns < self.paused_until_ns {
            return Err(self.paused_until_ns);
        }
        self.advance(now_ns);
        Ok(())
    }

    /// A taking too large only for the lowered rate is asked again when the rate next grows.
    fn not_for_ever(&mut self, ready_ns: u64, n: u32) -> u64 {
        match ready_ns {
            NEVER_NS if n <= self.nominal.unwrap_or(u32::MAX) => {
                self.search.hurry(n);
                self.search.grows_next_ns()
            }
            other => other,
        }
    }

    /// Once a second: the rate grows, and what was accepted is noted.
    #[inline]
    fn advance(&mut self, now_ns: u64) {
        if now_ns >= self.search.grows_next_ns() {
            self.second_passed(now_ns);
        }
    }

    fn second_passed(&mut self, now_ns: u64) {
        let granted = self.bucket.granted_last_window(now_ns);
        let refused = self.refused.sum(now_ns);
        self.best = (self.best - self.best / 8).max(self.accepted(granted, refused));
        let rate = self.search.rate();
        self.search.grow(now_ns, granted >= u64::from(rate) / 2);
        let used = granted >= u64::from(rate - rate / 8);
        if let Some(again) = self.proof.second_passed(now_ns, rate, used) {
            self.search.aim(now_ns, again);
            self.trial = None;
        }
        self.tolerance.forget_if_old(now_ns);
        let quiet_ns = now_ns.saturating_sub(self.last_refusal_ns);
        let forget_ns = FORGET_NS.max(self.search.hold_ns().saturating_mul(2));
        if self.nominal.is_none() && quiet_ns >= forget_ns {
            self.search.forget();
        }
        if self.search.rate() != rate {
            self.bucket.set_rate(now_ns, self.search.rate());
        }
    }

    /// Segments of one second that were not refused for our rate.
    fn accepted(&self, granted: u64, refused: u64) -> u64 {
        let excess = refused.saturating_sub(self.tolerance.expected(granted));
        let accepted = granted.saturating_sub(excess);
        of_a_second(accepted)
    }

    /// Refusals beyond what is borne: a pause where they are many or the first, a cut where the last is a second old.
    fn respond(&mut self, now_ns: u64, granted: u64, refused: u64) {
        let many = are_many(granted, refused);
        self.settled_ns = now_ns.saturating_add(SETTLE_NS);
        let first = self.search.is_free() && !self.suspects(now_ns);
        if many || (first && self.tolerance.allowed(granted) == 0) {
            self.pause(now_ns, refused.saturating_mul(2) > granted);
        }
        if !many && self.search.is_free() && !self.is_second_seen(now_ns) {
            self.open = Some(granted);
            return;
        }
        let due = self
            .last_cut_ns
            .is_none_or(|cut_ns| now_ns.saturating_sub(cut_ns) >= SECOND_NS);
        if due {
            if !many && self.search.is_probe() {
                self.step_back(now_ns, granted, refused);
            } else {
                self.cut(now_ns, granted, refused);
            }
        }
    }

    /// Without a limit nothing slows what follows a pause: many refused is no rest of before, and does not wait.
    fn is_flood(&mut self, now_ns: u64) -> bool {
        self.search.is_free()
            && are_many(
                self.bucket.granted_last_window(now_ns),
                self.refused.sum(now_ns),
            )
    }

    /// A short standstill, in which a carrier's second that is full empties.
    fn duck(&mut self, now_ns: u64, granted: u64) {
        self.ducked = Some(granted);
        self.paused_until_ns = now_ns.saturating_add(DUCK_NS);
        self.settled_ns = self.paused_until_ns.saturating_add(SETTLE_NS);
    }

    /// A probe met refusals: back to what is proven.
    fn step_back(&mut self, now_ns: u64, granted: u64, refused: u64) {
        self.last_cut_ns = Some(now_ns);
        self.suspected_ns = None;
        self.open = None;
        self.trial = None;
        self.mark = self.total;
        self.proof.restart();
        self.duck(now_ns, granted);
        self.search.step_back(now_ns, self.proof.proven(), refused);
        self.follow(now_ns);
    }

    /// A refusal without a known limit opens a time in which to look on; says whether it was open already.
    fn suspects(&mut self, now_ns: u64) -> bool {
        let open = self
            .suspected_ns
            .is_some_and(|since_ns| now_ns.saturating_sub(since_ns) < SUSPECT_NS);
        if !open {
            self.suspected_ns = Some(now_ns);
        }
        open
    }

    /// Whether a whole second went by since the pause of the first suspicion.
    fn is_second_seen(&self, now_ns: u64) -> bool {
        self.suspected_ns
            .is_some_and(|since_ns| now_ns.saturating_sub(since_ns) >= LOOK_NS)
    }

    fn pause(&mut self, now_ns: u64, most_refused: bool) {
        self.ducked = None;
        let repeated =
            self.paused_until_ns != 0 && now_ns.saturating_sub(self.paused_until_ns) < REPEAT_NS;
        self.repeats = match (repeated, most_refused) {
            (false, _) => 0,
            (true, true) => self.repeats.saturating_add(1),
            (true, false) => self.repeats,
        };
        let pause_ns = (PAUSE_FIRST_NS << self.repeats.min(16)).min(PAUSE_MAX_NS);
        self.paused_until_ns = now_ns.saturating_add(pause_ns);
        self.settled_ns = self.paused_until_ns.saturating_add(SETTLE_NS);
    }

    fn cut(&mut self, now_ns: u64, granted: u64, refused: u64) {
        self.last_cut_ns = Some(now_ns);
        self.suspected_ns = None;
        self.open = None;
        if self.proof.is_doubted(self.search.rate()) {
            self.search.is_too_much();
        }
        self.proof.cut(now_ns);
        self.lower(now_ns, granted, refused);
        self.follow(now_ns);
    }

    fn lower(&mut self, now_ns: u64, granted: u64, refused: u64) {
        let accepted = self.accepted(granted, refused);
        let sent = self.total.since(self.mark);
        self.mark = self.total;
        let trial = match self.trial.filter(|_| self.search.is_below()) {
            None => Trial::first(self.search.rate(), sent),
            Some(trial) => trial.next(sent),
        };
        if trial.cuts > CUTS_MAX && self.is_no_limit(now_ns, trial) {
            self.trial = None;
            self.proof.forget();
            self.search.restore(now_ns, trial.rate_before);
            return;
        }
        // At the first cut a short fit of refusals must not cost what was accepted a moment ago.
        let base = match trial.cuts {
            1 => accepted.max(self.best),
            _ => accepted,
        };
        self.trial = Some(trial);
        if refused.saturating_mul(8) >= granted.saturating_mul(7) {
            self.search.fall(now_ns, base, self.best.max(base));
            return;
        }
        let evidence = sent.granted.saturating_mul(EVIDENCE) / sent.refused.max(1);
        if are_many(granted, refused) {
            self.search.cut(now_ns, base, 1, 0);
        } else {
            self.search
                .cut(now_ns, base, refused.max(sent.refused), evidence);
        }
        if trial.cuts == CUTS_MAX {
            self.search.dip();
        }
        if now_ns < self.paused_until_ns && base == accepted {
            self.open = Some(granted);
        }
    }

    /// Whether refusals went on in the same share though the rate is far below what was accepted.
    fn is_no_limit(&mut self, now_ns: u64, trial: Trial) -> bool {
        let last = trial.last;
        !trial.fell() && self.tolerance.learn(now_ns, last.granted, last.refused)
    }

    /// One more answer of before the pause was a refusal: less was accepted than was thought.
    fn correct(&mut self, now_ns: u64) {
        if let Some(granted) = self.ducked {
            let refused = self.refused.sum(now_ns);
            if are_many(granted, refused) {
                self.ducked = None;
                self.pause(now_ns, refused.saturating_mul(2) > granted);
                self.cut(now_ns, granted, refused);
            }
            return;
        }
        let Some(granted) = self.open else {
            return;
        };
        let refused = self.refused.sum(now_ns);
        if self.search.is_free() {
            if are_many(granted, refused) {
                self.cut(now_ns, granted, refused);
            }
            return;
        }
        let accepted = self.accepted(granted, refused);
        if accepted < u64::from(self.search.rate()) {
            self.search.cut(now_ns, accepted, 1, 0);
            self.follow(now_ns);
        }
    }

    fn follow(&mut self, now_ns: u64) {
        self.search.delay(self.paused_until_ns);
        self.bucket.set_rate(now_ns, self.search.rate());
    }
}

/// Whether the share is so great that waiting for more of them would be rude.
const fn are_many(granted: u64, refused: u64) -> bool {
    refused >= 3 && refused.saturating_mul(16) > granted || refused > granted
}
