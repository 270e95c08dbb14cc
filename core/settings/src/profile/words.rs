//! Words of a profile's file for each choice; reading and writing share them.

use carrack_message::ReceiptState;
use carrack_message::carrier_id::{IdBase, IdCase, IdPad};
use carrack_message::receipt::{ReceiptSign, ReceiptSource};
use carrack_message::wire::{FlashForm, Latin1Use, LongMethod, NationalLanguage, WireAlphabet};

use super::types::{
    AddressKind, ErrorBody, NoResponse, PlusSign, QueueFullScope, SpecLimits, StatusClass,
    ThrottleMode,
};

/// Words and what they mean.
pub(super) type Words<T> = &'static [(&'static str, T)];

/// The word of a choice; every choice has one.
pub(super) fn word<T: PartialEq>(words: Words<T>, choice: &T) -> &'static str {
    words
        .iter()
        .find(|(_, meaning)| meaning == choice)
        .map_or("", |(word, _)| word)
}

pub(super) const NO_RESPONSES: Words<NoResponse> = &[
    ("resend", NoResponse::Resend),
    ("wait", NoResponse::Wait),
    ("query", NoResponse::Query),
    ("fail", NoResponse::Fail),
];
pub(super) const ID_BASES: Words<IdBase> = &[
    ("learn", IdBase::Learn),
    ("text", IdBase::Text),
    ("hex", IdBase::Hex),
    ("decimal", IdBase::Decimal),
];
pub(super) const ID_CASES: Words<IdCase> = &[("ignore", IdCase::Ignore), ("keep", IdCase::Keep)];
pub(super) const ID_PADS: Words<IdPad> = &[("ignore", IdPad::Ignore), ("keep", IdPad::Keep)];
pub(super) const RECEIPT_SOURCES: Words<ReceiptSource> = &[
    ("tlv_first", ReceiptSource::TlvFirst),
    ("text_first", ReceiptSource::TextFirst),
    ("tlv_only", ReceiptSource::TlvOnly),
    ("text_only", ReceiptSource::TextOnly),
];
pub(super) const RECEIPT_SIGNS: Words<ReceiptSign> = &[
    ("bits", ReceiptSign::Bits),
    ("bits_or_tlv", ReceiptSign::BitsOrTlv),
    ("bits_tlv_or_text", ReceiptSign::BitsTlvOrText),
];
pub(super) const RECEIPT_STATES: Words<ReceiptState> = &[
    ("scheduled", ReceiptState::Scheduled),
    ("enroute", ReceiptState::Enroute),
    ("delivered", ReceiptState::Delivered),
    ("expired", ReceiptState::Expired),
    ("deleted", ReceiptState::Deleted),
    ("undeliverable", ReceiptState::Undeliverable),
    ("accepted", ReceiptState::Accepted),
    ("unknown", ReceiptState::Unknown),
    ("rejected", ReceiptState::Rejected),
    ("skipped", ReceiptState::Skipped),
];
pub(super) const STATUS_CLASSES: Words<StatusClass> = &[
    ("throttled", StatusClass::Throttled),
    ("queue_full", StatusClass::QueueFull),
    ("retry_here", StatusClass::RetryHere),
    ("next_route", StatusClass::NextRoute),
    ("message_fault", StatusClass::MessageFault),
    ("account_fault", StatusClass::AccountFault),
    ("link_fault", StatusClass::LinkFault),
];
pub(super) const THROTTLE_MODES: Words<ThrottleMode> = &[
    ("adaptive", ThrottleMode::Adaptive),
    ("fixed", ThrottleMode::Fixed),
    ("pause", ThrottleMode::Pause),
];
pub(super) const QUEUE_FULL_SCOPES: Words<QueueFullScope> = &[
    ("link", QueueFullScope::Link),
    ("destination", QueueFullScope::Destination),
];
/// `dc0_packed` makes the packed form of the first.
pub(super) const ALPHABETS: Words<WireAlphabet> = &[
    ("gsm7", WireAlphabet::Gsm7),
    ("ascii", WireAlphabet::Ascii),
    ("latin1", WireAlphabet::Latin1),
    ("windows1252", WireAlphabet::Windows1252),
];
pub(super) const LATIN1_USES: Words<Latin1Use> = &[
    ("never", Latin1Use::Never),
    ("if_gsm_safe", Latin1Use::IfGsmSafe),
    ("always", Latin1Use::Always),
];
pub(super) const FLASH_FORMS: Words<FlashForm> = &[
    ("general", FlashForm::GeneralCoding),
    ("class", FlashForm::ClassCoding),
    ("subunit", FlashForm::Subunit),
];
pub(super) const LONG_METHODS: Words<LongMethod> = &[
    ("udh", LongMethod::Udh),
    ("sar", LongMethod::Sar),
    ("payload", LongMethod::Payload),
];
pub(super) const LANGUAGES: Words<NationalLanguage> = &[
    ("turkish", NationalLanguage::Turkish),
    ("spanish", NationalLanguage::Spanish),
    ("portuguese", NationalLanguage::Portuguese),
    ("bengali", NationalLanguage::Bengali),
    ("gujarati", NationalLanguage::Gujarati),
    ("hindi", NationalLanguage::Hindi),
    ("kannada", NationalLanguage::Kannada),
    ("malayalam", NationalLanguage::Malayalam),
    ("oriya", NationalLanguage::Oriya),
    ("punjabi", NationalLanguage::Punjabi),
    ("tamil", NationalLanguage::Tamil),
    ("telugu", NationalLanguage::Telugu),
    ("urdu", NationalLanguage::Urdu),
];
pub(super) const ADDRESS_KINDS: Words<AddressKind> = &[
    ("alphanumeric", AddressKind::Alphanumeric),
    ("international", AddressKind::International),
    ("short", AddressKind::Short),
];
pub(super) const PLUS_SIGNS: Words<PlusSign> =
    &[("never", PlusSign::Never), ("always", PlusSign::Always)];
pub(super) const SPEC_LIMITS: Words<SpecLimits> = &[
    ("strict", SpecLimits::Strict),
    ("relaxed", SpecLimits::Relaxed),
];
pub(crate) const ERROR_BODIES: Words<ErrorBody> =
    &[("none", ErrorBody::None), ("empty_id", ErrorBody::EmptyId)];
