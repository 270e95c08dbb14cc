//! Requests and receipts of an account with short ids.

use tempfile::TempDir;

use super::*;
use crate::accounts::{Dialect, IdFormat};
use crate::smpp_server::counts::Counts;
use crate::smpp_server::short_id::ShortId;
use crate::smpp_server::short_ids::tests::ready;
use carrack_engine::{Ending, News};
use carrack_smpp::{DeliverSm, Strictness};

const V33: u8 = 0x33;

fn short() -> AccountSpec {
    AccountSpec {
        dialect: Dialect {
            message_id: IdFormat::Short,
            ..Dialect::default()
        },
        ..spec()
    }
}

fn bound(book: &Arc<ShortIdBook>) -> Talk {
    let talk = Talk::over(V33, short(), (BindKind::Transceiver, "pw"), Some(book));
    assert_eq!(talk.bound, Some(Ok(())));
    talk
}

fn reopened(folder: &TempDir) -> Arc<ShortIdBook> {
    let book = ShortIdBook::open(folder.path(), 100, Arc::new(Counts::default())).unwrap();
    book.prepare("shop").unwrap();
    Arc::new(book)
}

impl Talk {
    /// What was told as its submission is stored.
    fn accept_one(&mut self, id: MessageId) -> Vec<u8> {
        self.exchange();
        let submits = self.connection.take_submits(100).unwrap();
        assert_eq!(submits.submissions.len(), 1);
        let verdicts = [Verdict::Accepted(id)];
        self.connection.verdicts(&submits.asked, &verdicts);
        self.exchange();
        submits.submissions[0].group.unwrap().told_as.text(id)
    }
}

#[test]
fn each_message_has_an_id_of_its_own_in_its_response_and_in_what_is_stored() {
    let (_folder, book) = ready("shop");
    let mut talk = bound(&book);
    let mut numbers = std::collections::HashSet::new();
    for ticket in 0..5_u64 {
        talk.submit(ticket, GOOD);
    }
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    for submission in &submits.submissions {
        // Each is a group of its own, or the engine would tell them alike.
        assert!(numbers.insert(submission.group.unwrap().number));
    }
    let told: Vec<_> = submits
        .submissions
        .iter()
        .map(|submission| submission.group.unwrap().told_as.text(ID))
        .collect();
    let verdicts: Vec<_> = (1..=5).map(|id| Verdict::Accepted(MessageId(id))).collect();
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    for (ticket, text) in (0..5).zip(1_u32..) {
        let text = format!("{text:08X}").into_bytes();
        assert_eq!(told[ticket as usize], text);
        assert_eq!(
            talk.responses[&ticket],
            (CommandStatus::ESME_ROK, text.clone())
        );
    }
}

#[test]
fn two_binds_of_an_account_share_its_ids_and_a_refused_message_costs_one() {
    let (_folder, book) = ready("shop");
    let (mut one, mut other) = (bound(&book), bound(&book));
    one.submit(1, GOOD);
    one.submit(2, "12");
    one.exchange();
    other.submit(1, GOOD);
    assert_eq!(other.accept_one(MessageId(9)), b"00000002");
    let submits = one.connection.take_submits(100).unwrap();
    let full = Verdict::Refused(Refusal::QueueFull);
    one.connection.verdicts(&submits.asked, &[full]);
    one.exchange();
    assert_eq!(one.responses[&1].0, CommandStatus::ESME_RMSGQFUL);
    one.submit(3, GOOD);
    assert_eq!(one.accept_one(MessageId(10)), b"00000003");
    // By either bind, and none by the id of what was refused.
    other.query(5, b"3");
    other.query(6, b"1");
    other.exchange();
    assert!(other.connection.next_question().is_some());
    assert_eq!(other.status(6), CommandStatus::ESME_RQUERYFAIL);
}

#[test]
fn destinations_of_a_submit_multi_go_by_one_short_id() {
    let (_folder, book) = ready("shop");
    let mut talk = bound(&book);
    talk.multi(1, &["12", GOOD, OTHER, "447700900125"]);
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    let number = submits.submissions[0].group.unwrap().number;
    for submission in &submits.submissions {
        let group = submission.group.unwrap();
        assert_eq!(
            (group.number, group.told_as.text(MessageId(77))),
            (number, b"00000001".to_vec())
        );
    }
    let verdicts = [
        Verdict::Refused(Refusal::QueueFull),
        Verdict::Accepted(ID),
        Verdict::Accepted(MessageId(ID.0 + 1)),
    ];
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    let (status, id, refused) = talk.multi_answer(1);
    assert_eq!(
        (status, &id[..], refused.len()),
        (CommandStatus::ESME_ROK, &b"00000001"[..], 2)
    );
    // It leads to the first that was accepted, and takes all of them back.
    let shelf = Shelf {
        by_short_id: true,
        ..Shelf::with(Status::Accepted, 0)
    };
    talk.query(2, &id);
    talk.cancel(3, &id, "");
    talk.answer_by(&shelf);
    let asked = QuerySmResp::decode(&talk.answers[&2].1).value;
    assert_eq!((asked.message_id, asked.message_state), (&id[..], Some(1)));
    assert!(talk.status(3).is_ok());
    let taken_back = std::mem::take(&mut *shelf.cancelled.lock().unwrap());
    assert_eq!(taken_back, [ID, MessageId(ID.0 + 1)]);
    // One of which nothing is accepted is known by nothing.
    talk.multi(4, &[GOOD]);
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    let full = Verdict::Refused(Refusal::QueueFull);
    talk.connection.verdicts(&submits.asked, &[full]);
    talk.query(5, b"00000002");
    talk.exchange();
    assert_eq!(talk.status(5), CommandStatus::ESME_RQUERYFAIL);
}

