//! Pools of modems, `[[modem]]` and `[[sim]]`: defaults, and each fault with its line and cure.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::time::Duration;

use carrack_settings::{CarrierKind, Faults, Modem, ModemDialect, ModemPort, Settings, SimTerms};

/// Two lines, so that what is tested begins in line 3.
const NODE: &str = "[node]\ndata_dir = \"data\"\n";
/// Four lines.
const POOL: &str = "[[carrier]]\nname = \"rack\"\nkind = \"modem_pool\"\nprice = 0.01\n";
/// Four lines.
const MODEM: &str = "[[modem]]\nname = \"a\"\npool = \"rack\"\nport = \"tcp://10.0.0.5:4001\"\n";
const SMPP: &str = "[[carrier]]\nname = \"north\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\n";

fn read(text: &str) -> Result<Settings, Faults> {
    Settings::parse(&format!("{NODE}{text}"), "c.toml", Path::new(""))
}

fn settings(text: &str) -> Settings {
    read(text).unwrap_or_else(|faults| panic!("{faults}"))
}

#[track_caller]
fn one_fault(text: &str, line: usize, parts: &[&str]) {
    let faults = read(text).unwrap_err().0;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].line, line, "{faults:?}");
    for part in parts {
        let what = &faults[0].what;
        assert!(what.contains(part), "{what:?} lacks {part:?}");
    }
}

#[test]
fn a_pool_has_defaults() {
    let found = settings(&format!("{POOL}{MODEM}"));
    let carrier = &found.carriers[0];
    assert_eq!(carrier.kind, CarrierKind::ModemPool);
    assert_eq!((carrier.links, carrier.window), (1, 1));
    let pool = carrier.pool.as_ref().unwrap();
    assert_eq!(pool.sim, SimTerms::default());
    assert_eq!((pool.sim.per_minute, pool.sim.per_day), (15, None));
    assert!(pool.networks.is_empty() && pool.status_reports && pool.ports.is_none());
    let seconds = [pool.poll_storage, pool.signal_every, pool.retry].map(|time| time.as_secs());
    assert_eq!(seconds, [60, 30, 300]);
    let modem = &found.modem_list[0];
    assert_eq!(
        (modem.baud, modem.dialect, modem.enabled),
        (115_200, ModemDialect::Auto, true)
    );
    assert_eq!(
        (found.modems.sims_max, found.modems.recipients_max),
        (512, 2_000)
    );
    assert_eq!(settings(SMPP).carriers[0].pool, None);
}

#[test]
fn what_is_written_is_kept() {
    let pool = "networks = [\"262-02\", \"310260\"]\nsim = { per_minute = 10, per_hour = 300, per_day = 900, recipients_per_month = 250, \
        rest_after = 100, rest = \"5m\", suspect_after = 3, cool_down = \"2h\", zone = \"Europe/Berlin\" }\nbalance_ussd = \"*100#\"\n\
        balance_every = \"6h\"\nstatus_reports = false\nusb_reset = [\"usbreset\", \"{port}\"]\npower_cycle = [\"relay\", \"{modem}\"]\n";
    let rest = "dialect = \"ec25\"\n";
    let sim = "[[sim]]\niccid = \"8949-0200-0012-3456-788\"\nnumber = \"+49 151 12345678\"\npin = \"7351\"\nper_day = 50\n";
    let found = settings(&format!("{POOL}{pool}{MODEM}{rest}{sim}"));
    let pool = found.carriers[0].pool.as_ref().unwrap();
    assert_eq!(pool.networks, ["26202", "310260"]);
    assert_eq!(pool.sim.cool_down, Duration::from_secs(7_200));
    assert_eq!(pool.sim.zone.iana_name(), Some("Europe/Berlin"));
    let (modem, sim) = (&found.modem_list[0], &found.sims[0]);
    assert_eq!(modem.dialect, ModemDialect::Ec25);
    let port = modem.port.as_ref().unwrap();
    assert!(matches!(port, ModemPort::Tcp(_)));
    assert_eq!(port.to_string(), "tcp://10.0.0.5:4001");
    let hook = Modem::hook(
        &modem.power_cycle,
        &pool.power_cycle,
        &modem.name,
        &port.to_string(),
    );
    assert_eq!(hook, ["relay", "a"]);
    assert_eq!(sim.iccid.as_deref(), Some("8949020000123456788"));
    let terms = sim.terms(&pool.sim);
    assert_eq!(
        (terms.per_day, terms.per_hour, terms.per_minute),
        (Some(50), Some(300), 10)
    );
    assert!(!format!("{sim:?}").contains("7351"), "a PIN is shown");
}

