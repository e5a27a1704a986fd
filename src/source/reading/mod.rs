//! One complete reading after another: what the kernel says, joined, compared with the reading before, and told in the
//! model's words. No thread and no clock of its own but for what a reading costs.

mod backups;
mod changes;
mod closely;
mod devices;
mod difference;
mod egress;
mod follow;
mod holding;
mod infer;
mod inventory;
mod listening;
mod mark;
mod materialise;
mod owners;
mod reader;
mod strategy;
mod table;
mod unconfirmed;

pub(super) use changes::Changes;
pub(super) use egress::{WayName, plain};
pub(super) use infer::{EventKeys, key};
pub(super) use inventory::Inventory;
pub(super) use owners::{OwnerResolver, Owners};
pub use reader::Reader;
pub(super) use reader::{Read, Want, cpu_time};
pub use strategy::Way;
