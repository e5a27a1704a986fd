//! How the benchmarks judge their figures: the tests beside the table that they print.

#[path = "../benches/table/mod.rs"]
mod table;