#[test]
fn modems_pools_and_ports_have_to_fit() {
    one_fault(POOL, 3, &["`rack` has no modem", "ports = \"auto\""]);
    let found = settings(&format!("{POOL}ports = \"auto\"\n"));
    let ports = found.carriers[0].pool.as_ref().unwrap().ports.as_ref();
    let ports = ports.unwrap();
    assert_eq!((ports.max, found.carriers[0].links), (8, 8));
    assert_eq!((ports.every.as_secs(), ports.answer.as_secs()), (10, 5));
    assert!(ports.patterns.contains(&"/dev/ttyUSB*".to_owned()));
    let found = settings(&format!(
        "{POOL}ports = \"/tmp/m/modem-*\"\nports_max = 3\nports_every = \"1s\"\nports_answer = \"2s\"\n{MODEM}"
    ));
    let ports = found.carriers[0].pool.as_ref().unwrap().ports.as_ref();
    assert_eq!(ports.unwrap().patterns, ["/tmp/m/modem-*"]);
    assert_eq!(found.carriers[0].links, 3 + 1);
    one_fault(&format!("{POOL}ports = \"all\"\n{MODEM}"), 7, &["\"auto\""]);
    one_fault(&format!("{POOL}ports = []\n{MODEM}"), 7, &["0 patterns"]);
    one_fault(
        &format!("{POOL}ports_max = 3\n{MODEM}"),
        7,
        &["`ports_max`", "ports = \"auto\""],
    );
    let named = MODEM.replace("\"a\"", "\"rack-auto-1\"");
    one_fault(
        &format!("{POOL}ports = \"auto\"\n{named}"),
        8,
        &["`rack-auto-1`", "give it another"],
    );
    let wrong = MODEM.replace("\"rack\"", "\"rick\"");
    one_fault(
        &format!(
            "{POOL}{MODEM}{}",
            wrong.replace("\"a\"", "\"b\"").replace("4001", "4002")
        ),
        13,
        &["no such pool", "did you mean `rack`"],
    );
    let smpp = MODEM.replace("\"rack\"", "\"north\"");
    one_fault(
        &format!("{SMPP}{smpp}"),
        11,
        &["kind \"smpp\"", "modem_pool"],
    );
    one_fault(MODEM, 5, &["no such pool", "add it"]);
    let twin = MODEM.replace("\"a\"", "\"b\"");
    one_fault(
        &format!("{POOL}{MODEM}{twin}"),
        11,
        &["same port", "`a` (line 7)", "`b`"],
    );
    let named = MODEM.replace("4001", "4002");
    one_fault(
        &format!("{POOL}{MODEM}{named}"),
        11,
        &["two modems are named", "`a`"],
    );
    let both = format!(
        "{POOL}ports = \"auto\"\n{}ports = \"auto\"\n",
        POOL.replace("rack", "other")
    );
    one_fault(&both, 8, &["`rack` and `other`", "`ports`"]);
}

#[test]
fn one_device_by_two_names_is_one_port() {
    let folder = tempfile::tempdir().unwrap();
    let (device, by_id) = (folder.path().join("ttyUSB0"), folder.path().join("by-id"));
    std::fs::write(&device, "").unwrap();
    std::os::unix::fs::symlink(&device, &by_id).unwrap();
    let modem = |name: &str, port: &Path| {
        format!(
            "[[modem]]\nname = \"{name}\"\npool = \"rack\"\nport = \"{}\"\n",
            port.display()
        )
    };
    let text = format!("{POOL}{}{}", modem("a", &device), modem("b", &by_id));
    one_fault(&text, 11, &["same port", "ttyUSB0"]);
}

