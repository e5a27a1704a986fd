//! What the filter's words mean in the window.

use crate::filter::Circumstances;
use crate::history::Condition;
use crate::model::Connection;
use crate::ui::view::View;

impl Circumstances for View<'_> {
    fn path_name(&self, device: Option<&str>) -> String {
        self.path(device).name
    }

    fn conditions(&self, connection: &Connection) -> Vec<Condition> {
        let subflows = self.subflows(connection.id());
        subflows.iter().map(|subflow| self.condition(subflow)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use crate::model::{Line, Sample, Token};
    use crate::ui::test_data::{Stage, connection};

    fn matching(words: &str) -> Vec<u64> {
        let stage = Stage::usual();
        let filter = Filter::parse(words);
        let view = stage.view();
        let mut found: Vec<u64> = stage
            .history
            .state()
            .connections
            .values()
            .filter(|connection| filter.matches(connection, &view))
            .map(|connection| connection.cookie.0)
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn each_word_narrows() {
        assert_eq!(matching(""), [1, 2, 3]);
        assert_eq!(matching("port:443"), [1, 3]);
        assert_eq!(matching("port:443 app:fire"), [3]);
        assert_eq!(matching("if:wlan0 -port:22"), [1]);
    }

    #[test]
    fn states_are_words() {
        assert_eq!(matching("fallback"), [3]);
        assert_eq!(matching("backup"), [1]);
        assert_eq!(matching("one-path"), [2]);
    }

    #[test]
    fn a_plain_word_is_sought_everywhere() {
        assert_eq!(matching("wi-fi"), [1, 2]);
        assert_eq!(matching("SSH"), [2]);
        assert_eq!(matching("203.0.113"), [2]);
    }

    #[test]
    fn a_link_local_address_is_sought_with_its_link() {
        let mut stage = Stage::usual();
        let on_link = |cookie, device: &str| Connection {
            local: format!("[fe80::aa%{device}]:4000").parse().expect("an address"),
            ..connection(cookie, "ssh", &format!("[fe80::bb%{device}]:22"))
        };
        stage.history.apply(Line::Sample(Box::new(Sample {
            t: 11.0,
            full: true,
            connections: vec![on_link(1, "eth0"), on_link(2, "wlan0")],
            ..Sample::default()
        })));
        let view = stage.view();
        let found = |words: &str| {
            let filter = Filter::parse(words);
            [1, 2].map(|token| {
                let connection = stage.history.latest(Token(token).into()).expect("a connection");
                filter.matches(connection, &view)
            })
        };
        for words in [
            "fe80::bb%eth0",
            "addr:fe80::aa%eth0",
            "ip:FE80::bb%eth0",
            "-host:%wlan0",
        ] {
            assert_eq!(found(words), [true, false], "{words}");
        }
        assert_eq!(found("addr:fe80::bb"), [true, true]);
    }

    #[test]
    fn a_word_that_is_being_typed_hides_nothing() {
        assert_eq!(matching("port:"), [1, 2, 3]);
        assert_eq!(connection(9, "x", "192.0.2.1:1").cookie.0, 9);
    }
}
