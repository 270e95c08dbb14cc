//! `[numbers]`, `[hlr]` and what accounts refuse are read; faults name their cure, and keys in them stay hidden.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::Micros;
use carrack_message::number::NumberKind;
use carrack_settings::Settings;

const NODE: &str = "[node]\ndata_dir = \"data\"\n";

fn parse(text: &str, folder: &std::path::Path) -> Result<Settings, String> {
    Settings::parse(&format!("{NODE}{text}"), "carrack.toml", folder)
        .map_err(|faults| faults.to_string())
}

#[test]
fn lists_are_named_and_have_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.csv"), "prefix,network\n").unwrap();
    let read = parse("[numbers]\nplan = \"plan.csv\"\n", folder.path()).unwrap();
    assert_eq!(read.numbers.plan, Some(folder.path().join("plan.csv")));
    assert_eq!(read.numbers.portability, None);
    let faults = parse("[numbers]\nportability = \"none.idx\"\n", folder.path()).unwrap_err();
    assert!(
        faults.contains("carrack.toml:4: `portability` in [numbers] names"),
        "{faults}"
    );
    let faults = parse("[numbers]\nplam = \"plan.csv\"\n", folder.path()).unwrap_err();
    assert!(faults.contains("did you mean `plan`?"), "{faults}");
}

#[test]
fn kinds_that_an_account_refuses_are_read() {
    let account =
        "[[account]]\nname = \"shop\"\napi_key = \"k\"\nrefuse_kinds = [\"premium\", \"fixed\"]\n";
    let read = parse(account, std::path::Path::new("")).unwrap();
    assert_eq!(
        read.accounts[0].refuse_kinds,
        [NumberKind::Premium, NumberKind::Fixed]
    );
    let faults = parse(
        &account.replace("fixed", "landline"),
        std::path::Path::new(""),
    )
    .unwrap_err();
    assert!(
        faults.contains("carrack.toml:6") && faults.contains("toll_free"),
        "{faults}"
    );
}

fn hlr(more: &str) -> Result<Settings, String> {
    parse(&format!("[hlr]\n{more}\n"), std::path::Path::new(""))
}

const GOOD: &str = "url = \"https://hlr.example.com/v1/{number}?key=hush\"\nprice = 0.004\nbudget_a_day = \"20\"\n";

#[test]
fn a_register_is_read_and_its_keys_are_not_shown() {
    let read = hlr(&format!(
        "{GOOD}headers = {{ Authorization = \"Bearer hush\" }}\n"
    ))
    .unwrap()
    .hlr
    .unwrap();
    assert_eq!(
        (read.price, read.budget_a_day),
        (Micros(4_000), Micros(20_000_000))
    );
    assert_eq!(read.headers[0].0, "Authorization");
    assert_eq!(read.network, ["/mccmnc"]);
    assert!(!format!("{read:?}").contains("hush"));
    assert!(parse("", std::path::Path::new("")).unwrap().hlr.is_none());
}

#[test]
fn what_a_register_cannot_be_asked_with_is_a_fault_with_its_cure() {
    for (text, cure) in [
        (GOOD.replace("{number}", "number"), "has no {number} in it"),
        (
            GOOD.replace("key=hush", "key={key}"),
            "has braces besides {number}",
        ),
        (
            GOOD.replace("hlr.example.com", "{number}.example.com"),
            "has {number} in its host",
        ),
        (GOOD.replace("https://", ""), "is no URL"),
        (GOOD.replace("20", "0.001"), "does not pay for one question"),
        (
            GOOD.replace("price", "# price"),
            "`price` is missing in [hlr]",
        ),
        (
            format!("{GOOD}network = \"mccmnc\"\n"),
            "write a JSON pointer",
        ),
        (
            format!("{GOOD}network = [\"/a\", \"/b\", \"/c\"]\n"),
            "one pointer, or two",
        ),
        (
            format!("{GOOD}absent = \"ABSENT\"\n"),
            "names words of a `status`",
        ),
        (format!("{GOOD}body = \"{{}}\"\n"), "has no {number} in it"),
        (
            format!("{GOOD}headers = {{ \"a b\" = \"c\" }}\n"),
            "is no name of an HTTP header",
        ),
        (
            format!("{GOOD}cache_tll = \"1d\"\n"),
            "did you mean `cache_ttl`?",
        ),
    ] {
        let faults = hlr(&text).unwrap_err();
        assert!(faults.contains(cure), "{text}: {faults}");
        assert!(!faults.contains("hush"), "{faults}");
        assert_eq!(faults.lines().count(), 1, "{faults}");
    }
}
