//! query_sm, cancel_sm, replace_sm, data_sm and alerts.

use super::support::{Esme, Event, MS, pass};
use super::{play, smsc};
use carrack_smpp::{
    Address, CancelSm, CommandStatus, QuerySm, QuerySmResp, ReplaceSm, Request, ShortMessage,
};

const FROM: Address<'static> = Address::alphanumeric(b"ACME");

fn query(
    esme: &mut Esme,
    smsc: &mut super::Smsc,
    now_ns: u64,
    id: &str,
) -> (CommandStatus, Option<u8>, usize) {
    let query = QuerySm {
        message_id: id.as_bytes(),
        source: FROM,
        ..QuerySm::default()
    };
    esme.request(smsc, now_ns, 900, &Request::Query(&query));
    let (status, body) = esme.answer(900);
    let decoded = QuerySmResp::decode(&body).value;
    (status, decoded.message_state, decoded.final_date.len())
}

fn one(quirks: &[&str]) -> (super::Smsc, Esme, String) {
    let mut smsc = smsc(quirks);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.submit(0, 1, "447700900001", "where am I").unwrap();
    esme.exchange(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, 5 * MS);
    let id = esme.responses()[0].2.clone();
    (smsc, esme, id)
}

#[test]
fn a_query_tells_what_becomes_of_the_message_whatever_its_id_looks_like() {
    for quirk in [
        "decimal-ids",
        "ids-hex-decimal",
        "id-uuid",
        "id-long",
        "id-zeros-dropped",
        "id-short",
    ] {
        let (mut smsc, mut esme, id) = one(&[quirk]);
        let ok = CommandStatus::ESME_ROK;
        assert_eq!(
            query(&mut esme, &mut smsc, 6 * MS, &id),
            (ok, Some(1), 0),
            "{quirk}"
        );
        pass(&mut smsc, &mut [&mut esme], 6 * MS, 50 * MS);
        assert_eq!(
            query(&mut esme, &mut smsc, 60 * MS, &id),
            (ok, Some(2), 16),
            "{quirk}"
        );
        let report = smsc.report();
        assert_eq!((report.queries, report.queries_answered), (2, 2));
    }
}

#[test]
fn an_unknown_id_or_sender_is_told_so() {
    let (mut smsc, mut esme, id) = one(&[]);
    let (status, ..) = query(&mut esme, &mut smsc, 6 * MS, "ffff");
    assert_eq!(status, CommandStatus::ESME_RINVMSGID);
    let query = QuerySm {
        message_id: id.as_bytes(),
        source: Address::alphanumeric(b"OTHER"),
        ..QuerySm::default()
    };
    esme.request(&mut smsc, 6 * MS, 901, &Request::Query(&query));
    assert_eq!(esme.answer(901).0, CommandStatus::ESME_RINVSRCADR);
}

#[test]
fn a_cancelled_message_is_deleted_and_its_receipt_says_so() {
    let (mut smsc, mut esme, id) = one(&[]);
    let cancel = CancelSm {
        message_id: id.as_bytes(),
        source: FROM,
        ..CancelSm::default()
    };
    esme.request(&mut smsc, 6 * MS, 902, &Request::Cancel(&cancel));
    assert_eq!(esme.answer(902).0, CommandStatus::ESME_ROK);
    pass(&mut smsc, &mut [&mut esme], 6 * MS, 100 * MS);
    let states: Vec<_> = esme
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Receipt { state, .. } => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(states, [4]);
    assert_eq!(query(&mut esme, &mut smsc, 110 * MS, &id).1, Some(4));
    esme.request(&mut smsc, 110 * MS, 903, &Request::Cancel(&cancel));
    assert_eq!(esme.answer(903).0, CommandStatus::ESME_RCANCELFAIL);
    assert_eq!(smsc.report().cancelled, 1);
}

#[test]
fn all_messages_between_two_are_cancelled_without_an_id() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    for (ticket, to) in [
        (1, "447700900001"),
        (2, "447700900001"),
        (3, "447700900002"),
    ] {
        esme.submit(0, ticket, to, &format!("{ticket}")).unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let cancel = CancelSm {
        source: FROM,
        destination: Address::international(b"447700900001"),
        ..CancelSm::default()
    };
    esme.request(&mut smsc, MS, 904, &Request::Cancel(&cancel));
    assert_eq!(esme.answer(904).0, CommandStatus::ESME_ROK);
    assert_eq!(smsc.report().cancelled, 2);
}

#[test]
fn a_waiting_message_is_replaced_and_a_final_one_is_not() {
    let (mut smsc, mut esme, id) = one(&[]);
    let replace = ReplaceSm {
        message_id: id.as_bytes(),
        source: FROM,
        registered_delivery: 1,
        short_message: b"somewhere else",
        ..ReplaceSm::default()
    };
    esme.request(&mut smsc, 6 * MS, 905, &Request::Replace(&replace));
    assert_eq!(esme.answer(905).0, CommandStatus::ESME_ROK);
    pass(&mut smsc, &mut [&mut esme], 6 * MS, 100 * MS);
    let raw = &esme.raw_receipts()[0];
    assert!(raw.user_data.ends_with(b"text:somewhere else"));
    esme.request(&mut smsc, 110 * MS, 906, &Request::Replace(&replace));
    assert_eq!(esme.answer(906).0, CommandStatus::ESME_RREPLACEFAIL);
    assert_eq!(smsc.report().replaced, 1);
}

#[test]
fn a_data_sm_is_a_submit() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    let sm = ShortMessage {
        source: FROM,
        destination: Address::international(b"447700900001"),
        registered_delivery: 1,
        short_message: b"by data sm",
        ..ShortMessage::default()
    };
    esme.session.request(0, 7, &Request::Data(&sm)).unwrap();
    esme.exchange(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
    let (status, body) = esme.answer(7);
    assert!(status.is_ok() && body.len() == 17);
    let report = smsc.report();
    assert_eq!(
        (report.accepted, report.data_sms, report.distinct_texts),
        (1, 1, 1)
    );
    assert_eq!(smsc.texts()[0].text, "by data sm");
    assert_eq!(esme.receipts().len(), 1);
}

#[test]
fn what_is_not_offered_is_no_command() {
    let (mut smsc, mut esme, id) = one(&["no-query", "no-cancel", "no-replace", "no-data-sm"]);
    let none = CommandStatus::ESME_RINVCMDID;
    assert_eq!(query(&mut esme, &mut smsc, 6 * MS, &id).0, none);
    esme.request(
        &mut smsc,
        6 * MS,
        908,
        &Request::Cancel(&CancelSm::default()),
    );
    assert_eq!(esme.answer(908).0, none);
    esme.request(
        &mut smsc,
        6 * MS,
        909,
        &Request::Data(&ShortMessage::default()),
    );
    assert_eq!(esme.answer(909).0, none);
}

#[test]
fn handsets_are_announced() {
    let mut smsc = smsc(&["alert=50"]);
    let esme = play(&mut smsc, 100);
    let alerts = esme
        .events
        .iter()
        .filter(|event| matches!(event, Event::Alert { source } if source.starts_with("447700900")))
        .count() as u64;
    assert!((30..=70).contains(&alerts), "{alerts}");
    assert_eq!(
        (smsc.report().alerts, smsc.report().quirks["alert"]),
        (alerts, alerts)
    );
}
