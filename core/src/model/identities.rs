//! What in a stream tells who and where somebody is: the place of every name and address in the model.
//!
//! Each struct is taken apart here without `..`, so that a new field does not compile before somebody has decided whether
//! it identifies. Numbers that the kernel counts or chose (tokens, cookies, ports, indices, process ids) and times do not.

use std::net::IpAddr;

use super::{
    Access, Command, CommandOutcome, Connection, ConnectionKey, Endpoint, Event, Header, InterfaceKind, Line,
    ListeningSocket, MacAddress, Process, Remedy, SETTINGS, Sample, Scope, SettingValue, Settings,
    SocketAddr, Subflow, SubflowDetails, WhyNot,
};
use crate::metrics::{mptcp_info, tcp_info};

/// What stands where a text was that somebody wrote.
pub const LEFT_OUT: &str = "left out";

/// Words that settings have for a value and that the kernel chose.
const KERNEL_WORDS: [&str; 3] = ["default", "kernel", "userspace"];
/// Who asks for changes, as Pathscope itself calls it.
const ASKERS: [&str; 3] = ["window", "stdin", "command line"];

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameOf {
    /// A machine.
    Host,
    /// A user.
    User,
    /// A program that runs.
    Process,
    /// A wireless network.
    WirelessNetwork,
    /// A network namespace.
    Namespace,
    /// A scheduler or a path manager that is none of the kernel's own.
    Module,
    /// A setting that this version does not know.
    Setting,
    /// Who asked for a change.
    Asker,
}

/// Who gives the stand-ins: the same for the same each time.
pub trait StandIns {
    /// For an address, of the same family and scope.
    fn address(&mut self, real: IpAddr) -> IpAddr;
    /// For the address of a device.
    fn mac(&mut self, real: MacAddress) -> MacAddress;
    /// For an interface's name; its kind, where that is known here.
    fn interface(&mut self, real: &str, kind: Option<InterfaceKind>) -> String;
    /// For a user's number.
    fn uid(&mut self, real: u32) -> u32;
    /// For any other name.
    fn name(&mut self, of: NameOf, real: &str) -> String;
}

impl Line {
    /// Puts stand-ins in the place of all that identifies.
    pub fn stand_in(&mut self, with: &mut dyn StandIns) {
        match self {
            Self::Header(header) => header.stand_in(with),
            Self::Sample(sample) => sample.stand_in(with),
            Self::Event(event) => event.stand_in(with),
        }
    }
}

pub(super) fn interface(name: &mut Option<String>, with: &mut dyn StandIns) {
    if let Some(name) = name {
        *name = with.interface(name, None);
    }
}

pub(super) fn name(of: NameOf, name: &mut Option<String>, with: &mut dyn StandIns) {
    if let Some(name) = name {
        *name = with.name(of, name);
    }
}

fn scope(scope: &mut Option<Scope>, with: &mut dyn StandIns) {
    *scope = scope.and_then(|scope| Scope::new(&with.interface(scope.as_str(), None)));
}

fn end(end: &mut SocketAddr, with: &mut dyn StandIns) {
    let mut link = end.scope();
    scope(&mut link, with);
    *end = SocketAddr::new(with.address(end.ip()), end.port()).with_scope(link);
}

fn ends<'a>(all: impl IntoIterator<Item = &'a mut SocketAddr>, with: &mut dyn StandIns) {
    for one in all {
        end(one, with);
    }
}

fn owner(
    uid: &mut Option<u32>,
    user: &mut Option<String>,
    processes: &mut [&mut Process],
    with: &mut dyn StandIns,
) {
    if let Some(uid) = uid {
        *uid = with.uid(*uid);
    }
    name(NameOf::User, user, with);
    for process in processes {
        let Process { pid: _, name } = &mut **process;
        *name = with.name(NameOf::Process, name);
    }
}

fn setting_name(name: &mut String, with: &mut dyn StandIns) {
    if !SETTINGS.iter().any(|known| known.name == *name) {
        *name = with.name(NameOf::Setting, name);
    }
}

