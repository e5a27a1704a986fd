//! The desktop: why it shows no notification or no item in its tray, and what the item says.

/// Why something of the desktop cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The window is on no desktop.
    NoDesktop,
    /// There is no session bus.
    NoBus,
    /// Nobody shows notifications.
    NoDaemon,
    /// Who shows notifications does not answer, with what was said instead.
    DaemonFails(String),
    /// The desktop has no tray.
    NoTray,
    /// The tray was there, and is gone.
    TrayGone,
    /// The tray does not answer, with what was said instead.
    TrayFails(String),
}

/// Why something of the desktop cannot be had, without a full stop.
pub fn absence(absence: &Absence) -> String {
    match absence {
        Absence::NoDesktop => "this window is not on a desktop".to_owned(),
        Absence::NoBus => "there is no session bus".to_owned(),
        Absence::NoDaemon => "this desktop has no notification daemon".to_owned(),
        Absence::DaemonFails(why) => format!("the notification daemon does not answer: {why}"),
        Absence::NoTray => "this desktop has no tray".to_owned(),
        Absence::TrayGone => "the desktop's tray is gone".to_owned(),
        Absence::TrayFails(why) => format!("the tray does not answer: {why}"),
    }
}

/// How many connections are on more than one path.
pub fn multipath(connections: usize) -> String {
    match connections {
        0 => "No connection on more than one path".to_owned(),
        1 => "1 connection on more than one path".to_owned(),
        number => format!("{number} connections on more than one path"),
    }
}
