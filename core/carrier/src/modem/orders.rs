//! What operators ask of a modem, and the test that names what is wrong and what to do.
//!
//! Bound: one order at a time; a test asks six questions, each with its deadline.

use super::at::{Final, Outcome};
use super::escalation::Rung;
use super::identity::{said, words};
use super::link::{Job, ModemLink, Phase};
use super::network::signal_dbm;
use super::panel::{Finding, Order, OrderAnswer, OrderFault, OrderReply};

const TIMEOUT_NS: u64 = 5_000_000_000;
/// Below it texts get lost.
const SIGNAL_DBM_MIN: i16 = -103;

/// Commands of a test, and what each looks at.
const QUESTIONS: &[(&str, &str)] = &[
    ("", "line"),
    ("+CPIN?", "sim"),
    ("+CREG?", "registration"),
    ("+CSQ", "signal"),
    ("+CPMS?", "storage"),
    ("+CSCA?", "service centre"),
];

/// A test under way.
#[derive(Debug, Default)]
pub(super) struct Test {
    place: usize,
    findings: Vec<Finding>,
}

impl ModemLink {
    /// Takes the next order, where none is under way; a reset in spite of all.
    pub(super) fn take_order(&mut self) {
        if let Some(reply) = self.panel.next_reset() {
            return self.reset(reply);
        }
        if self.test.is_some() || !self.ussd.is_idle() {
            return;
        }
        let Some((order, reply)) = self.panel.next_order() else {
            return;
        };
        let is_serving = matches!(self.phase, Phase::Serving);
        match order {
            Order::Reset => self.reset(reply),
            Order::Test if is_serving => self.test = Some((self.test_of_itself(), reply)),
            Order::Test => {
                let findings = self.test_of_itself().findings;
                reply(Ok(OrderAnswer::Test(findings)));
            }
            Order::Ussd(code) if is_serving => self.order_ussd(code, reply),
            Order::Ussd(_) => {
                let words = format!("the modem is not in service: {}", self.told.reason());
                reply(Err(OrderFault::Failed(words)));
            }
        }
    }

    fn reset(&mut self, reply: OrderReply) {
        self.setup.is_pin_forgiven = true;
        self.escalation.worked();
        tracing::info!(
            modem = self.spec.name,
            pool = self.spec.pool,
            "a modem is reset by order"
        );
        if self.port.is_open() {
            let ended = self.port.dialogue.abandon();
            self.give_up(ended.as_ref(), false);
            self.escalation.rung = Rung::Restart;
            self.restart();
        } else if matches!(self.phase, Phase::Waiting { .. }) {
            // It is tried at once.
            self.phase = Phase::Waiting { until_ns: 0 };
        }
        reply(Ok(OrderAnswer::Reset));
    }

    /// What is known without asking.
    fn test_of_itself(&self) -> Test {
        let identity = &self.identity;
        let mut test = Test::default();
        let mut add = |what, ok, found: String, cure| {
            let cure = if ok { "" } else { cure };
            test.findings.push(Finding {
                what,
                ok,
                found,
                cure,
            });
        };
        add(
            "service",
            self.told.is_up,
            match self.told.is_up {
                true => "it takes messages".to_owned(),
                false => self.told.reason().to_owned(),
            },
            "see what follows; if nothing else is wrong it takes messages again by itself",
        );
        add(
            "port",
            self.port.is_open(),
            self.spec.port.clone(),
            "see that the device is plugged in, that the name of its port is right (a name under /dev/serial/by-id stays), that this program may use it (group dialout), and that no other program (ModemManager) has it",
        );
        add(
            "make",
            !identity.maker.is_empty(),
            format!(
                "{} {}, served as {}",
                identity.maker,
                identity.model,
                identity.dialect().name
            ),
            "it has not said who it is; is this the port for AT commands, and baud right? A stick has several ports",
        );
        test
    }

    /// The next question of a test. True: it was asked.
    pub(super) fn ask_test(&mut self) -> bool {
        let Some((test, _)) = &self.test else {
            return false;
        };
        match QUESTIONS.get(test.place) {
            Some((command, _)) => self.ask(Job::Test, command, TIMEOUT_NS),
            None => {
                if let Some((test, reply)) = self.test.take() {
                    reply(Ok(OrderAnswer::Test(test.findings)));
                }
                return false;
            }
        }
        true
    }

    pub(super) fn test_ended(&mut self, outcome: Outcome) {
        let Some((test, _)) = &mut self.test else {
            return;
        };
        let what = QUESTIONS.get(test.place).map_or("", |(_, what)| what);
        test.place += 1;
        let (found, lines) = match outcome {
            Outcome::Answered(found, lines) => (found, lines),
            Outcome::Silent { .. } => (Final::Error, vec!["no answer".to_owned()]),
        };
        test.findings.push(finding(what, found, &lines));
    }

    /// Nobody waits for what was asked of it.
    pub(super) fn orders_failed(&mut self, words: &str) {
        self.ussd_failed(words);
        self.drop_waiting_ussd(words);
        if let Some((_, reply)) = self.test.take() {
            reply(Err(OrderFault::Failed(words.to_owned())));
        }
    }
}

fn finding(what: &'static str, found: Final, lines: &[String]) -> Finding {
    let question = QUESTIONS.iter().find(|(_, named)| *named == what);
    let name = question.map_or("", |(command, _)| command.trim_end_matches('?'));
    let said = match name {
        "" => words(lines),
        name => said(name, lines).to_owned(),
    };
    let is_ok = found == Final::Ok;
    let (ok, cure) = match what {
        "line" => (is_ok, "it does not answer; is the speed (baud) right?"),
        "sim" => (
            said == "READY",
            "put a SIM in, give its pin in [[sim]], or switch the request for a PIN off in a handset",
        ),
        "registration" => (
            is_ok
                && matches!(
                    said.split(',').nth(1).map(str::trim),
                    Some("1" | "5" | "6" | "7")
                ),
            "look at the antenna, whether the SIM is active and may be used in this network, and whether the network still has the technology of this modem",
        ),
        "signal" => (
            lines
                .iter()
                .find_map(|line| signal_dbm(line))
                .is_some_and(|dbm| dbm >= SIGNAL_DBM_MIN),
            "too weak or not known: another place or a better antenna",
        ),
        "storage" => (
            is_ok && !is_full(&said),
            "the store is full: what is in it is read and deleted as fast as the node takes it; does it take messages from handsets?",
        ),
        _ => (
            is_ok && said.chars().any(|found| found.is_ascii_digit()),
            "the SIM knows no service centre: set it once with AT+CSCA=\"+...\", the network's operator tells the number",
        ),
    };
    let said = match what {
        // A number of somebody.
        "service centre" if ok => "known".to_owned(),
        _ if said.is_empty() => format!("{found:?}"),
        _ => said,
    };
    Finding {
        what,
        ok,
        found: said,
        cure: if ok { "" } else { cure },
    }
}

/// `"SM",20,20,...`
fn is_full(said: &str) -> bool {
    let mut numbers = said
        .split(',')
        .filter_map(|field| field.trim().parse::<u16>().ok());
    let (used, total) = (numbers.next(), numbers.next());
    matches!((used, total), (Some(used), Some(total)) if total > 0 && used >= total)
}
