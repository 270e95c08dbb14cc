//! A batch watched to its end; a node that is away for a while is no end.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::client::{Client, may_pass};
use crate::fault::Fault;
use crate::progress::{BatchStatus, Progress};

const LOOK: Duration = Duration::from_millis(250);
/// How long looks may fail while a batch is followed: a restart of the node is no end.
const AWAY_MAX: Duration = Duration::from_secs(30);

/// How far a batch is.
pub(crate) fn look(client: &Client, path: &str) -> Result<BatchStatus, Fault> {
    let document = client.get(path, &[])?;
    let status = serde_json::from_value(document);
    Ok(status.context("the node tells of the batch in words this program does not know")?)
}

/// Shows progress until every message is final.
pub(super) fn follow(client: &Client, path: &str) -> Result<(), Fault> {
    let mut progress = Progress::start();
    let mut away: Option<Instant> = None;
    loop {
        match look(client, path) {
            Ok(batch) => {
                away = None;
                progress.show(&batch);
                if batch.is_done() {
                    progress.finish();
                    return Ok(());
                }
            }
            Err(fault) if !may_pass(&fault) => {
                progress.finish();
                return Err(fault);
            }
            Err(fault) => match away {
                Some(since) if since.elapsed() >= AWAY_MAX => {
                    progress.finish();
                    return Err(Fault::Failed(anyhow!("{fault}; the batch itself goes on")));
                }
                Some(_) => {}
                None => {
                    away = Some(Instant::now());
                    progress.say(&format!(
                        "{fault}; trying again for {} s",
                        AWAY_MAX.as_secs()
                    ));
                }
            },
        }
        std::thread::sleep(LOOK);
    }
}
