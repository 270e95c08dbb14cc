//! Signals as messages: a thread waits for them, so that commands can be plain loops.

use std::sync::mpsc::{Receiver, sync_channel};

use tokio::signal::unix::{SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM or SIGINT.
    Stop,
    /// SIGHUP.
    Reload,
}

/// Signals that may wait; more of them would ask for the same.
const WAITING_MAX: usize = 4;

/// From now on signals do not end the process; they come out of the receiver.
pub(crate) fn listen() -> std::io::Result<Receiver<Signal>> {
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut streams = {
        let _entered = runtime.enter();
        (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        )
    };
    let serve = async move {
        let (terminate, interrupt, hangup) = (&mut streams.0, &mut streams.1, &mut streams.2);
        loop {
            let found = tokio::select! {
                _ = terminate.recv() => Signal::Stop,
                _ = interrupt.recv() => Signal::Stop,
                _ = hangup.recv() => Signal::Reload,
            };
            // Full: enough of them wait already.
            let _ = sender.try_send(found);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(serve))?;
    Ok(receiver)
}
