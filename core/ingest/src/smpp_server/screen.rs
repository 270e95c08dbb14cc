//! A `submit_sm`, `data_sm` or a destination of a `submit_multi` becomes a submission, or the status that says why not.
//!
//! Promise: what the client asked for is kept or refused, never dropped in silence. Pure; time comes in.

use carrack_engine::{IdempotencyKey, Refusal, Submission};
use carrack_message::record::{Body, ReceiptWish};
use carrack_message::{
    Callback, Class, HOPS_MAX, IDEMPOTENCY_TAG, Msisdn, Sender, each_tlv, hops, idempotency_key,
    write_callback,
};
use carrack_settings::SmppReceipts;
use carrack_smpp::{Address, CommandStatus, ShortMessage, Tlvs, tag};

use super::{address, period, user_data};
use crate::accounts::Account;
use crate::submission::{Options, Screen, SubmissionFault};

/// `registered_delivery` bits 1 and 0: which receipts (SMPP 3.4 5.2.17, 5.0 4.7.21).
const RECEIPT_MASK: u8 = 0x03;
/// Tags that vendors give a meaning (3.4 5.3.2).
const VENDOR_TAGS: std::ops::RangeInclusive<u16> = 0x1400..=0x3FFF;
/// Octets of all of a vendor's parameters that are kept with a message.
const VENDOR_OCTETS_MAX: usize = 512;
const SECOND_NS: u64 = 1_000_000_000;

/// All of a message but its recipient.
pub(crate) struct Common {
    from: Sender,
    body: Body,
    options: Options,
    /// By what it is known when it comes again.
    key: Option<Box<[u8]>>,
}

/// Screens all but the recipient. A validity beyond the account's longest is cut to that, as SMSCs do (5.2.16).
///
/// # Errors
/// The status to answer.
pub(crate) fn common(
    account: &Account,
    sm: &ShortMessage<'_>,
    utc_ns: u64,
) -> Result<Common, CommandStatus> {
    possible(sm)?;
    let send_at_utc_ns = period::send_at_utc_ns(sm.schedule_delivery_time, utc_ns)?;
    let validity_ns = validity_ns(sm, utc_ns.max(send_at_utc_ns))?;
    let from = address::sender(&sm.source, account.sender)?;
    let body = user_data::read(sm, account.dialect.alphabet)?;
    let (mut tlvs, key) = vendors(&sm.tlvs)?;
    let by_requests = told_by_requests(account, &mut tlvs);
    let options = Options {
        send_at_utc_ns,
        class: None,
        validity_ns: validity_ns.min(account.validity_ns_max),
        wants_receipt: match by_requests {
            true => ReceiptWish::Never,
            false => wish(sm.registered_delivery),
        },
        tlvs,
        client_ref: sm
            .tlvs
            .find_number(tag::USER_MESSAGE_REFERENCE)
            .map(|reference| reference.to_string()),
        batch: None,
    };
    Ok(Common {
        from,
        body,
        options,
        key,
    })
}

impl Common {
    /// The message to one of several recipients.
    ///
    /// # Errors
    /// The status to answer.
    pub(crate) fn to(
        &self,
        account: &Account,
        to: &Address<'_>,
    ) -> Result<Submission, CommandStatus> {
        let to = address::recipient(to, account.region.as_deref())?;
        screened(
            account,
            to,
            self.from,
            self.body.clone(),
            self.options.clone(),
        )
    }

    /// Whether the client gave a key.
    pub(crate) const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Puts the client's key on the message to one of several; `nth`: how often the same number stood before it.
    pub(crate) fn put_key(&self, submission: &mut Submission, nth: u32) {
        if let Some(key) = &self.key {
            let key = IdempotencyKey::of_recipient(key, submission, b"", nth);
            submission.key = Some(Box::new(key));
        }
    }
}

/// Screens one message.
///
/// # Errors
/// The status to answer.
pub(crate) fn submission(
    account: &Account,
    sm: &ShortMessage<'_>,
    utc_ns: u64,
) -> Result<Submission, CommandStatus> {
    let to = address::recipient(&sm.destination, account.region.as_deref())?;
    let common = common(account, sm, utc_ns)?;
    let key = common.key;
    let mut submission = screened(account, to, common.from, common.body, common.options)?;
    if let Some(key) = key {
        // A time may be said relative to now, and then differs when it comes again.
        let key = IdempotencyKey::of_call(&key, &submission, b"");
        submission.key = Some(Box::new(key));
    }
    Ok(submission)
}

