//! What somebody sees and does in front of a virtual display: pictures of it, keys and clicks.

use std::time::Duration;

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, InputFocus, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::common::wait_for;

/// Nothing here takes longer, also on a machine that is busy.
pub const LIMIT: Duration = Duration::from_secs(90);

const KEY_PRESS: u8 = 2;
const KEY_RELEASE: u8 = 3;

/// A colour, red first.
pub type Colour = [u8; 3];

/// What is on the display.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    /// Blue, green, red and nothing.
    data: Vec<u8>,
}

impl Picture {
    pub fn at(&self, x: usize, y: usize) -> Colour {
        let start = (y * self.width + x) * 4;
        match self.data.get(start..start + 3) {
            Some([blue, green, red]) => [*red, *green, *blue],
            _ => [0, 0, 0],
        }
    }

    /// The first run of a colour that is so long, from the top: its row, where it begins and where it ends.
    pub fn run(&self, colour: Colour, least: usize) -> Option<(usize, usize, usize)> {
        for y in 0..self.height {
            let mut began = 0;
            for x in 0..=self.width {
                if x < self.width && self.at(x, y) == colour {
                    continue;
                }
                if x - began >= least {
                    return Some((y, began, x));
                }
                began = x + 1;
            }
        }
        None
    }
}

/// A display, watched and typed at.
pub struct Eyes {
    connection: RustConnection,
    root: Window,
}

impl Eyes {
    pub fn open(display: &str) -> Self {
        let (connection, screen) = x11rb::connect(Some(display)).unwrap();
        let root = connection.setup().roots.get(screen).unwrap().root;
        Self { connection, root }
    }

    pub fn picture(&self) -> Picture {
        let geometry = self.connection.get_geometry(self.root).unwrap().reply().unwrap();
        let (width, height) = (geometry.width, geometry.height);
        let image =
            self.connection
                .get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, u32::MAX);
        Picture {
            width: width.into(),
            height: height.into(),
            data: image.unwrap().reply().unwrap().data,
        }
    }

    /// The one window that the display shows, once it is there: its place and its size.
    pub fn window(&self) -> (Window, [i32; 4]) {
        wait_for("a window on the display", LIMIT, || {
            let children = self.connection.query_tree(self.root).ok()?.reply().ok()?.children;
            children.into_iter().find_map(|window| {
                let attributes = self.connection.get_window_attributes(window).ok()?.reply().ok()?;
                let place = self.connection.get_geometry(window).ok()?.reply().ok()?;
                let is_shown = attributes.map_state == x11rb::protocol::xproto::MapState::VIEWABLE;
                let place = [
                    place.x.into(),
                    place.y.into(),
                    place.width.into(),
                    place.height.into(),
                ];
                (is_shown && place[2] > 200).then_some((window, place))
            })
        })
    }

    /// Gives a window the keyboard, as a window manager does.
    pub fn focus(&self, window: Window) {
        let request = self
            .connection
            .set_input_focus(InputFocus::POINTER_ROOT, window, x11rb::CURRENT_TIME);
        request.unwrap().check().unwrap();
    }

    /// Presses and releases the key that gives a symbol.
    pub fn key(&self, symbol: u32) {
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self.connection.get_keyboard_mapping(first, last - first + 1);
        let mapping = mapping.unwrap().reply().unwrap();
        let each = usize::from(mapping.keysyms_per_keycode);
        let number = mapping
            .keysyms
            .chunks(each)
            .position(|symbols| symbols.first() == Some(&symbol));
        let code = first + u8::try_from(number.expect("a key that gives it")).unwrap();
        for kind in [KEY_PRESS, KEY_RELEASE] {
            self.fake(kind, code);
        }
    }

    fn fake(&self, kind: u8, detail: u8) {
        let request = self
            .connection
            .xtest_fake_input(kind, detail, 0, self.root, 0, 0, 0);
        request.unwrap().check().unwrap();
    }
}
