//! `command_status` values (SMPP 3.4 5.1.3, 5.0 4.7.6). Vendor values are carried and shown as hex.

use std::fmt;

/// A `command_status`; 0 is success.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct CommandStatus(pub u32);

macro_rules! statuses {
    ($($name:ident = $value:literal, $text:literal;)*) => {
        impl CommandStatus {
            $(
                #[doc = $text]
                pub const $name: Self = Self($value);
            )*

            /// The specification's name; `None` for a vendor value.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// Every status that the specifications define, by value.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The value of a name of the specification, in any case; for settings.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case(stringify!($name)) {
                    return Some(Self::$name);
                })*
                NAMES_OF_5_0
                    .iter()
                    .find(|(other, _)| name.eq_ignore_ascii_case(other))
                    .map(|(_, status)| *status)
            }
        }
    };
}

statuses! {
    ESME_ROK = 0x00, "No error.";
    ESME_RINVMSGLEN = 0x01, "Message length is invalid.";
    ESME_RINVCMDLEN = 0x02, "Command length is invalid.";
    ESME_RINVCMDID = 0x03, "Invalid command id.";
    ESME_RINVBNDSTS = 0x04, "Incorrect bind status for the command.";
    ESME_RALYBND = 0x05, "Already bound.";
    ESME_RINVPRTFLG = 0x06, "Invalid priority flag.";
    ESME_RINVREGDLVFLG = 0x07, "Invalid registered delivery flag.";
    ESME_RSYSERR = 0x08, "System error.";
    ESME_RINVSRCADR = 0x0A, "Invalid source address.";
    ESME_RINVDSTADR = 0x0B, "Invalid destination address.";
    ESME_RINVMSGID = 0x0C, "Invalid message id.";
    ESME_RBINDFAIL = 0x0D, "Bind failed.";
    ESME_RINVPASWD = 0x0E, "Invalid password.";
    ESME_RINVSYSID = 0x0F, "Invalid system id.";
    ESME_RCANCELFAIL = 0x11, "cancel_sm failed.";
    ESME_RREPLACEFAIL = 0x13, "replace_sm failed.";
    ESME_RMSGQFUL = 0x14, "Message queue full.";
    ESME_RINVSERTYP = 0x15, "Invalid service type.";
    ESME_RINVNUMDESTS = 0x33, "Invalid number of destinations.";
    ESME_RINVDLNAME = 0x34, "Invalid distribution list name.";
    ESME_RINVDESTFLAG = 0x40, "Invalid destination flag.";
    ESME_RINVSUBREP = 0x42, "Invalid submit-with-replace request.";
    ESME_RINVESMCLASS = 0x43, "Invalid esm_class.";
    ESME_RCNTSUBDL = 0x44, "Cannot submit to distribution list.";
    ESME_RSUBMITFAIL = 0x45, "submit_sm or submit_multi failed.";
    ESME_RINVSRCTON = 0x48, "Invalid source type of number.";
    ESME_RINVSRCNPI = 0x49, "Invalid source numbering plan.";
    ESME_RINVDSTTON = 0x50, "Invalid destination type of number.";
    ESME_RINVDSTNPI = 0x51, "Invalid destination numbering plan.";
    ESME_RINVSYSTYP = 0x53, "Invalid system type.";
    ESME_RINVREPFLAG = 0x54, "Invalid replace_if_present flag.";
    ESME_RINVNUMMSGS = 0x55, "Invalid number of messages.";
    ESME_RTHROTTLED = 0x58, "Allowed rate or window exceeded.";
    ESME_RINVSCHED = 0x61, "Invalid scheduled delivery time.";
    ESME_RINVEXPIRY = 0x62, "Invalid validity period.";
    ESME_RINVDFTMSGID = 0x63, "Predefined message invalid or not found.";
    ESME_RX_T_APPN = 0x64, "Receiver temporary application error.";
    ESME_RX_P_APPN = 0x65, "Receiver permanent application error.";
    ESME_RX_R_APPN = 0x66, "Receiver reject message error.";
    ESME_RQUERYFAIL = 0x67, "query_sm failed.";
    ESME_RINVOPTPARSTREAM = 0xC0, "Error in the optional part of the body.";
    ESME_ROPTPARNOTALLWD = 0xC1, "Optional parameter not allowed.";
    ESME_RINVPARLEN = 0xC2, "Invalid parameter length.";
    ESME_RMISSINGOPTPARAM = 0xC3, "Expected optional parameter missing.";
    ESME_RINVOPTPARAMVAL = 0xC4, "Invalid optional parameter value.";
    ESME_RDELIVERYFAILURE = 0xFE, "Delivery failure.";
    ESME_RUNKNOWNERR = 0xFF, "Unknown error.";
    ESME_RSERTYPUNAUTH = 0x100, "Not authorised to use the service type (5.0).";
    ESME_RPROHIBITED = 0x101, "Prohibited from using the operation (5.0).";
    ESME_RSERTYPUNAVAIL = 0x102, "Service type unavailable (5.0).";
    ESME_RSERTYPDENIED = 0x103, "Service type denied (5.0).";
    ESME_RINVDCS = 0x104, "Invalid data coding (5.0).";
    ESME_RINVSRCADDRSUBUNIT = 0x105, "Invalid source address subunit (5.0).";
    ESME_RINVDSTADDRSUBUNIT = 0x106, "Invalid destination address subunit (5.0).";
    ESME_RINVBCASTFREQINT = 0x107, "Invalid broadcast frequency interval (5.0).";
    ESME_RINVBCASTALIAS_NAME = 0x108, "Invalid broadcast alias name (5.0).";
    ESME_RINVBCASTAREAFMT = 0x109, "Invalid broadcast area format (5.0).";
    ESME_RINVNUMBCAST_AREAS = 0x10A, "Invalid number of broadcast areas (5.0).";
    ESME_RINVBCASTCNTTYPE = 0x10B, "Invalid broadcast content type (5.0).";
    ESME_RINVBCASTMSGCLASS = 0x10C, "Invalid broadcast message class (5.0).";
    ESME_RBCASTFAIL = 0x10D, "broadcast_sm failed (5.0).";
    ESME_RBCASTQUERYFAIL = 0x10E, "query_broadcast_sm failed (5.0).";
    ESME_RBCASTCANCELFAIL = 0x10F, "cancel_broadcast_sm failed (5.0).";
    ESME_RINVBCAST_REP = 0x110, "Invalid number of repeated broadcasts (5.0).";
    ESME_RINVBCASTSRVGRP = 0x111, "Invalid broadcast service group (5.0).";
    ESME_RINVBCASTCHANIND = 0x112, "Invalid broadcast channel indicator (5.0).";
}

/// What 5.0 calls statuses that 3.4 named otherwise.
const NAMES_OF_5_0: [(&str, CommandStatus); 5] = [
    ("ESME_RINVTLVSTREAM", CommandStatus::ESME_RINVOPTPARSTREAM),
    ("ESME_RTLVNOTALLWD", CommandStatus::ESME_ROPTPARNOTALLWD),
    ("ESME_RINVTLVLEN", CommandStatus::ESME_RINVPARLEN),
    ("ESME_RMISSINGTLV", CommandStatus::ESME_RMISSINGOPTPARAM),
    ("ESME_RINVTLVVAL", CommandStatus::ESME_RINVOPTPARAMVAL),
];

impl CommandStatus {
    /// True for `ESME_ROK`.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({:#X})", self),
            None => write!(f, "{:#X}", self),
        }
    }
}

impl fmt::UpperHex for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            f.write_str("0x")?;
        }
        write!(f, "{:X}", self.0)
    }
}

impl fmt::Debug for CommandStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
