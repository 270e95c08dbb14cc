//! Addresses, TLS, outbind and the profile of a `[[carrier]]`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use carrack_message::carrier_id::IdBase;
use carrack_settings::{
    Bind, Carrier, CarrierTls, Multipart, OnNoResponse, Profile, Settings, ThrottleMode, TlsUse,
};

const NODE: &str = "[node]\ndata_dir = \"data\"\n";
const CARRIER: &str =
    "[[carrier]]\nname = \"north\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\n";
const ADDRESS: &str = "address = \"h:1\"\n";
/// Line of the first key after [`NODE`] and [`CARRIER`].
const LINE: usize = 8;

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, label) in [("cert.pem", "CERTIFICATE"), ("key.pem", "PRIVATE KEY")] {
        let pem = format!("-----BEGIN {label}-----\nMIIBAAAA\n-----END {label}-----\n");
        std::fs::write(dir.path().join(name), pem).unwrap();
    }
    dir
}

fn carrier_in(dir: &Path, keys: &str) -> Carrier {
    let settings = Settings::parse(&format!("{NODE}{CARRIER}{keys}"), "c.toml", dir)
        .unwrap_or_else(|faults| panic!("{faults}"));
    settings.carriers[0].clone()
}

fn carrier(keys: &str) -> Carrier {
    carrier_in(Path::new(""), keys)
}

/// The keys have exactly this fault, in this of their lines (from 0), with these parts.
#[track_caller]
fn one_fault(keys: &str, line: usize, parts: &[&str]) {
    let dir = folder();
    let faults =
        Settings::parse(&format!("{NODE}{CARRIER}{keys}"), "c.toml", dir.path()).unwrap_err();
    assert_eq!(faults.0.len(), 1, "{faults}");
    assert_eq!(faults.0[0].line, LINE + line, "{faults}");
    for part in parts {
        assert!(faults.0[0].what.contains(part), "{faults} lacks {part}");
    }
}

#[test]
fn addresses_are_a_text_or_a_list_in_order() {
    let shown = |keys: &str| {
        carrier(keys)
            .addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("address = \"[::1]:2775\""), ["[::1]:2775"]);
    assert_eq!(
        shown("address = [\"b.example:2775\", \"a.example:2776\", \"[2001:db8::1]:3\"]"),
        ["b.example:2775", "a.example:2776", "[2001:db8::1]:3"]
    );
    one_fault("address = []", 0, &["is empty"]);
    one_fault("address = [\"h:1\", \"h:1\"]", 0, &["names h:1 twice"]);
    one_fault("address = [\n  \"h:1\",\n  \"h\"]", 2, &["host and port"]);
    let many: Vec<String> = (1..=33).map(|port| format!("\"h:{port}\"")).collect();
    one_fault(
        &format!("address = [{}]", many.join(", ")),
        0,
        &["at most 32"],
    );
}

#[test]
fn a_local_address_is_of_the_family_of_the_addresses() {
    let local = |keys: &str| carrier(keys).local_address.map(|ip| ip.to_string());
    assert_eq!(local(ADDRESS), None);
    assert_eq!(
        local("address = \"h:1\"\nlocal_address = \"192.0.2.7\""),
        Some("192.0.2.7".to_owned())
    );
    assert_eq!(
        local("address = \"[::1]:1\"\nlocal_address = \"2001:db8::7\""),
        Some("2001:db8::7".to_owned())
    );
    one_fault(
        "address = [\"127.0.0.1:1\", \"[::1]:1\"]\nlocal_address = \"192.0.2.7\"",
        1,
        &["is IPv4, and [::1]:1 is IPv6"],
    );
    one_fault(
        "address = \"h:1\"\nlocal_address = \"eth0\"",
        1,
        &["write an IP address"],
    );
}

#[test]
fn tls_is_true_false_or_a_table() {
    let dir = folder();
    let tls = |keys: &str| carrier_in(dir.path(), &format!("{ADDRESS}{keys}")).tls;
    assert_eq!(
        (tls(""), tls("tls = false"), tls("tls = true")),
        (None, None, Some(CarrierTls::default()))
    );
    assert_eq!(tls("tls = {}"), Some(CarrierTls::default()));
    let whole = tls("tls = { ca = \"cert.pem\", server_name = \"smsc.example.com\", cert = \"cert.pem\", key = \"key.pem\" }").unwrap();
    assert_eq!(whole.ca, Some(dir.path().join("cert.pem")));
    assert_eq!(whole.server_name.as_deref(), Some("smsc.example.com"));
    assert_eq!(
        whole.certificate,
        Some((dir.path().join("cert.pem"), dir.path().join("key.pem")))
    );
    let bad = |tls: &str, parts: &[&str]| one_fault(&format!("{ADDRESS}tls = {tls}"), 1, parts);
    bad("\"yes\"", &["true, false or a table"]);
    bad(
        "{ cert = \"cert.pem\" }",
        &["`cert` in tls of [[carrier]] has no `key` beside it"],
    );
    bad("{ key = \"key.pem\" }", &["has no `cert` beside it"]);
    bad("{ ca = \"key.pem\" }", &["no whole certificate"]);
    bad("{ ca = \"gone.pem\" }", &["cannot be read"]);
    bad(
        "{ server_name = \"smsc.example.com:2775\" }",
        &["without port"],
    );
    bad(
        "{ sni = \"x\" }",
        &["unknown key `sni` in tls of [[carrier]]"],
    );
}

