//! The menu of notices.

use super::*;

#[test]
fn what_is_told_is_chosen_remembered_and_where_nothing_can_be_told_it_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.json");
    let source = Scripted::played(stage::full_access());
    let mut window = open_with(source, None, None, Some(path.clone()));
    window.click("Notices");
    assert!(window.has("Notification of a handover"));
    assert!(window.says("Not here: "), "a test is no desktop");
    window.click("Always");
    let by = egui_kittest::kittest::by().label("Closing leaves it in the tray");
    window.harness.get(by.role(egui::accesskit::Role::Switch)).click();
    window.harness.run();
    window.harness.key_press(egui::Key::Escape);
    window.harness.run();
    drop(window);
    let text = std::fs::read_to_string(&path).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    let notices = serde_json::json!({"when": "always", "stay_in_tray": true});
    assert_eq!(kept.pointer("/notices"), Some(&notices));
}
