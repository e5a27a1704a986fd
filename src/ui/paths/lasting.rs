//! What outlives a reconnection and a restart: whose an endpoint is, and what keeps the changes made here.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::desktop::{MptcpFlags, NetworkManager, Profile};
use crate::history::State;
use crate::model::text::for_terminal;
use crate::model::{Command, Endpoint, EndpointFlags, addition, equivalent};
use crate::ui::view::View;
use crate::words::endpoint::{self as words, Unstorable};

/// How long what NetworkManager said is believed, s.
const FRESH: f64 = 10.0;

/// NetworkManager, and when it was last asked about what.
#[derive(Default)]
pub(super) struct Owners {
    manager: Option<NetworkManager>,
    asked: Option<(f64, u64)>,
}

/// What NetworkManager said last.
#[derive(Debug, Default)]
pub(super) struct Owned {
    pub profiles: Vec<Profile>,
    /// Whether it is being asked to write.
    pub writing: bool,
}

impl Owners {
    /// Owners as this one says.
    pub(super) fn of(manager: NetworkManager) -> Self {
        Self {
            manager: Some(manager),
            asked: None,
        }
    }

    /// What it said last, which is asked for again once the endpoints are others or some time has gone by. It knows
    /// nothing of other machines and namespaces.
    pub(super) fn read(&mut self, view: &View<'_>, time: f64) -> Owned {
        let here = view.live.header().is_some_and(|header| header.netns.is_none());
        let Some(manager) = self.manager.as_ref().filter(|_| here) else {
            return Owned::default();
        };
        let about = fingerprint(view.live.state());
        if self
            .asked
            .is_none_or(|(at, then)| then != about || time - at > FRESH)
        {
            self.asked = Some((time, about));
            manager.ask();
        }
        Owned {
            profiles: manager.profiles(),
            writing: manager.is_writing(),
        }
    }

    /// What went wrong with it.
    pub(super) fn failure(&self) -> Option<String> {
        self.manager.as_ref()?.failure()
    }

    /// Whether it is being asked to write.
    pub(super) fn is_writing(&self) -> bool {
        self.manager.as_ref().is_some_and(NetworkManager::is_writing)
    }

    /// Has a connection's flags written.
    pub(super) fn write(&self, profile: Profile, flags: MptcpFlags) {
        if let Some(manager) = &self.manager {
            manager.write(profile, flags);
        }
    }
}

fn fingerprint(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    for endpoint in state.endpoints.values() {
        (endpoint.id, endpoint.address, endpoint.flags, &endpoint.interface).hash(&mut hasher);
    }
    for interface in state.interfaces.values() {
        (&interface.name, interface.up).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whose an endpoint is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Owner {
    pub profile: Profile,
    /// How long a change lasts, and what is stored.
    pub text: String,
    /// What writing would store, where the endpoint is not as stored.
    pub write: Option<Write>,
}

/// What can be written to the owner.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Write {
    Flags(MptcpFlags),
    /// Why nothing can.
    Cannot(Unstorable),
}

/// The owner of an endpoint, where it has one.
pub(super) fn owner(endpoint: &Endpoint, owned: &Owned) -> Option<Owner> {
    let profile = owned.profiles.iter().find(|profile| profile.owns(endpoint))?;
    let stored = Some(profile.flags).filter(|flags| *flags != MptcpFlags(0));
    let as_stored = endpoint.flags.without(EndpointFlags::IMPLICIT) == profile.flags.of_endpoints();
    let write = (!as_stored).then(|| match profile.flags.with_endpoints(endpoint.flags) {
        _ if owned.writing => Write::Cannot(Unstorable::Busy),
        Some(flags) => Write::Flags(flags),
        None => Write::Cannot(Unstorable::NoFlag(endpoint.flags)),
    });
    Some(Owner {
        text: words::owned(&for_terminal(&profile.name), stored, MptcpFlags::DEFAULT),
        profile: profile.clone(),
        write,
    })
}

/// Lines that make again after a restart what was changed here and that nobody else makes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Keep {
    /// For a script that runs at start.
    pub commands: Vec<String>,
    /// For a file below /etc/sysctl.d.
    pub settings: Vec<String>,
}

