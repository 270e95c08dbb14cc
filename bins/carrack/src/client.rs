//! A client of a running node: its own HTTP door, as any customer sees it.
//!
//! Bound: 10 seconds to connect, [`CALL`] for a call, no limit for a file on its way. A refusal comes back as one line with the
//! node's own words.

use std::io::{Read, Write};
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, RequestBuilder, SendBody};

use crate::fault::Fault;

const CONNECT: Duration = Duration::from_secs(10);
/// A call without a file.
const CALL: Duration = Duration::from_secs(60);
/// Faults of a request that are shown.
const FAULTS_SHOWN_MAX: usize = 20;

/// Names and values of a query.
pub(crate) type Query<'a> = [(&'a str, &'a str)];

/// A node and who we are to it.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    authorization: String,
}

impl Client {
    /// A client; nothing is sent yet.
    pub(crate) fn new(url: &str, key: &str) -> Result<Self, Fault> {
        let base = url.trim_end_matches('/');
        if !base.starts_with("http://") {
            return Err(Fault::Usage(format!(
                "{url}: this client speaks plain HTTP, such as --url http://127.0.0.1:8080; for a node with TLS use curl, or a plain listener on loopback"
            )));
        }
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            // What the node says to a refusal is worth reading.
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base: base.to_owned(),
            authorization: format!("Bearer {key}"),
        })
    }

    /// Asks for a document.
    pub(crate) fn get(&self, path: &str, query: &Query<'_>) -> Result<Value, Fault> {
        let request = self.agent.get(self.to(path));
        let answer = self.with(request, query, Some(CALL)).call();
        self.document(answer)
    }

    /// Asks for a document that a node of an earlier version does not have.
    pub(crate) fn get_if_there(&self, path: &str) -> Result<Option<Value>, Fault> {
        match self.get(path, &[]) {
            Err(fault) if is_absent(&fault) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Sends a document.
    pub(crate) fn post(&self, path: &str, document: &Value) -> Result<Value, Fault> {
        let request = self.agent.post(self.to(path));
        let answer = self.with(request, &[], Some(CALL)).send_json(document);
        self.document(answer)
    }

    /// Sends what is to be changed.
    pub(crate) fn patch(&self, path: &str, document: &Value) -> Result<Value, Fault> {
        let request = self.agent.patch(self.to(path));
        let answer = self.with(request, &[], Some(CALL)).send_json(document);
        self.document(answer)
    }

    /// Asks for something to be done.
    pub(crate) fn post_nothing(&self, path: &str) -> Result<Value, Fault> {
        let request = self.agent.post(self.to(path));
        let answer = self.with(request, &[], Some(CALL)).send_empty();
        self.document(answer)
    }

    /// Sends lines of JSON; the lines that come back.
    pub(crate) fn post_lines(&self, path: &str, lines: Vec<u8>) -> Result<String, Fault> {
        let request = self.agent.post(self.to(path));
        let request = request.content_type("application/x-ndjson");
        let answer = self.with(request, &[], Some(CALL)).send(lines);
        let mut answer = self.taken(answer)?;
        Ok((answer.body_mut().read_to_string()).context("the answer broke off")?)
    }

    /// Asks for something to be taken back or away.
    pub(crate) fn delete(&self, path: &str, query: &Query<'_>) -> Result<Value, Fault> {
        let request = self.agent.delete(self.to(path));
        let answer = self.with(request, query, Some(CALL)).call();
        self.document(answer)
    }

    /// Sends octets of any kind as a stream.
    pub(crate) fn post_stream(
        &self,
        path: &str,
        query: &Query<'_>,
        octets: &mut dyn Read,
    ) -> Result<Value, Fault> {
        let request = self.agent.post(self.to(path));
        let request = request.content_type("application/octet-stream");
        let answer = self
            .with(request, query, None)
            .send(SendBody::from_reader(octets));
        self.document(answer)
    }

    /// Fetches octets as a stream.
    pub(crate) fn fetch(&self, path: &str, out: &mut dyn Write) -> Result<u64, Fault> {
        let request = self.agent.get(self.to(path));
        let answer = self.with(request, &[], None).call();
        let mut answer = self.taken(answer)?;
        let octets = std::io::copy(&mut answer.body_mut().as_reader(), out);
        Ok(octets.context("the answer broke off")?)
    }

    /// Asks for an answer that comes bit by bit and takes its time.
    pub(crate) fn open(
        &self,
        path: &str,
        query: &Query<'_>,
    ) -> Result<impl Read + Send + 'static, Fault> {
        let request = self.agent.get(self.to(path));
        let answer = self.with(request, query, None).call();
        Ok(self.taken(answer)?.into_body().into_reader())
    }

    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn with<Any>(
        &self,
        request: RequestBuilder<Any>,
        query: &Query<'_>,
        timeout: Option<Duration>,
    ) -> RequestBuilder<Any> {
        request
            .config()
            .timeout_global(timeout)
            .build()
            .header("authorization", &self.authorization)
            .query_pairs(query.iter().copied())
    }

    fn document(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Fault> {
        let mut answer = self.taken(answer)?;
        let text = answer.body_mut().read_to_string();
        let text = text.context("the answer broke off")?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let document = serde_json::from_str(&text);
        Ok(document.with_context(|| format!("{} does not answer as a node does", self.base))?)
    }

    /// The answer, if it is no refusal.
    fn taken(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Fault> {
        let mut answer = answer.map_err(|error| {
            let base = &self.base;
            anyhow!(
                "{base}: {error}; is the node running (`carrack serve`), and is this its address?"
            )
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        Err(Fault::Failed(anyhow::Error::new(Refused {
            status: status.as_u16(),
            what: refusal(status.as_str(), &problem),
        })))
    }
}

/// A node's refusal, in its own words.
#[derive(Debug)]
struct Refused {
    status: u16,
    what: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refused {}

/// The node has no such path.
fn is_absent(fault: &Fault) -> bool {
    const NOT_FOUND: u16 = 404;
    let Fault::Failed(error) = fault else {
        return false;
    };
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|refused| refused.status == NOT_FOUND)
}

/// Whether asking again may help: the node cannot be reached, or is not able for now.
pub(crate) fn may_pass(fault: &Fault) -> bool {
    const REQUEST_TIMEOUT: u16 = 408;
    const TOO_MANY_REQUESTS: u16 = 429;
    let Fault::Failed(error) = fault else {
        return false;
    };
    match error.downcast_ref::<Refused>() {
        Some(refused) => {
            refused.status >= 500 || [REQUEST_TIMEOUT, TOO_MANY_REQUESTS].contains(&refused.status)
        }
        None => true,
    }
}

/// A problem document (RFC 9457) on one line.
fn refusal(status: &str, problem: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut parts = vec![match text(problem, "title") {
        Some(title) => format!("{status} {title}"),
        None => format!("the node answers {status}"),
    }];
    parts.extend(text(problem, "detail"));
    let errors = problem.get("errors").and_then(Value::as_array);
    for error in errors.into_iter().flatten().take(FAULTS_SHOWN_MAX) {
        let field = text(error, "field").unwrap_or_default();
        let detail = text(error, "detail").unwrap_or_default();
        let part = format!("{field}: {detail}");
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpListener;

    use serde_json::json;

    use super::*;

    /// What a node that answers with this head says of a path.
    fn asked(status: &'static str) -> Result<Option<Value>, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let node = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                stream.read_exact(&mut octet).unwrap();
                asked.extend(octet);
            }
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let client = Client::new(&format!("http://{address}"), "key")?;
        let answer = client.get_if_there("/v1/new");
        node.join().unwrap();
        answer
    }

    #[test]
    fn what_an_older_node_does_not_have_is_absent_and_a_refusal_is_none() {
        assert_eq!(asked("200 OK").unwrap(), Some(json!({})));
        assert_eq!(asked("404 Not Found").unwrap(), None);
        assert!(asked("403 Forbidden").is_err());
        assert!(asked("503 Service Unavailable").is_err());
    }

    #[test]
    fn a_problem_keeps_its_detail_and_every_field() {
        let problem = json!({"title": "Bad Request", "detail": "nothing was taken",
            "errors": [{"field": "to", "detail": "is empty"}, {"field": "text", "detail": "is missing"}]});
        assert_eq!(
            refusal("400", &problem),
            "400 Bad Request; nothing was taken; to: is empty; text: is missing"
        );
        assert_eq!(refusal("502", &json!("<html>")), "the node answers 502");
    }
}
