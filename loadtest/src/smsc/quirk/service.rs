//! Requests beside submits that this carrier does not know, and alerts (T16, T27).

use super::{Kind, Quirk};
use crate::chance::{Digest, Percent};

/// What is not offered; shares of what is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Services {
    /// query_sm is answered ESME_RINVCMDID.
    pub no_query: bool,
    /// cancel_sm is answered ESME_RINVCMDID.
    pub no_cancel: bool,
    /// replace_sm is answered ESME_RINVCMDID.
    pub no_replace: bool,
    /// data_sm is answered ESME_RINVCMDID.
    pub no_data: bool,
    alert: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "no-query",
        traps: &["T27"],
        takes: &[],
        line: "answers query_sm with ESME_RINVCMDID",
        set: |quirks, _| quirks.service.no_query = true,
    },
    Quirk {
        name: "no-cancel",
        traps: &[],
        takes: &[],
        line: "answers cancel_sm with ESME_RINVCMDID",
        set: |quirks, _| quirks.service.no_cancel = true,
    },
    Quirk {
        name: "no-replace",
        traps: &[],
        takes: &[],
        line: "answers replace_sm with ESME_RINVCMDID",
        set: |quirks, _| quirks.service.no_replace = true,
    },
    Quirk {
        name: "no-data-sm",
        traps: &["T09"],
        takes: &[],
        line: "answers data_sm with ESME_RINVCMDID",
        set: |quirks, _| quirks.service.no_data = true,
    },
    Quirk {
        name: "alert",
        traps: &[],
        takes: &[Kind::Percent(5.0)],
        line: "sends an alert_notification for the handset of this share of accepted submits, by what was sent",
        set: |quirks, values| quirks.service.alert = values.percent,
    },
];

impl Services {
    /// True when the handset of this submit is announced.
    #[must_use]
    pub fn alerts(&self, seed: u64, content: u64) -> bool {
        let draw = || Digest::new(seed).field(b"alert").number(content).finish();
        !self.alert.is_never() && self.alert.takes(draw())
    }
}
