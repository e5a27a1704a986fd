//! The report as one page that needs nothing else: no script, no request, light and dark, on a screen and on A4.

mod lists;
mod machine;
mod marks;
mod plot;
mod style;

use std::borrow::Cow;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::model::{PathReport, Report};
use crate::history::Direction;
use crate::model::InterfaceKind;
use crate::model::text::for_terminal;
use crate::palette::{Slot, Slots};
use crate::words::finding::FindingInWords;
use crate::words::path::device_name;
use crate::words::units::{ABSENT, age, bytes, clock_as, length, measured, several};
use crate::words::{report as words, units};

/// Nothing may be fetched and nothing may run, whatever comes into the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/// The other direction is plotted, too, where it has this part of what the main one has.
const OTHER_COUNTS: f64 = 0.01;

/// The page.
pub fn page(report: &Report) -> String {
    let slots = slots(report);
    let context = Context {
        report,
        slots: &slots,
    };
    let title = format!("Report on {}: Pathscope", report.recording.host);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (shown(&title)) }
                style { (PreEscaped(style::sheet())) }
            }
            body {
                main {
                    (head(&context))
                    (figures(report))
                    (throughput(&context))
                    @if let Some(findings) = &report.findings { (self::findings(findings)) }
                    (lists::handovers(&context))
                    (lists::connections(&context))
                    (machine::machine(&context))
                    (lists::changes(&context))
                    (foot(report))
                }
            }
        }
    };
    page.into_string()
}

/// What the parts of the page look up.
struct Context<'a> {
    report: &'a Report,
    slots: &'a Slots,
}

impl Context<'_> {
    fn slot(&self, device: Option<&str>) -> Slot {
        self.slots.of(device)
    }

    /// What people call a device.
    fn name(&self, device: Option<&str>) -> String {
        device.map_or_else(
            || ABSENT.to_owned(),
            |device| device_name(self.report.named(), device),
        )
    }

    /// A time of the stream as a clock.
    fn clock(&self, format: &str, t: f64) -> String {
        clock_as(format, &self.report.zone, &self.report.recording.started_at, t)
    }
}

/// Text that others chose, as it may be shown; what markup obeys is escaped when it is put in.
fn shown(text: &str) -> Cow<'_, str> {
    for_terminal(text)
}

/// A sentence in which no line ends within a figure.
fn unbroken(sentence: &str) -> String {
    let text = sentence.replace(" ± ", "\u{a0}±\u{a0}");
    let text = text.replace(" s\u{a0}±", "\u{a0}s\u{a0}±");
    text.replace(" ms", "\u{a0}ms")
}

/// Colours and shapes for each interface, as the window gives them.
fn slots(report: &Report) -> Slots {
    let mut slots = Slots::default();
    for path in &report.paths {
        if let Some(device) = &path.interface {
            slots.assign(device, path.kind.unwrap_or(InterfaceKind::Other), || None);
        }
    }
    for interface in &report.machine.interfaces {
        if interface.can_carry_subflows() {
            slots.assign(&interface.name, interface.kind, || None);
        }
    }
    slots
}

fn head(context: &Context) -> Markup {
    let (recording, figures) = (&context.report.recording, &context.report.figures);
    let (from, to) = (recording.from_s, recording.to_s);
    let day = context.clock("%-d %B %Y", from);
    let until = context.clock("%-d %B %Y, ", to);
    let until = if until.starts_with(&format!("{day},")) {
        ""
    } else {
        &until
    };
    let applications = usize::try_from(figures.applications).unwrap_or(usize::MAX);
    let connections = usize::try_from(figures.connections).unwrap_or(usize::MAX);
    let by = if applications > 0 {
        format!(" of {}", several(applications, "application"))
    } else {
        String::new()
    };
    html! {
        header {
            div.title {
                h1 { (shown(&unbroken(&context.report.sentence))) }
                @if recording.anonymised {
                    span.badge { "anonymised: addresses, host and user are stand-ins" }
                }
            }
            p.sub {
                (shown(&recording.host)) ", Linux " (shown(&recording.kernel))
                @if let Some(netns) = &recording.netns { ", network namespace " (shown(netns)) }
                " · " (day) ", " (context.clock("%H:%M:%S", from)) " to " (until) (context.clock("%H:%M:%S %Z", to))
                " (" (age(to - from)) ") · " (several(connections, "connection")) (by)
                @if figures.connections_multipath > 0 {
                    ", " (figures.connections_multipath) " of them on more than one path"
                }
            }
            @if let Some(why) = &recording.cut { p.cut role="note" { (shown(&words::cut(why))) "." } }
            @if figures.events_lost > 0 {
                p.cut role="note" {
                    "The kernel could not deliver some events (" (figures.events_lost) " times); what they changed was read again."
                }
            }
        }
    }
}

/// The figures that count most, large.
fn figures(report: &Report) -> Markup {
    let figures = &report.figures;
    let worst = figures.worst_interruption_ms.zip(figures.worst_uncertainty_ms);
    let worst = worst.map(|(ms, uncertainty_ms)| measured(ms, uncertainty_ms));
    let mut paths: Vec<&PathReport> = report.paths.iter().filter(|path| carried(path) > 0).collect();
    paths.sort_by_key(|path| std::cmp::Reverse(carried(path)));
    html! {
        dl.figures {
            (figure(&figures.handovers.to_string(), "handovers"))
            @if let Some(worst) = worst {
                (figure(&worst.length.to_string(), &format!("worst interruption, ± {}", worst.uncertainty)))
                (figure(&length(figures.without_delivery_ms).to_string(), "without delivery in all"))
                @if figures.longest_interruption_ms > figures.worst_interruption_ms {
                    (figure(&length(figures.longest_interruption_ms.unwrap_or(0)).to_string(), "one connection, longest"))
                }
            }
            @for path in paths.iter().take(3) {
                (figure(&bytes(carried(path)), &format!("over {}{}", path.name, if path.backup { ", backup" } else { "" })))
            }
            (figure(&figures.connections_lost.to_string(), "connections lost"))
        }
    }
}

