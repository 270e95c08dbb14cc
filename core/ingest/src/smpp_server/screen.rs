//! A `submit_sm` becomes a submission, or the status that says why not.
//!
//! Promise: what the client asked for is kept or refused, never dropped in silence. Pure; time comes in.

use carrack_engine::{Refusal, Submission};
use carrack_message::Class;
use carrack_smpp::{CommandStatus, SubmitSm, tag};

use super::{address, period, user_data};
use crate::accounts::Account;
use crate::submission::{Options, Screen, SubmissionFault};

/// `registered_delivery` bits 1 and 0: a receipt of some kind (SMPP 3.4, 5.2.17).
const RECEIPT_MASK: u8 = 0x03;

/// Screens one message. A validity beyond the account's longest is cut to that, as SMSCs do (5.2.16).
///
/// # Errors
/// The status to answer.
pub(crate) fn submission(
    account: &Account,
    sm: &SubmitSm<'_>,
    utc_ns: u64,
) -> Result<Submission, CommandStatus> {
    possible(sm)?;
    let send_at_utc_ns = period::send_at_utc_ns(sm.schedule_delivery_time, utc_ns)?;
    let validity_ns = period::validity_ns(sm.validity_period, utc_ns.max(send_at_utc_ns))?;
    let to = address::recipient(&sm.destination, account.region.as_deref())?;
    let from = address::sender(&sm.source, account.sender)?;
    let body = user_data::read(sm)?;
    let options = Options {
        send_at_utc_ns,
        class: None,
        validity_ns: validity_ns.min(account.validity_ns_max),
        wants_receipt: sm.registered_delivery & RECEIPT_MASK != 0,
        client_ref: sm
            .tlvs
            .find_number(tag::USER_MESSAGE_REFERENCE)
            .map(|reference| reference.to_string()),
        batch: None,
    };
    Screen::new(account, Class::Transactional)
        .prepared(to, from, body, options)
        .map(|screened| screened.submission)
        .map_err(|fault| status_of(&fault))
}

fn status_of(fault: &SubmissionFault) -> CommandStatus {
    match fault.field {
        "text" => CommandStatus::ESME_RINVMSGLEN,
        "to" => CommandStatus::ESME_RINVDSTADR,
        "from" => CommandStatus::ESME_RINVSRCADR,
        "validity" => CommandStatus::ESME_RINVEXPIRY,
        _ => CommandStatus::ESME_RSUBMITFAIL,
    }
}

/// Refuses what this door cannot do.
fn possible(sm: &SubmitSm<'_>) -> Result<(), CommandStatus> {
    // An ESME's acknowledgement of a deliver_sm is no text to a handset.
    if sm.message_type() != 0 {
        return Err(CommandStatus::ESME_RINVESMCLASS);
    }
    if sm.service_type.eq_ignore_ascii_case(b"USSD") {
        return Err(CommandStatus::ESME_RINVSERTYP);
    }
    if sm.replace_if_present_flag != 0 {
        return Err(CommandStatus::ESME_RINVREPFLAG);
    }
    if sm.sm_default_msg_id != 0 {
        return Err(CommandStatus::ESME_RINVDFTMSGID);
    }
    Ok(())
}

/// What a client hears of the engine's refusal. No carrier for a number is that number's fault.
pub(crate) const fn refused(refusal: &Refusal) -> CommandStatus {
    match refusal {
        Refusal::NoRoute(_) => CommandStatus::ESME_RINVDSTADR,
        Refusal::QueueFull | Refusal::AccountQueueFull => CommandStatus::ESME_RMSGQFUL,
        // The specification has no status for money; this one stops a client that throttling would only slow.
        Refusal::NoCredit => CommandStatus::ESME_RSUBMITFAIL,
        Refusal::Store(_) => CommandStatus::ESME_RSYSERR,
        Refusal::ShuttingDown | Refusal::Together => CommandStatus::ESME_RTHROTTLED,
    }
}
