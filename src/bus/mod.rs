//! What the privileged service and who calls it agree on: names, calls and errors on the system bus.
//!
//! No argument is a path or a command. Addresses are their bytes; an interface is looked up by its name, and a setting in
//! a list of those that may be written.

/// The service's name on the bus.
pub const NAME: &str = "org.pathscope.Helper";
/// Its only object.
pub const PATH: &str = "/org/pathscope/Helper";
/// The object's interface. A call is added to it, never changed.
pub const INTERFACE: &str = "org.pathscope.Helper1";
/// The account it runs under.
pub const ACCOUNT: &str = "pathscope-helper";
