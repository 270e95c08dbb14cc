//! Whole PDUs out of octets that were cut anywhere, begun in the middle perhaps.
//!
//! Where the beginning is not known, a place is taken for one when the header there is one that SMPP knows and the headers
//! that follow are, too; what goes before it is passed over. Bound: one PDU of at most [`PDU_OCTETS_MAX`].

use carrack_smpp::{CommandId, HEADER_OCTETS, Header};

/// Octets of a PDU that is followed.
const PDU_OCTETS_MAX: usize = 68 * 1024;
/// Highest status of a header that may begin a PDU.
const STATUS_MAX: u32 = 0xFFFF;

/// One direction of one connection.
#[derive(Debug, Default)]
pub(super) struct Framer {
    partial: Vec<u8>,
    is_in_step: bool,
    passed_over: u64,
}

impl Framer {
    /// Octets that belong to no PDU that could be shown.
    #[must_use]
    pub(super) const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Something between was lost: begins anew.
    pub(super) fn lose_step(&mut self) {
        self.passed_over += self.partial.len() as u64;
        self.partial.clear();
        self.is_in_step = false;
    }

    /// Takes octets and gives whole PDUs, each as octets that may be changed.
    pub(super) fn feed(&mut self, octets: &[u8], on: &mut dyn FnMut(&mut [u8])) {
        self.partial.extend_from_slice(octets);
        let mut at = 0;
        while let Some(rest) = self.partial.get(at..) {
            if !self.is_in_step {
                let Some(skip) = first_pdu(rest) else {
                    // A header may be cut at the end; what stands before it is of no use.
                    let useless = rest.len().saturating_sub(HEADER_OCTETS - 1);
                    self.passed_over += useless as u64;
                    at += useless;
                    break;
                };
                self.passed_over += skip as u64;
                at += skip;
                self.is_in_step = true;
                continue;
            }
            let Some(length) = length(rest) else { break };
            if !(HEADER_OCTETS..=PDU_OCTETS_MAX).contains(&length) {
                self.is_in_step = false;
                // Its own place is not a beginning, else this would not end.
                self.passed_over += 1;
                at += 1;
                continue;
            }
            let Some(pdu) = self.partial.get_mut(at..at + length) else {
                break;
            };
            on(pdu);
            at += length;
        }
        self.partial.drain(..at.min(self.partial.len()));
    }
}

fn length(octets: &[u8]) -> Option<usize> {
    let (length, _) = octets.split_first_chunk::<4>()?;
    Some(u32::from_be_bytes(*length) as usize)
}

/// The first place where a chain of known headers begins that reaches the end.
fn first_pdu(octets: &[u8]) -> Option<usize> {
    (0..octets.len()).find(|start| {
        let mut at = *start;
        let mut found = 0_u32;
        loop {
            let Some(rest) = octets.get(at..) else {
                // The last PDU is not whole yet.
                return found > 0;
            };
            let Some((header, _)) = rest.split_first_chunk::<HEADER_OCTETS>() else {
                return found > 0;
            };
            let header = Header::decode(header);
            if !is_known(&header) {
                return false;
            }
            found += 1;
            at += header.command_length as usize;
        }
    })
}

fn is_known(header: &Header) -> bool {
    let length = header.command_length as usize;
    let is_response = header.command_id.is_response();
    (HEADER_OCTETS..=PDU_OCTETS_MAX).contains(&length)
        && header.command_id.name().is_some()
        && header.command_status.0 <= if is_response { STATUS_MAX } else { 0 }
        && (header.command_id != CommandId::ENQUIRE_LINK || length == HEADER_OCTETS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut pdu = (16 + body.len() as u32).to_be_bytes().to_vec();
        pdu.extend_from_slice(&command.to_be_bytes());
        pdu.extend_from_slice(&0_u32.to_be_bytes());
        pdu.extend_from_slice(&sequence.to_be_bytes());
        pdu.extend_from_slice(body);
        pdu
    }

    fn fed(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut framer = Framer::default();
        let mut found = Vec::new();
        for piece in pieces {
            framer.feed(piece, &mut |pdu| found.push(pdu.to_vec()));
        }
        found
    }

    fn three() -> [Vec<u8>; 3] {
        [
            pdu(0x0000_0004, 7, &[0x41; 60]),
            pdu(0x8000_0004, 8, b"some-id\0"),
            pdu(0x0000_0015, 9, b""),
        ]
    }

    #[test]
    fn every_cut_gives_the_same_pdus() {
        let wanted = three();
        let all = wanted.concat();
        for cut in 0..=all.len() {
            let (head, tail) = all.split_at(cut);
            assert_eq!(fed(&[head, tail]), wanted, "cut at {cut}");
        }
        let drops: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(fed(&drops), wanted);
    }

    #[test]
    fn a_trace_that_begins_in_the_middle_of_a_pdu_finds_the_next_one() {
        let [first, second, third] = three();
        for cut in 1..first.len() {
            let all = [&first[cut..], &second, &third].concat();
            let mut framer = Framer::default();
            let mut found = Vec::new();
            framer.feed(&all, &mut |pdu| found.push(pdu.to_vec()));
            assert_eq!(found, [second.clone(), third.clone()], "cut at {cut}");
            assert_eq!(framer.passed_over(), (first.len() - cut) as u64);
        }
    }

    #[test]
    fn rubbish_is_passed_over_and_not_kept() {
        let mut framer = Framer::default();
        for _ in 0..100 {
            framer.feed(&[0xFF; 10_000], &mut |_| unreachable!());
        }
        assert!(framer.partial.len() < HEADER_OCTETS);
        let wanted = three();
        let mut found = Vec::new();
        framer.feed(&wanted.concat(), &mut |pdu| found.push(pdu.to_vec()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_length_that_cannot_be_is_stepped_over() {
        let [first, second, third] = three();
        let broken = [0xFF_u8; 16];
        let all = [&first[..], &broken, &second, &third].concat();
        let found = fed(&[&first, &all]);
        assert_eq!(found, [first.clone(), first, second, third]);
    }
}