/// What keeps these changes, given what there is now.
pub(super) fn keep<'a>(changes: impl Iterator<Item = &'a Command>, state: &State, owned: &Owned) -> Keep {
    let (mut endpoints, mut limits) = (false, false);
    let mut settings = Vec::new();
    for change in changes {
        match change {
            Command::EndpointAdd { .. } | Command::EndpointChange { .. } | Command::EndpointRemove { .. } => {
                endpoints = true;
            }
            Command::LimitsSet { .. } => limits = true,
            Command::Set { name, .. } => {
                let value = state.settings.get(name);
                // Such a file has no quotes. What no line of it can hold is written out, which sysctl refuses.
                let line = |value| for_terminal(&format!("net.mptcp.{name} = {value}")).into_owned();
                settings.extend(value.map(line));
            }
            Command::Close { .. } => {}
        }
    }
    settings.sort();
    settings.dedup();
    let mut commands = Vec::new();
    if let Some(now) = state.limits.filter(|_| limits) {
        let set = Command::LimitsSet {
            extra_subflows_max: Some(now.extra_subflows_max),
            add_addr_accepted_max: Some(now.add_addr_accepted_max),
        };
        commands.extend(equivalent(&set, &[]));
    }
    if endpoints {
        let own = state.endpoints.values().filter(|endpoint| {
            !endpoint.flags.contains(EndpointFlags::IMPLICIT) && owner(endpoint, owned).is_none()
        });
        commands.extend(own.flat_map(|endpoint| equivalent(&addition(endpoint), &[])));
    }
    Keep { commands, settings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FlagChange, Limits, SettingValue};

    fn endpoint(id: u8, interface: &str, flags: EndpointFlags) -> Endpoint {
        Endpoint {
            id,
            address: [10, 0, 0, id].into(),
            port: None,
            interface: Some(interface.to_owned()),
            interface_index: None,
            flags,
        }
    }

    fn owned(flags: u32) -> Owned {
        let profile = Profile {
            device: "wlan0".to_owned(),
            name: "HomeNet".to_owned(),
            flags: MptcpFlags(flags),
            path: "/1".to_owned(),
        };
        Owned {
            profiles: vec![profile],
            writing: false,
        }
    }

    #[test]
    fn an_owner_says_how_long_a_change_lasts_and_what_is_stored() {
        let as_stored = endpoint(1, "wlan0", EndpointFlags::SUBFLOW);
        let found = owner(&as_stored, &owned(0)).expect("an owner");
        assert_eq!(
            found.text,
            "A change here lasts until HomeNet reconnects. \
             By default it has 0x22 (enabled, subflow); NetworkManager.conf may set others."
        );
        assert_eq!(found.write, None, "it is as stored");
        assert_eq!(
            owner(&endpoint(2, "eth0", EndpointFlags::SUBFLOW), &owned(0)),
            None
        );
    }

    #[test]
    fn what_differs_can_be_written_unless_it_has_no_word_there() {
        let backup = EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP);
        let write = |flags, owned: &Owned| owner(&endpoint(1, "wlan0", flags), owned)?.write;
        assert_eq!(write(backup, &owned(0)), Some(Write::Flags(MptcpFlags(0x62))));
        assert_eq!(write(backup, &owned(0x62)), None);
        let laminar = backup.with(EndpointFlags::LAMINAR);
        let why = Unstorable::NoFlag(laminar);
        assert_eq!(write(laminar, &owned(0)), Some(Write::Cannot(why)));
        assert_eq!(
            words::unstorable(why),
            "NetworkManager cannot store subflow backup laminar."
        );
        let busy = Owned {
            writing: true,
            ..owned(0)
        };
        assert_eq!(write(backup, &busy), Some(Write::Cannot(Unstorable::Busy)));
    }

    #[test]
    fn what_is_kept_is_what_was_changed_here_and_has_no_owner() {
        let endpoints = [
            endpoint(1, "wlan0", EndpointFlags::SUBFLOW),
            endpoint(2, "eth0", EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP)),
            endpoint(3, "eth0", EndpointFlags::IMPLICIT),
        ];
        let state = State {
            endpoints: endpoints
                .into_iter()
                .map(|endpoint| (endpoint.id, endpoint))
                .collect(),
            limits: Some(Limits {
                extra_subflows_max: 4,
                add_addr_accepted_max: 1,
            }),
            settings: [("scheduler".to_owned(), SettingValue::from("burst"))].into(),
            ..State::default()
        };
        let set = Command::Set {
            name: "scheduler".to_owned(),
            value: SettingValue::from("other"),
        };
        let change = Command::EndpointChange {
            id: 2,
            flags: FlagChange::one(EndpointFlags::BACKUP, true),
        };
        let limits = Command::LimitsSet {
            extra_subflows_max: Some(4),
            add_addr_accepted_max: None,
        };
        let kept = |changes: &[&Command]| keep(changes.iter().copied(), &state, &owned(0));
        assert_eq!(kept(&[]), Keep::default());
        assert_eq!(kept(&[&set, &set]).settings, ["net.mptcp.scheduler = burst"]);
        assert_eq!(
            kept(&[&change, &limits]).commands,
            [
                "ip mptcp limits set subflow 4 add_addr_accepted 1",
                "ip mptcp endpoint add 10.0.0.2 dev eth0 id 2 subflow backup"
            ]
        );
    }
}