#[test]
fn the_profile_says_whether_tls_is_used_where_the_carrier_does_not() {
    let tls = |keys: &str| {
        let carrier = carrier(&format!("{ADDRESS}profile = \"infobip-like\"\n{keys}"));
        (carrier.tls.is_some(), carrier.profile.tls)
    };
    assert_eq!(tls(""), (true, TlsUse::Required));
    assert_eq!(tls("tls = false"), (false, TlsUse::Off));
    assert_eq!(
        carrier(&format!("{ADDRESS}tls = true")).profile.tls,
        TlsUse::Required
    );
}

#[test]
fn a_carrier_that_connects_to_us_may_be_named_by_its_hosts() {
    let found = carrier(
        "outbind_listen = \"[::1]:2775\"\noutbind_system_id = \"smsc\"\noutbind_password = \"hush\"",
    );
    assert_eq!(found.outbind_listen, Some("[::1]:2775".parse().unwrap()));
    assert_eq!(
        (found.addresses.len(), found.outbind_system_id.as_deref()),
        (0, Some("smsc"))
    );
    assert_eq!(found.outbind_password.as_ref().unwrap().expose(), "hush");
    assert!(!format!("{found:?}").contains("hush"));
    one_fault(
        "outbind_listen = \"h:2775\"",
        0,
        &["write an IP address and a port"],
    );
    let hosts =
        carrier("address = [\"a.example:1\", \"192.0.2.7:1\"]\noutbind_listen = \"0.0.0.0:1\"")
            .addresses;
    assert_eq!(hosts.len(), 2);
    // Whoever connects is told our password.
    one_fault(
        "outbind_listen = \"0.0.0.0:1\"",
        0,
        &["our password to anybody", "`address`", "`outbind_password`"],
    );
    one_fault(
        "outbind_listen = \"0.0.0.0:1\"\noutbind_system_id = \"smsc\"",
        0,
        &["our password to anybody"],
    );
    assert!(
        carrier("outbind_listen = \"0.0.0.0:1\"\noutbind_password = \"x\"")
            .outbind_listen
            .is_some()
    );
    assert!(
        carrier("outbind_listen = \"127.0.0.1:1\"")
            .outbind_listen
            .is_some()
    );
    one_fault(
        "address = \"h:1\"\noutbind_listen = \"0.0.0.0:1\"\nlocal_address = \"192.0.2.7\"",
        2,
        &["`local_address`", "stands beside `outbind_listen`"],
    );
    one_fault(
        "outbind_listen = \"127.0.0.1:1\"\ntls = true",
        1,
        &["`tls`", "stands beside `outbind_listen`"],
    );
    one_fault(
        "address = \"h:1\"\noutbind_password = \"x\"",
        1,
        &["only for carriers that connect to us"],
    );
    // Without either, the section's first line is named.
    let none = Settings::parse(&format!("{NODE}{CARRIER}"), "c.toml", Path::new(""))
        .unwrap_err()
        .to_string();
    assert!(
        none.starts_with("c.toml:3: `address` is missing in [[carrier]]"),
        "{none}"
    );
}

#[test]
fn keys_of_the_carrier_win_over_its_profile() {
    let dir = tempfile::tempdir().unwrap();
    let text = "bind = \"transmitter_receiver\"\nsystem_type = \"VMA\"\nbinds = 4\nwindow = 7\nrate_segments = 50\nresp_timeout = \"20s\"\n\
        enquire_idle = \"15s\"\nenquire_misses = 5\nrebind_backoff = { first = \"2s\", max = \"4s\" }\ninterface_version = \"5.0\"\n\
        throttle_mode = \"pause\"\n";
    std::fs::write(dir.path().join("p.toml"), text).unwrap();
    let profile = format!("{ADDRESS}profile = \"p.toml\"\n");
    let taken = carrier_in(dir.path(), &profile);
    assert_eq!(taken.profile, Profile::find("p.toml", dir.path()).unwrap());
    let own = "bind = \"transceiver\"\nsystem_type = \"\"\nlinks = 1\nwindow = 100\nrate = 9\nresponse_timeout = \"10s\"\n\
        enquire_link = \"30s\"\nenquire_link_misses = 2\nreconnect_delay = \"1s\"\nreconnect_delay_max = \"60s\"\ninterface_version = \"3.4\"\n";
    let won = carrier_in(dir.path(), &format!("{profile}{own}"));
    let expected = Profile {
        name: "p".to_owned(),
        throttle_mode: ThrottleMode::Pause,
        rate_segments: Some(9),
        ..Profile::default()
    };
    assert_eq!(won.profile, expected);
    // What both have is the same in both.
    for found in [taken, won] {
        let profile = &found.profile;
        assert_eq!(
            (found.bind, &found.system_type, found.links),
            (profile.bind, &profile.system_type, profile.binds)
        );
        assert_eq!(
            (found.window, found.rate, found.response_timeout),
            (profile.window, profile.rate_segments, profile.resp_timeout)
        );
        assert_eq!(
            (found.enquire_link, found.enquire_link_misses),
            (profile.enquire_idle, profile.enquire_misses)
        );
        assert_eq!(
            (found.reconnect_delay, found.reconnect_delay_max),
            (profile.rebind_first, profile.rebind_max)
        );
        assert_eq!(found.interface_version, profile.interface_version);
    }
}

