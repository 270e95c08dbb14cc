//! What a loop probe is started with.

use carrack_message::{Msisdn, Sender};
use carrack_settings::{LoopProbe, ProbeReturns};

/// A loop probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSpec {
    /// Its name.
    pub name: String,
    /// Its carrier.
    pub carrier: String,
    /// Recipient.
    pub to: Msisdn,
    /// Sender.
    pub from: Sender,
    /// Time from one to the next, nanoseconds.
    pub every_ns: u64,
    /// What did not come back in this time was missed, nanoseconds; at most `every_ns`.
    pub within_ns: u64,
    /// What has to come back.
    pub returns: ProbeReturns,
    /// So many in a row that did not are an alert; at least 1.
    pub alert_after: u32,
}

impl ProbeSpec {
    /// As configured; none of one with faults.
    #[must_use]
    pub fn from_settings(probe: &LoopProbe) -> Option<Self> {
        let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).ok();
        let every_ns = nanoseconds(probe.every)?;
        Some(Self {
            name: probe.name.clone(),
            carrier: probe.carrier.clone(),
            to: probe.to?,
            from: probe.from?,
            every_ns,
            within_ns: nanoseconds(probe.within)?.min(every_ns),
            returns: probe.returns,
            alert_after: probe.alert_after.max(1),
        })
    }

    /// The tag of its messages, for which its route asks and which its CDR lines have.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("loop-probe.{}", self.name)
    }
}
