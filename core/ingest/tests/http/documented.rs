//! What the door really answers is what its document says.

use super::*;

/// The schema of an answer, with all that it refers to.
fn schema(document: &Value, method: &str, path: &str, status: u16, kind: &str) -> Value {
    let response =
        &document["paths"][path][method.to_ascii_lowercase()]["responses"][status.to_string()];
    assert!(
        response.is_object(),
        "{method} {path}: {status} is not described"
    );
    let schema = &response["content"][kind]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path} {status}: {kind} is not described"
    );
    json!({"allOf": [schema], "components": document["components"]})
}

#[test]
fn answers_are_what_the_document_says() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let (status, document) = stand.json("GET", "/openapi.json", "nobody", &NONE);
    assert_eq!(status, 200);
    let message = json!({"to": ["491700000001", "49x"], "text": "Grüße", "client_ref": "r"});
    let (_, sent) = stand.json("POST", "/v1/messages", "shop", &message);
    let id = sent["messages"][0]["id"].as_str().unwrap();
    let (_, _, batch) = stand.call(
        "POST",
        "/v1/batches",
        "shop",
        "text/csv",
        b"to,text\n491700000002,x\n",
    );
    let batch: Value = serde_json::from_str(&batch).unwrap();
    let batch = batch["id"].as_str().unwrap();
    let job =
        json!({"kind": "purge", "filter": {"to_prefix": "4917", "class": "otp"}, "dry_run": true});
    let money = json!({"amount": "5.00", "reference": "r"});
    // Method, path of the document, path, account, body, status.
    let calls = [
        ("POST", "/v1/messages", "", "shop", message.clone(), 202),
        ("POST", "/v1/messages", "", "shop", json!({"to": "x"}), 400),
        ("POST", "/v1/messages", "", "nobody", message.clone(), 401),
        (
            "GET",
            "/v1/messages",
            &format!("/v1/messages?ids={id},1"),
            "shop",
            NONE,
            200,
        ),
        ("GET", "/v1/messages", "", "shop", NONE, 400),
        (
            "POST",
            "/v1/messages:status",
            "",
            "shop",
            json!({"ids": [id, "1"]}),
            200,
        ),
        (
            "GET",
            "/v1/messages/{id}",
            &format!("/v1/messages/{id}"),
            "shop",
            NONE,
            200,
        ),
        (
            "GET",
            "/v1/messages/{id}",
            "/v1/messages/1",
            "shop",
            NONE,
            404,
        ),
        ("POST", "/v1/quote", "", "shop", message, 200),
        (
            "DELETE",
            "/v1/messages/{id}",
            &format!("/v1/messages/{id}"),
            "shop",
            NONE,
            200,
        ),
        (
            "GET",
            "/v1/batches/{id}",
            &format!("/v1/batches/{batch}"),
            "shop",
            NONE,
            200,
        ),
        ("GET", "/v1/balance", "", "shop", NONE, 200),
        ("GET", "/v1/balances", "", "shop", NONE, 200),
        (
            "POST",
            "/v1/balances/{account}",
            "/v1/balances/shop",
            "shop",
            money,
            200,
        ),
        ("GET", "/v1/carriers", "", "shop", NONE, 200),
        ("GET", "/v1/carriers", "", "other", NONE, 403),
        (
            "POST",
            "/v1/carriers/{name}/{change}",
            "/v1/carriers/north/pause",
            "shop",
            NONE,
            200,
        ),
        ("GET", "/v1/limits", "", "shop", NONE, 200),
        ("GET", "/v1/loop_probes", "", "shop", NONE, 200),
        ("GET", "/v1/queue", "", "shop", NONE, 200),
        ("POST", "/v1/queue/jobs", "", "shop", job, 202),
        ("GET", "/v1/queue/jobs", "", "shop", NONE, 200),
        (
            "GET",
            "/v1/routes/explain",
            "/v1/routes/explain?to=491700000001&text=x",
            "shop",
            NONE,
            200,
        ),
        ("GET", "/v1/routes/shadow", "", "shop", NONE, 404),
        ("GET", "/healthz", "", "nobody", NONE, 200),
        ("GET", "/readyz", "", "nobody", NONE, 200),
        ("GET", "/openapi.json", "", "nobody", NONE, 200),
    ];
    for (method, described, path, account, body, expected) in calls {
        let path = if path.is_empty() { described } else { path };
        let (status, answer) = stand.json(method, path, account, &body);
        assert_eq!(status, expected, "{method} {path}: {answer}");
        let kind = match status {
            ..400 => "application/json",
            _ => "application/problem+json",
        };
        let schema = schema(&document, method, described, status, kind);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = (validator.iter_errors(&answer))
            .map(|fault| format!("{} at {}", fault, fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{method} {path}: {faults:?}\n{answer}");
    }
    stand.close();
}
