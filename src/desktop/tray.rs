//! An item in the desktop's tray, from a thread of its own.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use ksni::blocking::TrayMethods as _;
use ksni::menu::{MenuItem, StandardItem};
use ksni::{Icon, OfflineReason, ToolTip};

use super::Reason;
use super::icon::pixels;
use crate::model::text::for_markup;
use crate::words::desktop::{Absence, multipath};

/// What somebody asks for at the tray.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The window, if it is hidden; else to hide it.
    Toggle,
    /// The window: the tray is gone, and it could not be asked for any more.
    Show,
    /// To freeze the picture, or to let it go on.
    Freeze,
    /// To end.
    Quit,
}

/// What the item shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// How many connections are on more than one path.
    pub multipath: usize,
    /// Whether the picture stands still.
    pub paused: bool,
    /// Whether the window is in the tray only.
    pub hidden: bool,
}

/// Called when an act waits.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// How many acts may wait; what does not fit was clicked in vain, and is clicked again.
const ACTS: usize = 8;

/// The item in the tray. When it is dropped, the item goes.
pub struct Tray {
    shown: Arc<Mutex<Shown>>,
    /// Rings when there is something new to show. There is room for one ring: whoever comes reads the newest.
    changed: Sender<()>,
    acts: Receiver<Act>,
    reason: Reason,
    there: Arc<std::sync::atomic::AtomicBool>,
}

impl Tray {
    /// Begins.
    ///
    /// # Errors
    /// When there can be no other thread.
    pub fn start(waker: Waker) -> std::io::Result<Self> {
        let (changed, changes) = bounded(1);
        let (sender, acts) = bounded(ACTS);
        let tray = Self {
            shown: Arc::default(),
            changed,
            acts,
            reason: Reason::default(),
            there: Arc::default(),
        };
        let item = Item {
            shown: Shown::default(),
            acts: sender,
            waker,
            reason: tray.reason.clone(),
            there: Arc::clone(&tray.there),
        };
        let shown = Arc::clone(&tray.shown);
        std::thread::Builder::new()
            .name("tray".to_owned())
            .spawn(move || serve(item, &shown, &changes))?;
        Ok(tray)
    }

    /// Shows something else. Never waits.
    pub fn show(&self, shown: Shown) {
        let mut now = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != shown {
            *now = shown;
            let _ = self.changed.try_send(());
        }
    }

    /// What was asked for since.
    pub fn acts(&self) -> impl Iterator<Item = Act> {
        self.acts.try_iter()
    }

    /// Whether the item can be seen.
    pub fn is_there(&self) -> bool {
        self.there.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Why it cannot, as far as is known.
    pub fn why_not(&self) -> Option<Absence> {
        self.reason.get()
    }
}

fn serve(item: Item, shown: &Mutex<Shown>, changes: &Receiver<()>) {
    let _running = crate::log::thread();
    let (reason, there) = (item.reason.clone(), Arc::clone(&item.there));
    let handle = match item.spawn() {
        Ok(handle) => handle,
        Err(error) => {
            reason.set(Some(absence(&error)));
            return;
        }
    };
    there.store(true, std::sync::atomic::Ordering::Release);
    while changes.recv().is_ok() {
        let now = *shown.lock().unwrap_or_else(PoisonError::into_inner);
        if handle.update(|item| item.shown = now).is_none() {
            return;
        }
    }
    handle.shutdown().wait();
}

fn absence(error: &ksni::Error) -> Absence {
    match error {
        ksni::Error::Dbus(_) if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() => Absence::NoBus,
        ksni::Error::Watcher(_) | ksni::Error::WontShow => Absence::NoTray,
        error => Absence::TrayFails(error.to_string()),
    }
}

/// The item as D-Bus sees it.
struct Item {
    shown: Shown,
    acts: Sender<Act>,
    waker: Waker,
    reason: Reason,
    there: Arc<std::sync::atomic::AtomicBool>,
}

impl Item {
    fn ask(&self, act: Act) {
        let _ = self.acts.try_send(act);
        (self.waker)();
    }

    /// Its label is the program's own: a desktop reads more than text from one.
    fn entry(label: &'static str, act: Act) -> MenuItem<Self> {
        StandardItem {
            label: label.to_owned(),
            activate: Box::new(move |item: &mut Self| item.ask(act)),
            ..StandardItem::default()
        }
        .into()
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "pathscope".to_owned()
    }

    fn title(&self) -> String {
        format!("Pathscope: {}", multipath(self.shown.multipath))
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        let icon = |(side, scale): (i32, usize)| Icon {
            width: side,
            height: side,
            data: pixels(self.shown.multipath, scale),
        };
        [(24, 1), (48, 2)].map(icon).into()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: "Pathscope".to_owned(),
            description: for_markup(&multipath(self.shown.multipath)).into_owned(),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _: i32, _: i32) {
        self.ask(Act::Toggle);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let window = if self.shown.hidden {
            "Show window"
        } else {
            "Hide window"
        };
        let picture = if self.shown.paused { "Go on" } else { "Freeze" };
        vec![
            Self::entry(window, Act::Toggle),
            Self::entry(picture, Act::Freeze),
            MenuItem::Separator,
            Self::entry("Quit", Act::Quit),
        ]
    }

    fn watcher_online(&self) {
        self.reason.set(None);
        self.there.store(true, std::sync::atomic::Ordering::Release);
    }

    fn watcher_offline(&self, _: OfflineReason) -> bool {
        self.reason.set(Some(Absence::TrayGone));
        self.there.store(false, std::sync::atomic::Ordering::Release);
        self.ask(Act::Show);
        // It may come back.
        true
    }
}
