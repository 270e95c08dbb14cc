//! What a `deliver_sm` or `data_sm` of a carrier is: a receipt and of which segment, or something else.
//!
//! The decision is `carrack_message::receipt`'s; here its parts are found in the PDU.

use carrack_message::ReceiptState;
use carrack_message::receipt::{self, ReceiptParts, ReceiptRead, ReceiptRules};
use carrack_smpp::{DeliverSm, QuerySmResp, tag};

use crate::link::CarrierMessageId;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Empty where it names no message.
    pub(super) id: CarrierMessageId,
    pub(super) state: ReceiptState,
    pub(super) error: u32,
    /// Its state is a word that nobody knows.
    pub(super) word_unknown: bool,
}

/// Reads a receipt; `None`: not a receipt. One that names no message is still one: refused as anything
/// else, it would come again for ever.
pub(super) fn read(sm: &DeliverSm<'_>, rules: &ReceiptRules) -> Option<Found> {
    let read = read_whole(sm, rules)?;
    Some(Found {
        word_unknown: read.has_unknown_word(),
        id: read.id.unwrap_or_default(),
        state: read.state,
        error: read.error,
    })
}

/// Reads a receipt with all that it says, be it without an id.
pub(crate) fn read_whole(sm: &DeliverSm<'_>, rules: &ReceiptRules) -> Option<ReceiptRead> {
    // Most MO have no parameters, and then nothing is looked for.
    let tlvs = sm.tlvs;
    let number = |tag| {
        tlvs.find_number(tag)
            .and_then(|value| u8::try_from(value).ok())
    };
    let parts = ReceiptParts {
        esm_class: sm.esm_class,
        data_coding: sm.data_coding,
        text: sm.user_data(),
        tlv_id: tlvs.find(tag::RECEIPTED_MESSAGE_ID),
        tlv_state: number(tag::MESSAGE_STATE),
        tlv_error: tlvs.find(tag::NETWORK_ERROR_CODE),
    };
    receipt::read(&parts, rules)
}

/// State and error of a `query_sm_resp` (SMPP 3.4, 4.8.2).
pub(crate) fn of_query(answer: &QuerySmResp<'_>) -> (Option<ReceiptState>, u32) {
    let state = answer.message_state.and_then(ReceiptState::from_code);
    (state, answer.error_code.map_or(0, u32::from))
}
