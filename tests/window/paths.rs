//! Endpoints, limits, settings; what waits, what is undone, what is refused.

use super::*;
use pathscope::desktop::{MptcpFlags, NetworkManager, Profile};

#[test]
fn backup_is_asked_for_at_once_and_the_switch_follows_the_kernel() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    let name = "backup, endpoint 2 (192.168.2.143)";
    window.click(name);
    let flags = FlagChange::one(EndpointFlags::BACKUP, true);
    assert_eq!(window.asked.commands(), [change(2, EndpointFlags::BACKUP, true)]);
    assert!(!is_on(&window.node(name)), "not before the kernel says so");
    window.send(Line::Sample(Box::new(Sample {
        endpoints: stage::endpoints(Some((2, flags))),
        ..stage::quiet(80.0)
    })));
    assert!(is_on(&window.node(name)));
}

#[test]
fn what_networkmanager_did_not_take_is_told_in_every_panel() {
    let profile = Profile {
        device: "wlp0s20f3".to_owned(),
        name: "HomeNet".to_owned(),
        flags: MptcpFlags(0),
        path: "/1".to_owned(),
    };
    let manager = NetworkManager::fixed(vec![profile.clone()]);
    manager.write(profile, MptcpFlags(0x62));
    let mut window = played(stage::full_access());
    window
        .app
        .borrow_mut()
        .as_mut()
        .unwrap()
        .ask_network_manager(manager);
    window.harness.run();
    assert!(window.has("nextcloud to 104.28.152.1:443"), "not in Paths");
    assert!(window.says("HomeNet: NetworkManager is still being asked"));
    window.click("Dismiss");
    assert!(!window.says("HomeNet: "), "it is told once");
}

#[test]
fn an_answer_that_takes_its_time_is_said_to_be_missing() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("backup, endpoint 4 (10.45.3.7)");
    assert!(!window.says("not answered yet"));
    window.harness.run_steps(6);
    assert!(window.says("Phone: backup off: asked 1 s ago, not answered yet"));
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(80.0, &request, None));
    assert!(!window.says("not answered yet"));
}

#[test]
fn signal_waits_for_apply_and_says_what_it_tears_down() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("signal, endpoint 4 (10.45.3.7)");
    assert_eq!(window.asked.commands(), []);
    assert!(window.has("Turning on signal re-creates endpoint 4 and closes 5 subflows"));
    assert!(
        window.says("ip mptcp endpoint delete id 4\nip mptcp endpoint add 10.45.3.7 dev wwan0 id 4 signal")
    );
    window.click("Apply");
    assert_eq!(window.asked.commands(), [change(4, EndpointFlags::SIGNAL, true)]);
    assert!(!window.has("Apply"));
}

#[test]
fn discard_forgets_what_waits() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("laminar, endpoint 1 (192.168.1.149)");
    window.click("Discard");
    assert!(!window.has("Apply"));
    assert_eq!(window.asked.commands(), []);
}

#[test]
fn signal_and_fullmesh_exclude_each_other() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    let name = "signal, endpoint 3 (2001:db8:1::7a3)";
    assert!(is_disabled(&window.node(name)));
    window.hover(name);
    assert!(window.says("The kernel takes no endpoint with both signal and fullmesh; choose one of them."));
}

#[test]
fn undo_asks_for_the_value_before() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Extra subflows for a connection: more");
    let request = window.asked.last().unwrap();
    let limits = |extra| Command::LimitsSet {
        extra_subflows_max: Some(extra),
        add_addr_accepted_max: None,
    };
    assert_eq!(request.command, limits(5));
    assert_eq!(request.by, "window");
    window.send(stage::outcome(80.0, &request, None));
    window.send(Line::Sample(Box::new(Sample {
        limits: Some(Limits {
            extra_subflows_max: 5,
            add_addr_accepted_max: 0,
        }),
        ..stage::quiet(80.1)
    })));
    window.click("Undo Extra subflows: 4 → 5");
    assert_eq!(window.asked.commands(), [limits(5), limits(4)]);
}

