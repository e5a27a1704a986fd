//! Asks somebody for a recording, by the desktop's own dialog.

use std::path::PathBuf;

use rfd::FileDialog;

use crate::words::recording;

/// Waits until somebody has chosen a file; `None` where nobody wants to.
///
/// # Errors
/// When there is nothing that asks.
pub fn choose_recording() -> Result<Option<PathBuf>, String> {
    Ok(FileDialog::new().set_title(recording::CHOOSE).pick_file())
}