fn setting_value(value: &mut SettingValue, with: &mut dyn StandIns) {
    match value {
        SettingValue::Number(_) => {}
        SettingValue::Text(text) => {
            let words = text.split_whitespace().map(|word| {
                let is_number = word.parse::<i64>().is_ok();
                if is_number || KERNEL_WORDS.contains(&word) {
                    word.to_owned()
                } else {
                    with.name(NameOf::Module, word)
                }
            });
            *text = words.collect::<Vec<_>>().join(" ");
        }
    }
}

impl Header {
    /// Puts stand-ins in the place of all that identifies.
    pub fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            schema: _,
            started_at,
            host,
            kernel: _,
            netns,
            access,
            interval_ms: _,
            anonymised,
        } = self;
        // A time, and nothing else.
        let is_time = |byte: u8| byte.is_ascii_digit() || b"TZ:-.+".contains(&byte);
        if !started_at.bytes().all(is_time) {
            LEFT_OUT.clone_into(started_at);
        }
        *host = with.name(NameOf::Host, host);
        name(NameOf::Namespace, netns, with);
        access.stand_in();
        *anonymised = true;
    }
}

impl Access {
    fn stand_in(&mut self) {
        let Self {
            events: _,
            control: _,
            subflow_tokens: _,
            why_not,
            offer: _,
            as_root: _,
            by_file: _,
        } = self;
        match why_not {
            None | Some(WhyNot::NoMptcp) => {}
            Some(WhyNot::NoCapability { lacks: _, remedy }) => match remedy {
                Remedy::Root | Remedy::Service => {}
                Remedy::Said(text) => LEFT_OUT.clone_into(text),
            },
            Some(WhyNot::Unknown(text)) => LEFT_OUT.clone_into(text),
        }
    }
}

impl Sample {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            t: _,
            full: _,
            only: _,
            connections,
            gone: _,
            connections_gone,
            listeners,
            listeners_gone: _,
            interfaces,
            interfaces_gone: _,
            endpoints,
            endpoints_gone: _,
            limits: _,
            settings,
            // Their names are the kernel's.
            counters: _,
            plain_tcp: _,
            cost_us: _,
            everything_within_ms: _,
            host_counters: _,
            routes,
            routing_rules,
            neighbours,
            // They are of a list that the program has.
            managers: _,
        } = self;
        // First, because they say of what kind an interface is.
        for interface in interfaces {
            interface.stand_in(with);
        }
        for connection in connections {
            connection.stand_in(with);
        }
        for ConnectionKey {
            token: _,
            local,
            remote,
        } in connections_gone
        {
            ends([local, remote], with);
        }
        for listener in listeners {
            listener.stand_in(with);
        }
        for endpoint in endpoints {
            endpoint.stand_in(with);
        }
        for route in routes.iter_mut().flatten() {
            route.stand_in(with);
        }
        for rule in routing_rules.iter_mut().flatten() {
            rule.stand_in(with);
        }
        for neighbour in neighbours.iter_mut().flatten() {
            neighbour.stand_in(with);
        }
        let replaced = std::mem::take(settings).into_iter().map(|(mut name, mut value)| {
            setting_name(&mut name, with);
            setting_value(&mut value, with);
            (name, value)
        });
        *settings = replaced.collect::<Settings>();
    }
}

impl Endpoint {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            id: _,
            address,
            port: _,
            interface: device,
            interface_index: _,
            flags: _,
        } = self;
        *address = with.address(*address);
        interface(device, with);
    }
}

impl ListeningSocket {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            cookie: _,
            local,
            interface: device,
            accept_queue: _,
            backlog: _,
            inode: _,
            uid,
            user,
            process,
            processes,
        } = self;
        end(local, with);
        interface(device, with);
        let mut holders: Vec<_> = process.iter_mut().chain(processes).collect();
        owner(uid, user, &mut holders, with);
    }
}

