//! Queue jobs for operators: purge, move and route again what waits.

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{JobFilter, JobKind, JobRefused, JobRequest, JobStatus};
use carrack_message::Class;
use carrack_routing::Prefix;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::authentication::Operator;
use super::body::json_object;
use super::openapi::{BodyFaults, Missing, Refusals};
use super::problem::{Problem, json};
use super::state::State;

/// A job as it is wished for; the words are those of its status.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = JobCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `purge`, `move` or `reroute`.
    #[schema(pattern = "^(purge|move|reroute)$")]
    kind: String,
    /// Carrier of a move.
    to: Option<String>,
    #[serde(default)]
    filter: WantedFilter,
    #[serde(default)]
    dry_run: bool,
    /// Says that no filter is meant.
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = JobFilterCall)]
#[serde(deny_unknown_fields)]
struct WantedFilter {
    carrier: Option<String>,
    class: Option<String>,
    account: Option<String>,
    to_prefix: Option<String>,
    from: Option<String>,
    #[schema(format = "uint64")]
    older_than_seconds: Option<u64>,
}

impl WantedFilter {
    fn read(self) -> Result<JobFilter, Problem> {
        let class = self.class.as_deref().map(str::parse::<Class>).transpose();
        let prefix = self.to_prefix.as_deref();
        let prefix = prefix.map(str::parse::<Prefix>).transpose();
        Ok(JobFilter {
            carrier: self.carrier,
            class: class.map_err(|fault| Problem::field("filter.class", fault))?,
            account: self.account,
            to_prefix: prefix.map_err(|fault| Problem::field("filter.to_prefix", fault))?,
            from: self.from,
            older_than_seconds: self.older_than_seconds,
            batch: None,
        })
    }
}

impl Wanted {
    fn read(self) -> Result<JobRequest, Problem> {
        let kind = match (self.kind.as_str(), self.to) {
            ("purge", None) => JobKind::Purge,
            ("reroute", None) => JobKind::Reroute,
            ("move", Some(to)) => JobKind::Move { to },
            ("move", None) => return Err(Problem::field("to", "name the carrier to move to")),
            ("purge" | "reroute", Some(_)) => {
                return Err(Problem::field("to", "only a move has a carrier to go to"));
            }
            (kind, _) => {
                let detail = format!("{kind:?} is unknown; use purge, move or reroute");
                return Err(Problem::field("kind", detail));
            }
        };
        let filter = self.filter.read()?;
        if filter.is_empty() && !self.all && !self.dry_run && kind != JobKind::Reroute {
            let detail = "it has no condition; say \"all\": true if all that waits is meant";
            return Err(Problem::field("filter", detail));
        }
        Ok(JobRequest {
            kind,
            filter,
            dry_run: self.dry_run,
        })
    }
}

impl From<JobRefused> for Problem {
    fn from(refused: JobRefused) -> Self {
        match refused {
            JobRefused::Busy(_) => Self::new(StatusCode::CONFLICT, refused),
            JobRefused::Draining => Self::later(StatusCode::SERVICE_UNAVAILABLE, 5, refused),
            JobRefused::UnknownAccount(_) => Self::field("filter.account", refused),
            JobRefused::UnknownCarrier(_) => Self::field("filter.carrier", refused),
            JobRefused::Disabled(_) => Self::field("to", refused),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Jobs {
    jobs: Vec<JobStatus>,
}

/// Queue jobs of this run of the node
#[utoipa::path(
    get, path = "/v1/queue/jobs", operation_id = "jobs", tag = "operators",
    responses((status = 200, description = "The newest first", body = Jobs), Refusals)
)]
pub(crate) async fn list(Extract(state): Extract<State>, _: Operator) -> Result<Response, Problem> {
    let jobs = state.engine.jobs();
    Ok(json(StatusCode::OK, &Jobs { jobs }))
}

/// Purges, moves or routes again what waits
#[utoipa::path(
    post, path = "/v1/queue/jobs", operation_id = "start_job", tag = "operators",
    request_body = Wanted,
    responses(
        (status = 202, description = "It is begun", body = JobStatus),
        (status = 409, description = "Another is at work", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Refusals
    )
)]
pub(crate) async fn start(
    Extract(state): Extract<State>,
    Operator(account): Operator,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let wanted: Wanted = serde_json::from_value(Value::Object(object))
        .map_err(|fault| Problem::bad_request(format!("this is no queue job: {fault}")))?;
    let request = wanted.read()?;
    let goes_to = match &request.kind {
        JobKind::Move { to } => Some(to.clone()),
        _ => None,
    };
    let status = state
        .engine
        .start_job(request)
        .map_err(|refused| match &refused {
            JobRefused::UnknownCarrier(name) if Some(name) == goes_to.as_ref() => {
                Problem::field("to", refused)
            }
            _ => Problem::from(refused),
        })?;
    tracing::info!(job = ?status, by = account.name, "a queue job was begun");
    Ok(json(StatusCode::ACCEPTED, &status))
}

/// Stops the queue job that is at work
#[utoipa::path(
    post, path = "/v1/queue/jobs/stop", operation_id = "stop_job", tag = "operators",
    responses((status = 200, description = "It stops; what it has done stays", body = JobStatus), Missing, Refusals)
)]
pub(crate) async fn stop(
    Extract(state): Extract<State>,
    Operator(account): Operator,
) -> Result<Response, Problem> {
    let status = state.engine.stop_job();
    let status = status.ok_or_else(|| Problem::not_found("no queue job is at work"))?;
    tracing::info!(
        job = status.id,
        by = account.name,
        "a queue job was told to stop"
    );
    Ok(json(StatusCode::OK, &status))
}