#[test]
fn what_was_changed_here_can_be_kept_for_after_a_restart() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    assert!(!window.has("After a restart"));
    window.click("Extra subflows for a connection: more");
    window.click("Checksum");
    for request in window.asked.requests.lock().unwrap().iter() {
        window.lines.send(stage::outcome(80.0, request, None)).unwrap();
    }
    window.send(Line::Sample(Box::new(Sample {
        limits: Some(Limits {
            extra_subflows_max: 5,
            add_addr_accepted_max: 0,
        }),
        ..stage::quiet(80.1)
    })));
    assert!(window.has("After a restart"));
    assert!(window.has("ip mptcp limits set subflow 5 add_addr_accepted 0"));
    window.node("Copy the settings to keep").scroll_to_me();
    window.harness.run();
    window.node("Copy the settings to keep").click();
    window.harness.step();
    assert_eq!(
        window.copied_within(4).as_deref(),
        Some("net.mptcp.checksum_enabled = 0")
    );
}

#[test]
fn a_change_that_failed_says_why_until_it_is_dismissed() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("MPTCP");
    let request = window.asked.last().unwrap();
    let off = Command::Set {
        name: "enabled".to_owned(),
        value: SettingValue::Number(0),
    };
    assert_eq!(request.command, off);
    window.send(stage::outcome(80.0, &request, Some("Operation not permitted")));
    assert!(window.has("enabled: 1 → 0: Operation not permitted"));
    window.click("Dismiss");
    assert!(!window.says("Operation not permitted"));
}

#[test]
fn an_address_without_an_endpoint_can_be_given_one() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint 2001:db8:2::143");
    let added = Command::EndpointAdd {
        address: "2001:db8:2::143".parse().unwrap(),
        interface: Some("enx2800af081bee".to_owned()),
        id: None,
        port: None,
        flags: EndpointFlags::SUBFLOW,
        insist: false,
    };
    assert_eq!(window.asked.commands(), [added]);
}

#[test]
fn removing_an_endpoint_waits_too() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Menu of endpoint 4 (10.45.3.7)");
    window.click("Remove endpoint…");
    assert!(window.has("Removing endpoint 4 closes 5 subflows"));
    window.node("Copy the commands").click();
    window.harness.step();
    assert_eq!(
        window.copied_within(4).as_deref(),
        Some("ip mptcp endpoint delete id 4")
    );
    window.click("Apply");
    assert_eq!(window.asked.commands(), [Command::EndpointRemove { id: 4 }]);
}

#[test]
fn settings_have_switches_choices_and_fields() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Scheduler: default");
    window.click("roundrobin");
    window.node("Close timeout").focus();
    window.harness.run();
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.node("Close timeout").type_text("90");
    window.harness.run();
    window.harness.key_press(egui::Key::Enter);
    window.harness.run();
    let set = |name: &str, value| Command::Set {
        name: name.to_owned(),
        value,
    };
    let wanted = [
        set("scheduler", SettingValue::Text("roundrobin".to_owned())),
        set("close_timeout", SettingValue::Number(90)),
    ];
    assert_eq!(window.asked.commands(), wanted);
}

#[test]
fn read_only_disables_every_control_and_says_why() {
    let mut window = played(stage::read_only());
    assert!(window.has("Read-only"));
    window.click("Paths");
    for name in [
        "backup, endpoint 2 (192.168.2.143)",
        "subflow, endpoint 1 (192.168.1.149)",
        "Add endpoint 2001:db8:2::143",
        "MPTCP",
        "Extra subflows for a connection: more",
        "Scheduler: default",
        "Close timeout",
    ] {
        assert!(is_disabled(&window.node(name)), "{name}");
    }
    window.hover("backup, endpoint 2 (192.168.2.143)");
    assert!(window.says("CAP_NET_ADMIN is missing"));
    assert_eq!(window.asked.commands(), []);
}

