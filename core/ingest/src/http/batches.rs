//! `/v1/batches`: a CSV file comes in as a stream and is answered once it is on disk and its header holds.

mod form;
mod upload;

use axum::body::Body;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::authentication::Customer;
use super::body::{FileBody, charset, media_type};
use super::idempotency::{RequestKey, replayed};
use super::limit::Limit;
use super::openapi::{BodyFaults, Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;
use crate::batch::{
    BatchFault, BatchNumber, BatchView, Change, ChangeFault, CheckView, ErrorsFile, Format,
    LayoutFault, OptionFault, ShapeFault, SpoolFault, Tables,
};
use form::{Described, Parameters, multipart};
use upload::{Upload, next_octets};

/// Octets of a block of an errors file on its way out.
const READ_OCTETS: usize = 64 << 10;

impl From<BatchFault> for Problem {
    fn from(fault: BatchFault) -> Self {
        match &fault {
            BatchFault::Layout(LayoutFault::Template(_)) => Self::field("template", &fault),
            BatchFault::Layout(
                LayoutFault::NoField { field, .. } | LayoutFault::NoColumn { field, .. },
            ) => Self::field(&format!("column.{field}"), &fault),
            BatchFault::Layout(_) => Self::field("file", &fault),
            BatchFault::Shape(ShapeFault::Disk(_)) => {
                Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, fault)
            }
            BatchFault::Shape(ShapeFault::Wish { field, detail })
            | BatchFault::Field { field, detail } => Self::field(field, detail),
            BatchFault::Shape(_) => Self::field("file", &fault),
            BatchFault::Option(OptionFault { field, detail }) => Self::field(field, detail),
            BatchFault::Spool(SpoolFault::TooLarge { .. }) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, fault)
            }
            BatchFault::Spool(SpoolFault::Disk(_)) => {
                Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, fault)
            }
            BatchFault::KeyUsed => Self::key_used(&fault),
            BatchFault::TooManyChecks => Self::later(StatusCode::TOO_MANY_REQUESTS, 10, fault),
            BatchFault::TooMany { .. } => Self::later(StatusCode::TOO_MANY_REQUESTS, 60, fault),
            BatchFault::Stopping => Self::later(StatusCode::SERVICE_UNAVAILABLE, 5, fault),
        }
    }
}

/// Runs what blocks where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BatchFault> + Send + 'static,
) -> Result<T, Problem> {
    Ok(tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::broken)??)
}

/// Hands in a file of messages
#[utoipa::path(
    post, path = "/v1/batches", operation_id = "submit_batch", tag = "batches",
    params(Described, ("Idempotency-Key" = Option<String>, Header, description = "The same key twice is one batch")),
    request_body(content = String, content_type = "text/csv", description = "The file itself, or multipart/form-data with a part `file`"),
    responses(
        (status = 202, description = "It is on the disk and its header holds", body = BatchView),
        (status = 200, description = "With `dry_run=true`: what it would be", body = CheckView),
        (status = 409, description = "The same key or message is under way, or was sent", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The key has other content", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Refusals
    )
)]
pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    parameters: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Query(query) = parameters?;
    let mut parameters = Parameters::read(query);
    parameters.check()?;
    let by_header = RequestKey::of_header(&headers).map_err(Problem::from)?;
    let media = media_type(&headers);
    let place = state.upload_of(&account)?;
    let mut upload = Upload::begin(&state, &account.name).await?;
    match media.as_str() {
        "multipart/form-data" => {
            let time = state.request_timeout;
            multipart(&headers, body, time, &mut upload, &mut parameters).await?;
        }
        ""
        | "text/csv"
        | "text/plain"
        | "text/tab-separated-values"
        | "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/json"
        | "application/gzip"
        | "application/x-gzip"
        | "application/zstd"
        | "application/csv"
        | "application/octet-stream"
        | "application/x-www-form-urlencoded" => {
            parameters.take_charset(charset(&headers).as_deref())?;
            let mut body = body;
            while let Some(octets) = next_octets(&state, &mut body).await? {
                upload.take(&octets).await?;
            }
        }
        _ => {
            let detail = format!(
                "{media} is not taken here; send text/csv, application/x-ndjson, application/gzip, application/zstd, or multipart/form-data with a part `file`"
            );
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
    }
    parameters.check()?;
    let given = parameters.idempotency_key.as_deref().map(RequestKey::read);
    let given = given.transpose().map_err(Problem::from)?;
    let key = RequestKey::one_of(given, by_header).map_err(Problem::from)?;
    let request = parameters.request;
    let spool = upload.end().await?;
    drop(place);
    let batches = state.batches.clone();
    if request.dry_run {
        let tables = Tables {
            routes: state.engine.table(),
            suppressions: state.engine.suppressions_now(),
        };
        let view = blocking(move || batches.check(&spool, &account, &request, &tables)).await?;
        return Ok(json(StatusCode::OK, &view));
    }
    let (view, is_repeated) = blocking(move || match key {
        Some(key) => batches.submit_once(spool, &account, request, key.text()),
        None => Ok((batches.submit(spool, &account, request)?, false)),
    })
    .await?;
    let mut response = json(StatusCode::ACCEPTED, &view);
    if is_repeated {
        replayed(&mut response);
    }
    Ok(response)
}

