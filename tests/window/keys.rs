//! The keyboard alone: dialogs, filters and menus.

use super::*;
use egui::Key;

impl Window {
    /// Puts text in place of what stands in the field that has the focus.
    fn type_over(&mut self, name: &str, text: &str) {
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
        self.harness.run();
        self.node(name).type_text(text);
        self.harness.run();
    }

    fn value(&self, name: &str) -> String {
        self.node(name).value().unwrap_or_default()
    }
}

#[test]
fn a_question_with_fields_has_the_first_focused_and_enter_and_escape_answer_it() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint…");
    assert_eq!(window.focused().as_deref(), Some("Address"));
    // What is proposed is replaced by typing.
    window.node("Address").type_text("10.45.3.7");
    window.harness.run();
    assert_eq!(window.value("Address"), "10.45.3.7");
    window.key(Key::Escape);
    assert!(!window.has("Cancel"), "Escape leaves");
    window.click("Add endpoint…");
    assert_eq!(window.value("Address"), "2001:db8:2::143");
    window.key(Key::Enter);
    assert!(!window.has("Cancel"));
    assert_eq!(window.asked.commands().len(), 1, "Enter adds");
}

#[test]
fn a_question_without_fields_has_its_act_focused() {
    let mut window = played(stage::full_access());
    let menu = "Menu of the subflow over Ethernet from 192.168.2.143:40110";
    for (key, closes) in [(Key::Escape, 0), (Key::Enter, 1)] {
        window.click(menu);
        window.click("Close subflow…");
        assert_eq!(window.focused().as_deref(), Some("Close subflow"));
        window.key(key);
        assert!(!window.has("Cancel"));
        assert_eq!(window.asked.commands().len(), closes);
    }
    // The Enter that opens it does not answer it.
    window.click(menu);
    window.key(Key::ArrowDown);
    assert_eq!(window.focused().as_deref(), Some("Close subflow…"));
    window.key(Key::Enter);
    assert!(window.has("Cancel"));
    assert_eq!(window.asked.commands().len(), 1);
}

#[test]
fn the_page_behind_allow_answers_to_the_keyboard() {
    let mut window = played(stage::may_ask());
    for (key, allowed) in [(Key::Escape, 0), (Key::Enter, 1)] {
        window.click("Allow…");
        assert_eq!(window.focused().as_deref(), Some("Allow"));
        window.key(key);
        let asked = window.asked.allowed.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(asked, allowed);
        assert!(!window.has("Not now"));
    }
}

#[test]
fn escape_clears_a_filter() {
    let mut window = played(stage::full_access());
    let before = window.rows();
    window.key(Key::Slash);
    window.node("Filter").type_text("app:firefox if:wwan0");
    window.harness.run();
    assert_eq!(window.rows(), 2);
    window.key(Key::Escape);
    assert_eq!((window.rows(), window.value("Filter")), (before, String::new()));
    window.click("Events");
    window.type_into("Filter events", "nothing of the kind");
    assert!(window.says("No event matches"));
    window.key(Key::Escape);
    assert!(!window.says("No event matches"));
}

/// Opens each menu of a panel by its button's name, and has the arrow keys go round in it.
fn goes_round(window: &mut Window, menu: &str, first: &str, last: &str) {
    let shown: Vec<String> = window.buttons();
    window.click(menu);
    assert!(window.has(first), "{menu}");
    let mut seen = Vec::new();
    for _ in 0..40 {
        window.key(Key::ArrowDown);
        let focused = window
            .focused()
            .unwrap_or_else(|| panic!("{menu}: nothing has the focus"));
        assert!(!shown.contains(&focused), "{menu}: {focused} lies behind it");
        if seen.first() == Some(&focused) {
            break;
        }
        seen.push(focused);
    }
    assert_eq!(seen.first().map(String::as_str), Some(first), "{menu}");
    assert_eq!(seen.last().map(String::as_str), Some(last), "{menu}");
    window.key(Key::ArrowUp);
    assert_eq!(window.focused().as_deref(), Some(last), "{menu}");
    window.key(Key::Escape);
    assert!(!window.has(first), "{menu}: Escape closes it");
}