#[test]
fn an_endpoint_is_added_with_id_port_and_flags_and_its_command_is_shown() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint…");
    assert!(window.has("ip mptcp endpoint add 2001:db8:2::143 dev enx2800af081bee subflow"));
    window.type_into("Port", "4443");
    assert!(
        window
            .has("A port is announced with the address, so it needs signal; add signal, or leave the port.")
    );
    assert!(is_disabled(&window.node("Add")));
    window.type_into("Id", "7");
    window.click("signal, new endpoint");
    window.click("subflow, new endpoint");
    window.click("Device: enx2800af081bee");
    window.click("any");
    let line = "ip mptcp endpoint add 2001:db8:2::143 id 7 port 4443 signal";
    assert!(window.has(line));
    window.node("Copy the command").click();
    window.harness.step();
    assert_eq!(window.copied_within(4).as_deref(), Some(line));
    window.click("Add");
    let added = Command::EndpointAdd {
        address: "2001:db8:2::143".parse().unwrap(),
        interface: None,
        id: Some(7),
        port: Some(4443),
        flags: EndpointFlags::SIGNAL,
        insist: false,
    };
    assert_eq!(window.asked.commands(), [added]);
    assert!(!window.has("Cancel"), "the question is over");
}

#[test]
fn an_address_that_has_an_endpoint_already_is_not_added_again() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint…");
    window.node("Address").focus();
    window.harness.run();
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.type_into("Address", "10.45.3.7");
    assert!(window.has("10.45.3.7 is an endpoint already, id 4; change that one, or remove it first."));
    assert!(is_disabled(&window.node("Add")));
    window.click("Cancel");
    assert_eq!(window.asked.commands(), []);
}

#[test]
fn a_removal_names_whose_subflows_close_and_is_undone_with_all_that_the_endpoint_was() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Menu of endpoint 4 (10.45.3.7)");
    window.click("Remove endpoint…");
    assert!(window.says("They are of firefox (2), curl, nextcloud and ssh."));
    window.click("Apply");
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(80.0, &request, None));
    let mut left = stage::quiet(80.1);
    left.endpoints.retain(|endpoint| endpoint.id != 4);
    window.send(Line::Sample(Box::new(left)));
    let undo = "Undo Phone: endpoint 4 removed";
    window.hover(undo);
    assert!(window.says("ip mptcp endpoint add 10.45.3.7 dev wwan0 id 4 subflow backup"));
    window.click(undo);
    let again = Command::EndpointAdd {
        address: "10.45.3.7".parse().unwrap(),
        interface: Some("wwan0".to_owned()),
        id: Some(4),
        port: None,
        flags: EndpointFlags::SUBFLOW.with(EndpointFlags::BACKUP),
        insist: true,
    };
    assert_eq!(window.asked.commands().last(), Some(&again));
}

#[test]
fn an_endpoint_that_was_added_is_removed_by_undo_and_its_command_can_be_copied() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint 2001:db8:2::143");
    let request = window.asked.last().unwrap();
    window.send(stage::outcome(80.0, &request, None));
    let mut sample = stage::quiet(80.1);
    sample.endpoints.push(pathscope::model::Endpoint {
        id: 5,
        address: "2001:db8:2::143".parse().unwrap(),
        port: None,
        interface: Some("enx2800af081bee".to_owned()),
        interface_index: None,
        flags: EndpointFlags::SUBFLOW,
    });
    window.send(Line::Sample(Box::new(sample)));
    window
        .node("Copy the command of Endpoint 2001:db8:2::143 added")
        .click();
    window.harness.step();
    assert_eq!(
        window.copied_within(4).as_deref(),
        Some("ip mptcp endpoint add 2001:db8:2::143 dev enx2800af081bee subflow")
    );
    window
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.harness.run();
    assert_eq!(
        window.asked.commands().last(),
        Some(&Command::EndpointRemove { id: 5 })
    );
}
