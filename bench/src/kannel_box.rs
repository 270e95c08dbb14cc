//! Kannel as two processes, `bearerbox` and `smsbox`, with its file store.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::process::{LOOK, Process};
use crate::programs::on_path;

const START_MAX: Duration = Duration::from_secs(30);
const STOP_MAX: Duration = Duration::from_secs(30);

/// A running Kannel.
pub(crate) struct Kannel {
    pub(crate) bearerbox: Process,
    pub(crate) smsbox: Process,
    /// `host:port` of `sendsms`.
    pub(crate) host: String,
}

/// Whether its programs are here.
pub(crate) fn is_installed() -> bool {
    on_path("bearerbox").is_some() && on_path("smsbox").is_some()
}

/// Ports that nobody listens on now.
fn free_ports<const N: usize>() -> std::io::Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn config(carrier: &str, window: u32, [admin, boxes, sendsms]: [u16; 3]) -> String {
    let (host, port) = carrier.rsplit_once(':').unwrap_or((carrier, "2775"));
    format!(
        r#"group = core
admin-port = {admin}
admin-password = secret
admin-interface = 127.0.0.1
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-level = 3
log-file = "bearerbox.text.log"
store-type = file
store-location = "kannel.store"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = one
host = {host}
port = {port}
smsc-username = c
smsc-password = p
system-type = ""
transceiver-mode = true
max-pending-submits = {window}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-level = 3
log-file = "smsbox.text.log"

group = sendsms-user
username = bench
password = secret
concatenation = true
max-messages = 10
"#
    )
}

impl Kannel {
    /// Starts both and waits until the carrier is bound. `None` where Kannel is not installed.
    pub(crate) fn start(folder: &Path, carrier: &str, window: u32) -> anyhow::Result<Option<Self>> {
        let Some((bearerbox, smsbox)) = on_path("bearerbox").zip(on_path("smsbox")) else {
            return Ok(None);
        };
        let ports = free_ports::<3>()?;
        let [admin, boxes, sendsms] = ports;
        fs::write(folder.join("kannel.conf"), config(carrier, window, ports))?;
        let arguments = ["-v", "3", "kannel.conf"].map(str::to_owned);
        let mut bearerbox = Process::start("bearerbox", &bearerbox, &arguments, folder)?;
        wait_for(&mut bearerbox, || {
            TcpStream::connect(("127.0.0.1", boxes)).is_ok()
        })?;
        let mut smsbox = Process::start("smsbox", &smsbox, &arguments, folder)?;
        wait_for(&mut smsbox, || {
            TcpStream::connect(("127.0.0.1", sendsms)).is_ok()
        })?;
        wait_for(&mut bearerbox, || {
            let url = format!("http://127.0.0.1:{admin}/status.txt?password=secret");
            let answer = ureq::get(&url).call().ok();
            answer
                .and_then(|answer| answer.into_body().read_to_string().ok())
                .is_some_and(|status| status.contains("(online"))
        })?;
        Ok(Some(Self {
            bearerbox,
            smsbox,
            host: format!("127.0.0.1:{sendsms}"),
        }))
    }

    /// Ends both.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        for process in [&mut self.smsbox, &mut self.bearerbox] {
            process.signal("TERM")?;
            process.wait(STOP_MAX)?;
        }
        Ok(())
    }
}

fn wait_for(process: &mut Process, is_there: impl Fn() -> bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !is_there() {
        process.must_run()?;
        if begun.elapsed() > START_MAX {
            bail!(
                "{} is not ready; its log ends:\n{}",
                process.name(),
                process.log_end()
            );
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
