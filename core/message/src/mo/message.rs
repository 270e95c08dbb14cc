//! One part as a carrier hands it over, and the message that parts make.

use smallvec::SmallVec;

use crate::alphabet::ucs2_repair::Ucs2Oddities;
use crate::segment::udh::Ports;
use crate::wire::{Reading, Sar};

/// One `deliver_sm` or `data_sm` that is no receipt.
#[derive(Clone, Copy, Debug)]
pub struct MoPart<'a> {
    /// Names the part to whoever hands it in.
    pub tag: u128,
    /// Source address: the handset's number.
    pub origin: &'a [u8],
    /// Its type of number and numbering plan.
    pub origin_kind: (u8, u8),
    /// Destination address.
    pub destination: &'a [u8],
    /// Its type of number and numbering plan.
    pub destination_kind: (u8, u8),
    /// `data_coding`.
    pub data_coding: u8,
    /// `esm_class`; only the UDHI bit is looked at.
    pub esm_class: u8,
    /// User data: `message_payload` where there is one, else `short_message`.
    pub octets: &'a [u8],
    /// The SAR parameters, where all three are there and make sense.
    pub sar: Option<Sar>,
}

/// A message from a handset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mo {
    /// Tags of the parts that came, in their order.
    pub tags: SmallVec<[u128; 1]>,
    /// Source address.
    pub origin: SmallVec<[u8; 24]>,
    /// Its type of number and numbering plan.
    pub origin_kind: (u8, u8),
    /// Destination address.
    pub destination: SmallVec<[u8; 24]>,
    /// Its type of number and numbering plan.
    pub destination_kind: (u8, u8),
    /// The text of the parts that came, in order; empty where it is no text.
    pub text: String,
    /// The octets of the parts in order, headers apart, where it is no text; else empty.
    pub octets: Vec<u8>,
    /// How the first part that came was read.
    pub reading: Reading,
    /// Its `data_coding`.
    pub data_coding: u8,
    /// Parts in all.
    pub parts: u8,
    /// Parts that never came; 0 of a whole message.
    pub missing: u8,
    /// Ports, where the text is for a program.
    pub ports: Option<Ports>,
    /// Message class, where `data_coding` names one.
    pub class: Option<u8>,
    /// Whether a header and SAR parameters both said the part; the header counted.
    pub two_methods: bool,
    /// Whether `esm_class` told wrong of a header.
    pub udhi_mended: bool,
    /// Places that could not be read, and what was mended in UCS-2.
    pub oddities: Ucs2Oddities,
}