#[test]
fn arrow_keys_stay_in_an_open_menu() {
    let mut window = played(stage::full_access());
    window.click("Handovers");
    window.click("Connections");
    let chosen = "nextcloud to 104.28.152.1:443";
    assert!(window.has(chosen));
    for (menu, first, last) in [
        (
            "Sort: Rate, highest first",
            "Rate, highest first",
            "Peer, lowest address first",
        ),
        ("Sampling interval: 250 ms", "50 ms", "5 s"),
        ("Theme: dark", "Dark", "Reduce motion"),
        (
            "Menu of the subflow over Ethernet from 192.168.2.143:40110",
            "Close subflow…",
            "Copy addresses",
        ),
    ] {
        goes_round(&mut window, menu, first, last);
        assert!(window.has(chosen), "{menu}: the list behind it is left alone");
    }
    window.click("Paths");
    goes_round(
        &mut window,
        "Menu of endpoint 4 (10.45.3.7)",
        "Remove endpoint…",
        "Copy as a command",
    );
    goes_round(&mut window, "Scheduler: default", "default", "roundrobin");
}

#[test]
fn a_menu_that_was_opened_by_a_key_gives_the_focus_back_to_its_button() {
    let mut window = played(stage::full_access());
    let menu = "Sampling interval: 250 ms";
    window.node(menu).focus();
    window.harness.run();
    window.key(Key::Enter);
    window.key(Key::ArrowDown);
    assert_eq!(window.focused().as_deref(), Some("50 ms"));
    window.key(Key::Escape);
    window.harness.run();
    assert_eq!(window.focused().as_deref(), Some(menu));
}

#[test]
fn an_endpoint_is_proposed_only_where_it_can_be_one_and_its_device_is_set() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint…");
    window.click("Addresses of this machine");
    let named = window.harness.query_all_by_label_contains("2001:db8:2::143  ");
    assert_eq!(named.count(), 1);
    for never in ["127.0.0.1  ", "172.17.0.1  ", "fe80::34  ", "192.168.1.149  "] {
        assert!(!window.says(never), "{never}");
    }
    window.key(Key::Escape);
    assert!(window.has("Cancel"), "Escape closes the menu only");
    for (typed, device) in [
        ("fe80::12%wlp0s20f3", "Device: wlp0s20f3"),
        ("192.168.122.1", "Device: virbr0"),
        ("10.45.3.7", "Device: wwan0"),
        ("10.66.6.6", "Device: any"),
    ] {
        window.node("Address").focus();
        window.harness.run();
        window.type_over("Address", typed);
        assert!(window.has(device), "{typed}");
    }
    assert!(window.says("10.66.6.6 is on none of this machine's interfaces"));
    assert!(is_disabled(&window.node("Add")));
    window.click("Insist");
    assert!(window.has("ip mptcp endpoint add 10.66.6.6 subflow"));
    window.click("Add");
    let added = Command::EndpointAdd {
        address: "10.66.6.6".parse().unwrap(),
        interface: None,
        id: None,
        port: None,
        flags: EndpointFlags::SUBFLOW,
        insist: true,
    };
    assert_eq!(window.asked.commands(), [added]);
}

#[test]
fn what_can_never_be_an_endpoint_is_refused_before_the_kernel_is_asked() {
    let mut window = played(stage::full_access());
    window.click("Paths");
    window.click("Add endpoint…");
    for (typed, why) in [
        ("127.0.0.1", "this machine's loopback"),
        ("224.0.0.1", "a multicast address"),
        ("0.0.0.0", "no address of a host"),
        ("::", "no address of a host"),
        ("fe80::12", "add 'dev' and the interface"),
    ] {
        window.node("Address").focus();
        window.harness.run();
        window.type_over("Address", typed);
        if typed != "fe80::12" {
            assert!(window.says(why), "{typed}: {why}");
            assert!(!window.has("Insist"), "{typed}");
        }
        window.key(Key::Enter);
        assert_eq!(
            window.asked.commands().len(),
            usize::from(typed == "fe80::12"),
            "{typed}"
        );
    }
}
