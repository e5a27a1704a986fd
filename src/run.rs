//! The composition root: arguments become a source, and a window or the command line on it.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
#[cfg(feature = "gui")]
use std::time::Duration;
use std::time::Instant;

use crossbeam_channel::never;
#[cfg(feature = "gui")]
use crossbeam_channel::{Receiver, bounded};

use crate::cli;
use crate::cli::{Arguments, DemoArguments, Failure, Output, ReplayArguments, Subcommand};
use crate::kernel::Namespace;
use crate::lab::{self, Lab, LabError, Scenario};
use crate::log;
#[cfg(feature = "gui")]
use crate::model::InterfaceKind;
use crate::source::{AbsentSource, FileSource, LiveSource, Options, Pace, Source};
#[cfg(feature = "gui")]
use crate::source::{Control, ReplaySource, Transport as _, Waker};
#[cfg(feature = "gui")]
use crate::ui::{LabStep, LabSubject, Progress, Screenshot};

/// How long the demo runs when it is only to make a picture.
#[cfg(feature = "gui")]
const PICTURE_AFTER: Duration = Duration::from_secs(15);

/// Does what the arguments ask; says on standard error why it could not.
pub fn main() -> ExitCode {
    // The laboratory's own processes are this program again.
    let words: Vec<OsString> = std::env::args_os().collect();
    let first = words.get(1).and_then(|word| word.to_str());
    if first == Some(lab::HOST_ARGUMENT) {
        // Who started it has read the variable already, and said what is wrong with it.
        let _ = log::start(false);
        return lab::host_main();
    }
    if first == Some(lab::APP_ARGUMENT) {
        let rest = words.iter().skip(2);
        return lab::app_main(rest.map(|word| word.to_string_lossy().into_owned()));
    }
    match cli::arguments(&words) {
        Ok(arguments) => run(&arguments).map_or_else(|failure| failure.tell(), |()| ExitCode::SUCCESS),
        Err(code) => code,
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    log::start(arguments.verbose).map_err(Failure::usage)?;
    let mut output = Output::default();
    match &arguments.subcommand {
        Some(Subcommand::Demo(demo)) if demo.list => list_scenarios(&mut output),
        Some(Subcommand::Demo(demo)) => run_demo(demo, &mut output),
        Some(Subcommand::Replay(_)) if arguments.netns.is_some() => Err(Failure::usage(
            "--netns names a network namespace of this machine, and replay shows a recording: leave --netns out",
        )),
        Some(Subcommand::Replay(replay)) => show_replay(replay),
        Some(Subcommand::Handovers(handovers)) => {
            let source = stream(handovers.from.as_deref(), arguments.netns.as_deref())?;
            cli::print_handovers(&*source, handovers, &mut output)
        }
        Some(Subcommand::Doctor(doctor)) => {
            let source = examined(doctor.from.as_deref(), arguments.netns.as_deref())?;
            cli::print_findings(&*source, doctor, &mut output)
        }
        Some(Subcommand::Counters(counters)) if counters.from.is_some() => {
            let source = stream(counters.from.as_deref(), None)?;
            cli::print_counters(&*source, counters, &mut output)
        }
        Some(subcommand) => cli::run(subcommand, arguments.netns.as_deref(), &mut output),
        None => window(arguments.netns.as_deref()),
    }
}

/// The stream that a subcommand reads: what was kept in a file, else this kernel's.
fn stream(from: Option<&Path>, netns: Option<&str>) -> Result<Box<dyn Source>, Failure> {
    if let Some(file) = from {
        let played = FileSource::open(file, Pace::Unpaced);
        return match played {
            Ok(source) => Ok(Box::new(source)),
            Err(why) => Err(Failure::failed(format!("{}: {why}", file.display()))),
        };
    }
    let namespace = cli::namespace(netns)?;
    Ok(Box::new(LiveSource::open(&namespace, &Options::default())?))
}

/// The stream that the doctor judges: also that of a kernel without MPTCP, which is what it says then.
fn examined(from: Option<&Path>, netns: Option<&str>) -> Result<Box<dyn Source>, Failure> {
    if from.is_some() {
        return stream(from, netns);
    }
    let namespace = cli::namespace(netns)?;
    match LiveSource::open(&namespace, &Options::default()) {
        Err(error) if error.is_no_mptcp() => Ok(Box::new(AbsentSource::open(&namespace)?)),
        opened => Ok(Box::new(opened?)),
    }
}

fn list_scenarios(output: &mut Output) -> Result<(), Failure> {
    for scenario in lab::scenarios() {
        output.line(format!("{:<12} {}", scenario.name, scenario.summary))?;
    }
    Ok(output.flush()?)
}

fn run_demo(arguments: &DemoArguments, output: &mut Output) -> Result<(), Failure> {
    let scenario = lab::scenario(&arguments.scenario).ok_or_else(|| {
        Failure::usage(format!(
            "there is no scenario '{}': pathscope demo --list",
            arguments.scenario
        ))
    })?;
    // Before any thread: a user namespace can only be made by a process with a single one.
    lab::become_able().map_err(lab_failure)?;
    let options = lab::Options {
        connections: arguments
            .connections
            .and_then(|count| usize::try_from(count).ok()),
        ..lab::Options::default()
    };
    if arguments.headless {
        let (source, lab) = stage(scenario, &options, |_, _| {})?;
        let end = arguments.seconds.map(|seconds| Instant::now() + seconds);
        let printed = cli::print_stream(&source, &never(), end, true, output);
        // When the laboratory has ended, that is the reason for whatever the source says.
        return lab.failure().map_or(printed, |why| Err(Failure::failed(why)));
    }
    show_demo(arguments, options, scenario)
}

/// Builds a scenario, and opens a source in it; `coming` is told meanwhile how many connections are up.
fn stage(
    scenario: &Scenario,
    options: &lab::Options,
    coming: impl Fn(usize, usize) + Send + 'static,
) -> Result<(LiveSource, Lab), Failure> {
    let lab = Lab::start_telling(scenario, options, coming).map_err(lab_failure)?;
    let namespace = Namespace::open(&lab.netns().to_string_lossy())?;
    let source = LiveSource::open(&namespace, &Options::default())?;
    Ok((source, lab))
}

fn lab_failure(error: LabError) -> Failure {
    let code = match error {
        LabError::Forbidden(_) => 3,
        LabError::NoMptcp => 4,
        LabError::Failed(_) => 1,
    };
    Failure::with_code(code, error)
}

#[cfg(feature = "gui")]
fn show_demo(
    arguments: &DemoArguments,
    options: lab::Options,
    scenario: &'static Scenario,
) -> Result<(), Failure> {
    let screenshot = arguments.screenshot.clone().map(|path| Screenshot {
        path,
        panel: arguments.panel.clone(),
        after: arguments.seconds.unwrap_or(PICTURE_AFTER),
        film: arguments.film,
    });
    // A picture looks the same however the window was left.
    let settings = screenshot.is_none().then(crate::ui::settings_file).flatten();
    let (file, picture) = (settings.clone(), screenshot.clone());
    let seconds = arguments.seconds.filter(|_| screenshot.is_none());
    let make = move |progress: &Progress| {
        progress.say("Two hosts and the links between them are being built");
        let told = progress.clone();
        let coming = move |up, of| told.count(up, of, "connections are up");
        let (source, lab) = stage(scenario, &options, coming)?;
        Ok(crate::ui::Setup {
            source: Box::new(source),
            seconds,
            lab: Some(Box::new(DemoLab { lab, scenario })),
            title: "Demo".to_owned(),
            settings,
            screenshot,
            theme: None,
            demo: None,
        })
    };
    open_window("Demo", file.as_deref(), picture.as_ref(), make)
}

/// Opens the window while what it shows is being made; what fails with that ends the program with its own code.
#[cfg(feature = "gui")]
fn open_window(
    title: &str,
    file: Option<&Path>,
    screenshot: Option<&Screenshot>,
    make: impl FnOnce(&Progress) -> Result<crate::ui::Setup, Failure> + Send + 'static,
) -> Result<(), Failure> {
    let (failed, failure) = bounded(1);
    let make = move |progress: &Progress| {
        make(progress).map_err(|error| {
            let text = error.to_string();
            let _ = failed.try_send(error);
            text
        })
    };
    crate::ui::run_while(title, file, screenshot, make).map_err(|text| {
        let making = failure.try_recv();
        making.unwrap_or_else(|_| Failure::failed(text))
    })
}

/// The laboratory's links, as the window plugs, unplugs and shapes them.
#[cfg(feature = "gui")]
struct DemoLab {
    lab: Lab,
    scenario: &'static Scenario,
}

#[cfg(feature = "gui")]
impl DemoLab {
    /// The scenario that is a step away; after the last comes the first.
    fn stepped(&self, step: LabStep) -> Option<&'static Scenario> {
        let all = lab::scenarios();
        let here = all
            .iter()
            .position(|scenario| scenario.name == self.scenario.name)?;
        let place = match step {
            LabStep::Forth => here + 1,
            LabStep::Back => here + all.len() - 1,
        };
        all.get(place % all.len())
            .filter(|other| other.name != self.scenario.name)
    }
}

