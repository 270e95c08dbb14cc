//! Requests other than `submit_sm`.

use super::*;
use carrack_message::Status;
use carrack_smpp::{
    CancelSm, DataSm, Destination, Destinations, MessageIdBody, QuerySm, QuerySmResp, ReplaceSm,
    SubmitMulti, SubmitMultiResp, Tlvs, encode_submit_multi, tag, time, write_destination,
    write_tlv,
};

use super::super::super::intake::{Intake, MessageState, TellingSink};
use super::super::super::requests::QUESTIONS_MAX;
use carrack_engine::{Cancelled, Chunk};
use carrack_message::Msisdn;

#[path = "keyed_requests_tests.rs"]
mod keyed;
#[path = "short_id_requests_tests.rs"]
mod short_ids;

const OTHER: &str = "447700900124";
const ID: MessageId = MessageId(0x0123_4567_89ab_cdef);

/// A `submit_multi` to numbers, and to lists where a name begins with `list`.
fn multi_to(to: &[&str], message: SubmitSm<'_>) -> Vec<u8> {
    let mut destinations = Vec::new();
    for to in to {
        let destination = match to.starts_with("list") {
            true => Destination::DistributionList(to.as_bytes()),
            false => Destination::Address(Address::international(to.as_bytes())),
        };
        write_destination(&mut destinations, &destination).unwrap();
    }
    let multi = SubmitMulti {
        message,
        destinations: Destinations::new(&destinations),
    };
    let mut pdu = Vec::new();
    encode_submit_multi(&mut pdu, 1, &multi).unwrap();
    pdu.split_off(16)
}

impl Talk {
    fn multi(&mut self, ticket: u64, to: &[&str]) {
        let body = multi_to(to, sm(""));
        self.body(ticket, CommandId::SUBMIT_MULTI, &body);
    }

    fn body(&mut self, ticket: u64, command_id: CommandId, body: &[u8]) {
        self.request(ticket, &Request::Other { command_id, body });
    }

    /// Id and refused destinations of a `submit_multi_resp`.
    fn multi_answer(&self, ticket: u64) -> (CommandStatus, Vec<u8>, Vec<(String, CommandStatus)>) {
        let (status, body) = &self.answers[&ticket];
        let response = SubmitMultiResp::decode(body).value;
        let refused = response.unsuccess_smes.iter().map(|refused| {
            let address = String::from_utf8_lossy(refused.destination.addr).into_owned();
            (address, refused.error_status_code)
        });
        (*status, response.message_id.to_vec(), refused.collect())
    }

    fn status(&self, ticket: u64) -> CommandStatus {
        self.answers[&ticket].0
    }
}

#[test]
fn submit_multi_is_answered_once_durable_and_names_whom_it_did_not_take() {
    let mut talk = Talk::bound(spec());
    talk.multi(1, &[GOOD, "12", "list of friends", OTHER, "447700900125"]);
    talk.exchange();
    assert!(talk.answers.is_empty(), "before its verdicts");
    let submits = talk.connection.take_submits(100).unwrap();
    assert_eq!(submits.submissions.len(), 3);
    let to: Vec<_> = submits.submissions.iter().map(|s| s.to.as_u64()).collect();
    assert_eq!(to, [447_700_900_123, 447_700_900_124, 447_700_900_125]);
    for submission in &submits.submissions {
        assert_eq!(submission.group.unwrap().number, 1);
        assert_eq!(submission.group.unwrap().told_as.text(ID), ID.hex());
        assert_eq!(submission.wants_receipt, ReceiptWish::Always);
    }
    let verdicts = [
        Verdict::Refused(Refusal::QueueFull),
        Verdict::Accepted(ID),
        Verdict::Accepted(MessageId(ID.0 + 1)),
    ];
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    let (status, id, refused) = talk.multi_answer(1);
    assert_eq!(status, CommandStatus::ESME_ROK);
    assert_eq!(id, ID.hex(), "that of the first accepted");
    assert_eq!(
        refused,
        [
            ("12".to_owned(), CommandStatus::ESME_RINVDSTADR),
            ("list of friends".to_owned(), CommandStatus::ESME_RCNTSUBDL),
            (GOOD.to_owned(), CommandStatus::ESME_RMSGQFUL),
        ]
    );
}

