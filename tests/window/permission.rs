//! *Allow…*: what it says before anything is asked, and what follows from the answer.

use std::sync::atomic::Ordering;

use super::*;
use pathscope::model::{Event, EventKind, Origin};

/// What the source says after somebody was asked.
fn told(access: Access) -> Line {
    let event = Event {
        access: Some(access),
        ..Event::new(70.0, EventKind::AccessChanged, Origin::Inferred)
    };
    Line::Event(Box::new(event))
}

fn allowed(window: &Window) -> usize {
    window.asked.allowed.load(Ordering::Relaxed)
}

#[test]
fn a_page_says_what_allow_permits_before_anything_is_asked() {
    let mut window = played(stage::may_ask());
    assert!(window.has("Read-only"));
    window.click("Allow…");
    assert!(window.has("What Allow permits") && window.has("permitted already"));
    assert!(window.says("Each change can be undone"));
    window.click("Not now");
    assert!(!window.has("What Allow permits"));
    assert_eq!(allowed(&window), 0);
    window.click("Allow…");
    window.click("Allow");
    assert_eq!(allowed(&window), 1);
    window.lines.send(told(stage::full_access())).unwrap();
    window.harness.run();
    assert!(window.has("Full access") && !window.has("Allow…"));
    window.click("Paths");
    window.click("backup, endpoint 4 (10.45.3.7)");
    assert!(!window.asked.commands().is_empty(), "the switches are on");
    assert!(
        window.asked.last().unwrap().believed.is_some(),
        "and say what they replace"
    );
}

#[test]
fn what_is_refused_after_all_is_said() {
    let mut window = played(stage::may_ask());
    window.click("Allow…");
    window.click("Allow");
    let why =
        "CAP_NET_ADMIN is missing: switches are off; org.pathscope.configure: the authentication failed";
    window
        .lines
        .send(told(Access {
            why_not: why.parse().ok(),
            ..stage::may_ask()
        }))
        .unwrap();
    window.harness.run();
    assert!(window.has(why) && window.has("Allow…"));
}

#[test]
fn without_a_service_there_is_nothing_to_allow() {
    let window = played(stage::read_only());
    assert!(window.has("Read-only") && !window.has("Allow…"));
    let window = played(stage::as_root());
    assert!(window.has("Running as root"));
    let window = played(stage::by_file());
    assert!(window.has("Privileged window"));
}
