//! TP-ST: what a status report says of a message (3GPP TS 23.040, 9.2.3.15).

use crate::ReceiptState;

/// The state that a TP-ST means. What the service centre still tries is [`ReceiptState::Enroute`]; replaced and forwarded without a
/// word from the handset is [`ReceiptState::Accepted`]; what is reserved is [`ReceiptState::Unknown`].
#[must_use]
pub const fn receipt_state(status: u8) -> ReceiptState {
    match status {
        0x00 => ReceiptState::Delivered,
        // Forwarded, and the centre cannot say whether it arrived; replaced by the centre.
        0x01 | 0x02 => ReceiptState::Accepted,
        // Permanent errors, and temporary ones after which nothing more is tried.
        0x46 | 0x66 => ReceiptState::Expired,
        0x47 | 0x48 => ReceiptState::Deleted,
        0x40..=0x7F => ReceiptState::Undeliverable,
        0x20..=0x3F => ReceiptState::Enroute,
        _ => ReceiptState::Unknown,
    }
}

/// A TP-ST that means a state.
#[must_use]
pub const fn status_of(state: ReceiptState) -> u8 {
    match state {
        ReceiptState::Delivered => 0x00,
        ReceiptState::Accepted => 0x01,
        ReceiptState::Scheduled | ReceiptState::Enroute => 0x30,
        ReceiptState::Expired => 0x46,
        ReceiptState::Deleted | ReceiptState::Skipped => 0x48,
        ReceiptState::Undeliverable | ReceiptState::Rejected => 0x41,
        ReceiptState::Unknown => 0x80,
    }
}
