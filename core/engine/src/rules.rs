//! What a carrier's profile tells the engine. Plain data; a `Default` is a carrier that keeps to the specification.

use carrack_message::carrier_id::IdRule;
use carrack_message::wire::TextForm;
use carrack_routing::OnNoResponse;
use carrack_throttle::ThrottleRule;

/// How a carrier is dealt with, beside its links and its rate.
#[derive(Debug, Clone, PartialEq)]
pub struct CarrierRules {
    /// How ids in its receipts relate to ids in its responses.
    pub ids: IdRule,
    /// How it wants text.
    pub text: TextForm,
    /// How its limit is kept to.
    pub throttle: ThrottleRule,
    /// A receipt missing for so long is asked for, nanoseconds; none: never, but where a message's policy is to ask.
    pub receipt_query_after_ns: Option<u64>,
    /// What a segment without response becomes; none: as the route says.
    pub on_no_response: Option<OnNoResponse>,
    /// Time from a submit to when its missing response is acted on, nanoseconds: the time-out of responses. A slot that
    /// was given on before waits for the rest of it.
    pub resend_grace_ns: u64,
    /// How long its receipts wait for the response that names them, nanoseconds; none: as the settings say.
    pub early_receipt_hold_ns: Option<u64>,
    /// Tags of a customer's parameters that are passed on.
    pub tlv_pass: Vec<u16>,
    /// Whether all parts of a text go over one link: each link is a sender of its own, and a handset joins what has one
    /// sender. Such a link takes the parts of one text at a time.
    pub whole_texts: bool,
}

impl Default for CarrierRules {
    fn default() -> Self {
        Self {
            ids: IdRule::default(),
            text: TextForm::default(),
            throttle: ThrottleRule::default(),
            receipt_query_after_ns: None,
            on_no_response: None,
            resend_grace_ns: 10_000_000_000,
            early_receipt_hold_ns: None,
            tlv_pass: Vec::new(),
            whole_texts: false,
        }
    }
}
