//! Where a number lies in a struct of the kernel.

/// The bytes of a number in a struct of the kernel, and its bits where it shares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Bytes before it.
    pub offset: usize,
    /// Its bytes: 1, 2, 4 or 8.
    pub width: usize,
    /// Bits of these bytes that belong to others and have less weight.
    shift: u32,
    /// How many bits it has.
    bits: u32,
    /// How long the struct is at least that has it.
    needs: usize,
}

impl Location {
    /// A `__u8`.
    pub const fn byte(offset: usize) -> Self {
        Self::whole(offset, 1, 8)
    }

    /// A `__u16`.
    pub const fn half(offset: usize) -> Self {
        Self::whole(offset, 2, 16)
    }

    /// A `__u32`.
    pub const fn word(offset: usize) -> Self {
        Self::whole(offset, 4, 32)
    }

    /// A `__u64`.
    pub const fn long(offset: usize) -> Self {
        Self::whole(offset, 8, 64)
    }

    /// A `__u32` where older structs have padding, which the kernel fills with 0: only one of so many bytes has it.
    pub const fn word_of_longer(offset: usize, needs: usize) -> Self {
        Self {
            needs,
            ..Self::word(offset)
        }
    }

    const fn whole(offset: usize, width: usize, bits: u32) -> Self {
        Self {
            offset,
            width,
            shift: 0,
            bits,
            needs: offset + width,
        }
    }

    /// A bit field of a `__u8` after `before` bits of other fields. A compiler lays them from the lowest bit on a
    /// little-endian machine, and from the highest on the others.
    pub const fn bit_field(offset: usize, before: u32, bits: u32) -> Self {
        let shift = if cfg!(target_endian = "big") {
            8 - before - bits
        } else {
            before
        };
        Self {
            shift,
            bits,
            ..Self::byte(offset)
        }
    }

    /// A bit of a `__u32`, by its number.
    pub const fn flag(offset: usize, number: u32) -> Self {
        Self {
            shift: number,
            bits: 1,
            ..Self::word(offset)
        }
    }

    /// How many bytes a struct has at least that has it.
    pub const fn needs(self) -> usize {
        self.needs
    }

    /// The number in the kernel's bytes; `None` where these end before it.
    #[inline]
    pub fn read(self, bytes: &[u8]) -> Option<u64> {
        let from = bytes.get(self.offset..).filter(|_| bytes.len() >= self.needs)?;
        let whole = match self.width {
            1 => from.first().copied().map(u64::from),
            2 => from.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes).into()),
            4 => from.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes).into()),
            _ => from.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes)),
        };
        whole.map(|whole| whole >> self.shift & self.all_ones())
    }

    /// The largest number that fits.
    pub const fn all_ones(self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// What a value contributes to the bytes of this place, the first of them first; the rest of the eight is 0.
    pub const fn bytes_of(self, value: u64) -> [u8; 8] {
        let value = (value & self.all_ones()) << self.shift;
        if cfg!(target_endian = "big") {
            (value << (64 - 8 * self.width)).to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// The bits of these bytes that are its own.
    pub const fn mask(self) -> [u8; 8] {
        self.bytes_of(self.all_ones())
    }
}
