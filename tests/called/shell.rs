//! Reads shell as far as it takes to know which programs it calls.
//!
//! What is called by a name that the shell makes up (`"$program"`) is not known, nor what stands in quotes.

use std::collections::BTreeSet;

/// What the shell does itself, or reads as its own grammar.
const OWN: [&str; 27] = [
    ":", ".", "[", "alias", "break", "cd", "continue", "echo", "eval", "exit", "export", "false", "for",
    "getopts", "kill", "printf", "pwd", "read", "return", "set", "shift", "test", "trap", "true", "umask",
    "unset", "wait",
];
/// After these comes a command.
const BEFORE_A_COMMAND: [&str; 11] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "}", "time",
];
const ENDS: [&str; 3] = ["fi", "done", "esac"];
/// Programs that call another, which comes after their options.
const CALLERS: [&str; 9] = [
    "command", "env", "exec", "nice", "nsenter", "setpriv", "sudo", "timeout", "unshare",
];

/// The programs that a script calls.
#[derive(Debug, Default)]
pub struct Calls {
    pub programs: BTreeSet<String>,
    /// It looks itself whether these are there, and says what to do where they are not.
    pub looked_for: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl Calls {
    /// Of a script, or of a line of it.
    pub fn of(script: &str) -> Self {
        let mut calls = Self::default();
        let mut reader = Reader {
            rest: script.chars().collect(),
            at: 0,
        };
        reader.list(&mut calls, None);
        for own in calls.functions.iter().chain(&calls.looked_for) {
            calls.programs.remove(own);
        }
        calls
    }
}

struct Reader {
    rest: Vec<char>,
    at: usize,
}

/// A word, and whether it is known as it stands: part of it may be what the shell makes up.
struct Word {
    text: String,
    known: bool,
}

/// Where the reader is in a command.
#[derive(PartialEq)]
enum Place {
    /// Before its name.
    Name,
    /// After the name of a program that calls another, and after an option of it, which may have a value.
    Caller,
    Option,
    /// After `command -v`, or among the words of a `for`.
    Listed,
    Arguments,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        Some(letter)
    }

    /// Commands, to the end or to the letter that closes them.
    fn list(&mut self, calls: &mut Calls, closes: Option<char>) {
        let mut place = Place::Name;
        // How many `case` are open, and whether a pattern is to come.
        let (mut cases, mut pattern) = (0_u32, false);
        while let Some(letter) = self.peek(0) {
            match letter {
                _ if Some(letter) == closes && !pattern => {
                    self.at += 1;
                    return;
                }
                ')' => {
                    self.at += 1;
                    pattern = false;
                    place = Place::Name;
                }
                '#' => {
                    while self.peek(0).is_some_and(|letter| letter != '\n') {
                        self.at += 1;
                    }
                }
                '(' => {
                    self.at += 1;
                    self.list(calls, Some(')'));
                    place = Place::Name;
                }
                ';' | '&' | '|' | '\n' => {
                    self.at += 1;
                    if letter == ';' && self.peek(0) == Some(';') {
                        self.at += 1;
                        pattern = cases > 0;
                    }
                    place = Place::Name;
                }
                '<' | '>' => {
                    while matches!(self.peek(0), Some('<' | '>' | '&' | '|')) {
                        self.at += 1;
                    }
                    while self.peek(0) == Some(' ') {
                        self.at += 1;
                    }
                    self.word(calls);
                }
                _ if letter.is_whitespace() => self.at += 1,
                _ => {
                    let word = self.word(calls);
                    if pattern {
                        if word.text == "esac" {
                            (cases, pattern) = (cases.saturating_sub(1), false);
                        }
                        continue;
                    }
                    if place == Place::Name && word.text == "case" {
                        cases += 1;
                        self.pass_the_word_in(calls);
                        pattern = true;
                        continue;
                    }
                    if place == Place::Name && word.text == "esac" {
                        cases = cases.saturating_sub(1);
                    }
                    place = self.take(word, place, calls);
                }
            }
        }
    }

    /// What a word means where it stands, and where the next one stands.
    fn take(&mut self, word: Word, place: Place, calls: &mut Calls) -> Place {
        let Word { text: word, known } = word;
        let place = match place {
            Place::Option if !known => return Place::Caller,
            Place::Option => Place::Caller,
            place => place,
        };
        match place {
            Place::Arguments => Place::Arguments,
            Place::Listed => {
                calls.looked_for.insert(word);
                Place::Listed
            }
            Place::Caller if word == "-v" => Place::Listed,
            Place::Caller if word.starts_with('-') => Place::Option,
            Place::Caller if word.starts_with(|first: char| first.is_ascii_digit()) => Place::Caller,
            _ if is_assignment(&word) => place,
            // A name that the shell makes up.
            _ if !known => Place::Arguments,
            _ if self.peek(0) == Some('(') && self.peek(1) == Some(')') => {
                self.at += 2;
                calls.functions.insert(word);
                Place::Name
            }
            _ if BEFORE_A_COMMAND.contains(&word.as_str()) => Place::Name,
            _ if ENDS.contains(&word.as_str()) || OWN.contains(&word.as_str()) => Place::Arguments,
            _ => {
                let calls_another = CALLERS.contains(&word.as_str());
                if !matches!(word.as_str(), "command" | "exec") {
                    calls.programs.extend(name(&word));
                }
                if calls_another {
                    Place::Caller
                } else {
                    Place::Arguments
                }
            }
        }
    }

