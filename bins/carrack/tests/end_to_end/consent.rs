//! A handset says stop and a customer keeps a list: in force at once, and through kill -9.

use std::time::Duration;

use carrack_loadtest::smsc::Settings;
use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const HANDSET: &str = "447700900001";
const SETTINGS: &str = "[[suppression]]\nname = \"stop\"\nscope = \"sender\"\n\
    [[suppression]]\nname = \"own\"\nscope = \"account\"\n\
    [consent]\nlist = \"stop\"\nstop_reply = \"You get no more.\"\n\
    [[mo_route]]\nmatch = { to = \"80808\" }\naccount = \"test\"\n";

fn entry(north: &Carrier) -> CarrierEntry<'_> {
    CarrierEntry::north(north.address, (1, 10))
}

fn place(north: &Carrier) -> Place {
    let place = Place::new(&[entry(north)], "");
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}{SETTINGS}")).unwrap();
    place
}

fn post(node: &Node, path: &str, body: &Value) -> (u16, Value) {
    let request = ureq::post(format!("{}{path}", node.http))
        .header("Authorization", "Bearer test-key")
        .config()
        .http_status_as_error(false)
        .build();
    let mut answer = request.send_json(body).unwrap();
    let status = answer.status().as_u16();
    (status, answer.body_mut().read_json().unwrap())
}

fn sends(node: &Node, from: &str, to: &str) -> (u16, Value) {
    let message = json!({"to": to, "from": from, "text": "hello"});
    post(node, "/v1/messages", &message)
}

fn is_suppressed(node: &Node, from: &str, to: &str) -> bool {
    let found = node.get(&format!("/v1/suppressions?to={to}&from={from}"));
    found["suppressed"].as_bool().unwrap()
}

#[test]
fn a_stop_of_a_handset_holds_for_its_sender_is_confirmed_once_and_outlives_a_kill() {
    let north = Carrier::start(Settings {
        mo_rate: 5,
        mo_from: HANDSET.to_owned(),
        mo_to: "80808".to_owned(),
        mo_text: Some("Stop, thank you!".to_owned()),
        ..settings("north", 1, 5, &[])
    });
    let place = place(&north);
    let node = place.serve();
    eventually("the stop is in force", Duration::from_secs(10), || {
        is_suppressed(&node, "80808", HANDSET)
    });
    let (status, problem) = sends(&node, "80808", HANDSET);
    assert_eq!(status, 400, "{problem}");
    let fault = &problem["errors"][0];
    assert_eq!(fault["field"], "to");
    let detail = fault["detail"].as_str().unwrap();
    assert!(detail.contains("stop (opt_out)"), "{detail}");
    assert_eq!(sends(&node, "OTHER", HANDSET).0, 202);
    eventually("the confirmation was sent", Duration::from_secs(10), || {
        north.report().submits >= 2
    });
    // More stops come in, and none is answered again.
    eventually("more of them came", Duration::from_secs(10), || {
        north.report().mo_answered >= 10
    });
    assert_eq!(north.report().submits, 2);
    node.kill();
    let node = place.serve();
    assert_eq!(sends(&node, "80808", HANDSET).0, 400);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(place.audit()["adds_up"], true);
}

#[test]
fn what_a_customer_put_on_his_list_is_there_when_he_has_his_answer_and_after_a_kill() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let mut node = place.serve();
    for last in 0..5_u64 {
        let number = format!("44770090{last:04}");
        let (status, answer) = post(&node, "/v1/suppressions/own", &json!({"to": number}));
        assert_eq!((status, &answer["added"]), (200, &json!(1)), "{answer}");
        node.kill();
        node = place.serve();
        for before in 0..=last {
            let number = format!("44770090{before:04}");
            assert_eq!(sends(&node, "ACME", &number).0, 400, "{number}");
        }
    }
    assert_eq!(sends(&node, "ACME", "447700909999").0, 202);
    let listed = node.get("/v1/suppressions/own?limit=3");
    assert_eq!(listed["entries"].as_array().unwrap().len(), 3);
    let after = listed["next"].as_str().unwrap();
    let rest = node.get(&format!("/v1/suppressions/own?limit=3&after={after}"));
    assert_eq!(rest["entries"].as_array().unwrap().len(), 2, "{rest}");
    let looked = place.run(&[
        "suppression",
        "lookup",
        "+447700900001",
        "--account",
        "test",
    ]);
    assert_eq!(looked.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&looked.stdout).contains("own"));
    for arguments in [
        &["suppression", "compact", "own"][..],
        &[
            "suppression",
            "remove",
            "own",
            "+447700900001",
            "--account",
            "test",
        ],
    ] {
        let done = place.run(arguments);
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    node.kill();
    let node = place.serve();
    assert_eq!(sends(&node, "ACME", "447700900001").0, 202);
    assert_eq!(sends(&node, "ACME", "447700900002").0, 400);
    for (path, body, said) in [
        (
            "/v1/suppressions/none",
            json!({"to": "+447700900001"}),
            "there is no",
        ),
        ("/v1/suppressions/own", json!({"to": "abc"}), "to"),
        (
            "/v1/suppressions/own",
            json!({"to": "+447700900001", "reason": "why"}),
            "reason",
        ),
        ("/v1/suppressions/own", json!({"to": []}), "to"),
        ("/v1/suppressions/own", json!({"number": "1"}), "is unknown"),
        (
            "/v1/suppressions/stop",
            json!({"to": "+447700900001"}),
            "from",
        ),
    ] {
        let (status, problem) = post(&node, path, &body);
        assert!(
            (400..500).contains(&status),
            "{path} {body}: {status} {problem}"
        );
        assert!(
            problem["detail"].as_str().unwrap().contains(said),
            "{problem}"
        );
    }
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}

#[test]
fn a_base_is_built_looked_up_and_taken_at_a_reload() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let csv = place.folder.path().join("dnc.csv");
    std::fs::write(
        &csv,
        "number,reason\n+447700900077,do_not_call\n447700900078,\n",
    )
    .unwrap();
    let out = place.folder.path().join("dnc.idx");
    let (csv, out) = (csv.to_str().unwrap(), out.to_str().unwrap());
    let built = place.run(&["suppression", "build", csv, "--out", out, "--json"]);
    let built: Value = serde_json::from_slice(&built.stdout).unwrap();
    assert_eq!(built["numbers"], 2);
    let node = place.serve();
    assert_eq!(sends(&node, "ACME", "447700900077").0, 202);
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let more = "[[suppression]]\nname = \"dnc\"\nbase = \"dnc.idx\"\n";
    std::fs::write(place.configuration(), format!("{text}{more}")).unwrap();
    node.signal("HUP");
    eventually("the list is in force", Duration::from_secs(10), || {
        sends(&node, "ACME", "447700900077").0 == 400
    });
    assert_eq!(sends(&node, "ACME", "447700900079").0, 202);
    // Looked up otherwise than it was built, it is a fault and not a list that lets all through.
    std::fs::write(
        place.configuration(),
        format!("{text}{more}hash = \"sha256\"\n"),
    )
    .unwrap();
    let checked = place.run(&["config", "check", place.configuration().to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&checked.stdout).contains("dnc.idx")
            || String::from_utf8_lossy(&checked.stderr).contains("dnc.idx")
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
