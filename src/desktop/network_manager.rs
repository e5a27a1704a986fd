//! NetworkManager: which of its connections owns a device's endpoints, and the flags that it makes them with.
//!
//! It leaves no mark in the kernel. An endpoint is its own where it has a connection in force on the endpoint's device
//! and that connection configures MPTCP; a change made in the kernel then lasts until the connection is next brought
//! up. Written into the connection, it lasts for good: NetworkManager asks for the authorisation by itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use zbus::blocking::Connection;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use crate::log;
use crate::model::text::ShellLine;
use crate::model::{Endpoint, EndpointFlags};

const SERVICE: &str = "org.freedesktop.NetworkManager";
const ROOT: &str = "/org/freedesktop/NetworkManager";
const MANAGER: &str = "org.freedesktop.NetworkManager";
const ACTIVE: &str = "org.freedesktop.NetworkManager.Connection.Active";
const DEVICE: &str = "org.freedesktop.NetworkManager.Device";
const CONNECTION: &str = "org.freedesktop.NetworkManager.Settings.Connection";
/// `NM_SETTINGS_UPDATE2_FLAG_TO_DISK`.
const TO_DISK: u32 = 1;
/// Questions that wait while one is being answered; a further one would ask for the same again.
const WAITING: usize = 4;

/// A connection's `connection.mptcp-flags` (`NMMptcpFlags`, NetworkManager 1.40).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MptcpFlags(pub u32);

impl MptcpFlags {
    /// No endpoints at all.
    pub const DISABLED: Self = Self(1);
    /// What 0 means, unless NetworkManager.conf says otherwise: enabled, subflow.
    pub const DEFAULT: Self = Self(0x22);
    const ENABLED: u32 = 2;
    /// When to make endpoints, not how: also-without-sysctl, also-without-default-route.
    const WHEN: u32 = 0x0c;
    /// Each bit by the name that nmcli gives it.
    const NAMED: [(u32, &str); 8] = [
        (0x01, "disabled"),
        (0x02, "enabled"),
        (0x04, "also-without-sysctl"),
        (0x08, "also-without-default-route"),
        (0x10, "signal"),
        (0x20, "subflow"),
        (0x40, "backup"),
        (0x80, "fullmesh"),
    ];
    const HOW: [(u32, EndpointFlags); 4] = [
        (0x10, EndpointFlags::SIGNAL),
        (0x20, EndpointFlags::SUBFLOW),
        (0x40, EndpointFlags::BACKUP),
        (0x80, EndpointFlags::FULLMESH),
    ];

    /// With the default in the place of 0.
    #[must_use]
    pub fn effective(self) -> Self {
        if self.0 == 0 { Self::DEFAULT } else { self }
    }

    /// Whether it makes endpoints.
    pub fn makes_endpoints(self) -> bool {
        self.effective().0 & Self::DISABLED.0 == 0
    }

    /// The flags of the endpoints that it makes.
    pub fn of_endpoints(self) -> EndpointFlags {
        let how = |bits: u32| {
            let named = Self::HOW.iter().filter(|(bit, _)| bits & bit != 0);
            named.fold(EndpointFlags::NONE, |flags, (_, flag)| flags.with(*flag))
        };
        match how(self.effective().0) {
            EndpointFlags::NONE => how(Self::DEFAULT.0),
            flags => flags,
        }
    }

    /// What makes endpoints as they are to be; when they are made stays as it is. `None` where NetworkManager cannot:
    /// it has no word for laminar, nor for an endpoint without any flag.
    pub fn with_endpoints(self, flags: EndpointFlags) -> Option<Self> {
        let named = Self::HOW.iter().filter(|(_, flag)| flags.contains(*flag));
        let bits = named.fold(0, |bits, (bit, _)| bits | bit);
        let known = Self::HOW
            .iter()
            .fold(EndpointFlags::NONE, |all, (_, flag)| all.with(*flag));
        let unknown = flags.without(known).without(EndpointFlags::IMPLICIT);
        (bits != 0 && unknown == EndpointFlags::NONE)
            .then_some(Self(self.0 & Self::WHEN | Self::ENABLED | bits))
    }
}