#[cfg(feature = "gui")]
impl crate::ui::LabControls for DemoLab {
    fn scenario(&self) -> String {
        self.scenario.name.to_owned()
    }

    fn demonstrates(&self) -> String {
        self.scenario.summary.to_owned()
    }

    fn shows(&self) -> Option<LabSubject> {
        self.scenario.shows.map(|shows| match shows {
            lab::Shows::Application(name) => LabSubject::Application(name.to_owned()),
            lab::Shows::Crowd => LabSubject::Crowd,
        })
    }

    fn plays_by_itself(&self) -> bool {
        self.lab.plays_by_itself()
    }

    fn play(&self, by_itself: bool) -> Result<(), String> {
        self.lab.play(by_itself).map_err(|error| error.to_string())
    }

    fn neighbour(&self, step: LabStep) -> Option<String> {
        self.stepped(step).map(|other| other.name.to_owned())
    }

    fn start(&self, step: LabStep, waker: Waker) -> Receiver<Result<crate::ui::Staged, String>> {
        let (done, staged) = bounded(1);
        let other = self.stepped(step);
        // Whoever does everything by hand goes on doing so.
        let options = lab::Options {
            automatic: self.lab.plays_by_itself(),
            ..lab::Options::default()
        };
        let start = move || {
            let scenario = other.ok_or("there is no other scenario")?;
            let (source, lab) = stage(scenario, &options, |_, _| {}).map_err(|why| why.to_string())?;
            Ok(crate::ui::Staged {
                source: Box::new(source),
                lab: Box::new(DemoLab { lab, scenario }),
            })
        };
        // Where there is no thread to be had, the receiver finds its sender gone.
        drop(
            std::thread::Builder::new()
                .name("scenario".to_owned())
                .spawn(move || {
                    let _ = done.send(start());
                    waker();
                }),
        );
        staged
    }

