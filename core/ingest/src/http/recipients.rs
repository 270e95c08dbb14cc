//! The recipients of one call, or of one line of many: each is screened, and each has its place in the answer.
//!
//! Pure. Bound: the recipients of the request, which its reader has counted.

use carrack_engine::{Refusal, Submission, Verdict};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::FieldFault;
use super::request::MessageRequest;
use crate::accounts::Account;

/// What a call says of one recipient: an id, or an error.
#[derive(Serialize, ToSchema)]
pub(crate) struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    /// Of all its segments; null where the account has no price list.
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// It was accepted by an earlier request with the same key.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<FieldFault>,
}

impl Item {
    pub(crate) fn to(&self) -> &str {
        &self.to
    }

    pub(crate) fn refused(to: String, error: FieldFault) -> Self {
        Self {
            id: None,
            to,
            status: None,
            segments: None,
            encoding: None,
            price: None,
            currency: None,
            repeated: None,
            error: Some(error),
        }
    }
}

/// Recipients, and which of them the engine is asked for.
pub(crate) struct Recipients {
    pub(crate) items: Vec<Item>,
    /// Places in `items` of those that the engine decides, in the order of its verdicts.
    places: Vec<usize>,
}

impl Recipients {
    /// Screens every recipient; those that can be taken are added to `submissions`, with the key of the request.
    pub(crate) fn screen(
        request: &MessageRequest,
        account: &Account,
        submissions: &mut Vec<Submission>,
    ) -> Self {
        let before = submissions.len();
        let mut found = Self {
            items: Vec::with_capacity(request.to.len()),
            places: Vec::with_capacity(request.to.len()),
        };
        let deck = account.deck.as_ref();
        let currency = deck
            .and_then(|deck| deck.currency())
            .map(|currency| currency.to_string());
        for to in &request.to {
            match request.screen(account, to) {
                Err(fault) => found.items.push(Item::refused(to.clone(), fault.into())),
                Ok(recipient) => {
                    found.places.push(found.items.len());
                    let submission = &recipient.submission;
                    found.items.push(Item {
                        id: None,
                        to: submission.to.to_string(),
                        status: Some("accepted"),
                        segments: Some(submission.segments),
                        encoding: Some(recipient.encoding),
                        price: submission.price.map(|price| price.to_string()),
                        currency: submission.price.and_then(|_| currency.clone()),
                        repeated: None,
                        error: None,
                    });
                    submissions.push(recipient.submission);
                }
            }
        }
        request.put_key(submissions.get_mut(before..).unwrap_or_default());
        found
    }

    /// Recipients that the engine decides.
    pub(crate) fn asked(&self) -> usize {
        self.places.len()
    }

    /// Puts the engine's verdicts in their places, [`Self::asked`] of them; the first refusal among them, what passes before what does not.
    pub(crate) fn decide(&mut self, verdicts: impl Iterator<Item = Verdict>) -> Option<Refusal> {
        let mut refusal: Option<Refusal> = None;
        for (place, verdict) in self.places.iter().zip(verdicts) {
            let Some(item) = self.items.get_mut(*place) else {
                continue;
            };
            match verdict {
                Verdict::Accepted(id) => item.id = Some(id.to_string()),
                Verdict::Repeated(id, _) => {
                    item.id = Some(id.to_string());
                    item.repeated = Some(true);
                }
                Verdict::Refused(found) => {
                    let error = FieldFault::from(&found);
                    *item = Item::refused(std::mem::take(&mut item.to), error);
                    if refusal
                        .as_ref()
                        .is_none_or(|before| !before.is_temporary() && found.is_temporary())
                    {
                        refusal = Some(found);
                    }
                }
            }
        }
        refusal
    }

    /// Says of all that the engine would decide that it cannot.
    pub(crate) fn fail(&mut self, detail: &str) {
        for place in &self.places {
            if let Some(item) = self.items.get_mut(*place) {
                let error = FieldFault {
                    field: "to".to_owned(),
                    detail: detail.to_owned(),
                };
                *item = Item::refused(std::mem::take(&mut item.to), error);
            }
        }
    }

    /// Whether any was taken.
    pub(crate) fn is_any_taken(&self) -> bool {
        self.items.iter().any(|item| item.id.is_some())
    }

    /// Whether all that was taken was so by an earlier request.
    pub(crate) fn are_repeated(&self) -> bool {
        let mut taken = self.items.iter().filter(|item| item.id.is_some());
        taken.all(|item| item.repeated.is_some())
    }

    /// The faults of those that were refused.
    pub(crate) fn into_faults(self) -> Vec<FieldFault> {
        (self.items.into_iter())
            .filter_map(|item| item.error)
            .collect()
    }
}

/// Segments of all.
pub(crate) fn segments(submissions: &[Submission]) -> u32 {
    submissions
        .iter()
        .map(|submission| u32::from(submission.segments))
        .sum()
}
