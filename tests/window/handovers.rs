//! The path map and the handovers.

use super::*;

#[test]
fn every_edge_of_the_map_has_a_name_with_its_rate() {
    let window = played(stage::full_access());
    assert!(window.says("Path over Wi-Fi, "));
    assert!(window.says("Path over Ethernet, "));
    assert!(window.says("Path over Phone, backup, idle, 54 ms, 10.45.3.7 to 104.28.152.1:443"));
}

#[test]
fn the_loss_of_wifi_is_told_with_its_interruption_and_leads_to_the_plots() {
    let mut window = played(stage::full_access());
    window.click("Handovers");
    assert!(window.says("Wi-Fi lost. Data moved to Ethernet after "));
    assert!(window.says("Handover 1: Wi-Fi lost, "));
    assert!(window.says("1 handovers, "));
    assert!(window.says("nextcloud to 104.28.152.1:443: "), "its delivery");
    assert!(window.says("Wi-Fi, up, 192.168.1.149"), "its interface");
    window.click("Plots");
    assert!(window.has("nextcloud to 104.28.152.1:443"));
}

#[test]
fn without_a_handover_it_says_how_to_see_one() {
    let mut window = with_sample(stage::quiet(1.0), stage::full_access());
    window.click("Handovers");
    assert!(window.has("No handover yet"));
    assert!(window.has("Copy the demo's command"));
}
