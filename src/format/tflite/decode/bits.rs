//! Fields of a few bits, the highest bit of a byte first.

/// Writes fields.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    used: usize,
}

impl BitWriter {
    /// Writes the low `width` bits of `field`.
    pub(super) fn push(&mut self, field: u64, width: usize) {
        for bit in (0..width).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if field >> bit & 1 != 0
                && let Some(last) = self.bytes.last_mut()
            {
                *last |= 0x80 >> (self.used % 8);
            }
            self.used += 1;
        }
    }

    /// Bits written so far.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// The bytes, zeros behind the last bit.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The field of `width` bits (at most 32) from bit `at` on, `None` where it passes the end.
pub(super) fn field(bytes: &[u8], at: usize, width: usize) -> Option<u32> {
    let mut found = 0;
    for bit in at..at.checked_add(width)? {
        found = found << 1 | u32::from(bytes.get(bit / 8)? >> (7 - bit % 8) & 1);
    }
    Some(found)
}
