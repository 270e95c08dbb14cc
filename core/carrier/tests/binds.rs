//! How a link binds, is refused, and binds again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::smpp::OutbindPeer;
use carrack_carrier::{Link, LinkEvent, LinkState};
use carrack_runtime::TransportState;
use carrack_settings::{Bind as BindMode, InterfaceVersion, SpecLimits};
use carrack_smpp::*;
use support::*;

#[test]
fn every_bind_mode_sends_its_own_command() {
    let modes: [(BindMode, &[CommandId]); 4] = [
        (BindMode::Transceiver, &[CommandId::BIND_TRANSCEIVER]),
        (BindMode::Transmitter, &[CommandId::BIND_TRANSMITTER]),
        (BindMode::Receiver, &[CommandId::BIND_RECEIVER]),
        (
            BindMode::TransmitterReceiver,
            &[CommandId::BIND_TRANSMITTER, CommandId::BIND_RECEIVER],
        ),
    ];
    for (mode, commands) in modes {
        let mut rig = Rig::new(profile(|p| p.bind = mode));
        rig.turn();
        let sent: Vec<_> = (0..rig.pipes.len())
            .map(|pipe| rig.sent_on(pipe)[0].command)
            .collect();
        assert_eq!(sent, commands);
    }
}

#[test]
fn bind_says_what_the_profile_says() {
    let mut rig = Rig::new(profile(|p| {
        p.system_type = "BULK".to_owned();
        p.interface_version = InterfaceVersion::V50;
        p.addr_ton = 1;
        p.addr_npi = 1;
        p.addr_range = "^4917".to_owned();
    }));
    rig.turn();
    let sent = rig.sent_one();
    let bind = Bind::decode(&sent.body, Strictness::Strict).unwrap().value;
    assert_eq!(bind.system_id, b"carrack");
    assert_eq!(bind.password, b"secret");
    assert_eq!(bind.system_type, b"BULK");
    assert_eq!(bind.interface_version, 0x50);
    assert_eq!((bind.addr_ton, bind.addr_npi), (1, 1));
    assert_eq!(bind.address_range, b"^4917");
}

#[test]
fn link_that_only_receives_has_no_slots_and_is_up() {
    let mut rig = Rig::bound(profile(|p| p.bind = BindMode::Receiver));
    assert_eq!(rig.events(), [LinkEvent::Up]);
    assert_eq!((rig.link.window(), rig.link.free_slots()), (0, 0));
    assert!(rig.try_submit(1).is_err());
}

#[test]
fn link_of_two_is_up_when_both_are() {
    let mut rig = Rig::new(profile(|p| p.bind = BindMode::TransmitterReceiver));
    rig.turn();
    let bind = rig.sent_one();
    rig.feed(&pdu(bind.command.response(), 0, bind.sequence, b"\0"));
    assert_eq!(rig.link.state(), LinkState::Connecting);
    assert_eq!(rig.link.free_slots(), 0);
    let bind = rig.sent_on(1).pop().unwrap();
    rig.feed_on(1, &pdu(bind.command.response(), 0, bind.sequence, b"\0"));
    rig.turn();
    assert_eq!(rig.events(), [LinkEvent::Up]);
    assert_eq!(rig.link.free_slots(), 100);
}

#[test]
fn t18_bind_response_without_name_and_version_is_a_success() {
    for body in [&b""[..], b"\0", b"smsc", b"smsc\0"] {
        let mut rig = Rig::new(profile(|_| ()));
        rig.turn();
        let bind = rig.sent_one();
        rig.feed(&pdu(bind.command.response(), 0, bind.sequence, body));
        assert_eq!(rig.link.state(), LinkState::Up, "{body:?}");
    }
}

#[test]
fn t23_peer_is_asked_only_after_the_bind_and_two_misses_bind_again() {
    let mut rig = Rig::new(profile(|p| {
        p.resp_timeout = std::time::Duration::from_secs(100);
        p.enquire_idle = std::time::Duration::from_secs(30);
    }));
    rig.turn();
    assert_eq!(rig.sent().len(), 1);
    rig.advance(60 * SECOND);
    assert_eq!(rig.sent(), [], "nothing but the bind before its response");
    rig.feed(&pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, b"smsc\0"));
    rig.events();
    rig.advance(30 * SECOND);
    assert_eq!(rig.sent_one().command, CommandId::ENQUIRE_LINK);
    rig.advance(30 * SECOND);
    rig.advance(30 * SECOND);
    assert!(rig.down().contains("enquire_link"));
    assert_eq!(rig.link.state(), LinkState::Down);
}