fn figure(number: &str, what: &str) -> Markup {
    html! { div { dd { (number) } dt { (shown(what)) } } }
}

fn carried(path: &PathReport) -> u64 {
    path.sent_bytes + path.received_bytes
}

/// What each path carried when: the direction in which more moved, and the other one where it counts.
fn throughput(context: &Context) -> Markup {
    let report = context.report;
    if report.throughput.paths.is_empty() {
        return html! {
            section { h2 { "Throughput by path" } p.none { "No MPTCP connection was there." } }
        };
    }
    let sum = |of: fn(&PathReport) -> u64| report.paths.iter().map(of).sum::<u64>();
    let (sent, received) = (sum(|path| path.sent_bytes), sum(|path| path.received_bytes));
    let main = if received > sent {
        Direction::Received
    } else {
        Direction::Sent
    };
    let (more, less) = (sent.max(received) as f64, sent.min(received) as f64);
    let mut directions = vec![main];
    if less > more * OTHER_COUNTS {
        directions.push(main.other());
    }
    html! {
        @for direction in directions { (plot::section(context, direction)) }
    }
}

/// What was wrong, the worst first as the doctor has it.
fn findings(findings: &[FindingInWords]) -> Markup {
    html! {
        section {
            h2 { "What was wrong" }
            @if findings.is_empty() { p.none { "Nothing keeps paths from being used." } }
            @for finding in findings {
                div.finding.(finding.severity) {
                    h3 { (shown(&finding.summary)) }
                    @for line in &finding.evidence { p { (shown(line)) } }
                    @if !finding.advice.is_empty() { p { (shown(&finding.advice)) } }
                    @if !finding.commands.is_empty() {
                        pre { @for command in &finding.commands { (shown(command)) "\n" } }
                    }
                }
            }
        }
    }
}

fn foot(report: &Report) -> Markup {
    let recording = &report.recording;
    let from = recording.file.as_ref().map(|file| format!(" from {file}"));
    html! {
        footer {
            h2 { "How this was measured" }
            p { (words::measured(recording.events_from_kernel, recording.interval_ms)) }
            @if recording.anonymised { p { (words::REMAINS) } }
            p {
                "Made by " (report.made_by) (shown(&from.unwrap_or_default())) "; "
                (several(usize::try_from(recording.samples).unwrap_or(usize::MAX), "sample"))
                @if recording.streams > 1 { ", " (recording.streams) " recordings one after another" }
                "."
            }
        }
    }
}

/// A rate in Mbit/s with as many decimals as the largest of its column needs.
fn rate(bps: f64, decimals: usize) -> String {
    units::rate(bps, decimals)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::{Access, Header, Line, Sample};
    use crate::report::{Builder, Ending, Part};

    fn report() -> Report {
        let text = str::to_owned;
        let header = Header::new(
            text("2026-03-01T14:31:00Z"),
            text("lab"),
            text("6.18"),
            Access::default(),
            250,
        );
        let mut builder = Builder::new(header, Part::default());
        for t in [0.25, 65.0] {
            builder.take(Line::Sample(Box::new(Sample {
                t,
                full: true,
                ..Sample::default()
            })));
        }
        builder.finish(Ending {
            file: Some(text("one.pathscope")),
            cut: None,
            zone: TimeZone::UTC,
        })
    }

    #[test]
    fn a_stream_without_connections_says_so() {
        let page = page(&Report {
            findings: None,
            ..report()
        });
        assert!(
            page.contains("<h1>No MPTCP connection was there in 1 min 05 s.</h1>"),
            "{page}"
        );
        assert!(page.contains("1 March 2026, 14:31:00 to 14:32:05 UTC"), "{page}");
        assert!(!page.contains("What was wrong"), "nobody looked");
    }

    #[test]
    fn findings_are_shown_with_what_mends_them_and_nothing_of_theirs_runs() {
        let finding = FindingInWords {
            rule: "no-endpoint-for-interface",
            severity: "problem",
            subject: "wlan0".to_owned(),
            summary: "Wi-Fi <b>has</b> no endpoint".to_owned(),
            evidence: vec!["wlan0 is up".to_owned()],
            advice: "Add one.".to_owned(),
            commands: vec!["do this".to_owned(), "do that".to_owned()],
        };
        let page = page(&Report {
            findings: Some(vec![finding]),
            ..report()
        });
        assert!(page.contains("<h3>Wi-Fi &lt;b&gt;has&lt;/b&gt; no endpoint</h3>"));
        assert!(page.contains("<pre>do this\ndo that\n</pre>") && page.contains("finding problem"));
    }

    #[test]
    fn a_number_and_its_unit_stay_on_one_line() {
        assert_eq!(
            unbroken("lost 3 times; worst 472 ms ± 21, 1.42 s ± 0.02."),
            "lost 3 times; worst 472\u{a0}ms\u{a0}±\u{a0}21, 1.42\u{a0}s\u{a0}±\u{a0}0.02."
        );
    }
}