    fn links(&self) -> Vec<crate::ui::LabLink> {
        let kind = |name: &str| InterfaceKind::by_name(name).unwrap_or_default();
        let planned = |link: &lab::Link| {
            let plan = self.scenario.links.iter().find(|plan| plan.name == link.name);
            crate::ui::LabQuality {
                delay_ms: plan.map_or(link.delay_ms, |plan| plan.delay_ms),
                rate_mbps: plan.map_or(link.rate_mbps, |plan| plan.rate_mbps),
                loss_percent: plan.map_or(link.loss_percent, |plan| plan.loss_percent),
            }
        };
        let links = self.lab.links().into_iter();
        links
            .map(|link| crate::ui::LabLink {
                kind: kind(&link.name),
                planned: planned(&link),
                name: link.name,
                label: link.label,
                delay_ms: link.delay_ms,
                rate_mbps: link.rate_mbps,
                loss_percent: link.loss_percent,
                plugged: link.plugged,
            })
            .collect()
    }

    fn plug(&self, link: &str, plugged: bool) -> Result<(), String> {
        self.lab.plug(link, plugged).map_err(|error| error.to_string())
    }

    fn shape(&self, link: &str, shape: crate::ui::LabShape) -> Result<(), String> {
        self.lab
            .shape(link, shape.delay_ms, shape.rate_mbps, shape.loss_percent)
            .map_err(|error| error.to_string())
    }
}

