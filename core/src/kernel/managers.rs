//! Programs that manage MPTCP's paths, or the network: which of them run here.

use std::fs;

/// Their names in /proc/PID/comm.
const KNOWN: [&str; 2] = ["NetworkManager", "mptcpd"];

/// The known managers that run in the calling thread's network namespace, or in one that cannot be told. In order, each
/// once.
pub fn managers() -> Vec<String> {
    let own = fs::read_link("/proc/thread-self/ns/net").ok();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<String> = processes
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        })
        .filter_map(|entry| {
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            let name = KNOWN.iter().find(|known| **known == name.trim_ascii())?;
            let elsewhere = fs::read_link(entry.path().join("ns/net")).is_ok_and(|net| Some(net) != own);
            (!elsewhere).then(|| (*name).to_owned())
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
