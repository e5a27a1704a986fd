//! What the doctor found, in words: a sentence what is wrong, the evidence, and what to do.

use std::net::IpAddr;

use serde::Serialize;

use super::listed;
use super::units::several;
use crate::doctor::{CannotTell, Concerns, Evidence, Finding, RuleName, Severity, Subject, Way};
use crate::model::{AddressState, Network, RouteAction, RouteEntry, RoutingRule};

/// A finding in words, as JSON and a page have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingInWords {
    /// The rule that found it.
    pub rule: &'static str,
    /// How much it matters: `problem`, `warning` or `note`.
    pub severity: &'static str,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// What to do.
    pub advice: String,
    /// What does it, for a shell.
    pub commands: Vec<String>,
}

impl From<&Finding> for FindingInWords {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.text(),
            severity: severity(finding.severity),
            subject: subject(&finding.subject),
            summary: summary(finding),
            evidence: finding.evidence.iter().map(evidence).collect(),
            advice: advice(finding),
            commands: finding.commands.clone(),
        }
    }
}

/// What a finding is about, as JSON and a heading have it.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Host => "this host".to_owned(),
        Subject::Kernel => "kernel".to_owned(),
        Subject::Setting(name) => format!("net.mptcp.{name}"),
        Subject::Limits => "limits".to_owned(),
        Subject::Endpoints => "endpoints".to_owned(),
        Subject::Interface(name) => name.clone(),
        Subject::Address(address) | Subject::Gateway(address) => address.to_string(),
        Subject::Peer(peer) => peer.to_string(),
    }
}

/// How much a finding matters, as JSON has it.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Problem => "problem",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// What is wrong, in a sentence.
pub fn summary(finding: &Finding) -> String {
    let about = subject(&finding.subject);
    match finding.rule {
        RuleName::NotInKernel => "This kernel has no MPTCP.".to_owned(),
        RuleName::Disabled => "MPTCP is switched off on this machine.".to_owned(),
        RuleName::SynDropped => {
            "The network drops connection requests that ask for MPTCP, and the kernel falls back to plain TCP.".to_owned()
        }
        RuleName::PeerWithoutMptcp if finding.subject == Subject::Host => {
            "Connections fell back to TCP at the first packet.".to_owned()
        }
        RuleName::PeerWithoutMptcp => format!("The connection to {about} fell back to TCP at the first packet."),
        RuleName::OptionStripped if finding.subject == Subject::Host => {
            "Connections lost MPTCP after they had begun with it.".to_owned()
        }
        RuleName::OptionStripped => format!("The connection with {about} lost MPTCP after it had begun with it."),
        RuleName::ChecksumFailures => "Data arrives with a wrong MPTCP checksum.".to_owned(),
        RuleName::SimultaneousConnect => "Both ends connected at once, and fell back to TCP.".to_owned(),
        RuleName::Md5Signature => "An application asks for TCP_MD5SIG, which forces plain TCP.".to_owned(),
        RuleName::UserspacePathManager => {
            "New connections wait for a path manager in user space, and none runs.".to_owned()
        }
        RuleName::TwoPathManagers => "Two programs manage the paths of MPTCP.".to_owned(),
        RuleName::LinkDown => format!("{about} is down."),
        RuleName::EndpointAddressGone => format!("The endpoint {about} has lost its address or its device."),
        RuleName::EndpointWrongDevice => {
            format!("The endpoint {about} is bound to a device that does not have that address.")
        }
        RuleName::AddressNotUsable => format!("The address {about} of an endpoint cannot be used."),
        RuleName::SubflowLimitZero => "The limit allows no second subflow.".to_owned(),
        RuleName::EndpointIsInitialAddress => {
            format!("The only endpoint, {about}, is the address that connections use anyway.")
        }
        RuleName::NoEndpointForInterface => format!("{about} has no endpoint, so no path uses it."),
        RuleName::OnlySignalOnClient => {
            format!("The endpoint {about} is only announced, and this host opens no subflow from it.")
        }
        RuleName::OnlySubflowOnServer => {
            format!("The endpoint {about} is not announced, so no client opens a subflow to it.")
        }
        RuleName::FamilyMismatch => format!("The endpoints of {about} are of the other IP family than the connection."),
        RuleName::RouteForbidden => format!("A routing rule or route forbids packets from {about}."),
        RuleName::RuleWithoutTable => {
            format!("The rule for {about} leads to a routing table without a route to the peer.")
        }
        RuleName::NoRouteFromSource => format!("No route leads from {about} to the peer."),
        RuleName::WrongWayOut => format!("Packets from {about} leave by another interface."),
        RuleName::DeadGateway => format!("The router {about} does not answer."),
        RuleName::StrictReversePathFilter => {
            format!("The reverse-path filter of {about} drops the answers that come in there.")
        }
        RuleName::SubflowLimitReached => "The limit of subflows is reached, and a path is left out.".to_owned(),
        RuleName::AnnouncedAddressIgnored => format!("An address that {about} announced is ignored."),
        RuleName::JoinRejectedHere => "This host turned subflows away: its limit is reached.".to_owned(),
        RuleName::NoTokenHere => "Subflows arrived for connections that this host does not have.".to_owned(),
        RuleName::BindFailed => format!("A subflow could not be bound to {about}."),
        RuleName::OwnFirewall => format!("This host itself forbids the subflow from {about}."),
        RuleName::JoinRefused => format!("The subflow from {about} was refused by the other end."),
        RuleName::JoinUnreachable => format!("The network says that the peer is unreachable from {about}."),
        RuleName::OptionStrippedOnJoin => format!("The answer to the subflow from {about} came without MPTCP."),
        RuleName::PeerLimit => format!("The subflow from {about} was answered, and then reset."),
        RuleName::SubflowReset => format!("The subflow from {about} was reset."),
        RuleName::JoinUnanswered => format!("The subflow from {about} gets no answer."),
        RuleName::Stale => format!("What is sent from {about} is not acknowledged any more."),
        RuleName::SubflowMissing => format!("There is no subflow from {about}, though nothing forbids it now."),
        RuleName::EndpointsFull => "All eight endpoints that the kernel takes are there.".to_owned(),
        RuleName::FlagUnknownToKernel => format!("The kernel is too old for a flag of the endpoint {about}."),
        RuleName::Backup => format!("{about} waits as a backup."),
        RuleName::NotFullyEstablished => {
            format!("No data has flowed with {about} yet, so no second path was tried.")
        }
        RuleName::SchedulerPrefers => format!("{about} is idle: the scheduler prefers another path."),
        RuleName::ApplicationOnPlainTcp => "Applications use plain TCP, which stays on one path.".to_owned(),
    }
}