/// The connection, with the numbers that its table has.
macro_rules! connection {
    ($(#[doc = $meaning:literal] $number:ident: $type:ident $row:tt)*) => {
        impl Connection {
            fn stand_in(&mut self, with: &mut dyn StandIns) {
                let Self {
                    cookie: _,
                    token: _,
                    inode: _,
                    uid,
                    user,
                    process,
                    processes,
                    state: _,
                    local,
                    remote,
                    scope: link,
                    server_side: _,
                    receive_queue: _,
                    $($number: _,)*
                    subflows,
                } = self;
                let mut holders: Vec<_> = process.iter_mut().chain(processes).collect();
                owner(uid, user, &mut holders, with);
                ends([local, remote], with);
                scope(link, with);
                for subflow in subflows {
                    subflow.stand_in(with);
                }
            }
        }
    };
}

mptcp_info::rows!(connection);

/// The subflow, with the numbers that its table has.
macro_rules! subflow {
    (
        usual { $(#[doc = $meaning:literal] $number:ident: $type:ident $row:tt)* }
        details { $(#[doc = $more_meaning:literal] $more:ident: $more_type:ident $more_row:tt)* }
    ) => {
        impl Subflow {
            fn stand_in(&mut self, with: &mut dyn StandIns) {
                let Self {
                    cookie: _,
                    local,
                    remote,
                    scope: link,
                    interface: device,
                    interface_by: _,
                    address_interface,
                    joined_by: _,
                    state: _,
                    initial: _,
                    local_id: _,
                    remote_id: _,
                    backup_local: _,
                    backup_remote: _,
                    backup_inferred: _,
                    $($number: _,)*
                    details,
                } = self;
                let SubflowDetails { $($more: _,)* } = &**details;
                ends([local, remote], with);
                scope(link, with);
                interface(device, with);
                interface(address_interface, with);
            }
        }
    };
}

tcp_info::rows!(subflow);

impl Event {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            t: _,
            kind: _,
            origin: _,
            token: _,
            local,
            remote,
            scope: link,
            address,
            interface: device,
            ssid,
            bssid,
            interface_was,
            local_id: _,
            remote_id: _,
            backup: _,
            backup_local: _,
            backup_remote: _,
            server_side: _,
            error: _,
            reset_reason: _,
            endpoint,
            limits: _,
            setting,
            value,
            overruns: _,
            suspended_s: _,
            command,
            access,
            unknown_attributes,
        } = self;
        ends(local.iter_mut().chain(remote), with);
        scope(link, with);
        *address = address.map(|address| with.address(address));
        // The old name first: both are of one kind, and the old one may be known.
        interface(interface_was, with);
        interface(device, with);
        name(NameOf::WirelessNetwork, ssid, with);
        *bssid = bssid.map(|bssid| with.mac(bssid));
        if let Some(endpoint) = endpoint {
            endpoint.stand_in(with);
        }
        if let Some(name) = setting {
            setting_name(name, with);
        }
        if let Some(value) = value {
            setting_value(value, with);
        }
        if let Some(command) = command {
            command.stand_in(with);
        }
        if let Some(access) = access {
            access.stand_in();
        }
        // Nobody knows what they hold.
        unknown_attributes.clear();
    }
}

impl CommandOutcome {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        let Self {
            asked,
            by,
            reference,
            ok: _,
            message,
        } = self;
        if let Some(command) = asked {
            command.stand_in(with);
        }
        if !ASKERS.contains(&by.as_str()) {
            *by = with.name(NameOf::Asker, by);
        }
        *reference = None;
        if let Some(message) = message {
            LEFT_OUT.clone_into(message);
        }
    }
}

impl Command {
    fn stand_in(&mut self, with: &mut dyn StandIns) {
        match self {
            Self::EndpointAdd {
                address,
                interface: device,
                id: _,
                port: _,
                flags: _,
                insist: _,
            } => {
                *address = with.address(*address);
                interface(device, with);
            }
            Self::EndpointChange { id: _, flags: _ }
            | Self::EndpointRemove { id: _ }
            | Self::LimitsSet {
                extra_subflows_max: _,
                add_addr_accepted_max: _,
            } => {}
            Self::Set { name, value } => {
                setting_name(name, with);
                setting_value(value, with);
            }
            Self::Close { local, remote } => ends([local, remote], with),
        }
    }
}
