//! Tables for a terminal: columns as wide as what is in them, narrower where the terminal is, by what can be spared.

use unicode_width::UnicodeWidthStr as _;

use crate::model::text::for_terminal;

/// Between two columns.
const GAP: usize = 2;
/// What stands where something was left out.
const LEFT_OUT: char = '…';

/// How a column stands in a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextColumn {
    /// Its title.
    pub(super) title: &'static str,
    /// Whether its cells end at its right side, as numbers do.
    pub(super) is_number: bool,
    /// What may be left out of its cells until it is this wide; `None` for nothing.
    pub(super) least: Option<usize>,
    /// Whether it is left out where there is no room, the largest first; 0 for never.
    pub(super) spare: u8,
}

impl TextColumn {
    /// A column of words, which may be cut in the middle until it is so wide.
    pub(super) const fn words(title: &'static str, least: usize) -> Self {
        Self {
            title,
            is_number: false,
            least: Some(least),
            spare: 0,
        }
    }

    /// A column of numbers, which is whole or not there.
    pub(super) const fn numbers(title: &'static str, spare: u8) -> Self {
        Self {
            title,
            is_number: true,
            least: None,
            spare,
        }
    }
}

/// How many columns of a terminal a text takes, as it is shown there.
pub(super) fn shown_width(text: &str) -> usize {
    for_terminal(text).width()
}

/// How a table is laid out: for each column its width, or that it is left out.
#[derive(Debug)]
pub(super) struct TextTable<'a> {
    columns: &'a [TextColumn],
    widths: Vec<Option<usize>>,
}

impl<'a> TextTable<'a> {
    /// Lays rows out; within a width where there is one.
    pub(super) fn new(columns: &'a [TextColumn], rows: &[Vec<String>], width: Option<usize>) -> Self {
        let natural = |(place, column): (usize, &TextColumn)| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            let widest = cells.map(|cell| shown_width(cell)).max().unwrap_or(0);
            // A column in which nothing stands needs no room.
            (widest > 0).then(|| widest.max(column.title.width()))
        };
        let mut widths: Vec<Option<usize>> = columns.iter().enumerate().map(natural).collect();
        if let Some(width) = width {
            shrink(columns, &mut widths, width);
        }
        Self { columns, widths }
    }

    /// The titles, as a row.
    pub(super) fn titles(&self) -> Vec<String> {
        let titles: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.title.to_owned())
            .collect();
        self.row(&titles)
    }

    /// The cells of a row with what lies between them, each as wide as its column; those of columns that are left out
    /// are empty.
    pub(super) fn row(&self, cells: &[String]) -> Vec<String> {
        let last = self.widths.iter().rposition(Option::is_some);
        let mut is_first = true;
        let mut shown = Vec::with_capacity(cells.len());
        for (place, ((cell, column), width)) in cells.iter().zip(self.columns).zip(&self.widths).enumerate() {
            let Some(width) = *width else {
                shown.push(String::new());
                continue;
            };
            let gap = if is_first { "" } else { "  " };
            is_first = false;
            let text = cut(cell, width);
            let room = " ".repeat(width.saturating_sub(shown_width(&text)));
            shown.push(match (column.is_number, Some(place) == last) {
                (true, _) => format!("{gap}{room}{text}"),
                (false, true) => format!("{gap}{text}"),
                (false, false) => format!("{gap}{text}{room}"),
            });
        }
        shown
    }
}

/// Makes columns narrower until all fit into `width`, and leaves out what can be spared where that does not do.
fn shrink(columns: &[TextColumn], widths: &mut [Option<usize>], width: usize) {
    loop {
        let present = widths.iter().flatten().count();
        let needed = widths.iter().flatten().sum::<usize>() + GAP * present.saturating_sub(1);
        let Some(excess) = needed.checked_sub(width).filter(|excess| *excess > 0) else {
            return;
        };
        let mut shrinkable: Vec<usize> = (0..columns.len())
            .filter(|place| spare_width(columns, widths, *place) > 0)
            .collect();
        let spare: usize = shrinkable
            .iter()
            .map(|place| spare_width(columns, widths, *place))
            .sum();
        if spare < excess
            && let Some(drop) = (0..columns.len())
                .filter(|place| widths.get(*place).is_some_and(Option::is_some))
                .filter(|place| columns.get(*place).is_some_and(|column| column.spare > 0))
                .max_by_key(|place| columns.get(*place).map(|column| column.spare))
        {
            if let Some(width) = widths.get_mut(drop) {
                *width = None;
            }
            continue;
        }
        // The widest first, a step at a time, so that none suffers alone.
        shrinkable.sort_by_key(|place| widths.get(*place).copied().flatten());
        let Some(widest) = shrinkable.pop() else { return };
        if let Some(Some(width)) = widths.get_mut(widest) {
            *width -= 1;
        }
    }
}