    fn pass_the_word_in(&mut self, calls: &mut Calls) {
        while self.peek(0).is_some() {
            while self.peek(0).is_some_and(char::is_whitespace) {
                self.at += 1;
            }
            let begins = self.at;
            if self.word(calls).text == "in" {
                return;
            }
            // What is no word is not waited for.
            self.at = self.at.max(begins + 1);
        }
    }

    /// A word. What the shell runs to make it up is read, too.
    fn word(&mut self, calls: &mut Calls) -> Word {
        let (mut word, mut known) = (String::new(), true);
        while let Some(letter) = self.peek(0) {
            match letter {
                ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                _ if letter.is_whitespace() => break,
                '\\' => {
                    self.at += 1;
                    // A line that goes on in the next.
                    word.extend(self.next().filter(|next| *next != '\n'));
                }
                '\'' => {
                    self.at += 1;
                    while let Some(letter) = self.next().filter(|next| *next != '\'') {
                        word.push(letter);
                    }
                }
                '"' => {
                    self.at += 1;
                    known &= self.quoted(&mut word, calls);
                }
                '$' | '`' => known &= self.made_up(&mut word, calls),
                _ => {
                    self.at += 1;
                    word.push(letter);
                }
            }
        }
        Word { text: word, known }
    }

    fn quoted(&mut self, word: &mut String, calls: &mut Calls) -> bool {
        let mut known = true;
        while let Some(letter) = self.peek(0) {
            match letter {
                '"' => {
                    self.at += 1;
                    break;
                }
                '\\' => {
                    self.at += 1;
                    word.extend(self.next());
                }
                '$' | '`' => known &= self.made_up(word, calls),
                _ => {
                    self.at += 1;
                    word.push(letter);
                }
            }
        }
        known
    }

    /// What begins with `$` or a backquote; whether it is a letter like others after all.
    fn made_up(&mut self, word: &mut String, calls: &mut Calls) -> bool {
        let begins = self.next();
        match (begins, self.peek(0)) {
            (Some('`'), _) => self.list(calls, Some('`')),
            (_, Some('(')) if self.peek(1) == Some('(') => {
                while self.peek(0).is_some() && !(self.peek(0) == Some(')') && self.peek(1) == Some(')')) {
                    self.at += 1;
                }
                self.at += 2;
            }
            (_, Some('(')) => {
                self.at += 1;
                self.list(calls, Some(')'));
            }
            (_, Some('{')) => while self.next().is_some_and(|letter| letter != '}') {},
            (_, Some(letter)) if letter.is_alphanumeric() || "_@*#?$!-".contains(letter) => {
                self.at += 1;
                while self
                    .peek(0)
                    .is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                {
                    self.at += 1;
                }
            }
            _ => {
                word.push('$');
                return true;
            }
        }
        false
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        name.chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// The name of a program of the system's; one of the project's own is called by its path.
fn name(word: &str) -> Option<String> {
    let word = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"]
        .iter()
        .find_map(|folder| word.strip_prefix(folder))
        .unwrap_or(word);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.+".contains(letter);
    (word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.chars().all(plain))
        .then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Calls;

    #[test]
    fn what_a_script_calls_is_found_wherever_it_stands() {
        let script = r#"#!/bin/sh
            # comments: tar
            say() { printf '%s\n' "$(basename "$1")" | fold -w 70; }
            A=$(sed -n 's/x;awk/y/p' <file | head -n 1) B=1 grep -q "a; cut $(date)" "$in"; say word
            if ! find . >out; then exec nice -n 5 make all; fi
            case $1 in
                apt|dnf) rpm -q x ;;
                *) dpkg -l && ls ;;
            esac
            command -v strace >/dev/null && strace ls
            while read -r line; do (cd /; /usr/sbin/ip link); done
            for each in one two; do timeout 60 $each fetch; done
            x=$((1 + 2)) y=${z:-sort} target/own thing \
                uniq
            `uname -m`"#;
        let calls = Calls::of(script);
        let programs: Vec<_> = calls.programs.iter().map(String::as_str).collect();
        let expected = [
            "basename", "date", "dpkg", "find", "fold", "grep", "head", "ip", "ls", "make", "nice", "rpm",
            "sed", "timeout", "uname",
        ];
        assert_eq!(programs, expected);
        assert!(calls.looked_for.contains("strace"));
    }
}
