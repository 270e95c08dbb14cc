//! Listening, serving, closing.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use carrack_engine::Engine;
use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use thiserror::Error;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinSet, LocalSet};

use super::calls::Calls;
use super::connection::Serving;
use super::held::{Held, origin};
use super::lives::READERS_MAX;
use super::signature::Replays;
use super::specification::HttpSpec;
use super::state::Shared;
use crate::accounts::AccountBook;
use crate::batch::Batches;
use crate::tls::{TlsFault, TlsServer};

/// Pause after the system had no more descriptors for us.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The door cannot be opened.
#[derive(Debug, Error)]
pub enum HttpFault {
    /// The address.
    #[error(
        "HTTP cannot listen on {address}: {source}; choose another `http.listen`, or end what listens there"
    )]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// A thread.
    #[error("a thread of the HTTP door cannot be started: {0}")]
    Thread(#[source] io::Error),
}

/// An open door. Dropping it closes it without waiting; [`HttpDoor::close`] lets requests come to their end.
pub struct HttpDoor {
    address: SocketAddr,
    tls: Option<Arc<TlsServer>>,
    closing: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl HttpDoor {
    /// Opens the door.
    ///
    /// # Errors
    /// [`HttpFault`].
    pub fn open(
        spec: &HttpSpec,
        engine: Engine,
        accounts: Arc<AccountBook>,
        batches: Batches,
    ) -> Result<Self, HttpFault> {
        let fault = |source| HttpFault::Listen {
            address: spec.listen,
            source,
        };
        let listener = TcpListener::bind(spec.listen).map_err(fault)?;
        listener.set_nonblocking(true).map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let tls = spec
            .tls
            .as_ref()
            .map(|files| TlsServer::open(files.clone(), &[b"http/1.1"]).map(Arc::new))
            .transpose()?;
        let (closing, closed) = watch::channel(false);
        let state = Shared {
            engine,
            accounts,
            batches,
            metrics: spec.metrics.clone(),
            taps: Arc::clone(&spec.taps),
            shadow: spec.shadow.clone(),
            loop_probes: spec.loop_probes.clone(),
            review: spec.review.clone(),
            modems: spec.modems.clone(),
            webhooks: spec.webhooks.clone(),
            closing: closed.clone(),
            body_octets_max: spec.body_octets_max,
            request_timeout: spec.request_timeout,
            kannel: spec.kannel,
            jasmin: spec.jasmin,
            clock: SystemClock::default(),
            streams: Held::new(spec.streams_of_account_max.max(1)),
            uploads: Held::new(spec.uploads_of_account_max.max(1)),
            log_readers: Arc::new(Semaphore::new(READERS_MAX)),
            replays: Replays::since(SystemClock::default().now().utc_ns),
        };
        let serving = Serving {
            calls: Calls::new(state.into(), &spec.cors_origins),
            tls: tls.clone(),
            of_address: Held::new(spec.connections_of_address_max.max(1)),
            request_timeout: spec.request_timeout,
            closing: closed,
        };
        let places = Arc::new(Semaphore::new(
            spec.connections_max.clamp(1, Semaphore::MAX_PERMITS),
        ));
        let mut threads = Vec::new();
        for number in 0..spec.threads.max(1) {
            let listener = listener.try_clone().map_err(fault)?;
            let (serving, places) = (serving.clone(), Arc::clone(&places));
            let thread = std::thread::Builder::new()
                .name(format!("http-{number}"))
                .spawn(move || serve(listener, serving, places))
                .map_err(HttpFault::Thread)?;
            threads.push(thread);
        }
        tracing::info!(%address, tls = spec.tls.is_some(), "the HTTP door is open");
        Ok(Self {
            address,
            tls,
            closing,
            threads,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads certificate and key again; new connections are given what was read.
    pub fn reload(&self) {
        if let Some(tls) = &self.tls {
            tls.reload();
        }
    }

    /// Takes no more connections, answers what is at hand, and ends. Blocking; the engine must still answer. Whatever is
    /// not done after `deadline` is cut.
    pub fn close(mut self, deadline: Duration) {
        // A thread that ended has no receiver any more.
        self.closing.send_replace(true);
        let until = std::time::Instant::now() + deadline;
        for thread in self.threads.drain(..) {
            while !thread.is_finished() && std::time::Instant::now() < until {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            if !thread.is_finished() {
                tracing::warn!("requests were cut at the end of the HTTP door");
            } else if thread.join().is_err() {
                tracing::error!("a thread of the HTTP door ended by a panic");
            }
        }
    }
}

fn serve(listener: TcpListener, serving: Serving, places: Arc<Semaphore>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, async {
            if let Err(error) = accept(listener, serving, places).await {
                tracing::error!(%error, "the HTTP door cannot listen any more");
            }
        }),
        Err(error) => tracing::error!(%error, "no runtime for the HTTP door"),
    }
}

async fn accept(listener: TcpListener, serving: Serving, places: Arc<Semaphore>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut closing = serving.closing.clone();
    let mut connections = JoinSet::new();
    loop {
        // Above the bound connections wait in the system's own queue.
        let accepted = async {
            let place = Arc::clone(&places)
                .acquire_owned()
                .await
                .map_err(io::Error::other)?;
            let (stream, peer) = listener.accept().await?;
            Ok::<_, io::Error>((place, stream, peer))
        };
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => break,
            Some(_) = connections.join_next() => {}
            accepted = accepted => match accepted {
                Ok((place, stream, peer)) => {
                    let Some(of_address) = serving.of_address.take(origin(peer.ip())) else {
                        metrics::counter!(names::HTTP_CONNECTIONS_REFUSED).increment(1);
                        tracing::debug!(%peer, "the address has as many connections as it may");
                        continue;
                    };
                    let connection = serving.clone().serve(stream, peer);
                    connections.spawn_local(async move {
                        connection.await;
                        drop((place, of_address));
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
    Ok(())
}
