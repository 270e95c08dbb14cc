//! Bodies that are not as the specification draws them (T17, T18, T39, T40, T46). The octets are bent on their way out.

use super::{Kind, Quirk};
use crate::chance::Percent;

/// What stands in the body of an error response (T17).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorBody {
    /// Nothing.
    #[default]
    None,
    /// One NUL.
    Nul,
    /// A whole message id.
    Id,
    /// Optional parameters without an id before them.
    Tlvs,
}

/// The body of a bind response (T18).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BindBody {
    /// As it should be.
    #[default]
    Whole,
    /// No body at all.
    Bare,
    /// The system_id without its NUL.
    Short,
}

/// Shapes of bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shape {
    /// Of error responses.
    pub error_body: ErrorBody,
    /// Of bind responses.
    pub bind_body: BindBody,
    /// `sc_interface_version` instead of ours; `Some(None)` leaves it out.
    pub version: Option<Option<u8>>,
    /// Parameters nobody knows, and known ones where they may not be.
    pub has_unknown_tlv: bool,
    /// A parameter that claims more octets than follow.
    pub has_cut_tlv: bool,
    /// Parameters that come twice, one of them empty.
    pub has_repeated_tlv: bool,
    /// Octets at the end that belong to nothing.
    pub has_stray_octets: bool,
    /// The message id of a response has no NUL.
    pub is_id_unterminated: bool,
    /// This share of successful submit responses has no body.
    pub bare_response: Percent,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "error-body-nul",
        traps: &["T17"],
        takes: &[],
        line: "error responses have a body of one NUL",
        set: |quirks, _| quirks.shape.error_body = ErrorBody::Nul,
    },
    Quirk {
        name: "error-body-id",
        traps: &["T17"],
        takes: &[],
        line: "error responses carry a whole message_id",
        set: |quirks, _| quirks.shape.error_body = ErrorBody::Id,
    },
    Quirk {
        name: "error-body-tlvs",
        traps: &["T17"],
        takes: &[],
        line: "error responses carry optional parameters without the message_id before them",
        set: |quirks, _| quirks.shape.error_body = ErrorBody::Tlvs,
    },
    Quirk {
        name: "bind-resp-bare",
        traps: &["T18"],
        takes: &[],
        line: "bind responses have no body: neither system_id nor sc_interface_version",
        set: |quirks, _| quirks.shape.bind_body = BindBody::Bare,
    },
    Quirk {
        name: "bind-resp-short",
        traps: &["T18"],
        takes: &[],
        line: "bind responses end in the system_id without its NUL",
        set: |quirks, _| quirks.shape.bind_body = BindBody::Short,
    },
    Quirk {
        name: "version-33",
        traps: &["T46"],
        takes: &[],
        line: "says sc_interface_version 0x33",
        set: |quirks, _| quirks.shape.version = Some(Some(0x33)),
    },
    Quirk {
        name: "version-50",
        traps: &["T46"],
        takes: &[],
        line: "says sc_interface_version 0x50",
        set: |quirks, _| quirks.shape.version = Some(Some(0x50)),
    },
    Quirk {
        name: "version-none",
        traps: &["T46"],
        takes: &[],
        line: "says no sc_interface_version",
        set: |quirks, _| quirks.shape.version = Some(None),
    },
    Quirk {
        name: "tlv-unknown",
        traps: &["T40"],
        takes: &[],
        line: "adds a vendor's parameter, and a known one where it may not be, to delivers and submit responses",
        set: |quirks, _| quirks.shape.has_unknown_tlv = true,
    },
    Quirk {
        name: "tlv-repeated",
        traps: &["T40"],
        takes: &[],
        line: "adds parameters of one tag twice, one of them empty, to delivers and submit responses",
        set: |quirks, _| quirks.shape.has_repeated_tlv = true,
    },
    Quirk {
        name: "tlv-cut",
        traps: &["T40"],
        takes: &[],
        line: "ends delivers and submit responses in a parameter that claims more octets than follow",
        set: |quirks, _| quirks.shape.has_cut_tlv = true,
    },
    Quirk {
        name: "stray-octets",
        traps: &["T39"],
        takes: &[],
        line: "ends delivers and submit responses in two octets that belong to nothing",
        set: |quirks, _| quirks.shape.has_stray_octets = true,
    },
    Quirk {
        name: "id-no-nul",
        traps: &["T39"],
        takes: &[],
        line: "the message_id of submit responses has no NUL",
        set: |quirks, _| quirks.shape.is_id_unterminated = true,
    },
    Quirk {
        name: "response-bare",
        traps: &["T03", "T17"],
        takes: &[Kind::Percent(5.0)],
        line: "this share of successful submit responses has no body at all, by the order of the answers",
        set: |quirks, values| quirks.shape.bare_response = values.percent,
    },
];
