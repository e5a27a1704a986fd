//! What can stand in a place of the table, and why nothing does.

use crate::model::SocketAddr;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// The kernel gave none, for this reason.
    Absent(&'static str),
    /// None now, for this reason; what it was before.
    Last(&'static str, String),
    /// None any more: the subflow has ended.
    Gone,
    /// Words.
    Text(String),
    /// An end of the subflow.
    Address(SocketAddr),
    /// A number and how it is written.
    Number(f64, String),
    /// The same with what stands after it in grey.
    Spread(f64, String, String),
    /// Bits a second, and the largest of the last seconds: the decimals follow the largest of those in the column.
    Rate(f64, f64),
}

/// What is said of a figure that no kernel of this age has.
pub(super) const NOT_TOLD: &str = "This kernel does not tell it.";
pub(super) const HIDDEN: &str =
    "The kernel does not tell it. Before Linux 6.15 it tells it only with CAP_NET_ADMIN.";
pub(super) const NO_ROUND_TRIP: &str = "No round trip has been measured yet.";
pub(super) const NOTHING_THROUGH: &str = "Nothing gets through now.";
