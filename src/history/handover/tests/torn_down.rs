//! Subflows that close by a change of their endpoint.

use super::Stream;
use crate::history::handover::Cause;
use crate::model::{Command, CommandOutcome, Endpoint, EndpointFlags, EventKind};

#[test]
fn a_change_of_an_endpoint_that_closes_its_subflows_is_who_closed_them() {
    for command_first in [true, false] {
        let mut stream = Stream::new(false);
        let endpoint = Endpoint {
            id: 1,
            address: [10, 0, 0, 1].into(),
            port: None,
            interface: None,
            interface_index: None,
            flags: EndpointFlags::SUBFLOW,
        };
        stream.detector.endpoints.insert(1, endpoint);
        stream.flow(0, 3.0);
        let told = |stream: &mut Stream| {
            stream.event(EventKind::Command, |event| {
                event.command = Some(CommandOutcome {
                    asked: Some(Command::EndpointChange {
                        id: 1,
                        flags: "fullmesh".parse().expect("a flag"),
                    }),
                    by: "window".to_owned(),
                    reference: None,
                    ok: true,
                    message: None,
                });
            });
        };
        if command_first {
            told(&mut stream);
        }
        stream.wifi_closed();
        if !command_first {
            told(&mut stream);
        }
        stream.connection.subflows.remove(0);
        stream.flow(0, 2.0);
        assert_eq!(stream.only().cause, Cause::ClosedLocally, "{command_first}");
    }
}