#[test]
fn keys_of_one_kind_are_faults_in_the_other() {
    for key in [
        "address = \"h:1\"",
        "system_id = \"u\"",
        "window = 10",
        "links = 3",
        "profile = \"x\"",
        "bind = \"receiver\"",
    ] {
        let name = key.split(' ').next().unwrap();
        one_fault(
            &format!("{POOL}{key}\n{MODEM}"),
            7,
            &[name, "kind \"smpp\"", "take it away"],
        );
    }
    for key in [
        "networks = \"26202\"",
        "sim = { per_minute = 3 }",
        "poll_storage = \"1m\"",
        "usb_reset = [\"x\"]",
    ] {
        let name = key.split(' ').next().unwrap();
        one_fault(
            &format!("{SMPP}{key}\n"),
            9,
            &[name, "pools of modems", "modem_pool"],
        );
    }
    one_fault(
        &format!("{POOL}polls = 3\n{MODEM}"),
        7,
        &["unknown key `polls`"],
    );
    one_fault(
        &format!("{}{MODEM}", POOL.replace("modem_pool", "modempool")),
        5,
        &["did you mean `modem_pool`"],
    );
    one_fault(
        &format!("{}{MODEM}", POOL.replace("price = 0.01", "rate = 5")),
        4,
        &["has no price"],
    );
}

#[test]
fn caps_have_to_be_ones() {
    for (terms, parts) in [
        ("per_minute = 0", ["per_minute", "from 1 to 60"]),
        ("per_minute = 61", ["per_minute", "from 1 to 60"]),
        ("per_hour = 0", ["per_hour", "from 1 to 3600"]),
        ("per_day = 0", ["per_day", "from 1"]),
        ("per_month = 0", ["per_month", "from 1"]),
        (
            "recipients_per_month = 0",
            ["recipients_per_month", "from 1"],
        ),
        ("rest_after = 0", ["rest_after", "from 1"]),
        ("rest = \"0s\"", ["rest", "from 1s"]),
        ("cool_down = \"30d\"", ["cool_down", "to 7d"]),
        ("suspect_after = 1", ["suspect_after", "from 2"]),
        ("zone = \"Berlin\"", ["zone", "no time zone"]),
        (
            "per_hour = 900, per_day = 500",
            ["per_day", "less than the 900 of `per_hour`"],
        ),
        (
            "per_hour = 900, per_month = 500",
            ["per_month", "less than the 900 of `per_hour`"],
        ),
        (
            "per_month = 100, recipients_per_month = 200",
            ["recipients_per_month", "more than the 100"],
        ),
        (
            "per_minutes = 3",
            ["unknown key `per_minutes`", "did you mean `per_minute`"],
        ),
    ] {
        one_fault(&format!("{POOL}sim = {{ {terms} }}\n{MODEM}"), 7, &parts);
        let sim = format!(
            "[[sim]]\nimsi = \"262021234567890\"\n{}\n",
            terms.replace(", ", "\n")
        );
        assert!(read(&sim).is_err(), "{terms}");
    }
    let small = "[modems]\nrecipients_max = 100\n";
    one_fault(
        &format!("{small}{POOL}sim = {{ recipients_per_month = 200 }}\n{MODEM}"),
        5,
        &["200", "`recipients_max` of [modems]"],
    );
    one_fault(
        "[modems]\nsims_max = 1\n[[sim]]\nimsi = \"262021234567890\"\n[[sim]]\nimsi = \"262021234567891\"\n",
        7,
        &["`sims_max` of [modems]"],
    );
}

#[test]
fn networks_of_a_sim_are_read() {
    let sim = "[[sim]]\nimsi = \"262021234567890\"\n";
    assert!(
        settings(&format!("{POOL}{MODEM}{sim}")).sims[0]
            .on_net
            .is_empty()
    );
    let found = settings(&format!(
        "{POOL}{MODEM}{sim}on_net = [\"262-02\", \"26207\"]\n"
    ));
    let shown: Vec<String> = found.sims[0]
        .on_net
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown, ["262-02", "262-07"]);
    one_fault(
        &format!("{POOL}{MODEM}{sim}on_net = \"262\"\n"),
        13,
        &["\"262\"", "310-410"],
    );
}

