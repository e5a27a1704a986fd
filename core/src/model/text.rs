//! Text from outside, made harmless for where it goes: a terminal, a shell, or markup.
//!
//! A process chooses its own name, whoever makes an interface chooses the interface's, and a neighbour's access point
//! chooses an SSID. Each may hold what a terminal obeys, what turns a line around or hides a part of it, what a shell
//! runs, and what a desktop takes for a link. JSON needs none of this: it is for programs, and serde escapes it.

use std::borrow::Cow;
use std::fmt::Display;

/// Whether a character is not seen, or changes how others are seen: controls, and what Unicode has for the direction,
/// the joining and the breaking of text.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
            // Letters of Hangul that are blank.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

/// For a terminal, and for whatever else shows text as it is: what is hidden is written out, as `\x1b` or `\u{202e}`,
/// and one line stays one line. A backslash is doubled, so that nobody can fake what is written out.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|letter| letter == '\\' || is_hidden(letter)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match u8::try_from(letter) {
            Ok(byte) if letter == '\\' || letter.is_ascii_control() => {
                shown.extend(byte.escape_ascii().map(char::from));
            }
            _ if is_hidden(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    Cow::Owned(shown)
}

/// For a terminal, from bytes that may be no UTF-8: such a byte is written out as `\xff`.
pub fn bytes_for_terminal(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown += &for_terminal(chunk.valid());
        shown += &chunk.invalid().escape_ascii().to_string();
    }
    shown
}

/// For markup, as the text of a notification is: as on a terminal, and no tag, no entity, and nothing that XML forbids.
pub fn for_markup(text: &str) -> Cow<'_, str> {
    let shown = for_terminal(text);
    let entity = |letter: char| match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        _ => None,
    };
    if !shown.chars().any(|letter| entity(letter).is_some()) {
        return shown;
    }
    let mut marked = String::with_capacity(shown.len() + 16);
    for letter in shown.chars() {
        match entity(letter) {
            Some(entity) => marked += entity,
            None => marked.push(letter),
        }
    }
    Cow::Owned(marked)
}

/// For a POSIX shell, as one word that it reads back as the same bytes. What needs no quotes has none. A word with
/// something hidden in it is put together by `printf`, so that its line stays one line on which everything is seen.
///
/// Two things cannot be had: a NUL, which no argument holds, and a newline at the very end of a word that is put
/// together so, which the shell takes off. No interface, and no setting as it is read, ends in one.
pub fn for_shell(word: &str) -> Cow<'_, str> {
    if word.chars().any(is_hidden) {
        return Cow::Owned(format!("\"$(printf '{}')\"", printf_format(word)));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%+,-./:=@_".contains(&byte);
    // zsh takes =NAME for the path of a program.
    let expands = word.len() > 1 && word.starts_with('=');
    if !word.is_empty() && !expands && word.bytes().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// For a POSIX shell, an interface's name as other programs take it: with the bytes that are no UTF-8, which we write as
/// `%` and two digits (`wire::rtnetlink::name_from_bytes`; no interface has a `%` in its name).
pub fn device_for_shell(name: &str) -> Cow<'_, str> {
    let mut format = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        let digits = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(byte) = digits.filter(|byte| !byte.is_ascii()) else {
            return for_shell(name);
        };
        format += &printf_format(before);
        format += &format!("\\{byte:03o}");
        rest = after.get(2..).unwrap_or_default();
    }
    if format.is_empty() {
        return for_shell(name);
    }
    format += &printf_format(rest);
    Cow::Owned(format!("\"$(printf '{format}')\""))
}

/// What `printf` makes this text of: three octal digits for each byte that could mean anything else.
fn printf_format(text: &str) -> String {
    let part = |byte: u8| match byte {
        b'%' => "%%".to_owned(),
        letter if letter.is_ascii_alphanumeric() => char::from(letter).to_string(),
        other => format!("\\{other:03o}"),
    };
    text.bytes().map(part).collect()
}

/// A line for a shell, made word by word: whatever a word holds, it stays that one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellLine(String);

impl ShellLine {
    /// Begins with words that need no quotes. They are the program's own: nothing from outside is `'static`.
    pub fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds a word.
    #[must_use]
    pub fn word(mut self, word: impl Display) -> Self {
        self.0.push(' ');
        self.0 += &for_shell(&word.to_string());
        self
    }

    /// Adds a name and its value, where there is a value.
    #[must_use]
    pub fn option(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.word(name).word(value),
            None => self,
        }
    }

    /// Adds a name and the interface after it, where there is one.
    #[must_use]
    pub fn device(mut self, name: &'static str, device: Option<&str>) -> Self {
        if let Some(device) = device {
            self = self.word(name);
            self.0.push(' ');
            self.0 += &device_for_shell(device);
        }
        self
    }

    /// Adds words.
    #[must_use]
    pub fn words(self, words: impl IntoIterator<Item: Display>) -> Self {
        words.into_iter().fold(self, Self::word)
    }
}

