//! How a normal user comes to be allowed to build a laboratory: a user namespace of the program's own.

use std::fs;
use std::path::Path;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::LabError;

/// What building a laboratory takes.
const NEEDED: [Capability; 3] = [
    Capability::CAP_NET_ADMIN,
    Capability::CAP_NET_RAW,
    Capability::CAP_SYS_ADMIN,
];

/// What helps to see whose sockets are whose in it.
const WELCOME: Capability = Capability::CAP_SYS_PTRACE;

/// System settings that forbid user namespaces, each with the value that forbids.
const SETTINGS: [(&str, &str, &str); 3] = [
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "10000"),
];

/// Gives this process, and the programs that it starts, the capabilities that a laboratory takes.
///
/// A process that has them already stays as it is. Any other moves into a user namespace of its own, in which it
/// keeps its user and group, so that its files, D-Bus and the display go on working, and it stays in the network
/// namespace that it is in. Call this before the first thread starts: the kernel allows the move only then.
///
/// # Errors
/// [`LabError::Forbidden`] where the system forbids user namespaces, with what to do about it.
pub fn become_able() -> Result<(), LabError> {
    if !able() {
        own_user_namespace()?;
    }
    // Root's programs keep root's capabilities; those of anybody else only keep ambient ones.
    if geteuid().is_root() {
        return Ok(());
    }
    let welcome = has(CapSet::Permitted, WELCOME).then_some(WELCOME);
    for capability in NEEDED.into_iter().chain(welcome) {
        for set in [CapSet::Inheritable, CapSet::Ambient] {
            caps::raise(None, set, capability)
                .map_err(|error| LabError::failed(format!("cannot pass on {capability}"), error))?;
        }
    }
    Ok(())
}

fn able() -> bool {
    NEEDED
        .iter()
        .all(|capability| has(CapSet::Effective, *capability))
}

fn has(set: CapSet, capability: Capability) -> bool {
    caps::has_cap(None, set, capability).unwrap_or(false)
}

fn own_user_namespace() -> Result<(), LabError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(LabError::Failed(format!(
            "a laboratory needs a user namespace, which the kernel refuses to a process with {threads} threads"
        )));
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(forbidden)?;
    let write = |file: &str, text: &str| {
        fs::write(Path::new("/proc/self").join(file), text)
            .map_err(|error| LabError::failed(format!("cannot write /proc/self/{file}"), error))
    };
    write("uid_map", &format!("{user} {user} 1"))?;
    write("setgroups", "deny")?;
    write("gid_map", &format!("{group} {group} 1"))
}

/// The error for a namespace that the system refused.
pub(super) fn forbidden(refusal: Errno) -> LabError {
    let setting = SETTINGS.iter().find(|(name, forbids, _)| {
        let file = format!("/proc/sys/{}", name.replace('.', "/"));
        fs::read_to_string(file).is_ok_and(|value| value.trim() == *forbids)
    });
    LabError::Forbidden(advice(refusal, setting.copied()))
}

fn advice(refusal: Errno, setting: Option<(&str, &str, &str)>) -> String {
    match setting {
        Some((name, value, better)) => format!(
            "this system does not let normal users make network namespaces ({name} is {value}): \
             run it as root (sudo pathscope demo), or allow it with: sudo sysctl {name}={better}"
        ),
        None => format!(
            "this system does not let this user make network namespaces ({}): run it as root (sudo pathscope demo)",
            refusal.desc()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_the_setting_that_forbids() {
        let text = advice(Errno::EPERM, SETTINGS.first().copied());
        assert!(text.contains("sudo pathscope demo"));
        assert!(text.contains("sysctl kernel.apparmor_restrict_unprivileged_userns=0"));
        assert!(advice(Errno::EPERM, None).contains("sudo pathscope demo"));
    }
}