#[test]
fn t23_peers_questions_are_answered_before_the_bind_response_and_in_a_flood() {
    let mut rig = Rig::new(profile(|_| ()));
    rig.turn();
    rig.sent();
    rig.feed(&pdu(CommandId::ENQUIRE_LINK, 0, 9, b""));
    let answer = rig.sent_one();
    assert_eq!(
        (answer.command, answer.sequence),
        (CommandId::ENQUIRE_LINK_RESP, 9)
    );
    rig.feed(&pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, b"smsc\0"));
    let flood: Vec<u8> = (0..1000)
        .flat_map(|sequence| pdu(CommandId::ENQUIRE_LINK, 0, sequence, b""))
        .collect();
    rig.feed(&flood);
    assert_eq!(rig.sent().len(), 1000);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t24_unbind_in_mid_window_waits_for_what_is_out_and_binds_again() {
    let mut rig = Rig::bound(profile(|_| ()));
    let (first, _second) = (rig.submit(1), rig.submit(2));
    rig.events();
    rig.feed(&pdu(CommandId::UNBIND, 0, 77, b""));
    let answer = rig.sent_one();
    assert_eq!(
        (answer.command, answer.sequence),
        (CommandId::UNBIND_RESP, 77)
    );
    assert_eq!(rig.link.free_slots(), 0, "nothing more is sent");
    assert_eq!(rig.link.state(), LinkState::Down, "routing goes elsewhere");
    assert!(rig.try_submit(3).is_err());
    rig.accept(first, b"a");
    assert!(matches!(
        rig.events()[0],
        LinkEvent::Accepted { ticket: 1, .. }
    ));
    rig.cut();
    let events = rig.events();
    assert_eq!(events[0], LinkEvent::Unanswered { ticket: 2 });
    assert!(matches!(events[1], LinkEvent::Down(_)));
    let waited = rig.advance_to_deadline();
    assert!(
        (SECOND * 8 / 10..=SECOND * 12 / 10).contains(&waited),
        "{waited}"
    );
    assert_eq!(rig.sent_one().command, CommandId::BIND_TRANSCEIVER);
}

#[test]
fn t24_our_goodbye_that_nobody_answers_ends_all_the_same() {
    let mut rig = Rig::bound(profile(|_| ()));
    rig.link.close(rig.now);
    rig.turn();
    assert_eq!(rig.sent_one().command, CommandId::UNBIND);
    assert_eq!(rig.link.state(), LinkState::Closing);
    assert!(!rig.link.is_closed());
    rig.advance_to_deadline();
    assert!(rig.link.is_closed());
}