/// What to do, in a sentence or two.
pub fn advice(finding: &Finding) -> String {
    let what = what_to_do(finding);
    let whom = match finding.concerns {
        _ if finding.severity == Severity::Note || finding.commands.is_empty() => "",
        Concerns::All => " Open connections profit, too.",
        Concerns::New => " It helps new connections; those that are open keep what they have.",
    };
    format!("{what}{whom}")
}

const NOTHING_HERE: &str = "Nothing on this machine mends it.";

fn what_to_do(finding: &Finding) -> String {
    let mends = !finding.commands.is_empty();
    let text = match finding.rule {
        RuleName::NotInKernel => "Use a kernel that was built with CONFIG_MPTCP.",
        RuleName::Disabled => "Switch MPTCP on.",
        RuleName::SynDropped => {
            "A firewall on the way must let TCP option 30 through; nothing on this machine mends that. Writing the setting \
             ends the back-off, so that MPTCP is tried again at once."
        }
        RuleName::PeerWithoutMptcp => {
            "The server, or a box on the way, does not speak MPTCP. Nothing on this machine mends it."
        }
        RuleName::OptionStripped => {
            "A box on the way takes the option out. Nothing on this machine mends it."
        }
        RuleName::ChecksumFailures => "A box on the way changes the data. Nothing on this machine mends it.",
        RuleName::SimultaneousConnect => "Have one side listen and the other connect.",
        RuleName::Md5Signature => "Without TCP_MD5SIG the application could use MPTCP.",
        RuleName::UserspacePathManager => "Have the kernel manage paths, or start mptcpd.",
        RuleName::TwoPathManagers => "Keep one of them: each changes what the other made.",
        RuleName::LinkDown if mends => "Set the interface up. Routes that came by DHCP come again with it.",
        RuleName::LinkDown => {
            "It has no carrier: look at the cable, or at the radio network. Nothing on this machine mends it."
        }
        RuleName::EndpointAddressGone => "Make the endpoint anew for what is there, or remove it.",
        RuleName::EndpointWrongDevice => "Bind the endpoint to the device that has the address.",
        RuleName::AddressNotUsable => {
            "Duplicate address detection has not let it pass. Give another host's address up, or, where no other host has it, \
             skip the detection."
        }
        RuleName::SubflowLimitZero | RuleName::SubflowLimitReached => {
            "Raise the limit, and have the endpoints tried again."
        }
        RuleName::EndpointIsInitialAddress | RuleName::NoEndpointForInterface | RuleName::FamilyMismatch => {
            "Add an endpoint for the address of the interface."
        }
        RuleName::OnlySignalOnClient => "Have subflows opened from it: a client opens, a server announces.",
        RuleName::OnlySubflowOnServer => "Announce it: a server announces, a client opens.",
        RuleName::RouteForbidden => "Take away what forbids it.",
        RuleName::RuleWithoutTable => "Give the table its route.",
        RuleName::NoRouteFromSource | RuleName::WrongWayOut if mends => {
            "Give the address its own routing table."
        }
        RuleName::DeadGateway if mends => "Another router on that link answers.",
        RuleName::StrictReversePathFilter => {
            "Filter loosely: answers may come in wherever a route leads back."
        }
        RuleName::AnnouncedAddressIgnored => "Accept announced addresses.",
        RuleName::JoinRejectedHere => "Raise the limit.",
        RuleName::NoTokenHere => {
            "Behind a load balancer the address of the first subflow leads to any server: do not allow joins there, and \
             announce an address of this host's own."
        }
        RuleName::OwnFirewall => {
            "Look at the output chain of the firewall: nft list ruleset, iptables -S OUTPUT."
        }
        RuleName::JoinRefused => {
            "Nothing listens there, the peer does not know the connection, or a firewall refuses. Nothing on this machine \
             mends it."
        }
        RuleName::PeerLimit => {
            "The peer's limit of subflows may be reached, which is raised over there, or somebody closed it. Adding the \
             endpoint anew has the kernel try again."
        }
        RuleName::JoinUnanswered => {
            "The route and the router are in order: a firewall on the way, or the peer, drops it. Nothing on this machine \
             mends it."
        }
        RuleName::Stale => {
            "The path is dead or drops packets. Data goes on over the others, and comes back by itself."
        }
        RuleName::SubflowMissing | RuleName::SubflowReset | RuleName::BindFailed => {
            "The kernel does not try again by itself. Adding the endpoint anew has it try at once."
        }
        RuleName::EndpointsFull => "Remove one before another can be added.",
        RuleName::FlagUnknownToKernel => "The kernel keeps the flag and does nothing with it.",
        RuleName::Backup => "A backup carries data when no other path can.",
        RuleName::NotFullyEstablished => "It is tried with the first data.",
        RuleName::SchedulerPrefers => "It takes over when the other path is full or gone.",
        RuleName::ApplicationOnPlainTcp => "Start an application with MPTCP: mptcpize run, and its command.",
        _ => NOTHING_HERE,
    };
    text.to_owned()
}

