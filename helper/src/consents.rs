//! Who may what: polkit's word, or that of the helper's file.

use zbus::message::Header;

use super::callers::Call;
use super::polkit::Polkit;
use crate::bus::{Action, Refusal};
use crate::model::Consent;

/// Who says what a caller may.
pub(super) enum Consents {
    /// polkit, on every call.
    Polkit(Polkit),
    /// The administrator, who lets the members of a group start the program; the kernel has seen to it.
    Group,
}

impl Consents {
    /// Whether the caller may, without asking anybody.
    pub(super) async fn consent(&self, header: &Header<'_>, action: Action) -> Result<Consent, Refusal> {
        match self {
            Self::Polkit(polkit) => polkit.consent(header, action).await,
            Self::Group => Ok(Consent::Yes),
        }
    }

    /// Lets through who may.
    pub(super) async fn require(
        &self,
        call: &Call<'_>,
        header: &Header<'_>,
        action: Action,
    ) -> Result<(), Refusal> {
        match self {
            Self::Polkit(polkit) => polkit.require(call, header, action).await,
            Self::Group => Ok(()),
        }
    }
}
