//! Whether there is MPTCP at all, and who manages its paths.

use super::super::examination::Examination;
use super::super::finding::{CannotTell, Concerns, Evidence, Finding, RuleName, Severity, Subject, Verdict};
use super::super::mend;
use crate::model::text::ShellLine;
use crate::model::{EndpointFlags, Ignored, SettingValue, ignored};

/// The first kernel that knows the flag laminar.
const LAMINAR_SINCE: (u32, u32) = (6, 18);
/// The first kernel that knows the flag fullmesh.
const FULLMESH_SINCE: (u32, u32) = (5, 15);
/// The daemon that manages paths from user space.
const DAEMON: &str = "mptcpd";
const NETWORK_MANAGER: &str = "NetworkManager";

pub(super) fn not_in_kernel(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    if !facts.is_complete || !facts.settings.is_empty() {
        return Verdict::Holds;
    }
    exam.explain_everything();
    let finding = Finding::problem(RuleName::NotInKernel, Subject::Kernel);
    Verdict::from(vec![finding])
}

pub(super) fn disabled(exam: &mut Examination<'_>) -> Verdict {
    if exam.facts.number("enabled") != Some(0) {
        return Verdict::Holds;
    }
    let finding = Finding::problem(RuleName::Disabled, Subject::Setting("enabled"))
        .seen([setting("enabled", "0")])
        .mended_by(mend::set("enabled", "1"))
        .concerning(Concerns::New);
    if exam.facts.clients().is_empty() {
        exam.explain_everything();
    }
    Verdict::from(vec![finding])
}

pub(super) fn setting(name: &'static str, value: &str) -> Evidence {
    Evidence::Setting {
        name,
        value: value.to_owned(),
    }
}

pub(super) fn userspace_path_manager(exam: &mut Examination<'_>) -> Verdict {
    let facts = exam.facts;
    let manager = ignored(&facts.settings).into_iter().find_map(|why| match why {
        Ignored::PathManager(name) => Some(name),
        Ignored::Disabled => None,
    });
    let Some(manager) = manager else {
        return Verdict::Holds;
    };
    // Whatever it is that decides, it is not the endpoints.
    exam.explain_everything();
    match &facts.managers {
        None => return Verdict::CannotTell(CannotTell::NoManagers),
        Some(managers) if managers.iter().any(|name| name == DAEMON) => return Verdict::Holds,
        Some(_) => {}
    }
    let (name, value) = if facts.settings.contains_key("path_manager") {
        ("path_manager", "kernel")
    } else {
        ("pm_type", "0")
    };
    let finding = Finding::problem(RuleName::UserspacePathManager, Subject::Setting(name))
        .seen([setting(name, &manager), Evidence::Runs(Vec::new())])
        .mended_by(mend::set(name, value))
        .concerning(Concerns::New);
    Verdict::from(vec![finding])
}

pub(super) fn two_path_managers(exam: &mut Examination<'_>) -> Verdict {
    let Some(managers) = &exam.facts.managers else {
        return Verdict::CannotTell(CannotTell::NoManagers);
    };
    let runs = |name: &str| managers.iter().any(|known| known == name);
    let is_both = runs(DAEMON) && (runs(NETWORK_MANAGER) || exam.facts.kernel_manages());
    let finding = is_both.then(|| {
        Finding::problem(RuleName::TwoPathManagers, Subject::Host)
            .with_severity(Severity::Warning)
            .seen([Evidence::Runs(managers.clone())])
            .mended_by([ShellLine::new("systemctl disable --now mptcp").into()])
    });
    Verdict::from(finding)
}

/// Major and minor of a release: `6.18.4-generic`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|letter: char| !letter.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

pub(super) fn flag_unknown(exam: &mut Examination<'_>) -> Verdict {
    let release = exam
        .facts
        .header
        .as_ref()
        .and_then(|header| version(&header.kernel));
    let Some(release) = release else {
        return Verdict::Holds;
    };
    let is_unknown = |flags: EndpointFlags| {
        (flags.contains(EndpointFlags::LAMINAR) && release < LAMINAR_SINCE)
            || (flags.contains(EndpointFlags::FULLMESH) && release < FULLMESH_SINCE)
    };
    let unknown = exam
        .facts
        .endpoints
        .values()
        .filter(|endpoint| is_unknown(endpoint.flags));
    let findings: Vec<_> = unknown
        .map(|endpoint| {
            Finding::problem(RuleName::FlagUnknownToKernel, Subject::Address(endpoint.address))
                .with_severity(Severity::Warning)
                .seen([Evidence::Endpoint(endpoint.clone())])
        })
        .collect();
    Verdict::from(findings)
}

/// The value of a setting, as text.
pub(super) fn value(exam: &Examination<'_>, name: &str) -> Option<String> {
    exam.facts.settings.get(name).map(SettingValue::to_string)
}
