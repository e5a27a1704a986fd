//! polkit's D-Bus interface, as far as the helper uses it: a question, and taking it back.
//!
//! Documentation: `org.freedesktop.PolicyKit1.Authority` in polkit's reference manual.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use zbus::message::Header;
use zbus::zvariant::{Type, Value};

/// Its name on the bus.
pub(super) const NAME: &str = "org.freedesktop.PolicyKit1";
/// The flag of a check that lets polkit ask a person, and wait for the answer: `AllowUserInteraction`.
pub(super) const ALLOW_USER_INTERACTION: u32 = 1;

/// Who is asked about, `(sa{sv})`: one who is connected to the system bus, by the bus's own name for them.
#[derive(Debug, Serialize, Type)]
pub(super) struct Subject<'a> {
    kind: &'static str,
    details: HashMap<&'static str, Value<'a>>,
}

impl<'a> Subject<'a> {
    /// Who sent a message; the bus wrote the sender's name into it, not the sender. `None` where there is no bus.
    pub(super) fn of(header: &'a Header<'_>) -> Option<Self> {
        let name = header.sender()?.as_str();
        Some(Self {
            kind: "system-bus-name",
            details: HashMap::from([("name", Value::from(name))]),
        })
    }
}

/// What polkit answers, `(bba{ss})`.
#[derive(Debug, Deserialize, Type)]
pub(super) struct AuthorizationResult {
    /// Whether the subject may.
    pub(super) is_authorized: bool,
    /// Whether the subject could, after authentication.
    pub(super) is_challenge: bool,
    /// More about it: `polkit.dismissed` where a person closed the question.
    pub(super) details: HashMap<String, String>,
}

/// The authority of the system.
#[zbus::proxy(
    interface = "org.freedesktop.PolicyKit1.Authority",
    default_service = "org.freedesktop.PolicyKit1",
    default_path = "/org/freedesktop/PolicyKit1/Authority",
    gen_blocking = false
)]
pub(super) trait Authority {
    /// Whether the subject may do an action, asked of a polkit that runs. The details would be shown to who is asked; a check that has an id can be
    /// cancelled by it.
    #[zbus(no_autostart)]
    fn check_authorization(
        &self,
        subject: &Subject<'_>,
        action_id: &str,
        details: &HashMap<&str, &str>,
        flags: u32,
        cancellation_id: &str,
    ) -> zbus::Result<AuthorizationResult>;

    /// Takes a check back, and with it the question that a person was asked.
    fn cancel_check_authorization(&self, cancellation_id: &str) -> zbus::Result<()>;
}
