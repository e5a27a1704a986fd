//! What each panel remembers.

use super::connection::ConnectionState;
use super::connections::ListState;
use super::events::EventsState;
use super::handovers::HandoversState;
use super::paths::PathsState;
use super::present::PresentState;
use super::view::Tab;

/// What each panel remembers.
#[derive(Default)]
pub(super) struct Panels {
    pub list: ListState,
    pub connection: ConnectionState,
    pub handovers: HandoversState,
    pub paths: PathsState,
    pub events: EventsState,
    pub present: PresentState,
}

impl Panels {
    /// As the window begins, in present mode or not.
    pub(super) fn new(presenting: bool) -> Self {
        Self {
            present: PresentState::new(presenting),
            ..Self::default()
        }
    }

    /// The filter of a panel, where something stands in it.
    pub(super) fn filter(&mut self, tab: Tab) -> Option<&mut String> {
        let filter = match tab {
            Tab::Connections => &mut self.list.filter,
            Tab::Events => &mut self.events.filter,
            Tab::Handovers | Tab::Paths => return None,
        };
        (!filter.is_empty()).then_some(filter)
    }
}
