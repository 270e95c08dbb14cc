//! Who says whether a SIM may send: the seam between a modem and the book of SIMs.
//!
//! Promise: a modem writes a segment only after [`SimDesk::spend`] said [`Allowance::Now`], and says what came of it. A SIM is known by
//! what stands on it (ICCID, IMSI), not by the modem that it is in. Bound: the book's. Calls come from a shard's loop: they never block.

use carrack_message::{Msisdn, Network};

/// Who a SIM is; digits. At least one is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SimIdentity {
    /// Number of the card, up to 20 digits, without a filler.
    pub iccid: Option<String>,
    /// Number of the subscriber, up to 15 digits: its first five or six are country and network (MCC-MNC).
    pub imsi: Option<String>,
}

/// A SIM's place in the book; the same for the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SimNumber(pub u32);

/// Why a SIM rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rest {
    /// It had its segments of this minute.
    Minute,
    /// It had its segments of this hour.
    Hour,
    /// It had its segments of today.
    Day,
    /// It had its segments of this month.
    Month,
    /// It had its different recipients of this month.
    Recipients,
    /// Others have their turn.
    Turn,
    /// It looks blocked.
    Suspected,
    /// Somebody switched it off.
    Disabled,
    /// Its network is none of the pool's.
    OtherNetwork,
}

/// Whether a segment may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// It may.
    Now,
    /// Not yet.
    NotBefore {
        /// From then on, UTC nanoseconds; `u64::MAX`: not until somebody says so.
        utc_ns: u64,
        /// Why.
        rest: Rest,
    },
}

/// What came of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimEvent {
    /// The network took it.
    Accepted,
    /// The modem or the network said no.
    Refused {
        /// Of `+CMS ERROR` (3GPP TS 27.005, 3.2.5); of `+CME ERROR` and a bare `ERROR` 500, unknown.
        cms: u16,
    },
    /// It was written and nothing came back.
    Unanswered,
    /// A status report says that it arrived.
    Delivered,
    /// A status report says that it did not.
    Undelivered,
}

/// The book of SIMs, as a modem sees it.
pub trait SimDesk: Send + Sync {
    /// A modem found this SIM in its slot. It may have been in another modem before.
    fn seat(&self, pool: &str, modem: &str, identity: &SimIdentity, utc_ns: u64) -> SimNumber;
    /// Whether a segment may go now; asked often, so cheap.
    fn allowance(&self, sim: SimNumber, utc_ns: u64) -> Allowance;
    /// Counts one segment to this recipient, once, before its first octet is written; what says `NotBefore` counted nothing.
    fn spend(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance;
    /// The same for one more segment of a text to this recipient, of which one went just before: the recipient is counted already, and
    /// does not end its own text.
    fn spend_more(&self, sim: SimNumber, to: Msisdn, utc_ns: u64) -> Allowance {
        self.spend(sim, to, utc_ns)
    }
    /// Segments that may still go before a rest of more than a minute: what a text may have. Asked once a text.
    fn room(&self, sim: SimNumber, utc_ns: u64) -> u32 {
        match self.allowance(sim, utc_ns) {
            Allowance::Now => u32::MAX,
            Allowance::NotBefore { .. } => 0,
        }
    }
    /// What came of segments; feeds the suspicion.
    fn note(&self, sim: SimNumber, event: SimEvent, utc_ns: u64);
    /// The SIM's own number, where the configuration knows it.
    fn own_number(&self, sim: SimNumber) -> Option<Msisdn>;
    /// What the book calls the SIM; its segments have their names of it, whichever modem tells what. None: as the modem does.
    fn known_as(&self, sim: SimNumber) -> Option<SimIdentity> {
        let _ = sim;
        None
    }
    /// Networks to which the SIM sends at the price of its own, where the configuration says so; none: by its IMSI.
    fn on_net(&self, sim: SimNumber) -> Vec<Network> {
        let _ = sim;
        Vec::new()
    }
    /// The PIN of a SIM in this modem. A SIM that is locked tells its ICCID on most modems, its IMSI on none: where it tells
    /// nothing, `identity` is empty, and the book may know a PIN by the modem. None: no PIN is tried.
    fn pin(&self, pool: &str, modem: &str, identity: &SimIdentity) -> Option<String> {
        let _ = (pool, modem, identity);
        None
    }
    /// Takes down, before its first octet is written, that this PIN is given to a locked card; a card that tells nothing is known by
    /// its seat, pool and modem. False: it is not given, because it was before and nobody said since that it was right.
    fn give_pin(&self, seat: (&str, &str), identity: &SimIdentity, pin: &str, utc_ns: u64) -> bool {
        let _ = (seat, identity, pin, utc_ns);
        false
    }
    /// How many PINs were given to it so.
    fn count_pins(&self, modem: &str, identity: &SimIdentity) -> u8 {
        let _ = (modem, identity);
        0
    }
    /// It is unlocked, or somebody said that they may be tried again.
    fn forget_pins(&self, modem: &str, identity: &SimIdentity) {
        let _ = (modem, identity);
    }
}