/// A rule that holds, in a few words.
pub fn held(rule: RuleName) -> String {
    rule.text().replace('-', " ")
}

/// Why a rule cannot be judged.
pub fn cannot_tell(why: CannotTell) -> &'static str {
    match why {
        CannotTell::NoRoutes => {
            "routes and rules are not known: there are too many, or an older version wrote the stream"
        }
        CannotTell::NoManagers => "which programs run is not known",
        CannotTell::NoEvents => "the kernel's own events are not heard: run it as root",

        CannotTell::NoFilter => "how interfaces filter is not known",
    }
}

fn network(network: Option<Network>) -> String {
    network.map_or_else(
        || "all".to_owned(),
        |network| format!("{}/{}", network.address, network.prefix),
    )
}

fn action(action: RouteAction) -> &'static str {
    match action {
        RouteAction::Unreachable => "unreachable",
        RouteAction::Prohibit => "prohibit",
        RouteAction::Blackhole => "blackhole",
        _ => "lookup",
    }
}

fn rule(rule: &RoutingRule) -> String {
    let does = match rule.action {
        RouteAction::Forward => format!("lookup {}", rule.table),
        other => action(other).to_owned(),
    };
    format!(
        "Rule {}: from {} to {} {does}.",
        rule.priority,
        network(rule.from),
        network(rule.to)
    )
}

fn route(route: &RouteEntry) -> String {
    let to = network(Some(route.network()));
    format!("Route in table {}: {} {to}.", route.table, action(route.action))
}

fn way(from: IpAddr, to: IpAddr, way: &Way, interface: Option<&str>) -> String {
    let out = interface.unwrap_or("an unknown interface");
    match way {
        Way::Via { gateway, table, .. } => {
            let via = gateway
                .map(|gateway| format!(" via {gateway}"))
                .unwrap_or_default();
            format!("The kernel routes packets from {from} to {to}{via} on {out} (table {table}).")
        }
        Way::AssumedOnLink(_) => {
            format!(
                "No route leads from {from} to {to} on {out}: the kernel looks for the peer on that link itself."
            )
        }
        Way::Nowhere => format!("No route leads from {from} to {to}."),
        Way::Refused(_) => format!("Packets from {from} to {to} are refused by this host's routing."),
        Way::Unknown => format!("The way from {from} to {to} is not known."),
    }
}