#[test]
fn query_cancel_and_replace_find_a_message_by_its_short_id_until_the_restart() {
    let (folder, book) = ready("shop");
    let mut talk = bound(&book);
    talk.submit(1, GOOD);
    assert_eq!(talk.accept_one(ID), b"00000001");
    let replace = ReplaceSm {
        message_id: b"00000001",
        short_message: b"other",
        ..ReplaceSm::default()
    };
    let shelf = Shelf {
        by_short_id: true,
        ..Shelf::with(Status::Delivered, 0)
    };
    use CommandStatus as S;
    talk.query(2, b"00000001");
    talk.query(3, b"1");
    talk.cancel(4, b"00000001", OTHER);
    talk.request(5, &Request::Replace(&replace));
    // None, too long, of another format, of nobody.
    talk.query(6, b"");
    talk.query(7, b"no id");
    talk.query(8, &ID.hex());
    talk.cancel(9, b"0000BEEF", "");
    talk.answer_by(&shelf);
    let statuses = [2, 3, 4, 5].map(|ticket| talk.status(ticket));
    assert_eq!(
        statuses,
        [S::ESME_ROK, S::ESME_ROK, S::ESME_ROK, S::ESME_RREPLACEFAIL]
    );
    assert_eq!(
        QuerySmResp::decode(&talk.answers[&3].1).value.message_id,
        b"1",
        "as it was asked"
    );
    let statuses = [6, 7, 8, 9].map(|ticket| talk.status(ticket));
    let invalid = S::ESME_RINVMSGID;
    assert_eq!(statuses, [invalid, invalid, invalid, S::ESME_RCANCELFAIL]);
    // The node begins anew: that id leads nowhere, and nobody else gets it.
    drop((talk, book));
    let book = reopened(&folder);
    let mut talk = bound(&book);
    talk.query(1, b"00000001");
    talk.cancel(2, b"00000001", "");
    talk.request(3, &Request::Replace(&replace));
    talk.exchange();
    assert!(talk.connection.next_question().is_none());
    assert_eq!(
        [1, 2, 3].map(|ticket| talk.status(ticket)),
        [
            S::ESME_RQUERYFAIL,
            S::ESME_RCANCELFAIL,
            S::ESME_RREPLACEFAIL
        ]
    );
    talk.submit(4, GOOD);
    let given = talk.accept_one(ID);
    assert!(ShortId::read(&given).unwrap().0 > 0xFFFF);
}

#[test]
fn receipt_names_the_message_by_the_short_id_that_its_response_had() {
    let (folder, book) = ready("shop");
    let mut talk = bound(&book);
    talk.submit(1, GOOD);
    let told_as = talk.accept_one(ID);
    assert_eq!(talk.responses[&1].1, told_as);
    drop((talk, book));
    // Told after a restart, as the engine has it from its store.
    let mut talk = bound(&reopened(&folder));
    talk.connection.news();
    let mut telling = telling(3);
    if let News::End(ending) = &mut telling.news {
        *ending = Ending {
            told_as: told_as.clone(),
            ..ending.clone()
        };
    }
    talk.connection.tellings(vec![telling]);
    talk.connection.settle(talk.now.mono_ns, &mut talk.office);
    let octets = std::mem::take(talk.connection.output());
    let (pdu, _) = split_frame(&octets, 100_000).unwrap().unwrap();
    let receipt = DeliverSm::decode(pdu.body, Strictness::Strict)
        .unwrap()
        .value;
    let line = [b"id:", &told_as[..], b" sub:"].concat();
    assert!(receipt.short_message.starts_with(&line));
}

#[test]
fn account_that_turns_to_short_ids_gets_them_on_its_bind_and_back() {
    let (_folder, book) = ready("shop");
    let over = (BindKind::Transceiver, "pw");
    let mut talk = Talk::over(0x34, spec(), over, Some(&book));
    let account = |spec: AccountSpec| {
        let accounts = Accounts::build(&[spec], |_| Some(7)).unwrap();
        Arc::clone(accounts.by_name("shop").unwrap())
    };
    talk.submit(1, GOOD);
    talk.exchange();
    talk.accept_all();
    talk.connection
        .retune(talk.now.mono_ns, Some(account(short())));
    talk.submit(2, GOOD);
    talk.exchange();
    talk.accept_all();
    talk.connection
        .retune(talk.now.mono_ns, Some(account(spec())));
    talk.submit(3, GOOD);
    talk.exchange();
    talk.accept_all();
    let octets = [1, 2, 3].map(|ticket| talk.responses[&ticket].1.len());
    assert_eq!(octets, [32, 8, 32]);
}

#[test]
fn submits_wait_for_their_ids_by_a_status_and_take_none_of_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let book = ShortIdBook::open(folder.path(), 10, Arc::new(Counts::default())).unwrap();
    std::fs::write(folder.path().join("short_ids"), "in the way").unwrap();
    let mut talk = bound(&Arc::new(book));
    let begun = std::time::Instant::now();
    let mut ticket = 0;
    loop {
        talk.submit(ticket, GOOD);
        talk.multi(ticket + 1, &[GOOD, OTHER]);
        talk.exchange();
        assert!(talk.connection.take_submits(10).is_none());
        let statuses = [talk.responses[&ticket].0, talk.status(ticket + 1)];
        match statuses {
            [CommandStatus::ESME_RSYSERR, CommandStatus::ESME_RSYSERR] => return,
            _ => assert!(
                statuses.contains(&CommandStatus::ESME_RTHROTTLED),
                "{statuses:?}"
            ),
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
        ticket += 2;
    }
}
