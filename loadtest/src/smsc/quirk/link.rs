//! Connections that go silent, away, or come from the wrong side (T05, T23, T24).

use super::{Kind, Quirk};
use std::net::SocketAddr;

/// Faults of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// enquire_link is never answered.
    pub no_enquire_answer: bool,
    /// enquire_link is sent so often.
    pub enquire_flood: bool,
    /// enquire_link is sent before the bind.
    pub enquire_before_bind: bool,
    /// The connection is dropped, without unbind, when this many submits came on it.
    pub close_after_submits: Option<u64>,
    /// unbind is sent when this many submits came on the connection.
    pub unbind_after_submits: Option<u64>,
    /// The connection is closed right behind our unbind.
    pub unbind_then_close: bool,
    /// The client's unbind is not heard.
    pub ignore_unbind: bool,
    /// Each connection is dropped after so long.
    pub reconnect_every_ns: Option<u64>,
    /// After this many submits comes what is no PDU.
    pub garbage_after_submits: Option<u64>,
    /// An ESME to connect to, with outbind.
    pub outbind: Option<SocketAddr>,
}

const UNBIND_AFTER_DEFAULT: u64 = 1_000;

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "no-enquire-answer",
        traps: &["T23"],
        takes: &[],
        line: "never answers enquire_link",
        set: |quirks, _| quirks.link.no_enquire_answer = true,
    },
    Quirk {
        name: "enquire-flood",
        traps: &["T23"],
        takes: &[],
        line: "sends a thousand enquire_link a second on each bind",
        set: |quirks, _| quirks.link.enquire_flood = true,
    },
    Quirk {
        name: "enquire-before-bind",
        traps: &["T23"],
        takes: &[],
        line: "sends an enquire_link as soon as a connection is there, before any bind",
        set: |quirks, _| quirks.link.enquire_before_bind = true,
    },
    Quirk {
        name: "close-after",
        traps: &["T05"],
        takes: &[Kind::Count(1_000)],
        line: "drops the connection, without unbind, when this many submits came on it",
        set: |quirks, values| quirks.link.close_after_submits = Some(values.count),
    },
    Quirk {
        name: "reconnect-every",
        traps: &["T05"],
        takes: &[Kind::Time(60_000)],
        line: "drops each connection, without unbind, when it is so old",
        set: |quirks, values| quirks.link.reconnect_every_ns = Some(values.time_ns.max(1)),
    },
    Quirk {
        name: "garbage-after",
        traps: &["T41"],
        takes: &[Kind::Count(1_000)],
        line: "sends what is no PDU (HTTP) when this many submits came on the connection, and leaves the rest to the client",
        set: |quirks, values| quirks.link.garbage_after_submits = Some(values.count),
    },
    Quirk {
        name: "unbind-after",
        traps: &["T24"],
        takes: &[Kind::Count(UNBIND_AFTER_DEFAULT)],
        line: "sends unbind when this many submits came on the connection; closes when it is answered and all answers are out",
        set: |quirks, values| quirks.link.unbind_after_submits = Some(values.count),
    },
    Quirk {
        name: "unbind-then-close",
        traps: &["T24"],
        takes: &[],
        line: "closes right behind its unbind, owing answers (unbind-after says when)",
        set: |quirks, _| {
            quirks.link.unbind_then_close = true;
            let after = &mut quirks.link.unbind_after_submits;
            after.get_or_insert(UNBIND_AFTER_DEFAULT);
        },
    },
    Quirk {
        name: "ignore-unbind",
        traps: &["T24"],
        takes: &[],
        line: "never answers the client's unbind",
        set: |quirks, _| quirks.link.ignore_unbind = true,
    },
    Quirk {
        name: "outbind",
        traps: &[],
        takes: &[Kind::Address],
        line: "connects to an ESME that listens there, sends outbind (--name, --password) and waits for its bind; again when it ends",
        set: |quirks, values| quirks.link.outbind = values.address,
    },
];
