//! What an SMPP status means for the message and the link (traps T14 to T16).
//!
//! The table below serves every carrier; a profile's `status_map` goes before it. A status that nobody knows is passing
//! trouble: here once more, then elsewhere.

use std::collections::BTreeMap;

use carrack_settings::{Profile, QueueFullScope, StatusClass};
use carrack_smpp::CommandStatus;

use crate::link::{Disposition, Refusal};

/// The meaning of a `command_status` (SMPP 3.4, 5.1.3; 5.0, 4.7.6) where no profile says otherwise.
#[must_use]
pub const fn status_class(status: CommandStatus) -> StatusClass {
    use CommandStatus as S;
    match status {
        S::ESME_RTHROTTLED => StatusClass::Throttled,
        S::ESME_RMSGQFUL => StatusClass::QueueFull,
        S::ESME_RINVBNDSTS | S::ESME_RALYBND | S::ESME_RBINDFAIL => StatusClass::LinkFault,
        S::ESME_RINVPASWD | S::ESME_RINVSYSID => StatusClass::AccountFault,
        S::ESME_RINVDSTADR
        | S::ESME_RINVDSTTON
        | S::ESME_RINVDSTNPI
        | S::ESME_RINVMSGLEN
        | S::ESME_RINVDCS
        | S::ESME_RINVEXPIRY
        | S::ESME_RX_P_APPN => StatusClass::MessageFault,
        // The carrier does not take what we write or how; another may.
        S::ESME_RINVSRCADR
        | S::ESME_RINVSRCTON
        | S::ESME_RINVSRCNPI
        | S::ESME_RINVSYSTYP
        | S::ESME_RX_R_APPN
        | S::ESME_RINVSERTYP
        | S::ESME_RINVCMDLEN
        | S::ESME_RINVCMDID
        | S::ESME_RINVPRTFLG
        | S::ESME_RINVREGDLVFLG
        | S::ESME_RINVESMCLASS
        | S::ESME_RINVREPFLAG
        | S::ESME_RINVSCHED
        | S::ESME_RINVDFTMSGID
        | S::ESME_RINVOPTPARSTREAM
        | S::ESME_ROPTPARNOTALLWD
        | S::ESME_RINVPARLEN
        | S::ESME_RMISSINGOPTPARAM
        | S::ESME_RINVOPTPARAMVAL
        | S::ESME_RSERTYPUNAUTH
        | S::ESME_RPROHIBITED
        | S::ESME_RSERTYPUNAVAIL
        | S::ESME_RSERTYPDENIED
        | S::ESME_RINVSRCADDRSUBUNIT
        | S::ESME_RINVDSTADDRSUBUNIT => StatusClass::NextRoute,
        _ => StatusClass::RetryHere,
    }
}

/// The meaning of statuses at one carrier.
#[derive(Debug, Clone)]
pub struct Statuses {
    map: BTreeMap<u32, StatusClass>,
    queue_full: Disposition,
}

impl Statuses {
    /// As `profile` says.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        Self {
            map: profile.status_map.clone(),
            queue_full: match profile.queue_full_scope {
                QueueFullScope::Link => Disposition::Throttled,
                QueueFullScope::Destination => Disposition::DestinationFull,
            },
        }
    }

    /// The class of a status.
    #[must_use]
    pub fn class(&self, status: CommandStatus) -> StatusClass {
        let mapped = self.map.get(&status.0).copied();
        mapped.unwrap_or_else(|| status_class(status))
    }

    /// What a refusal with this status means.
    #[must_use]
    pub fn refusal(&self, status: CommandStatus) -> Refusal {
        let disposition = match self.class(status) {
            StatusClass::Throttled => Disposition::Throttled,
            StatusClass::QueueFull => self.queue_full,
            StatusClass::RetryHere => Disposition::RetryHere,
            StatusClass::NextRoute => Disposition::NextCarrier,
            StatusClass::MessageFault => Disposition::MessageFault,
            StatusClass::AccountFault => Disposition::AccountFault,
            StatusClass::LinkFault => Disposition::LinkFault,
        };
        Refusal {
            status: status.0,
            disposition,
        }
    }
}
