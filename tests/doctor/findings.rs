//! What the doctor says: the program as a person runs it, and its JSON.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::case::Expected;
use super::common::pathscope;

/// The program under test: another one for a while, by `PATHSCOPE_DOCTOR`.
pub fn program() -> PathBuf {
    std::env::var_os("PATHSCOPE_DOCTOR").map_or_else(pathscope, PathBuf::from)
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub severity: String,
    pub rule: String,
    pub subject: String,
    pub commands: Vec<String>,
}

impl Finding {
    fn parse(value: &Value) -> Result<Self, String> {
        let text = |name: &str| {
            let text = value[name].as_str();
            text.map(str::to_owned)
                .ok_or_else(|| format!("a finding without {name}: {value}"))
        };
        let least_evidence = usize::from(value["severity"] != "note");
        for (name, least) in [("evidence", least_evidence), ("commands", 0)] {
            let list = value[name].as_array();
            let list = list.ok_or_else(|| format!("a finding without {name}: {value}"))?;
            if list.len() < least || !list.iter().all(Value::is_string) {
                return Err(format!("{name} of a finding: {value}"));
            }
        }
        text("summary")?;
        text("advice")?;
        let commands = value["commands"].as_array().into_iter().flatten();
        Ok(Self {
            severity: text("severity")?,
            rule: text("rule")?,
            subject: text("subject")?,
            commands: commands.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// A subject that ends in `*` stands for all that begin so: with a port that nobody chose.
    pub fn is(&self, expected: &Expected) -> bool {
        let is_subject = match expected.subject.strip_suffix('*') {
            Some(start) => self.subject.starts_with(start),
            None => self.subject == expected.subject,
        };
        self.severity == expected.severity && self.rule == expected.rule && is_subject
    }

    /// A problem or a warning: what no healthy host has.
    pub fn is_alarm(&self) -> bool {
        self.severity != "note"
    }
}

/// As the report of a miss shows it.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} [{}]", self.severity, self.rule, self.subject)
    }
}

pub fn shown(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing".to_owned();
    }
    let each: Vec<String> = findings.iter().map(ToString::to_string).collect();
    each.join("; ")
}

/// A doctor, or a recorder, that watches a namespace.
pub struct Watching(Child);

impl Watching {
    pub fn start(program: &Path, netns: &Path, seconds: u32, words: &[&str]) -> Self {
        let child = Command::new(program)
            .args(words)
            .args(["--seconds", &seconds.to_string(), "--netns"])
            .arg(netns)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("{}: {why}", program.display()));
        Self(child)
    }

    /// What it printed. An error with what it said where it failed.
    pub fn end(self) -> Result<Vec<u8>, String> {
        let output = self.0.wait_with_output().map_err(|why| why.to_string())?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("it ended with {}: {}", output.status, said.trim()))
    }
}

/// The findings of what `doctor --json` printed, in its order.
pub fn parse(printed: &[u8]) -> Result<Vec<Finding>, String> {
    let value: Value = serde_json::from_slice(printed).map_err(|why| format!("no JSON: {why}"))?;
    if value["schema"] != 1 {
        return Err(format!("schema: {}", value["schema"]));
    }
    for name in ["checked", "not_checked"] {
        if !value[name].is_array() {
            return Err(format!("no {name}"));
        }
    }
    let findings = value["findings"].as_array().ok_or("no findings")?;
    findings.iter().map(Finding::parse).collect()
}

/// The findings over a recording.
pub fn of_recording(program: &Path, file: &Path) -> Result<Vec<Finding>, String> {
    let output = Command::new(program)
        .args(["doctor", "--json", "--from"])
        .arg(file)
        .output()
        .map_err(|why| why.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("it ended with {}: {}", output.status, said.trim()));
    }
    parse(&output.stdout)
}
