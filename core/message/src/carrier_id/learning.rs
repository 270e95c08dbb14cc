//! Learning a carrier's id rule from what matches.
//!
//! Counts only, a few octets a carrier. The proposal looks at recent matches, so that a carrier that
//! changes its ids is noticed within some hundreds of receipts.

use super::{IdBase, IdRule, IdTransform};

/// Recent matches on which a proposal rests at least.
const MATCHES_MIN: u64 = 20;
/// Share of recent matches that it must explain, per cent.
const SHARE_MIN_PERCENT: u64 = 95;
/// Recent matches are halved at so many.
const RECENT_MAX: u64 = 1024;

/// What a carrier's receipts have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learning {
    matched: [u64; 3],
    recent: [u64; 3],
    misses: u64,
}

/// A rule that would fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The rule with fixed bases; case and padding are ignored, which fits both.
    pub rule: IdRule,
    /// How ids of receipts relate to those of responses under it.
    pub transform: IdTransform,
    /// Matches of that kind since the beginning.
    pub matched: u64,
    /// Share of recent matches that it explains, per cent.
    pub share_percent: u8,
}

impl Learning {
    /// A receipt matched so.
    pub fn note(&mut self, transform: IdTransform) {
        for counts in [&mut self.matched, &mut self.recent] {
            if let Some(count) = counts.get_mut(transform as usize) {
                *count += 1;
            }
        }
        if self.recent.iter().sum::<u64>() >= RECENT_MAX {
            self.recent = self.recent.map(|count| count / 2);
        }
    }

    /// A receipt matched nothing.
    pub const fn note_miss(&mut self) {
        self.misses += 1;
    }

    /// Receipts that matched so.
    #[must_use]
    pub fn matched(&self, transform: IdTransform) -> u64 {
        self.matched.get(transform as usize).copied().unwrap_or(0)
    }

    /// Receipts that matched nothing.
    #[must_use]
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// The rule that fits, once enough was seen and nearly all of it agrees.
    #[must_use]
    pub fn proposal(&self) -> Option<Proposal> {
        let total: u64 = self.recent.iter().sum();
        let (transform, count) = IdTransform::ALL
            .into_iter()
            .zip(self.recent)
            .max_by_key(|(_, count)| *count)?;
        let share = (count * 100).checked_div(total)?;
        if count < MATCHES_MIN || share < SHARE_MIN_PERCENT {
            return None;
        }
        Some(Proposal {
            rule: transform.rule(),
            transform,
            matched: self.matched(transform),
            share_percent: share as u8,
        })
    }
}

impl IdTransform {
    /// The rule with fixed bases under which receipts relate to responses so.
    #[must_use]
    pub fn rule(self) -> IdRule {
        let (submit, receipt) = match self {
            Self::Same => (IdBase::Text, IdBase::Text),
            Self::HexToDecimal => (IdBase::Hex, IdBase::Decimal),
            Self::DecimalToHex => (IdBase::Decimal, IdBase::Hex),
        };
        IdRule {
            submit,
            receipt,
            ..IdRule::default()
        }
    }
}

impl Proposal {
    /// The lines of a profile that fix it.
    #[must_use]
    pub fn toml(&self) -> String {
        format!(
            "id_submit_base = \"{}\"\nid_receipt_base = \"{}\"\n",
            self.rule.submit.word(),
            self.rule.receipt.word()
        )
    }
}