#[test]
fn submit_multi_of_which_nothing_is_taken_is_refused_as_a_whole() {
    let mut talk = Talk::bound(spec());
    talk.multi(1, &["12", "13"]);
    talk.multi(2, &["12", "list"]);
    talk.multi(3, &["list", "list of others"]);
    talk.multi(4, &[GOOD, OTHER]);
    talk.multi(5, &["12", GOOD]);
    talk.multi(6, &[GOOD]);
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    assert_eq!((submits.asked.len(), submits.submissions.len()), (3, 4));
    let full = Verdict::Refused(Refusal::QueueFull);
    talk.connection
        .verdicts(&submits.asked, &[full.clone(), full.clone(), full]);
    talk.exchange();
    for (ticket, status) in [
        (1, CommandStatus::ESME_RINVDSTADR),
        (2, CommandStatus::ESME_RSUBMITFAIL),
        (3, CommandStatus::ESME_RCNTSUBDL),
        (4, CommandStatus::ESME_RMSGQFUL),
        (5, CommandStatus::ESME_RSUBMITFAIL),
        // Its verdict is missing.
        (6, CommandStatus::ESME_RSYSERR),
    ] {
        assert_eq!(talk.answers[&ticket], (status, Vec::new()), "{ticket}");
    }
}

#[test]
fn fault_of_its_text_is_the_wholes() {
    let mut talk = Talk::bound(spec());
    let late = SubmitSm {
        schedule_delivery_time: b"in an hour or so",
        ..sm("")
    };
    // The encoder writes no such time.
    let mut body = multi_to(&[GOOD], sm(""));
    let (empty, text) = (sm("").schedule_delivery_time, late.schedule_delivery_time);
    let behind_flags = body.len() - (b"hello".len() + 5 + 2);
    assert_eq!((empty.len(), body[behind_flags]), (0, 0));
    body.splice(behind_flags..behind_flags, text.iter().copied());
    talk.body(1, CommandId::SUBMIT_MULTI, &body);
    talk.body(
        2,
        CommandId::SUBMIT_MULTI,
        &multi_to(
            &[GOOD],
            SubmitSm {
                replace_if_present_flag: 1,
                ..sm("")
            },
        ),
    );
    talk.exchange();
    assert_eq!(talk.status(1), CommandStatus::ESME_RINVSCHED);
    assert_eq!(talk.status(2), CommandStatus::ESME_RINVREPFLAG);
    assert!(talk.connection.take_submits(100).is_none());
}

