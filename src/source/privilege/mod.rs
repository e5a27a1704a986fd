//! What needs more than this process may: the privileged helper, as who needs it calls it.

mod kept;
mod own_helper;
mod service;

pub(super) use kept::KeptService;
pub use service::Service;
