//! The container that a process is in, by its control group: each engine puts its containers into groups that are called
//! after them.

use std::fs;

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerEngine {
    /// Docker.
    Docker,
    /// Podman and what else uses libpod.
    Podman,
    /// CRI-O, under Kubernetes.
    CriO,
    /// containerd, under Kubernetes.
    Containerd,
    /// LXC and Incus.
    Lxc,
    /// systemd-nspawn, and machines of systemd-machined.
    Nspawn,
}

/// A container, as its control group names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// What runs it.
    pub engine: ContainerEngine,
    /// Its name where groups have names, else its id.
    pub label: String,
}

/// The container of a process; `None` where it is in none that is known.
pub(super) fn container_of(pid: u32) -> Option<Container> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    container_in(&groups)
}

/// The container that /proc/PID/cgroup names. The innermost known one counts.
fn container_in(groups: &str) -> Option<Container> {
    let mut paths = groups.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths.find_map(|path| {
        let parts: Vec<&str> = path.split('/').collect();
        let at = |place: usize| {
            let around = place.checked_sub(1).and_then(|around| parts.get(around));
            named_by(around.copied().unwrap_or_default(), parts.get(place)?)
        };
        (0..parts.len()).rev().find_map(at)
    })
}

/// The container of a group, by its own name and by that of the group around it.
fn named_by(around: &str, group: &str) -> Option<Container> {
    let container = |engine, label: &str| {
        Some(Container {
            engine,
            label: label.to_owned(),
        })
    };
    // systemd's driver: docker-ID.scope. The other one: docker/ID.
    let scope = group.strip_suffix(".scope");
    let by_id = [
        ("docker-", ContainerEngine::Docker),
        ("libpod-", ContainerEngine::Podman),
        ("crio-", ContainerEngine::CriO),
        ("cri-containerd-", ContainerEngine::Containerd),
    ];
    for (prefix, engine) in by_id {
        let id = scope.unwrap_or(group).strip_prefix(prefix);
        if let Some(id) = id.filter(|id| is_id(id)) {
            return container(engine, id);
        }
    }
    if around == "docker" && is_id(group) {
        return container(ContainerEngine::Docker, group);
    }
    if let Some(name) = group.strip_prefix("lxc.payload.").filter(|name| !name.is_empty()) {
        return container(ContainerEngine::Lxc, name);
    }
    if around == "lxc" && !group.is_empty() {
        return container(ContainerEngine::Lxc, group);
    }
    let machine = scope.and_then(|scope| scope.strip_prefix("machine-"));
    let service = || group.strip_suffix(".service")?.strip_prefix("systemd-nspawn@");
    let name = machine.or_else(service).filter(|name| !name.is_empty())?;
    container(ContainerEngine::Nspawn, &unescaped(name))
}

/// Whether it is what engines call their containers: 64 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A part of a unit's name as it was before systemd-escape(1): `\x2d` is `-`.
fn unescaped(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend(before.as_bytes());
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = code {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.extend(b"\\x");
            rest = after;
        }
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn found(path: &str) -> Option<(ContainerEngine, String)> {
        let groups = format!("0::{path}\n");
        container_in(&groups).map(|container| (container.engine, container.label))
    }

    #[test]
    fn a_container_is_known_by_its_group() {
        let id = |engine| Some((engine, ID.to_owned()));
        let name = |engine, name: &str| Some((engine, name.to_owned()));
        assert_eq!(
            found(&format!("/system.slice/docker-{ID}.scope")),
            id(ContainerEngine::Docker)
        );
        assert_eq!(found(&format!("/docker/{ID}/init")), id(ContainerEngine::Docker));
        assert_eq!(
            found(&format!("/machine.slice/libpod-{ID}.scope/container")),
            id(ContainerEngine::Podman)
        );
        assert_eq!(
            found(&format!(
                "/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"
            )),
            id(ContainerEngine::Containerd)
        );
        assert_eq!(
            found("/lxc.payload.web/init.scope"),
            name(ContainerEngine::Lxc, "web")
        );
        assert_eq!(
            found(r"/machine.slice/machine-my\x2dbox.scope/payload"),
            name(ContainerEngine::Nspawn, "my-box")
        );
        assert_eq!(
            found("/machine.slice/systemd-nspawn@arch.service/payload"),
            name(ContainerEngine::Nspawn, "arch")
        );
    }

    #[test]
    fn what_is_in_no_container_has_none() {
        for path in [
            "/user.slice/user-1000.slice/session-2.scope",
            "/system.slice/docker.service",
            "/system.slice/docker-short.scope",
            "/lxc.payload./x",
            "/",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
        assert_eq!(container_in(""), None);
    }
}
