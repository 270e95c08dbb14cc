//! Which kind of recording a file is.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::{OCTETS_MAX, Recording, RecordingFault, capture, hex};

/// First octets of a pcapng (section header block).
const PCAPNG: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];
/// First octets of a pcap: micro and nanoseconds, in either order of octets.
const PCAP: [[u8; 4]; 4] = [
    [0xA1, 0xB2, 0xC3, 0xD4],
    [0xD4, 0xC3, 0xB2, 0xA1],
    [0xA1, 0xB2, 0x3C, 0x4D],
    [0x4D, 0x3C, 0xB2, 0xA1],
];

/// Reads all PDUs of a recording; its first octets say what it is.
pub(crate) fn read(path: &Path) -> Result<Recording, RecordingFault> {
    let shown = path.display();
    let at = |fault: RecordingFault| RecordingFault(format!("{shown}: {fault}"));
    let unreadable =
        |error: std::io::Error| RecordingFault(format!("{shown}: cannot be read: {error}"));
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?;
    // What is no file of the disk has no length to go by.
    if length.is_file() && length.len() == 0 && file.read(&mut [0]).map_err(unreadable)? == 0 {
        return Err(RecordingFault(format!("{shown}: the file is empty")));
    }
    let mut first = [0; 4];
    let known = file.read_exact(&mut first).is_ok();
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if known && first == PCAPNG {
        return capture::pcapng(BufReader::new(file)).map_err(at);
    }
    if known && PCAP.contains(&first) {
        return capture::pcap(BufReader::new(file)).map_err(at);
    }
    let mut text = String::new();
    let most = OCTETS_MAX as u64;
    let read = file.take(most).read_to_string(&mut text);
    read.map_err(|_| {
        RecordingFault(format!(
            "{shown}: neither a capture (pcap, pcapng) nor lines of hexadecimal"
        ))
    })?;
    hex::read(&text).map_err(at)
}
