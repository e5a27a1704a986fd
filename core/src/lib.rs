//! What Pathscope and its privileged helper share: the kernel, and what they say to each other. The architecture is on
//! the first page of `pathscope`.

pub mod bus;
pub mod kernel;
pub mod metrics;
pub mod model;
pub mod wire;
