//! A stream as somebody reads it who was not there: a page, tables, numbers.
//!
//! [`Builder`] takes the lines one after another and keeps bins, totals and what happened, never the lines; [`Report`] is
//! what it comes to, plain data without words for people but its sentences. [`page()`] and [`write_tables`] show it. What
//! moved and what had to wait is what [`crate::history`] says of the same lines.

mod builder;
mod connections;
mod finish;
mod model;
mod page;
mod paths;
mod tables;

pub use builder::{Builder, More, Part};
pub use finish::Ending;
pub use model::{
    ConnectionReport, Figures, GapReport, HandoverReport, Leftover, Machine, PathRates, PathReport,
    RecordingReport, Report, SubflowReport, Throughput,
};
pub use page::page;
pub use tables::write_tables;
