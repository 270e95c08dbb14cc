//! A message as it came, and what became of it.

use carrack_message::{Class, Currency, Micros, Msisdn, Network};

/// What is asked of routes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) account: &'a str,
    pub(crate) class: Class,
    pub(crate) to: Msisdn,
    pub(crate) from: &'a str,
    pub(crate) segments: u8,
    /// Octets have none, whatever a route looks for.
    pub(crate) is_text: bool,
    /// None: octets, or nobody knows.
    pub(crate) text: Option<&'a str>,
    /// None: the file does not say.
    pub(crate) tag: Option<&'a str>,
    pub(crate) at_utc_ns: u64,
    /// What a register said, where one was asked.
    pub(crate) network: Network,
    /// The fraction that was drawn for it; none: it draws its own.
    pub(crate) draw: Option<u64>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<'a> {
    /// None: it went to nobody.
    pub(crate) carrier: Option<&'a str>,
    pub(crate) segments_sent: u32,
    pub(crate) price: Option<Micros>,
    pub(crate) charged: Micros,
    pub(crate) currency: Option<Currency>,
    pub(crate) cost: Micros,
    pub(crate) cost_currency: Option<Currency>,
}
