//! One case from its layout to the verdicts: named rightly, the same from a recording, mended, and quiet afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use socket2::Protocol;

use super::case::{Case, Expected, Mends, Side, Step};
use super::findings::{Finding, Watching, of_recording, parse, program, shown};
use super::network::{Network, shell};
use super::traffic::{self, Kind};

/// More than the handshakes and acknowledgements of a path that carries nothing.
const CARRIES: u64 = 200_000;
/// What a connection has moved before its second path is asked about.
const SOME: u64 = 100_000;

/// How something went; the error says what else was so.
pub type Verdict = Result<(), String>;

/// How a case went. What is not asked of it is `None`.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The laboratory could not show the fault: no verdict on the doctor.
    pub broken: Option<String>,
    pub named: Option<Verdict>,
    pub from_recording: Option<Verdict>,
    pub mended: Option<Verdict>,
    /// No problem and no warning once it is mended.
    pub quiet_afterwards: Option<Verdict>,
}

impl Outcome {
    pub fn verdicts(&self) -> [(&'static str, &Option<Verdict>); 4] {
        [
            ("named", &self.named),
            ("from-recording", &self.from_recording),
            ("mended", &self.mended),
            ("quiet-afterwards", &self.quiet_afterwards),
        ]
    }
}

pub fn judge(case: &Case) -> Outcome {
    caught(|| Trial::begin(case).judge()).unwrap_or_else(|why| Outcome {
        broken: Some(why),
        ..Outcome::default()
    })
}

/// What the kernel says of the case, without the doctor.
pub fn show(case: &Case) -> String {
    let state = caught(|| {
        let trial = Trial::begin(case);
        trial.network.play(&case.meanwhile);
        let output = trial.network.try_script(trial.network.host(case.watched), STATE);
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let state = state.unwrap_or_else(|why| format!("BROKEN: {why}"));
    format!("==== {} on the {}\n{state}", case.name, place(case))
}

/// What panicked says why.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        text.unwrap_or_else(|| "it panicked".to_owned())
    })
}

const STATE: &str = "ss -tMniaHO | cut -c1-420; ip mptcp endpoint; ip mptcp limits; $IP rule; $IP route show table all type unicast
    $IP neigh; nstat -as | grep -E 'MPTcp|ReversePath|AttemptFails|EstabResets|OutRsts|RetransFail'";

/// A laboratory in which the fault is there.
struct Trial<'a> {
    case: &'a Case,
    network: Network,
    client: Option<traffic::Side>,
    /// Those who listen.
    _servers: Vec<traffic::Side>,
}

impl<'a> Trial<'a> {
    fn begin(case: &'a Case) -> Self {
        let network = Network::build(case);
        network.play(&case.before);
        let any = if network.expand("$IP") == "ip -6" {
            "::"
        } else {
            "0.0.0.0"
        };
        let address = network.expand(case.listens_on.unwrap_or(any));
        let protocol = if case.server_speaks {
            Protocol::MPTCP
        } else {
            Protocol::TCP
        };
        let mut servers = vec![traffic::serve(&network.server, &address, protocol, case.traffic)];
        if case.decoy {
            servers.push(traffic::serve(&network.middle, any, protocol, case.traffic));
        }
        let mut trial = Self {
            case,
            network,
            client: None,
            _servers: servers,
        };
        trial.client = Some(trial.talk(case.traffic));
        if !case.later.is_empty() {
            trial.wait_for_second_path();
            trial.network.play(&case.later);
        }
        for step in &case.seen {
            trial.network.wait(step);
        }
        trial
    }

    /// A new connection over which something has flowed, where that is what the application does.
    fn talk(&self, kind: Kind) -> traffic::Side {
        let [server, own] = ["$S", "$C1"].map(|name| self.network.expand(name));
        let side = traffic::talk(&self.network.client, &server, &own, kind);
        match kind {
            Kind::Send | Kind::Receive | Kind::Again | Kind::BesidePlainTcp | Kind::Loopback => {
                side.until_moved(SOME);
            }
            Kind::Once | Kind::Short => side.until_moved(1),
            Kind::Idle | Kind::ListenOnly | Kind::Nothing | Kind::Fails => {}
        }
        side
    }

    fn wait_for_second_path(&self) {
        let path = self.case.first_path;
        let script = format!("joined {}", path.address);
        self.network.wait(&Step {
            side: path.side,
            script,
        });
    }

    fn judge(mut self) -> Outcome {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("fault.pathscope");
        let (findings, recorded) = self.examine(&file, self.case.seconds);
        let mut outcome = Outcome::default();
        let findings = match findings {
            Ok(findings) => findings,
            Err(why) => {
                outcome.named = Some(Err(why));
                return outcome;
            }
        };
        outcome.named = Some(self.is_named(&findings));
        outcome.from_recording = Some(is_same(&findings, recorded));
        if !self.case.is_healthy && self.has_commands() {
            let mended = self.mend(&findings);
            let is_mended = mended.is_ok();
            outcome.mended = Some(mended);
            if is_mended && matches!(self.case.mends, Mends::Living | Mends::New) {
                outcome.quiet_afterwards = Some(self.is_quiet());
            }
        }
        outcome
    }

    /// Whether the case is about a problem: what is but worth a note needs no mending.
    fn has_commands(&self) -> bool {
        let first = self.case.expected.first();
        first.is_some_and(|expected| expected.severity == "problem")
    }

