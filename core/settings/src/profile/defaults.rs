//! What a profile says that says nothing: a carrier that keeps to SMPP 3.4, met with tolerance.

use std::collections::BTreeMap;
use std::time::Duration;

use carrack_message::carrier_id::IdRule;
use carrack_message::receipt::{Grammar, ReceiptSign, ReceiptSource};
use carrack_message::wire::TextForm;

use super::types::{
    ErrorBody, PlusSign, Profile, QueueFullScope, SpecLimits, ThrottleMode, TlsUse,
};
use crate::{Bind, InterfaceVersion};

impl Default for Profile {
    fn default() -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        Self {
            name: "default".to_owned(),
            description: String::new(),
            drawn_from: String::new(),
            interface_version: InterfaceVersion::V34,
            version_lie_ok: true,
            bind: Bind::Transceiver,
            system_type: String::new(),
            addr_ton: 0,
            addr_npi: 0,
            addr_range: String::new(),
            binds: 1,
            window: 100,
            resp_timeout: SECOND * 10,
            slot_patience: true,
            on_resp_timeout: None,
            enquire_idle: SECOND * 30,
            enquire_misses: 2,
            rebind_first: SECOND,
            rebind_max: SECOND * 60,
            already_bound_wait: SECOND * 60,
            ids: IdRule::default(),
            receipt_source: ReceiptSource::default(),
            receipt_grammar: Grammar::default(),
            receipt_sign: ReceiptSign::default(),
            early_receipt_hold: None,
            receipt_query_after: None,
            status_map: BTreeMap::new(),
            throttle_mode: ThrottleMode::Adaptive,
            pause_on_throttle: SECOND * 60,
            queue_full_scope: QueueFullScope::Link,
            rate_segments: None,
            burst: None,
            text: TextForm::default(),
            ton_npi_rules: Vec::new(),
            plus_sign: PlusSign::Never,
            strict: false,
            spec_limits: SpecLimits::Relaxed,
            max_pdu: 69_632,
            tlv_out: Vec::new(),
            tlv_pass: Vec::new(),
            error_body: ErrorBody::None,
            tls: TlsUse::Off,
        }
    }
}
