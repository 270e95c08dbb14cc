//! What an SMPP status means for the message (traps T14-T16). One place, so that profiles can replace it.

use carrack_smpp::CommandStatus;

use crate::link::{Disposition, Refusal};

/// The meaning of a `command_status` where no profile says otherwise. Unknown ones count as passing trouble.
#[must_use]
pub fn disposition(status: CommandStatus) -> Refusal {
    use CommandStatus as S;
    let disposition = match status {
        S::ESME_RTHROTTLED | S::ESME_RMSGQFUL => Disposition::Throttled,
        S::ESME_RINVBNDSTS | S::ESME_RALYBND => Disposition::LinkFault,
        S::ESME_RINVDSTADR
        | S::ESME_RINVDSTTON
        | S::ESME_RINVDSTNPI
        | S::ESME_RINVMSGLEN
        | S::ESME_RINVDCS
        | S::ESME_RINVEXPIRY
        | S::ESME_RX_P_APPN => Disposition::MessageFault,
        S::ESME_RINVSRCADR
        | S::ESME_RINVSRCTON
        | S::ESME_RINVSRCNPI
        | S::ESME_RINVSYSTYP
        | S::ESME_RX_R_APPN
        | S::ESME_RINVSERTYP => Disposition::NextCarrier,
        _ => Disposition::RetryHere,
    };
    Refusal {
        status: status.0,
        disposition,
    }
}
