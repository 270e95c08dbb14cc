//! Whose fault an error is (trap P22): the codes of 3GPP TS 27.005, 3.2.5, with the causes of TS 24.011 and TS 23.040 in them,
//! and those of TS 27.007, 9.2.

use crate::Disposition;

/// Who is at fault, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The message, or its recipient: as the disposition says. The modem is well.
    Message(Disposition),
    /// The network will not or cannot for now: here again later. The modem is well.
    Network,
    /// The SIM: blocked, barred, without money, not there. Another one goes on with the message.
    Sim,
    /// The modem: it has to be brought back to its senses.
    Modem,
    /// The modem is at something else: the same again in a moment.
    Busy,
    /// The store for messages is full: it has to be emptied.
    StorageFull,
}

/// Of a `+CMS ERROR`.
#[must_use]
pub const fn blame_cms(code: u16) -> Blame {
    match code {
        // Unassigned number, number changed, invalid number format, mandatory and semantic faults.
        1 | 81 | 95 | 96 | 97 | 99 | 111 | 127 => Blame::Message(Disposition::MessageFault),
        // Operator determined barring, call barred, short message transfer rejected, unidentified or unknown subscriber,
        // facility rejected, requested facility not subscribed.
        8 | 10 | 21 | 28 | 29 | 30 | 50 | 69 => Blame::Sim,
        // Network failure, memory or congestion, destination out of order, network out of order, temporary failure, resources.
        17 | 22 | 27 | 38 | 41 | 42 | 47 => Blame::Network,
        // TS 23.040, 9.2.3.22: the service centre refuses the message; duplicates it has already.
        128..=159 | 176..=191 | 197 | 199 => Blame::Message(Disposition::MessageFault),
        192 | 194 | 195 => Blame::Network,
        193 | 196 | 198 => Blame::Message(Disposition::NextCarrier),
        208 | 322 => Blame::StorageFull,
        // The modem's own: 300 to 320.
        314 | 317 | 318 => Blame::Busy,
        310 | 311 | 312 | 313 | 315 | 316 => Blame::Sim,
        304 | 305 => Blame::Message(Disposition::MessageFault),
        330..=332 => Blame::Network,
        340 => Blame::Modem,
        // 500: unknown. Operators without money on the SIM answer so, and so do modems that hang.
        _ => Blame::Modem,
    }
}

/// Of a `+CME ERROR`.
#[must_use]
pub const fn blame_cme(code: u16) -> Blame {
    match code {
        5 | 10..=13 | 15..=18 | 40..=48 => Blame::Sim,
        14 => Blame::Busy,
        20 => Blame::StorageFull,
        30..=32 => Blame::Network,
        24..=27 => Blame::Message(Disposition::MessageFault),
        _ => Blame::Modem,
    }
}
