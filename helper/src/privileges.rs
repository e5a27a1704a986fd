//! What the helper is allowed by the kernel: CAP_NET_ADMIN, and nothing else, whoever started it.

use std::fs;

use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl::{get_no_new_privs, set_dumpable, set_no_new_privs};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{User, geteuid, getresuid, getuid, setgroups, setresgid, setresuid};

use super::{executable, records};
use crate::bus::{ACCOUNT, ON_STDIN, PROGRAM};

const NEEDED: Capability = Capability::CAP_NET_ADMIN;
/// As /proc/PID/status writes that capability alone.
const NEEDED_ALONE: &str = "0000000000001000";
/// The most memory that a helper may fill; the service's unit sets the same.
const MEMORY_BYTES: u64 = 64 << 20;

/// Gives up everything but the one capability, for good. Root becomes the service's account first. To be called while
/// the process has a single thread: capabilities are each thread's own.
///
/// Nobody but root and that account is served by: where the program's file has the capability, who may start it could
/// bring a bus and a polkit of their own.
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
    if !getuid().is_root() && getuid() != account()?.uid {
        return Err(format!(
            "the service runs as root or {ACCOUNT} only: the system bus starts it; a member of its file's group uses \
             {ON_STDIN}"
        ));
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
    keep_one()?;
    bound_memory()?;
    verify(&["CapPrm", "CapEff", "CapBnd"])
}

/// Takes the one capability from the program's file, for a member of the file's group, as whom the process goes on, and
/// makes it all that it can ever have. Returns the member. To be called while the process has a single thread.
///
/// The bounding set stays as it is: lowering it needs CAP_SETPCAP. It bounds what is gained by starting a program, and
/// with `no_new_privs` nothing is gained so.
///
/// # Errors
/// Why the helper cannot run so, and what to do, in one line.
pub(super) fn keep_one_for_member() -> Result<u32, String> {
    let user = getresuid().map_err(|error| format!("the user: {error}"))?;
    if user.real.is_root() {
        return Err("root needs no helper: pathscope makes root's changes itself".to_owned());
    }
    if user.real != user.effective || user.real != user.saved {
        return Err("it was started by one user with the rights of another".to_owned());
    }
    let permitted = caps::read(None, CapSet::Permitted).map_err(|error| error.to_string())?;
    if !permitted.contains(&NEEDED) {
        if get_no_new_privs().unwrap_or(false) {
            return Err("no program that is started from here gets a capability (no_new_privs)".to_owned());
        }
        return Err(format!(
            "{PROGRAM} brings no capability: as root, run setcap cap_net_admin=p {PROGRAM}, see pathscope-helper(8)"
        ));
    }
    executable::is_for_a_group()?;
    keep_one()?;
    bound_memory()?;
    verify(&["CapPrm", "CapEff"])?;
    Ok(user.real.as_raw())
}

/// Gives up what is permitted beyond the one capability, and every way to more.
fn keep_one() -> Result<(), String> {
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
    set_dumpable(false).map_err(|error| format!("not dumpable: {error}"))
}

/// Limits its memory, whoever started it and with whatever limits. The unit's system calls do not include this one, and need not.
fn bound_memory() -> Result<(), String> {
    let failed = |error: nix::Error| format!("the limit of its memory: {error}");
    let (_, most) = getrlimit(Resource::RLIMIT_DATA).map_err(failed)?;
    let bytes = most.min(MEMORY_BYTES);
    if most > bytes {
        setrlimit(Resource::RLIMIT_DATA, bytes, bytes).map_err(failed)?;
    }
    Ok(())
}

fn account() -> Result<User, String> {
    let account = User::from_name(ACCOUNT).ok().flatten();
    account.ok_or_else(|| format!("there is no account {ACCOUNT}: install the package anew"))
}

/// Root's way to the account: the capabilities that are permitted stay so.
fn become_account() -> Result<(), String> {
    let account = account()?;
    if account.uid.is_root() {
        return Err(format!("the account {ACCOUNT} is root"));
    }
    records::make_folder(&account).map_err(|error| format!("the folder for its records: {error}"))?;
    let failed = |error: nix::Error| format!("becoming {ACCOUNT}: {error}");
    nix::sys::prctl::set_keepcaps(true).map_err(failed)?;
    setgroups(&[account.gid]).map_err(failed)?;
    setresgid(account.gid, account.gid, account.gid).map_err(failed)?;
    setresuid(account.uid, account.uid, account.uid).map_err(failed)?;
    nix::sys::prctl::set_keepcaps(false).map_err(failed)
}

/// Believes only what the kernel says: a newer one may have capabilities that are not in our list.
fn verify(the_one_alone: &[&str]) -> Result<(), String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc: {error}"))?;
    let is = |name: &str, value: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.is_some_and(|line| line.trim() == value)
    };
    let alone = the_one_alone.iter().all(|set| is(set, NEEDED_ALONE));
    let nothing = "0000000000000000";
    if alone && is("CapInh", nothing) && is("CapAmb", nothing) && is("NoNewPrivs", "1") {
        return Ok(());
    }
    Err("the capabilities are not as they must be: see pathscope-helper(8)".to_owned())
}
