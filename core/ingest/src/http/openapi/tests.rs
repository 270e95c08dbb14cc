//! The document and the router say the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::openapi;
use crate::http::request::KEYS;

const METHODS: [&str; 5] = ["get", "post", "delete", "put", "patch"];

fn document() -> Value {
    serde_json::from_str(openapi()).unwrap()
}

/// Method and path of every route, as the source of the router has them.
fn routed() -> BTreeSet<(String, String)> {
    let source = include_str!("../routes.rs");
    let source = source.split(".fallback(").next().unwrap();
    let mut found = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let handlers = &route[route.find(path).unwrap() + path.len()..];
        for method in METHODS {
            if handlers.contains(&format!("{method}(")) {
                found.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    found
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &'_ Value)| {
        let item = item.as_object().unwrap().keys().cloned();
        let methods: Vec<String> = item.filter(|key| METHODS.contains(&key.as_str())).collect();
        (path.clone(), methods)
    };
    paths
        .iter()
        .map(of)
        .flat_map(|(path, methods)| {
            methods.into_iter().map(move |method| {
                let operation = &document["paths"][&path][&method];
                (method, path.clone(), operation)
            })
        })
        .collect()
}

#[test]
fn every_call_of_the_router_is_described_and_no_other() {
    let document = document();
    let described: BTreeSet<_> = (operations(&document).into_iter())
        .map(|(method, path, _)| (method, path))
        .collect();
    let routed = routed();
    assert!(routed.len() > 20, "{routed:?}");
    let missing: Vec<_> = routed.difference(&described).collect();
    let idle: Vec<_> = described.difference(&routed).collect();
    assert!(
        missing.is_empty(),
        "give these a #[utoipa::path] and name them in openapi/mod.rs: {missing:?}"
    );
    assert!(
        idle.is_empty(),
        "these are described and not routed: {idle:?}"
    );
}

#[test]
fn every_call_has_a_name_of_its_own_its_scope_and_refusals_as_problems() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} stands twice");
        assert!(operation["summary"].is_string(), "{method} {path}");
        let is_open = operation["tags"][0] == "node";
        let ways = operation["security"].as_array().unwrap();
        let expected = match path.as_str() {
            _ if is_open => 0,
            // On the node's own machine none is needed.
            "/metrics" => 4,
            _ => 3,
        };
        assert_eq!(ways.len(), expected, "{method} {path}");
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            let kinds: Vec<&String> = response["content"].as_object().unwrap().keys().collect();
            let is_problem = status.starts_with(['4', '5']);
            assert_eq!(
                kinds == ["application/problem+json"],
                is_problem,
                "{method} {path} {status}"
            );
        }
        assert_eq!(responses.contains_key("401"), !is_open, "{method} {path}");
    }
}

#[test]
fn a_message_is_described_with_the_keys_that_are_read() {
    let document = document();
    let call = &document["components"]["schemas"]["MessageCall"];
    let described: BTreeSet<&str> = (call["properties"].as_object().unwrap().keys())
        .map(String::as_str)
        .collect();
    assert_eq!(described, KEYS.into_iter().collect());
    assert_eq!(call["additionalProperties"], false);
}

#[test]
fn the_errors_file_of_each_kind_of_batch_is_described() {
    let answer = &document()["paths"]["/v1/batches/{id}/errors"]["get"]["responses"]["200"];
    let kinds: BTreeSet<&str> = (answer["content"].as_object().unwrap().keys())
        .map(String::as_str)
        .collect();
    let expected = [
        "text/csv",
        "text/tab-separated-values",
        "application/x-ndjson",
    ];
    assert_eq!(kinds, expected.into());
}

#[test]
fn every_schema_that_is_named_is_there() {
    let text = openapi();
    let document = document();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is missing"
        );
    }
}
