//! Present mode: what is said of all connections together.

use super::listed;
use super::path::are_down;
use super::units::several;

/// `203 connections over Wi-Fi and Ethernet`
pub fn crowd(connections: usize, paths: &[String]) -> String {
    let over = if paths.is_empty() {
        "no path".to_owned()
    } else {
        listed(paths)
    };
    format!("{} over {over}", several(connections, "connection"))
}

/// How many of them carry data, and which paths are down.
pub fn busy(carrying: usize, down: &[String]) -> String {
    let carry = match carrying {
        0 => "None carries data now.".to_owned(),
        1 => "1 carries data now.".to_owned(),
        more => format!("{more} carry data now."),
    };
    if down.is_empty() {
        carry
    } else {
        format!("{} {carry}", are_down(down))
    }
}

/// The label of a time on an axis: `−15 s`, and `now`.
pub fn before_now(seconds: f64) -> String {
    if seconds.abs() < 1e-6 {
        "now".to_owned()
    } else {
        format!("−{seconds:.0} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_told_with_its_paths() {
        let paths = ["Wi-Fi", "Ethernet"].map(str::to_owned);
        assert_eq!(crowd(203, &paths), "203 connections over Wi-Fi and Ethernet");
        assert_eq!(crowd(1, &[]), "1 connection over no path");
        assert_eq!(busy(61, &[]), "61 carry data now.");
        assert_eq!(busy(1, &paths[..1]), "Wi-Fi is down. 1 carries data now.");
        assert_eq!(
            (before_now(15.0), before_now(0.0)),
            ("−15 s".to_owned(), "now".to_owned())
        );
    }
}
