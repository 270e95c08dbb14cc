//! Load for Carrack and for any SMSC: see `smsload --help`.

mod options;

use anyhow::Context;
use carrack_loadtest::load::{LoadFault, LoadReport, Mix, Timeline, batch, http, page, smpp};
use carrack_loadtest::wire::TlsTrust;
use clap::Parser;
use options::{BatchOptions, Command, HttpOptions, Options, Scripts, SmppOptions, Work};
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match Options::parse().command {
        Command::Smpp(options) => smpp(options),
        Command::Http(options) => http(options),
        Command::Batch(options) => batch(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "smsload: {fault:#}");
            let is_usage = matches!(fault.downcast_ref::<LoadFault>(), Some(LoadFault::Usage(_)));
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

fn smpp(options: SmppOptions) -> anyhow::Result<bool> {
    let (pace, texts) = options.work.plan()?;
    if options.work.mix.as_ref().is_some_and(Mix::has_class) {
        let fault = "--mix: SMPP has no class to say; leave it out".to_owned();
        return Err(LoadFault::Usage(fault).into());
    }
    let title = format!(
        "smsload smpp {}, {} binds, window {}",
        options.address, options.binds, options.window
    );
    let tls = options.tls_ca.map(|ca| TlsTrust {
        ca,
        name: options
            .tls_name
            .unwrap_or_else(|| host(&options.address).to_owned()),
        certificate: options.tls_cert.zip(options.tls_key),
    });
    let load = smpp::Options {
        tls,
        address: options.address,
        system_id: options.system_id,
        password: options.password,
        binds: options.binds,
        window: options.window,
        receipts: options.receipts,
        wait: options.wait,
        linger: options.linger,
        response_timeout: options.work.response_timeout,
        reconnect: options.reconnect,
    };
    let done = run(smpp::run_watched(load, texts, pace, options.work.watch()))?;
    finish(&title, &done, &options.work)
}

/// The host of `host:port`, without the brackets of an IPv6 address.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn http(options: HttpOptions) -> anyhow::Result<bool> {
    let (pace, texts) = options.work.plan()?;
    let title = format!(
        "smsload http {}, {} connections",
        options.url, options.connections
    );
    let load = http::Options {
        url: options.url,
        key: options.key,
        connections: options.connections,
        response_timeout: options.work.response_timeout,
        bulk: options.bulk,
        keys: options.keys,
    };
    let done = run(http::run_watched(load, texts, pace, options.work.watch()))?;
    finish(&title, &done, &options.work)
}

type Done = (LoadReport, Timeline);

fn run(load: impl Future<Output = Result<Done, LoadFault>>) -> anyhow::Result<Done> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, load)?)
}

fn batch(options: &BatchOptions) -> anyhow::Result<bool> {
    let rows = batch::Options {
        rows: options.rows,
        seed: options.seed,
        mixed: options.scripts == Scripts::Mixed,
        bad: options.bad,
        long: options.long,
        keys: options.keys,
    };
    let file = std::fs::File::create(&options.out)
        .with_context(|| format!("cannot write {}", options.out.display()))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let written = match &options.mix {
        Some(mix) => batch::write_mix(&rows, mix, &mut out),
        None => batch::write(&rows, &mut out),
    };
    let report = written.with_context(|| format!("cannot write {}", options.out.display()))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(true)
}

/// Writes the page, where one is wanted, and prints the result.
fn finish(title: &str, (report, timeline): &Done, work: &Work) -> anyhow::Result<bool> {
    if let Some(file) = &work.report_html {
        let written = page::write(title, report, timeline)?;
        std::fs::write(file, written)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    print(report, work.json)
}

fn print(report: &LoadReport, json: bool) -> anyhow::Result<bool> {
    let mut stdout = std::io::stdout().lock();
    if json {
        writeln!(stdout, "{}", serde_json::to_string(report)?)?;
    } else {
        writeln!(stdout, "{}", serde_json::to_string_pretty(report)?)?;
    }
    Ok(report.is_success())
}
