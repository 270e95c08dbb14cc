//! The HTTP generator against a small server: keep-alive, keys, refusals, broken connections.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::load::{LoadReport, Pace, Texts, http};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(Default)]
struct Seen {
    texts: HashSet<String>,
    requests: u64,
    connections: u64,
}

async fn answer(
    seen: Rc<RefCell<Seen>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    assert_eq!(request.uri().path(), "/v1/messages");
    assert_eq!(request.headers()["authorization"], "Bearer secret");
    assert_eq!(request.headers()["content-type"], "application/json");
    let body = request.into_body().collect().await?.to_bytes();
    let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let to = message["to"].as_str().unwrap().to_owned();
    assert!(to.starts_with("447700900"));
    assert_eq!(message["from"], "ACME");
    let mut seen = seen.borrow_mut();
    seen.requests += 1;
    assert!(
        seen.texts
            .insert(message["text"].as_str().unwrap().to_owned())
    );
    let (status, body) = match seen.requests % 10 {
        0 => (
            429,
            r#"{"type":"about:blank","title":"slow down"}"#.to_owned(),
        ),
        1 => (
            202,
            format!(r#"{{"messages":[{{"to":"{to}","error":{{"type":"bad-number"}}}}]}}"#),
        ),
        _ => (
            202,
            format!(r#"{{"messages":[{{"id":"x","to":"{to}","status":"accepted"}}]}}"#),
        ),
    };
    let mut response = Response::builder().status(status);
    if seen.requests % 100 == 50 {
        response = response.header("connection", "close");
    }
    Ok(response.body(Full::new(body.into())).unwrap())
}

fn drive(count: u64) -> (LoadReport, Seen) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let seen = Rc::new(RefCell::new(Seen::default()));
    let served = Rc::clone(&seen);
    let report = tokio::task::LocalSet::new().block_on(&runtime, async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::task::spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                served.borrow_mut().connections += 1;
                let served = Rc::clone(&served);
                let service = service_fn(move |request| answer(Rc::clone(&served), request));
                tokio::task::spawn_local(async move {
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let options = http::Options {
            url,
            key: "secret".into(),
            connections: 4,
            response_timeout: Duration::from_secs(5),
            bulk: None,
            keys: None,
        };
        let texts = Texts::new("447700900", 3, "ACME", 7);
        http::run(options, texts, Pace::new(Some(count), None, None))
            .await
            .unwrap()
    });
    (report, seen.take())
}

#[test]
fn every_answer_is_counted_once_over_kept_connections() {
    let (report, seen) = drive(40);
    assert_eq!((report.sent, seen.requests), (40, 40));
    assert_eq!(
        (
            report.accepted,
            report.refused["HTTP 429"],
            report.refused["bad-number"]
        ),
        (32, 4, 4)
    );
    assert_eq!((report.unanswered, seen.connections), (0, 4));
    assert!(report.latency_ms.max > 0.0);
}

#[test]
fn a_closed_connection_is_opened_again_and_loses_no_count() {
    let (report, seen) = drive(500);
    assert_eq!(report.sent, 500);
    assert_eq!(
        report.accepted + report.refused_total() + report.unanswered,
        500
    );
    assert!(seen.connections > 4 && report.unanswered <= 5, "{report:?}");
    assert!(report.accepted + report.refused_total() <= seen.requests);
}
