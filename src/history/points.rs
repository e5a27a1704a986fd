//! The points of one series, in blocks that copies share.
//!
//! A picture that stands still and the history that goes on differ in their newest points only: copying a series copies
//! what lies after its last full block, and counts the blocks before it once more.

use std::collections::VecDeque;
use std::ops::{Range, RangeFrom};
use std::sync::Arc;

use super::Point;

/// Points in one block: 2 KiB.
const BLOCK: usize = 64;

/// Points in order of time.
#[derive(Clone, Debug)]
pub struct Points<P = Point> {
    /// Each holds as many points as fill it.
    blocks: VecDeque<Arc<Vec<P>>>,
    /// How many points of the first block are gone.
    gone: usize,
    /// The newest points: fewer than fill a block.
    newest: Vec<P>,
}

impl<P> Default for Points<P> {
    fn default() -> Self {
        Self {
            blocks: VecDeque::new(),
            gone: 0,
            newest: Vec::new(),
        }
    }
}

impl<P: Copy> Points<P> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.blocks.len() * BLOCK + self.newest.len() - self.gone
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The point at a place, counted from the oldest.
    pub fn get(&self, at: usize) -> Option<&P> {
        let at = at.checked_add(self.gone)?;
        match self.blocks.get(at / BLOCK) {
            Some(block) => block.get(at % BLOCK),
            None => self.newest.get(at.checked_sub(self.blocks.len() * BLOCK)?),
        }
    }

    /// The oldest point.
    pub fn front(&self) -> Option<&P> {
        self.get(0)
    }

    /// The newest point.
    pub fn back(&self) -> Option<&P> {
        let newest = self.newest.last();
        newest.or_else(|| self.blocks.back().and_then(|block| block.last()))
    }

    /// All points, oldest first.
    pub fn iter(&self) -> Iter<'_, P> {
        self.range(0..)
    }

    /// The points from a place on.
    pub fn range(&self, from: RangeFrom<usize>) -> Iter<'_, P> {
        Iter {
            points: self,
            left: from.start.min(self.len())..self.len(),
        }
    }

    /// How many points at the beginning are as `is_before` says, where no other follows that is.
    pub fn partition_point(&self, is_before: impl Fn(&P) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.get(middle).is_some_and(&is_before) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        from
    }

    /// Adds a newer point.
    pub fn push_back(&mut self, point: P) {
        let length = self.newest.len();
        if length == self.newest.capacity() {
            self.newest.reserve_exact(room(length + 1) - length);
        }
        self.newest.push(point);
        if self.newest.len() == BLOCK {
            // It becomes a block where it lies: where thousands of series fill one at once, copies would be twice as much.
            self.blocks.push_back(Arc::new(std::mem::take(&mut self.newest)));
        }
    }

    /// Removes the oldest point.
    pub fn pop_front(&mut self) {
        if self.blocks.is_empty() {
            self.newest.drain(..self.newest.len().min(1));
            return;
        }
        self.gone += 1;
        if self.gone == BLOCK {
            self.blocks.pop_front();
            self.gone = 0;
        }
    }

    /// For how many points there is room.
    pub(super) fn room(&self) -> usize {
        self.blocks.len() * BLOCK + self.newest.capacity()
    }

    /// The same without the blocks that a copy shares.
    pub(super) fn own_room(&self) -> usize {
        let own = self.blocks.iter().filter(|block| Arc::strong_count(block) == 1);
        own.count() * BLOCK + self.newest.capacity()
    }
}

/// Room for so many points: powers of two and the middles between them. Less is left empty than by doubling, and
/// there are so few sizes that what one series gives back fits another.
fn room(points: usize) -> usize {
    let double = points.next_power_of_two().max(8);
    let middle = double / 4 * 3;
    if points <= middle { middle } else { double }
}

/// Goes through points, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a, P = Point> {
    points: &'a Points<P>,
    left: Range<usize>,
}

impl<'a, P: Copy> Iterator for Iter<'a, P> {
    type Item = &'a P;

    fn next(&mut self) -> Option<&'a P> {
        self.points.get(self.left.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<P: Copy> DoubleEndedIterator for Iter<'_, P> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.points.get(self.left.next_back()?)
    }
}

impl<P: Copy> ExactSizeIterator for Iter<'_, P> {}

impl<'a, P: Copy> IntoIterator for &'a Points<P> {
    type Item = &'a P;
    type IntoIter = Iter<'a, P>;

    fn into_iter(self) -> Iter<'a, P> {
        self.iter()
    }
}

impl<P: Copy> Extend<P> for Points<P> {
    fn extend<T: IntoIterator<Item = P>>(&mut self, points: T) {
        for point in points {
            self.push_back(point);
        }
    }
}

impl<P: Copy> FromIterator<P> for Points<P> {
    fn from_iter<T: IntoIterator<Item = P>>(points: T) -> Self {
        let mut all = Self::default();
        all.extend(points);
        all
    }
}

impl<P: Copy, const N: usize> From<[P; N]> for Points<P> {
    fn from(points: [P; N]) -> Self {
        points.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(number: u32) -> Point {
        Point {
            t: f64::from(number),
            out_bps: 0.0,
            in_bps: 0.0,
            rtt_us: None,
            cwnd: None,
            retrans: number,
        }
    }

    fn numbers<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<u32> {
        points.map(|point| point.retrans).collect()
    }

    #[test]
    fn it_is_a_queue_across_its_blocks() {
        let mut points = Points::default();
        let mut queue = VecDeque::new();
        for number in 0..500 {
            points.push_back(point(number));
            queue.push_back(number);
            if number % 3 == 2 {
                points.pop_front();
                queue.pop_front();
            }
            assert_eq!(points.len(), queue.len());
            let ends = |point: Option<&Point>| point.map(|point| point.retrans);
            assert_eq!(ends(points.front()), queue.front().copied());
            assert_eq!(ends(points.back()), queue.back().copied());
        }
        let all: Vec<u32> = queue.iter().copied().collect();
        assert_eq!(numbers(points.iter()), all);
        assert_eq!(numbers(points.range(100..)), all.get(100..).expect("many"));
        let backwards: Vec<u32> = all.iter().rev().copied().collect();
        assert_eq!(numbers(points.iter().rev()), backwards);
        let first = *all.first().expect("a point");
        assert_eq!(points.partition_point(|point| point.retrans < first + 70), 70);
        while !points.is_empty() {
            points.pop_front();
        }
        assert!(points.back().is_none() && points.get(0).is_none());
        points.pop_front();
        assert_eq!(points.len(), 0);
    }

    #[test]
    fn a_copy_shares_its_blocks_and_goes_its_own_way() {
        let mut points: Points = (0..200).map(point).collect();
        assert_eq!(points.own_room(), points.room());
        let copy = points.clone();
        assert_eq!(points.own_room(), points.room() - 3 * BLOCK);
        for number in 200..300 {
            points.push_back(point(number));
            points.pop_front();
        }
        assert_eq!(numbers(copy.iter()), (0..200).collect::<Vec<_>>());
        assert_eq!(numbers(points.iter()), (100..300).collect::<Vec<_>>());
    }
}
