//! Finds in Rust the programs that it calls, and the shell that it has run.

/// A string in the source, and the code before it.
struct Text {
    begins: usize,
    value: String,
}

/// What a source calls by name, and the lines of shell in it.
#[derive(Debug, Default)]
pub struct Called {
    pub programs: Vec<String>,
    pub shell: Vec<String>,
}

/// What takes a program's name first.
const TAKE_A_PROGRAM: [&str; 7] = [
    "as_nobody(Path::new(",
    "Command::new(",
    "printed(",
    "command(",
    "run(",
    "run(&[",
    "command(&[",
];
/// What takes shell.
const TAKE_SHELL: [&str; 3] = ["\"-c\",", "\"-ec\",", "shell("];

/// Reads a source.
pub fn called(source: &str) -> Called {
    let texts = texts(source);
    let code = code(source);
    let mut called = Called::default();
    for text in &texts {
        let before = before(source, text.begins);
        let plain = before.strip_suffix("&format!(").unwrap_or(&before);
        // A name that is given to a shell further on, in the same file.
        let named = || name_of(&before).is_some_and(|name| is_shell(&code, name));
        if TAKE_A_PROGRAM.iter().any(|taker| is_given_to(plain, taker)) {
            called.programs.push(text.value.clone());
        } else if TAKE_SHELL.iter().any(|taker| is_given_to(plain, taker)) || named() {
            called.shell.push(text.value.clone());
        }
    }
    called
}

/// Whether what comes next is given to that, and not to something whose name only ends so.
fn is_given_to(before: &str, taker: &str) -> bool {
    before
        .strip_suffix(taker)
        .is_some_and(|rest| !rest.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

/// Whether that name is given to a shell.
fn is_shell(code: &str, name: &str) -> bool {
    TAKE_SHELL.iter().any(|taker| {
        code.match_indices(taker).any(|(at, _)| {
            let given = code[at + taker.len()..].trim_start_matches('&');
            given
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([',', ']', ')']))
        })
    })
}

/// The code before a place, without white space.
fn before(source: &str, at: usize) -> String {
    let from = source[..at].char_indices().rev().nth(160).map_or(0, |(at, _)| at);
    code(&source[from..at])
}

fn code(source: &str) -> String {
    source.split_whitespace().collect()
}

/// The name that a string is given, where it is: `const NAME: &str = ` or `let name = `.
fn name_of(before: &str) -> Option<&str> {
    let before = before.strip_suffix("format!(").unwrap_or(before);
    let before = before.strip_suffix('=')?;
    let before = before.strip_suffix(":&str").unwrap_or(before);
    let begins = before
        .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .map_or(0, |at| at + 1);
    // White space is gone, and with it what parts the name from `let` and `const`.
    let name = before.get(begins..)?;
    name.strip_prefix("let")
        .or_else(|| name.strip_prefix("const"))
        .filter(|name| !name.is_empty())
}

/// The strings of a source; what is in comments is none.
fn texts(source: &str) -> Vec<Text> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(ends) = char_ends(rest) {
            at += ends;
        } else if let Some((opens, closes)) = opening(rest) {
            let raw = opens > 1;
            let inside = &rest[opens..];
            let length = length(inside, &closes, raw);
            let value = inside[..length].to_owned();
            let value = if raw { value } else { unescaped(&value) };
            found.push(Text { begins: at, value });
            at += opens + length + closes.len();
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// How a string opens here, and closes.
fn opening(rest: &str) -> Option<(usize, String)> {
    if rest.starts_with('"') {
        return Some((1, "\"".to_owned()));
    }
    let marks = rest.strip_prefix('r')?;
    let hashes = marks.len() - marks.trim_start_matches('#').len();
    marks[hashes..]
        .starts_with('"')
        .then(|| (hashes + 2, format!("\"{}", "#".repeat(hashes))))
}

fn length(inside: &str, closes: &str, raw: bool) -> usize {
    let mut escaped = false;
    for (at, letter) in inside.char_indices() {
        if !escaped && inside[at..].starts_with(closes) {
            return at;
        }
        escaped = !raw && letter == '\\' && !escaped;
    }
    inside.len()
}

/// The length of a character like `'"'` that begins here; lifetimes are none.
fn char_ends(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut letters = inside.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        letters.next()?;
        return inside.get(2..)?.find('\'').map(|ends| ends + 4);
    }
    let (at, second) = letters.next()?;
    (second == '\'').then_some(at + 2)
}

fn unescaped(text: &str) -> String {
    let mut value = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            value.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => value.push('\n'),
            Some('t') => value.push('\t'),
            Some('\n') => while letters.next_if(|next| next.is_whitespace()).is_some() {},
            Some(other) => value.push(other),
            None => {}
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn programs_and_shell_are_found() {
        let source = r#"
            const LOOK: &str = "stat -c %U file";
            // Command::new("no")
            fn f<'a>() -> char { '"' }
            let ask = "dbus-send --system \
                       | grep yes";
            let other = "a sentence of words";
            Command::new("ip").args(["-c", LOOK]);
            Command::new("sh").args(["-ec", ask]);
            machine.run(&["sh", "-c", LOOK]);
            printed(
                "rpm", &["-q"]);
            machine.shell(&format!("chown {} x", who));
            cannot_run("there is none"); ip.run("link show");
            shell(r"umount x");
        "#;
        let found = called(source);
        assert_eq!(found.programs, ["ip", "sh", "sh", "rpm", "link show"]);
        assert_eq!(
            found.shell,
            [
                "stat -c %U file",
                "dbus-send --system | grep yes",
                "chown {} x",
                "umount x"
            ]
        );
    }
}
