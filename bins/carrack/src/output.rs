//! Results on standard output. A reader that went away (`| head`) is no failure.

use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::fault::Fault;

/// Writes a result and a line's end.
pub(crate) fn line(text: impl std::fmt::Display) -> Result<(), Fault> {
    gone_is_fine(writeln!(io::stdout().lock(), "{text}"))
}

/// Writes a result as JSON, for programs.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Fault> {
    let text = serde_json::to_string_pretty(value).map_err(anyhow::Error::from)?;
    line(text)
}

/// Standard output as a writer of octets.
pub(crate) struct Results;

impl Write for Results {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match io::stdout().lock().write(octets) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(octets.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

fn gone_is_fine(written: io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
