//! The desktop as the window uses it: which handovers are told, what the tray shows, and hiding in it.

use std::sync::Arc;

use egui::{Context, UserAttentionType, ViewportCommand};

use super::view::process_name;
use crate::desktop::{Act, Bus, NamedHandover, NoticeSettings, Notices, Shown, Tray};
use crate::history::History;
use crate::history::handover::Handover;
use crate::words::desktop::Absence;
use crate::words::path::device_name;

/// How often the connections on more than one path are counted, seconds.
const COUNTED_EVERY_S: f64 = 1.0;

/// Notifications, the tray, and whether anybody sees the window.
pub(super) struct Desktop {
    notices: Option<Notices>,
    tray: Option<Tray>,
    /// Whether a window can be hidden and brought back here; on Wayland it can only be minimised.
    can_hide: bool,
    /// How many handovers were looked at.
    told: usize,
    sight: Sight,
    /// Whether a frame was painted since the last tick.
    painted: bool,
    quits: bool,
    multipath: usize,
    counted_at: Option<f64>,
}

/// Whether anybody sees the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Seen,
    /// It is covered, minimised or on another desktop.
    Unseen,
    /// It is in the tray only.
    InTray,
}

impl Default for Desktop {
    fn default() -> Self {
        Self {
            notices: None,
            tray: None,
            can_hide: true,
            told: 0,
            sight: Sight::Seen,
            painted: true,
            quits: false,
            multipath: 0,
            counted_at: None,
        }
    }
}

/// What the menu of notices shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub settings: NoticeSettings,
    /// Why no notification is shown, as far as is known.
    pub no_notices: Option<Absence>,
    /// Why there is no item in the tray.
    pub no_tray: Option<Absence>,
    pub can_hide: bool,
}

impl Desktop {
    /// Begins to tell handovers, and puts an item into the tray. A window that is only painted has neither.
    pub(super) fn begin(&mut self, can_hide: bool, ctx: &Context) {
        self.can_hide = can_hide;
        self.notices = Notices::start(Bus).ok();
        if let Some(notices) = &self.notices {
            notices.check();
        }
        let ctx = ctx.clone();
        self.tray = Tray::start(Arc::new(move || ctx.request_repaint())).ok();
    }

    /// What the menu shows.
    pub(super) fn standing(&self, settings: NoticeSettings) -> Standing {
        let none = || Some(Absence::NoDesktop);
        Standing {
            settings,
            no_notices: self.notices.as_ref().map_or_else(none, Notices::why_not),
            no_tray: self.tray.as_ref().map_or_else(none, Tray::why_not),
            can_hide: self.can_hide,
        }
    }

    /// Finds out again whether anybody shows notifications.
    pub(super) fn check(&self) {
        if let Some(notices) = &self.notices {
            notices.check();
        }
    }

    /// Notes that a frame is painted.
    pub(super) fn seen(&mut self) {
        self.painted = true;
        if !self.can_hide {
            // It was brought back from the task bar.
            self.sight = Sight::Seen;
        }
    }

    /// Whether the window is in the tray only, and nothing need be painted.
    pub(super) fn paints_nothing(&self) -> bool {
        self.can_hide && self.sight == Sight::InTray
    }

    /// Tells what happened and shows it in the tray; whether the picture is to be frozen, or to go on.
    pub(super) fn tick(
        &mut self,
        live: &History,
        paused: bool,
        settings: NoticeSettings,
        ctx: &Context,
    ) -> bool {
        let painted = std::mem::take(&mut self.painted);
        if self.sight != Sight::InTray {
            let hidden = ctx.input(|input| input.viewport().visible() == Some(false));
            self.sight = if painted && !hidden {
                Sight::Seen
            } else {
                Sight::Unseen
            };
        }
        self.tell(live, settings);
        let acts: Vec<Act> = self.tray.iter().flat_map(Tray::acts).collect();
        let mut freeze = false;
        for act in acts {
            match act {
                Act::Toggle if self.sight == Sight::Seen => self.hide(ctx),
                Act::Toggle | Act::Show => self.show(ctx),
                Act::Freeze => freeze = !freeze,
                Act::Quit => {
                    self.quits = true;
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                }
            }
        }
        self.count(live);
        if let Some(tray) = &self.tray {
            tray.show(Shown {
                multipath: self.multipath,
                paused: paused != freeze,
                hidden: self.sight != Sight::Seen,
            });
        }
        freeze
    }

    fn tell(&mut self, live: &History, settings: NoticeSettings) {
        let found = live.handovers_found();
        let new = found.saturating_sub(std::mem::replace(&mut self.told, found));
        let Some(notices) = self
            .notices
            .as_ref()
            .filter(|_| settings.when.wants(self.sight != Sight::Seen))
        else {
            return;
        };
        if new > 0 {
            let newest = live.handovers().iter().rev().take(new);
            notices.tell(newest.map(|handover| named(handover, live)).collect());
        }
    }

    fn count(&mut self, live: &History) {
        let now = live.sampled_at();
        let due = match (self.counted_at, now) {
            (Some(counted), Some(now)) => now - counted >= COUNTED_EVERY_S || now < counted,
            (None, now) => now.is_some(),
            (Some(_), None) => false,
        };
        if due && self.tray.is_some() {
            self.counted_at = now;
            self.multipath = multipath(live);
        }
    }

    fn hide(&mut self, ctx: &Context) {
        self.sight = Sight::InTray;
        ctx.send_viewport_cmd(if self.can_hide {
            ViewportCommand::Visible(false)
        } else {
            ViewportCommand::Minimized(true)
        });
    }

    fn show(&mut self, ctx: &Context) {
        if std::mem::replace(&mut self.sight, Sight::Seen) == Sight::Seen {
            return;
        }
        if self.can_hide {
            ctx.send_viewport_cmd(ViewportCommand::Visible(true));
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(ViewportCommand::Focus);
        } else {
            let attention = UserAttentionType::Informational;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(attention));
        }
        ctx.request_repaint();
    }

    /// Keeps the window in the tray where somebody closes it and wishes so; `ends` where the program ends anyway.
    pub(super) fn keep(&mut self, ends: bool, settings: NoticeSettings, ctx: &Context) {
        let closes = ctx.input(|input| input.viewport().close_requested());
        let there = self.tray.as_ref().is_some_and(Tray::is_there);
        if closes && !ends && !self.quits && settings.stay_in_tray && there {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.hide(ctx);
        }
    }
}

fn named(handover: &Handover, live: &History) -> NamedHandover {
    let connection = live.latest(handover.connection);
    let name = |device: &str| device_name(live.state(), device);
    NamedHandover {
        handover: handover.clone(),
        application: connection.map_or("a connection", process_name).to_owned(),
        from: handover.from.as_deref().map(name),
        to: handover.to.as_deref().map(name),
    }
}

/// How many connections are on more than one path.
fn multipath(live: &History) -> usize {
    let connections = live.state().connections.values();
    let living = |connection: &&crate::model::Connection| {
        let subflows = connection.subflows.iter();
        subflows.filter(|subflow| !subflow.state.is_ending()).count() > 1
    };
    connections.filter(living).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_data::Stage;

    #[test]
    fn only_connections_on_more_than_one_path_are_counted() {
        assert_eq!(multipath(&Stage::usual().history), 1);
    }
}
