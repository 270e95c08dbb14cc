//! Codes that are dialled (`*100#`), by an operator or on schedule, and what the network says (TS 27.007, 7.15).
//!
//! Promise: each question is answered once, by the network or by its deadline; a dialogue that the network wants to go on with is ended.
//! A SIM that may not send can be asked all the same: its balance is what one wants to know then.
//! Bound: one question at a time, [`WAIT_MAX_NS`] and [`ANSWER_MAX_NS`].

use carrack_message::alphabet::{gsm7, packed, ucs2};

use super::at::{Final, Outcome};
use super::dialect::UssdForm;
use super::link::{Job, ModemLink};
use super::panel::{OrderAnswer, OrderFault, OrderReply};
use super::spec::ModemSpec;

const SECOND_NS: u64 = 1_000_000_000;
/// From the command to `OK`: some modems say it only with the network's answer.
const BEGIN_TIMEOUT_NS: u64 = 30 * SECOND_NS;
/// From an order to its command: a text is under way, or the network is looked for.
const WAIT_MAX_NS: u64 = 30 * SECOND_NS;
/// From `OK` to the network's answer.
const ANSWER_MAX_NS: u64 = 45 * SECOND_NS;
const END_TIMEOUT_NS: u64 = 10 * SECOND_NS;
/// Characters of a code (TS 24.080: 160 octets packed); nobody dials more.
const CODE_MAX: usize = 60;
/// A balance that could not be asked for is asked for again then, at the latest.
const BALANCE_RETRY_NS: u64 = 3600 * SECOND_NS;
/// Data coding scheme of an answer that says none: the default alphabet.
const DEFAULT_ALPHABET: u8 = 15;

enum Asker {
    Schedule,
    Operator(OrderReply),
}

/// A code that an operator wants to have dialled.
struct Waiting {
    code: String,
    reply: OrderReply,
    until_ns: u64,
}

/// The question under way.
pub(super) struct Ussd {
    waiting: Option<Waiting>,
    asked: Option<Asker>,
    /// `OK` has come: the network's answer is due then.
    due_ns: Option<u64>,
    must_end: bool,
    balance_due_ns: Option<u64>,
}

impl Ussd {
    pub(super) fn new(spec: &ModemSpec) -> Self {
        Self {
            waiting: None,
            asked: None,
            due_ns: None,
            must_end: false,
            // The first time as soon as the modem works.
            balance_due_ns: spec.balance.as_ref().map(|_| 0),
        }
    }

    /// The line is taken: modems do not send meanwhile.
    pub(super) const fn is_awaited(&self) -> bool {
        self.asked.is_some()
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.asked.is_none() && self.waiting.is_none()
    }

    /// Of what can be done: a balance that is due while nothing can be asked is no reason to turn.
    pub(super) fn deadline_ns(&self, may_ask: bool) -> u64 {
        let balance_ns = match self.is_idle() && may_ask {
            true => self.balance_due_ns,
            false => None,
        };
        let waits_ns = self.waiting.as_ref().map(|waiting| waiting.until_ns);
        let all = [balance_ns, waits_ns, self.due_ns];
        all.into_iter().flatten().min().unwrap_or(u64::MAX)
    }
}

impl ModemLink {
    pub(super) fn order_ussd(&mut self, code: String, reply: OrderReply) {
        let is_dialled = |found: char| found.is_ascii_digit() || matches!(found, '*' | '#' | '+');
        if code.is_empty() || code.len() > CODE_MAX || !code.chars().all(is_dialled) {
            let words = format!("a code has 1 to {CODE_MAX} of 0-9, *, # and +, as *100#");
            return reply(Err(OrderFault::Failed(words)));
        }
        let until_ns = self.now.mono_ns.saturating_add(WAIT_MAX_NS);
        self.ussd.waiting = Some(Waiting {
            code,
            reply,
            until_ns,
        });
    }

    /// Ends a question that was not asked or not answered in time, whether another can be asked or not.
    pub(super) fn end_overdue_ussd(&mut self) {
        let now_ns = self.now.mono_ns;
        if self.ussd.due_ns.is_some_and(|due_ns| now_ns >= due_ns) {
            self.ussd.must_end = true;
            self.ussd_failed("the network did not answer in 45 seconds");
        }
        let waiting = self.ussd.waiting.as_ref();
        if waiting.is_some_and(|waiting| now_ns >= waiting.until_ns) && !self.may_ask_ussd() {
            let words = match self.sending {
                Some(_) => "a text was under way for 30 seconds; try again",
                None => "it is in no network, or goes",
            };
            self.drop_waiting_ussd(words);
        }
    }

    /// Whether a question can be asked now. Never between the parts of a text: a message that is written into a dialogue is refused.
    pub(super) const fn may_ask_ussd(&self) -> bool {
        self.closing.is_none() && self.network.is_in() && self.sending.is_none()
    }

