//! The book of SIMs: what each used of its caps, whether it rests, whether it looks blocked.
//!
//! Promise: no SIM passes a cap in any sliding minute or hour, on any day or in any month of its zone, in whichever modem it sits, over
//! restarts and kill -9: what [`SimDesk::spend`] allows is in the file's pages before it returns. After a power cut the file may be older
//! than what was sent, by what was not synced yet (a second, [`MappedPages`]). A clock that is set back frees nothing and stops nothing
//! for longer than a window.
//! Bound: [`Layout`]: SIMs, and recipients of each. A SIM that finds no place sends nothing, and is counted ([`SimBook::counts`]).
//! Pure but for its pages, which come from outside. Calls of different SIMs do not wait for each other but for the copy of a record.

mod barring;
mod calendar;
mod counts;
mod directory;
mod hours;
mod mapped;
mod marks;
mod octets;
mod operating;
mod pace;
mod pages;
mod pins;
mod record;
mod rules;
mod sheet;
mod steady;
mod suspicion;
mod view;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use carrack_message::{Msisdn, Network};

pub use counts::BookCounts;
pub use mapped::MappedPages;
pub use pages::{BookFault, Layout, MemoryPages, SimPages, transfer};
pub use rules::{PoolRules, SimRules};
pub use view::{SimUsed, SimView};

use super::{Allowance, Rest, SimDesk, SimEvent, SimIdentity, SimNumber};
use counts::{Counter, Counters};
use directory::{Directory, Entry, Place};
use rules::is_one_card;
use sheet::{Kept, Sheet};
use suspicion::{Ground, Stage, Verdict};

const MINUTE_NS: u64 = 60_000_000_000;
/// Stands for a SIM that found no place.
const NO_PLACE: SimNumber = SimNumber(u32::MAX);
/// Alerts that wait to be fetched.
const ALERTS_MAX: usize = 256;
/// Characters of a card's and of a subscriber's number.
const ICCID_MAX: usize = 20;
const IMSI_MAX: usize = 15;

/// All SIMs of a node.
pub struct SimBook {
    layout: Layout,
    pages: Box<dyn SimPages>,
    sheets: Box<[OnceLock<Mutex<Sheet>>]>,
    directory: Mutex<Directory>,
    rules: RwLock<SimRules>,
    alerts: Mutex<Vec<String>>,
    pins: Mutex<pins::Unnamed>,
    counters: Counters,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SimBook {
    /// The book of these pages; `path` is what faults call them.
    ///
    /// # Errors
    /// [`BookFault`]; nothing was changed then.
    pub fn open(pages: Box<dyn SimPages>, path: &Path, rules: SimRules) -> Result<Self, BookFault> {
        let layout = Layout::of(&*pages, path)?;
        let mut directory = Directory::default();
        let sheets: Box<[OnceLock<Mutex<Sheet>>]> =
            (0..layout.sims_max).map(|_| OnceLock::new()).collect();
        for (place, slot) in (0..).zip(&sheets) {
            let Some((kept, sequence)) = pages::sim_at(&*pages, layout, place, path)? else {
                continue;
            };
            directory.put(
                place,
                Entry {
                    identity: kept.identity.clone(),
                    seen_utc_ns: kept.seen_utc_ns,
                    ..Entry::default()
                },
            );
            let mut sheet = Sheet::new(*kept, layout.recipients_max);
            sheet.sequence = sequence;
            let recipients = layout.read_recipients(&*pages, place, sheet.kept.recipients);
            sheet.recipients = recipients.collect();
            apply(&rules, &mut sheet);
            let _ = slot.set(Mutex::new(sheet));
        }
        Ok(Self {
            layout,
            pages,
            sheets,
            directory: Mutex::new(directory),
            rules: RwLock::new(rules),
            alerts: Mutex::default(),
            pins: Mutex::default(),
            counters: Counters::default(),
        })
    }

    /// Takes other rules from now on; what was used stays.
    pub fn take_rules(&self, rules: SimRules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        for slot in &self.sheets {
            if let Some(sheet) = slot.get() {
                self.apply_rules(&mut locked(sheet));
            }
        }
    }

    fn apply_rules(&self, sheet: &mut Sheet) {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        apply(&rules, sheet);
    }

    /// What somebody should look at, since the last call.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.alerts))
    }

    /// What happened since the start.
    #[must_use]
    pub fn counts(&self) -> BookCounts {
        self.counters.counts()
    }

