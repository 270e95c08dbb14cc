//! `/v1/batches`: a CSV file comes in as a stream and is answered once it is on disk and its header holds.

use axum::body::{Body, Bytes};
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::authentication::Customer;
use super::body::{FileBody, media_type};
use super::idempotency::{RequestKey, replayed};
use super::openapi::{BodyFaults, Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{FieldFault, Problem, json};
use super::state::State;
use crate::batch::{
    BatchFault, BatchNumber, BatchRequest, BatchView, Change, ChangeFault, CheckView, ErrorsFile,
    Format, OptionFault, ShapeFault, Spool, SpoolFault, Tables,
};

/// Octets gathered before they go to the disk.
const WRITE_OCTETS: usize = 256 << 10;
/// Octets of a block of an errors file on its way out.
const READ_OCTETS: usize = 64 << 10;

/// What may go with a file, for those who read the document; [`Parameters`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it is only described")]
pub(crate) struct Described {
    from: Option<String>,
    template: Option<String>,
    /// `simple` or `jinja`.
    template_syntax: Option<String>,
    class: Option<String>,
    filename: Option<String>,
    encoding: Option<String>,
    /// `csv`, `tsv` or `ndjson`.
    format: Option<String>,
    delimiter: Option<String>,
    /// `send`, `refuse` or `refuse_same_text`.
    duplicates: Option<String>,
    /// `keep` or `replace`.
    smart_characters: Option<String>,
    start_at: Option<String>,
    finish_by: Option<String>,
    spread: Option<String>,
    rate: Option<String>,
    /// When each row is sent that does not say it: a moment with its offset, or `2026-12-24T09:00 local`.
    send_at: Option<String>,
    /// How long each row is valid that does not say it: `30s`, `10m`, `2h`, `3d`.
    validity: Option<String>,
    /// Only looked at: 200 and what it would be.
    dry_run: Option<bool>,
    idempotency_key: Option<String>,
}

/// What goes with a file, from the query and the parts of a form; all its faults at once.
#[derive(Default)]
struct Parameters {
    request: BatchRequest,
    idempotency_key: Option<String>,
    faults: Vec<FieldFault>,
}

impl Parameters {
    fn read(query: Vec<(String, String)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in query {
            parameters.take(&name, &value);
        }
        parameters
    }

    fn take(&mut self, name: &str, value: &str) {
        if name == "idempotency_key" && self.idempotency_key.is_none() {
            self.idempotency_key = Some(value.to_owned());
            return;
        }
        if let Err(OptionFault { field, detail }) = self.request.set(name, value) {
            self.faults.push(FieldFault { field, detail });
        }
    }

    fn check(&mut self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(std::mem::take(&mut self.faults)))
        }
    }
}

impl From<BatchFault> for Problem {
    fn from(fault: BatchFault) -> Self {
        match &fault {
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

/// A file on its way to the disk.
struct Upload {
    spool: Option<Spool>,
    gathered: Vec<u8>,
}

impl Upload {
    async fn begin(state: &State) -> Result<Self, Problem> {
        let batches = state.batches.clone();
        let spool = blocking(move || batches.spool()).await?;
        Ok(Self {
            spool: Some(spool),
            gathered: Vec::with_capacity(WRITE_OCTETS),
        })
    }

    async fn take(&mut self, octets: &[u8]) -> Result<(), Problem> {
        self.gathered.extend_from_slice(octets);
        if self.gathered.len() >= WRITE_OCTETS {
            self.write().await
        } else {
            Ok(())
        }
    }

    async fn write(&mut self) -> Result<(), Problem> {
        let Some(mut spool) = self.spool.take() else {
            return Err(Problem::broken("the upload has ended before"));
        };
        let gathered = std::mem::take(&mut self.gathered);
        let (spool, gathered) = blocking(move || {
            spool.write(&gathered)?;
            Ok((spool, gathered))
        })
        .await?;
        self.spool = Some(spool);
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }
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
    let Query(query) = parameters.map_err(|fault| Problem::bad_request(fault.body_text()))?;
    let mut parameters = Parameters::read(query);
    parameters.check()?;
    let by_header = RequestKey::of_header(&headers).map_err(Problem::from)?;
    let media = media_type(&headers);
    let mut upload = Upload::begin(&state).await?;
    match media.as_str() {
        "multipart/form-data" => {
            multipart(&state, &headers, body, &mut upload, &mut parameters).await?
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
    upload.write().await?;
    let Some(spool) = upload.spool.take() else {
        return Err(Problem::broken("the upload has ended before"));
    };
    parameters.check()?;
    let given = parameters.idempotency_key.as_deref().map(RequestKey::read);
    let given = given.transpose().map_err(Problem::from)?;
    let key = RequestKey::one_of(given, by_header).map_err(Problem::from)?;
    let request = parameters.request;
    let batches = state.batches.clone();
    if request.dry_run {
        let tables = Tables {
            routes: state.engine.table(),
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

/// The next octets of a body; a client that sends nothing for too long is told so.
async fn next_octets(state: &State, body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = tokio::time::timeout(state.request_timeout, body.frame()).await;
        let frame = frame.map_err(|_| {
            Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not go on in time",
            )
        })?;
        match frame {
            None => return Ok(None),
            Some(Err(error)) => {
                return Err(Problem::bad_request(format!(
                    "the body cannot be read: {error}"
                )));
            }
            Some(Ok(frame)) => {
                if let Ok(octets) = frame.into_data() {
                    return Ok(Some(octets));
                }
            }
        }
    }
}

async fn multipart(
    state: &State,
    headers: &HeaderMap,
    body: Body,
    upload: &mut Upload,
    parameters: &mut Parameters,
) -> Result<(), Problem> {
    let bad =
        |error: multer::Error| Problem::bad_request(format!("the form cannot be read: {error}"));
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(bad)?;
    let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
    let mut found = false;
    let late = || {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not go on in time",
        )
    };
    let in_time = state.request_timeout;
    while let Some(mut part) = tokio::time::timeout(in_time, form.next_field())
        .await
        .map_err(|_| late())?
        .map_err(bad)?
    {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" && !found {
            found = true;
            if parameters.request.filename.is_none() {
                parameters.request.filename = part.file_name().map(str::to_owned);
            }
            while let Some(octets) = tokio::time::timeout(in_time, part.chunk())
                .await
                .map_err(|_| late())?
                .map_err(bad)?
            {
                upload.take(&octets).await?;
            }
            continue;
        }
        let mut text = Vec::new();
        while let Some(octets) = tokio::time::timeout(in_time, part.chunk())
            .await
            .map_err(|_| late())?
            .map_err(bad)?
        {
            text.extend_from_slice(&octets);
            if text.len() > state.body_octets_max {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("the part `{name}` is too large"),
                ));
            }
        }
        let text = String::from_utf8(text).map_err(|_| Problem::field(&name, "is not UTF-8"))?;
        parameters.take(&name, &text);
    }
    if found {
        Ok(())
    } else {
        Err(Problem::field(
            "file",
            "is missing; send the CSV as the part `file`",
        ))
    }
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
    limit: Option<usize>,
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
    let Query(listing) = listing.map_err(|fault| Problem::bad_request(fault.body_text()))?;
    let most = listing.limit.unwrap_or(LISTED);
    if !(1..=LISTED_MAX).contains(&most) {
        return Err(Problem::field("limit", format!("is 1 to {LISTED_MAX}")));
    }
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
    responses((status = 200, description = "The rows with line, column and reason", body = String, content_type = "text/csv"), Missing, Refusals)
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
