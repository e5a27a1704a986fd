//! A session bus of the test's own, with a notification daemon and a tray that note what they are told.

#![allow(
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interfaces are as they are, and so is what is made of them"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use zbus::blocking::{Connection, connection};
use zbus::zvariant::OwnedValue;

/// A bus that ends with the test.
pub struct Bus {
    daemon: Child,
    pub address: String,
}

impl Bus {
    /// `None` where there is no dbus-daemon.
    pub fn start() -> Option<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut address = String::new();
        let mut told = BufReader::new(daemon.stdout.take().expect("its output"));
        told.read_line(&mut address).expect("an address");
        let address = address.trim().to_owned();
        Some(Self { daemon, address })
    }

    pub fn connect(&self) -> connection::Builder<'_> {
        connection::Builder::address(self.address.as_str()).expect("an address")
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // Asked to end it takes its socket away.
        if let Ok(pid) = i32::try_from(self.daemon.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.daemon.wait();
    }
}

/// A notification, and when it came.
#[derive(Clone, Debug)]
pub struct Shown {
    pub at: Instant,
    pub title: String,
    pub text: String,
}

/// The notification daemon.
pub struct Notifications {
    pub shown: Arc<Mutex<Vec<Shown>>>,
    _connection: Connection,
}

struct Daemon(Arc<Mutex<Vec<Shown>>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Daemon {
    fn get_server_information(&self) -> (String, String, String, String) {
        let part = |text: &str| text.to_owned();
        (part("test"), part("pathscope"), part("1"), part("1.2"))
    }

    #[expect(clippy::too_many_arguments, reason = "the interface is as it is")]
    fn notify(
        &self,
        _app_name: String,
        _replaces: u32,
        _icon: String,
        title: String,
        text: String,
        _actions: Vec<String>,
        _hints: std::collections::HashMap<String, OwnedValue>,
        _timeout: i32,
    ) -> u32 {
        let mut shown = self.0.lock().unwrap();
        let at = Instant::now();
        shown.push(Shown { at, title, text });
        u32::try_from(shown.len()).unwrap()
    }
}

impl Notifications {
    pub fn start(bus: &Bus) -> Self {
        let shown = Arc::<Mutex<Vec<Shown>>>::default();
        let connection = bus
            .connect()
            .serve_at("/org/freedesktop/Notifications", Daemon(shown.clone()))
            .and_then(|builder| builder.name("org.freedesktop.Notifications"))
            .and_then(connection::Builder::build)
            .expect("a notification daemon");
        Self {
            shown,
            _connection: connection,
        }
    }

    pub fn so_far(&self) -> Vec<Shown> {
        self.shown.lock().unwrap().clone()
    }
}

/// The tray.
pub struct Watcher {
    items: Arc<Mutex<Vec<String>>>,
    connection: Connection,
}

struct Host(Arc<Mutex<Vec<String>>>);

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Host {
    fn register_status_notifier_item(&self, service: String) {
        self.0.lock().unwrap().push(service);
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

impl Watcher {
    pub fn start(bus: &Bus) -> Self {
        let items = Arc::<Mutex<Vec<String>>>::default();
        let connection = bus
            .connect()
            .serve_at("/StatusNotifierWatcher", Host(items.clone()))
            .and_then(|builder| builder.name("org.kde.StatusNotifierWatcher"))
            .and_then(connection::Builder::build)
            .expect("a tray");
        Self { items, connection }
    }

    /// The item of the program under test, once it has put one there.
    pub fn item(&self) -> Option<Item> {
        let service = self.items.lock().unwrap().first().cloned()?;
        Some(Item {
            service,
            connection: self.connection.clone(),
        })
    }

    /// The tray goes, its connection stays.
    pub fn leave(&self) {
        let left = self.connection.release_name("org.kde.StatusNotifierWatcher");
        assert!(left.expect("an answer"), "the name was ours");
    }
}

/// An item as the tray sees it.
pub struct Item {
    service: String,
    connection: Connection,
}

/// An entry of a menu, as D-Bus has it.
type Entry = (
    i32,
    std::collections::HashMap<String, OwnedValue>,
    Vec<OwnedValue>,
);

impl Item {
    fn call<B>(&self, (path, interface, method): (&str, &str, &str), body: &B) -> zbus::Message
    where
        B: serde::Serialize + zbus::zvariant::DynamicType,
    {
        let service = Some(self.service.as_str());
        let answer = self
            .connection
            .call_method(service, path, Some(interface), method, body);
        answer.expect(method)
    }

    fn property(&self, name: &str) -> OwnedValue {
        let get = ("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get");
        let answer = self.call(get, &(ITEM, name));
        answer.body().deserialize::<OwnedValue>().expect("a value")
    }

    pub fn title(&self) -> String {
        self.property("Title").try_into().expect("text")
    }

    /// Width, height and bytes of each picture.
    pub fn pictures(&self) -> Vec<(i32, i32, Vec<u8>)> {
        self.property("IconPixmap").try_into().expect("pictures")
    }

    /// A click.
    pub fn activate(&self) {
        self.call(("/StatusNotifierItem", ITEM, "Activate"), &(0, 0));
    }

    /// The entries of the menu with their numbers.
    pub fn menu(&self) -> Vec<(i32, String)> {
        let layout = ("/MenuBar", MENU, "GetLayout");
        let answer = self.call(layout, &(0, -1, Vec::<String>::new()));
        let body = answer.body();
        let (_, (_, _, entries)): (u32, Entry) = body.deserialize().expect("a layout");
        let entries = entries
            .into_iter()
            .map(|entry| Entry::try_from(entry).expect("an entry"));
        entries
            .filter_map(|(number, mut properties, _)| {
                let label = properties.remove("label")?;
                Some((number, String::try_from(label).ok()?))
            })
            .collect()
    }

    /// Chooses an entry of the menu.
    pub fn choose(&self, label: &str) {
        let menu = self.menu();
        let entry = menu.iter().find(|(_, name)| name == label);
        let (number, _) = entry.unwrap_or_else(|| panic!("{label} is not in {menu:?}"));
        let nothing = zbus::zvariant::Value::from(0);
        self.call(("/MenuBar", MENU, "Event"), &(*number, "clicked", nothing, 0_u32));
    }
}

/// How long everything may take.
pub const LIMIT: Duration = Duration::from_secs(90);