impl fmt::Display for MptcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMED.iter().filter(|(bit, _)| self.0 & bit != 0);
        let names: Vec<&str> = named.map(|(_, name)| *name).collect();
        write!(f, "0x{:x} ({})", self.0, names.join(", "))
    }
}

/// A connection that is in force on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The device's name.
    pub device: String,
    /// What people call the connection.
    pub name: String,
    /// Its MPTCP flags as stored; 0 where it has none of its own.
    pub flags: MptcpFlags,
    /// Where it is on the bus.
    pub path: String,
}

impl Profile {
    /// Whether it makes this endpoint, and makes it anew whenever it is brought up.
    pub fn owns(&self, endpoint: &Endpoint) -> bool {
        self.flags.makes_endpoints()
            && endpoint.port.is_none()
            && endpoint.interface.as_deref() == Some(self.device.as_str())
    }

    /// The command that stores other flags.
    pub fn command(&self, flags: MptcpFlags) -> String {
        ShellLine::new("nmcli connection modify id")
            .word(&self.name)
            .option("connection.mptcp-flags", Some(format_args!("0x{:x}", flags.0)))
            .into()
    }
}

type Properties = HashMap<String, OwnedValue>;
type Groups = HashMap<String, Properties>;

/// NetworkManager as it is on a bus, asked and waited for.
#[derive(Debug)]
pub struct Settings(Connection);

impl Settings {
    /// On the system bus.
    ///
    /// # Errors
    /// There is no system bus.
    pub fn system() -> zbus::Result<Self> {
        Connection::system().map(Self)
    }

    /// The connections in force, in order of their devices.
    ///
    /// # Errors
    /// It does not run, or does not answer as it should.
    pub fn profiles(&self) -> zbus::Result<Vec<Profile>> {
        let mut profiles = Vec::new();
        for active in paths(self.properties(ROOT, MANAGER)?.remove("ActiveConnections")) {
            match self.in_force(active.as_str()) {
                Ok(found) => profiles.extend(found),
                // What ends while it is asked about is no longer in force.
                Err(error) => tracing::debug!(%error, "a connection cannot be read"),
            }
        }
        profiles.sort_by(|a, b| a.device.cmp(&b.device));
        Ok(profiles)
    }

    fn in_force(&self, active: &str) -> zbus::Result<Vec<Profile>> {
        let mut properties = self.properties(active, ACTIVE)?;
        let path = match properties.remove("Connection").map(OwnedObjectPath::try_from) {
            Some(Ok(path)) => path.to_string(),
            _ => return Ok(Vec::new()),
        };
        let group = self.groups(&path)?.remove("connection").unwrap_or_default();
        let name = group.get("id").and_then(text).unwrap_or_default();
        let flags = MptcpFlags(group.get("mptcp-flags").and_then(number).unwrap_or(0));
        let mut profiles = Vec::new();
        for device in paths(properties.remove("Devices")) {
            let device = self.properties(device.as_str(), DEVICE)?;
            // A modem's addresses are on another device than the one that it is controlled by.
            let name_of = |key: &str| device.get(key).and_then(text).filter(|name| !name.is_empty());
            if let Some(device) = name_of("IpInterface").or_else(|| name_of("Interface")) {
                profiles.push(Profile {
                    device,
                    name: name.clone(),
                    flags,
                    path: path.clone(),
                });
            }
        }
        Ok(profiles)
    }

    /// Writes a connection's MPTCP flags, to its file too. It goes on as it is: they count when it is next brought up.
    ///
    /// # Errors
    /// NetworkManager refused, or whoever was asked for a password did.
    pub fn write(&self, profile: &Profile, flags: MptcpFlags) -> zbus::Result<()> {
        let mut groups = self.groups(&profile.path)?;
        let group = groups.entry("connection".to_owned()).or_default();
        group.insert("mptcp-flags".to_owned(), OwnedValue::from(flags.0));
        // Without secrets in it, an update keeps those that are there.
        let none: HashMap<&str, Value<'_>> = HashMap::new();
        let update = (groups, TO_DISK, none);
        let path = profile.path.as_str();
        self.0
            .call_method(Some(SERVICE), path, Some(CONNECTION), "Update2", &update)
            .map(drop)
    }

