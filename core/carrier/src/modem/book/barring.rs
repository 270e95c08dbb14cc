//! What a refusal says about the SIM that was refused.
//!
//! Numbers are those of `+CMS ERROR` (3GPP TS 27.005, 3.2.5): to 127 the causes of TS 24.011, annex E-2, from 128 those of TS 23.040,
//! 9.2.3.22, from 300 the modem's own.

/// What a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// The network will not take messages from this subscriber.
    Barred,
    /// Nothing certain; operators refuse SIMs without money or with too many messages so, and networks do when they are out of order.
    Unclear,
    /// Nothing about the SIM: the message, the recipient, the modem or congestion.
    Nothing,
}

/// Of `+CMS ERROR`.
pub(super) const fn hint(cms: u16) -> Hint {
    match cms {
        // TS 24.011: operator determined barring; call barred; short message transfer rejected; unidentified subscriber (the
        // IMSI is not known); facility rejected; unknown subscriber (the IMSI is of nobody); requested facility not subscribed.
        8 | 10 | 21 | 28 | 29 | 30 | 50
        // TS 23.040: the service centre has no subscription for it.
        | 193 => Hint::Barred,
        // Network out of order, requested facility not implemented, unknown error, and the vendors' own.
        38 | 69 | 500 | 512..=u16::MAX => Hint::Unclear,
        _ => Hint::Nothing,
    }
}