/// Something that was seen, in a sentence.
pub fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Counter { name, grown, total } => format!("{name} +{grown} since start, {total} in all."),
        Evidence::Setting { name, value } => format!("net.mptcp.{name} is {value}."),
        Evidence::Limit {
            subflows: true,
            value,
        } => format!("The limit of subflows beside the first is {value}."),
        Evidence::Limit { value, .. } => format!("The limit of accepted ADD_ADDR is {value}."),
        Evidence::Slots { peer, used, most } => {
            format!("The connection with {peer} has {used} of {most} subflows beside the first.")
        }
        Evidence::FellBack {
            peer,
            peer_spoke: true,
        } => {
            format!("The connection with {peer} goes on as plain TCP; the peer had answered with MPTCP.")
        }
        Evidence::FellBack { peer, .. } => {
            format!("The connection with {peer} is plain TCP; the peer never answered with MPTCP.")
        }
        Evidence::NoSubflow { from, peer } => {
            format!("The connection with {peer} has no subflow from {from}.")
        }
        Evidence::Waiting { local, remote } => format!("The SYN from {local} to {remote} is not answered."),
        Evidence::Unacknowledged {
            local,
            remote,
            for_ms,
        } => {
            let since = for_ms.map(|ms| format!(" for {:.1} s", f64::from(ms) / 1000.0));
            format!(
                "Nothing came back from {remote} to {local}{}; data is sent again and again.",
                since.unwrap_or_default()
            )
        }
        Evidence::Way {
            from,
            to,
            way: by,
            interface,
        } => way(*from, *to, by, interface.as_deref()),
        Evidence::Rule(found) => rule(found),
        Evidence::Route(found) => route(found),
        Evidence::NoNeighbour { address, interface } => {
            format!("Nobody answers for {address} on {interface}.")
        }
        Evidence::Endpoint(endpoint) => format!("Endpoint: {endpoint}."),
        Evidence::HasAddress { interface, address } => format!("{interface} has the address {address}."),
        Evidence::AddressMissing(address) => format!("No interface has {address}."),
        Evidence::DeviceGone(index) => {
            format!("The device with number {index} is gone; one of the same name is another.")
        }
        Evidence::AddressIs {
            address,
            interface,
            state,
        } => format!("{address} on {interface} is {}.", address_state(*state)),
        Evidence::InterfaceDown { interface, set_up } => match set_up {
            Some(false) => format!("{interface} was set down."),
            Some(true) => format!("{interface} is set up and has no carrier."),
            None => format!("{interface} carries nothing."),
        },
        Evidence::Filter { interface, value } => format!("rp_filter of {interface} is {value}, strict."),
        Evidence::Ended {
            local,
            remote,
            was_established,
            error,
            reset_reason,
        } => ended(
            &format!("{local} to {remote}"),
            *was_established,
            *error,
            *reset_reason,
        ),
        Evidence::Announced(address) => format!("The peer announced {}.", address.host()),
        Evidence::Runs(programs) if programs.is_empty() => "No path manager runs.".to_owned(),
        Evidence::Runs(programs) => format!("These run: {}.", listed(programs)),
        Evidence::IsBackup { local, here, there } => {
            let who = match (here, there) {
                (true, true) => "both sides ask",
                (true, false) => "this side asks",
                _ => "the peer asks",
            };
            format!("The subflow from {local} is a backup: {who} for it.")
        }
        Evidence::Rtt { path, rtt_us } => format!("{path}: RTT {:.1} ms.", f64::from(*rtt_us) / 1000.0),
        Evidence::PlainTcp(number) => format!(
            "{} on plain TCP.",
            several(usize::try_from(*number).unwrap_or(usize::MAX), "connection")
        ),
    }
}

fn address_state(state: AddressState) -> &'static str {
    match state {
        AddressState::Tentative => "tentative: whether another host has it is still being asked",
        AddressState::Duplicate => "not usable: another host has it",
        AddressState::Deprecated => "deprecated",
        AddressState::Temporary => "temporary",
    }
}

fn ended(ends: &str, was_established: bool, error: Option<u32>, reset_reason: Option<u32>) -> String {
    let what = if was_established {
        "was established and ended"
    } else {
        "never came up and ended"
    };
    let why = match (error, reset_reason) {
        (Some(error), Some(reason)) => format!("with error {error}, reset reason {reason}"),
        (Some(error), None) => format!("with error {error}"),
        (None, Some(reason)) => format!("with reset reason {reason}"),
        (None, None) => "without an error".to_owned(),
    };
    format!("The subflow from {ends} {what} {why}.")
}
