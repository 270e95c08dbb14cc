#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
use super::settings::{MS_NS, SECOND_NS};
use super::*;

/// A host of one modem, in simulated time.
pub(super) struct Host {
    pub(super) rack: Rack,
    pub(super) now_ns: u64,
}

impl Host {
    pub(super) fn of(settings: Settings) -> Self {
        Self {
            rack: Rack::new(settings),
            now_ns: 0,
        }
    }

    fn with_fault(spelling: &str) -> Self {
        Self::of(Settings {
            faults: vec![Fault::parse(spelling).unwrap()],
            ..Settings::default()
        })
    }

    pub(super) fn write(&mut self, modem: usize, octets: &[u8]) {
        self.rack.receive(self.now_ns, modem, octets);
    }

    pub(super) fn wait(&mut self, time_ns: u64) {
        self.now_ns += time_ns;
        self.rack.tick(self.now_ns);
    }

    pub(super) fn heard(&mut self, modem: usize) -> String {
        let octets = std::mem::take(self.rack.output(modem).unwrap());
        octets.iter().map(|octet| char::from(*octet)).collect()
    }

    /// A command, and all that comes within a second.
    pub(super) fn ask(&mut self, command: &str) -> String {
        self.write(0, format!("AT{command}\r").as_bytes());
        self.wait(SECOND_NS);
        self.heard(0)
    }

    /// A segment, and all that comes within ten seconds.
    pub(super) fn send(&mut self, modem: usize, to: &str, text: &[u8]) -> String {
        let mut digits = octets::semi_octets(to);
        let mut tpdu = vec![0x31, 0x00, to.len() as u8, 0x91];
        tpdu.append(&mut digits);
        tpdu.extend([0x00, 0x04, 0xA7, text.len() as u8]);
        tpdu.extend_from_slice(text);
        self.write(modem, format!("AT+CMGS={}\r", tpdu.len()).as_bytes());
        self.wait(100 * MS_NS);
        self.write(modem, format!("00{}\x1a", octets::hex(&tpdu)).as_bytes());
        self.wait(10 * SECOND_NS);
        self.heard(modem)
    }
}

#[test]
fn a_segment_is_taken_and_reported() {
    let mut host = Host::of(Settings::default());
    assert_eq!(host.ask("E0"), "ATE0\r\r\nOK\r\n");
    assert_eq!(host.ask("+CNMI=2,1,0,1,0"), "\r\nOK\r\n");
    let heard = host.send(0, "447700900001", b"hello");
    assert!(
        heard.starts_with("\r\n> \r\n+CMGS: 1\r\n\r\nOK\r\n"),
        "{heard:?}"
    );
    let report = heard.split("+CDS: ").nth(1).unwrap();
    assert!(report.starts_with("25\r\n0791947101"), "{report:?}");
    assert!(report.contains("06010C91447700090010"), "{report:?}");
    let report = host.rack.report(host.now_ns);
    assert_eq!(
        (
            report.sum.counts.taken,
            report.sum.distinct_texts,
            report.sum.counts.reports
        ),
        (1, 1, 1)
    );
}

#[test]
fn a_number_of_another_sim_gets_the_message() {
    let mut host = Host::of(Settings {
        modems: 2,
        ..Settings::default()
    });
    let to = host.rack.card(1).unwrap().number.clone();
    host.send(0, &to, b"over there");
    assert!(host.heard(1).contains("+CMTI: \"SM\",1"));
    host.write(1, b"AT+CMGR=1\r");
    host.wait(SECOND_NS);
    let heard = host.heard(1);
    assert!(heard.contains(&octets::hex(b"over there")), "{heard:?}");
}

#[test]
fn what_came_twice_is_a_duplicate_and_what_differs_is_not() {
    let mut host = Host::of(Settings::default());
    host.send(0, "447700900001", b"one");
    host.send(0, "447700900001", b"two");
    host.send(0, "447700900002", b"one");
    assert_eq!(host.rack.report(host.now_ns).sum.duplicates, 0);
    host.send(0, "447700900001", b"one");
    let report = host.rack.report(host.now_ns);
    assert_eq!(
        (
            report.sum.counts.taken,
            report.sum.distinct_texts,
            report.sum.duplicates
        ),
        (4, 3, 1)
    );
    assert_eq!(report.doubles[0].to, "447700900001");
}

#[test]
fn the_counter_of_caps_finds_the_worst_minute() {
    let mut host = Host::of(Settings::default());
    for number in 0..6 {
        host.send(0, &format!("44770090000{number}"), b"x");
    }
    host.wait(3_600 * SECOND_NS);
    host.send(0, "447700900001", b"y");
    let worst = host.rack.report(host.now_ns).sims[0].worst;
    assert_eq!((worst.minute.segments, worst.minute.recipients), (6, 6));
    assert_eq!(
        (
            worst.hour.segments,
            worst.day.segments,
            worst.day.recipients
        ),
        (6, 7, 6)
    );
}

