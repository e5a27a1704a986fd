//! What a command does, told before it is done: the equivalent `ip mptcp`, `sysctl` or `ss` lines.

use std::net::IpAddr;

use super::text::ShellLine;
use super::{Command, Endpoint, EndpointFlags, FlagChange, SocketAddr, scope_of};

/// How an endpoint's flags would be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The flags afterwards.
    pub flags: EndpointFlags,
    /// Whether the kernel changes them in place. If not, the endpoint is deleted and added again, which closes its
    /// subflows (net/mptcp/pm_kernel.c: SET_FLAGS honours backup and fullmesh only).
    pub in_place: bool,
    /// Whether it closes the endpoint's subflows, those of connections that live included. In place, too, where fullmesh
    /// changes (net/mptcp/pm_kernel.c, `mptcp_pm_nl_fullmesh`: the kernel removes them, then opens what its limits still
    /// allow, which may be none).
    pub closes_subflows: bool,
}

/// How to bring an endpoint to other flags.
pub fn plan_change(endpoint: &Endpoint, change: FlagChange) -> Plan {
    let flags = change.apply(endpoint.flags);
    let differs = EndpointFlags(flags.0 ^ endpoint.flags.0);
    // The kernel refuses SET_FLAGS with fullmesh on an endpoint that signals.
    let refused = differs.contains(EndpointFlags::FULLMESH) && endpoint.flags.contains(EndpointFlags::SIGNAL);
    let is_same = differs == EndpointFlags::NONE;
    let in_place = EndpointFlags::IN_PLACE.contains(differs)
        && !refused
        && (is_same || !endpoint.flags.contains(EndpointFlags::IMPLICIT));
    let closes_subflows = !in_place || differs.contains(EndpointFlags::FULLMESH);
    Plan {
        flags,
        in_place,
        closes_subflows,
    }
}

/// The endpoint whose subflows a command closes, given the endpoints as they are now. What is not about an endpoint
/// closes none: the kernel reads limits and settings when it opens a subflow, and leaves those that are open.
pub fn endpoint_torn_down<'a>(
    command: &Command,
    endpoints: impl IntoIterator<Item = &'a Endpoint>,
) -> Option<&'a Endpoint> {
    let mut endpoints = endpoints.into_iter();
    let mut known = |id: u8| endpoints.find(|endpoint| endpoint.id == id);
    match command {
        Command::EndpointRemove { id } => known(*id),
        Command::EndpointChange { id, flags } => {
            known(*id).filter(|endpoint| plan_change(endpoint, *flags).closes_subflows)
        }
        Command::EndpointAdd { .. }
        | Command::LimitsSet { .. }
        | Command::Set { .. }
        | Command::Close { .. } => None,
    }
}

/// What adds an endpoint as it is, wherever its address is now. The kernel alone makes one implicit.
pub fn addition(endpoint: &Endpoint) -> Command {
    Command::EndpointAdd {
        address: endpoint.address,
        interface: endpoint.interface.clone(),
        id: Some(endpoint.id),
        port: endpoint.port,
        flags: endpoint.flags.without(EndpointFlags::IMPLICIT),
        insist: true,
    }
}

/// The command lines that do the same, given the endpoints as they are now. A shell takes each as it is meant, whatever
/// an interface is called.
pub fn equivalent(command: &Command, endpoints: &[Endpoint]) -> Vec<String> {
    let known = |id: u8| endpoints.iter().find(|endpoint| endpoint.id == id);
    let line = match command {
        Command::EndpointAdd {
            address,
            interface,
            id,
            port,
            flags,
            insist: _,
        } => ShellLine::new("ip mptcp endpoint add")
            .word(address)
            .device("dev", interface.as_deref())
            .option("id", *id)
            .option("port", *port)
            .words(flags.names()),
        Command::EndpointChange { id, flags } => match known(*id) {
            Some(endpoint) => return change_lines(endpoint, *flags),
            None => change_line(*id, *flags),
        },
        Command::EndpointRemove { id } => remove_line(*id, known(*id)),
        Command::LimitsSet {
            extra_subflows_max,
            add_addr_accepted_max,
        } => ShellLine::new("ip mptcp limits set")
            .option("subflow", *extra_subflows_max)
            .option("add_addr_accepted", *add_addr_accepted_max),
        Command::Set { name, value } => {
            ShellLine::new("sysctl -w").word(format_args!("net.mptcp.{name}={value}"))
        }
        Command::Close { local, remote } => close_line(*local, *remote),
    };
    vec![line.into()]
}

/// In the words of `ss`, which takes an IPv6 address in brackets only, and the link as a condition of its own.
fn close_line(local: SocketAddr, remote: SocketAddr) -> ShellLine {
    let host = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let device = scope_of(Some(local), Some(remote));
    let device = device.map(|scope| ["dev".to_owned(), "=".to_owned(), scope.to_string()]);
    ShellLine::new("ss -K -t src")
        .word(host(local.ip()))
        .words(["sport", "="])
        .word(local.port())
        .option("dst", Some(host(remote.ip())))
        .words(["dport", "="])
        .word(remote.port())
        .words(device.into_iter().flatten())
}

fn change_line(id: u8, change: FlagChange) -> ShellLine {
    ShellLine::new("ip mptcp endpoint change id")
        .word(id)
        .words(change.words())
}

