//! A whole store, as `samples/make.py` makes it with Python's own pickles.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use carrack_settings::Bind;
use proptest::prelude::*;

use super::{import, pickle};
use crate::importing::Imported;
use crate::importing::asked::{left, settings};

const CFG: &str = "[http-api]\nbind = 127.0.0.1\nport = 1401\n# comment = 1\nlong_content_max_parts = 7\nlog_level = INFO\n\
                   [smpp-server]\nport = 2776\n[redis-client]\nhost = 127.0.0.1\npassword = hidden\n";
const SAMPLES: [(&str, &[u8]); 5] = [
    ("smppccs", include_bytes!("samples/jcli-prod.smppccs")),
    (
        "router-groups",
        include_bytes!("samples/jcli-prod.router-groups"),
    ),
    (
        "router-users",
        include_bytes!("samples/jcli-prod.router-users"),
    ),
    (
        "router-mtroutes",
        include_bytes!("samples/jcli-prod.router-mtroutes"),
    ),
    (
        "router-moroutes",
        include_bytes!("samples/jcli-prod.router-moroutes"),
    ),
];

fn imported() -> Imported {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jasmin.cfg"), CFG).unwrap();
    std::fs::create_dir(folder.path().join("store")).unwrap();
    for (kind, octets) in SAMPLES {
        let path = folder.path().join(format!("store/jcli-prod.{kind}"));
        std::fs::write(path, octets).unwrap();
    }
    import(folder.path(), "jcli-prod").unwrap()
}

#[test]
fn users_keep_their_names_passwords_and_limits() {
    let imported = imported();
    let settings = settings(&imported);
    let [one, two] = settings.accounts.as_slice() else {
        panic!("{}", imported.text)
    };
    assert_eq!(
        (one.name.as_str(), one.group.as_deref()),
        ("one", Some("shops"))
    );
    assert_eq!(
        (one.system_id.as_deref(), one.legacy.user.as_deref()),
        (Some("foo"), Some("foo"))
    );
    // The MD5 of "bar".
    let kept = "$md5$37b51d194a7513e45b56f6524f2d51f2";
    assert_eq!(one.password.as_ref().unwrap().expose(), kept);
    assert_eq!(one.legacy.password.as_ref().unwrap().expose(), kept);
    assert_eq!(
        (one.rate, one.binds_max, one.sender.as_deref()),
        (Some(50), 2, Some("ACME"))
    );
    assert_eq!(one.allowed_ips.len(), 2);
    assert_eq!((two.name.as_str(), two.system_id.as_deref()), ("two", None));
    assert!(left(&imported, "user one (foo): balance 100").contains("deck"));
    assert!(left(&imported, "user two (two): source_address ^ACME$").contains("senders"));
    assert!(left(&imported, "user one (foo): callbacks at any host").contains("name your hosts"));
    assert!(left(&imported, "user two (two): may not set_priority").contains("doors"));
    for disabled in ["user off", "user gone"] {
        assert!(left(&imported, disabled).contains("disabled"));
    }
}

#[test]
fn connectors_become_carriers_with_the_profiles_they_need() {
    let imported = imported();
    let settings = settings(&imported);
    let [north, south] = settings.carriers.as_slice() else {
        panic!("{}", imported.text)
    };
    assert_eq!(
        (north.name.as_str(), north.rate, north.enabled),
        ("north_1", Some(50), true)
    );
    assert_eq!((south.bind, south.enabled), (Bind::Transmitter, false));
    let [profile] = imported.beside.as_slice() else {
        panic!("{:?}", imported.beside)
    };
    for part in [
        "id_submit_base = \"hex\"",
        "id_receipt_base = \"decimal\"",
        "kind = \"short\", ton = 5, npi = 0",
    ] {
        assert!(profile.text.contains(part), "{}", profile.text);
    }
    left(&imported, "smppccm bad");
    assert!(left(&imported, "smppccm south: service_type = CMT").contains("not sent"));
}

#[test]
fn routes_keep_their_order_and_what_cannot_be_said_takes_its_route_with_it() {
    let imported = imported();
    let settings = settings(&imported);
    let names: Vec<&str> = settings
        .routes
        .iter()
        .map(|route| route.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["mtroute-90", "mtroute-80", "mtroute-70", "mtroute-0"]
    );
    for part in [
        "match = { account = \"one\", prefix = [\"44\"] }",
        "match = { group = \"shops\", tag = \"702\" }",
        "match = { from = \"ACME\", text = \"^(?:code)\", dates = \"2026-12-24..2026-12-26\", hours = \"08:00-18:30\" }",
        "policy = \"weighted\"",
    ] {
        assert!(imported.text.contains(part), "{part}\n{}", imported.text);
    }
    assert!(left(&imported, "mtroute 60").contains("EvalPyFilter"));
    assert!(left(&imported, "mtroute 50").contains("user off"));
    assert!(left(&imported, "mtroute 40").contains("connector bad"));
    assert!(left(&imported, "mtroute 90 (StaticMTRoute): rate 2.8").contains("deck"));
    let [rule] = settings.mo_routes.as_slice() else {
        panic!("{}", imported.text)
    };
    assert_eq!(
        (rule.name.as_str(), rule.account.as_str()),
        ("moroute-20", "one")
    );
    assert!(left(&imported, "moroute 0").contains("http://127.0.0.1/mo"));
}

#[test]
fn doors_listen_where_they_did_and_what_else_is_set_is_told_of() {
    let imported = imported();
    let settings = settings(&imported);
    let http = settings.http.as_ref().unwrap();
    assert_eq!(
        (http.listen.to_string().as_str(), http.jasmin),
        ("127.0.0.1:1401", true)
    );
    assert_eq!(
        settings.smpp_server.as_ref().unwrap().listen.to_string(),
        "0.0.0.0:2776"
    );
    assert_eq!(settings.delivery.segments_max, 7);
    assert!(left(&imported, "[redis-client] host").contains("no database"));
    let shown = format!("{:?}", imported.left);
    assert!(!shown.contains("hidden"));
}

#[test]
fn a_folder_that_is_none_of_jasmins_is_said_to_be_none() {
    assert!(import(Path::new("/nowhere"), "x").is_err());
    let folder = tempfile::tempdir().unwrap();
    let empty = import(folder.path(), "jcli-prod").unwrap();
    assert!(settings(&empty).accounts.is_empty());
    let path = folder.path().join("jcli-prod.router-users");
    std::fs::write(&path, b"\x80\x02].").unwrap();
    let fault = import(folder.path(), "jcli-prod").unwrap_err().to_string();
    assert!(fault.contains("Persisted on"), "{fault}");
    std::fs::write(&path, b"Persisted on x\n\x80\x02]q").unwrap();
    let fault = format!("{:#}", import(folder.path(), "jcli-prod").unwrap_err());
    assert!(fault.contains("octet 3"), "{fault}");
}

proptest! {
    #[test]
    fn any_octets_are_read_or_refused(octets: Vec<u8>) {
        let _ = pickle::read(&octets);
    }

    #[test]
    fn a_store_with_a_changed_octet_is_read_or_refused(place in 60_usize..1600, octet: u8) {
        let folder = tempfile::tempdir().unwrap();
        let mut users = SAMPLES[2].1.to_vec();
        if let Some(there) = users.get_mut(place) {
            *there = octet;
        }
        std::fs::write(folder.path().join("jcli-prod.router-users"), users).unwrap();
        if let Ok(imported) = import(folder.path(), "jcli-prod") {
            settings(&imported);
        }
    }
}
