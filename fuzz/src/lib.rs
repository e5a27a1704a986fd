//! One entry point a target. Each takes any bytes, has one parser read them, and panics where what was read cannot be
//! right. The fuzz targets and `tests/fuzz_corpus.rs` drive the same ones.

use std::collections::BTreeSet;

pub mod control;
pub mod ethtool;
pub mod fields;
pub mod generic;
pub mod helper_arguments;
pub mod mptcp_pm;
pub mod netlink;
pub mod nl80211;
pub mod proc_text;
pub mod rtnetlink;
#[cfg(feature = "gui")]
pub mod settings;
pub mod sock_diag;

use fields::Fields;
use pathscope::wire::netlink::{Messages, Request};

/// Has a parser read bytes, and panics where it reads what cannot be.
pub type Exercise = fn(&[u8]);

/// Every target by name: that of its program and of its folder in `fuzz/corpus`.
pub const TARGETS: &[(&str, Exercise)] = &[
    ("control", control::exercise),
    ("ethtool", ethtool::exercise),
    ("generic", generic::exercise),
    ("helper_arguments", helper_arguments::exercise),
    ("mptcp_pm", mptcp_pm::exercise),
    ("netlink", netlink::exercise),
    ("nl80211", nl80211::exercise),
    ("proc_text", proc_text::exercise),
    ("rtnetlink", rtnetlink::exercise),
    #[cfg(feature = "gui")]
    ("settings", settings::exercise),
    ("sock_diag", sock_diag::exercise),
];

/// Where a part of a slice begins in it.
fn place(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

/// The beginning of some bytes; how much of them is up to the bytes.
fn beginning(bytes: &[u8]) -> &[u8] {
    let sum: usize = bytes.iter().copied().map(usize::from).sum();
    &bytes[..sum % (bytes.len() + 1)]
}

/// Whether each number comes once. Where an attribute is repeated, which no kernel does, the last one may win, and
/// then a message cut short before it reads otherwise than the whole one.
fn distinct(mut kinds: impl Iterator<Item = u16>) -> bool {
    let mut seen = BTreeSet::new();
    kinds.all(|kind| seen.insert(kind))
}

/// Asserts that what is read out of the beginning of a message is read out of all of it, too.
fn cut_short_reads_as_less(data: &[u8], read: impl Fn(&[u8]) -> Option<Fields>) {
    let Some(less) = read(beginning(data)) else {
        return;
    };
    let whole = read(data).expect("no less than its beginning");
    fields::assert_no_more(&less, &whole, "cut short");
}

/// What follows the netlink header in a request that was made; it must be the only message in its bytes.
fn payload(request: &[u8]) -> &[u8] {
    let mut messages = Messages(request);
    let message = messages.next().expect("a message").expect("a whole one");
    assert_eq!(messages.next(), None, "one message");
    message.payload
}

/// A payload of our own making.
fn made(fill: impl FnOnce(Request) -> Request) -> Vec<u8> {
    payload(&fill(Request::new(0, 0, 0)).finish()).to_vec()
}
