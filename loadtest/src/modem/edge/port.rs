//! A task a modem: its port to the rack and back.

use super::super::Rack;
use super::pty::{Pty, write_now};
use super::running::{Ports, Shared};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// What nobody reads for so long is lost.
const STALE: Duration = Duration::from_secs(2);
/// Until a port without room is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(1);
/// Until a pty that could not be had is tried again.
const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// Opens all of them; their names.
pub(super) async fn open_all(shared: &Rc<Shared>, ports: &Ports) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for modem in 0..shared.ask(Rack::modems) {
        names.push(match ports {
            Ports::Folder(folder) => open_pty(shared, folder, modem)?,
            Ports::Tcp(address) => open_tcp(shared, *address, modem).await?,
        });
    }
    Ok(names)
}

fn open_pty(shared: &Rc<Shared>, folder: &Path, modem: usize) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let link = folder.join(format!("modem-{modem}"));
    let pty = Pty::open(&link)?;
    let name = link.display().to_string();
    tokio::task::spawn_local(serve_pty(Rc::clone(shared), modem, link, pty));
    Ok(name)
}

async fn open_tcp(
    shared: &Rc<Shared>,
    mut address: SocketAddr,
    modem: usize,
) -> io::Result<String> {
    if address.port() != 0 {
        let port = u16::try_from(modem)
            .ok()
            .and_then(|modem| address.port().checked_add(modem));
        address
            .set_port(port.ok_or_else(|| io::Error::other("no port is left for the last modems"))?);
    }
    let listener = TcpListener::bind(address).await?;
    let name = format!("tcp://{}", listener.local_addr()?);
    tokio::task::spawn_local(serve_tcp(Rc::clone(shared), modem, listener));
    Ok(name)
}

async fn serve_pty(shared: Rc<Shared>, modem: usize, link: PathBuf, first: Pty) {
    let mut pty = Some(first);
    loop {
        if let Some(mut pty) = pty.take() {
            // It ends when it is unplugged; a pty that fails is replaced likewise.
            let _ = talk_pty(&shared, modem, &mut pty).await;
        }
        while !shared.ask(|rack| rack.is_plugged(modem)) {
            shared.woken(modem).await;
        }
        match Pty::open(&link) {
            Ok(opened) => pty = Some(opened),
            Err(_) => tokio::time::sleep(OPEN_PAUSE).await,
        }
    }
}

async fn talk_pty(shared: &Shared, modem: usize, pty: &mut Pty) -> io::Result<()> {
    let mut buffer = [0; 1_024];
    let writer = pty.writer()?;
    let mut flow = Flow::default();
    while shared.ask(|rack| rack.is_plugged(modem)) {
        let is_full = shared.output(modem, |output| {
            flow.write(output, |octets| write_now(&writer, octets))
        });
        let is_full = is_full.transpose()?.unwrap_or(false);
        tokio::select! {
            () = shared.woken(modem) => {}
            () = tokio::time::sleep(FULL_PAUSE), if is_full => {}
            read = pty.read(&mut buffer) => match read? {
                0 => return Ok(()),
                count => {
                    let octets = buffer.get(..count).unwrap_or_default();
                    shared.tell(|rack, now_ns| rack.receive(now_ns, modem, octets));
                }
            },
        }
    }
    Ok(())
}

async fn serve_tcp(shared: Rc<Shared>, modem: usize, listener: TcpListener) {
    let mut next: Option<TcpStream> = None;
    loop {
        let stream = match next.take() {
            Some(stream) => stream,
            None => match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(OPEN_PAUSE).await;
                    continue;
                }
            },
        };
        if !shared.ask(|rack| rack.is_plugged(modem)) {
            // A serial server whose device is gone.
            continue;
        }
        // What was written while nobody listened is lost.
        shared.output(modem, Vec::clear);
        tokio::select! {
            _ = talk_tcp(&shared, modem, stream) => {}
            accepted = listener.accept() => next = accepted.ok().map(|(stream, _)| stream),
        }
    }
}

async fn talk_tcp(shared: &Shared, modem: usize, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; 1_024];
    let mut flow = Flow::default();
    while shared.ask(|rack| rack.is_plugged(modem)) {
        let write = |octets: &[u8]| match stream.try_write(octets) {
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => Ok(0),
            other => other,
        };
        let is_full = shared
            .output(modem, |output| flow.write(output, write))
            .transpose()?
            .unwrap_or(false);
        tokio::select! {
            () = shared.woken(modem) => {}
            () = tokio::time::sleep(FULL_PAUSE), if is_full => {}
            read = stream.read(&mut buffer) => match read? {
                0 => return Ok(()),
                count => {
                    let octets = buffer.get(..count).unwrap_or_default();
                    shared.tell(|rack, now_ns| rack.receive(now_ns, modem, octets));
                }
            },
        }
    }
    Ok(())
}

/// Since when nothing could be written.
#[derive(Debug, Default)]
struct Flow {
    stuck: Option<Instant>,
}

impl Flow {
    /// True: octets are left, and the port has no room.
    fn write(
        &mut self,
        output: &mut Vec<u8>,
        write: impl Fn(&[u8]) -> io::Result<usize>,
    ) -> io::Result<bool> {
        while !output.is_empty() {
            let written = write(output)?;
            if written == 0 {
                let since = *self.stuck.get_or_insert_with(Instant::now);
                if since.elapsed() > STALE {
                    output.clear();
                }
                return Ok(!output.is_empty());
            }
            self.stuck = None;
            output.drain(..written.min(output.len()));
        }
        self.stuck = None;
        Ok(false)
    }
}
