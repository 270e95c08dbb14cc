//! The steps: what each sends, and what it waits for.

use carrack_smpp::{MessageIdBody, encode_submit_sm};

use super::analysis::is_final_receipt;
use super::conversation::{Probe, Turn};
use super::doubt::{Doubt, TRIES_MAX};
use super::hand;
use super::message::Message;
use super::observation::{AskSeen, SubmitSeen};
use super::plan::Question;
use super::script::{Ask, Step, Wire};
use super::wire::{Line, Phase};

impl Probe {
    pub(super) fn take(
        &mut self,
        now_ns: u64,
        begun_ns: u64,
        question: Question,
        step: &Step,
    ) -> Turn {
        match step {
            Step::Bind {
                wire,
                kind,
                is_needed,
            } => self.bind(now_ns, begun_ns, *wire, *kind, *is_needed),
            Step::Leave { wire } => self.leave(now_ns, *wire),
            Step::Submit(message) => self.send(now_ns, begun_ns, std::slice::from_ref(message)),
            Step::Burst(messages) => self.send(now_ns, begun_ns, messages),
            Step::Stream { messages, a_second } => {
                self.stream(now_ns, begun_ns, messages, *a_second)
            }
            Step::Ask(ask) => self.ask(now_ns, begun_ns, *ask),
            Step::Answers => self.answers(now_ns),
            Step::Receipts => self.receipts(now_ns, begun_ns, question),
        }
    }

    pub(super) fn index(wire: Wire) -> usize {
        usize::from(wire == Wire::Beside)
    }

    pub(super) fn line(&self, wire: Wire) -> Option<&Line> {
        self.lines.get(Self::index(wire))
    }

    fn leave(&mut self, now_ns: u64, wire: Wire) -> Turn {
        let Some(line) = self.lines.get_mut(Self::index(wire)) else {
            return Turn::Done;
        };
        match line.phase {
            Phase::Idle => Turn::Done,
            Phase::Bound => {
                line.unbind(now_ns, &mut self.seen);
                Turn::Wait(now_ns.saturating_add(self.plan.response_wait_ns))
            }
            Phase::Connecting | Phase::Binding | Phase::Leaving | Phase::Draining { .. } => {
                Turn::Wait(now_ns.saturating_add(self.plan.response_wait_ns))
            }
        }
    }

    /// Its turn to send has come; none while it has not.
    fn pace(&mut self, now_ns: u64) -> Result<(), Turn> {
        if now_ns < self.next_send_ns {
            return Err(Turn::Wait(self.next_send_ns));
        }
        self.next_send_ns = now_ns.saturating_add(self.plan.interval_ns);
        Ok(())
    }

    fn send(&mut self, now_ns: u64, begun_ns: u64, messages: &[Message]) -> Turn {
        if let Err(turn) = self.main(now_ns, begun_ns).and_then(|()| self.pace(now_ns)) {
            return turn;
        }
        for message in messages {
            self.submit(now_ns, message);
        }
        Turn::Done
    }

    fn stream(&mut self, now_ns: u64, begun_ns: u64, messages: &[Message], a_second: u32) -> Turn {
        if self.stream_sent == messages.len() {
            return Turn::Done;
        }
        if let Err(turn) = self.main(now_ns, begun_ns) {
            return turn;
        }
        let interval_ns = 1_000_000_000 / u64::from(a_second.max(1));
        while let Some(message) = messages.get(self.stream_sent) {
            let due_ns =
                begun_ns.saturating_add(interval_ns.saturating_mul(self.stream_sent as u64));
            if due_ns > now_ns {
                return Turn::Wait(due_ns);
            }
            self.stream_sent += 1;
            self.submit(now_ns, message);
        }
        Turn::Done
    }

    fn submit(&mut self, now_ns: u64, message: &Message) {
        self.sequence += 1;
        let sequence = self.sequence;
        let at = self.seen.moment(now_ns);
        let Some(line) = self.lines.get_mut(Self::index(Wire::Main)) else {
            return;
        };
        if encode_submit_sm(line.output(), sequence, &message.submit()).is_ok() {
            line.count_submit();
            self.seen.submits.push(SubmitSeen {
                message: message.clone(),
                at,
                sequence,
                connection: line.connection,
                answers: Vec::new(),
            });
        }
    }

