//! Why a laboratory could not be built, in words that say what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::OLDEST_KERNEL;

/// Why a laboratory could not be built or has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabError {
    /// The system does not let this user make network namespaces; the text says what would.
    Forbidden(String),
    /// This kernel has no Multipath TCP.
    NoMptcp,
    /// Something else went wrong; the text says what.
    Failed(String),
}

impl LabError {
    /// A failure of `what` for the reason `why`.
    pub(super) fn failed(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Failed(format!("{what}: {why}"))
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(text) | Self::Failed(text) => f.write_str(text),
            Self::NoMptcp => write!(
                f,
                "this kernel has no Multipath TCP: it needs Linux {OLDEST_KERNEL} or later, built with CONFIG_MPTCP",
            ),
        }
    }
}

impl std::error::Error for LabError {}
