//! A file on its way from a request to the disk.
//!
//! Promise: it is written as it comes. Bound: [`WRITE_OCTETS`] and a frame of the connection, and the octets of a batch. Fails
//! with a problem for the client; what was written is gone then.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::runtime::Handle;

use super::super::problem::Problem;
use super::super::state::State;
use super::blocking;
use crate::batch::Spool;

/// Octets gathered before they go to the disk.
const WRITE_OCTETS: usize = 256 << 10;

/// A file on its way to the disk.
pub(super) struct Upload {
    spool: Option<Spool>,
    gathered: Vec<u8>,
}

impl Upload {
    pub(super) async fn begin(state: &State, account: &str) -> Result<Self, Problem> {
        let (batches, account) = (state.batches.clone(), account.to_owned());
        let spool = blocking(move || batches.spool(&account)).await?;
        Ok(Self {
            spool: Some(spool),
            gathered: Vec::with_capacity(WRITE_OCTETS),
        })
    }

    pub(super) async fn take(&mut self, octets: &[u8]) -> Result<(), Problem> {
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

    /// All of it is there.
    pub(super) async fn end(mut self) -> Result<Spool, Problem> {
        self.write().await?;
        (self.spool.take()).ok_or_else(|| Problem::broken("the upload has ended before"))
    }
}

/// What was written may be large, and goes where that holds nobody up.
impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(spool), Ok(runtime)) = (self.spool.take(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(spool));
        }
    }
}

/// The next octets of a body; a client that sends nothing for too long is told so.
pub(super) async fn next_octets(state: &State, body: &mut Body) -> Result<Option<Bytes>, Problem> {
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
