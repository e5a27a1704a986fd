//! The picture of the tray's item: two strands that join, or a number over them.

/// Three by five dots a digit, a row in three bits.
const DIGITS: [[u8; 5]; 10] = [
    [0b111, 0b101, 0b101, 0b101, 0b111],
    [0b010, 0b110, 0b010, 0b010, 0b111],
    [0b111, 0b001, 0b111, 0b100, 0b111],
    [0b111, 0b001, 0b111, 0b001, 0b111],
    [0b101, 0b101, 0b111, 0b001, 0b001],
    [0b111, 0b100, 0b111, 0b001, 0b111],
    [0b111, 0b100, 0b111, 0b101, 0b111],
    [0b111, 0b001, 0b001, 0b010, 0b010],
    [0b111, 0b101, 0b111, 0b101, 0b111],
    [0b111, 0b101, 0b111, 0b001, 0b111],
];
/// Alpha, red, green, blue, as the tray wants them.
type Color = [u8; 4];
const GROUND: Color = [0xFF, 0x15, 0x1A, 0x20];
const FRONT: Color = [0xFF, 0xEE, 0xF2, 0xF5];
const STRANDS: [Color; 2] = [[0xFF, 0x56, 0xB4, 0xE9], [0xFF, 0xE6, 0x9F, 0x00]];
/// The most that two digits can say.
const MOST: usize = 99;

/// The picture in squares of 24 dots by 24, each `scale` pixels wide: a row after the other, four bytes a pixel.
pub fn pixels(number: usize, scale: usize) -> Vec<u8> {
    let side = 24 * scale;
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x / scale, y / scale)));
    places.flat_map(|(x, y)| dot(number, x, y)).collect()
}

fn dot(number: usize, x: usize, y: usize) -> Color {
    let edge = |at: usize| at == 0 || at == 23;
    if edge(x) && edge(y) {
        return [0; 4];
    }
    if number == 0 {
        // Both strands come from the left and are one from the middle on.
        let bend = 12_usize.saturating_sub(x).min(6);
        let strands = [12 - bend, 11 + bend];
        let on = |strand: usize| y.abs_diff(strand) <= 1 && (3..21).contains(&x);
        return match strands.map(on) {
            [true, true] => FRONT,
            [true, false] => STRANDS[0],
            [false, true] => STRANDS[1],
            [false, false] => GROUND,
        };
    }
    if (20..22).contains(&y) && (3..21).contains(&x) {
        return if x < 12 { STRANDS[0] } else { STRANDS[1] };
    }
    if digit_at(number.min(MOST), x, y) {
        FRONT
    } else {
        GROUND
    }
}

/// Whether a dot belongs to a digit: those are nine by fifteen, two of them with two between.
fn digit_at(number: usize, x: usize, y: usize) -> bool {
    let left = if number < 10 { 7 } else { 2 };
    let (Some(x), Some(y)) = (x.checked_sub(left), y.checked_sub(3)) else {
        return false;
    };
    let digit = match (number < 10, x / 11) {
        (true, 0) | (false, 1) => number % 10,
        (false, 0) => number / 10,
        _ => return false,
    };
    let row = DIGITS.get(digit).and_then(|rows| rows.get(y / 3));
    let column = x % 11 / 3;
    column < 3 && row.is_some_and(|row| row >> (2 - column) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The dots in the number's colour.
    fn drawn(number: usize) -> Vec<(usize, usize)> {
        let all = (0..24).flat_map(|y| (0..24).map(move |x| (x, y)));
        all.filter(|(x, y)| dot(number, *x, *y) == FRONT).collect()
    }

    #[test]
    fn every_number_looks_different_and_stands_in_the_middle() {
        let mut seen = std::collections::BTreeSet::new();
        for number in 1..=MOST {
            let dots = drawn(number);
            let (left, right) = (
                dots.iter().map(|(x, _)| *x).min().expect("dots"),
                dots.iter().map(|(x, _)| *x).max().expect("dots"),
            );
            assert!(left >= 2 && right <= 21, "{number}: {left} to {right}");
            assert!(seen.insert(dots), "{number} looks like another");
        }
        assert_eq!(drawn(100), drawn(99), "there is no room for more");
    }

    #[test]
    fn the_picture_is_as_large_as_it_says() {
        assert_eq!(pixels(7, 1).len(), 24 * 24 * 4);
        assert_eq!(pixels(0, 2).len(), 48 * 48 * 4);
        assert_eq!(
            pixels(7, 1).first(),
            Some(&0),
            "the corners let the panel through"
        );
    }
}