#[test]
fn every_destination_counts_against_the_rate_and_those_beyond_it_are_named() {
    let mut limited = spec();
    limited.rate = Some(3);
    let mut talk = Talk::bound(limited);
    let numbers: Vec<String> = (0..5).map(|last| format!("44770090012{last}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    talk.multi(1, &numbers);
    talk.multi(2, &numbers);
    talk.multi(3, &numbers[..1]);
    talk.exchange();
    assert_eq!(talk.accept_all(), 3);
    let (status, id, refused) = talk.multi_answer(1);
    assert_eq!((status.is_ok(), id.len(), refused.len()), (true, 32, 2));
    let throttled = CommandStatus::ESME_RTHROTTLED;
    assert!(refused.iter().all(|(_, status)| *status == throttled));
    assert_eq!([talk.status(2), talk.status(3)], [throttled; 2]);
}

#[test]
fn submit_multi_is_never_parted_and_answers_stay_with_their_requests() {
    for most in [1, 2, 3, 4, 7, 100] {
        let mut talk = Talk::bound(spec());
        talk.submit(0, GOOD);
        talk.multi(1, &[GOOD, OTHER, GOOD]);
        talk.submit(2, OTHER);
        talk.multi(3, &[GOOD, OTHER]);
        talk.exchange();
        let mut next = 1;
        while let Some(submits) = talk.connection.take_submits(most) {
            let messages: usize = submits.asked.iter().map(Asked::messages).sum();
            assert_eq!(messages, submits.submissions.len());
            assert!(messages <= most || submits.asked.len() == 1);
            let ids = next..next + messages as u128;
            next = ids.end;
            let verdicts: Vec<_> = ids.map(|id| Verdict::Accepted(MessageId(id))).collect();
            talk.connection.verdicts(&submits.asked, &verdicts);
        }
        talk.exchange();
        assert_eq!(talk.responses[&0].1, MessageId(1).hex());
        assert_eq!(talk.multi_answer(1).1, MessageId(2).hex());
        assert_eq!(talk.responses[&2].1, MessageId(5).hex());
        assert_eq!(talk.multi_answer(3).1, MessageId(6).hex());
    }
}

#[test]
fn two_hundred_and_fifty_five_destinations_are_one_request_of_the_window() {
    let mut talk = Talk::bound(spec());
    for ticket in 0..11 {
        talk.multi(ticket, &[GOOD; 255]);
    }
    talk.exchange();
    assert_eq!(talk.status(10), CommandStatus::ESME_RTHROTTLED);
    assert_eq!(talk.accept_all(), 10 * 255);
    assert_eq!(talk.multi_answer(9).0, CommandStatus::ESME_ROK);
}

#[test]
fn full_engine_throttles_every_kind() {
    let mut talk = Talk::bound(spec());
    talk.multi(1, &[GOOD, OTHER]);
    talk.data(2, &sm(GOOD));
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    talk.connection.throttle(&submits.asked);
    talk.exchange();
    let throttled = (CommandStatus::ESME_RTHROTTLED, Vec::new());
    assert_eq!(
        (&talk.answers[&1], &talk.answers[&2]),
        (&throttled, &throttled)
    );
}

impl Talk {
    fn data(&mut self, ticket: u64, sm: &DataSm<'_>) {
        self.request(ticket, &Request::Data(sm));
    }
}

#[test]
fn data_sm_is_a_message_whose_text_is_its_payload() {
    let mut talk = Talk::bound(spec());
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::QOS_TIME_TO_LIVE, &90_u32.to_be_bytes()).unwrap();
    let timed = DataSm {
        tlvs: Tlvs::new(&tlvs),
        registered_delivery: 2,
        ..sm(GOOD)
    };
    talk.data(1, &timed);
    // No payload: addresses, esm_class, registered_delivery and data_coding are all there is.
    talk.body(
        2,
        CommandId::DATA_SM,
        b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0",
    );
    talk.data(3, &sm("12"));
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    let submission = &submits.submissions[0];
    assert_eq!(
        (&submission.body, submission.validity_ns),
        (
            &carrack_message::record::Body::Text("hello".into()),
            90 * SECOND_NS
        )
    );
    assert_eq!(submission.wants_receipt, ReceiptWish::Failure);
    let verdicts = [Verdict::Accepted(ID)];
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    let (status, body) = &talk.answers[&1];
    assert!(status.is_ok());
    assert_eq!(MessageIdBody::decode(body).value.message_id, ID.hex());
    assert_eq!(talk.status(2), CommandStatus::ESME_RMISSINGOPTPARAM);
    assert_eq!(talk.status(3), CommandStatus::ESME_RINVDSTADR);
}

#[test]
fn only_the_ends_that_were_asked_for_are_wished() {
    for (registered_delivery, wish) in [
        (0, ReceiptWish::Never),
        (1, ReceiptWish::Always),
        (2, ReceiptWish::Failure),
        (3, ReceiptWish::Success),
        (0x10, ReceiptWish::Never),
        (0x12, ReceiptWish::Failure),
    ] {
        let mut talk = Talk::bound(spec());
        let asked = SubmitSm {
            registered_delivery,
            ..sm(GOOD)
        };
        let now_ns = talk.now.mono_ns;
        talk.client.submit(now_ns, 0, &asked).unwrap();
        talk.exchange();
        let submits = talk.connection.take_submits(1).unwrap();
        assert_eq!(submits.submissions[0].wants_receipt, wish);
    }
}

/// The store and the engine, in the test's hands.
#[derive(Clone)]
struct Shelf {
    known: Result<Option<MessageState>, String>,
    together: Vec<(MessageId, Msisdn)>,
    cancelled: Arc<std::sync::Mutex<Vec<MessageId>>>,
    too_late: Option<MessageId>,
    by_short_id: bool,
}

impl Shelf {
    fn with(status: Status, error: u32) -> Self {
        let to = |number| Msisdn::from_u64(number).unwrap();
        Self {
            known: Ok(Some(MessageState {
                status,
                error,
                done_utc_ns: if status.is_final() {
                    1_800_000_000 * SECOND_NS
                } else {
                    0
                },
            })),
            together: vec![
                (ID, to(447_700_900_123)),
                (MessageId(ID.0 + 1), to(447_700_900_124)),
            ],
            cancelled: Arc::default(),
            too_late: None,
            by_short_id: false,
        }
    }

    fn unknown() -> Self {
        Self {
            known: Ok(None),
            together: Vec::new(),
            ..Self::with(Status::Accepted, 0)
        }
    }
}

impl Intake for Shelf {
    type Key = u32;

    fn submissions_max(&self) -> usize {
        1
    }
    fn submit_to(&self, _: u64, chunk: Chunk) -> Result<(), Chunk> {
        Err(chunk)
    }
    fn grant(&self, _: u32, _: u64, _: u32, _: &TellingSink<u32>) {}
    fn revoke(&self, _: u32, _: u64) {}
    fn told(&self, _: &u32) {}
    fn state(&self, account: u32, id: MessageId) -> Result<Option<MessageState>, String> {
        assert_eq!((account, id), (7, ID));
        self.known.clone()
    }
    fn together(
        &self,
        account: u32,
        id: MessageId,
        leads: bool,
    ) -> Result<Vec<(MessageId, Msisdn)>, String> {
        assert_eq!((account, id, leads), (7, ID, self.by_short_id));
        self.known.clone().map(|_| self.together.clone())
    }
    fn cancel(&self, id: MessageId, reply: Box<dyn FnOnce(Cancelled) + Send>) {
        self.cancelled.lock().unwrap().push(id);
        reply(match self.too_late == Some(id) {
            true => Cancelled::TooLate,
            false => Cancelled::Done,
        });
    }
}

impl Talk {
    /// All questions are answered as the store would.
    fn answer_by(&mut self, shelf: &Shelf) {
        self.exchange();
        while let Some(question) = self.connection.next_question() {
            let (answer, found) = std::sync::mpsc::channel();
            question.answer(shelf, move |answered| answer.send(answered).unwrap());
            self.connection.answer(&found.try_recv().unwrap());
        }
        self.exchange();
    }

    fn query(&mut self, ticket: u64, message_id: &[u8]) {
        let query = QuerySm {
            message_id,
            ..QuerySm::default()
        };
        self.request(ticket, &Request::Query(&query));
    }

    fn cancel(&mut self, ticket: u64, message_id: &[u8], to: &str) {
        let cancel = CancelSm {
            message_id,
            destination: Address::international(to.as_bytes()),
            ..CancelSm::default()
        };
        self.request(ticket, &Request::Cancel(&cancel));
    }
}

#[test]
fn query_tells_state_final_date_and_error() {
    let hex = ID.hex();
    for (status, error, code) in [
        (Status::Accepted, 0, 1),
        (Status::Scheduled, 0, 1),
        (Status::Submitted, 0, 1),
        (Status::Delivered, 0, 2),
        (Status::Expired, 0, 3),
        (Status::Cancelled, 0, 4),
        (Status::Undelivered, 12, 5),
        (Status::Undelivered, 0x455, 5),
        (Status::Unknown, 0, 7),
        (Status::Rejected, 69, 8),
    ] {
        let mut talk = Talk::bound(spec());
        talk.query(1, &hex.to_ascii_uppercase());
        talk.answer_by(&Shelf::with(status, error));
        let (answered, body) = &talk.answers[&1];
        let response = QuerySmResp::decode(body).value;
        assert!(answered.is_ok());
        assert_eq!(
            response.message_id,
            hex.to_ascii_uppercase(),
            "as it was asked"
        );
        assert_eq!(response.message_state, Some(code));
        assert_eq!(u32::from(response.error_code.unwrap()), error.min(255));
        let date = time::absolute(1_800_000_000);
        let date = if status.is_final() { &date[..] } else { b"" };
        assert_eq!(response.final_date, date);
    }
}

#[test]
fn message_that_is_not_there_has_an_invalid_id_and_a_store_that_fails_says_so() {
    let hex = ID.hex();
    let replace = ReplaceSm {
        message_id: &hex,
        short_message: b"other",
        ..ReplaceSm::default()
    };
    let broken = Shelf {
        known: Err("broken".into()),
        ..Shelf::with(Status::Accepted, 0)
    };
    use CommandStatus as S;
    for (shelf, statuses) in [
        (Shelf::unknown(), [S::ESME_RINVMSGID; 3]),
        (
            broken,
            [
                S::ESME_RQUERYFAIL,
                S::ESME_RCANCELFAIL,
                S::ESME_RREPLACEFAIL,
            ],
        ),
        (
            Shelf::with(Status::Scheduled, 0),
            [S::ESME_ROK, S::ESME_ROK, S::ESME_RREPLACEFAIL],
        ),
    ] {
        let mut talk = Talk::bound(spec());
        talk.query(1, &hex);
        talk.cancel(2, &hex, "");
        talk.request(3, &Request::Replace(&replace));
        talk.answer_by(&shelf);
        assert_eq!([talk.status(1), talk.status(2), talk.status(3)], statuses);
    }
}

#[test]
fn what_is_no_id_is_answered_at_once() {
    let mut talk = Talk::bound(spec());
    talk.query(1, b"no id");
    talk.cancel(2, b"0123", "");
    talk.cancel(3, b"", GOOD);
    talk.query(4, b"");
    talk.cancel(5, &ID.hex(), "ACME");
    talk.body(6, CommandId::BROADCAST_SM, b"");
    talk.exchange();
    assert!(talk.connection.next_question().is_none());
    use CommandStatus as S;
    let invalid = S::ESME_RINVMSGID;
    let statuses = [invalid, invalid, S::ESME_RCANCELFAIL, invalid];
    assert_eq!([1, 2, 3, 4].map(|ticket| talk.status(ticket)), statuses);
    assert_eq!(talk.status(5), S::ESME_RINVDSTADR);
    assert_eq!(talk.status(6), S::ESME_RINVCMDID);
}

#[test]
fn cancel_takes_back_all_of_the_id_or_those_to_one_number() {
    let hex = ID.hex();
    let second = MessageId(ID.0 + 1);
    let mut shelf = Shelf::with(Status::Accepted, 0);
    for (to, late, taken_back, status) in [
        ("", None, vec![ID, second], CommandStatus::ESME_ROK),
        (OTHER, None, vec![second], CommandStatus::ESME_ROK),
        (
            "447700900129",
            None,
            vec![],
            CommandStatus::ESME_RCANCELFAIL,
        ),
        (
            "",
            Some(ID),
            vec![ID, second],
            CommandStatus::ESME_RCANCELFAIL,
        ),
        (
            "",
            Some(second),
            vec![ID, second],
            CommandStatus::ESME_RCANCELFAIL,
        ),
    ] {
        shelf.too_late = late;
        let mut talk = Talk::bound(spec());
        talk.cancel(1, &hex, to);
        talk.answer_by(&shelf);
        assert_eq!(
            std::mem::take(&mut *shelf.cancelled.lock().unwrap()),
            taken_back
        );
        assert_eq!(talk.answers[&1], (status, Vec::new()));
    }
}

#[test]
fn questions_are_bounded_and_one_that_nobody_takes_is_throttled() {
    let mut wide = spec();
    wide.window = 100;
    let mut talk = Talk::bound(wide);
    let most = u64::from(QUESTIONS_MAX);
    for ticket in 0..most + 2 {
        talk.query(ticket, &ID.hex());
    }
    talk.exchange();
    let first = talk.connection.next_question().unwrap();
    assert!(talk.connection.next_question().is_none(), "one at a time");
    let throttled = CommandStatus::ESME_RTHROTTLED;
    assert_eq!([talk.status(most), talk.status(most + 1)], [throttled; 2]);
    talk.query(100, &ID.hex());
    talk.exchange();
    assert_eq!(talk.status(100), throttled, "the one handed on counts too");
    let mut next = Some(first);
    let mut handed_on = 0;
    while let Some(question) = next {
        let (sequence_number, command) = (question.sequence_number, question.command());
        talk.connection.unasked(sequence_number, command);
        handed_on += 1;
        next = talk.connection.next_question();
    }
    assert_eq!(handed_on, most);
    talk.query(101, &ID.hex());
    talk.answer_by(&Shelf::with(Status::Accepted, 0));
    assert_eq!(talk.status(0), throttled);
    assert!(talk.status(101).is_ok());
}

#[test]
fn body_that_cannot_be_read_is_refused_and_asks_nothing() {
    let commands = [
        CommandId::SUBMIT_MULTI,
        CommandId::DATA_SM,
        CommandId::QUERY_SM,
        CommandId::CANCEL_SM,
        CommandId::REPLACE_SM,
    ];
    let mut talk = Talk::bound(spec());
    for (ticket, command) in (0..).zip(commands) {
        talk.body(ticket, command, b"");
        talk.body(ticket + 10, command, b"\0\x01\x01never ends");
    }
    talk.exchange();
    for ticket in (0..5).chain(10..15) {
        assert!(!talk.status(ticket).is_ok(), "{ticket}");
    }
    assert!(talk.connection.take_submits(100).is_none());
    assert!(talk.connection.next_question().is_none());
}

#[test]
fn requests_while_draining_are_throttled() {
    let mut talk = Talk::bound(spec());
    talk.submit(0, GOOD);
    talk.exchange();
    talk.connection.drain(talk.now.mono_ns + SECOND_NS);
    talk.multi(1, &[GOOD]);
    talk.query(2, &ID.hex());
    talk.exchange();
    let throttled = CommandStatus::ESME_RTHROTTLED;
    assert_eq!([talk.status(1), talk.status(2)], [throttled; 2]);
}

proptest! {
    #[test]
    fn any_body_is_answered_once(
        command in 0_usize..8, body in proptest::collection::vec(any::<u8>(), 0..120)
    ) {
        let commands = [
            CommandId::SUBMIT_MULTI, CommandId::DATA_SM, CommandId::QUERY_SM, CommandId::CANCEL_SM,
            CommandId::REPLACE_SM, CommandId::BROADCAST_SM, CommandId::QUERY_BROADCAST_SM,
            CommandId::CANCEL_BROADCAST_SM,
        ];
        let mut talk = Talk::bound(spec());
        talk.body(1, commands[command], &body);
        talk.exchange();
        while let Some(question) = talk.connection.next_question() {
            let (sequence_number, command) = (question.sequence_number, question.command());
            talk.connection.unasked(sequence_number, command);
        }
        talk.accept_all();
        talk.exchange();
        // Talk itself sees that none is answered twice.
        prop_assert!(talk.answers.contains_key(&1));
    }
}

#[test]
fn every_answer_and_question_speaks_of_ids_in_the_accounts_format() {
    use super::message_id;
    use crate::accounts::{Dialect, IdFormat};
    for format in [IdFormat::Decimal, IdFormat::Uuid] {
        let mut id = Vec::new();
        message_id::write(format, ID, &mut id);
        let mut talk = Talk::bound(AccountSpec {
            dialect: Dialect {
                message_id: format,
                ..Dialect::default()
            },
            ..spec()
        });
        talk.multi(1, &[GOOD, OTHER]);
        talk.exchange();
        let submits = talk.connection.take_submits(100).unwrap();
        let verdicts = [ID, MessageId(ID.0 + 1)].map(Verdict::Accepted);
        talk.connection.verdicts(&submits.asked, &verdicts);
        talk.exchange();
        assert_eq!(talk.multi_answer(1).1, id);
        talk.query(2, &id);
        talk.answer_by(&Shelf::with(Status::Delivered, 0));
        assert_eq!(
            QuerySmResp::decode(&talk.answers[&2].1).value.message_id,
            id
        );
        talk.query(3, &ID.hex());
        talk.exchange();
        // A UUID is taken without its hyphens.
        let taken = format == IdFormat::Uuid;
        assert_eq!(talk.answers.contains_key(&3), !taken);
    }
}