    fn ask(&mut self, now_ns: u64, begun_ns: u64, ask: Ask) -> Turn {
        if let Err(turn) = self.main(now_ns, begun_ns).and_then(|()| self.pace(now_ns)) {
            return turn;
        }
        let last = self.seen.accepted().last();
        let needs_message = matches!(ask, Ask::Query | Ask::Cancel | Ask::Replace);
        let body = last
            .and_then(|seen| seen.answer())
            .map(|answer| answer.body.clone());
        let id = body
            .as_deref()
            .map(|body| MessageIdBody::decode(body).value.message_id.to_vec());
        if needs_message && id.as_ref().is_none_or(Vec::is_empty) {
            return Turn::Done;
        }
        let about = last
            .or_else(|| self.seen.submits.last())
            .map(|seen| seen.message.clone());
        self.sequence += 1;
        let at = self.seen.moment(now_ns);
        if let Some(line) = self.lines.get_mut(Self::index(Wire::Main)) {
            let submit = about.as_ref().map(Message::submit).unwrap_or_default();
            let id = id.unwrap_or_default();
            hand::write(
                line.output(),
                ask,
                self.sequence,
                &id,
                submit.source,
                submit.destination,
            );
            self.seen.asks.push(AskSeen {
                ask,
                at,
                sequence: self.sequence,
                connection: line.connection,
                answer: None,
            });
        }
        Turn::Done
    }

    /// Sends the last message again where its refusal leaves open what it is about, as long as messages are left.
    pub(super) fn ask_again(&mut self, question: Question) {
        let Some(last) = self.seen.submits.last() else {
            return;
        };
        let purpose = last.message.purpose;
        let tries = self.seen.submits.iter();
        let tries = tries.filter(|seen| seen.message.purpose == purpose).count();
        if last.answer().is_none_or(|answer| answer.status.is_ok())
            || tries >= TRIES_MAX
            || !Doubt::of(&self.seen.submits).asks_again(last)
        {
            return;
        }
        let left = self.steps.iter().skip(self.at + 1);
        let left: usize = left.map(|(_, step)| step.messages()).sum();
        let needed = self.seen.submits.len() + left + 1;
        if needed > usize::try_from(self.plan.messages_max).unwrap_or(usize::MAX) {
            return;
        }
        let message = last.message.again(tries, &self.plan.to);
        let again = [Step::Submit(message), Step::Answers].map(|step| (question, step));
        let next = self.at + 1;
        self.steps.splice(next..next, again);
    }

    /// Waits until nothing is open that could still be answered on this connection.
    fn answers(&self, now_ns: u64) -> Turn {
        let connection = self
            .line(Wire::Main)
            .filter(|line| line.phase != Phase::Idle)
            .map(|line| line.connection);
        let submits = self
            .seen
            .submits
            .iter()
            .filter(|seen| seen.answers.is_empty());
        let asks = self.seen.asks.iter().filter(|seen| seen.answer.is_none());
        let open = submits
            .map(|seen| (seen.connection, seen.at))
            .chain(asks.map(|seen| (seen.connection, seen.at)))
            .filter(|(number, _)| Some(*number) == connection)
            .map(|(_, at)| at.now_ns.saturating_add(self.plan.response_wait_ns))
            .filter(|until_ns| now_ns < *until_ns)
            .max();
        open.map_or(Turn::Done, Turn::Wait)
    }

    /// Waits for a final receipt of the last message, or at the end for as many as messages were taken.
    fn receipts(&mut self, now_ns: u64, begun_ns: u64, question: Question) -> Turn {
        let is_end = question == Question::Goodbye;
        let finals = self
            .seen
            .delivers
            .iter()
            .filter(|deliver| is_final_receipt(deliver));
        let is_there = if is_end {
            finals.count() >= self.seen.accepted().count()
        } else {
            let sent = self.seen.submits.len();
            let is_accepted = self
                .seen
                .submits
                .last()
                .is_some_and(|seen| seen.is_accepted() || seen.answers.is_empty());
            self.receipts_missed
                || !is_accepted
                || finals
                    .into_iter()
                    .any(|deliver| deliver.submits_before >= sent)
        };
        let until_ns = begun_ns.saturating_add(self.plan.receipt_wait_ns);
        if is_there {
            return Turn::Done;
        }
        if now_ns >= until_ns {
            // Where one did not come in time the others need not be waited for one by one.
            self.receipts_missed = true;
            return Turn::Done;
        }
        Turn::Wait(until_ns)
    }
}
