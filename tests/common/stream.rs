//! A stream that is read as its contract says: a connection is known by its token.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]
#![allow(
    clippy::indexing_slicing,
    reason = "a test that indexes wrongly fails, as it should"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::lines::Lines;

const LIMIT: Duration = Duration::from_mins(1);

/// Each connection by its token, with the addresses of its subflows.
pub type Picture = BTreeMap<String, BTreeSet<(String, String)>>;

/// A text of an object.
pub fn text(object: &Value, name: &str) -> String {
    let text = object[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {object}")).to_owned()
}

/// A connection's part of the picture.
pub fn shown(connection: &Value) -> (String, BTreeSet<(String, String)>) {
    let subflows = connection["subflows"].as_array().expect("subflows").iter();
    let paths = subflows.map(|subflow| (text(subflow, "local"), text(subflow, "remote")));
    (text(connection, "token"), paths.collect())
}

/// A program that prints the stream, with what its samples add up to.
pub struct Stream {
    lines: Lines,
    /// What the samples add up to.
    pub picture: Picture,
}

impl Stream {
    pub fn start(netns: &Path, as_user: bool, arguments: &[&str]) -> Self {
        Self::of(super::inside(netns, &super::pathscope(), as_user), arguments)
    }

    pub fn of(mut command: Command, arguments: &[&str]) -> Self {
        command.args(arguments);
        Self {
            lines: Lines::start(command),
            picture: Picture::new(),
        }
    }

    /// `watch --json`, from its first sample on.
    pub fn watch(netns: &Path, as_user: bool) -> Self {
        let mut stream = Self::start(netns, as_user, &["watch", "--json", "--interval", "100"]);
        while stream.next()["kind"] != "sample" {}
        stream
    }

    pub fn next(&mut self) -> Value {
        let line = self.lines.next();
        if line["kind"] == "sample" {
            if line["full"] == true {
                self.picture.clear();
            }
            for gone in line["connections_gone"].as_array().expect("a list") {
                self.picture.remove(&text(gone, "token"));
            }
            let connections = line["connections"].as_array().expect("a list");
            self.picture.extend(connections.iter().map(shown));
        }
        line
    }

    /// Reads on until a line, with the picture as it is then, gives an answer.
    fn find<T>(&mut self, what: &str, answer: impl Fn(&Picture, Value) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        loop {
            let line = self.next();
            if let Some(found) = answer(&self.picture, line) {
                return found;
            }
            assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        }
    }

    /// Reads on until the picture is as it is wanted.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&Picture) -> bool) {
        self.find(what, |picture, _| wanted(picture).then_some(()));
    }

    /// The next event of a kind.
    pub fn event(&mut self, kind: &str) -> Value {
        self.find(kind, |_, line| (line["event"] == kind).then_some(line))
    }
}
