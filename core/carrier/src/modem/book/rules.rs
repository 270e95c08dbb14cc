//! What the configuration says of pools and SIMs.

use std::collections::HashMap;
use std::sync::Arc;

use carrack_message::Msisdn;
use carrack_settings::{Settings, Sim, SimTerms};

use crate::modem::{Rest, SimIdentity};

/// What holds for the SIMs of a pool.
#[derive(Debug, Clone)]
pub struct PoolRules {
    /// What each may send.
    pub terms: SimTerms,
    /// First digits of the IMSIs that may send; empty: all.
    pub networks: Vec<String>,
}

/// What the configuration says; a reload brings new ones.
#[derive(Clone, Default)]
pub struct SimRules {
    /// By name of the carrier.
    pub pools: HashMap<String, PoolRules>,
    /// `[[sim]]`
    pub sims: Vec<Sim>,
    /// PINs by the name of the modem (`pin` of `[[modem]]`).
    pub modem_pins: HashMap<String, String>,
}

impl From<&Settings> for SimRules {
    fn from(settings: &Settings) -> Self {
        let pools = settings.carriers.iter().filter_map(|carrier| {
            let pool = carrier.pool.as_ref()?;
            let rules = PoolRules {
                terms: pool.sim.clone(),
                networks: pool.networks.clone(),
            };
            Some((carrier.name.clone(), rules))
        });
        let pins = settings.modem_list.iter().filter_map(|modem| {
            let pin = modem.pin.as_ref()?;
            Some((modem.name.clone(), pin.expose().to_owned()))
        });
        Self {
            pools: pools.collect(),
            modem_pins: pins.collect(),
            sims: settings.sims.clone(),
        }
    }
}

/// What holds for one SIM in one pool.
#[derive(Debug)]
pub(super) struct Ruled {
    pub(super) terms: Arc<SimTerms>,
    pub(super) never: Option<Rest>,
    pub(super) own_number: Option<Msisdn>,
}

impl SimRules {
    /// `[[sim]]` of a SIM: by its ICCID, by its IMSI else.
    pub(super) fn sim(&self, identity: &SimIdentity) -> Option<&Sim> {
        let card = identity.iccid.as_deref();
        let by_card = || {
            let same = |sim: &&Sim| sim.iccid.is_some() && sim.iccid == identity.iccid;
            self.sims.iter().find(same)
        };
        let by_nearly = || {
            let same = |sim: &&Sim| {
                is_one_card(sim.iccid.as_deref(), card)
                    && is_maybe(sim.imsi.as_deref(), identity.imsi.as_deref())
            };
            self.sims.iter().find(same)
        };
        let by_subscriber = || {
            let same = |sim: &&Sim| sim.imsi.is_some() && sim.imsi == identity.imsi;
            self.sims.iter().find(same)
        };
        by_card().or_else(by_nearly).or_else(by_subscriber)
    }

    /// What holds for a SIM; a pool that is not there has the terms of one that says nothing.
    pub(super) fn of(&self, pool: Option<&str>, identity: &SimIdentity) -> Ruled {
        let pool = pool.and_then(|pool| self.pools.get(pool));
        let sim = self.sim(identity);
        let base = pool.map(|pool| pool.terms.clone()).unwrap_or_default();
        let terms = sim.map_or_else(|| base.clone(), |sim| sim.terms(&base));
        let networks = pool.map_or(&[][..], |pool| &pool.networks);
        let is_of = |imsi: &String| networks.iter().any(|network| imsi.starts_with(network));
        let never = match sim {
            Some(sim) if !sim.enabled => Some(Rest::Disabled),
            _ if networks.is_empty() || identity.imsi.as_ref().is_some_and(is_of) => None,
            _ => Some(Rest::OtherNetwork),
        };
        Ruled {
            terms: Arc::new(terms),
            never,
            own_number: sim.and_then(|sim| sim.number),
        }
    }
}

/// A card's number may be printed, or told by one make, with its check digit and without it by another.
pub(super) fn is_one_card(known: Option<&str>, found: Option<&str>) -> bool {
    let (Some(known), Some(found)) = (known, found) else {
        return false;
    };
    let begins = known.starts_with(found) || found.starts_with(known);
    begins && known.len().abs_diff(found.len()) <= 1
}

/// Both are the same, or one is not known.
pub(super) fn is_maybe(known: Option<&str>, found: Option<&str>) -> bool {
    known.is_none() || found.is_none() || known == found
}
