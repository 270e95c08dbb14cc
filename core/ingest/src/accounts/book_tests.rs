//! The book: who opens what, and what a reload changes.
#![allow(clippy::unwrap_used, clippy::panic)]
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::book::{AccountBook, Accounts, Admission, Proof};
use super::{AccessFault, AccountSpec, AccountsFault, ApiKey, Scope, Scopes, Secret};

fn spec(name: &str) -> AccountSpec {
    AccountSpec {
        name: name.into(),
        api_key: Some(format!("{name}-key")),
        system_id: Some(format!("{name}-id")),
        password: Some(format!("{name}-pass")),
        class: None,
        sender: None,
        region: None,
        rate: Some(10),
        window: 10,
        binds_max: 1,
        deck: None,
        allowed_ips: Vec::new(),
        operator: false,
        segments_max: 10,
        validity_max: Duration::from_secs(60),
        ..AccountSpec::named(name)
    }
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn number(name: &str) -> Option<u32> {
    name.bytes().next().map(u32::from)
}

#[test]
fn only_whole_credentials_of_one_account_open() {
    let book = Accounts::build(&[spec("a"), spec("b")], number).unwrap();
    assert_eq!(book.by_key("a-key", HERE).unwrap().account.name, "a");
    assert_eq!(
        book.by_basic("b", "b-key", HERE, Scope::Send).unwrap().name,
        "b"
    );
    for (user, secret) in [("b-id", "b-pass"), ("b", "b-pass"), ("b-id", "b-key")] {
        assert!(
            book.by_basic(user, secret, HERE, Scope::Send).is_err(),
            "{user}"
        );
    }
    let Admission::Open(account) = book.by_system_id("a-id", "a-pass", HERE).unwrap() else {
        panic!("a plain password needs no proof");
    };
    assert_eq!(account.number, 97);
    assert_eq!(book.by_key("a-ke", HERE).unwrap_err(), AccessFault::Unknown);
    assert_eq!(
        book.by_system_id("a-id", "b-pass", HERE).unwrap_err(),
        AccessFault::Secret
    );
    assert_eq!(
        book.by_system_id("c-id", "\0", HERE).unwrap_err(),
        AccessFault::Unknown
    );
}

#[test]
fn an_account_without_the_secret_is_not_opened_by_any() {
    let mut bare = spec("a");
    (bare.api_key, bare.password) = (None, None);
    let book = Accounts::build(&[bare], number).unwrap();
    for secret in ["", "\0"] {
        assert!(book.by_basic("a", secret, HERE, Scope::Send).is_err());
        assert!(book.by_system_id("a-id", secret, HERE).is_err());
    }
}

#[test]
fn a_hashed_password_opens_by_its_proof_while_the_book_says_the_same() {
    let hashed = |password: &str| AccountSpec {
        password: Some(super::hash(password).unwrap()),
        ..spec("a")
    };
    let first = hashed("a password of its own");
    let book = AccountBook::new(Accounts::build(std::slice::from_ref(&first), number).unwrap());
    let knock = |given: &str| book.current().by_system_id("a-id", given, HERE);
    let proof = |given: &str| match knock(given).unwrap() {
        Admission::Unproven(proof) => proof,
        Admission::Open(_) => panic!("open without proof"),
    };
    assert!(!proof("another password").verify());
    let right = proof("a password of its own");
    assert!(right.verify());
    let open = |proof: &Proof| book.current().by_proof("a-id", proof, HERE);
    assert_eq!(open(&right).unwrap().name, "a");
    // Proven: the next bind needs no proof, and a reload that says the same does not change that.
    book.reload(&[first], number).unwrap();
    assert!(matches!(
        knock("a password of its own").unwrap(),
        Admission::Open(_)
    ));
    assert!(open(&right).is_ok());
    book.reload(&[hashed("a new password")], number).unwrap();
    assert_eq!(open(&right).unwrap_err(), AccessFault::Secret);
    assert!(!proof("a password of its own").verify());
}

#[test]
fn an_address_that_is_not_listed_stays_out() {
    let mut listed = spec("a");
    listed.allowed_ips = vec!["10.0.0.0/8".parse().unwrap()];
    let book = Accounts::build(&[listed], number).unwrap();
    assert_eq!(
        book.by_key("a-key", HERE).unwrap_err(),
        AccessFault::Address
    );
    assert!(book.by_key("a-key", "10.1.2.3".parse().unwrap()).is_ok());
}

#[test]
fn a_reload_does_not_refill_a_rate_and_a_bad_one_changes_nothing() {
    let book = AccountBook::new(Accounts::build(&[spec("a")], number).unwrap());
    let take = |count| book.current().by_name("a").unwrap().take_segments(count);
    take(10).unwrap();
    book.reload(&[spec("a"), spec("b")], number).unwrap();
    assert!(take(1).is_err());
    let mut twin = spec("c");
    twin.api_key = Some("a-key".into());
    let fault = book.reload(&[spec("a"), twin], number).unwrap_err();
    assert!(matches!(
        fault,
        AccountsFault::Shared {
            what: "api_key",
            ..
        }
    ));
    assert!(book.current().by_name("b").is_some());
    assert_eq!(take(11), Err(u64::MAX));
}

#[test]
fn callers_of_other_gateways_come_by_their_own_user_or_by_a_key_that_has_the_scope() {
    let mut shop = spec("shop");
    shop.api_keys = vec![ApiKey {
        name: "web".into(),
        key: Secret::new("web-key"),
        scopes: Scopes::NONE.with(Scope::Send),
        line: 0,
    }];
    let mut named = spec("named");
    named.legacy.user = Some("foo".into());
    named.legacy.password = Some(Secret::new("bar"));
    let book = Accounts::build(&[shop, named], number).unwrap();
    let opens = |user, secret, scope| book.by_legacy(user, secret, HERE, scope).is_ok();
    assert!(opens("shop", "web-key", Scope::Send));
    assert!(!opens("shop", "web-key", Scope::Balance));
    assert!(opens("shop", "shop-key", Scope::Balance));
    assert!(opens("foo", "bar", Scope::Send) && opens("foo", "bar", Scope::Balance));
    assert!(!opens("foo", "named-key", Scope::Send));
    assert!(
        !opens("named", "named-key", Scope::Send),
        "it has a user of its own"
    );
}
