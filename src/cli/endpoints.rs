//! `endpoints`: endpoints, limits, settings and interfaces.

use serde::Serialize;

use super::envelope::Envelope;
use super::from::{FromArguments, RecordedMoment};
use super::{Failure, Output, Styled};
use crate::kernel::Namespace;
use crate::model::{
    Endpoint, Header, Ignored, Interface, Limits, Problem, Sample, Settings, ignored, is_read_only, problems,
};
use crate::source::equipment;
use crate::words::endpoint;

/// `endpoints --json`.
#[derive(Serialize)]
struct Listing<'a> {
    endpoints: Vec<Listed<'a>>,
    /// Why new connections use no endpoint at all.
    ignored: Vec<Ignored>,
    limits: Option<Limits>,
    settings: &'a Settings,
    interfaces: &'a [Interface],
}

/// An endpoint, and why it does nothing now.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    endpoint: &'a Endpoint,
    problems: Vec<Problem>,
}

pub(super) fn run(namespace: &Namespace, json: bool, output: &mut Output) -> Result<(), Failure> {
    let (header, sample) = equipment(namespace)?;
    print(&header, &sample, json, output)
}

/// The same of a recording.
pub(super) fn run_recorded(
    netns: Option<&str>,
    arguments: &FromArguments,
    json: bool,
    output: &mut Output,
) -> Result<(), Failure> {
    let moment = RecordedMoment::read(netns, arguments, None)?;
    let state = moment.history.state();
    let sample = Sample {
        endpoints: state.endpoints.values().cloned().collect(),
        limits: state.limits,
        settings: state.settings.clone(),
        interfaces: state.interfaces.values().cloned().collect(),
        ..Sample::default()
    };
    print(&moment.header, &sample, json, output)?;
    if !json {
        output.line(Styled::default().faint(&moment.described))?;
        output.flush()?;
    }
    moment.warn();
    Ok(())
}

fn print(header: &Header, sample: &Sample, json: bool, output: &mut Output) -> Result<(), Failure> {
    if json {
        let listing = Listing {
            endpoints: listed(sample),
            ignored: ignored(&sample.settings),
            limits: sample.limits,
            settings: &sample.settings,
            interfaces: &sample.interfaces,
        };
        output.json(&Envelope::new(header, listing))?;
    } else {
        text(sample, output)?;
    }
    Ok(output.flush()?)
}

fn listed(sample: &Sample) -> Vec<Listed<'_>> {
    let endpoints = sample.endpoints.iter();
    let listed = endpoints.map(|endpoint| Listed {
        endpoint,
        problems: problems(endpoint, sample.interfaces.iter()),
    });
    listed.collect()
}

fn endpoint_line(listed: &Listed<'_>) -> Styled {
    let endpoint = listed.endpoint;
    let port = endpoint
        .port
        .map(|port| format!(" port {port}"))
        .unwrap_or_default();
    let interface = endpoint
        .interface
        .as_deref()
        .map(|name| format!(" dev {name}"))
        .unwrap_or_default();
    let line = Styled::from(format!(
        "  id {:<3} {}{port}{interface}  {}",
        endpoint.id, endpoint.address, endpoint.flags
    ));
    let problems: Vec<&str> = listed.problems.iter().copied().map(endpoint::problem).collect();
    if problems.is_empty() {
        return line;
    }
    line.plain("  ").alarming(problems.join(", "))
}

fn text(sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    heading(output, &format!("Endpoints, {}", sample.endpoints.len()))?;
    for why in ignored(&sample.settings) {
        output.line(Styled::from("  ").alarming(endpoint::ignored(&why)))?;
    }
    for listed in listed(sample) {
        output.line(endpoint_line(&listed))?;
    }
    heading(output, "Limits")?;
    if let Some(limits) = sample.limits {
        output.line(format!("  subflows {}", limits.extra_subflows_max))?;
        output.line(format!("  add-addr-accepted {}", limits.add_addr_accepted_max))?;
    }
    heading(output, "Settings")?;
    for (name, value) in &sample.settings {
        let line = Styled::from(format!("  {name} {value}"));
        output.line(if is_read_only(name) {
            line.faint("  read-only")
        } else {
            line
        })?;
    }
    heading(output, "Interfaces")?;
    for interface in &sample.interfaces {
        let kind = serde_json::to_value(interface.kind).unwrap_or_default();
        let addresses: Vec<String> = interface
            .addresses
            .iter()
            .map(|owned| format!("{}/{}", owned.address, owned.prefix))
            .collect();
        let kind = kind.as_str().unwrap_or_default();
        let line = Styled::from(format!("  {:<12} {kind:<9} ", interface.name));
        let line = if interface.up {
            line.plain("up   ")
        } else {
            line.alarming("down ")
        };
        let mut parts = vec![String::new(), addresses.join(" ")];
        parts.extend(wireless(interface));
        output.line(line.plain(parts.join(" ")))?;
    }
    Ok(())
}

/// The network that a wireless interface is in and how well it hears it.
fn wireless(interface: &Interface) -> Vec<String> {
    let ssid = interface.ssid.as_ref().map(|ssid| format!(" network '{ssid}'"));
    let signal = interface.signal_dbm.map(|dbm| format!("{dbm} dBm"));
    let frequency = interface.frequency_mhz.map(|mhz| format!("{mhz} MHz"));
    let access_point = interface.bssid.map(|bssid| format!("access point {bssid}"));
    ssid.into_iter()
        .chain(access_point)
        .chain(frequency)
        .chain(signal)
        .collect()
}

fn heading(output: &mut Output, text: &str) -> Result<(), Failure> {
    Ok(output.line(Styled::default().strong(text))?)
}