    fn groups(&self, path: &str) -> zbus::Result<Groups> {
        let reply = self
            .0
            .call_method(Some(SERVICE), path, Some(CONNECTION), "GetSettings", &())?;
        reply.body().deserialize()
    }

    fn properties(&self, path: &str, interface: &str) -> zbus::Result<Properties> {
        let properties = Some("org.freedesktop.DBus.Properties");
        let reply = self
            .0
            .call_method(Some(SERVICE), path, properties, "GetAll", &interface)?;
        reply.body().deserialize()
    }
}

fn text(value: &OwnedValue) -> Option<String> {
    <&str>::try_from(value).ok().map(str::to_owned)
}

fn number(value: &OwnedValue) -> Option<u32> {
    u32::try_from(value)
        .ok()
        .or_else(|| i32::try_from(value).ok()?.try_into().ok())
}

fn paths(value: Option<OwnedValue>) -> Vec<OwnedObjectPath> {
    value
        .and_then(|value| Vec::<OwnedObjectPath>::try_from(value).ok())
        .unwrap_or_default()
}

/// What is known of it, and what went wrong last.
#[derive(Debug, Default)]
struct Known {
    profiles: Vec<Profile>,
    failure: Option<String>,
    writing: bool,
}

enum Request {
    Read,
    Write(Profile, MptcpFlags),
}

/// NetworkManager for a window: asked on a thread of its own, so that nobody waits for it or for a password.
pub struct NetworkManager {
    requests: Option<Sender<Request>>,
    known: Arc<Mutex<Known>>,
}

impl NetworkManager {
    /// On the system bus; `wake` is called whenever something is newly known. Where there is no NetworkManager there
    /// are no profiles.
    pub fn open(wake: impl Fn() + Send + 'static) -> Self {
        let known = Arc::new(Mutex::new(Known::default()));
        let (requests, waiting) = bounded(WAITING);
        let place = Arc::clone(&known);
        let thread = std::thread::Builder::new()
            .name("network-manager".to_owned())
            .spawn(move || answer(&waiting, &place, &wake));
        Self {
            requests: thread.is_ok().then_some(requests),
            known,
        }
    }

    /// One that always knows the same, for pictures and tests.
    pub fn fixed(profiles: Vec<Profile>) -> Self {
        let known = Known {
            profiles,
            ..Known::default()
        };
        Self {
            requests: None,
            known: Arc::new(Mutex::new(known)),
        }
    }

    /// The connections in force, as last read.
    pub fn profiles(&self) -> Vec<Profile> {
        lock(&self.known).profiles.clone()
    }

    /// What went wrong since this was last asked.
    pub fn failure(&self) -> Option<String> {
        lock(&self.known).failure.take()
    }

    /// Whether it is being asked to write, which may take as long as somebody needs for a password.
    pub fn is_writing(&self) -> bool {
        lock(&self.known).writing
    }

    /// Has the connections read again.
    pub fn ask(&self) {
        self.request(Request::Read);
    }

    /// Has a connection's flags written.
    pub fn write(&self, profile: Profile, flags: MptcpFlags) {
        let refused = format!("{}: NetworkManager is still being asked", profile.name);
        let mut known = lock(&self.known);
        known.writing = self.request(Request::Write(profile, flags));
        if !known.writing {
            known.failure = Some(refused);
        }
    }