#[test]
fn numbers_of_cards_are_checked() {
    for (sim, line, parts) in [
        (
            "number = \"+4915112345678\"",
            3,
            ["`iccid` is missing", "imsi"],
        ),
        (
            "iccid = \"8949020000123456\"",
            4,
            ["has 16 digits", "18 to 20"],
        ),
        (
            "iccid = \"8949020000123456789\"",
            4,
            ["check digit (Luhn)", "mistyped"],
        ),
        (
            "iccid = \"89490200001234567890\"",
            4,
            ["check digit (Luhn)", "mistyped"],
        ),
        (
            "iccid = \"1249020000123456788\"",
            4,
            ["does not begin with 89", "look"],
        ),
        ("iccid = \"8949x20000123456788\"", 4, ["digits", "quotes"]),
        ("imsi = \"26202\"", 4, ["has 5 digits", "15"]),
        (
            "imsi = \"262021234567890\"\npin = \"12\"",
            5,
            ["pin", "4 to 8 digits"],
        ),
        (
            "imsi = \"262021234567890\"\nnumber = \"0151\"",
            5,
            ["number", "0151"],
        ),
    ] {
        one_fault(&format!("[[sim]]\n{sim}\n"), line, &parts);
    }
    settings(
        "[[sim]]\niccid = \"89490200001234567892\"\n[[sim]]\niccid = \"8949020000123456788\"\n",
    );
    one_fault(
        "[[sim]]\nimsi = \"262021234567890\"\n[[sim]]\nimsi = \"262021234567890\"\n",
        5,
        &["two [[sim]] have the imsi"],
    );
}

#[test]
fn the_rest_of_a_modem_is_checked() {
    let with = |port: &str, rest: &str| {
        format!("{POOL}[[modem]]\nname = \"a\"\npool = \"rack\"\nport = \"{port}\"\n{rest}")
    };
    for (port, rest, line, parts) in [
        ("ttyUSB0", "", 10, ["whole path", "/dev/serial/by-id"]),
        ("tcp://10.0.0.5", "", 10, ["port", "tcp://10.0.0.5"]),
        ("/dev/ttyUSB0", "baud = 12345\n", 11, ["baud", "115200"]),
        ("tcp://h:1", "baud = 9600\n", 11, ["baud", "serial server"]),
        (
            "/dev/ttyUSB0",
            "dialect = \"huawai\"\n",
            11,
            ["dialect", "did you mean `huawei`"],
        ),
        (
            "/dev/ttyUSB0",
            "usb_reset = []\n",
            11,
            ["usb_reset", "is empty"],
        ),
        (
            "/dev/ttyUSB0",
            "power_cycle = [\"/no/such/program\"]\n",
            11,
            ["power_cycle", "no file"],
        ),
        (
            "/dev/ttyUSB0",
            "pin = \"abcd\"\n",
            11,
            ["pin", "4 to 8 digits"],
        ),
        (
            "/dev/ttyUSB0",
            "pins = \"1234\"\n",
            11,
            ["unknown key `pins`", "did you mean `pin`"],
        ),
    ] {
        one_fault(&with(port, rest), line, &parts);
    }
    for (pool, parts) in [
        ("networks = \"262\"", ["networks", "five or six"]),
        ("networks = \"26-202\"", ["networks", "262-02"]),
        ("balance_ussd = \"AT+CUSD\"", ["balance_ussd", "dials"]),
        ("balance_every = \"1d\"", ["balance_every", "balance_ussd"]),
    ] {
        one_fault(&format!("{POOL}{pool}\n{MODEM}"), 7, &parts);
    }
}

#[test]
fn a_modem_that_is_off_is_no_link() {
    let off = MODEM.replace("\"a\"", "\"b\"").replace("4001", "4002") + "enabled = false\n";
    assert_eq!(
        settings(&format!("{POOL}{MODEM}{off}")).carriers[0].links,
        1
    );
}
