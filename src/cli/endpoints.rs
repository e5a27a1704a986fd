//! `endpoints`: endpoints, limits, settings and interfaces.

use serde::Serialize;

use super::envelope::Envelope;
use super::{Failure, Output, Styled};
use crate::kernel::Namespace;
use crate::model::{Endpoint, Interface, Limits, MAX_ENDPOINTS, Sample, Settings};
use crate::source::snapshot;

/// `endpoints --json`.
#[derive(Serialize)]
struct Listing<'a> {
    endpoints: &'a [Endpoint],
    limits: Option<Limits>,
    settings: &'a Settings,
    interfaces: &'a [Interface],
}

pub(super) fn run(namespace: &Namespace, json: bool, output: &mut Output) -> Result<(), Failure> {
    let (header, sample) = snapshot(namespace)?;
    if json {
        let listing = Listing {
            endpoints: &sample.endpoints,
            limits: sample.limits,
            settings: &sample.settings,
            interfaces: &sample.interfaces,
        };
        output.json(&Envelope::new(&header, listing))?;
    } else {
        text(&sample, output)?;
    }
    Ok(output.flush()?)
}

fn text(sample: &Sample, output: &mut Output) -> Result<(), Failure> {
    heading(
        output,
        &format!("Endpoints, {} of at most {MAX_ENDPOINTS}", sample.endpoints.len()),
    )?;
    for endpoint in &sample.endpoints {
        let port = endpoint
            .port
            .map(|port| format!(" port {port}"))
            .unwrap_or_default();
        let interface = endpoint
            .interface
            .as_deref()
            .map(|name| format!(" dev {name}"))
            .unwrap_or_default();
        output.line(format!(
            "  id {:<3} {}{port}{interface}  {}",
            endpoint.id, endpoint.address, endpoint.flags
        ))?;
    }
    heading(output, "Limits")?;
    if let Some(limits) = sample.limits {
        output.line(format!("  subflows {}", limits.extra_subflows_max))?;
        output.line(format!("  add-addr-accepted {}", limits.add_addr_accepted_max))?;
    }
    heading(output, "Settings")?;
    for (name, value) in &sample.settings {
        output.line(format!("  {name} {value}"))?;
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
        output.line(line.plain(format!(" {}", addresses.join(" "))))?;
    }
    Ok(())
}

fn heading(output: &mut Output, text: &str) -> Result<(), Failure> {
    Ok(output.line(Styled::default().strong(text))?)
}
