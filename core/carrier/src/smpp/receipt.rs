//! What a deliver_sm of a carrier is: a receipt and for which segment, or something else.

use carrack_message::ReceiptState;
use carrack_message::receipt;
use carrack_smpp::{DeliverSm, tag};

use crate::link::CarrierMessageId;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: CarrierMessageId,
    pub(super) state: ReceiptState,
    pub(super) error: u32,
}

/// Reads a receipt; TLVs go before text. `None`: not a receipt, or one that names no message.
pub(super) fn read(sm: &DeliverSm<'_>) -> Option<Found> {
    let tlv_id = sm
        .tlvs
        .find_cstring(tag::RECEIPTED_MESSAGE_ID)
        .filter(|id| !id.is_empty());
    if !(sm.is_receipt() || sm.is_intermediate() || tlv_id.is_some()) {
        return None;
    }
    let text = receipt::parse(sm.user_data());
    let id = tlv_id.or(text.id)?;
    let tlv_state = sm
        .tlvs
        .find_number(tag::MESSAGE_STATE)
        .and_then(|code| ReceiptState::from_code(code as u8));
    Some(Found {
        id: CarrierMessageId::from_slice(id),
        state: tlv_state.or(text.state).unwrap_or(ReceiptState::Unknown),
        error: text.error.map_or(0, error_code),
    })
}

/// Error codes are decimal by custom; anything else counts as 0, the raw text stays with the carrier.
fn error_code(octets: &[u8]) -> u32 {
    std::str::from_utf8(octets)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}