#[test]
fn t25_already_bound_waits_for_the_old_session_and_is_told_when_it_lasts() {
    let wait = 60 * SECOND;
    let mut rig = Rig::new(profile(|_| ()));
    rig.turn();
    let mut reasons = Vec::new();
    for _ in 0..4 {
        rig.answer_bind(CommandStatus::ESME_RALYBND);
        reasons.push(rig.down());
        let waited = rig.advance_to_deadline();
        assert!((wait..=4 * wait).contains(&waited), "{waited}");
    }
    assert_eq!(rig.pipes[0].borrow().connects, 5, "no storm");
    assert!(!reasons[1].contains("in a row"));
    assert!(
        reasons[2].contains("3 times in a row") && reasons[2].contains("another node"),
        "{}",
        reasons[2]
    );
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn t26_delays_grow_to_the_greatest_and_are_spread() {
    let mut rig = Rig::new(profile(|p| {
        p.rebind_max = std::time::Duration::from_secs(300);
    }));
    rig.turn();
    let mut delays = Vec::new();
    for _ in 0..14 {
        rig.answer_bind(CommandStatus::ESME_RBINDFAIL);
        assert!(rig.down().contains("ESME_RBINDFAIL"));
        delays.push(rig.advance_to_deadline());
    }
    assert!((SECOND * 8 / 10..=SECOND * 12 / 10).contains(&delays[0]));
    assert!(delays.iter().all(|delay| *delay <= 300 * SECOND));
    let last = &delays[10..];
    assert!(
        last.iter().all(|delay| *delay >= 150 * SECOND),
        "{delays:?}"
    );
    assert!(last.windows(2).any(|two| two[0] != two[1]), "{delays:?}");
}

#[test]
fn t26_wrong_credentials_are_tried_five_times_and_no_more() {
    let mut rig = Rig::new(profile(|_| ()));
    rig.turn();
    for _ in 0..4 {
        rig.answer_bind(CommandStatus::ESME_RINVPASWD);
        rig.advance_to_deadline();
    }
    rig.answer_bind(CommandStatus::ESME_RINVSYSID);
    assert_eq!(rig.link.state(), LinkState::Refused);
    rig.advance(86_400 * SECOND);
    assert_eq!(rig.pipes[0].borrow().connects, 5);
    assert_eq!(rig.link.next_deadline_ns(), None);
}

#[test]
fn t26_carrier_that_drops_each_bind_at_once_is_not_hammered() {
    let mut rig = Rig::new(profile(|_| ()));
    let mut delays = Vec::new();
    rig.turn();
    for _ in 0..6 {
        rig.answer_bind(CommandStatus::ESME_ROK);
        rig.cut();
        delays.push(rig.advance_to_deadline());
    }
    assert!(delays[5] > 8 * delays[0], "{delays:?}");
    // One that held begins with the first delay again.
    rig.answer_bind(CommandStatus::ESME_ROK);
    rig.advance(20 * SECOND);
    rig.cut();
    assert!(rig.advance_to_deadline() <= SECOND * 12 / 10);
}

#[test]
fn t26_links_of_one_carrier_do_not_come_back_in_step() {
    let delay = |seed| {
        let mut rig = Rig::of(carrack_carrier::smpp::SmppSpec {
            seed,
            ..spec(profile(|_| ()))
        });
        rig.turn();
        rig.cut();
        rig.advance_to_deadline()
    };
    let delays: std::collections::BTreeSet<_> = (1..9).map(|seed| delay(seed * 977)).collect();
    assert!(delays.len() > 4, "{delays:?}");
}

#[test]
fn t37_long_password_is_sent_unless_the_limits_are_strict() {
    let long = b"0123456789abcdef".to_vec();
    let with = |limits| {
        let mut rig = Rig::of(carrack_carrier::smpp::SmppSpec {
            password: long.clone(),
            ..spec(profile(|p| p.spec_limits = limits))
        });
        rig.turn();
        rig.turn();
        rig
    };
    let mut relaxed = with(SpecLimits::Relaxed);
    let sent = relaxed.sent_one();
    let bind = Bind::decode(&sent.body, Strictness::Tolerant)
        .unwrap()
        .value;
    assert_eq!(bind.password, long);
    let mut strict = with(SpecLimits::Strict);
    assert_eq!(strict.sent(), []);
    assert!(strict.down().contains("password"));
}

#[test]
fn t46_another_version_is_no_reason_to_refuse() {
    for (version, lie_ok, odd) in [
        (Some(0x50), false, 1),
        (Some(0x33), false, 1),
        (Some(0x33), true, 0),
        (Some(0x34), false, 0),
        (None, false, 0),
    ] {
        let mut rig = Rig::new(profile(|p| p.version_lie_ok = lie_ok));
        rig.turn();
        rig.sent();
        let mut body = b"smsc\0".to_vec();
        if let Some(version) = version {
            body.extend(tlvs(&[(tag::SC_INTERFACE_VERSION, &[version])]));
        }
        rig.feed(&pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, &body));
        assert_eq!(rig.link.state(), LinkState::Up);
        assert_eq!(rig.link.take_oddities(), odd, "{version:?} {lie_ok}");
    }
}

