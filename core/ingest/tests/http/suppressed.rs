//! What is asked beforehand says of suppression lists what the message itself would be told.

use super::*;

const STOPPED: &str = "491700000001";
const OTHER: &str = "491700000002";

fn suppress(stand: &Stand, body: &Value) -> (u16, Value) {
    stand.json("POST", "/v1/suppressions/stop", "shop", body)
}

fn quote(stand: &Stand, account: &str, to: &Value) -> (u16, Value) {
    let body = json!({"to": to, "text": "x"});
    stand.json("POST", "/v1/quote", account, &body)
}

#[test]
fn quotes_and_dry_runs_know_the_lists_that_a_message_is_refused_by() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    assert_eq!(quote(&stand, "shop", &json!(STOPPED)).0, 200);
    let stop = json!({"to": STOPPED, "reason": "opt_out"});
    assert_eq!(suppress(&stand, &stop).0, 200);
    let message = json!({"to": STOPPED, "text": "x"});
    let refused = stand.json("POST", "/v1/messages", "shop", &message);
    let detail = refused.1["errors"][0]["detail"].as_str().unwrap();
    assert!(
        refused.0 == 400 && detail.contains("list stop (opt_out)"),
        "{detail}"
    );
    assert_eq!(quote(&stand, "shop", &json!(STOPPED)), refused);
    let (status, both) = quote(&stand, "shop", &json!([STOPPED, OTHER]));
    assert_eq!(status, 200, "{both}");
    assert_eq!(both["messages"][0]["error"]["detail"], detail);
    assert_eq!(both["messages"][1]["carrier"], "north");
    assert_eq!(
        quote(&stand, "other", &json!(STOPPED)).0,
        200,
        "another account"
    );
    let file = format!("to,text\n{STOPPED},one\n{OTHER},two\n");
    let (status, _, check) = stand.call(
        "POST",
        "/v1/batches?dry_run=true",
        "shop",
        "text/csv",
        file.as_bytes(),
    );
    let check: Value = serde_json::from_str(&check).unwrap();
    assert_eq!(status, 200, "{check}");
    assert_eq!(
        (&check["rows"], &check["accepted"], &check["rejected"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let fault = &check["faults"][0];
    assert_eq!(
        (&fault["column"], &fault["rows"]),
        (&json!("to"), &json!(1)),
        "{check}"
    );
    assert_eq!(fault["first"][0], json!({"line": 2, "detail": detail}));
    stand.close();
}

#[test]
fn an_entry_that_has_ended_is_refused_and_lifts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let stop = json!({"to": STOPPED, "reason": "complaint"});
    assert_eq!(suppress(&stand, &stop).0, 200);
    for past in ["2020-01-01", "2020-01-01T00:00:00+01:00"] {
        let (status, answer) = suppress(&stand, &json!({"to": STOPPED, "expires": past}));
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (400, &json!("expires")),
            "{answer}"
        );
    }
    let path = format!("/v1/suppressions?to={STOPPED}");
    let (_, found) = stand.json("GET", &path, "shop", &NONE);
    assert_eq!(
        (&found["suppressed"], &found["found"][0]["reason"]),
        (&json!(true), &json!("complaint")),
        "{found}"
    );
    assert_eq!(
        suppress(&stand, &json!({"to": OTHER, "expires": "2999-01-01"})).0,
        200
    );
    stand.close();
}

#[test]
fn an_entry_by_its_hash_is_found_listed_and_taken_back_by_it() {
    use sha2::Digest as _;
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let hash: String = (sha2::Sha256::digest(OTHER).iter())
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let list = "/v1/suppressions/hashed";
    let (status, added) = stand.json("POST", list, "shop", &json!({"sha256": [hash]}));
    assert_eq!((status, &added["added"]), (200, &json!(1)), "{added}");
    for to in [OTHER, &hash] {
        let path = format!("/v1/suppressions?to={to}");
        let (_, found) = stand.json("GET", &path, "shop", &NONE);
        assert_eq!(found["suppressed"], true, "{found}");
    }
    let (_, listed) = stand.json("GET", list, "shop", &NONE);
    let shown = listed["entries"][0]["hash"].as_str().unwrap();
    assert_eq!(shown.len(), 14, "{listed}");
    let entry = format!("{list}/{hash}");
    let (_, kept) = stand.json("DELETE", &entry, "other", &NONE);
    assert_eq!(kept["removed"], false, "another's");
    let (status, removed) = stand.json("DELETE", &entry, "shop", &NONE);
    assert_eq!((status, &removed["removed"]), (200, &json!(true)));
    let path = format!("/v1/suppressions?to={OTHER}");
    let (_, found) = stand.json("GET", &path, "shop", &NONE);
    assert_eq!(found["suppressed"], false, "{found}");
    stand.close();
}