    fn sheet(&self, sim: SimNumber) -> Option<MutexGuard<'_, Sheet>> {
        Some(locked(self.sheets.get(sim.0 as usize)?.get()?))
    }

    /// Writes what was counted; it survives the process when this returns.
    fn keep(&self, sim: SimNumber, sheet: &mut Sheet) {
        sheet.sequence += 1;
        self.layout
            .write(&*self.pages, sim.0, &sheet.kept, sheet.sequence);
    }

    fn alert(&self, text: String) {
        let mut alerts = locked(&self.alerts);
        if alerts.len() < ALERTS_MAX {
            alerts.push(text);
        } else {
            self.counters.add(Counter::AlertsLost);
        }
    }

    /// Counts a segment where it may go; `is_begun`: another one of its text did.
    fn count(&self, sim: SimNumber, to: Msisdn, utc_ns: u64, is_begun: bool) -> Allowance {
        let Some(mut sheet) = self.sheet(sim) else {
            return NEVER;
        };
        let spent = sheet.spend(to, utc_ns, is_begun);
        if spent.allowance == Allowance::Now {
            if let Some((number, to)) = spent.recipient {
                self.layout.write_recipient(&*self.pages, sim.0, number, to);
            }
            self.keep(sim, &mut sheet);
        }
        spent.allowance
    }

    /// A SIM that is new in its place.
    fn begin(&self, place: u32, kept: Kept) {
        let sheet = Sheet::new(kept, self.layout.recipients_max);
        let Some(slot) = self.sheets.get(place as usize) else {
            return;
        };
        match slot.get() {
            Some(old) => {
                let mut old = locked(old);
                let sequence = old.sequence;
                *old = sheet;
                old.sequence = sequence;
            }
            None => {
                let _ = slot.set(Mutex::new(sheet));
            }
        }
    }

    /// A SIM that found no place.
    fn turn_away(&self, (pool, modem): &(String, String), taken: usize) {
        self.counters.add(Counter::WithoutPlace);
        self.alert(format!(
            "modem {modem} of {pool}: its SIM sends nothing, because the book of SIMs has no place for it ({taken} are taken) or it tells \
             no number; raise `sims_max` of [modems]"
        ));
    }

    /// A SIM takes its seat: what it tells of itself is kept.
    fn sit_down(
        &self,
        number: SimNumber,
        seat: (String, String),
        found: SimIdentity,
        utc_ns: u64,
    ) -> Option<Entry> {
        let mut sheet = self.sheet(number)?;
        let known = &mut sheet.kept.identity;
        // Of one card with its check digit and without, the first is what its segments are called by.
        if !is_one_card(known.iccid.as_deref(), found.iccid.as_deref()) {
            known.iccid = found.iccid.or_else(|| known.iccid.take());
        }
        known.imsi = found.imsi.or_else(|| known.imsi.take());
        let identity = known.clone();
        sheet.kept.seen_utc_ns = utc_ns;
        sheet.seat = Some(seat.clone());
        self.apply_rules(&mut sheet);
        self.keep(number, &mut sheet);
        Some(Entry {
            identity,
            seated: true,
            modem: Some(seat),
            seen_utc_ns: utc_ns,
        })
    }

    /// Another SIM's failures, or receipts, against this one's.
    fn compare(&self, sim: SimNumber, verdict: Verdict) -> bool {
        let others = locked(&self.directory).others(sim.0);
        let Some(own) = self.sheet(sim).map(|sheet| sheet.network()) else {
            return false;
        };
        let (mut alike, mut failing) = (0_u32, 0_u32);
        let (mut receipts, mut undelivered) = (0_u32, 0_u32);
        for other in others {
            let Some(sheet) = self.sheet(SimNumber(other)) else {
                continue;
            };
            let (seen, failed) = sheet.kept.suspicion.outcomes();
            (receipts, undelivered) = (receipts + seen, undelivered + failed);
            if sheet.network() == own {
                alike += 1;
                failing += u32::from(sheet.kept.suspicion.is_failing(&sheet.terms));
            }
        }
        match verdict {
            // Where the others of its network fail too, it is the network.
            Verdict::AskNetwork => alike == 0 || failing * 2 < alike,
            _ => self
                .sheet(sim)
                .is_some_and(|sheet| sheet.kept.suspicion.is_far_above((receipts, undelivered))),
        }
    }
}

fn apply(rules: &SimRules, sheet: &mut Sheet) {
    let pool = sheet.seat.as_ref().map(|(pool, _)| pool.as_str());
    let ruled = rules.of(pool, &sheet.kept.identity);
    sheet.take_terms(ruled.terms);
    (sheet.never, sheet.own_number) = (ruled.never, ruled.own_number);
}

/// What can stand in a record: numbers that are too long, or none, are left out.
fn tidy(identity: &SimIdentity) -> SimIdentity {
    let fits = |number: &Option<String>, most: usize| {
        let number = number.as_ref()?;
        let is_plain = number.bytes().all(|octet| octet.is_ascii_alphanumeric());
        (is_plain && (1..=most).contains(&number.len())).then(|| number.clone())
    };
    SimIdentity {
        iccid: fits(&identity.iccid, ICCID_MAX),
        imsi: fits(&identity.imsi, IMSI_MAX),
    }
}

