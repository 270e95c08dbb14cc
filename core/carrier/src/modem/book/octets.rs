//! Numbers of a record, one behind the other, little-endian. What does not fit is not written, and what is not there reads as 0: a test
//! holds that a record fits.

/// Writes a record.
pub(super) struct Writer<'a> {
    octets: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(octets: &'a mut [u8]) -> Self {
        Self { octets, at: 0 }
    }

    pub(super) fn put<const N: usize>(&mut self, value: [u8; N]) {
        if let Some(place) = self.octets.get_mut(self.at..self.at + N) {
            place.copy_from_slice(&value);
        }
        self.at += N;
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.put([value]);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.put(value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.put(value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.put(value.to_le_bytes());
    }

    /// Octets so far, those that did not fit included.
    pub(super) const fn length(&self) -> usize {
        self.at
    }
}

/// Reads a record.
pub(super) struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    pub(super) fn take<const N: usize>(&mut self) -> [u8; N] {
        let place = self.octets.get(self.at..self.at + N);
        self.at += N;
        place
            .and_then(|place| place.try_into().ok())
            .unwrap_or([0; N])
    }

    pub(super) fn u8(&mut self) -> u8 {
        let [value] = self.take();
        value
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}
