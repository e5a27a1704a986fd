//! A virtual display of the test's own, and the program's window on it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask, MapState, Window};
use x11rb::rust_connection::RustConnection;

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
