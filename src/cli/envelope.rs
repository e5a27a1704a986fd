//! What stands before a listing that is printed once, as JSON: when, where, and what may be known.

use serde::Serialize;

use crate::model::{Access, Header, SCHEMA};

/// A listing with what stands before it.
#[derive(Serialize)]
pub(super) struct Envelope<'a, T> {
    schema: u32,
    taken_at: &'a str,
    host: &'a str,
    kernel: &'a str,
    netns: Option<&'a str>,
    access: &'a Access,
    #[serde(flatten)]
    listing: T,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    /// The listing of what this header begins.
    pub(super) fn new(header: &'a Header, listing: T) -> Self {
        Self {
            schema: SCHEMA,
            taken_at: &header.started_at,
            host: &header.host,
            kernel: &header.kernel,
            netns: header.netns.as_deref(),
            access: &header.access,
            listing,
        }
    }
}
