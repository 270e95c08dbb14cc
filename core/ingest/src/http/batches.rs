//! `/v1/batches`: a CSV file comes in as a stream and is answered once it is on disk and its header holds.

use axum::body::{Body, Bytes};
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde::Deserialize;
use utoipa::IntoParams;

use super::authentication::Customer;
use super::body::{FileBody, media_type};
use super::idempotency::{RequestKey, replayed};
use super::openapi::{BodyFaults, Missing, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;
use crate::batch::{BatchFault, BatchNumber, BatchRequest, BatchView, Spool, SpoolFault};

/// Octets gathered before they go to the disk.
const WRITE_OCTETS: usize = 256 << 10;
/// Octets of a block of an errors file on its way out.
const READ_OCTETS: usize = 64 << 10;

/// What goes with a file; unknown names are refused.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    from: Option<String>,
    template: Option<String>,
    class: Option<String>,
    filename: Option<String>,
    idempotency_key: Option<String>,
}

impl From<BatchFault> for Problem {
    fn from(fault: BatchFault) -> Self {
        match &fault {
            BatchFault::Layout(_) => Self::field("file", &fault),
            BatchFault::Field { field, detail } => Self::field(field, detail),
            BatchFault::KeyUsed => Self::key_used(&fault),
            BatchFault::Spool(SpoolFault::TooLarge { .. }) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, fault)
            }
            BatchFault::Spool(SpoolFault::Disk(_)) => {
                Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, fault)
            }
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
    params(Parameters, ("Idempotency-Key" = Option<String>, Header, description = "The same key twice is one batch")),
    request_body(content = String, content_type = "text/csv", description = "The file itself, or multipart/form-data with a part `file`"),
    responses(
        (status = 202, description = "It is on the disk and its header holds", body = BatchView),
        (status = 409, description = "The same key or message is under way, or was sent", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The key has other content", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Refusals
    )
)]
pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    parameters: Result<Query<Parameters>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Query(mut parameters) =
        parameters.map_err(|fault| Problem::bad_request(fault.body_text()))?;
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
                "{media} is not taken here; send text/csv, or multipart/form-data with a part `file`"
            );
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
    }
    upload.write().await?;
    let Some(spool) = upload.spool.take() else {
        return Err(Problem::broken("the upload has ended before"));
    };
    let given = parameters.idempotency_key.as_deref().map(RequestKey::read);
    let given = given.transpose().map_err(Problem::from)?;
    let key = RequestKey::one_of(given, by_header).map_err(Problem::from)?;
    let request = BatchRequest {
        from: parameters.from.filter(|from| !from.is_empty()),
        template: parameters.template.filter(|template| !template.is_empty()),
        class: parameters.class.filter(|class| !class.is_empty()),
        filename: parameters.filename,
    };
    let batches = state.batches.clone();
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
            if parameters.filename.is_none() {
                parameters.filename = part.file_name().map(str::to_owned);
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
        let place = match name.as_str() {
            "from" => &mut parameters.from,
            "template" => &mut parameters.template,
            "class" => &mut parameters.class,
            "filename" => &mut parameters.filename,
            "idempotency_key" => &mut parameters.idempotency_key,
            _ => {
                return Err(Problem::field(
                    &name,
                    "is unknown or stands twice; known are file, from, template, class, filename, idempotency_key",
                ));
            }
        };
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
        *place = Some(String::from_utf8(text).map_err(|_| Problem::field(&name, "is not UTF-8"))?);
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
    let (path, octets) = state
        .batches
        .errors(number, &account.name)
        .ok_or_else(missing)?;
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
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(octets));
    let name = format!("attachment; filename=\"{number}-errors.csv\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
