//! Every case, a file each for where in a connection's life the fault lies, and one for hosts that are well.

pub mod gaps;
mod gone;
mod healthy;
mod healthy_surroundings;
mod never_tried;
mod never_tried_settings;
mod server_side;
mod tried;
mod tried_on_the_way;
mod without_mptcp;

use super::case::Case;

pub fn all() -> Vec<Case> {
    let of_faults = [
        without_mptcp::cases(),
        never_tried::cases(),
        never_tried_settings::cases(),
        tried::cases(),
        tried_on_the_way::cases(),
        gone::cases(),
        server_side::cases(),
    ];
    let healthy = [healthy::cases(), healthy_surroundings::cases()];
    of_faults.into_iter().chain(healthy).flatten().collect()
}
