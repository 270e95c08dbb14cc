//! What was seen, put in order: receipts read, receipts and submits laid side by side.

use carrack_message::receipt::{self, ReceiptState};
use carrack_smpp::{
    ESM_CLASS_DELIVERY_RECEIPT, ESM_CLASS_INTERMEDIATE_NOTIFICATION, ESM_CLASS_TYPE_MASK,
    MessageIdBody, tag,
};

use super::doubt::{Doubt, Verdict};
use super::findings;
use super::message::{Purpose, digits};
use super::observation::{DeliverSeen, Observations, SubmitSeen};
use super::plan::Plan;
use super::report::Report;
use super::{Outcome, findings::Sheet};

/// What was done to an id on its way from the response to the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dressing {
    Same,
    CaseSwapped,
    ZerosDropped,
    ZerosAdded,
    HexToDecimal,
    DecimalToHex,
}

/// A receipt, read.
pub(super) struct ReceiptSeen<'a> {
    pub(super) deliver: &'a DeliverSeen,
    /// Its text as ASCII.
    pub(super) text: Vec<u8>,
    pub(super) text_id: Option<Vec<u8>>,
    /// `receipted_message_id` as it came.
    pub(super) tlv_raw: Option<&'a [u8]>,
    pub(super) tlv_id: Option<Vec<u8>>,
    pub(super) text_state: Option<ReceiptState>,
    pub(super) tlv_state: Option<ReceiptState>,
    /// Which submit it is about: place in the list of submits.
    pub(super) submit: Option<usize>,
    /// How its id leads there; none: only its time does.
    pub(super) dressing: Option<Dressing>,
}

impl<'a> ReceiptSeen<'a> {
    pub(super) fn read(deliver: &'a DeliverSeen) -> Option<Self> {
        let text = receipt::octets_of(deliver.data_coding, deliver.user_data()).into_owned();
        let tlv_raw = deliver.tlv(tag::RECEIPTED_MESSAGE_ID);
        if !is_marked(deliver) && !receipt::looks_like_receipt(&text) {
            return None;
        }
        let said = receipt::parse(&text);
        let tlv_id = tlv_raw.map(|raw| {
            raw.split(|octet| *octet == 0)
                .next()
                .unwrap_or_default()
                .to_vec()
        });
        let tlv_state = deliver.tlv(tag::MESSAGE_STATE).and_then(<[u8]>::last);
        Some(Self {
            deliver,
            text_id: said.id.map(<[u8]>::to_vec),
            text_state: said.state,
            tlv_raw,
            tlv_id,
            tlv_state: tlv_state.and_then(|code| ReceiptState::from_code(*code)),
            submit: None,
            dressing: None,
            text,
        })
    }

    pub(super) fn state(&self) -> Option<ReceiptState> {
        self.tlv_state.or(self.text_state)
    }

    pub(super) fn is_final(&self) -> bool {
        self.state().is_none_or(ReceiptState::is_final)
    }

    /// Ids that it names, the surer first.
    pub(super) fn ids(&self) -> impl Iterator<Item = &[u8]> {
        [&self.tlv_id, &self.text_id]
            .into_iter()
            .flatten()
            .map(Vec::as_slice)
    }
}

/// Whether it says by `esm_class` or by a parameter that it is a receipt.
fn is_marked(deliver: &DeliverSeen) -> bool {
    let kind = deliver.esm_class & ESM_CLASS_TYPE_MASK;
    kind & ESM_CLASS_DELIVERY_RECEIPT != 0
        || kind == ESM_CLASS_INTERMEDIATE_NOTIFICATION
        || deliver.tlv(tag::RECEIPTED_MESSAGE_ID).is_some()
}

/// Whether it is a receipt that is the last word about a message.
pub(super) fn is_final_receipt(deliver: &DeliverSeen) -> bool {
    ReceiptSeen::read(deliver).is_some_and(|receipt| receipt.is_final())
}

/// All of it, in order.
pub(super) struct Analysis<'a> {
    pub(super) plan: &'a Plan,
    pub(super) seen: &'a Observations,
    pub(super) receipts: Vec<ReceiptSeen<'a>>,
    /// Delivers that are no receipts.
    pub(super) incoming: Vec<&'a DeliverSeen>,
    /// The id of each submit's response; none where it was not accepted.
    pub(super) ids: Vec<Option<Vec<u8>>>,
    /// Refusals that say nothing about the message.
    pub(super) doubt: Doubt,
}

impl<'a> Analysis<'a> {
    pub(super) fn new(plan: &'a Plan, seen: &'a Observations) -> Self {
        let ids: Vec<Option<Vec<u8>>> = seen.submits.iter().map(id_of).collect();
        let (mut receipts, mut incoming) = (Vec::new(), Vec::new());
        // Who marks its receipts means what it says of the others (trap T10).
        let has_marks = seen.delivers.iter().any(is_marked);
        for deliver in &seen.delivers {
            match ReceiptSeen::read(deliver).filter(|_| !has_marks || is_marked(deliver)) {
                Some(mut receipt) => {
                    (receipt.submit, receipt.dressing) = about(&receipt, seen, &ids);
                    receipts.push(receipt);
                }
                None => incoming.push(deliver),
            }
        }
        Self {
            plan,
            seen,
            receipts,
            incoming,
            ids,
            doubt: Doubt::of(&seen.submits),
        }
    }