impl From<ShellLine> for String {
    fn from(line: ShellLine) -> Self {
        line.0
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    /// What a shell makes of a line, as the words that `show` is called with.
    fn read_by_sh(line: &str) -> Vec<Vec<u8>> {
        let script = format!("show() {{ printf '%s\\0' \"$@\"; }}\n{line}\n");
        let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let mut words: Vec<_> = output
            .stdout
            .split(|byte| *byte == 0)
            .map(<[u8]>::to_vec)
            .collect();
        words.pop();
        words
    }

    fn harmless(text: &str) -> bool {
        let turns = ['\u{200e}', '\u{200f}', '\u{61c}', '\u{2028}', '\u{2029}'];
        let turns = |letter: char| {
            turns.contains(&letter)
                || ('\u{202a}'..='\u{202e}').contains(&letter)
                || ('\u{2066}'..='\u{2069}').contains(&letter)
        };
        !text.chars().any(|letter| letter.is_control() || turns(letter))
    }

    /// Names as somebody who means harm would choose them.
    const NASTY: [&str; 14] = [
        "$(touch /tmp/x)",
        "`reboot`",
        "a'b\"c\\d",
        "a;b|c&d>e<f",
        "~root",
        "*?[a]{b,c}",
        "#",
        "!!",
        "-n",
        "-e\x1b[31m",
        "a\nrm -rf /\nb",
        "%s%n\u{202e}%",
        "100%\t\\n\\033",
        "",
    ];

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "wlan0",
            "Büro",
            "家",
            "a b",
            "é e\u{301}",
            "😀 ✈\u{fe0f}",
            "–",
            "10.0.0.1 → [::1]:5",
        ] {
            assert_eq!(for_terminal(text), text);
            assert_eq!(for_markup(text), text);
            assert_eq!(
                for_terminal(text).len(),
                bytes_for_terminal(text.as_bytes()).len()
            );
        }
        for word in [
            "wlan0",
            "eth0.5",
            "2001:db8::1",
            "net.mptcp.enabled=1",
            "=",
            "id",
            "0x40",
        ] {
            assert_eq!(for_shell(word), word);
        }
    }

    #[test]
    fn what_is_hidden_is_written_out() {
        let shown = |text| for_terminal(text).into_owned();
        assert_eq!(shown("e\x1b[31mX\r\n\t\x7f"), r"e\x1b[31mX\r\n\t\x7f");
        assert_eq!(shown("a\u{202e}b\u{85}\u{2028}"), r"a\u{202e}b\u{85}\u{2028}");
        assert_eq!(shown("wlan\u{200b}0"), r"wlan\u{200b}0");
        assert_eq!(
            shown(r"\x1b"),
            r"\\x1b",
            "it differs from an escape that is there"
        );
        assert_eq!(bytes_for_terminal(b"caf\xe9\n"), r"caf\xe9\n");
    }

    #[test]
    fn markup_is_text() {
        let shown = for_markup("<a href=\"x\">it's</a> & \x1b");
        assert_eq!(
            shown,
            r"&lt;a href=&quot;x&quot;&gt;it&apos;s&lt;/a&gt; &amp; \x1b"
        );
    }

    #[test]
    fn an_interface_goes_to_a_shell_with_its_own_bytes() {
        assert_eq!(device_for_shell("wlan0"), "wlan0");
        assert_eq!(device_for_shell("a;b"), "'a;b'");
        assert_eq!(device_for_shell("eth%d"), "eth%d", "no interface is called that");
        let line = String::from(ShellLine::new("show").device("dev", Some("a;caf%e9%c3x")));
        assert_eq!(read_by_sh(&line), [b"dev".to_vec(), b"a;caf\xe9\xc3x".to_vec()]);
        assert!(harmless(&line), "{line}");
    }

    #[test]
    fn a_shell_line_says_what_was_meant_and_runs_nothing() {
        let line = ShellLine::new("show fixed")
            .words(NASTY)
            .option("dev", Some("a b"));
        let line = String::from(line.option("port", None::<u16>));
        let meant = ["fixed"].into_iter().chain(NASTY).chain(["dev", "a b"]);
        let meant: Vec<_> = meant.map(|word| word.as_bytes().to_vec()).collect();
        assert_eq!(read_by_sh(&line), meant);
        assert!(harmless(&line), "{line}");
    }

    proptest! {
        #[test]
        fn nothing_on_a_terminal_is_hidden(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            prop_assert!(harmless(&for_terminal(&text)));
            prop_assert!(harmless(&bytes_for_terminal(&bytes)));
        }

        #[test]
        fn what_a_terminal_shows_tells_texts_apart(a in r"[\\xu{}0-9a-f\x1b\u{202e}]{0,6}", b in r"[\\xu{}0-9a-f\x1b\u{202e}]{0,6}") {
            prop_assert_eq!(a == b, for_terminal(&a) == for_terminal(&b));
        }

        #[test]
        fn markup_is_well_formed_and_says_the_same(text in any::<String>()) {
            let marked = for_markup(&text);
            let raw = marked.replace("&lt;", "").replace("&gt;", "").replace("&quot;", "").replace("&apos;", "").replace("&amp;", "");
            prop_assert!(!raw.contains(['&', '<', '>', '"', '\'']), "{}", marked);
            // XML 1.0, 2.2: Char.
            let allowed = |letter: char| matches!(letter, ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(marked.chars().all(allowed), "{}", marked);
            let back = marked.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
            prop_assert_eq!(back.replace("&amp;", "&"), for_terminal(&text));
        }

        #[test]
        fn a_shell_reads_the_same_bytes(words in proptest::collection::vec(r"[^\x00]{0,12}", 1..40)) {
            // What ends in a newline is the exception that the function names.
            let words: Vec<_> = words.iter().map(|word| word.trim_end_matches('\n')).collect();
            let line = String::from(ShellLine::new("show").words(&words));
            let meant: Vec<_> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
            prop_assert!(harmless(&line), "{}", line);
            prop_assert_eq!(read_by_sh(&line), meant);
        }
    }
}
