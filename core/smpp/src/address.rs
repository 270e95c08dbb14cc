//! An address with its type of number and numbering plan (SMPP 3.4 5.2.5 to 5.2.9).

/// One end of a message. `addr` is what stood before the NUL: any octets, any length up to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Address<'a> {
    /// Type of number: 0 unknown, 1 international, 5 alphanumeric.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 E.164.
    pub npi: u8,
    /// The address without its NUL.
    pub addr: &'a [u8],
}

impl<'a> Address<'a> {
    /// An address of three parts.
    #[must_use]
    pub const fn new(ton: u8, npi: u8, addr: &'a [u8]) -> Self {
        Self { ton, npi, addr }
    }

    /// An international E.164 number (1/1), digits only.
    #[must_use]
    pub const fn international(addr: &'a [u8]) -> Self {
        Self::new(1, 1, addr)
    }

    /// An alphanumeric sender (5/0).
    #[must_use]
    pub const fn alphanumeric(addr: &'a [u8]) -> Self {
        Self::new(5, 0, addr)
    }
}
