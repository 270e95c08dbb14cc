//! Which SIM has which place in the book: by its ICCID, with its check digit or without, by its IMSI where it tells no ICCID.
//!
//! Bound: places. A SIM that nobody has seen for [`FORGOTTEN_AFTER_NS`] gives its place to a new one when there is no other.

use super::rules::{is_maybe, is_one_card};
use crate::modem::SimIdentity;

/// Longer than any count holds: two months.
pub(super) const FORGOTTEN_AFTER_NS: u64 = 62 * 86_400 * 1_000_000_000;

/// One place.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) identity: SimIdentity,
    /// It was in a modem since the start, so somebody may know its number.
    pub(super) seated: bool,
    /// Where it is: pool and modem.
    pub(super) modem: Option<(String, String)>,
    pub(super) seen_utc_ns: u64,
}

/// All places in use, in their order; none: an empty one.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) entries: Vec<Option<Entry>>,
}

/// Where a SIM goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is known there.
    Known(u32),
    /// It is new there.
    New(u32),
    /// It is new there, and another one is forgotten.
    Instead(u32),
    /// There is none.
    Full,
}

impl Directory {
    /// The place of a SIM.
    pub(super) fn place(&self, identity: &SimIdentity, sims_max: u32, utc_ns: u64) -> Place {
        if let Some(known) = self.find(identity) {
            return Place::Known(known);
        }
        if let Some(free) = self.entries.iter().position(Option::is_none) {
            return Place::New(free as u32);
        }
        if (self.entries.len() as u64) < u64::from(sims_max) {
            return Place::New(self.entries.len() as u32);
        }
        let unseen = (0..).zip(&self.entries).filter_map(|(place, entry)| {
            let entry = entry.as_ref().filter(|entry| !entry.seated)?;
            Some((entry.seen_utc_ns, place))
        });
        match unseen.min() {
            Some((seen, place)) if seen.saturating_add(FORGOTTEN_AFTER_NS) < utc_ns => {
                Place::Instead(place)
            }
            _ => Place::Full,
        }
    }

    /// The card's number decides. The subscriber's does where either side knows no card.
    fn find(&self, identity: &SimIdentity) -> Option<u32> {
        let by = |same: &dyn Fn(&SimIdentity) -> bool| {
            let mut places = (0..).zip(&self.entries);
            let found = places.find(|(_, entry)| entry.as_ref().is_some_and(|e| same(&e.identity)));
            found.map(|(place, _)| place)
        };
        if identity.iccid.is_some()
            && let Some(found) = by(&|known| known.iccid == identity.iccid)
        {
            return Some(found);
        }
        let (card, subscriber) = (identity.iccid.as_deref(), identity.imsi.as_deref());
        if let Some(found) = by(&|known| {
            is_one_card(known.iccid.as_deref(), card) && is_maybe(known.imsi.as_deref(), subscriber)
        }) {
            return Some(found);
        }
        identity.imsi.as_ref()?;
        by(&|known| {
            known.imsi == identity.imsi && (known.iccid.is_none() || identity.iccid.is_none())
        })
    }

    pub(super) fn put(&mut self, place: u32, entry: Entry) {
        let place = place as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, None);
        }
        if let Some(slot) = self.entries.get_mut(place) {
            *slot = Some(entry);
        }
    }

    /// Nobody else is in this modem any more; their places.
    pub(super) fn vacate(&mut self, modem: &(String, String), but: u32) -> Vec<u32> {
        let mut left = Vec::new();
        for (place, entry) in (0..).zip(&mut self.entries) {
            if let Some(entry) = entry
                && place != but
                && entry.modem.as_ref() == Some(modem)
            {
                entry.modem = None;
                left.push(place);
            }
        }
        left
    }

    /// Other SIMs in modems of the same pool.
    pub(super) fn others(&self, place: u32) -> Vec<u32> {
        let pool = |entry: &Option<Entry>| -> Option<String> {
            let (pool, _) = entry.as_ref()?.modem.as_ref()?;
            Some(pool.clone())
        };
        let Some(own) = self.entries.get(place as usize).and_then(pool) else {
            return Vec::new();
        };
        let places = (0..).zip(&self.entries);
        let others = places.filter(|(other, entry)| {
            *other != place && pool(entry).as_deref() == Some(own.as_str())
        });
        others.map(|(other, _)| other).collect()
    }
}