#[cfg(feature = "gui")]
fn window(netns: Option<&str>) -> Result<(), Failure> {
    let namespace = cli::namespace(netns)?;
    let title = netns.map_or_else(|| "This machine".to_owned(), |name| format!("Namespace {name}"));
    let name = title.clone();
    let make = move |_: &Progress| {
        Ok(crate::ui::Setup {
            source: open_source(&namespace)?,
            seconds: None,
            lab: None,
            title: name,
            screenshot: None,
            theme: None,
            settings: crate::ui::settings_file(),
            demo: Some(open_demo),
        })
    };
    open_window(&title, crate::ui::settings_file().as_deref(), None, make)
}

/// Opens the window on a recording, which plays where somebody says from when or how fast.
#[cfg(feature = "gui")]
fn show_replay(arguments: &ReplayArguments) -> Result<(), Failure> {
    let path = arguments.file.clone();
    let title = crate::words::recording::title(&path);
    let (at, speed) = (arguments.at, arguments.speed);
    let name = title.clone();
    let make = move |progress: &Progress| {
        progress.say("The recording is being read");
        let source =
            ReplaySource::open(&path).map_err(|why| Failure::failed(format!("{}: {why}", path.display())))?;
        let ends = source.playback().ends;
        if let Some(at) = at.map(|at| at.as_secs_f64()) {
            if at > ends {
                let text = crate::words::recording::ends_before(&path, ends, at);
                return Err(Failure::usage(text));
            }
            source.control(Control::Seek(at));
        }
        if let Some(speed) = speed {
            source.control(Control::SetSpeed(speed));
        }
        source.control(Control::Play);
        Ok(crate::ui::Setup {
            source: Box::new(source),
            seconds: None,
            lab: None,
            title: name,
            screenshot: None,
            theme: None,
            settings: crate::ui::settings_file(),
            demo: Some(open_demo),
        })
    };
    open_window(&title, crate::ui::settings_file().as_deref(), None, make)
}

#[cfg(feature = "gui")]
fn open_source(namespace: &Namespace) -> Result<Box<dyn Source>, crate::kernel::Error> {
    match LiveSource::open(namespace, &Options::default()) {
        Err(error) if error.is_no_mptcp() => Ok(Box::new(AbsentSource::open(namespace)?)),
        opened => Ok(Box::new(opened?)),
    }
}

/// Opens the demo beside this window: the program again, in a process of its own.
#[cfg(feature = "gui")]
fn open_demo() -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the demo could not be opened: {error}");
    let program = std::env::current_exe().map_err(failed)?;
    let mut demo = std::process::Command::new(program)
        .arg("demo")
        .spawn()
        .map_err(failed)?;
    std::thread::Builder::new()
        .name("demo".to_owned())
        .spawn(move || demo.wait())
        .map(drop)
        .map_err(failed)
}

#[cfg(not(feature = "gui"))]
fn show_demo(_: &DemoArguments, _: lab::Options, _: &Scenario) -> Result<(), Failure> {
    Err(Failure::failed(
        "this pathscope was built without its window: add --headless",
    ))
}

#[cfg(not(feature = "gui"))]
fn show_replay(_: &ReplayArguments) -> Result<(), Failure> {
    Err(Failure::failed(
        "this pathscope was built without its window: use list, endpoints or handovers with --from (pathscope --help)",
    ))
}

#[cfg(not(feature = "gui"))]
fn window(_: Option<&str>) -> Result<(), Failure> {
    Err(Failure::failed(
        "this pathscope was built without its window: use list or watch (pathscope --help)",
    ))
}
