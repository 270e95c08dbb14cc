//! Messages from handsets that the log gives back: joined again as they were, and told where they were not.

use carrack_message::mo::{Mo, MoWays};
use carrack_message::record::MoReceived;
use carrack_message::wire::TextForm;
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Durable;
use crate::recovery::RestoredHandsets;
use crate::shard::Shard;

impl Shard {
    /// Takes parts back. Before the first turn only.
    pub(crate) fn restore_mo(&mut self, now: Now, restored: &RestoredHandsets) {
        let ended: FxHashSet<u128> = restored
            .parts
            .iter()
            .filter(|(_, ended)| *ended)
            .map(|(part, _)| part.id)
            .collect();
        for (part, _) in &restored.parts {
            let mut joined = Vec::new();
            let age_ns = now.utc_ns.saturating_sub(part.at_utc_ns);
            let form = self.form_of(part);
            self.join(now.mono_ns.saturating_sub(age_ns), &form, part, &mut joined);
            for mo in joined {
                self.joined_again(now, part.carrier, mo, &ended, &restored.told);
            }
        }
        // What was overdue when the process ended was handed on then, or is now.
        for (carrier, mo) in self.mo.expire(now.mono_ns) {
            self.joined_again(now, carrier, mo, &ended, &restored.told);
        }
    }

    /// Of those parts of which nothing became yet.
    fn joined_again(
        &mut self,
        now: Now,
        carrier: u32,
        mut mo: Mo,
        ended: &FxHashSet<u128>,
        told: &FxHashMap<u128, MoWays>,
    ) {
        mo.tags.retain(|tag| !ended.contains(tag));
        if !mo.tags.is_empty() {
            self.joined(now, carrier, mo, Durable::Already(told));
        }
    }

    /// How its carrier writes text; one that is not configured any more keeps to the specification.
    fn form_of(&self, part: &MoReceived) -> TextForm {
        let place = self.directory.carrier_place(part.carrier);
        let carrier = place.and_then(|place| self.carriers.get(&place));
        carrier.map_or_else(TextForm::default, |carrier| carrier.rules.text.clone())
    }
}
