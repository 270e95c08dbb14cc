//! What operators see of the book, and say to it.

use super::{SimBook, SimView, locked, suspicion};
use crate::modem::SimNumber;

impl SimBook {
    /// Every SIM of the book, those that are in no modem too.
    #[must_use]
    pub fn list(&self, utc_ns: u64) -> Vec<SimView> {
        let sims = (0..).zip(&self.sheets).filter_map(|(place, slot)| {
            let mut sheet = locked(slot.get()?);
            Some(SimView::of(SimNumber(place), &mut sheet, utc_ns))
        });
        sims.collect()
    }

    /// One SIM.
    #[must_use]
    pub fn view(&self, sim: SimNumber, utc_ns: u64) -> Option<SimView> {
        let mut sheet = self.sheet(sim)?;
        Some(SimView::of(sim, &mut sheet, utc_ns))
    }

    /// SIMs whose card's or subscriber's number ends so.
    #[must_use]
    pub fn ending(&self, digits: &str) -> Vec<SimNumber> {
        let is_meant = |number: &Option<String>| {
            let number = number.as_deref();
            number.is_some_and(|number| number.ends_with(digits))
        };
        let sims = (0..).zip(&self.sheets).filter(|(_, slot)| {
            slot.get().is_some_and(|sheet| {
                let identity = &locked(sheet).kept.identity;
                is_meant(&identity.iccid) || is_meant(&identity.imsi)
            })
        });
        sims.map(|(place, _)| SimNumber(place)).collect()
    }

    /// Nothing is held against a SIM any more: somebody looked at it. False: there is none.
    pub fn acquit(&self, sim: SimNumber) -> bool {
        let Some(mut sheet) = self.sheet(sim) else {
            return false;
        };
        sheet.kept.suspicion = suspicion::Suspicion::default();
        self.keep(sim, &mut sheet);
        true
    }
}