fn number(id: &str) -> Result<BatchNumber, Problem> {
    id.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    Problem::not_found("there is no such batch, or its time of retention is over")
}

/// How far a batch is
#[utoipa::path(
    get, path = "/v1/batches/{id}", operation_id = "batch", tag = "batches",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How far it is", body = BatchView), Missing, Refusals)
)]
pub(crate) async fn get(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let view = state
        .batches
        .view(number(&id)?, &account.name)
        .ok_or_else(missing)?;
    Ok(json(StatusCode::OK, &view))
}

/// Batches that a list shows where nobody says how many.
const LISTED: usize = 100;
const LISTED_MAX: usize = 10_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// Most batches; 100 unless given, 10,000 at most.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 10000)]
    limit: Option<Limit<LISTED_MAX>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Batches {
    batches: Vec<BatchView>,
}

/// Batches of the account, the newest first
#[utoipa::path(
    get, path = "/v1/batches", operation_id = "batches", tag = "batches",
    params(Listing),
    responses((status = 200, description = "How far each is", body = Batches), ParameterFaults, Refusals)
)]
pub(crate) async fn list(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    listing: Result<Query<Listing>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Query(listing) = listing?;
    let most = listing.limit.map_or(LISTED, |limit| limit.0);
    let batches = state.batches.list(&account.name, most);
    Ok(json(StatusCode::OK, &Batches { batches }))
}

/// Holds a batch, goes on with it, or withdraws what has not left
#[utoipa::path(
    post, path = "/v1/batches/{id}/{change}", operation_id = "change_batch", tag = "batches",
    params(("id" = String, Path, description = "Its id"), ("change" = String, Path, description = "`pause`, `resume` or `cancel`")),
    responses(
        (status = 200, description = "How far it is", body = BatchView),
        (status = 409, description = "It is past that", body = Problem, content_type = "application/problem+json"),
        Missing, Refusals
    )
)]
pub(crate) async fn change(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path((id, change)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let number = number(&id)?;
    let change = match change.as_str() {
        "pause" => Change::Pause,
        "resume" => Change::Resume,
        "cancel" => Change::Cancel,
        _ => {
            return Err(Problem::not_found(
                "a batch can be told to pause, resume or cancel",
            ));
        }
    };
    let batches = state.batches.clone();
    let work = move || batches.change(number, &account.name, change);
    let changed = tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::broken)?;
    let view = changed.map_err(|fault| match fault {
        ChangeFault::Missing => missing(),
        ChangeFault::Past(_) => Problem::new(StatusCode::CONFLICT, fault),
        ChangeFault::Disk(_) => Problem::later(StatusCode::SERVICE_UNAVAILABLE, 10, fault),
    })?;
    Ok(json(StatusCode::OK, &view))
}

/// The rows of a batch that were refused, to be mended and handed in again
#[utoipa::path(
    get, path = "/v1/batches/{id}/errors", operation_id = "batch_errors", tag = "batches",
    params(("id" = String, Path, description = "Its id")),
    responses((
        status = 200, description = "The rows with line, column and reason, as the file was written",
        content((String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/x-ndjson"))
    ), Missing, Refusals)
)]
pub(crate) async fn errors(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let number = number(&id)?;
    let ErrorsFile {
        path,
        octets,
        format,
    } = state
        .batches
        .errors(number, &account.name)
        .ok_or_else(missing)?;
    let (media, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Tsv => ("text/tab-separated-values; charset=utf-8", "tsv"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let broken =
        |error: std::io::Error| Problem::broken(format!("the errors file cannot be read: {error}"));
    let file = tokio::task::spawn_blocking(move || std::fs::File::open(path))
        .await
        .map_err(Problem::broken)?;
    let mut response = Response::new(Body::new(FileBody::new(
        file.map_err(broken)?,
        octets,
        READ_OCTETS,
    )));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(octets));
    let name = format!("attachment; filename=\"{number}-errors.{extension}\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
