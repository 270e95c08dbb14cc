//! What a good configuration says is what the settings hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::time::Duration;

use carrack_message::{Class, Micros};
use carrack_settings::{
    Bind, DurabilityMode, InterfaceVersion, OnNoResponse, Policy, Price, Settings, Shards,
};

fn parse(text: &str) -> Settings {
    Settings::parse(text, "c", Path::new("/etc/carrack"))
        .unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_least_configuration_has_no_front_door() {
    let settings = parse("[node]\ndata_dir = \"data\"\n");
    assert_eq!(settings.node.data_dir, Path::new("/etc/carrack/data"));
    assert!(
        settings.http.is_none() && settings.smpp_server.is_none() && settings.carriers.is_empty()
    );
    assert_eq!(
        (
            Shards::Auto.on(0),
            Shards::Auto.on(500),
            Shards::Count(3).on(1)
        ),
        (1, 64, 3)
    );
}

#[test]
fn the_delay_depends_on_the_mode() {
    let mode = |text: &str| {
        parse(&format!(
            "[node]\ndata_dir = \"/d\"\n[durability]\n{text}\n"
        ))
        .durability
    };
    assert_eq!(mode("").max_delay, Duration::ZERO);
    let interval = mode("mode = \"interval\"\nmax_batch = 100");
    assert_eq!(interval.mode, DurabilityMode::Interval);
    assert_eq!(
        (interval.max_delay, interval.frame_messages_max),
        (Duration::from_millis(10), 100)
    );
}

#[test]
fn keys_of_the_largest_chunk_may_be_under_way_at_once() {
    let read = |under_way_max: u64| {
        let text = format!(
            "[node]\ndata_dir = \"/d\"\n[durability]\nmax_batch = 65535\n[queue]\nidempotency_under_way_max = {under_way_max}\n"
        );
        Settings::parse(&text, "c", Path::new("/etc/carrack"))
    };
    let largest = u64::from(read(65_536).unwrap().durability.frame_messages_max);
    assert!(
        read(largest).is_err(),
        "a file with keys would wait for ever"
    );
}

#[test]
fn carriers_routes_and_accounts_keep_order_and_values() {
    let settings = parse(
        "[node]\ndata_dir = \"/d\"\nshards = 2\n\
        [[carrier]]\nname = \"b\"\naddress = \"[::1]:2775\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.0075\n\
        bind = \"transmitter_receiver\"\ninterface_version = \"5.0\"\nwindow = 1_000\nenabled = false\n\
        [[carrier]]\nname = \"a\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = \"2\"\n\
        [[account]]\nname = \"shop\"\nsystem_id = \"s\"\npassword = \"q\"\nallowed_ips = \"10.0.0.0/8\"\nclass = \"otp\"\n\
        [[route]]\nmatch = { prefix = [\"+447\", \"1\"], account = \"shop\", class = [\"otp\"], from = \"X\" }\n\
        carriers = [\"a\", \"b\"]\npolicy = \"ordered\"\non_no_response = \"wait\"\nattempts_max = 3\n\
        [[route]]\ncarriers = [\"b\"]\n",
    );
    let [b, a] = settings.carriers.as_slice() else {
        panic!("two carriers")
    };
    assert_eq!((b.name.as_str(), b.line, a.line), ("b", 4, 14));
    assert_eq!(
        (b.addresses[0].host.as_str(), b.addresses[0].port),
        ("::1", 2775)
    );
    assert_eq!(
        (&b.price, &a.price),
        (&Price::Flat(Micros(7_500)), &Price::Flat(Micros(2_000_000)))
    );
    assert_eq!(
        (b.bind, b.interface_version, b.window),
        (Bind::TransmitterReceiver, InterfaceVersion::V50, 1_000)
    );
    assert!(!b.enabled && a.enabled);
    let [first, second] = settings.routes.as_slice() else {
        panic!("two routes")
    };
    assert_eq!(
        (first.name.as_str(), second.name.as_str()),
        ("route-1", "route-2")
    );
    assert_eq!(
        (&first.carriers, &first.carrier_numbers),
        (&vec!["a".to_owned(), "b".to_owned()], &vec![1, 0])
    );
    assert_eq!(
        (first.policy.clone(), second.policy.clone()),
        (Policy::Ordered, Policy::LeastCost)
    );
    assert_eq!(
        (first.on_no_response, first.attempts_max),
        (Some(OnNoResponse::Wait), Some(3))
    );
    assert_eq!(first.matches.prefixes, ["447", "1"]);
    assert_eq!(
        (&first.matches.accounts, &first.matches.classes),
        (&vec!["shop".to_owned()], &vec![Class::Otp])
    );
    assert_eq!(second.matches, carrack_settings::Match::default());
    let account = &settings.accounts[0];
    assert!(account.allowed_ips[0].contains("10.9.9.9".parse().unwrap()));
    assert!(!account.allowed_ips[0].contains("11.0.0.1".parse().unwrap()));
    assert_eq!((account.class, account.line), (Some(Class::Otp), 20));
    assert!(settings.source.text.starts_with("[node]"));
}
