//! Pathscope: a desktop monitor for Multipath TCP on Linux.

pub mod cli;
pub mod history;
pub mod kernel;
pub mod lab;
pub mod model;
pub mod run;
pub mod source;
#[cfg(feature = "gui")]
pub mod ui;
pub mod wire;