fn remove_line(id: u8, endpoint: Option<&Endpoint>) -> ShellLine {
    // `ip mptcp` wants the address along with id 0, and only with it.
    let address = endpoint.filter(|_| id == 0).map(|endpoint| endpoint.address);
    ShellLine::new("ip mptcp endpoint delete id")
        .word(id)
        .words(address)
}

fn change_lines(endpoint: &Endpoint, change: FlagChange) -> Vec<String> {
    let plan = plan_change(endpoint, change);
    if plan.in_place {
        return vec![change_line(endpoint.id, change).into()];
    }
    let again = Endpoint {
        flags: plan.flags,
        ..endpoint.clone()
    };
    let mut lines = vec![remove_line(endpoint.id, Some(endpoint)).into()];
    lines.extend(equivalent(&addition(&again), &[]));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(flags: EndpointFlags) -> Endpoint {
        Endpoint {
            id: 2,
            address: [10, 0, 2, 1].into(),
            port: None,
            interface: Some("eth0".to_owned()),
            interface_index: Some(2),
            flags,
        }
    }

    #[test]
    fn a_subflow_is_closed_in_the_words_of_ss() {
        let line = |local: &str, remote: &str| {
            let address = |text: &str| text.parse().expect("an address");
            let command = Command::Close {
                local: address(local),
                remote: address(remote),
            };
            equivalent(&command, &[]).join("\n")
        };
        assert_eq!(
            line("10.0.0.1:40000", "10.0.0.2:443"),
            "ss -K -t src 10.0.0.1 sport = 40000 dst 10.0.0.2 dport = 443"
        );
        assert_eq!(
            line("[2001:db8::1]:40000", "[2001:db8::2]:443"),
            "ss -K -t src '[2001:db8::1]' sport = 40000 dst '[2001:db8::2]' dport = 443"
        );
        assert_eq!(
            line("[fe80::aa%eth0]:40000", "[fe80::bb%eth0]:443"),
            "ss -K -t src '[fe80::aa]' sport = 40000 dst '[fe80::bb]' dport = 443 dev = eth0"
        );
    }

    #[test]
    fn backup_is_changed_in_place() {
        let change: FlagChange = "backup".parse().expect("a flag");
        let command = Command::EndpointChange { id: 2, flags: change };
        assert_eq!(
            equivalent(&command, &[endpoint(EndpointFlags::SUBFLOW)]),
            ["ip mptcp endpoint change id 2 backup"]
        );
    }

    #[test]
    fn signal_needs_delete_and_add() {
        let change: FlagChange = "signal".parse().expect("a flag");
        let command = Command::EndpointChange { id: 2, flags: change };
        assert_eq!(
            equivalent(&command, &[endpoint(EndpointFlags::SUBFLOW)]),
            [
                "ip mptcp endpoint delete id 2",
                "ip mptcp endpoint add 10.0.2.1 dev eth0 id 2 signal subflow"
            ]
        );
    }

    #[test]
    fn fullmesh_cannot_be_set_in_place_beside_signal() {
        let plan = plan_change(
            &endpoint(EndpointFlags::SIGNAL),
            FlagChange::one(EndpointFlags::FULLMESH, true),
        );
        assert!(!plan.in_place);
    }

    #[test]
    fn what_closes_subflows_is_known_whichever_way_it_does_so() {
        let there = [
            endpoint(EndpointFlags::SUBFLOW),
            Endpoint {
                id: 3,
                ..endpoint(EndpointFlags::SUBFLOW.with(EndpointFlags::FULLMESH))
            },
        ];
        let change = |id, words: &str| Command::EndpointChange {
            id,
            flags: words.parse().expect("flags"),
        };
        let limits = Command::LimitsSet {
            extra_subflows_max: Some(0),
            add_addr_accepted_max: Some(0),
        };
        for (command, torn_down) in [
            (change(2, "backup"), None),
            (change(2, "nobackup"), None),
            (change(2, "subflow"), None),
            (change(2, "fullmesh"), Some(2)),
            (change(2, "fullmesh backup"), Some(2)),
            (change(2, "signal"), Some(2)),
            (change(2, "nosubflow laminar"), Some(2)),
            (change(3, "fullmesh"), None),
            (change(3, "nofullmesh"), Some(3)),
            (change(9, "nofullmesh"), None),
            (Command::EndpointRemove { id: 3 }, Some(3)),
            (limits, None),
        ] {
            let torn = endpoint_torn_down(&command, &there).map(|endpoint| endpoint.id);
            assert_eq!(torn, torn_down, "{command:?}");
        }
    }

    #[test]
    fn the_last_word_about_a_flag_wins() {
        let change: FlagChange = "backup nobackup fullmesh".parse().expect("flags");
        assert_eq!(
            change,
            FlagChange {
                set: EndpointFlags::FULLMESH,
                clear: EndpointFlags::BACKUP
            }
        );
        assert_eq!(change.to_string(), "fullmesh nobackup");
    }

    #[test]
    fn a_word_that_is_no_flag_is_named() {
        assert_eq!(
            "nobackupp".parse::<FlagChange>(),
            Err(crate::model::UnknownFlag("nobackupp".to_owned()))
        );
    }
}
