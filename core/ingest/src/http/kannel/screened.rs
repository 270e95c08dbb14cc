//! A call is screened in the order in which Kannel looks: header, recipients, sender, all else, body.

use carrack_message::Class;

use super::answer::Answer;
use super::body;
use super::fields::Fields;
use crate::accounts::Account;
use crate::http::idempotency::RequestKey;
use crate::http::legacy_parts::{Message, PartedCall};
use crate::submission::{Screen, SubmissionFault};

/// Messages that may go, and recipients that may not.
#[derive(Default)]
pub(crate) struct ScreenedCall {
    pub(crate) messages: PartedCall,
    /// The recipient of each message, as the caller wrote it.
    pub(crate) numbers: Vec<String>,
    pub(crate) denied: Vec<String>,
    /// Why the last of these is denied.
    why: String,
}

/// Screens it, and puts its key on it.
pub(crate) fn screened(
    account: &Account,
    given: &Fields,
    numbers: &[String],
    key: Option<&RequestKey>,
    utc_ns: u64,
) -> Result<ScreenedCall, Answer> {
    given.check_header()?;
    let screen = Screen::new(account, Class::Transactional);
    let mut call = ScreenedCall::default();
    let mut allowed = Vec::new();
    for number in numbers {
        match screen.recipient(number) {
            Ok(to) => allowed.push((number, to)),
            Err(fault) => call.deny(number, &fault),
        }
    }
    if allowed.is_empty() {
        return Err(Answer::denied(&call.why));
    }
    let message = Message {
        screen,
        from: given.sender(&screen)?,
        options: given.options(account, utc_ns)?,
        bodies: body::bodies(given, account.segments_max, (utc_ns >> 20) as u8)?,
        when: given.when(),
    };
    for (number, to) in allowed {
        let callback = given.callback(account, &message.from, number)?;
        match message.to(to, &callback) {
            Ok(parts) => {
                call.numbers.push(number.clone());
                call.messages.add(parts);
            }
            Err(fault) if fault.field == "to" => call.deny(number, &fault),
            Err(fault) => return Err(Answer::fault(&fault)),
        }
    }
    if let Some(key) = key {
        let alone = match numbers {
            [number] => Some(number.as_str()),
            _ => None,
        };
        let receipt = given.asks_to_be_told();
        call.messages.put_key(key, &message, &receipt, alone);
    }
    match call.numbers.is_empty() {
        true => Err(Answer::denied(&call.why)),
        false => Ok(call),
    }
}

impl ScreenedCall {
    fn deny(&mut self, number: &str, fault: &SubmissionFault) {
        self.denied.push(number.to_owned());
        self.why = fault.to_string();
    }
}
