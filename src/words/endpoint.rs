//! What is wrong with endpoints.

use crate::model::{Ignored, Problem};

/// Why one endpoint does nothing now.
pub fn problem(problem: Problem) -> &'static str {
    match problem {
        Problem::DeviceGone => "its device is gone",
        Problem::AddressMissing => "address not on this machine",
        Problem::AddressElsewhere => "address not on its device",
        Problem::LinkDown => "link down",
    }
}

/// Why new connections make no use of any endpoint.
pub fn ignored(why: &Ignored) -> String {
    match why {
        Ignored::Disabled => {
            "MPTCP is off (net.mptcp.enabled is 0): new connections are plain TCP; 'pathscope set enabled 1' puts it on"
                .to_owned()
        }
        Ignored::PathManager(name) => format!(
            "the path manager is '{name}', not the kernel's own: new connections make no use of endpoints"
        ),
    }
}
