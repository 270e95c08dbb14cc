//! Ids of responses and of receipts, matched as the engine matches them (traps T01 to T05 and T45).

use std::collections::{HashMap, VecDeque};

use carrack_message::carrier_id::{
    Candidates, CarrierId, FoldedId, IdBase, IdCase, IdPad, IdRule, IdTransform, Learning, fold,
};
use smallvec::SmallVec;

const IDS_MAX: usize = 1_000_000;
/// Digits by which numbers of different writing are compared.
const NUMBER_END: usize = 7;

/// What is known of a submit.
#[derive(Debug, Clone)]
pub(super) struct Submitted {
    to: SmallVec<[u8; 16]>,
}

impl Submitted {
    pub(super) fn to(address: &[u8]) -> Self {
        Self {
            to: SmallVec::from_slice(address),
        }
    }

    /// Whether one of a receipt's addresses is this recipient; by the last digits, for prefixes differ.
    fn is_named_by(&self, numbers: [&[u8]; 2]) -> bool {
        let end = |number: &[u8]| -> SmallVec<[u8; 16]> {
            number.iter().rev().take(NUMBER_END).copied().collect()
        };
        let own = end(&self.to);
        !own.is_empty() && numbers.iter().any(|number| end(number) == own)
    }
}

/// How a receipt found its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// What had to be done to its id.
    pub transform: IdTransform,
    /// It came before the response.
    pub early: bool,
    /// Segments that its id may mean; more than one is ambiguous.
    pub candidates: usize,
    /// One of its addresses is the segment's recipient.
    pub number_agrees: bool,
}

/// A receipt that came before its response.
#[derive(Debug, Clone)]
pub(super) struct Parked {
    pub(super) id: CarrierId,
    numbers: [SmallVec<[u8; 16]>; 2],
}

#[derive(Debug)]
pub(super) struct Ids {
    rule: IdRule,
    pub(super) learning: Learning,
    taken: HashMap<FoldedId, SmallVec<[Submitted; 1]>>,
    taken_order: VecDeque<FoldedId>,
    early: HashMap<FoldedId, SmallVec<[Parked; 1]>>,
    early_order: VecDeque<FoldedId>,
    parked: u64,
    pub(super) forgotten: u64,
    /// What would match were every transform allowed; none where the rule is learnt anyway.
    open: Option<Box<Ids>>,
}

impl Ids {
    pub(super) fn new(rule: IdRule) -> Self {
        let learnt = IdRule {
            submit: IdBase::Learn,
            receipt: IdBase::Learn,
            case: IdCase::Ignore,
            pad: IdPad::Ignore,
        };
        Self {
            open: (rule != learnt).then(|| Box::new(Self::new(learnt))),
            rule,
            learning: Learning::default(),
            taken: HashMap::new(),
            taken_order: VecDeque::new(),
            early: HashMap::new(),
            early_order: VecDeque::new(),
            parked: 0,
            forgotten: 0,
        }
    }

    /// Where the rule leaves receipts unmatched that another one would match: what had to be done to their ids, and how
    /// many more they would be.
    pub(super) fn otherwise(&self) -> Option<(IdTransform, u64)> {
        let open = self.open.as_ref()?;
        let more = self
            .parked
            .checked_sub(open.parked)
            .filter(|more| *more > 0)?;
        let transforms = IdTransform::ALL.into_iter();
        let best = transforms.max_by_key(|transform| open.learning.matched(*transform))?;
        Some((best, more))
    }

    /// Receipts that have found nothing yet.
    pub(super) const fn parked(&self) -> u64 {
        self.parked
    }

    /// A receipt: finds its segment, or waits for it.
    pub(super) fn receipt(&mut self, id: &[u8], numbers: [&[u8]; 2]) -> Option<Match> {
        if let Some(open) = &mut self.open {
            open.receipt(id, numbers);
        }
        let forms = Candidates::of_receipt(&self.rule, id).likeliest_first(&self.learning);
        let mut found: Option<Match> = None;
        let mut candidates = 0;
        for (transform, form) in forms {
            let Some(segments) = self.taken.get(&form) else {
                continue;
            };
            candidates += segments.len();
            let number_agrees = segments.iter().any(|segment| segment.is_named_by(numbers));
            if found.is_none_or(|found| number_agrees && !found.number_agrees) {
                found = Some(Match {
                    transform,
                    early: false,
                    candidates: 0,
                    number_agrees,
                });
            }
        }
        let Some(found) = found else {
            self.park(id, numbers);
            return None;
        };
        self.learning.note(found.transform);
        Some(Match {
            candidates,
            ..found
        })
    }

    fn park(&mut self, id: &[u8], numbers: [&[u8]; 2]) {
        let form = fold(&self.rule, id);
        let parked = Parked {
            id: CarrierId::from_slice(id),
            numbers: numbers.map(SmallVec::from_slice),
        };
        self.early.entry(form.clone()).or_default().push(parked);
        self.parked += 1;
        self.early_order.push_back(form);
        while self.early_order.len() > IDS_MAX {
            let oldest = self.early_order.pop_front();
            let gone = oldest.and_then(|form| self.early.remove(&form));
            let gone = gone.map_or(0, |gone| gone.len() as u64);
            // They stay unmatched.
            self.forgotten += gone;
        }
    }

    /// An accepted segment: gives the receipts that waited for it.
    pub(super) fn response(&mut self, id: &[u8], segment: Submitted) -> Vec<(Parked, Match)> {
        if id.is_empty() {
            return Vec::new();
        }
        if let Some(open) = &mut self.open {
            open.response(id, segment.clone());
        }
        let mut woken = Vec::new();
        for (transform, form) in Candidates::of_response(&self.rule, id) {
            for parked in self.early.remove(&form).unwrap_or_default() {
                let [source, destination] = &parked.numbers;
                let found = Match {
                    transform,
                    early: true,
                    candidates: 1,
                    number_agrees: segment.is_named_by([source, destination]),
                };
                self.learning.note(transform);
                self.parked = self.parked.saturating_sub(1);
                woken.push((parked, found));
            }
        }
        self.keep(fold(&self.rule, id), segment);
        woken
    }

    fn keep(&mut self, form: FoldedId, segment: Submitted) {
        self.taken.entry(form.clone()).or_default().push(segment);
        self.taken_order.push_back(form);
        while self.taken_order.len() > IDS_MAX {
            let oldest = self.taken_order.pop_front();
            if let Some(form) = oldest
                && let Some(segments) = self.taken.get_mut(&form)
            {
                segments.drain(..1.min(segments.len()));
                self.forgotten += 1;
                if segments.is_empty() {
                    self.taken.remove(&form);
                }
            }
        }
    }
}