#[test]
fn each_fault_in_mid_message_says_whether_it_was_sent() {
    let cases: &[(&str, u64, u64, bool)] = &[
        // Fault, taken, unsent, whether it is answered.
        ("answer-lost", 1, 0, false),
        ("silence-sent", 1, 0, false),
        ("silence-unsent", 0, 1, false),
        ("reboot-sent", 1, 0, false),
        ("reboot-unsent", 0, 1, false),
        ("unplug-sent", 1, 0, false),
        ("unplug-unsent", 0, 1, false),
        ("garbage-in-submit", 1, 0, true),
        ("interleave-in-submit", 1, 0, true),
        ("report-early", 1, 0, true),
        ("no-prompt", 0, 0, false),
        ("reboot-before-prompt", 0, 0, false),
        ("busy", 0, 0, false),
        ("refuse", 0, 0, false),
    ];
    for (fault, taken, unsent, is_answered) in cases {
        let mut host = Host::with_fault(&format!("{fault}=#1"));
        let heard = host.send(0, "447700900001", b"hello");
        let counts = host.rack.report(host.now_ns).sum.counts;
        assert_eq!((counts.taken, counts.unsent), (*taken, *unsent), "{fault}");
        assert_eq!(
            heard.contains("+CMGS: 1\r\n\r\nOK"),
            *is_answered,
            "{fault}: {heard:?}"
        );
        assert_eq!(
            counts.taken_unanswered,
            u64::from(*taken == 1 && !is_answered),
            "{fault}"
        );
        assert_eq!(counts.faults.get(fault), Some(&1), "{fault}");
        assert_eq!(
            counts.pdus,
            counts.taken + counts.refused_by_judge + counts.refused_otherwise + counts.unsent,
            "{fault}"
        );
    }
}

#[test]
fn a_silence_ends_by_its_cure_and_by_nothing_milder() {
    let cures: [(&str, &[&str], &str); 3] = [
        ("cfun", &[], "AT+CFUN=1,1\r"),
        ("usb", &["AT+CFUN=1,1\r"], "usb reset"),
        ("power", &["AT+CFUN=1,1\r", "usb reset"], "power cycle"),
    ];
    for (cure, milder, right) in cures {
        let mut host = Host::of(Settings::default());
        host.rack.order(0, &format!("0 silent {cure}")).unwrap();
        for attempt in milder {
            host.cure(attempt);
            assert_eq!(host.ask(""), "", "{cure} after {attempt}");
        }
        host.cure(right);
        assert!(host.ask("").contains("OK"), "{cure} after {right}");
        assert!(host.ask("+CREG?").contains("+CREG: 0,1"), "{cure}");
    }
}

impl Host {
    fn cure(&mut self, attempt: &str) {
        if attempt.starts_with("AT") {
            self.write(0, attempt.as_bytes());
        } else {
            self.rack
                .order(self.now_ns, &format!("0 {attempt}"))
                .unwrap();
        }
        self.wait(60 * SECOND_NS);
        self.heard(0);
    }
}

#[test]
fn a_wrong_pin_three_times_asks_for_the_puk() {
    let mut host = Host::of(Settings {
        pin: Some("1234".into()),
        ..Settings::default()
    });
    host.ask("E0+CMEE=1");
    assert!(host.ask("+CPIN?").contains("SIM PIN"));
    assert!(host.ask("+CIMI").contains("+CME ERROR: 11"));
    for error in [16, 16, 12] {
        assert!(
            host.ask("+CPIN=\"0000\"")
                .contains(&format!("+CME ERROR: {error}"))
        );
    }
    assert!(host.ask("+CPIN?").contains("SIM PUK"));
    assert!(host.ask("+CPIN=\"12345678\",\"4321\"").contains("OK"));
    host.wait(10 * SECOND_NS);
    assert!(host.ask("+CREG?").contains("0,1"));
}

#[test]
fn a_full_store_refuses_and_keeps_messages_in_the_network_until_one_is_deleted() {
    let mut host = Host::of(Settings {
        sim_places: 3,
        ..Settings::default()
    });
    host.ask("E0");
    host.rack.order(0, "0 fill").unwrap();
    host.rack.order(host.now_ns, "0 mo +4477 waits").unwrap();
    assert!(
        host.send(0, "447700900001", b"x")
            .contains("+CMS ERROR: 322")
    );
    let before = host.rack.report(host.now_ns);
    assert_eq!((before.sims[0].stored, before.sims[0].waiting), (3, 1));
    assert!(host.ask("+CMGD=2").contains("+CMTI: \"SM\",2"));
    let after = host.rack.report(host.now_ns);
    assert_eq!((after.sims[0].stored, after.sims[0].waiting), (3, 0));
}