    /// Gives a command where one is due. True: it did.
    pub(super) fn ask_ussd(&mut self) -> bool {
        let now_ns = self.now.mono_ns;
        if self.ussd.asked.is_some() || !self.may_ask_ussd() {
            return false;
        }
        if std::mem::take(&mut self.ussd.must_end) {
            self.ask(Job::UssdEnd, "+CUSD=2", END_TIMEOUT_NS);
            return true;
        }
        let Some((code, asker)) = self.next_ussd(now_ns) else {
            return false;
        };
        let code = written(&code, self.identity.dialect().ussd);
        self.ussd.asked = Some(asker);
        let command = format!("+CUSD=1,\"{code}\",{DEFAULT_ALPHABET}");
        self.ask(Job::UssdBegin, &command, BEGIN_TIMEOUT_NS);
        true
    }

    /// Operators first.
    fn next_ussd(&mut self, now_ns: u64) -> Option<(String, Asker)> {
        if let Some(waiting) = self.ussd.waiting.take() {
            return Some((waiting.code, Asker::Operator(waiting.reply)));
        }
        self.ussd
            .balance_due_ns
            .filter(|due_ns| now_ns >= *due_ns)?;
        let balance = self.spec.balance.as_ref()?;
        let retry_ns = balance.every_ns.min(BALANCE_RETRY_NS);
        self.ussd.balance_due_ns = Some(now_ns.saturating_add(retry_ns));
        Some((balance.code.clone(), Asker::Schedule))
    }

    pub(super) fn ussd_begun(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Answered(Final::Ok, _) => {
                let due_ns = self.now.mono_ns.saturating_add(ANSWER_MAX_NS);
                self.ussd.due_ns = self.ussd.asked.is_some().then_some(due_ns);
            }
            Outcome::Answered(found, _) => {
                self.ussd_failed(&format!("the modem or the network refused it: {found:?}"));
            }
            // A modem that says `OK` only with the answer is not silent for that: the network was.
            Outcome::Silent { .. } => {
                self.ussd.must_end = true;
                self.ussd_failed("no answer in 30 seconds");
            }
        }
    }

    pub(super) fn ussd_answered(&mut self, kind: u8, text: &str, scheme: u8) {
        let text = read(text, scheme, self.identity.dialect().ussd);
        self.ussd.must_end |= kind == 1;
        self.ussd.due_ns = None;
        match (kind, self.ussd.asked.take()) {
            (_, None) => {}
            (0..=2, Some(Asker::Operator(reply))) => reply(Ok(OrderAnswer::Ussd(text))),
            (0..=2, Some(Asker::Schedule)) => {
                let now_ns = self.now.mono_ns;
                let every_ns = self.spec.balance.as_ref().map(|balance| balance.every_ns);
                self.ussd.balance_due_ns = every_ns.map(|every_ns| now_ns.saturating_add(every_ns));
                self.told.balance(text, self.now.utc_ns);
            }
            (_, asked) => {
                self.ussd.asked = asked;
                self.ussd_failed("the network does not know the code or did not answer");
            }
        }
    }

    pub(super) fn ussd_failed(&mut self, words: &str) {
        self.ussd.due_ns = None;
        match self.ussd.asked.take() {
            Some(Asker::Operator(reply)) => reply(Err(OrderFault::Failed(words.to_owned()))),
            Some(Asker::Schedule) => {
                self.told
                    .note_error(&format!("the balance could not be asked for: {words}"));
            }
            None => {}
        }
    }

    /// The modem does not work now: nobody waits for it.
    pub(super) fn drop_waiting_ussd(&mut self, words: &str) {
        if let Some(Waiting { reply, .. }) = self.ussd.waiting.take() {
            reply(Err(OrderFault::Failed(words.to_owned())));
        }
    }
}

fn written(code: &str, form: UssdForm) -> String {
    if form == UssdForm::Plain {
        return code.to_owned();
    }
    let (mut septets, mut octets) = (Vec::new(), Vec::new());
    // Digits and signs are all of the alphabet.
    let _ = gsm7::encode(code, &mut septets);
    packed::pack(&septets, 0, packed::Padding::CarriageReturn, &mut octets);
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// The text of an answer: as characters, or as digits of UCS-2 or packed septets, which modems mix as they like.
fn read(text: &str, scheme: u8, form: UssdForm) -> String {
    let Some(octets) = octets(text) else {
        return text.to_owned();
    };
    let is_ucs2 = matches!(scheme, 0x11) || scheme & 0xCC == 0x48;
    let mut found = String::new();
    if is_ucs2 && octets.len().is_multiple_of(2) {
        ucs2::decode(&octets, &mut found);
    } else if form == UssdForm::Packed {
        let mut septets = Vec::new();
        packed::unpack_padded(&octets, 0, &mut septets);
        gsm7::decode(&septets, &mut found);
    } else {
        found.push_str(text);
    }
    found
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() < 4 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let half = |digit: u8| char::from(digit).to_digit(16).map(|half| half as u8);
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(half(*high)? << 4 | half(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_each_form() {
        assert_eq!(
            read("Balance 5.00 EUR", 15, UssdForm::Plain),
            "Balance 5.00 EUR"
        );
        assert_eq!(read("00480069", 72, UssdForm::Plain), "Hi");
        let digits = written("*100#", UssdForm::Packed);
        assert_eq!(digits, "AA180C3602");
        assert_eq!(read(&digits, 15, UssdForm::Packed), "*100#");
        // Digits that are a text.
        assert_eq!(read("1234", 15, UssdForm::Plain), "1234");
    }
}
