//! The desktop around the window.

mod network_manager;

pub use network_manager::{MptcpFlags, NetworkManager, Profile, Settings};
