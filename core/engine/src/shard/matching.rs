//! From the id in a receipt to its segment, and from the id in a response to a parked receipt (traps T01 to T04, T45).
//!
//! Where the rule of a carrier's ids is fixed, its one form decides. Where it is being learned, a number may mean another
//! segment in another base: until enough receipts have matched, the recipient's number must agree where there is one, and
//! after that only the learned form counts. What is not sure enough is parked, and tried once more without doubts before
//! it is given up.

use carrack_message::carrier_id::{
    Candidates, FoldedId, IdBase, IdRule, IdTransform, Learning, fold,
};
use smallvec::SmallVec;

use super::Shard;
use super::correlation::{Found, Settled};
use super::early::Parked;
use super::live::Key;
use super::numbers::{Agreement, Numbers};

/// Receipts given up in a row after which what was learned is doubted.
const LOST_MAX: u32 = 20;
/// What was learned is looked at again after so many matches.
const LOOKED_AT_EVERY: u64 = 256;

/// The form of an id that is compared. Most ids are folded as they come: no blanks, no zeros in front, no capitals.
pub(super) fn folded(rule: &IdRule, id: &[u8]) -> FoldedId {
    let (Some(first), Some(last)) = (id.first(), id.last()) else {
        return FoldedId::new();
    };
    let plain = *first > b'0' && *last > b' ' && !id.iter().any(u8::is_ascii_uppercase);
    if plain {
        FoldedId::from_slice(id)
    } else {
        fold(rule, id)
    }
}

/// What is known of a carrier's ids.
#[derive(Debug, Default)]
pub(crate) struct IdKnowledge {
    pub(crate) learning: Learning,
    /// Whether there is something to learn.
    learns: bool,
    /// Ids of receipts are those of responses, by the rule.
    same: bool,
    learned: Option<IdTransform>,
    /// Receipts given up since the last match.
    lost: u32,
    noted: u64,
    /// The proposal was logged.
    told: bool,
}

impl IdKnowledge {
    pub(crate) fn new(rule: &IdRule) -> Self {
        let open = rule.submit == IdBase::Learn || rule.receipt == IdBase::Learn;
        let text = rule.submit == IdBase::Text || rule.receipt == IdBase::Text;
        let learns = open && !text;
        Self {
            learns,
            same: !learns && (text || rule.submit == rule.receipt),
            ..Self::default()
        }
    }

    /// The only form that counts, where one was learned.
    fn only(&self) -> Option<IdTransform> {
        self.learned.filter(|_| self.lost < LOST_MAX)
    }

    /// Whether only the id as it came counts.
    fn only_same(&self) -> bool {
        if self.learns {
            self.only() == Some(IdTransform::Same)
        } else {
            self.same
        }
    }

    /// Whether a match of the id as it came is sure, without a look at other forms.
    fn trusts_same(&self, agreement: Agreement) -> bool {
        match self.only() {
            _ if !self.learns => self.same,
            _ if agreement == Agreement::Differs => false,
            Some(only) => only == IdTransform::Same,
            None => agreement > Agreement::Silent,
        }
    }

    /// Whether a match under this form is sure enough. `alone`: the id has no other form.
    fn accepts(&self, transform: IdTransform, agreement: Agreement, alone: bool) -> bool {
        if !self.learns {
            return true;
        }
        match self.only() {
            _ if alone => true,
            Some(only) => only == transform,
            None => agreement >= Agreement::Silent,
        }
    }

    /// A receipt was matched so. Gives lines for the profile, once.
    pub(crate) fn note(&mut self, transform: IdTransform, id: &[u8]) -> Option<String> {
        self.lost = 0;
        if id.len() < 2 {
            // One digit is the same in every base.
            return None;
        }
        self.learning.note(transform);
        self.noted += 1;
        if !self.learns || (self.learned.is_some() && !self.noted.is_multiple_of(LOOKED_AT_EVERY)) {
            return None;
        }
        let proposal = self.learning.proposal();
        self.learned = proposal.map(|proposal| proposal.transform);
        let proposal = proposal.filter(|_| !self.told)?;
        self.told = true;
        Some(proposal.toml())
    }

    pub(crate) fn note_lost(&mut self) {
        self.learning.note_miss();
        self.lost = self.lost.saturating_add(1);
    }

    /// Lines for the profile, where ids are being learned and enough was seen.
    pub(crate) fn proposal(&self) -> Option<String> {
        let proposal = self.learning.proposal().filter(|_| self.learns);
        proposal.map(|proposal| proposal.toml())
    }
}

/// What an id may be written as on the other way.
type Forms = SmallVec<[(IdTransform, FoldedId); 3]>;

/// Whom a receipt speaks of.
#[derive(Debug)]
pub(super) enum Meant {
    Segment(Key, u8, IdTransform),
    /// One that nothing more is to come of.
    Settled(Settled),
    /// Nobody yet: it is parked under its folded id.
    Nobody(FoldedId),
}

