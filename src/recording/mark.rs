//! What stands before each frame of a recording: the time that it covers, and its length.

/// A skippable frame of zstd begins with one of sixteen numbers (RFC 8878, section 3.1.2); this is ours.
const MAGIC: u32 = 0x184D_2A5A;
/// What tells a mark from another program's skippable frame, with the version of its layout.
const SIGNATURE: [u8; 4] = *b"PSC1";
/// What follows the magic number and the length: the signature, three times, a length.
const CONTENT: usize = 4 + 3 * 8 + 4;

/// What a frame holds. Times are seconds on the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// When its first line was taken.
    pub from: f64,
    /// When its last line was taken.
    pub to: f64,
    /// How long the compressed frame is that follows, bytes.
    pub length: u32,
    /// When its first full sample was taken, if it holds one: with that reading can begin.
    pub full_at: Option<f64>,
}

impl Mark {
    /// How long a mark is, bytes.
    pub const BYTES: usize = 8 + CONTENT;

    /// The mark as it stands in the file.
    pub fn to_bytes(self) -> Vec<u8> {
        let content = u32::try_from(CONTENT).unwrap_or_default();
        let mut bytes = Vec::with_capacity(Self::BYTES);
        bytes.extend(MAGIC.to_le_bytes());
        bytes.extend(content.to_le_bytes());
        bytes.extend(SIGNATURE);
        bytes.extend(self.from.to_le_bytes());
        bytes.extend(self.to.to_le_bytes());
        bytes.extend(self.full_at.unwrap_or(f64::NAN).to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes
    }

    /// The mark with which `bytes` begin; `None` when they begin with something else. What a later version adds behind is
    /// not read.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = number(bytes)?;
        let (content, rest) = number(rest)?;
        let rest = rest.strip_prefix(&SIGNATURE)?;
        if magic != MAGIC || usize::try_from(content).ok()? != CONTENT {
            return None;
        }
        let (from, rest) = time(rest)?;
        let (to, rest) = time(rest)?;
        let (full_at, rest) = time(rest)?;
        let (length, _) = number(rest)?;
        let sensible = from.is_finite() && to.is_finite() && from <= to;
        sensible.then_some(Self {
            from,
            to,
            length,
            full_at: (from..=to).contains(&full_at).then_some(full_at),
        })
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*first), rest))
}

fn time(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (first, rest) = bytes.split_first_chunk()?;
    Some((f64::from_le_bytes(*first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark = Mark {
        from: 1.25,
        to: 6.0,
        length: 4711,
        full_at: Some(2.5),
    };

    #[test]
    fn what_was_written_is_read() {
        let bytes = MARK.to_bytes();
        assert_eq!(bytes.len(), Mark::BYTES);
        assert_eq!(Mark::from_bytes(&bytes), Some(MARK));
    }

    #[test]
    fn what_is_no_mark_is_none() {
        let whole = MARK.to_bytes();
        for length in 0..whole.len() {
            assert_eq!(
                Mark::from_bytes(whole.get(..length).expect("shorter")),
                None,
                "cut to {length}"
            );
        }
        for place in [0, 4, 8] {
            let mut other = whole.clone();
            *other.get_mut(place).expect("within") ^= 1;
            assert_eq!(Mark::from_bytes(&other), None, "changed at {place}");
        }
        let endless = Mark {
            to: f64::INFINITY,
            ..MARK
        };
        assert_eq!(Mark::from_bytes(&endless.to_bytes()), None);
    }

    #[test]
    fn a_frame_without_a_full_sample_says_so() {
        let mark = Mark {
            full_at: None,
            ..MARK
        };
        assert_eq!(Mark::from_bytes(&mark.to_bytes()), Some(mark));
        let elsewhere = Mark {
            full_at: Some(7.0),
            ..MARK
        };
        assert_eq!(Mark::from_bytes(&elsewhere.to_bytes()), Some(mark));
    }

    #[test]
    fn zstd_passes_over_it() {
        let mut file = MARK.to_bytes();
        file.extend(zstd::encode_all(&b"a line\n"[..], 3).expect("compressed"));
        let read = zstd::decode_all(&file[..]).expect("read");
        assert_eq!(read, b"a line\n");
    }
}
