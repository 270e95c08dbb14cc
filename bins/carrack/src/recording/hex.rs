//! Lines of hexadecimal: `> 0.0.1 00000010...` from us to the carrier, `< ...` from it to us. Link, session and connection
//! may be left out; blanks between octets, empty lines and lines that begin with `#` do not count.

use std::fmt::Write as _;

use carrack_carrier::trace::{Direction, Stream};

use super::{Recorded, Recording, RecordingFault};

/// A PDU as a line, without its end.
pub(crate) fn line(direction: Direction, stream: Stream, octets: &[u8]) -> String {
    let sign = match direction {
        Direction::Out => '>',
        Direction::In => '<',
    };
    let Stream {
        link,
        session,
        connection,
    } = stream;
    let mut line = format!("{sign} {link}.{session}.{connection} ");
    for octet in octets {
        // Writing to a String does not fail.
        let _ = write!(line, "{octet:02x}");
    }
    line
}

/// Reads lines; the first fault names its line.
pub(super) fn read(text: &str) -> Result<Recording, RecordingFault> {
    let mut pdus = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let recorded = recorded(line).ok_or_else(|| {
            RecordingFault(format!(
                "line {}: not a PDU; write `> 00000010...` for what we sent and `< 00000010...` for what came, in hexadecimal",
                number + 1
            ))
        })?;
        pdus.push(recorded);
    }
    Ok(Recording {
        pdus,
        passed_over: 0,
        cut: None,
    })
}

fn recorded(line: &str) -> Option<Recorded> {
    let direction = match line.chars().next()? {
        '>' => Direction::Out,
        '<' => Direction::In,
        _ => return None,
    };
    let rest = line.get(1..)?.trim();
    let (stream, digits) = match rest.split_once(char::is_whitespace) {
        Some((first, digits)) if first.contains('.') => (stream(first)?, digits),
        _ => (
            Stream {
                link: 0,
                session: 0,
                connection: 0,
            },
            rest,
        ),
    };
    let digits: Vec<u8> = digits
        .bytes()
        .filter(|octet| !octet.is_ascii_whitespace())
        .collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    let octet = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    Some(Recorded {
        utc_ns: 0,
        stream,
        direction,
        octets: octets.filter(|octets| rest.is_empty() && !octets.is_empty())?,
    })
}

fn stream(text: &str) -> Option<Stream> {
    let mut parts = text.split('.');
    let stream = Stream {
        link: parts.next()?.parse().ok()?,
        session: parts.next()?.parse().ok()?,
        connection: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(stream)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let stream = Stream {
            link: 1,
            session: 0,
            connection: 7,
        };
        let text = line(Direction::In, stream, &[0, 0x10, 0xFF]);
        assert_eq!(text, "< 1.0.7 0010ff");
        let read = read(&format!("# a comment\n\n{text}\n> 00 0A"))
            .unwrap()
            .pdus;
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].stream, read[0].direction), (stream, Direction::In));
        assert_eq!(
            (read[1].direction, read[1].octets.as_slice()),
            (Direction::Out, &[0, 10][..])
        );
    }

    #[test]
    fn a_line_that_is_no_pdu_is_named() {
        for text in [
            "> 00\nhello",
            "> 00\n> 0",
            "> 00\n> 0g",
            "> 00\n>",
            "> 00\n> 1.2 00",
        ] {
            let fault = read(text).unwrap_err().to_string();
            assert!(fault.starts_with("line 2:"), "{text}: {fault}");
        }
    }
}