    /// The doctor on the host, and over what was recorded of it meanwhile.
    fn examine(
        &self,
        file: &Path,
        seconds: u32,
    ) -> (Result<Vec<Finding>, String>, Result<Vec<Finding>, String>) {
        let (program, netns) = (program(), self.network.netns(self.case.watched));
        let file_name = file.to_str().expect("a path");
        let recorder = Watching::start(&program, &netns, seconds, &["record", file_name]);
        let doctor = Watching::start(&program, &netns, seconds, &["doctor", "--json"]);
        if !self.case.meanwhile.is_empty() {
            // Both watch by then; nothing outside tells so.
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                std::thread::park_timeout(Duration::from_secs(2).saturating_sub(begun.elapsed()));
            }
            self.network.play(&self.case.meanwhile);
        }
        let findings = doctor.end().and_then(|printed| parse(&printed));
        let recorded = recorder.end().and_then(|_| of_recording(&program, file));
        (findings, recorded)
    }

    /// All problems, in order and no other; each warning and note that is meant; without any that is not, where all is well.
    fn is_named(&self, findings: &[Finding]) -> Verdict {
        let expected: Vec<Expected> = self
            .case
            .expected
            .iter()
            .cloned()
            .map(|mut expected| {
                expected.subject = self.network.expand(&expected.subject);
                expected
            })
            .collect();
        let wanted = |severity: &str| {
            expected
                .iter()
                .filter(|one| one.severity == severity)
                .collect::<Vec<_>>()
        };
        let got = |severity: &str| {
            findings
                .iter()
                .filter(|one| one.severity == severity)
                .collect::<Vec<_>>()
        };
        let (problems, found) = (wanted("problem"), got("problem"));
        let are_problems =
            problems.len() == found.len() && found.iter().zip(problems).all(|(one, wanted)| one.is(wanted));
        let warnings = wanted("warning");
        let are_warnings = got("warning")
            .iter()
            .all(|one| warnings.iter().any(|wanted| one.is(wanted)));
        let all_there = expected
            .iter()
            .all(|wanted| findings.iter().any(|one| one.is(wanted)));
        if are_problems && are_warnings && all_there {
            return Ok(());
        }
        let alarms: Vec<Finding> = findings
            .iter()
            .filter(|one| one.is_alarm() || expected.iter().any(|wanted| wanted.severity == "note"))
            .cloned()
            .collect();
        let wanted: Vec<String> = expected
            .iter()
            .map(|one| format!("{} {} [{}]", one.severity, one.rule, one.subject))
            .collect();
        Err(format!(
            "expected {}, got {}",
            if wanted.is_empty() {
                "nothing".to_owned()
            } else {
                wanted.join("; ")
            },
            shown(&alarms)
        ))
    }

    /// Runs the commands as they stand, and sees whether that does what the case says.
    fn mend(&mut self, findings: &[Finding]) -> Verdict {
        let problems = findings.iter().filter(|finding| finding.severity == "problem");
        let commands: Vec<&String> = problems.flat_map(|finding| &finding.commands).collect();
        match self.case.mends {
            Mends::Nothing if commands.is_empty() => return Ok(()),
            Mends::Nothing => return Err(format!("nothing here mends it, yet: {commands:?}")),
            _ if commands.is_empty() => return Err("no command".to_owned()),
            _ => {}
        }
        for command in &commands {
            let output = shell(self.network.host(self.case.watched), (*command).clone());
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{command}: {}", said.trim()));
            }
        }
        match self.case.mends {
            Mends::New => {
                self.client = None;
                let kind = match self.case.traffic {
                    Kind::Receive => Kind::Receive,
                    _ => Kind::Send,
                };
                self.client = Some(self.talk(kind));
            }
            Mends::Living | Mends::Nothing => {}
            Mends::TidiesUp => return Ok(()),
        }
        self.carries(&commands)
    }

    /// Waits until data go over the second path.
    fn carries(&self, commands: &[&String]) -> Verdict {
        let path = self.case.path;
        let bytes = || self.network.bytes_over(path.side, path.link);
        let is_joined = || {
            let host = self.network.host(path.side);
            let script = format!("joined {}", path.address);
            self.network.try_script(host, &script).status.success()
        };
        let (start, end) = (bytes(), Instant::now() + Duration::from_mins(1));
        while Instant::now() < end {
            if bytes() >= start + CARRIES && is_joined() {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(60));
        }
        let joined = if is_joined() { "joined" } else { "not joined" };
        let moved = bytes() - start;
        Err(format!(
            "{moved} bytes over {}, {} {joined}, after {commands:?}",
            path.link,
            self.network.expand(path.address)
        ))
    }

    fn is_quiet(&self) -> Verdict {
        let watching = Watching::start(
            &program(),
            &self.network.netns(self.case.watched),
            3,
            &["doctor", "--json"],
        );
        let findings = watching.end().and_then(|printed| parse(&printed))?;
        let alarms: Vec<Finding> = findings.into_iter().filter(Finding::is_alarm).collect();
        if alarms.is_empty() {
            Ok(())
        } else {
            Err(shown(&alarms))
        }
    }
}

/// The same alarms of the same subjects.
fn is_same(live: &[Finding], recorded: Result<Vec<Finding>, String>) -> Verdict {
    let recorded = recorded?;
    let alarms = |findings: &[Finding]| {
        let mut alarms: Vec<String> = findings
            .iter()
            .filter(|one| one.is_alarm())
            .map(ToString::to_string)
            .collect();
        alarms.sort();
        alarms
    };
    if alarms(live) == alarms(&recorded) {
        return Ok(());
    }
    Err(format!("live {}, recorded {}", shown(live), shown(&recorded)))
}

/// Where the doctor runs is told with what it found.
pub fn place(case: &Case) -> &'static str {
    match case.watched {
        Side::Client => "client",
        Side::Middle => "router",
        Side::Server => "server",
    }
}
