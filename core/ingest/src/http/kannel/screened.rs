//! A call is screened in the order in which Kannel looks: header, recipients, sender, all else, body.

use carrack_engine::Submission;
use carrack_message::record::Body;
use carrack_message::{Class, Msisdn, Sender};

use super::answer::Answer;
use super::body;
use super::fields::Fields;
use crate::accounts::Account;
use crate::submission::{Options, Screen, SubmissionFault};

/// Messages that may go, and recipients that may not.
#[derive(Default)]
pub(crate) struct ScreenedCall {
    pub(crate) submissions: Vec<Submission>,
    /// The recipient of each, as the caller wrote it.
    pub(crate) numbers: Vec<String>,
    pub(crate) denied: Vec<String>,
    /// Why the last of these is denied.
    why: String,
}

/// What all recipients have in common.
struct Common<'a> {
    screen: Screen<'a>,
    from: Sender,
    options: Options,
    bodies: Vec<Body>,
}

/// Screens it.
pub(crate) fn screened(
    account: &Account,
    given: &Fields,
    numbers: &[String],
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
    let common = Common {
        screen,
        from: given.sender(&screen)?,
        options: given.options(account, utc_ns)?,
        bodies: body::bodies(given, account.segments_max, (utc_ns >> 20) as u8)?,
    };
    for (number, to) in allowed {
        let callback = given.callback(account, &common.from, number)?;
        match common.to(to, &callback) {
            Ok(submissions) => {
                call.numbers
                    .extend(submissions.iter().map(|_| number.clone()));
                call.submissions.extend(submissions);
            }
            Err(fault) if fault.field == "to" => call.deny(number, &fault),
            Err(fault) => return Err(Answer::fault(&fault)),
        }
    }
    match call.submissions.is_empty() {
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

impl Common<'_> {
    /// The message to one of them, in as many parts as it has.
    fn to(&self, to: Msisdn, callback: &[u8]) -> Result<Vec<Submission>, SubmissionFault> {
        let last = self.bodies.len().saturating_sub(1);
        let part = |(place, body): (usize, &Body)| {
            let mut options = self.options.clone();
            // One receipt a message: its last part's.
            if place == last {
                options.tlvs.extend_from_slice(callback);
            }
            let screened = self.screen.prepared(to, self.from, body.clone(), options);
            screened.map(|screened| screened.submission)
        };
        self.bodies.iter().enumerate().map(part).collect()
    }
}