#[test]
fn t46_lower_side_has_no_optional_parameters_whatever_is_counted() {
    for (said, lie_ok, count) in [
        (Some(0x33), false, 0),
        (Some(0x33), true, 0),
        (Some(0x34), true, 1),
        (None, true, 1),
        (None, false, 1),
    ] {
        let mut rig = Rig::new(profile(|p| {
            p.version_lie_ok = lie_ok;
            p.tlv_out = vec![(tag::PRIVACY_INDICATOR, vec![1])];
        }));
        rig.turn();
        rig.sent();
        let mut body = b"smsc\0".to_vec();
        if let Some(version) = said {
            body.extend(tlvs(&[(tag::SC_INTERFACE_VERSION, &[version])]));
        }
        rig.feed(&pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, 1, &body));
        let from = sender();
        let body = rig.body_of(&text(&from, b"hello"));
        let sent = decoded(&body).tlvs.iter().count();
        assert_eq!(sent, count, "{said:?} {lie_ok}");
    }
}

#[test]
fn t47_plain_smpp_to_a_port_that_speaks_tls_says_so() {
    // The alert of a TLS server that reads our bind (RFC 8446, 6).
    let mut rig = Rig::new(profile(|_| ()));
    rig.turn();
    rig.feed(&[0x15, 3, 3, 0, 2, 2, 70]);
    assert!(rig.down().contains("speaks TLS"));
}

#[test]
fn t41_other_protocols_on_the_port_are_named() {
    for (octets, name) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], "HTTP"),
        (b"SSH-2.0-server\r\n", "SSH"),
        (b"AMQP\x00\x00\x09\x01", "AMQP"),
    ] {
        let mut rig = Rig::new(profile(|_| ()));
        rig.turn();
        // Cut within the first octets.
        rig.feed_on(0, &octets[..2]);
        rig.feed(&octets[2..]);
        assert!(rig.down().contains(name), "{name}");
    }
}

#[test]
fn connection_that_closes_before_the_answer_says_so() {
    let mut rig = Rig::new(profile(|_| ()));
    rig.turn();
    rig.cut();
    assert!(rig.down().contains("before it answered the bind"));
}

#[test]
fn connection_that_cannot_be_made_says_why_and_is_tried_again() {
    let mut rig = Rig::new(profile(|_| ()));
    rig.pipes[0].borrow_mut().next_state =
        TransportState::Failed("cannot connect to smsc:2775: refused".to_owned());
    rig.turn();
    assert!(rig.down().contains("smsc:2775"));
    rig.pipes[0].borrow_mut().next_state = TransportState::Open;
    rig.advance_to_deadline();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.link.state(), LinkState::Up);
    assert_eq!(
        rig.pipes[0].borrow().settled,
        1,
        "this host is the good one"
    );
}

fn outbind_rig() -> Rig {
    Rig::of(carrack_carrier::smpp::SmppSpec {
        outbind: Some(OutbindPeer {
            system_id: b"smsc".to_vec(),
            password: b"knock".to_vec(),
        }),
        ..spec(profile(|p| p.bind = BindMode::Receiver))
    })
}

fn outbind(system_id: &[u8], password: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let outbind = Outbind {
        system_id,
        password,
    };
    encode_outbind(&mut out, 1, &outbind).unwrap();
    out
}

#[test]
fn outbind_of_the_carrier_is_answered_by_a_bind() {
    let mut rig = outbind_rig();
    rig.turn();
    assert_eq!(rig.sent(), [], "the SMSC speaks first");
    rig.feed(&outbind(b"smsc", b"knock"));
    rig.turn();
    rig.answer_bind(CommandStatus::ESME_ROK);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn outbind_of_a_stranger_is_closed_without_our_password() {
    let mut rig = outbind_rig();
    rig.turn();
    rig.feed(&outbind(b"smsc", b"guess"));
    rig.turn();
    assert!(rig.down().contains("outbind"));
    assert_eq!(rig.sent(), []);
}

#[test]
fn connection_without_outbind_does_not_hold_the_link() {
    let mut rig = outbind_rig();
    rig.turn();
    rig.advance_to_deadline();
    assert_eq!(rig.link.state(), LinkState::Down);
    assert_eq!(rig.sent(), []);
}
