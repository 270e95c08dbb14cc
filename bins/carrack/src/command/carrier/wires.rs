//! The sockets of a probe: the same transport as a carrier's links, so that addresses and TLS behave alike.
//!
//! Bound: the probe's own; a signal ends it between two questions.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use carrack_carrier::probe::{Order, Plan, PlanFault, Probe, WIRES};
use carrack_runtime::{
    ConnectSettings, ReadOutcome, TcpTransport, TlsSource, Transport, TransportState, Wake,
    WriteOutcome,
};

use crate::signals::Signal;

/// Octets read at once.
const READ_OCTETS: usize = 64 << 10;
/// Between two looks at signals and progress.
const LOOK: Duration = Duration::from_millis(100);
/// Reads of one connection in a turn.
const READS_MAX: usize = 16;

/// Where the SMSC is.
pub(super) struct Place {
    pub(super) address: String,
    pub(super) connect_timeout: Duration,
    pub(super) tls: Option<Arc<dyn TlsSource>>,
}

/// A probe and its connections.
struct Wires {
    probe: Probe,
    transports: Vec<TcpTransport>,
    /// What the probe was told of each.
    connecting: [bool; WIRES],
    begun: Instant,
    buffer: Vec<u8>,
}

/// Runs a probe to its end; `look` is told how it stands now and then.
pub(super) fn run(
    plan: Plan,
    place: &Place,
    stop: &Receiver<Signal>,
    look: &mut dyn FnMut(&Probe),
) -> Result<Probe, RunFault> {
    let probe = Probe::new(plan)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let serve = async {
        let wake = Wake::default();
        let transport = || {
            let connect = ConnectSettings {
                addresses: vec![place.address.clone()],
                local_address: None,
                connect_timeout: place.connect_timeout,
                tls: place.tls.clone(),
            };
            TcpTransport::new(connect, wake.clone())
        };
        let mut wires = Wires {
            probe,
            transports: (0..WIRES).map(|_| transport()).collect(),
            connecting: [false; WIRES],
            begun: Instant::now(),
            buffer: vec![0; READ_OCTETS],
        };
        while wires.probe.outcome().is_none() {
            wake.clear();
            wires.turn();
            look(&wires.probe);
            if stop.try_recv().is_ok() {
                wires.probe.stop("it was stopped");
                break;
            }
            let wait = wires.wait();
            // Whichever comes first; both only mean another turn.
            let _ = tokio::time::timeout(wait, wake.woken()).await;
        }
        wires.turn();
        wires.probe
    };
    Ok(tokio::task::LocalSet::new().block_on(&runtime, serve))
}

/// Why a probe did not begin.
#[derive(Debug)]
pub(super) enum RunFault {
    /// The plan cannot be carried out.
    Plan(PlanFault),
    /// The system gave no runtime.
    System(std::io::Error),
}

impl From<PlanFault> for RunFault {
    fn from(fault: PlanFault) -> Self {
        Self::Plan(fault)
    }
}

impl From<std::io::Error> for RunFault {
    fn from(fault: std::io::Error) -> Self {
        Self::System(fault)
    }
}

impl Wires {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wait(&self) -> Duration {
        let due = self.probe.next_deadline_ns().unwrap_or(u64::MAX);
        Duration::from_nanos(due.saturating_sub(self.now_ns())).min(LOOK)
    }

    fn turn(&mut self) {
        for wire in 0..WIRES {
            self.look_at(wire);
        }
        let now_ns = self.now_ns();
        self.probe.turn(now_ns);
        while let Some(order) = self.probe.order() {
            match order {
                Order::Connect(wire) => {
                    if let (Some(transport), Some(connecting)) =
                        (self.transports.get_mut(wire), self.connecting.get_mut(wire))
                    {
                        transport.connect();
                        *connecting = true;
                    }
                }
                Order::Close(wire) => {
                    self.write(wire);
                    if let Some(transport) = self.transports.get_mut(wire) {
                        transport.close();
                    }
                }
            }
        }
        for wire in 0..WIRES {
            self.write(wire);
        }
    }

    fn look_at(&mut self, wire: usize) {
        let now_ns = self.now_ns();
        let (Some(transport), Some(connecting)) =
            (self.transports.get_mut(wire), self.connecting.get_mut(wire))
        else {
            return;
        };
        match transport.state() {
            TransportState::Open => {
                if std::mem::take(connecting) {
                    self.probe.connected(now_ns, wire);
                }
            }
            TransportState::Failed(reason) => {
                *connecting = false;
                transport.close();
                self.probe.lost(now_ns, wire, &reason);
                return;
            }
            TransportState::Idle | TransportState::Connecting => return,
        }
        for _ in 0..READS_MAX {
            match transport.read(&mut self.buffer) {
                ReadOutcome::Octets(octets) => {
                    let octets = self.buffer.get(..octets).unwrap_or(&[]);
                    self.probe.received(now_ns, wire, octets);
                }
                ReadOutcome::Nothing => return,
                ReadOutcome::Closed(reason) => {
                    transport.close();
                    self.probe.lost(now_ns, wire, &reason);
                    return;
                }
            }
        }
        transport.read_later();
    }

    fn write(&mut self, wire: usize) {
        let (Some(transport), Some(output)) =
            (self.transports.get_mut(wire), self.probe.output(wire))
        else {
            return;
        };
        if output.is_empty() || transport.state() != TransportState::Open {
            return;
        }
        // A pipe that is gone shows itself at the next read.
        if let WriteOutcome::Octets(octets) = transport.write(output) {
            output.drain(..octets.min(output.len()));
        }
    }
}
