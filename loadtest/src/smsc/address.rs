//! An address kept beyond its PDU: 24 octets, no allocation. Longer addresses than SMPP allows are cut to its 20 characters.

use carrack_smpp::Address;

const CHARACTERS_MAX: usize = 20;

/// A copied source or destination address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeptAddress {
    ton: u8,
    npi: u8,
    length: u8,
    characters: [u8; CHARACTERS_MAX],
}

impl KeptAddress {
    pub(super) fn new(address: &Address<'_>) -> Self {
        let (characters, length) = keep(address.addr);
        Self {
            ton: address.ton,
            npi: address.npi,
            length,
            characters,
        }
    }

    pub(super) fn view(&self) -> Address<'_> {
        Address {
            ton: self.ton,
            npi: self.npi,
            addr: kept(&self.characters, self.length),
        }
    }
}

/// The first octets of a longer value, and how many they are.
pub(super) fn keep<const N: usize>(octets: &[u8]) -> ([u8; N], u8) {
    let mut kept = [0; N];
    let length = octets.len().min(N).min(usize::from(u8::MAX));
    if let (Some(to), Some(from)) = (kept.get_mut(..length), octets.get(..length)) {
        to.copy_from_slice(from);
    }
    (kept, length as u8)
}

/// What [`keep`] kept.
pub(super) fn kept<const N: usize>(octets: &[u8; N], length: u8) -> &[u8] {
    octets.get(..usize::from(length)).unwrap_or_default()
}