fn spare_width(columns: &[TextColumn], widths: &[Option<usize>], place: usize) -> usize {
    let width = widths.get(place).copied().flatten();
    let least = columns.get(place).and_then(|column| column.least);
    width
        .zip(least)
        .map_or(0, |(width, least)| width.saturating_sub(least))
}

/// A text that takes at most so many columns when it is shown, its middle left out where it takes more.
pub(super) fn cut(text: &str, width: usize) -> String {
    if shown_width(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let tail = room / 2;
    let taken = |letters: &mut dyn Iterator<Item = char>, room: usize| {
        let mut used = 0;
        let mut part = Vec::new();
        for letter in letters {
            used += shown_width(letter.encode_utf8(&mut [0; 4]));
            if used > room {
                break;
            }
            part.push(letter);
        }
        part
    };
    let head: String = taken(&mut text.chars(), room - tail).into_iter().collect();
    let end = taken(&mut text.chars().rev(), tail);
    let end: String = end.into_iter().rev().collect();
    format!("{head}{LEFT_OUT}{end}")
}

/// A text in lines of at most so many columns, broken between words; a word that is longer has a line of its own.
pub(super) fn wrapped(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if shown_width(line) + 1 + shown_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text of several lines, in which no line is longer than so many columns: what goes on begins where the line began.
pub(super) fn wrapped_lines(text: &str, width: usize) -> Vec<String> {
    let wrap = |line: &str| {
        let line = line.trim_end();
        if shown_width(line) <= width {
            return vec![line.to_owned()];
        }
        let begins = line.len() - line.trim_start().len();
        let indent = " ".repeat(begins.min(width / 2));
        let room = width.saturating_sub(indent.len());
        wrapped(line, Some(room))
            .into_iter()
            .map(|line| format!("{indent}{line}"))
            .collect()
    };
    text.lines().flat_map(wrap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [TextColumn; 4] = [
        TextColumn::words("APPLICATION", 6),
        TextColumn::words("PEER", 8),
        TextColumn::numbers("RTT", 2),
        TextColumn::numbers("SENT", 1),
    ];

    fn rows() -> Vec<Vec<String>> {
        [
            ["firefox", "203.0.113.9:443", "26 µs", "412 B"],
            ["x", "[2001:db8:1:2::17]:5000", "4.3 ms", "1.2 MB"],
        ]
        .map(|row| row.map(str::to_owned).to_vec())
        .to_vec()
    }

    fn lines(width: Option<usize>) -> Vec<String> {
        let rows = rows();
        let table = TextTable::new(&COLUMNS, &rows, width);
        let all = std::iter::once(table.titles()).chain(rows.iter().map(|row| table.row(row)));
        all.map(|cells| cells.concat()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        assert_eq!(
            lines(None),
            [
                "APPLICATION  PEER                        RTT    SENT",
                "firefox      203.0.113.9:443           26 µs   412 B",
                "x            [2001:db8:1:2::17]:5000  4.3 ms  1.2 MB",
            ]
        );
    }

    #[test]
    fn what_can_be_spared_goes_and_nothing_is_wider_than_the_terminal() {
        let tight = lines(Some(24)).concat();
        assert!(tight.contains("1.2 MB") && !tight.contains("4.3 ms"), "{tight}");
        for width in 16..60 {
            for line in lines(Some(width)) {
                assert!(shown_width(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn a_column_of_nothing_takes_no_room() {
        let rows = vec![vec![
            "a".to_owned(),
            String::new(),
            String::new(),
            "1 B".to_owned(),
        ]];
        let table = TextTable::new(&COLUMNS, &rows, None);
        assert_eq!(table.titles().concat(), "APPLICATION  SENT");
    }

    #[test]
    fn widths_are_those_of_what_is_shown() {
        assert_eq!(shown_width("\x1b[31m"), 8, "written out");
        assert_eq!(shown_width("日本"), 4);
        assert!(shown_width(&cut("日本語テキスト", 7)) <= 7);
        assert!(shown_width(&cut("\x1b\x1b\x1b\x1b\x1b", 10)) <= 10);
    }

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrapped("one two three", Some(8)), ["one two", "three"]);
        assert_eq!(wrapped("one two three", None), ["one two three"]);
        assert_eq!(
            wrapped_lines("Usage: one\n  two three four", 9),
            ["Usage:", "one", "  two", "  three", "  four"]
        );
    }
}
