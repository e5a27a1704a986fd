//! A virtual display of the test's own, and the program's window on it.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ClientMessageEvent, ConnectionExt as _, EventMask, ImageFormat,
    InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// What stands on a key (X11/keysymdef.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keysym(u32);

impl Keysym {
    pub const DIGITS: [Self; 3] = [Self(0x31), Self(0x32), Self(0x33)];
    pub const H: Self = Self(0x68);
    pub const N: Self = Self(0x6e);
    pub const P: Self = Self(0x70);
    pub const UP: Self = Self(0xff52);
    pub const DOWN: Self = Self(0xff54);
    pub const F11: Self = Self(0xffc8);
}

/// A display that ends with the test.
pub struct Screen {
    server: Child,
    pub name: String,
    connection: RustConnection,
    root: Window,
}

impl Screen {
    /// `None` where there is no Xvfb.
    pub fn start() -> Option<Self> {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1440x900x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut number = String::new();
        let mut told = BufReader::new(server.stdout.take().expect("its output"));
        told.read_line(&mut number).expect("a number");
        let name = format!(":{}", number.trim());
        let (connection, screen) = x11rb::connect(Some(&name)).expect("a display");
        let root = connection.setup().roots.get(screen).expect("a screen").root;
        Some(Self {
            server,
            name,
            connection,
            root,
        })
    }

    /// The program's window, once it is there.
    pub fn window(&self) -> Option<Window> {
        let children = self.connection.query_tree(self.root).ok()?.reply().ok()?.children;
        children.into_iter().find(|window| {
            let name = self.connection.get_property(
                false,
                *window,
                x11rb::protocol::xproto::AtomEnum::WM_NAME,
                x11rb::protocol::xproto::AtomEnum::ANY,
                0,
                64,
            );
            let name = name.ok().and_then(|cookie| cookie.reply().ok());
            name.is_some_and(|name| name.value.starts_with(b"Pathscope"))
        })
    }

    /// Whether a window can be seen.
    pub fn shows(&self, window: Window) -> bool {
        let attributes = self.connection.get_window_attributes(window);
        let attributes = attributes.ok().and_then(|cookie| cookie.reply().ok());
        attributes.is_some_and(|attributes| attributes.map_state == MapState::VIEWABLE)
    }

    /// Moves the pointer to a place.
    pub fn point(&self, (x, y): (i16, i16)) {
        self.input(MOTION_NOTIFY_EVENT, 0, (x, y));
    }

    /// Presses a button of the mouse, or lets it go; the wheel has 4 and 5.
    pub fn button(&self, button: u8, pressed: bool) {
        let kind = if pressed {
            BUTTON_PRESS_EVENT
        } else {
            BUTTON_RELEASE_EVENT
        };
        self.input(kind, button, (0, 0));
    }

    /// Presses a key, by its code, or lets it go.
    pub fn key(&self, code: u8, pressed: bool) {
        let kind = if pressed {
            KEY_PRESS_EVENT
        } else {
            KEY_RELEASE_EVENT
        };
        self.input(kind, code, (0, 0));
    }

    fn input(&self, kind: u8, detail: u8, (x, y): (i16, i16)) {
        let sent = self
            .connection
            .xtest_fake_input(kind, detail, 0, self.root, x, y, 0);
        sent.expect("a request").check().expect("an input");
    }

    /// Has a window take what is typed.
    pub fn focus(&self, window: Window) {
        let sent = self
            .connection
            .set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME);
        // One that is not mapped yet cannot.
        drop(sent.expect("a request").check());
    }

    /// Presses a key and lets it go, with the window in focus.
    pub fn press(&self, window: Window, key: Keysym) {
        let x = &self.connection;
        let setup = x.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = x
            .get_keyboard_mapping(first, last - first + 1)
            .expect("a request");
        let mapping = mapping.reply().expect("the keys");
        let width = usize::from(mapping.keysyms_per_keycode);
        let keys = mapping.keysyms.chunks(width);
        let place = keys.into_iter().position(|signs| signs.first() == Some(&key.0));
        let code = first + u8::try_from(place.expect("a key with that sign")).expect("a keycode");
        x.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)
            .expect("a request");
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            let sent = x.xtest_fake_input(kind, code, 0, x11rb::NONE, 0, 0, 0);
            sent.expect("a request").check().expect("a key");
        }
    }

    /// What a window shows.
    pub fn picture(&self, window: Window) -> image::RgbaImage {
        let x = &self.connection;
        let size = x
            .get_geometry(window)
            .expect("a request")
            .reply()
            .expect("a size");
        let (width, height) = (size.width, size.height);
        let format = ImageFormat::Z_PIXMAP;
        let image = x.get_image(format, window, 0, 0, width, height, u32::MAX);
        let image = image.expect("a request").reply().expect("a picture");
        // Blue, green, red and nothing, as Xvfb has them at a depth of 24.
        let pixels: Vec<u8> = image
            .data
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|[blue, green, red, _]| [*red, *green, *blue, 0xff])
            .collect();
        image::RgbaImage::from_raw(width.into(), height.into(), pixels).expect("as many pixels")
    }

    /// Asks a window to close, as a window manager does.
    pub fn close(&self, window: Window) {
        let atom = |name: &[u8]| {
            let cookie = self.connection.intern_atom(false, name).expect("a request");
            cookie.reply().expect("an atom").atom
        };
        let data = [atom(b"WM_DELETE_WINDOW"), 0, 0, 0, 0];
        let message = ClientMessageEvent::new(32, window, atom(b"WM_PROTOCOLS"), data);
        let sent = self
            .connection
            .send_event(false, window, EventMask::NO_EVENT, message);
        sent.expect("a request").check().expect("a message");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
