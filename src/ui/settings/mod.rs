//! What the window remembers from one run to the next: size, theme, interval, direction, columns, colours.

mod store;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Theme;
use super::theme::Slots;
use super::view::Direction;
use crate::desktop::NoticeSettings;
use crate::history::SortOrder;

pub use store::settings_rewritten;
pub(super) use store::{Store, remembered};

/// Everything that is remembered. What a newer version wrote beside it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// How large the window is.
    pub window: WindowSize,
    /// Dark, light, or as the desktop has it.
    pub theme: Theme,
    /// Whether nothing moves by itself.
    pub reduced_motion: bool,
    /// By how much everything is enlarged.
    pub zoom: f32,
    /// From one sample to the next, ms; `None` until somebody chooses.
    pub interval_ms: Option<u64>,
    /// Which way rates go; `None` until somebody chooses: each connection's main way.
    pub direction: Option<Direction>,
    /// How wide the list of connections is.
    pub list_width: f32,
    /// The order of the list of connections.
    pub list_sort: SortOrder,
    /// The table of subflows.
    pub table: TableSettings,
    /// The interfaces' colours by device name.
    pub interfaces: Slots,
    /// What the desktop is told, and what it keeps.
    pub notices: NoticeSettings,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// The size of the window's inside, in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct WindowSize {
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
    /// Whether it fills the screen; the size is that from before.
    pub maximized: bool,
}

/// How the table of subflows is arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct TableSettings {
    /// The columns that are shown, by key; `None` for the usual ones.
    pub columns: Option<Vec<String>>,
    /// The column that the rows are sorted by; `None` for the order of the paths.
    pub sort: Option<Sort>,
}

/// An order of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sort {
    /// The key of the column.
    pub column: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// The width of the list that the window begins with.
pub(super) const LIST_WIDTH: f32 = 344.0;

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: WindowSize::default(),
            theme: Theme::System,
            reduced_motion: false,
            zoom: 1.0,
            interval_ms: None,
            direction: None,
            list_width: LIST_WIDTH,
            list_sort: SortOrder::default(),
            table: TableSettings::default(),
            interfaces: Slots::default(),
            notices: NoticeSettings::default(),
            others: BTreeMap::new(),
        }
    }
}

impl Default for WindowSize {
    fn default() -> Self {
        Self {
            width: 1440.0,
            height: 900.0,
            maximized: false,
        }
    }
}

/// The least that the window may measure.
pub(super) const LEAST: [f32; 2] = [800.0, 500.0];

impl Settings {
    /// With every number within what the window can do.
    #[must_use]
    fn within_reason(mut self) -> Self {
        let [width, height] = LEAST;
        self.window.width = self.window.width.clamp(width, 16_384.0);
        self.window.height = self.window.height.clamp(height, 16_384.0);
        self.zoom = self.zoom.clamp(0.5, 3.0);
        self.list_width = self.list_width.clamp(240.0, 480.0);
        self.interval_ms = self.interval_ms.map(|ms| ms.clamp(50, 5000));
        self
    }
}

/// The file that the window remembers in: below `XDG_CONFIG_HOME`, usually `~/.config/pathscope`. `None` where
/// there is no home.
pub fn settings_file() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "pathscope")?;
    Some(folders.config_dir().join("window.json"))
}
