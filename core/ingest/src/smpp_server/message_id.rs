//! The id of a message as its customer is told it, and back: the one place that knows how it is written.
//!
//! Promise: what [`read`] is given of [`text`] is the same id; in responses, receipts and requests an id looks alike. 32
//! hexadecimal digits; capitals are read too.

use carrack_message::MessageId;

/// The id as the customer is told it.
pub(crate) fn text(id: MessageId) -> [u8; 32] {
    id.hex()
}

/// The same, to be kept.
pub(crate) fn told_as(id: MessageId) -> Vec<u8> {
    text(id).to_vec()
}

/// The id that a customer names; `None` for what is none.
pub(crate) fn read(text: &[u8]) -> Option<MessageId> {
    MessageId::from_hex(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_told_is_read_back(id: u128) {
            let id = MessageId(id);
            prop_assert_eq!(read(&text(id)), Some(id));
            prop_assert_eq!(read(&text(id).to_ascii_uppercase()), Some(id));
            prop_assert_eq!(told_as(id), text(id));
        }

        #[test]
        fn what_is_no_id_is_none(text in proptest::collection::vec(any::<u8>(), 0..70)) {
            let digits = text.len() == 32 && text.iter().all(u8::is_ascii_hexdigit);
            prop_assert_eq!(read(&text).is_some(), digits);
        }
    }
}
