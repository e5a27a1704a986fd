//! What closes subflows asks first, whichever way it does so, and what is told afterwards is what happened.

use super::*;
use pathscope::model::{Event, EventKind, Origin};

const FULLMESH: &str = "fullmesh, endpoint 2 (192.168.2.143)";

/// A sample in which the subflows from an address are these, by connection and new socket.
fn reopened(t: f64, fullmesh: bool, new: bool) -> Line {
    let flags = FlagChange::one(EndpointFlags::FULLMESH, fullmesh);
    let mut connection = stage::connection(7, "ssh", 4188, "198.51.100.9:22");
    if new {
        let subflow = stage::subflow(9007, "enx2800af081bee", "192.168.2.143:49007", "198.51.100.9:22");
        connection.subflows.push(subflow.into());
    }
    Line::Sample(Box::new(Sample {
        connections: vec![connection],
        endpoints: stage::endpoints(Some((2, flags))),
        ..stage::quiet(t)
    }))
}

#[test]
fn fullmesh_waits_says_what_it_closes_and_then_what_it_closed() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.hover(FULLMESH);
    assert!(window.says("In place, but the kernel closes 6 subflows of the endpoint. Asks before."));
    window.click(FULLMESH);
    assert_eq!(window.asked.commands(), []);
    assert!(window.has("Turning on fullmesh closes 6 subflows of endpoint 2"));
    assert!(window.says("closes the endpoint's subflows first"));
    window.click("Apply");
    assert_eq!(
        window.asked.commands(),
        [change(2, EndpointFlags::FULLMESH, true)]
    );
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(75.1, &request, None));
    window.send(reopened(75.3, true, false));
    // One that fell back ended meanwhile, too.
    assert!(window.says("in place, 7 subflows closed"));
    window.send(reopened(75.6, true, true));
    assert!(window.says("in place, 7 subflows closed, 1 opened anew"));
}

#[test]
fn taking_back_asks_as_doing_does() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click(FULLMESH);
    window.click("Apply");
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(75.1, &request, None));
    window.send(reopened(75.3, true, true));
    window.click("Events");
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.harness.run();
    assert!(window.has("Turning off fullmesh closes 1 subflow of endpoint 2"));
    assert_eq!(window.asked.commands().len(), 1, "nothing before Apply");
    window.click("Discard");
    window.click("Undo Ethernet: fullmesh on");
    assert_eq!(window.asked.commands().len(), 1);
    window.click("Apply");
    assert_eq!(
        window.asked.commands().last(),
        Some(&change(2, EndpointFlags::FULLMESH, false))
    );
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(76.0, &request, None));
    window.send(reopened(76.2, false, true));
    assert!(!window.has("Undo Ethernet: fullmesh on"), "it is back already");
}

#[test]
fn what_ones_own_change_closed_is_no_loss() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click(FULLMESH);
    window.click("Apply");
    let request = window.asked.last().unwrap();
    let closed = |t: f64, local: &str| {
        let mut event = Event::new(t, EventKind::SubflowClosed, Origin::Kernel);
        event.local = local.parse().ok();
        event.remote = "198.51.100.9:22".parse().ok();
        Line::Event(Box::new(event))
    };
    window.lines.send(closed(75.09, "192.168.2.143:40700")).unwrap();
    window.send(stage::outcome(75.1, &request, None));
    window.send(closed(75.2, "192.168.1.149:40001"));
    window.click("Events");
    let told = window
        .harness
        .query_all_by_label_contains("closed by you: endpoint change id 2 fullmesh");
    assert_eq!(told.count(), 1, "of two that closed");
}
