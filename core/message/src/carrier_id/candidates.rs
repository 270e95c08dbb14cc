//! Forms in which an id may come back.
//!
//! A fixed rule gives exactly one form; a rule that is being learned at most three. The forms of a
//! receipt's id are looked up among folded ids of responses, and the other way round.

use smallvec::SmallVec;

use super::fold::{FoldedId, Numbers, decimal_digits, fold_number, hexadecimal_digits, trim};
use super::{IdRule, IdTransform, Learning};

type Form = (IdTransform, FoldedId);

/// The forms to be tried, likeliest first; one to three, each another.
#[derive(Clone, Debug)]
pub struct Candidates {
    forms: SmallVec<[Form; 3]>,
}

impl Candidates {
    /// Forms under which the response that a receipt with `id` means may be indexed.
    #[must_use]
    pub fn of_receipt(rule: &IdRule, id: &[u8]) -> Self {
        Self::of(rule, id, |numbers, transform| match transform {
            IdTransform::HexToDecimal => Some(hexadecimal_digits(numbers.decimal?)),
            IdTransform::DecimalToHex => Some(decimal_digits(numbers.hexadecimal?)),
            IdTransform::Same => None,
        })
    }

    /// Forms under which a receipt that means the response with `id` may be parked.
    #[must_use]
    pub fn of_response(rule: &IdRule, id: &[u8]) -> Self {
        Self::of(rule, id, |numbers, transform| match transform {
            IdTransform::HexToDecimal => Some(decimal_digits(numbers.hexadecimal?)),
            IdTransform::DecimalToHex => Some(hexadecimal_digits(numbers.decimal?)),
            IdTransform::Same => None,
        })
    }

    fn of(
        rule: &IdRule,
        id: &[u8],
        turned: impl Fn(Numbers, IdTransform) -> Option<FoldedId>,
    ) -> Self {
        let id = trim(id);
        let numbers = Numbers::of(id);
        let mut forms: SmallVec<[Form; 3]> = SmallVec::new();
        for transform in IdTransform::ALL {
            let form = match transform {
                _ if !rule.may(transform) => continue,
                IdTransform::Same => Some(fold_number(rule, id, numbers)),
                _ => turned(numbers, transform),
            };
            if let Some(form) = form
                && !forms.iter().any(|(_, known)| *known == form)
            {
                forms.push((transform, form));
            }
        }
        if forms.is_empty() {
            // A fixed rule speaks of numbers and this is none.
            forms.push((IdTransform::Same, fold_number(rule, id, numbers)));
        }
        Self { forms }
    }

    /// The same forms, those first that have matched most often.
    #[must_use]
    pub fn likeliest_first(mut self, learning: &Learning) -> Self {
        self.forms
            .sort_by_key(|(transform, _)| std::cmp::Reverse(learning.matched(*transform)));
        self
    }

    /// The forms by reference.
    #[must_use]
    pub fn as_slice(&self) -> &[(IdTransform, FoldedId)] {
        &self.forms
    }
}

impl IntoIterator for Candidates {
    type Item = (IdTransform, FoldedId);
    type IntoIter = smallvec::IntoIter<[(IdTransform, FoldedId); 3]>;

    fn into_iter(self) -> Self::IntoIter {
        self.forms.into_iter()
    }
}
