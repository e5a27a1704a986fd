//! One connection to the privileged helper, which all threads of a source share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::service::Service;
use crate::bus::Refusal;

/// A connection to the helper that is made when it is first needed, and kept.
#[derive(Default)]
pub(in crate::source) struct KeptService(Mutex<Option<Arc<Service>>>);

impl KeptService {
    /// The connection; a new one where there is none, or where the process at its end is gone. It may take as long as a
    /// helper takes to start. The calling thread must be in the network namespace that the helper is asked about.
    ///
    /// # Errors
    /// As [`Service::connect`].
    pub(in crate::source) fn get(&self) -> Result<Arc<Service>, Refusal> {
        let mut kept = self.kept();
        match &*kept {
            Some(service) if service.is_usable() => Ok(Arc::clone(service)),
            _ => {
                // One that has ended goes first: it holds what another may need.
                *kept = None;
                let service = Arc::new(Service::connect()?);
                *kept = Some(Arc::clone(&service));
                Ok(service)
            }
        }
    }

    /// Forgets the connection, because who is at its end did not answer; the next call makes another. Who makes one just
    /// now is not waited for: it looks whether the old one is usable.
    pub(in crate::source) fn forget(&self) {
        if let Ok(mut kept) = self.0.try_lock() {
            *kept = None;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Arc<Service>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