impl SimDesk for SimBook {
    fn seat(&self, pool: &str, modem: &str, identity: &SimIdentity, utc_ns: u64) -> SimNumber {
        let identity = tidy(identity);
        let seat = (pool.to_owned(), modem.to_owned());
        let mut directory = locked(&self.directory);
        let place = match identity {
            SimIdentity {
                iccid: None,
                imsi: None,
            } => Place::Full,
            _ => directory.place(&identity, self.layout.sims_max, utc_ns),
        };
        let number = match place {
            Place::Known(place) | Place::New(place) | Place::Instead(place) => SimNumber(place),
            Place::Full => NO_PLACE,
        };
        for left in directory.vacate(&seat, number.0) {
            if let Some(mut sheet) = self.sheet(SimNumber(left)) {
                sheet.seat = None;
            }
        }
        match place {
            Place::Known(_) => {}
            Place::New(place) => self.begin(place, Kept::default()),
            Place::Instead(place) => {
                self.counters.add(Counter::Forgotten);
                self.begin(place, Kept::default());
            }
            Place::Full => {
                self.turn_away(&seat, directory.entries.len());
                return number;
            }
        }
        if let Some(entry) = self.sit_down(number, seat, identity, utc_ns) {
            directory.put(number.0, entry);
        }
        number
    }

    fn allowance(&self, sim: SimNumber, utc_ns: u64) -> Allowance {
        match self.sheet(sim) {
            Some(mut sheet) => sheet.allowance(utc_ns),
            None => NEVER,
        }
    }

    fn room(&self, sim: SimNumber, utc_ns: u64) -> u32 {
        self.sheet(sim).map_or(0, |mut sheet| sheet.room(utc_ns))
    }

    fn spend(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance {
        self.count(sim, to, utc_ns, false)
    }

    fn spend_more(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance {
        self.count(sim, to, utc_ns, true)
    }

    fn note(&self, sim: SimNumber, event: SimEvent, utc_ns: u64) {
        let Some(mut sheet) = self.sheet(sim) else {
            return;
        };
        let mut verdict = sheet.note(event, utc_ns);
        if matches!(verdict, Verdict::AskNetwork | Verdict::AskPool) {
            // Others are looked at, and never two of them at a time.
            drop(sheet);
            let is_blocked = self.compare(sim, verdict);
            let Some(again) = self.sheet(sim) else {
                return;
            };
            sheet = again;
            let still_well = sheet.kept.suspicion.stage == Stage::Well;
            verdict = match (is_blocked && still_well, verdict) {
                (false, _) => Verdict::Nothing,
                (true, Verdict::AskPool) => sheet.suspect(Ground::Undelivered, utc_ns),
                (true, _) => sheet.suspect(Ground::Failing, utc_ns),
            };
        }
        self.keep(sim, &mut sheet);
        match verdict {
            Verdict::Suspected => self.counters.add(Counter::Suspected),
            Verdict::TrialFailed => self.counters.add(Counter::TrialsFailed),
            Verdict::Cleared => self.counters.add(Counter::Cleared),
            Verdict::Nothing | Verdict::AskNetwork | Verdict::AskPool => {}
        }
        if matches!(verdict, Verdict::Suspected | Verdict::TrialFailed) {
            self.alert(sheet.alert());
        }
    }

    fn own_number(&self, sim: SimNumber) -> Option<Msisdn> {
        self.sheet(sim)?.own_number
    }

    fn known_as(&self, sim: SimNumber) -> Option<SimIdentity> {
        Some(self.sheet(sim)?.kept.identity.clone())
    }

    fn on_net(&self, sim: SimNumber) -> Vec<Network> {
        let Some(identity) = self.sheet(sim).map(|sheet| sheet.kept.identity.clone()) else {
            return Vec::new();
        };
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let found = rules.sim(&identity);
        found.map_or_else(Vec::new, |sim| sim.on_net.clone())
    }

    fn pin(&self, _pool: &str, modem: &str, identity: &SimIdentity) -> Option<String> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let of_sim = rules.sim(&tidy(identity)).and_then(|sim| sim.pin.as_ref());
        of_sim
            .map(|pin| pin.expose().to_owned())
            .or_else(|| rules.modem_pins.get(modem).cloned())
    }

    fn give_pin(&self, seat: (&str, &str), identity: &SimIdentity, pin: &str, utc_ns: u64) -> bool {
        self.give_pin_to(seat, identity, pin, utc_ns)
    }

    fn count_pins(&self, modem: &str, identity: &SimIdentity) -> u8 {
        self.pins_given(modem, identity)
    }

    fn forget_pins(&self, modem: &str, identity: &SimIdentity) {
        self.forget_given(modem, identity);
    }
}

const NEVER: Allowance = Allowance::NotBefore {
    utc_ns: u64::MAX,
    rest: Rest::Disabled,
};
