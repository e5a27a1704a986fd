//! Examples of every command, for its help and its manual page. A test reads each as the program would.

/// A line that one can type, and what it does.
pub(super) type Example = (&'static str, &'static str);

/// The examples of a command, by its words after `pathscope`.
pub(super) fn examples_of(command: &str) -> &'static [Example] {
    EXAMPLES
        .iter()
        .find(|(known, _)| *known == command)
        .map_or(&[], |(_, examples)| examples)
}

/// The same as a paragraph for `--help`.
pub(super) fn paragraph(examples: &[Example]) -> String {
    let lines = examples
        .iter()
        .map(|(line, what)| format!("  {line}\n      {what}"));
    let lines: Vec<String> = lines.collect();
    format!("Examples:\n{}", lines.join("\n"))
}

const EXAMPLES: [(&str, &[Example]); 22] = [
    (
        "",
        &[
            ("pathscope", "Open the window on this machine"),
            ("pathscope list", "Print what there is now, without a window"),
            (
                "pathscope --netns web list",
                "The same of the network namespace 'web'",
            ),
        ],
    ),
    (
        "list",
        &[
            (
                "pathscope list",
                "Every connection with its subflows, the oldest first",
            ),
            ("pathscope list app:ssh if:wlan0", "Those of ssh that use wlan0"),
            (
                "pathscope list --sort rate --rates 2",
                "What moves most, measured over two seconds",
            ),
            ("pathscope list --by peer", "A line for each peer"),
            (
                "pathscope list --all-netns fallback",
                "What fell back to TCP, in every namespace and container",
            ),
            (
                "pathscope list --json | jq '.listeners[] | select(.accept_queue > 0)'",
                "Listening sockets at which somebody waits",
            ),
            (
                "pathscope list --from talk.pathscope --at 41.2 --rates 2",
                "What a recording has at that second",
            ),
        ],
    ),
    (
        "counters",
        &[
            ("pathscope counters", "Every counter, and what it counts"),
            (
                "pathscope counters --seconds 10",
                "What moves within ten seconds, too",
            ),
            (
                "pathscope counters --since-start",
                "Each counter that moves, when it does",
            ),
            (
                "pathscope counters --since-start --from kept.jsonl",
                "What moved while 'pathscope watch --json' was kept",
            ),
        ],
    ),
    (
        "watch",
        &[
            ("pathscope watch", "What happens, a line each"),
            (
                "pathscope watch --json --seconds 60 > kept.jsonl",
                "Keep a minute, samples and events, to be read by 'handovers --from'",
            ),
            (
                "pathscope watch --json | jq -c 'select(.kind == \"event\")'",
                "Events for a program",
            ),
        ],
    ),
    (
        "replay",
        &[
            (
                "pathscope replay talk.pathscope",
                "Play a recording in the window",
            ),
            (
                "pathscope replay talk.pathscope --at 41 --speed 0.25",
                "From that second on, at a quarter of its pace",
            ),
        ],
    ),
    (
        "record",
        &[
            ("pathscope record talk.pathscope --seconds 60", "Record a minute"),
            (
                "pathscope record --keep 24h --at-most 200MB /var/lib/pathscope",
                "Always have the last day",
            ),
        ],
    ),
    (
        "doctor",
        &[
            (
                "pathscope doctor",
                "Why a second path is not used, and what mends it",
            ),
            ("pathscope doctor --from kept.jsonl", "The same of what was kept"),
            (
                "pathscope doctor --json | jq -r '.findings[].commands[]'",
                "Only the commands, in the order to run them",
            ),
            (
                "pathscope doctor --text > ticket.txt",
                "With all that a maintainer asks for",
            ),
        ],
    ),
    (
        "report",
        &[
            ("pathscope report talk.pathscope", "What happened, in a few lines"),
            (
                "pathscope report talk.pathscope --html talk.html --anonymise",
                "A page to pass on, without names and addresses",
            ),
            (
                "pathscope report talk.pathscope --from 60 --to 120 --csv tables",
                "The second minute as tables",
            ),
            (
                "pathscope report talk.pathscope --json | jq '.figures'",
                "The figures that count most",
            ),
        ],
    ),
    (
        "anonymise",
        &[(
            "pathscope anonymise talk.pathscope to-pass-on.pathscope",
            "A recording without names and addresses",
        )],
    ),
    (
        "handovers",
        &[
            ("pathscope handovers", "Each handover when it is over"),
            (
                "pathscope handovers --from kept.jsonl",
                "Those of a stream that was kept",
            ),
            (
                "pathscope handovers --json | jq '.interruption_ms'",
                "Only how long each interrupted, in ms",
            ),
        ],
    ),
    (
        "endpoints",
        &[
            (
                "pathscope endpoints",
                "Endpoints and why one does nothing, limits, settings, interfaces",
            ),
            (
                "pathscope endpoints --json | jq '.endpoints[] | select(.problems != [])'",
                "Endpoints that cannot work now",
            ),
        ],
    ),
    (
        "endpoint",
        &[
            (
                "pathscope endpoint add 10.0.2.1 dev wlan0 subflow",
                "Let connections use wlan0, too",
            ),
            (
                "pathscope endpoint change id 2 backup",
                "Use it only when nothing else works",
            ),
        ],
    ),
    (
        "endpoint add",
        &[
            (
                "pathscope endpoint add 10.0.2.1 dev wlan0 subflow",
                "Open further subflows from this address",
            ),
            (
                "pathscope endpoint add 2001:db8::1 port 443 signal",
                "Announce an address and a port to clients",
            ),
            (
                "pathscope endpoint add fe80::1%eth0 subflow backup",
                "An address of one link, as a backup",
            ),
        ],
    ),
    (
        "endpoint change",
        &[
            (
                "pathscope endpoint change id 2 backup",
                "In place: no subflow closes",
            ),
            (
                "pathscope endpoint change id 2 nobackup fullmesh",
                "Take one flag off and set another",
            ),
        ],
    ),
    (
        "endpoint remove",
        &[(
            "pathscope endpoint remove id 2",
            "Remove it, which closes the subflows from there",
        )],
    ),
    (
        "limits",
        &[(
            "pathscope limits set subflows 4",
            "Let each connection have four subflows beside its first",
        )],
    ),
    (
        "limits set",
        &[
            (
                "pathscope limits set subflows 4",
                "Let each connection have four subflows beside its first",
            ),
            (
                "pathscope limits set subflows 4 add-addr-accepted 4",
                "And let it use four addresses that the peer announces",
            ),
        ],
    ),
    (
        "set",
        &[
            ("pathscope set enabled 1", "Put MPTCP on for new sockets"),
            (
                "pathscope set add_addr_timeout 60",
                "Announce an address again after a minute without an answer",
            ),
        ],
    ),
    (
        "close",
        &[(
            "pathscope close 10.0.2.1:40000 192.0.2.7:443",
            "Close this subflow; 'pathscope list' shows them",
        )],
    ),
    (
        "demo",
        &[
            ("pathscope demo", "A handover, in a window"),
            ("pathscope demo --list", "What can be shown"),
            (
                "pathscope demo --scenario many --headless --seconds 10",
                "Ten seconds of a crowd, as JSON",
            ),
        ],
    ),
    (
        "completions",
        &[(
            "pathscope completions bash > ~/.local/share/bash-completion/completions/pathscope",
            "Let bash complete commands and options",
        )],
    ),
    (
        "man",
        &[
            ("pathscope man | man -l -", "Read the manual page"),
            (
                "pathscope man --out /usr/local/share/man/man1",
                "Install a page for each command",
            ),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::super::Arguments;
    use super::*;

    /// The commands with their words, the program itself first.
    fn commands(command: &clap::Command, words: &str) -> Vec<String> {
        let mut all = vec![words.to_owned()];
        for sub in command.get_subcommands() {
            let name = format!("{words} {}", sub.get_name());
            all.extend(commands(sub, name.trim()));
        }
        all
    }

    /// The words of a line up to where a shell does something else with it.
    fn words(line: &str) -> Vec<&str> {
        let words = line.split_whitespace();
        words.take_while(|word| !["|", ">"].contains(word)).collect()
    }

    #[test]
    fn every_command_has_examples_that_it_understands() {
        for command in commands(&Arguments::command(), "") {
            let examples = examples_of(&command);
            assert!(!examples.is_empty(), "'{command}' has no example");
            for (line, _) in examples {
                let understood = Arguments::try_parse_from(words(line));
                assert!(understood.is_ok(), "{line}: {:?}", understood.err());
            }
        }
    }
}
