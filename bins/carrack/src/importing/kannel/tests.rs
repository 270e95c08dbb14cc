//! Whole configurations, read and written.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use carrack_settings::Bind;

use super::import;
use crate::importing::Imported;
use crate::importing::asked::{left, settings};

const SAMPLE: &str = r#"
# A gateway with two carriers
group = core
admin-port = 13000
admin-password = bar
smsbox-port = 13001
log-file = "/var/log/kannel/bearerbox.log"
maximum-queue-length = 500000

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = 13013
global-sender = 13013

include = "carriers.conf"

group = sendsms-user
username = tester
password = "fo\"o bar"
user-deny-ip = "*.*.*.*"
user-allow-ip = "127.0.0.1;10.0.*.*"
dlr-url = "http://127.0.0.1/dlr?id=%I&s=%d"
max-messages = 3

group = sendsms-user
username = Shop Two
password = foobar
faked-sender = SHOP
forced-smsc = North

group = sms-service
keyword = stop
aliases = halt;end
get-url = "http://127.0.0.1/mo?from=%p"

group = wapbox
map-url-max = 10
"#;

const CARRIERS: &str = r#"
group = smsc
smsc = smpp
smsc-id = North
host = smsc.example.com
port = 2775
transceiver-mode = true
smsc-username = acme
smsc-password = secret
system-type = VMA
throughput = 50
msg-id-type = 1
source-addr-ton = 5
source-addr-npi = 0
source-addr-autodetect = false
alt-charset = ISO-8859-1
allowed-smsc-id = North
preferred-prefix = "+44;0049"

group = smsc
smsc = smpp
smsc-id = south
host = 192.0.2.9
port = 2776
receive-port = 2776
smsc-username = acme2
smsc-password = secret2
max-pending-submits = 20
denied-prefix = 49

group = smsc
smsc = fake
smsc-id = test
"#;

fn imported(files: &[(&str, &str)]) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let first = folder.path().join(files[0].0);
    import(&[first]).unwrap()
}

#[test]
fn a_usual_configuration_becomes_one_that_is_good() {
    let imported = imported(&[("kannel.conf", SAMPLE), ("carriers.conf", CARRIERS)]);
    let settings = settings(&imported);
    assert_eq!(settings.http.unwrap().listen.to_string(), "0.0.0.0:13013");
    assert_eq!(settings.queue.messages_max, 500_000);
    let [tester, shop] = settings.accounts.as_slice() else {
        panic!("{}", imported.text)
    };
    assert_eq!(
        (tester.name.as_str(), tester.sender.as_deref()),
        ("tester", Some("13013"))
    );
    assert_eq!(
        tester.legacy.password.as_ref().unwrap().expose(),
        "fo\"o bar"
    );
    assert_eq!(tester.allowed_ips.len(), 2);
    assert!(tester.legacy.dlr_url.is_some());
    assert_eq!(
        (shop.name.as_str(), shop.legacy.user.as_deref()),
        ("shop-two", Some("Shop Two"))
    );
    assert_eq!(shop.senders.len(), 1);
    let [north, south] = settings.carriers.as_slice() else {
        panic!("{}", imported.text)
    };
    assert_eq!(
        (north.name.as_str(), north.rate, north.bind),
        ("north", Some(50), Bind::Transceiver)
    );
    assert_eq!(
        (south.name.as_str(), south.window, south.bind),
        ("south", 20, Bind::TransmitterReceiver)
    );
    let profile = imported
        .beside
        .iter()
        .find(|made| made.path == "profiles/north.toml")
        .unwrap();
    for part in [
        "id_submit_base = \"hex\"",
        "id_receipt_base = \"decimal\"",
        "dc0_alphabet = \"latin1\"",
        "ton_npi_rules",
    ] {
        assert!(profile.text.contains(part), "{}", profile.text);
    }
    assert!(imported.has_secrets);
}