fn screened(
    account: &Account,
    to: Msisdn,
    from: Sender,
    body: Body,
    options: Options,
) -> Result<Submission, CommandStatus> {
    Screen::new(account, Class::Transactional)
        .prepared(to, from, body, options)
        .map(|screened| screened.submission)
        .map_err(|fault| status_of(&fault))
}

/// Writes down that the account's webhook is told of it, where that is told instead of the binds.
fn told_by_requests(account: &Account, tlvs: &mut Vec<u8>) -> bool {
    let webhook = account.webhook.as_ref();
    let webhook = webhook.filter(|webhook| webhook.smpp_receipts == SmppReceipts::Webhook);
    webhook.is_some_and(|webhook| write_callback(&Callback::webhook(webhook.events), tlvs))
}

/// What a client says by parameters of vendors: those for carriers, and his key.
type Vendors = (Vec<u8>, Option<Box<[u8]>>);

/// Parameters of vendors, for carriers whose profile takes them, and the client's key, which is for us. A message that has
/// passed too many nodes goes round: no carrier for it is found here.
fn vendors(tlvs: &Tlvs<'_>) -> Result<Vendors, CommandStatus> {
    let (mut found, mut key) = (Vec::new(), None);
    if tlvs.is_empty() {
        return Ok((found, key));
    }
    for (tag, whole) in each_tlv(tlvs.whole_octets()) {
        if tag == IDEMPOTENCY_TAG {
            let text = idempotency_key(whole);
            IdempotencyKey::check(text).map_err(|_| CommandStatus::ESME_RINVOPTPARAMVAL)?;
            key = Some(text.into());
        } else if VENDOR_TAGS.contains(&tag) {
            found.extend_from_slice(whole);
        }
    }
    if found.len() > VENDOR_OCTETS_MAX {
        return Err(CommandStatus::ESME_RINVPARLEN);
    }
    match hops(&found) < HOPS_MAX {
        true => Ok((found, key)),
        false => Err(CommandStatus::ESME_RINVDSTADR),
    }
}

/// 3.4 has no value 3; 5.0 made it the third wish. Intermediate notifications (bit 4) are not sent.
const fn wish(registered_delivery: u8) -> ReceiptWish {
    match registered_delivery & RECEIPT_MASK {
        0 => ReceiptWish::Never,
        1 => ReceiptWish::Always,
        2 => ReceiptWish::Failure,
        _ => ReceiptWish::Success,
    }
}

/// A `data_sm` has no `validity_period`: its `qos_time_to_live` (3.4 5.3.2.9) says the same in seconds.
fn validity_ns(sm: &ShortMessage<'_>, utc_ns: u64) -> Result<u64, CommandStatus> {
    let seconds = match sm.validity_period.is_empty() && !sm.tlvs.is_empty() {
        true => sm.tlvs.find_number(tag::QOS_TIME_TO_LIVE),
        false => None,
    };
    match seconds {
        Some(seconds) => Ok(u64::from(seconds).saturating_mul(SECOND_NS)),
        None => period::validity_ns(sm.validity_period, utc_ns),
    }
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
fn possible(sm: &ShortMessage<'_>) -> Result<(), CommandStatus> {
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
        // Nor has it one for a recipient who wants nothing: "receiver reject" is the nearest, and nothing else gets it.
        Refusal::Suppressed { .. } => CommandStatus::ESME_RX_R_APPN,
        // The specification has no status for money; this one stops a client that throttling would only slow.
        Refusal::NoCredit => CommandStatus::ESME_RSUBMITFAIL,
        Refusal::Store(_) => CommandStatus::ESME_RSYSERR,
        Refusal::KeyUsed => CommandStatus::ESME_RINVOPTPARAMVAL,
        Refusal::Duplicate(_) | Refusal::DuplicateRow(_) => CommandStatus::ESME_RSUBMITFAIL,
        Refusal::ShuttingDown
        | Refusal::Together
        | Refusal::KeyUnderWay
        | Refusal::RecipientLimit { .. } => CommandStatus::ESME_RTHROTTLED,
    }
}
