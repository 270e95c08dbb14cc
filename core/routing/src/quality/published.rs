//! What the choice knows of how carriers do.

use std::sync::Arc;

use carrack_message::{Class, Network};
use rustc_hash::FxHashMap;
use serde::Serialize;
use utoipa::ToSchema;

/// The whole of a share.
pub const PERMILLE: u16 = 1000;

/// How a carrier does, in one respect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quality {
    /// Of a thousand messages whose end is known, so many were delivered; moved towards what was known before where there
    /// are few, and changed only by more than the hysteresis.
    pub delivered_permille: u16,
    /// The same when there were last enough to go by them alone; 0: there never were.
    #[serde(skip)]
    pub settled_permille: u16,
    /// Messages of the window whose end is known.
    pub ended: u32,
    /// Of a thousand submits, so many were accepted.
    pub accepted_permille: u16,
    /// Submits of the window that were answered.
    pub answered: u32,
    /// Submit to response, milliseconds.
    pub response_ms_p50: u32,
    /// Of a hundred responses 95 came within it.
    pub response_ms_p95: u32,
    /// Response to final receipt, milliseconds.
    pub receipt_ms_p50: u32,
    /// Of a hundred receipts 95 came within it.
    pub receipt_ms_p95: u32,
    /// Its receipts are too good to be true (trap P05).
    pub suspected: bool,
}

/// How one carrier does.
#[derive(Clone, Debug, Default)]
pub struct CarrierQuality {
    /// To all networks.
    pub overall: Quality,
    /// By network, all classes.
    pub networks: FxHashMap<Network, Quality>,
    /// By network and class.
    pub cells: FxHashMap<(Network, Class), Quality>,
}

impl CarrierQuality {
    /// Whether messages may take another order than by what was public before.
    #[must_use]
    pub fn reorders(&self, before: &Self) -> bool {
        let said = |quality: &Quality| (quality.delivered_permille, quality.suspected);
        said(&self.overall) != said(&before.overall)
            || self.cells.len() != before.cells.len()
            || self
                .cells
                .iter()
                .any(|(cell, quality)| before.cells.get(cell).map(said) != Some(said(quality)))
    }

    /// The closest that is based on at least `ended_min` messages; else what is known of the whole carrier.
    #[must_use]
    pub fn of(&self, network: Network, class: Class, ended_min: u32) -> &Quality {
        let enough = |quality: &&Quality| quality.ended >= ended_min;
        let cell = self.cells.get(&(network, class)).filter(enough);
        cell.or_else(|| self.networks.get(&network))
            .unwrap_or(&self.overall)
    }
}

/// How all carriers do, by their number. Cheap to clone; a shard replaces those that it owns.
#[derive(Clone, Debug, Default)]
pub struct Qualities {
    carriers: Vec<Option<Arc<CarrierQuality>>>,
    /// Messages that a cell needs to be believed.
    pub ended_min: u32,
}

impl Qualities {
    /// Nothing known of so many carriers.
    #[must_use]
    pub fn new(carriers: usize, ended_min: u32) -> Self {
        Self {
            carriers: vec![None; carriers],
            ended_min,
        }
    }

    /// Takes what is known now of a carrier.
    pub fn replace(&mut self, carrier: u16, quality: Arc<CarrierQuality>) {
        if let Some(known) = self.carriers.get_mut(usize::from(carrier)) {
            *known = Some(quality);
        }
    }

    /// The same carriers under the numbers of another table: for each of those its number here.
    #[must_use]
    pub fn renumbered(&self, numbers: &[Option<u16>]) -> Self {
        let known = |number: &Option<u16>| self.carriers.get(usize::from((*number)?))?.clone();
        Self {
            carriers: numbers.iter().map(known).collect(),
            ended_min: self.ended_min,
        }
    }

    /// What is known of a carrier.
    #[must_use]
    pub fn carrier(&self, carrier: u16) -> Option<&CarrierQuality> {
        self.carriers.get(usize::from(carrier))?.as_deref()
    }

    /// What is known of a carrier for such a message.
    #[must_use]
    pub fn of(&self, carrier: u16, network: Network, class: Class) -> Option<&Quality> {
        self.carrier(carrier)
            .map(|known| known.of(network, class, self.ended_min))
    }
}
