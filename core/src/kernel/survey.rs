//! Every network namespace that is in use on this machine, as far as one may see them, and whose it is.
//!
//! A namespace lives as long as a process or a thread is in it, something is mounted on it, or somebody holds it open.
//! The first two are found in /proc: each thread's, and the mounts of nsfs, which is where `ip netns` and container
//! engines put theirs. What is only held open nobody else can enter.

use std::fs;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::Namespace;
use super::container::{Container, container_of};
use super::netns::{Identity, NAMED, identity};
use crate::model::Process;

/// A network namespace that is in use.
#[derive(Clone, Debug)]
pub struct FoundNamespace {
    /// The namespace, by the shortest name that leads to it.
    pub namespace: Namespace,
    /// The first process that is in it.
    pub process: Option<Process>,
    /// The container that this process is in.
    pub container: Option<Container>,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct NamespaceSurvey {
    /// The calling thread's namespace first, then those that have a name, then the others by process.
    pub found: Vec<FoundNamespace>,
    /// How many processes' namespaces may not be seen.
    pub hidden: usize,
}

impl NamespaceSurvey {
    /// Looks through the whole machine.
    pub fn new() -> Self {
        let mut inside: FxHashMap<Identity, u32> = FxHashMap::default();
        let (mut order, mut hidden) = (Vec::new(), 0);
        for pid in pids() {
            match namespaces_of(pid) {
                Some(seen) => {
                    for (identity, path) in seen {
                        // The first process stands for all.
                        inside.entry(identity).or_insert_with(|| {
                            order.push(path);
                            pid
                        });
                    }
                }
                None => hidden += 1,
            }
        }
        let mut survey = Self {
            found: Vec::new(),
            hidden,
        };
        let mut known: Vec<Identity> = Vec::new();
        let named = names().into_iter().chain(mounts());
        let others = order.into_iter().map(|path| path.to_string_lossy().into_owned());
        let own = Namespace::current().ok();
        for namespace in own
            .into_iter()
            .chain(named.chain(others).filter_map(|name| Namespace::open(&name).ok()))
        {
            let identity = namespace.identity();
            if known.contains(&identity) {
                continue;
            }
            known.push(identity);
            let pid = inside.get(&identity).copied();
            survey.found.push(FoundNamespace {
                namespace,
                process: pid.and_then(process),
                container: pid.and_then(container_of),
            });
        }
        survey
    }
}

/// Processes, oldest number first.
fn pids() -> Vec<u32> {
    let mut pids = numbers(Path::new("/proc"));
    pids.sort_unstable();
    pids
}

fn numbers(folder: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The namespaces of a process's threads, each with the path that leads to it; `None` where they may not be seen.
fn namespaces_of(pid: u32) -> Option<Vec<(Identity, PathBuf)>> {
    let main = format!("/proc/{pid}/ns/net");
    let identity_of_main = identity(&main)?;
    let mut seen = vec![(identity_of_main, PathBuf::from(main))];
    for tid in numbers(Path::new(&format!("/proc/{pid}/task"))) {
        let path = format!("/proc/{pid}/task/{tid}/ns/net");
        if let Some(identity) = identity(&path)
            && !seen.iter().any(|(known, _)| *known == identity)
        {
            seen.push((identity, path.into()));
        }
    }
    Some(seen)
}

fn process(pid: u32) -> Option<Process> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(Process {
        pid,
        name: String::from_utf8_lossy(name.trim_ascii_end()).into_owned(),
    })
}

/// The names that `ip netns` knows, in order.
fn names() -> Vec<String> {
    let entries = NAMED.iter().filter_map(|folder| fs::read_dir(folder).ok());
    let mut names: Vec<String> = entries
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Where namespaces are mounted, as this process sees it.
fn mounts() -> Vec<String> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    text.lines().filter_map(mounted_namespace).collect()
}

/// The place of a mount that is a network namespace (proc_pid_mountinfo(5)): the fourth field is what is mounted, the
/// fifth where, with spaces as `\040`.
fn mounted_namespace(line: &str) -> Option<String> {
    let mut fields = line.split(' ').skip(3);
    fields.next()?.strip_prefix("net:[")?;
    let place = fields.next()?;
    let mut unescaped = String::with_capacity(place.len());
    let mut rest = place;
    while let Some((before, after)) = rest.split_once('\\') {
        unescaped += before;
        let code = after.get(..3).and_then(|code| u8::from_str_radix(code, 8).ok())?;
        unescaped.push(code.into());
        rest = after.get(3..)?;
    }
    unescaped += rest;
    Some(unescaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_that_is_a_network_namespace_has_its_place() {
        let line = r"1022 28 0:4 net:[4026532500] /run/docker/netns/3\0404 rw shared:5 - nsfs nsfs rw";
        assert_eq!(mounted_namespace(line).as_deref(), Some("/run/docker/netns/3 4"));
        for other in [
            "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw",
            "1 1 0:4 mnt:[4026532500] /run/x rw - nsfs nsfs rw",
            "",
        ] {
            assert_eq!(mounted_namespace(other), None, "{other}");
        }
    }

    #[test]
    fn this_threads_own_namespace_comes_first_and_each_comes_once() {
        let survey = NamespaceSurvey::new();
        let own = survey.found.first().expect("at least the own one");
        assert_eq!(own.namespace.label(), None);
        let mut seen: Vec<_> = survey
            .found
            .iter()
            .map(|found| found.namespace.identity())
            .collect();
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }
}
