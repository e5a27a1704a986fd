//! Pathscope: a desktop monitor for Multipath TCP on Linux.

pub mod history;
pub mod cli;
pub mod kernel;
pub mod lab;
pub mod model;
pub mod run;
pub mod source;
pub mod wire;
