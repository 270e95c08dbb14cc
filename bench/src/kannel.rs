//! The scenario `kannel`: we and Kannel in turn, with the same carrier, generator, texts and number of connections.

use crate::carrier::Carrier;
use crate::http_run::{self, measure, note_receipts};
use crate::kannel_box::{self, Kannel};
use crate::machine::{Ticks, load_average};
use crate::outcome::Outcome;
use crate::process::Usage;
use crate::request::Form;
use crate::scenario::Scenario;
use crate::sink::Sink;
use crate::smpp_run::Bench;

/// Runs us once.
pub(crate) fn run_ours(bench: &Bench<'_>, mark: u32) -> anyhow::Result<Outcome> {
    http_run::run(bench, mark)
}

/// Runs Kannel once; `None` where it is not installed.
pub(crate) fn run_peer(bench: &Bench<'_>, mark: u32) -> anyhow::Result<Option<Outcome>> {
    if !kannel_box::is_installed() {
        eprintln!("Kannel is not installed (Debian: kannel): measured without it, no ratio");
        return Ok(None);
    }
    let messages = bench.amount.messages(Scenario::Kannel);
    let mut carrier = Carrier::start(bench.programs, "smscsim", bench.folder, messages)?;
    let window = bench.shape.link_window;
    let Some(mut kannel) = Kannel::start(bench.folder, &carrier.address, window)? else {
        return Ok(None);
    };
    let sink = Sink::start(messages)?;
    let form = Form::Kannel {
        host: kannel.host.clone(),
        callback: sink.address.to_string(),
    };
    let load_before = load_average();
    let ticks = Ticks::now();
    let (bearerbox, smsbox, simulator) = (
        kannel.bearerbox.usage(),
        kannel.smsbox.usage(),
        carrier.process.usage(),
    );
    let measured = measure(bench, form, mark, Some(&sink), &carrier, 0)?;
    let mut outcome = measured.outcome("kannel");
    outcome.add_process("bearerbox", bearerbox, kannel.bearerbox.usage());
    outcome.add_process("smsbox", smsbox, kannel.smsbox.usage());
    outcome.add_process("smscsim", simulator, carrier.process.usage());
    outcome.add_process("bench", Usage::default(), measured.own);
    outcome.noise = ticks.noise_since(outcome.cpu_seconds(), load_before);
    kannel.stop()?;
    let report = carrier.stop()?;
    note_receipts(&mut outcome, Some(&sink), 0, &report);
    Ok(Some(outcome))
}