    pub(super) fn report(&self, outcome: &Outcome) -> Report {
        let mut sheet = Sheet::new();
        findings::find(self, &mut sheet);
        Report::new(self, sheet, outcome)
    }

    /// Accepted submits with their place and id.
    pub(super) fn accepted(&self) -> impl Iterator<Item = (usize, &SubmitSeen, &[u8])> {
        let submits = self.seen.submits.iter().enumerate().zip(&self.ids);
        submits.filter_map(|((place, seen), id)| id.as_deref().map(|id| (place, seen, id)))
    }

    /// What is known of messages with a purpose.
    pub(super) fn verdict(&self, purpose: Purpose) -> Option<Verdict> {
        self.doubt.verdict(&self.seen.submits, purpose)
    }

    /// Receipts of one submit, in the order in which they came.
    pub(super) fn receipts_of(&self, submit: usize) -> impl Iterator<Item = &ReceiptSeen<'a>> {
        self.receipts
            .iter()
            .filter(move |receipt| receipt.submit == Some(submit))
    }
}

fn id_of(seen: &SubmitSeen) -> Option<Vec<u8>> {
    let answer = seen.answer().filter(|answer| answer.status.is_ok())?;
    Some(
        MessageIdBody::decode(&answer.body)
            .value
            .message_id
            .to_vec(),
    )
}

/// The submit that a receipt is about: by its id, else (without a dressing) the last one before it.
fn about(
    receipt: &ReceiptSeen<'_>,
    seen: &Observations,
    ids: &[Option<Vec<u8>>],
) -> (Option<usize>, Option<Dressing>) {
    let before = receipt.deliver.submits_before;
    let mut best: Option<(Dressing, usize)> = None;
    for receipt_id in receipt.ids() {
        for (place, id) in ids.iter().enumerate().take(before) {
            let found = id.as_deref().and_then(|id| dressing(id, receipt_id));
            // The newest of those that fit best.
            if let Some(found) = found.filter(|found| best.is_none_or(|(known, _)| *found <= known))
            {
                best = Some((found, place));
            }
        }
    }
    if let Some((dressing, place)) = best {
        return (Some(place), Some(dressing));
    }
    let fits = |submit: &SubmitSeen| {
        let recipient = submit.message.recipient();
        [&receipt.deliver.source, &receipt.deliver.destination]
            .into_iter()
            .any(|address| digits(address) == recipient)
    };
    let last =
        seen.submits.iter().take(before).rposition(|submit| {
            fits(submit) && (submit.is_accepted() || submit.answers.is_empty())
        });
    (last, None)
}

/// How `receipt` can be `response` in other clothes.
pub(super) fn dressing(response: &[u8], receipt: &[u8]) -> Option<Dressing> {
    if response.is_empty() || receipt.is_empty() {
        return None;
    }
    if response == receipt {
        return Some(Dressing::Same);
    }
    if response.eq_ignore_ascii_case(receipt) {
        return Some(Dressing::CaseSwapped);
    }
    if strip(response).eq_ignore_ascii_case(strip(receipt)) {
        let is_shorter = receipt.len() < response.len();
        return Some(if is_shorter {
            Dressing::ZerosDropped
        } else {
            Dressing::ZerosAdded
        });
    }
    let number = |id: &[u8], radix| {
        let text = std::str::from_utf8(id).ok()?;
        u64::from_str_radix(text, radix).ok()
    };
    let same = |left: Option<u64>, right: Option<u64>| left.is_some() && left == right;
    if same(number(response, 16), number(receipt, 10)) {
        Some(Dressing::HexToDecimal)
    } else if same(number(response, 10), number(receipt, 16)) {
        Some(Dressing::DecimalToHex)
    } else {
        None
    }
}

fn strip(id: &[u8]) -> &[u8] {
    let zeros = id.iter().take_while(|octet| **octet == b'0').count();
    id.get(zeros.min(id.len().saturating_sub(1))..)
        .unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_in_its_other_clothes() {
        for (response, receipt, wanted) in [
            ("0a1b", "0a1b", Some(Dressing::Same)),
            ("0a1b", "0A1B", Some(Dressing::CaseSwapped)),
            ("000a1b", "a1b", Some(Dressing::ZerosDropped)),
            ("a1b", "0000A1B", Some(Dressing::ZerosAdded)),
            ("ff", "255", Some(Dressing::HexToDecimal)),
            ("255", "FF", Some(Dressing::DecimalToHex)),
            ("255", "256", None),
            ("", "255", None),
            ("0", "00", Some(Dressing::ZerosAdded)),
        ] {
            let found = dressing(response.as_bytes(), receipt.as_bytes());
            assert_eq!(found, wanted, "{response} {receipt}");
        }
    }
}
