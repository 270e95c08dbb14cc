//! Names of what a recording shows, as people and profiles write them.

use carrack_message::carrier_id::{IdBase, IdTransform};
use carrack_message::wire::Reading;
use carrack_settings::StatusClass;

/// A class as profiles write it.
pub(super) const fn class_word(class: StatusClass) -> &'static str {
    match class {
        StatusClass::Throttled => "throttled",
        StatusClass::QueueFull => "queue_full",
        StatusClass::RetryHere => "retry_here",
        StatusClass::NextRoute => "next_route",
        StatusClass::MessageFault => "message_fault",
        StatusClass::AccountFault => "account_fault",
        StatusClass::LinkFault => "link_fault",
    }
}

/// What was done to an id.
pub(super) const fn transform_word(transform: IdTransform) -> &'static str {
    match transform {
        IdTransform::Same => "ids the same",
        IdTransform::HexToDecimal => "hexadecimal to decimal",
        IdTransform::DecimalToHex => "decimal to hexadecimal",
    }
}

/// The alphabet that a text was read in.
pub(super) const fn reading_word(reading: Reading) -> &'static str {
    match reading {
        Reading::Alphabet(alphabet) => alphabet.name(),
        Reading::Cyrillic => "Cyrillic (ISO 8859-5)",
        Reading::Hebrew => "Hebrew (ISO 8859-8)",
        Reading::Octets => "octets",
    }
}

/// A base as profiles write it.
pub(super) const fn base_word(base: IdBase) -> &'static str {
    match base {
        IdBase::Learn => "learn",
        IdBase::Text => "text",
        IdBase::Hex => "hex",
        IdBase::Decimal => "decimal",
    }
}
