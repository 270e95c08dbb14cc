//! Messages from handsets: each part as it came, and what became of parts.

use rkyv::{Archive, Deserialize, Serialize};

use crate::mo::MoWay;
use crate::wire::Sar;

/// A part of a message from a handset, or the whole of it, as a carrier brought it. Nobody was answered before it was
/// durable.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct MoReceived {
    /// Its id as 128 bits; the first part's is that of the message.
    pub id: u128,
    /// Carrier's number in the dictionary of names.
    pub carrier: u32,
    /// `source_addr_ton` and `source_addr_npi`.
    pub from_kind: (u8, u8),
    /// `source_addr`: the handset.
    pub from: Vec<u8>,
    /// `dest_addr_ton` and `dest_addr_npi`.
    pub to_kind: (u8, u8),
    /// `destination_addr`.
    pub to: Vec<u8>,
    /// `data_coding`.
    pub data_coding: u8,
    /// `esm_class`.
    pub esm_class: u8,
    /// User data, header included.
    pub octets: Vec<u8>,
    /// The SAR parameters, where all three are there.
    pub sar: Option<Sar>,
    /// Came at, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// What became of a message from a handset.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[rkyv(derive(Debug, PartialEq), compare(PartialEq))]
pub enum MoOutcome {
    /// The customer has taken it.
    Told,
    /// Its time was up: it was handed on with the parts that had come.
    Incomplete,
    /// No rule gives it to anybody.
    Nobody,
    /// The part was there already.
    Repeated,
    /// The customer did not take it in time.
    Expired,
}

impl MoOutcome {
    /// For people and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Incomplete => "incomplete",
            Self::Nobody => "nobody",
            Self::Repeated => "repeated",
            Self::Expired => "expired",
        }
    }
}

impl ArchivedMoOutcome {
    /// The outcome as it was stored.
    #[must_use]
    pub const fn outcome(&self) -> MoOutcome {
        match self {
            Self::Told => MoOutcome::Told,
            Self::Incomplete => MoOutcome::Incomplete,
            Self::Nobody => MoOutcome::Nobody,
            Self::Repeated => MoOutcome::Repeated,
            Self::Expired => MoOutcome::Expired,
        }
    }
}

/// Something became of a message from a handset.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct MoSettled {
    /// Its id: that of the first part to come.
    pub id: u128,
    /// What.
    pub outcome: MoOutcome,
    /// On which way it was told.
    pub way: Option<MoWay>,
    /// Its parts, where nothing more is to come of them; else none.
    pub parts: Vec<u128>,
    /// At, UTC nanoseconds.
    pub at_utc_ns: u64,
}