    /// Whether the thread will get to it.
    fn request(&self, request: Request) -> bool {
        let requests = self.requests.as_ref();
        requests.is_some_and(|requests| requests.try_send(request).is_ok())
    }
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread: until the window is gone.
fn answer(requests: &Receiver<Request>, known: &Mutex<Known>, wake: &impl Fn()) {
    let _running = log::thread();
    let mut settings: Option<Settings> = None;
    for request in requests {
        if settings.is_none() {
            settings = Settings::system()
                .inspect_err(|error| tracing::debug!(%error, "there is no system bus"))
                .ok();
        }
        let Some(here) = &settings else {
            if let Request::Write(profile, _) = request {
                let mut known = lock(known);
                known.writing = false;
                known.failure = Some(format!("{}: there is no system bus", profile.name));
                drop(known);
                wake();
            }
            continue;
        };
        let wrote = matches!(request, Request::Write(..));
        let failure = match request {
            Request::Read => None,
            Request::Write(profile, flags) => here.write(&profile, flags).err().map(|error| {
                format!(
                    "{}: NetworkManager did not take it: {}",
                    profile.name,
                    reason(&error)
                )
            }),
        };
        let profiles = here.profiles();
        match &profiles {
            Ok(profiles) => tracing::debug!(wrote, connections = profiles.len(), "NetworkManager was read"),
            Err(error) => tracing::debug!(wrote, %error, "NetworkManager does not answer"),
        }
        // A bus that went away may come back.
        if matches!(profiles, Err(zbus::Error::InputOutput(_))) {
            settings = None;
        }
        let profiles = profiles.unwrap_or_default();
        let mut known = lock(known);
        let new = wrote || known.profiles != profiles;
        known.profiles = profiles;
        known.failure = failure.or(known.failure.take());
        known.writing &= !wrote;
        drop(known);
        if new {
            wake();
        }
    }
}

/// What the service said, without the error's name.
fn reason(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(text), _) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(interface: Option<&str>, port: Option<u16>) -> Endpoint {
        Endpoint {
            id: 1,
            address: [10, 0, 0, 1].into(),
            port,
            interface: interface.map(str::to_owned),
            interface_index: None,
            flags: EndpointFlags::SUBFLOW,
        }
    }

    fn profile(flags: u32) -> Profile {
        Profile {
            device: "wlan0".to_owned(),
            name: "HomeNet".to_owned(),
            flags: MptcpFlags(flags),
            path: "/1".to_owned(),
        }
    }

    #[test]
    fn zero_is_the_default_and_no_flag_is_subflow() {
        assert_eq!(MptcpFlags(0).of_endpoints(), EndpointFlags::SUBFLOW);
        assert_eq!(MptcpFlags(2).of_endpoints(), EndpointFlags::SUBFLOW);
        let both = EndpointFlags::SIGNAL.with(EndpointFlags::BACKUP);
        assert_eq!(MptcpFlags(0x50).of_endpoints(), both);
    }

    #[test]
    fn when_endpoints_are_made_stays_as_it_is() {
        let backup = EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP);
        assert_eq!(MptcpFlags(0x0c).with_endpoints(backup), Some(MptcpFlags(0x6e)));
        assert_eq!(MptcpFlags(0).with_endpoints(backup), Some(MptcpFlags(0x62)));
        assert_eq!(
            MptcpFlags(0).with_endpoints(EndpointFlags::LAMINAR.with(backup)),
            None
        );
        assert_eq!(MptcpFlags(0).with_endpoints(EndpointFlags::NONE), None);
    }

    #[test]
    fn a_profile_owns_the_endpoints_of_its_device() {
        assert!(profile(0).owns(&endpoint(Some("wlan0"), None)));
        assert!(!profile(0).owns(&endpoint(Some("eth0"), None)));
        assert!(
            !profile(0).owns(&endpoint(None, None)),
            "it binds what it makes to the device"
        );
        assert!(
            !profile(0).owns(&endpoint(Some("wlan0"), Some(8443))),
            "it makes none with a port"
        );
        assert!(!profile(1).owns(&endpoint(Some("wlan0"), None)), "it is disabled");
    }

    #[test]
    fn one_that_is_fixed_says_so_again() {
        let fixed = NetworkManager::fixed(vec![profile(0)]);
        fixed.ask();
        fixed.write(profile(0), MptcpFlags::DISABLED);
        assert_eq!(fixed.profiles(), [profile(0)]);
        assert!(!fixed.is_writing());
    }
}