#[test]
fn routes_choose_from_whom_kannel_would() {
    let imported = imported(&[("kannel.conf", SAMPLE), ("carriers.conf", CARRIERS)]);
    let settings = settings(&imported);
    let taken: Vec<String> = (settings.routes.iter())
        .map(|route| route.carriers.join("+"))
        .collect();
    // North takes only what is for it, and is preferred for 44 and 49; south takes no 49.
    let for_north = ["north+south", "north", "north+south"];
    // The account that is forced to it, then the tag, then 44 and all else.
    let expected = [&for_north[..], &for_north, &["south", "south"]].concat();
    assert_eq!(taken, expected, "{}", imported.text);
    for part in [
        "match = { account = \"shop-two\", prefix = [\"49\"] }",
        "match = { tag = \"North\", prefix = [\"44\"] }",
        "match = {}",
    ] {
        assert!(imported.text.contains(part), "{part}\n{}", imported.text);
    }
    let refused = left(&imported, "messages that match { prefix = [\"49\"] }");
    assert!(refused.contains("Kannel refuses them"), "{refused}");
}

#[test]
fn octets_that_are_no_configuration_make_none() {
    let octets: String = (0..4000_u32)
        .filter_map(|n| char::from_u32(n * 7 % 256))
        .collect();
    for text in ["", "\n\n", &octets, "one = two\n", "{\"a\": 1}"] {
        let imported = imported(&[("kannel.conf", text)]);
        let fault = imported.is_something().unwrap_err().to_string();
        assert!(fault.contains("nothing was found there"), "{fault}");
    }
    assert!(
        imported(&[("kannel.conf", SAMPLE), ("carriers.conf", CARRIERS)])
            .is_something()
            .is_ok()
    );
}

#[test]
fn what_was_not_carried_over_is_listed_with_its_line() {
    let imported = imported(&[("kannel.conf", SAMPLE), ("carriers.conf", CARRIERS)]);
    for (what, part) in [
        ("log-file", "[log]"),
        ("admin-port", "operator = true"),
        ("admin-password", "operator"),
        ("max-messages", "segments_max"),
        ("faked-sender", "refused"),
        (
            "sms-service stop",
            "keyword = [\"stop\", \"halt\", \"end\"]",
        ),
        ("smsc test (fake)", "smscsim"),
        ("group = wapbox", "WAP"),
        ("callbacks of", "name your hosts"),
    ] {
        assert!(
            left(&imported, what).contains(part),
            "{what}: {}",
            left(&imported, what)
        );
    }
    let admin = imported
        .left
        .iter()
        .find(|left| left.what.starts_with("admin-port"))
        .unwrap();
    assert_eq!(
        (
            admin.line,
            Path::new(&admin.file).file_name().unwrap().to_str()
        ),
        (4, Some("kannel.conf"))
    );
    let fake = imported
        .left
        .iter()
        .find(|left| left.what.contains("fake"))
        .unwrap();
    assert!(fake.file.ends_with("carriers.conf"));
    let shown = format!("{:?}", imported.left);
    assert!(!shown.contains("\"bar\"") && shown.contains("(a secret)"));
}

#[test]
fn what_ours_cannot_be_is_left_out_and_the_rest_stays_good() {
    let text = "group = smsbox\nsendsms-port = 99999\n\n\
        group = sendsms-user\nusername = a\npassword = b\ndefault-sender = MUCHTOOLONGSENDER\n\n\
        group = sendsms-user\nusername = a\npassword = c\n\n\
        group = sendsms-user\nusername = nopass\n\n\
        group = smsc\nsmsc = smpp\nhost = h\nport = 1\nsmsc-username = averylongsystemidentifier\nsmsc-password = p\n\n\
        a line\n\nname = value\n\ninclude = nowhere.conf\n";
    let imported = imported(&[("kannel.conf", text)]);
    let settings = settings(&imported);
    assert_eq!(settings.accounts.len(), 1);
    assert!(settings.carriers.is_empty() && settings.http.is_none());
    for what in [
        "sendsms-port",
        "sender of a",
        "sendsms-user a",
        "sendsms-user nopass",
        "smsc smpp",
        "a line",
        "name = value",
        "include",
    ] {
        left(&imported, what);
    }
}

#[test]
fn files_that_include_each_other_are_read_once() {
    let imported = imported(&[
        (
            "a.conf",
            "include = b.conf\n\ngroup = sendsms-user\nusername = a\npassword = b\n",
        ),
        (
            "b.conf",
            "include = a.conf\n\ngroup = sendsms-user\nusername = b\npassword = b\n",
        ),
    ]);
    assert_eq!(settings(&imported).accounts.len(), 2);
}
