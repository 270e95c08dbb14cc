//! One run of the comparison by HTTP with one message a request: the node, the carrier, the generator and the callback sink
//! of the bench itself, so that a peer can be given exactly the same.

use std::time::{Duration, Instant};

use crate::carrier::{Carrier, Report};
use crate::check;
use crate::http_load::{HttpLoad, Sent};
use crate::machine::{Ticks, load_average};
use crate::node::{Node, write_config};
use crate::outcome::Outcome;
use crate::process::{Usage, own_cpu_seconds};
use crate::request::Form;
use crate::scenario::Scenario;
use crate::sink::Sink;
use crate::smpp_run::{Bench, finish};

/// How long the last receipts are waited for when nothing moves.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a load and its receipts gave, whoever was loaded.
pub(crate) struct Measured {
    pub(crate) sent: Sent,
    pub(crate) life_seconds: f64,
    pub(crate) own: Usage,
}

/// Sends all and waits for the callbacks, or for the carrier's receipts where there are none.
pub(crate) fn measure(
    bench: &Bench<'_>,
    form: Form,
    mark: u32,
    sink: Option<&Sink>,
    carrier: &Carrier,
    ahead: u64,
) -> anyhow::Result<Measured> {
    let own_before = own_cpu_seconds();
    let begun = Instant::now();
    let sent = HttpLoad {
        form,
        connections: bench.shape.binds,
        count: bench.amount.messages(Scenario::Kannel),
        mark,
    }
    .run()?;
    let settled = match sink {
        Some(sink) => sink.wait_for(sent.accepted, PATIENCE),
        None => carrier.wait_for_receipts(sent.accepted + ahead, PATIENCE, || Ok(()))?,
    };
    Ok(Measured {
        life_seconds: (settled - begun).as_secs_f64().max(sent.seconds),
        own: Usage {
            cpu_seconds: own_cpu_seconds() - own_before,
            ..Usage::default()
        },
        sent,
    })
}

impl Measured {
    /// The figures that are the same for all.
    pub(crate) fn outcome(&self, system: &str) -> Outcome {
        let mut outcome = Outcome {
            scenario: Scenario::Kannel.name(),
            system: system.to_owned(),
            answer_ms: Some(self.sent.latency_ms),
            faults: self.sent.faults.clone(),
            ..Outcome::default()
        };
        outcome.counts.sent = self.sent.accepted;
        outcome.counts.accepted = self.sent.accepted;
        outcome.set_times(self.sent.seconds, self.life_seconds);
        outcome
    }
}

/// Whether the node takes a callback; the sink of the message that asked, and how many messages that was.
fn probe(host: &str, mark: u32) -> anyhow::Result<(Sink, bool)> {
    let sink = Sink::start(1)?;
    let form = Form::Carrack {
        host: host.to_owned(),
        callback: Some(sink.address.to_string()),
    };
    let sent = HttpLoad {
        form,
        connections: 1,
        count: 1,
        mark,
    }
    .run()?;
    Ok((sink, sent.accepted == 1))
}

/// Runs it.
pub(crate) fn run(bench: &Bench<'_>, mark: u32) -> anyhow::Result<Outcome> {
    let messages = bench.amount.messages(Scenario::Kannel);
    let mut carrier = Carrier::start(bench.programs, "smscsim", bench.folder, messages)?;
    write_config(bench.folder, bench.shape, &carrier.address, None)?;
    let mut node = Node::start(bench.programs, bench.folder)?;
    let (_probe_sink, takes_callbacks) = probe(&node.http, mark.wrapping_add(1))?;
    let ahead = u64::from(takes_callbacks);
    let sink = if takes_callbacks {
        Some(Sink::start(messages)?)
    } else {
        None
    };
    let form = Form::Carrack {
        host: node.http.clone(),
        callback: sink.as_ref().map(|sink| sink.address.to_string()),
    };
    let load_before = load_average();
    let (ticks, node_before, carrier_before) =
        (Ticks::now(), node.process.usage(), carrier.process.usage());
    let threads = node.process.threads();
    let measured = measure(bench, form, mark, sink.as_ref(), &carrier, ahead)?;
    let mut outcome = measured.outcome("carrack");
    outcome.add_process("carrack", node_before, node.process.usage());
    outcome.add_process("smscsim", carrier_before, carrier.process.usage());
    outcome.add_process("bench", Usage::default(), measured.own);
    outcome.add_threads(&threads, &node.process.threads());
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    if !takes_callbacks {
        outcome.notes.push(
            "this node takes no callback_url yet: its life ends when the receipt is durable and the carrier answered"
                .to_owned(),
        );
    }
    // The message that asked counts in the store and at the carrier.
    outcome.counts.accepted += ahead;
    let report = finish(bench, node, carrier, &mut outcome)?;
    note_receipts(&mut outcome, sink.as_ref(), ahead, &report);
    Ok(outcome)
}

/// Fills in who was told, and checks.
pub(crate) fn note_receipts(
    outcome: &mut Outcome,
    sink: Option<&Sink>,
    ahead: u64,
    report: &Report,
) {
    match sink {
        Some(sink) => {
            outcome.counts.receipts = sink.distinct() + ahead;
            outcome.counts.doubled += sink.doubled();
        }
        None => outcome.counts.receipts = report.count("receipts_answered"),
    }
    check::carrier(outcome, &[report]);
}
