//! What the service is allowed by the kernel: CAP_NET_ADMIN, and nothing else, whoever started it.

use std::fs;

use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl::{set_dumpable, set_no_new_privs};
use nix::unistd::{User, geteuid, setgroups, setresgid, setresuid};

use crate::bus::ACCOUNT;

const NEEDED: Capability = Capability::CAP_NET_ADMIN;
/// As /proc/PID/status writes that capability alone.
const NEEDED_ALONE: &str = "0000000000001000";

/// Gives up everything but the one capability, for good. Root becomes the service's account first. To be called while
/// the process has a single thread: capabilities are each thread's own.
///
/// # Errors
/// Why the service cannot run so, in one line.
pub(super) fn drop_all_but_one() -> Result<(), String> {
    let permitted = caps::read(None, CapSet::Permitted).map_err(|error| error.to_string())?;
    if !permitted.contains(&NEEDED) {
        return Err(
            "CAP_NET_ADMIN is missing: the service is started by the system bus, see its unit".to_owned(),
        );
    }
    // Needs CAP_SETPCAP; what the service manager has dropped already is not there to be dropped.
    for capability in caps::all() {
        let drop = capability != NEEDED && caps::has_cap(None, CapSet::Bounding, capability).unwrap_or(false);
        if drop {
            caps::drop(None, CapSet::Bounding, capability).map_err(|_| {
                format!("{capability} cannot be given up: start the service as its unit does")
            })?;
        }
    }
    if geteuid().is_root() {
        become_account()?;
    }
    let one = CapsHashSet::from([NEEDED]);
    let none = CapsHashSet::new();
    // The ambient set before the inheritable one, which it is part of; the effective before the permitted.
    for (set, capabilities) in [
        (CapSet::Ambient, &none),
        (CapSet::Inheritable, &none),
        (CapSet::Effective, &one),
        (CapSet::Permitted, &one),
    ] {
        caps::set(None, set, capabilities).map_err(|error| format!("capabilities: {error}"))?;
    }
    set_no_new_privs().map_err(|error| format!("no_new_privs: {error}"))?;
    // Nobody looks into its memory, not even a process of the same account.
    set_dumpable(false).map_err(|error| format!("not dumpable: {error}"))?;
    verify()
}

/// Root's way to the account: the capabilities that are permitted stay so.
fn become_account() -> Result<(), String> {
    let account = User::from_name(ACCOUNT)
        .ok()
        .flatten()
        .ok_or_else(|| format!("there is no account {ACCOUNT}: install the package anew"))?;
    if account.uid.is_root() {
        return Err(format!("the account {ACCOUNT} is root"));
    }
    let failed = |error: nix::Error| format!("becoming {ACCOUNT}: {error}");
    nix::sys::prctl::set_keepcaps(true).map_err(failed)?;
    setgroups(&[account.gid]).map_err(failed)?;
    setresgid(account.gid, account.gid, account.gid).map_err(failed)?;
    setresuid(account.uid, account.uid, account.uid).map_err(failed)?;
    nix::sys::prctl::set_keepcaps(false).map_err(failed)
}

/// Believes only what the kernel says: a newer one may have capabilities that are not in our list.
fn verify() -> Result<(), String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc: {error}"))?;
    let is = |name: &str, value: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.is_some_and(|line| line.trim() == value)
    };
    let bound = ["CapPrm", "CapEff", "CapBnd"]
        .iter()
        .all(|set| is(set, NEEDED_ALONE));
    let nothing = "0000000000000000";
    if bound && is("CapInh", nothing) && is("CapAmb", nothing) && is("NoNewPrivs", "1") {
        return Ok(());
    }
    Err("the capabilities are not as they must be: start the service as its unit does".to_owned())
}
