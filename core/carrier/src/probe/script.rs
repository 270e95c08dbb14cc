//! The questions as steps, written down before the first is taken.

use carrack_smpp::{BindKind, tag};

use super::doubt::is_tried;
use super::message::{CODINGS, Dress, Message, Method, Purpose, Writer};
use super::plan::{Plan, Question, RATE_SECONDS};

/// A vendor's tag that means nothing to anybody.
pub(super) const VENDOR_TAG: u16 = 0x1F3C;

/// Which of the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wire {
    /// Submits.
    Main,
    /// Beside it, for binds of other kinds and for receipts that come elsewhere.
    Beside,
}

/// A request about a message, or about nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    Query,
    Cancel,
    Replace,
    /// `query_sm` for an id that never was.
    QueryUnknown,
    EnquireLink,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Binds, and waits for the answer. `is_needed`: without it there is nothing to go on with.
    Bind {
        wire: Wire,
        kind: BindKind,
        is_needed: bool,
    },
    /// Unbinds, and waits for the end.
    Leave { wire: Wire },
    /// Sends one message in its turn.
    Submit(Message),
    /// Sends many at once.
    Burst(Vec<Message>),
    /// Sends so many a second, evenly.
    Stream {
        messages: Vec<Message>,
        a_second: u32,
    },
    /// Sends a request about the last accepted message.
    Ask(Ask),
    /// Waits for the answer to all that was sent.
    Answers,
    /// Waits for a receipt of all that was accepted in this question.
    Receipts,
}

impl Step {
    /// Messages that it sends.
    pub(super) fn messages(&self) -> usize {
        match self {
            Self::Submit(_) => 1,
            Self::Burst(messages) | Self::Stream { messages, .. } => messages.len(),
            _ => 0,
        }
    }
}

/// Steps with the question each belongs to.
pub(super) type Script = Vec<(Question, Step)>;

/// Messages that the steps send.
pub(super) fn messages(plan: &Plan) -> u32 {
    let all: usize = script(plan).iter().map(|(_, step)| step.messages()).sum();
    u32::try_from(all).unwrap_or(u32::MAX)
}

/// Messages among them that are sent again where it is open what their refusal is about.
pub(super) fn tried(plan: &Plan) -> u32 {
    let is_tried = |step: &Step| matches!(step, Step::Submit(message) if is_tried(message.purpose));
    let tried = script(plan)
        .iter()
        .filter(|(_, step)| is_tried(step))
        .count();
    u32::try_from(tried).unwrap_or(u32::MAX)
}

/// Writes down the steps of a plan.
pub(super) fn script(plan: &Plan) -> Script {
    let mut writer = Writer::new(&plan.from, &plan.to, plan.data_coding, plan.seed);
    let mut steps = Vec::new();
    let bind = |wire, kind, is_needed| Step::Bind {
        wire,
        kind,
        is_needed,
    };
    steps.push((
        Question::Binds,
        bind(Wire::Main, BindKind::Transceiver, true),
    ));
    for question in Question::ALL {
        if !plan.asks(question) {
            continue;
        }
        let asked = match question {
            Question::Binds => vec![
                bind(Wire::Beside, BindKind::Transmitter, false),
                Step::Leave { wire: Wire::Beside },
                // The last one stays: receipts may come on it.
                bind(Wire::Beside, BindKind::Receiver, false),
            ],
            Question::Receipts => receipts(&mut writer),
            Question::Alphabets => one_by_one(
                CODINGS
                    .iter()
                    .map(|coding| writer.coding(*coding))
                    .collect(),
            ),
            Question::LongTexts => long_texts(&mut writer),
            Question::Addresses => addresses(&mut writer),
            Question::Parameters => one_by_one(vec![
                writer.with_parameter(tag::USER_MESSAGE_REFERENCE, &[0, 7]),
                writer.with_parameter(VENDOR_TAG, b"carrack"),
            ]),
            Question::Errors => {
                let mut steps = one_by_one(vec![writer.impossible()]);
                steps.extend([Step::Ask(Ask::QueryUnknown), Step::Answers]);
                steps
            }
            Question::Queries => [Ask::Query, Ask::Cancel, Ask::Replace]
                .into_iter()
                .flat_map(|ask| [Step::Ask(ask), Step::Answers])
                .collect(),
            Question::KeepAlive => vec![Step::Ask(Ask::EnquireLink), Step::Answers],
            Question::Window => {
                let most = plan.window_max.unwrap_or(0);
                let burst = (0..most).map(|_| writer.plain(Purpose::Window)).collect();
                vec![Step::Burst(burst), Step::Answers]
            }
            Question::Rate => {
                let a_second = plan.rate_max.unwrap_or(0);
                let messages =
                    (0..a_second.saturating_mul(RATE_SECONDS)).map(|_| writer.plain(Purpose::Rate));
                vec![
                    Step::Stream {
                        messages: messages.collect(),
                        a_second,
                    },
                    Step::Answers,
                ]
            }
            Question::Goodbye => Vec::new(),
        };
        steps.extend(asked.into_iter().map(|step| (question, step)));
    }
    steps.push((Question::Goodbye, Step::Receipts));
    steps.push((Question::Goodbye, Step::Leave { wire: Wire::Beside }));
    steps.push((Question::Goodbye, Step::Leave { wire: Wire::Main }));
    steps
}

fn one_by_one(messages: Vec<Message>) -> Vec<Step> {
    messages
        .into_iter()
        .flat_map(|message| [Step::Submit(message), Step::Answers])
        .collect()
}

/// Each waits for its receipt, so that the two can be laid side by side even where no id joins them.
fn receipts(writer: &mut Writer<'_>) -> Vec<Step> {
    (0..Plan::samples())
        .flat_map(|_| {
            [
                Step::Submit(writer.plain(Purpose::Sample)),
                Step::Answers,
                Step::Receipts,
            ]
        })
        .collect()
}

fn long_texts(writer: &mut Writer<'_>) -> Vec<Step> {
    Method::ALL
        .into_iter()
        .flat_map(|method| one_by_one(writer.long(method)))
        .collect()
}

fn addresses(writer: &mut Writer<'_>) -> Vec<Step> {
    let messages = Dress::ALL
        .into_iter()
        .filter(|dress| *dress != Dress::SourceUnknownType || writer.is_named())
        .collect::<Vec<_>>();
    one_by_one(
        messages
            .into_iter()
            .map(|dress| writer.dressed(dress))
            .collect(),
    )
}
