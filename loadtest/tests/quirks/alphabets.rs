//! What `data_coding` means at this carrier, and which addresses it takes (T28 to T31, T38).

use super::smsc;
use super::support::{Esme, MS, pass};
use carrack_loadtest::smsc::{Report, Smsc};
use carrack_message::alphabet::packed::{self, Padding};
use carrack_message::alphabet::{gsm7, ucs2};
use carrack_smpp::{Address, CommandStatus, SubmitSm};

fn send(smsc: &mut Smsc, sms: &[SubmitSm<'_>]) -> Vec<CommandStatus> {
    let mut esme = Esme::bound(smsc, 0);
    for (ticket, sm) in sms.iter().enumerate() {
        let sm = SubmitSm {
            source: Address::alphanumeric(b"ACME"),
            destination: Address::international(b"447700900001"),
            ..*sm
        };
        esme.session.submit(0, ticket as u64, &sm).unwrap();
    }
    esme.exchange(smsc, 0);
    pass(smsc, &mut [&mut esme], 0, 50 * MS);
    let mut answers = esme.responses();
    answers.sort_unstable_by_key(|(ticket, _, _)| *ticket);
    answers.into_iter().map(|(_, status, _)| status).collect()
}

fn texts(smsc: &Smsc) -> Vec<String> {
    smsc.texts().into_iter().map(|taken| taken.text).collect()
}

fn sm(data_coding: u8, short_message: &[u8]) -> SubmitSm<'_> {
    SubmitSm {
        data_coding,
        short_message,
        ..SubmitSm::default()
    }
}

#[test]
fn data_coding_0_is_read_in_the_alphabet_of_the_quirk() {
    let text = "Grüße @ 5";
    let mut septets = Vec::new();
    gsm7::encode(text, &mut septets).unwrap();
    let mut octets = Vec::new();
    packed::pack(&septets, 0, Padding::CarriageReturn, &mut octets);
    let latin: Vec<u8> = text.chars().map(|found| found as u8).collect();
    for (quirk, octets) in [
        (&[][..], &septets),
        (&["dc0-packed"], &octets),
        (&["dc0-latin1"], &latin),
    ] {
        let mut smsc = smsc(quirk);
        send(&mut smsc, &[sm(0, octets)]);
        assert_eq!(texts(&smsc), [text], "{quirk:?}");
        assert_eq!(smsc.report().texts_unreadable, 0);
    }
    let mut smsc = smsc(&["dc0-ascii"]);
    send(&mut smsc, &[sm(0, b"a@b"), sm(0, &latin)]);
    assert_eq!(texts(&smsc)[0], "a@b");
    assert_eq!(smsc.report().texts_unreadable, 1);
}

#[test]
fn only_241_is_taken_where_241_is_wanted() {
    let mut smsc = smsc(&["dcs-241"]);
    let mut greek = Vec::new();
    ucs2::encode("Γειά", &mut greek);
    let statuses = send(
        &mut smsc,
        &[sm(0, b"a"), sm(1, b"b"), sm(241, b"c"), sm(8, &greek)],
    );
    let wrong = CommandStatus::ESME_RINVDCS;
    let ok = CommandStatus::ESME_ROK;
    assert_eq!(statuses, [wrong, wrong, ok, ok]);
    assert_eq!(smsc.report().wrong_data_coding, 2);
    assert_eq!(texts(&smsc), ["c", "Γειά"]);
}

#[test]
fn latin1_is_lost_where_it_is_converted() {
    let mut smsc = smsc(&["latin1-lossy"]);
    send(&mut smsc, &[sm(3, b"caf\xE9"), sm(3, b"gar\xE7on \xAB")]);
    assert_eq!(texts(&smsc), ["café", "gar?on ?"]);
    assert_eq!(smsc.report().texts_lossy, 1);
}

#[test]
fn addresses_must_fit_their_ton_and_npi() {
    let mut smsc = smsc(&["ton-npi-strict"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    for (ticket, (source, destination)) in [
        (
            Address::alphanumeric(b"ACME"),
            Address::international(b"447700900001"),
        ),
        (
            Address::international(b"ACME"),
            Address::international(b"447700900001"),
        ),
        (
            Address::alphanumeric(b"ACME"),
            Address::international(b"+447700900001"),
        ),
        (
            Address::alphanumeric(b"ACME"),
            Address::new(0, 1, b"447700900001"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let sm = SubmitSm {
            source,
            destination,
            short_message: b"x",
            ..SubmitSm::default()
        };
        esme.session.submit(0, ticket as u64, &sm).unwrap();
    }
    esme.exchange(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, 10 * MS);
    let report: Report = smsc.report();
    assert_eq!((report.accepted, report.wrong_address), (1, 3));
    assert_eq!(report.refused_by_status.len(), 3);
}
