//! A struct of numbers as the kernel gave it.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

use super::{Field, Location};

/// A struct of the kernel, as many of its `N` bytes as it gave. A newer kernel's may be longer; what it appends is left
/// out. The bytes are kept as they came, because most readings are only compared with the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info<const N: usize> {
    bytes: [u8; N],
    length: u16,
}

impl<const N: usize> Default for Info<N> {
    fn default() -> Self {
        Self {
            bytes: [0; N],
            length: 0,
        }
    }
}

impl<const N: usize> Info<N> {
    /// Keeps what there is.
    pub fn new(bytes: &[u8]) -> Self {
        let length = bytes.len().min(N);
        // What the kernel that this was written for gives, in one piece.
        if let Some(whole) = bytes.first_chunk() {
            return Self {
                bytes: *whole,
                length: u16::try_from(length).unwrap_or(u16::MAX),
            };
        }
        let mut info = Self::default();
        if let (Some(to), Some(from)) = (info.bytes.get_mut(..length), bytes.get(..length)) {
            to.copy_from_slice(from);
        }
        info.length = u16::try_from(length).unwrap_or(u16::MAX);
        info
    }

    /// What the kernel gave.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// A number as the kernel wrote it; `None` where its struct ends before it.
    #[inline]
    pub fn get(&self, place: Location) -> Option<u64> {
        place.read(self.bytes())
    }

    /// The same with another number at a place. What lies before it and was not there is 0.
    #[must_use]
    pub fn with(mut self, place: Location, value: u64) -> Self {
        let needs = u16::try_from(place.needs()).unwrap_or(u16::MAX);
        self.length = self.length.max(needs);
        let (value, own) = (place.bytes_of(value), place.mask());
        let bytes = self.bytes.iter_mut().skip(place.offset).take(place.width);
        for (byte, (value, own)) in bytes.zip(value.into_iter().zip(own)) {
            *byte = *byte & !own | value;
        }
        self
    }

    /// Its words of eight bytes, with those bits only that `news` has, and how long it is.
    pub fn words<'a>(&'a self, news: &'a [u8; N]) -> impl Iterator<Item = u64> + 'a {
        let words = self.bytes.as_chunks().0.iter().zip(news.as_chunks().0);
        let words = words.map(|(bytes, news)| u64::from_ne_bytes(*bytes) & u64::from_ne_bytes(*news));
        words.chain([u64::from(self.length)])
    }

    /// A fingerprint of those bits that `news` has. No change of a single number leaves it as it was: four hashes run
    /// beside each other, each over every fourth word, and a step of each is one to one in its word.
    pub fn fingerprint(&self, news: &[u8; N]) -> u64 {
        let mut lanes: [FxHasher; 4] = Default::default();
        let (chunks, rest) = self.bytes.as_chunks::<32>();
        let (masks, rest_of_mask) = news.as_chunks::<32>();
        let masked = |bytes: &[u8; 8], news: &[u8; 8]| u64::from_ne_bytes(*bytes) & u64::from_ne_bytes(*news);
        for (chunk, mask) in chunks.iter().zip(masks) {
            let words = chunk.as_chunks().0.iter().zip(mask.as_chunks().0);
            for (lane, (bytes, news)) in lanes.iter_mut().zip(words) {
                lane.write_u64(masked(bytes, news));
            }
        }
        let rest = rest.as_chunks().0.iter().zip(rest_of_mask.as_chunks().0);
        for (lane, (bytes, news)) in lanes.iter_mut().zip(rest) {
            lane.write_u64(masked(bytes, news));
        }
        let mut all = FxHasher::default();
        all.write_u16(self.length);
        for lane in lanes {
            all.write_u64(lane.finish());
        }
        all.finish()
    }

    /// The times since something, where the kernel gave them.
    pub fn times<const S: usize>(&self, since: &[Location; S]) -> [Option<u64>; S] {
        since.map(|place| self.get(place))
    }
}

/// The bits of a struct whose change is news: those of all fields that do not grow with the clock.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses a place outside"
)]
pub(super) const fn news_of<const N: usize>(fields: &[Field], others: &[Location]) -> [u8; N] {
    let mut mask = [0; N];
    let mut at = 0;
    while at < fields.len() + others.len() {
        let place = if at < fields.len() {
            fields[at].place
        } else {
            others[at - fields.len()]
        };
        if at >= fields.len() || !fields[at].kind.grows_with_the_clock() {
            let bits = place.mask();
            let mut byte = 0;
            while byte < place.width {
                mask[place.offset + byte] |= bits[byte];
                byte += 1;
            }
        }
        at += 1;
    }
    mask
}

/// How many fields of a table say since when.
pub(super) const fn count_since(fields: &[Field]) -> usize {
    let mut count = 0;
    let mut rest = fields;
    while let [field, more @ ..] = rest {
        if matches!(field.kind, super::Kind::Since) {
            count += 1;
        }
        rest = more;
    }
    count
}

/// Their places.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(super) const fn since_of<const S: usize>(fields: &[Field]) -> [Location; S] {
    let mut places = [Location::byte(0); S];
    let (mut at, mut rest) = (0, fields);
    while let [field, more @ ..] = rest {
        if matches!(field.kind, super::Kind::Since) {
            places[at] = field.place;
            at += 1;
        }
        rest = more;
    }
    places
}