#[test]
fn a_blocked_sim_refuses_wherever_it_is() {
    let mut host = Host::of(Settings {
        modems: 2,
        faults: vec![Fault::parse("0:sim-blocked=#2,code=50").unwrap()],
        ..Settings::default()
    });
    assert!(host.send(0, "447700900001", b"1").contains("+CMGS"));
    assert!(
        host.send(0, "447700900001", b"2")
            .contains("+CMS ERROR: 50")
    );
    host.rack.order(host.now_ns, "1 sim insert 0").unwrap();
    host.wait(10 * SECOND_NS);
    assert!(
        host.send(1, "447700900001", b"3")
            .contains("+CMS ERROR: 50")
    );
    assert!(
        host.send(0, "447700900001", b"4")
            .contains("+CMS ERROR: 310")
    );
    host.rack.order(host.now_ns, "1 sim unblock").unwrap();
    assert!(host.send(1, "447700900001", b"5").contains("+CMGS"));
}

#[test]
fn direct_messages_wait_for_their_acknowledgement() {
    let mut host = Host::of(Settings::default());
    host.ask("E0");
    host.ask("+CSMS=1;+CNMI=2,2,0,1,0");
    host.rack.order(host.now_ns, "0 mo +4477 one").unwrap();
    host.rack.order(host.now_ns, "0 mo +4477 two").unwrap();
    assert_eq!(host.heard(0).matches("+CMT:").count(), 1);
    let heard = host.ask("+CNMA");
    assert_eq!(
        (heard.matches("+CMT:").count(), heard.matches("OK").count()),
        (1, 1),
        "{heard:?}"
    );
    // Nobody acknowledges: it is stored, and nothing is handed over any more.
    host.wait(30 * SECOND_NS);
    assert!(host.ask("+CNMI?").contains("2,0,0,0,0"));
    assert_eq!(host.rack.report(host.now_ns).sims[0].stored, 1);
}

#[test]
fn text_mode_sends_and_shows_text() {
    let mut host = Host::of(Settings::default());
    host.ask("E0+CMGF=1");
    host.write(0, b"AT+CMGS=\"+447700900001\"\r");
    host.wait(SECOND_NS);
    host.write(0, b"hello @\x1a");
    host.wait(10 * SECOND_NS);
    assert!(host.heard(0).contains("+CMGS: 1"));
    host.rack
        .order(host.now_ns, "0 mo +4477 written back")
        .unwrap();
    assert!(
        host.ask("+CMGL=\"ALL\"")
            .contains("\"REC UNREAD\",\"+4477\"")
    );
    assert!(host.ask("+CMGR=1").contains("\"REC READ\",\"+4477\""));
    let report = host.rack.report(host.now_ns);
    assert_eq!(
        (report.sum.counts.taken, report.sum.counts.refused_by_judge),
        (1, 0)
    );
}

#[test]
fn every_dialect_says_who_it_is_and_boots_in_its_own_words() {
    for dialect in Dialect::ALL {
        let mut host = Host::of(Settings {
            dialects: vec![dialect],
            is_ready_at_start: false,
            ..Settings::default()
        });
        host.wait(20 * SECOND_NS);
        let boot = host.heard(0);
        for (_, line) in dialect.profile().boot {
            assert!(boot.contains(line), "{dialect:?} {line}: {boot:?}");
        }
        host.ask("E0");
        assert!(
            host.ask("+CGMI").contains(dialect.profile().manufacturer),
            "{dialect:?}"
        );
        for (command, prefix) in dialect.profile().iccid {
            let heard = host.ask(command);
            assert!(
                heard.contains(&format!("{prefix}8949")),
                "{dialect:?} {command}: {heard:?}"
            );
        }
        let mut heard = host.ask("+CUSD=1,\"AA180C3602\",15");
        host.wait(SECOND_NS);
        heard += &host.heard(0);
        let is_huawei = dialect == Dialect::Huawei;
        assert_eq!(
            heard.contains("+CUSD: 0,\""),
            is_huawei,
            "{dialect:?}: {heard:?}"
        );
        if !is_huawei {
            let heard = host.ask("+CUSD=1,\"*100#\",15");
            host.wait(SECOND_NS);
            let heard = heard + &host.heard(0);
            assert!(heard.contains("12.34 EUR"), "{dialect:?}: {heard:?}");
        }
    }
}
