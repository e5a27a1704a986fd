//! The plot for the curious: any number of the kernel's, from the moment it is chosen.

use super::*;

/// A window that has seen the script up to here, and what comes after.
fn half_played() -> (Window, Vec<Line>) {
    let (before, after): (Vec<Line>, Vec<Line>) =
        stage::script().into_iter().partition(|line| line.t() < 60.0);
    let source = Scripted::new(stage::full_access());
    for line in before {
        source.sender.send(line).unwrap();
    }
    (open(source, None), after)
}

impl Window {
    fn chosen_metrics(&self) -> String {
        let node = self.harness.get_by_label_contains("Chosen metrics");
        node.accesskit_node().label().unwrap_or_default()
    }

    fn choose_metrics(&mut self, names: &[&str]) {
        self.click("Plot any metric");
        self.click("Choose metrics");
        for name in names {
            self.click_in_list(&format!("Plot {name}"));
        }
        self.key(egui::Key::Escape);
    }

    fn go_on(&mut self, lines: impl IntoIterator<Item = Line>) {
        for line in lines {
            self.lines.send(line).unwrap();
            self.harness.step();
        }
        self.harness.run();
    }
}

#[test]
fn chosen_metrics_are_recorded_from_then_on_and_copied() {
    let (mut window, after) = half_played();
    assert!(!window.says("Chosen metrics"));
    window.choose_metrics(&["cwnd", "Acknowledged"]);
    window.go_on(after.into_iter().take(40));
    let said = window.chosen_metrics();
    assert!(said.contains("cwnd, Ethernet: "), "{said}");
    assert!(said.contains("Acknowledged, Ethernet: "), "{said}");
    assert!(
        said.contains("Mbit/s"),
        "what only grows is shown as a rate: {said}"
    );
    window.node("Copy as CSV").click();
    let copied = window.copied_within(8).unwrap();
    let mut lines = copied.lines();
    assert_eq!(
        lines.next(),
        Some("seconds,connection,peer,path,local,remote,metric,unit,value")
    );
    let of_ethernet = lines.filter(|line| line.contains(",Ethernet,") && line.contains(",cwnd,segments,"));
    let times: Vec<f64> = of_ethernet
        .map(|line| line.split(',').next().unwrap().parse().unwrap())
        .collect();
    assert!(times.len() > 20, "{copied}");
    assert!(times.iter().all(|t| *t >= 59.0), "nothing from before: {times:?}");
    window.click("Close the plot of any metric");
    assert!(!window.says("Chosen metrics"));
}

#[test]
fn a_second_connection_is_compared_with() {
    let (mut window, after) = half_played();
    window.choose_metrics(&["cwnd"]);
    window.click("Compare with");
    window.click("Plot curl to 198.51.100.7:443");
    window.go_on(after.into_iter().take(12));
    let said = window.chosen_metrics();
    assert!(said.contains("Ethernet, nextcloud"), "{said}");
    assert!(said.contains("Ethernet, curl"), "{said}");
}

#[test]
fn one_cursor_and_one_time_go_through_all_plots() {
    let (mut window, after) = half_played();
    window.choose_metrics(&["cwnd"]);
    window.go_on(after.into_iter().take(40));
    let place = window.harness.get_by_label_contains("Chosen metrics").rect();
    window
        .harness
        .hover_at(egui::pos2(place.right() - 20.0, place.center().y));
    window.harness.run();
    let ago = |said: &str| {
        said.split_once(" s ago")
            .map(|(before, _)| before.rsplit(' ').next().unwrap().to_owned())
    };
    let above = ago(&window.chosen_metrics());
    let below = window
        .harness
        .get_by_label_contains("Plots ")
        .accesskit_node()
        .label();
    assert!(above.is_some());
    assert_eq!(above, ago(&below.unwrap_or_default()), "the same moment");
}