impl Shard {
    /// Finds the segment that a receipt speaks of. `doubts`: what is not sure is nobody.
    pub(super) fn meant(&mut self, place: u16, id: &[u8], numbers: Numbers, doubts: bool) -> Meant {
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return Meant::Nobody(FoldedId::from_slice(id));
        };
        let (rule, known) = (&carrier.rules.ids, &carrier.ids);
        let folded = folded(rule, id);
        let find = |form: &FoldedId| {
            self.correlation
                .find(place, rule, form, numbers, &self.live)
        };
        if (known.learns || known.same)
            && let (Some(found), count) = find(&folded)
            && found.agreement > Agreement::Differs
            && known.trusts_same(found.agreement)
        {
            carrier.stats.receipts_ambiguous += u64::from(count > 1);
            return Meant::Segment(found.key, found.segment, IdTransform::Same);
        }
        let forms = if doubts && known.only_same() {
            Forms::from_iter([(IdTransform::Same, folded.clone())])
        } else {
            let forms = Candidates::of_receipt(rule, id);
            forms.likeliest_first(&known.learning).into_iter().collect()
        };
        let alone = forms.len() == 1;
        let mut best: Option<(Found, IdTransform)> = None;
        let (mut several, mut settled) = (0, None);
        for (transform, form) in &forms {
            let sure = |agreement| match doubts {
                true => known.accepts(*transform, agreement, alone),
                // The last try still does not take another base for another recipient.
                false => alone || *transform == IdTransform::Same || agreement > Agreement::Differs,
            };
            if !sure(Agreement::Whole) {
                continue;
            }
            let (found, count) = find(form);
            if let Some(found) = found.filter(|found| sure(found.agreement)) {
                several += count;
                // The likeliest form comes first and stays where the numbers decide nothing.
                if best.is_none_or(|(best, _)| found.agreement > best.agreement) {
                    best = Some((found, *transform));
                }
            }
            settled = settled.or_else(|| {
                let ended = self.correlation.settled(place, form)?;
                let agreement = numbers.agree_with(ended.to);
                let same = *transform == IdTransform::Same || alone;
                let its = agreement >= Agreement::Tail
                    || (agreement == Agreement::Silent && same && sure(agreement));
                its.then_some((ended, agreement))
            });
        }
        match (best, settled) {
            // An id given again (trap T45): the number says that the receipt is of the segment before.
            (Some((found, _)), Some((ended, agreement))) if agreement > found.agreement => {
                Meant::Settled(ended)
            }
            (Some((found, transform)), _) => {
                carrier.stats.receipts_ambiguous += u64::from(several > 1);
                Meant::Segment(found.key, found.segment, transform)
            }
            (None, Some((ended, _))) => Meant::Settled(ended),
            (None, None) => Meant::Nobody(folded),
        }
    }

    /// The parked receipt that the response with this id was waited for by, and how the ids relate.
    pub(super) fn parked_for(
        &mut self,
        place: u16,
        id: &[u8],
        key: Key,
    ) -> Option<(FoldedId, IdTransform, Parked)> {
        if self.early.is_empty() || id.is_empty() {
            return None;
        }
        let carrier = self.carriers.get(&place)?;
        let to = self.live.get(key)?.to;
        let (rule, known) = (&carrier.rules.ids, &carrier.ids);
        let forms = if known.only_same() {
            Forms::from_iter([(IdTransform::Same, folded(rule, id))])
        } else {
            let forms = Candidates::of_response(rule, id);
            forms.likeliest_first(&known.learning).into_iter().collect()
        };
        let alone = forms.len() == 1;
        let mut best: Option<(Agreement, IdTransform, &FoldedId)> = None;
        for (transform, form) in &forms {
            let Some(parked) = self.early.get(place, form) else {
                continue;
            };
            let agreement = parked.numbers.agree_with(to);
            if known.accepts(*transform, agreement, alone)
                && best.is_none_or(|(best, _, _)| agreement > best)
            {
                best = Some((agreement, *transform, form));
            }
        }
        let (_, transform, form) = best?;
        let parked = self.early.take(place, form)?;
        Some((form.clone(), transform, parked))
    }
}

#[cfg(test)]
mod tests {
    use carrack_message::carrier_id::{IdCase, IdPad};
    use proptest::prelude::*;

    use super::*;

    fn rule() -> impl Strategy<Value = IdRule> {
        let base = || {
            prop_oneof![
                Just(IdBase::Learn),
                Just(IdBase::Text),
                Just(IdBase::Hex),
                Just(IdBase::Decimal),
            ]
        };
        let case = prop_oneof![Just(IdCase::Ignore), Just(IdCase::Keep)];
        let pad = prop_oneof![Just(IdPad::Ignore), Just(IdPad::Keep)];
        (base(), base(), case, pad).prop_map(|(submit, receipt, case, pad)| IdRule {
            submit,
            receipt,
            case,
            pad,
        })
    }

    proptest! {
        #[test]
        fn short_way_to_fold_gives_what_the_long_one_gives(
            rule in rule(),
            id in prop_oneof!["[ 0-9a-fA-FxX]{0,24}", "[0-9]{0,22}", "[ -~]{0,40}"],
            octets in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_eq!(folded(&rule, id.as_bytes()), fold(&rule, id.as_bytes()));
            prop_assert_eq!(folded(&rule, &octets), fold(&rule, &octets));
        }
    }
}
