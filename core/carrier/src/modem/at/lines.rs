//! Octets from a modem become lines, and the prompt that asks for a PDU.
//!
//! A modem ends lines with CR LF, some with CR CR LF, and begins answers with an empty one; the prompt `> ` ends with nothing
//! (3GPP TS 27.005, 3.5.1). Octets that are no printable ASCII are noise (boot messages at another speed): they are kept as `?`
//! and counted. Bound: one line.

/// Octets of a line that are kept: a PDU has at most 376 digits, a network's answer to USSD up to 728.
pub const LINE_OCTETS_MAX: usize = 1024;

/// Something whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line that is not empty, without its end.
    Text(&'a str),
    /// `> `: the PDU is awaited.
    Prompt,
}

/// Collects octets.
#[derive(Debug, Default)]
pub struct Lines {
    line: String,
    /// The line is longer than what is kept of it.
    cut: bool,
    oddities: u64,
}

impl Lines {
    /// Takes octets, and calls for each line that they end.
    pub fn feed(&mut self, octets: &[u8], mut on: impl FnMut(Line<'_>)) {
        for &octet in octets {
            match octet {
                b'\r' | b'\n' => self.end(&mut on),
                _ => self.add(octet),
            }
            if self.line == "> " {
                self.line.clear();
                on(Line::Prompt);
            }
        }
    }

    fn end(&mut self, on: &mut impl FnMut(Line<'_>)) {
        let text = self.line.trim();
        if !text.is_empty() {
            on(Line::Text(text));
        }
        self.line.clear();
        self.cut = false;
    }

    fn add(&mut self, octet: u8) {
        let found = match octet {
            b' '..=b'~' => char::from(octet),
            b'\t' => ' ',
            _ => {
                self.oddities += 1;
                '?'
            }
        };
        if self.line.len() < LINE_OCTETS_MAX {
            self.line.push(found);
        } else if !self.cut {
            self.cut = true;
            self.oddities += 1;
        }
    }

    /// Forgets what has not ended: a command timed out, and its rest must not be taken for an answer to the next.
    pub fn forget(&mut self) {
        self.line.clear();
        self.cut = false;
    }

    /// Noise and lines cut since the last call.
    pub fn take_oddities(&mut self) -> u64 {
        std::mem::take(&mut self.oddities)
    }
}