#[test]
fn a_carrier_without_profile_has_the_default() {
    assert_eq!(carrier(ADDRESS).profile, Profile::default());
    let named = carrier(&format!(
        "{ADDRESS}profile = \"hex-response-decimal-receipt\""
    ))
    .profile;
    assert_eq!(
        (named.ids.submit, named.ids.receipt),
        (IdBase::Hex, IdBase::Decimal)
    );
}

#[test]
fn faults_of_a_profile_are_told_with_those_of_the_configuration_and_once() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("profiles")).unwrap();
    std::fs::write(
        dir.path().join("profiles/bad.toml"),
        "window = 0\nbnid = \"receiver\"\n",
    )
    .unwrap();
    let profile = "address = \"h:1\"\nprofile = \"bad\"\nwindow = -1\n";
    let text = format!(
        "{NODE}{CARRIER}{profile}{}{profile}",
        CARRIER.replace("north", "south")
    );
    let shown = Settings::parse(&text, "c.toml", dir.path())
        .unwrap_err()
        .to_string();
    let file = dir.path().join("profiles/bad.toml").display().to_string();
    let begins = [
        "c.toml:10: ".to_owned(),
        "c.toml:18: ".to_owned(),
        format!("{file}:1: "),
        format!("{file}:2: "),
    ];
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), begins.len(), "{shown}");
    for (line, begin) in lines.iter().zip(&begins) {
        assert!(line.starts_with(begin), "{line} lacks {begin}");
    }
    one_fault(
        "address = \"h:1\"\nprofile = \"infobip\"",
        1,
        &[
            "`profile` in [[carrier]] names \"infobip\"",
            "is no profile",
            "profiles/infobip.toml",
        ],
    );
    one_fault(
        "address = \"h:1\"\nprofile = \"mine/gone.toml\"",
        1,
        &["names \"mine/gone.toml\"", "cannot be read"],
    );
}

#[test]
fn limits_of_the_profile_hold_for_what_the_carrier_says() {
    one_fault(
        "address = \"h:1\"\nprofile = \"cdma-without-udh\"\ninterface_version = \"3.3\"",
        2,
        &["`long_method` and `flash_form` of profile `cdma-without-udh`"],
    );
    let dir = folder();
    let text = format!(
        "{NODE}{}address = \"h:1\"\nprofile = \"specification-3.4\"\n",
        CARRIER.replace("\"p\"", "\"nine-char\"")
    );
    let shown = Settings::parse(&text, "c.toml", dir.path())
        .unwrap_err()
        .to_string();
    assert!(
        shown.starts_with("c.toml:6: `password` in [[carrier]] has 9 characters")
            && !shown.contains("nine-char"),
        "{shown}"
    );
}

#[test]
fn a_route_to_a_carrier_that_only_receives_is_a_fault() {
    let route = "[[route]]\ncarriers = [\"north\"]\n";
    one_fault(
        &format!("{ADDRESS}bind = \"receiver\"\n{route}"),
        2,
        &[
            "the route `route-1` names the carrier `north`",
            "takes no messages",
        ],
    );
    assert_eq!(
        carrier(&format!("{ADDRESS}bind = \"transmitter\"\n{route}")).bind,
        Bind::Transmitter
    );
}

#[test]
fn delivery_says_which_receipts_decide_and_what_is_done_without_response() {
    let delivery = |keys: &str| {
        Settings::parse(&format!("{NODE}[delivery]\n{keys}"), "c", Path::new(""))
            .unwrap()
            .delivery
    };
    assert_eq!(
        (delivery("").multipart, delivery("").on_no_response),
        (Multipart::All, OnNoResponse::Resend)
    );
    assert_eq!(delivery("multipart = \"any\"").multipart, Multipart::Any);
    assert_eq!(delivery("multipart = \"last\"").multipart, Multipart::Last);
    assert_eq!(
        delivery("on_no_response = \"query\"").on_no_response,
        OnNoResponse::Query
    );
}
