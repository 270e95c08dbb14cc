//! Keys of requests over SMPP.

use super::*;
use carrack_message::IDEMPOTENCY_TAG;

fn with_key(key: &[u8]) -> Vec<u8> {
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, 0x14CE, b"campaign").unwrap();
    write_tlv(&mut tlvs, IDEMPOTENCY_TAG, key).unwrap();
    tlvs
}

fn keyed<'a>(tlvs: &'a [u8], text: &'a [u8]) -> SubmitSm<'a> {
    SubmitSm {
        tlvs: Tlvs::new(tlvs),
        short_message: text,
        ..sm(GOOD)
    }
}

#[test]
fn key_is_the_same_for_the_same_request_and_goes_no_further() {
    let mut talk = Talk::bound(spec());
    let (key, ended, other) = (with_key(b"k1"), with_key(b"k1\0"), with_key(b"k2"));
    talk.request(1, &Request::Submit(&keyed(&key, b"hello")));
    talk.request(2, &Request::Submit(&keyed(&ended, b"hello")));
    talk.request(3, &Request::Submit(&keyed(&other, b"hello")));
    talk.request(4, &Request::Submit(&keyed(&key, b"other")));
    talk.request(5, &Request::Submit(&sm(GOOD)));
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    let keys: Vec<_> = submits.submissions.iter().map(|s| &s.key).collect();
    assert!(keys[0].is_some());
    assert_eq!(keys[0], keys[1], "with a NUL behind it or without");
    assert_ne!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[3]);
    assert_eq!(*keys[4], None);
    let first = &submits.submissions[0];
    assert_eq!(carrack_message::tag(&first.tlvs), "campaign");
    let kept = carrack_message::each_tlv(&first.tlvs).count();
    assert_eq!(kept, 1, "the key is for us alone");
}

#[test]
fn what_is_no_key_is_a_status_and_each_destination_of_many_has_a_key_of_its_own() {
    let mut talk = Talk::bound(spec());
    let long = [b'x'; 256];
    for (ticket, key) in [(1, &b""[..]), (2, b"a\nb"), (3, &long)] {
        talk.request(ticket, &Request::Submit(&keyed(&with_key(key), b"hello")));
    }
    let tlvs = with_key(b"many");
    let body = multi_to(&[GOOD, OTHER, GOOD], keyed(&tlvs, b"hello"));
    talk.body(4, CommandId::SUBMIT_MULTI, &body);
    talk.exchange();
    for ticket in 1..=3 {
        let status = talk.responses[&ticket].0;
        assert_eq!(status, CommandStatus::ESME_RINVOPTPARAMVAL);
    }
    let submits = talk.connection.take_submits(100).unwrap();
    let keys: Vec<_> = submits.submissions.iter().map(|s| &s.key).collect();
    assert!(keys.iter().all(|key| key.is_some()));
    assert!(keys[0] != keys[1] && keys[0] != keys[2], "{keys:?}");
}

#[test]
fn repeated_request_is_answered_with_the_id_that_it_had() {
    let mut talk = Talk::bound(spec());
    let tlvs = with_key(b"k1");
    for ticket in 1..=3 {
        talk.request(ticket, &Request::Submit(&keyed(&tlvs, b"hello")));
    }
    let many = multi_to(&[GOOD, OTHER], keyed(&tlvs, b"hello"));
    talk.body(4, CommandId::SUBMIT_MULTI, &many);
    talk.body(5, CommandId::SUBMIT_MULTI, &many);
    talk.exchange();
    let submits = talk.connection.take_submits(100).unwrap();
    let (old, new) = (MessageId(ID.0 - 1), MessageId(ID.0 + 1));
    let verdicts = [
        Verdict::Repeated(ID, Vec::new()),
        Verdict::Repeated(ID, b"0000002A".to_vec()),
        Verdict::Refused(Refusal::KeyUsed),
        // All there already, as a group that another leads.
        Verdict::Repeated(ID, old.hex().to_vec()),
        Verdict::Repeated(new, old.hex().to_vec()),
        // One is new: its receipts go by its own id.
        Verdict::Repeated(ID, old.hex().to_vec()),
        Verdict::Accepted(new),
    ];
    talk.connection.verdicts(&submits.asked, &verdicts);
    talk.exchange();
    let id = |ticket: u64| {
        let body = &talk.responses[&ticket].1;
        body.split(|octet| *octet == 0).next().unwrap().to_vec()
    };
    assert_eq!((id(1), id(2)), (ID.hex().to_vec(), b"0000002A".to_vec()));
    assert_eq!(talk.responses[&3].0, CommandStatus::ESME_RINVOPTPARAMVAL);
    assert_eq!(talk.multi_answer(4).1, old.hex());
    assert_eq!(talk.multi_answer(5).1, new.hex());
}
