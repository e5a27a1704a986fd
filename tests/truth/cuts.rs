//! What is done to a path, and undone.

use std::sync::atomic::Ordering;

use pathscope::model::SocketAddr;

use super::cell::{Cell, Cut, Flow};
use super::network::{Hosts, Side, number};
use super::traffic::Traffic;
use super::watcher::Watcher;
use super::{LIMIT, common};

/// When something is done, ms after the first, and whether it is done or undone.
pub(crate) fn steps(cut: Cut) -> Vec<(u32, bool)> {
    match cut {
        Cut::Flap => (0..6).map(|step| (step * 1000, step % 2 == 0)).collect(),
        Cut::Unplugged => vec![(0, true), (500, false)],
        _ => [(0, true)]
            .into_iter()
            .chain(cut.lasts_ms().map(|ms| (ms, false)))
            .collect(),
    }
}

/// One round's cut.
pub(crate) struct Cutter<'a> {
    pub(crate) cell: &'a Cell,
    pub(crate) hosts: &'a Hosts,
    pub(crate) watcher: &'a Watcher,
    pub(crate) traffic: &'a Traffic,
    /// The device that carries most.
    pub(crate) carrier: &'a str,
}

/// Which side is watched.
pub(crate) fn watched(cell: &Cell) -> Side {
    if cell.role.is_client() {
        Side::Client
    } else {
        Side::Server
    }
}

/// What a cut needs before anything flows.
pub(crate) fn prepare(cell: &Cell, hosts: &Hosts) {
    match cell.cut {
        // The server announces an address, and the client joins it, without an endpoint of its own.
        Cut::RemoveAddr if cell.role.is_client() => {
            hosts.ip(Side::Client, &["mptcp endpoint delete id 2".to_owned()]);
            hosts.ip(
                Side::Server,
                &["mptcp endpoint add 10.77.2.1 dev ethernet id 2 signal".to_owned()],
            );
        }
        Cut::Return => {
            hosts.ip(
                Side::Client,
                &[
                    "mptcp endpoint delete id 2".to_owned(),
                    "link set ethernet down".to_owned(),
                ],
            );
        }
        _ => {}
    }
}

impl Cutter<'_> {
    fn spare(&self) -> &'static str {
        if self.carrier == "wifi" {
            "ethernet"
        } else {
            "wifi"
        }
    }

    /// The end of the path that gets the data, and the one that sends them.
    fn receiver(&self) -> Side {
        let watched = watched(self.cell);
        if self.cell.role.sends() {
            watched.other()
        } else {
            watched
        }
    }

    /// A change of the client's endpoint on the path.
    fn endpoint(&self, verb: &str, flag: &str) -> String {
        format!("mptcp endpoint {verb} id {} {flag}", number(self.carrier))
    }

    /// Does it, or undoes it.
    pub(crate) fn perform(&self, on: bool) {
        let (hosts, carrier) = (self.hosts, self.carrier);
        let (near, far) = (watched(self.cell), watched(self.cell).other());
        let receiver = self.receiver();
        match self.cell.cut {
            Cut::Healthy => {}
            Cut::StopsReading => self.traffic.shared.deaf.store(on, Ordering::Relaxed),
            Cut::Rests(_) => self.traffic.rest(on),
            Cut::NearDown(_) | Cut::Flap | Cut::Unplugged if on => hosts.down(near, carrier),
            Cut::NearDown(_) | Cut::Flap => hosts.up(near, carrier),
            Cut::Unplugged => hosts.ip(Side::Client, &[self.endpoint("delete", "")]),
            Cut::FarDown => hosts.down(far, carrier),
            Cut::Silent(_) => hosts.silence(carrier, receiver, on),
            Cut::SilentData(_) => hosts.lose_incoming(receiver, carrier, on),
            Cut::SilentAcks(_) => hosts.lose_incoming(receiver.other(), carrier, on),
            Cut::OwnQueue(_) => hosts.queue(near, carrier, false, on),
            Cut::OwnBlackhole(_) => hosts.queue(near, carrier, true, on),
            Cut::OwnFirewall(_) => hosts.firewall(near, "output", carrier, on),
            Cut::InputFirewall(_) => hosts.firewall(near, "input", carrier, on),
            Cut::BothSilent => {
                hosts.silence(carrier, receiver, on);
                hosts.silence(self.spare(), receiver, on);
            }
            Cut::Two if on => {
                hosts.down(near, carrier);
                hosts.silence(self.spare(), receiver, true);
            }
            Cut::Two => hosts.silence(self.spare(), receiver, false),
            Cut::Slow => {
                let (ethernet, wifi) = self.cell.network.round_trips_ms.unwrap_or_default();
                let round_trip_ms = if carrier == "wifi" { wifi } else { ethernet };
                hosts.shape(carrier, Some(round_trip_ms / 2.0 + 150.0), None);
            }
            Cut::Lossy => hosts.shape(carrier, None, Some(30.0)),
            Cut::Narrow => {
                let mbps = match self.cell.flow {
                    Flow::Steady(kbps) => kbps as f64 / 1e3,
                    _ => self.cell.network.mbps.unwrap_or(100.0),
                };
                hosts.narrow(carrier, mbps * 0.3);
            }
            Cut::Return => {
                hosts.up(Side::Client, "ethernet");
                let add = "mptcp endpoint add 10.77.2.2 dev ethernet id 2 subflow".to_owned();
                hosts.ip(Side::Client, &[add]);
            }
            _ => self.perform_on_sockets(near, far),
        }
    }

    fn perform_on_sockets(&self, near: Side, far: Side) {
        let (hosts, carrier) = (self.hosts, self.carrier);
        let subflow = || {
            let (local, remote) = self.watcher.subflow(carrier);
            [local, remote].map(|address: SocketAddr| address.to_string())
        };
        match self.cell.cut {
            Cut::RemoveAddr if near == Side::Client => {
                hosts.ip(Side::Server, &["mptcp endpoint delete id 2".to_owned()]);
            }
            Cut::RemoveAddr => hosts.ip(Side::Client, &[self.endpoint("delete", "")]),
            Cut::Reset => {
                let [here, there] = subflow();
                hosts.run(far, &["ss", "-K", "-t", "src", &there, "dst", &here]);
            }
            Cut::CloseHere => {
                let [here, there] = subflow();
                let program = common::pathscope();
                hosts.run(near, &[&program.to_string_lossy(), "close", &here, &there]);
            }
            Cut::TakeAddress => {
                let number = number(carrier);
                hosts.ip(
                    Side::Client,
                    &[format!("addr del 10.77.{number}.2/24 dev {carrier}")],
                );
            }
            Cut::MakeBackup => hosts.ip(Side::Client, &[self.endpoint("change", "backup")]),
            Cut::BothReset => hosts.reset_all(near),
            Cut::AllKilled => {
                let port = if near == Side::Client { "dport" } else { "sport" };
                hosts.run(near, &["ss", "-K", "-t", port, "=", ":7000"]);
            }
            other => unreachable!("{other} is done elsewhere"),
        }
    }
}

/// Waits until the paths are there over which the connection is to go.
pub(crate) fn wait_for_paths(cell: &Cell, watcher: &Watcher) {
    let expected: &[&str] = match cell.cut {
        Cut::Return => &["wifi"],
        _ => &["ethernet", "wifi"],
    };
    common::wait_for("every subflow", LIMIT, || {
        (watcher.devices() == expected).then_some(())
    });
}
