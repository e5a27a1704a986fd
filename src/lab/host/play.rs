//! A scenario at work: the hosts, their links, the applications, and what happens to the links.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::super::net::{NamespaceThread, ip, ip_as_far_as_it_goes, own_namespace};
use super::super::protocol::{Order, Report};
use super::super::scenario::{Change, LinkPlan, scenario};
use super::super::timeline::Timeline;
use super::super::work::{self, Work};
use super::super::{LabError, Link, raw};
use super::cast::cast;
use super::crowd_server::allow_sockets;
use super::forwarder::{Forwarder, Reshape, Shape};
use super::paths::{self, Path};
use super::report;
use super::server::{self, Accepted};

/// How long the connections may take to come up, beside some time for each.
const COME_UP_TIMEOUT: Duration = Duration::from_secs(12);
const COME_UP_TIMEOUT_EACH: Duration = Duration::from_millis(5);
/// How often it is told how many connections are up.
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// How soon a network manager notices that a network is gone and removes its endpoints, and how soon after that it
/// adds them again.
const NETWORK_MANAGER_DELAY: Duration = Duration::from_millis(500);
/// How often the applications are checked.
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// One link with both its sides: what it is to the forwarder, and what it is to the laptop.
struct Wire {
    path: Path,
    link: Link,
    endpoints: bool,
    /// When its endpoints were last removed.
    removed: Option<Instant>,
    announced: bool,
    /// How often the server has announced its address there.
    announcements: u16,
    changed: Instant,
}

impl Wire {
    fn new(index: usize, plan: &LinkPlan) -> Self {
        Self {
            path: Path {
                number: u8::try_from(index + 1).unwrap_or(u8::MAX),
                name: plan.name.to_owned(),
                metric: plan.metric,
                joining: plan.joining,
            },
            link: Link {
                name: plan.name.to_owned(),
                label: plan.label.to_owned(),
                delay_ms: plan.delay_ms,
                rate_mbps: plan.rate_mbps,
                loss_percent: plan.loss_percent,
                plugged: true,
            },
            endpoints: true,
            removed: None,
            announced: true,
            announcements: 1,
            changed: Instant::now(),
        }
    }

    fn near(&self) -> String {
        format!("{}-near", self.link.name)
    }

    fn far(&self) -> String {
        format!("{}-far", self.link.name)
    }

    /// Makes its two pairs of interfaces, in the laptop's namespace. Linux 6.12 and older look for the name that
    /// stands first in the namespace of who asks, not in the one where the interface is to be (`__rtnl_newlink`): it must
    /// be a name that only this pair has.
    fn connect(&self, server_netns: &str, air_netns: &str) -> [String; 2] {
        let (name, near, far) = (&self.link.name, self.near(), self.far());
        let peer = format!("netns {air_netns} type veth peer name {name}");
        [
            format!("link add name {near} {peer}"),
            format!("link add name {far} {peer} netns {server_netns}"),
        ]
    }

    fn shape(&self) -> Shape {
        Shape {
            delay: Duration::from_secs_f64(self.link.delay_ms / 1e3),
            rate_bps: self.link.rate_mbps * 1e6,
            loss: self.link.loss_percent / 100.0,
        }
    }
}

struct ScenarioRun {
    wires: Vec<Wire>,
    server: NamespaceThread,
    reshape: Sender<Reshape>,
    apps: Vec<(String, Child)>,
    timeline: Timeline,
    /// When the play began.
    begun: Instant,
    /// The links by plan.
    plans: &'static [LinkPlan],
}

/// Builds a scenario, reports when it is up, and plays it until nobody is left to give orders.
pub(super) fn run(
    name: &str,
    connections: Option<usize>,
    automatic: bool,
    orders: &Receiver<Order>,
) -> Result<(), LabError> {
    let scenario = scenario(name).ok_or_else(|| LabError::Failed(format!("there is no scenario {name}")))?;
    let wires: Vec<_> = scenario
        .links
        .iter()
        .enumerate()
        .map(|(index, plan)| Wire::new(index, plan))
        .collect();
    own_namespace()?;
    let (server, air) = (NamespaceThread::new("server")?, NamespaceThread::new("air")?);
    let reshape = build(&wires, &server, &air)?;
    let paths: Vec<_> = wires.iter().map(|wire| &wire.path).collect();
    let (tasks, services) = cast(scenario, &paths, connections.unwrap_or(scenario.connections));
    let accepted = server.run(move || server::listen(services))?;
    let expected = tasks.iter().map(|task| task.connections).sum();
    // The server has some of them twice until all are up.
    allow_sockets(expected + scenario.flows.len())?;
    let mut running = ScenarioRun {
        wires,
        server,
        reshape,
        apps: Vec::new(),
        timeline: Timeline::new(scenario, automatic),
        begun: Instant::now(),
        plans: scenario.links,
    };
    running.report_links();
    running.report_play();
    for task in tasks {
        let name = task.name.clone();
        running
            .apps
            .push((name, work::spawn(&Work::Application(task), Stdio::null())?));
    }
    if running.wait_until_up(&accepted, expected, orders)? {
        report(&Report::Up {
            server_thread: running.server.thread().as_raw(),
        });
        running.run_until_closed(orders)?;
    }
    Ok(())
}

/// Makes the interfaces, connects them, and sets both hosts up.
fn build(
    wires: &[Wire],
    server: &NamespaceThread,
    air: &NamespaceThread,
) -> Result<Sender<Reshape>, LabError> {
    paths::host_settings()?;
    server.run(paths::host_settings)?;
    air.run(paths::silent_settings)?;

    let (server_netns, air_netns) = (server.path(), air.path());
    ip(&wires
        .iter()
        .flat_map(|wire| wire.connect(&server_netns, &air_netns))
        .collect::<Vec<_>>())?;

    ip(&paths::common())?;

    let names: Vec<_> = wires.iter().map(|wire| wire.link.name.clone()).collect();
    complete_frames(&names)?;
    let mut batch = paths::common();
    batch.extend(paths::server_addresses());
    batch.extend(wires.iter().flat_map(|wire| wire.path.server_end()));
    batch.extend(wires.iter().flat_map(|wire| wire.path.announce(0)));
    server.run(move || complete_frames(&names).and_then(|()| ip(&batch)))?;

    let (reshape, reshapes) = unbounded();
    let ends: Vec<_> = wires
        .iter()
        .map(|wire| (wire.near(), wire.far(), wire.shape()))
        .collect();
    air.run(move || {
        let up = |name: &String| format!("link set {name} up");
        ip(&ends
            .iter()
            .flat_map(|(near, far, _)| [up(near), up(far)])
            .collect::<Vec<_>>())?;
        let forwarder = Forwarder::open(&ends, reshapes)
            .map_err(|error| LabError::failed("cannot open the links' ends", error))?;
        server::start("forwarder", move || forwarder.run())
    })?;

    paths::set_up_laptop(&wires.iter().map(|wire| &wire.path).collect::<Vec<_>>())?;
    ip(&wires
        .iter()
        .flat_map(|wire| wire.path.add_endpoints())
        .collect::<Vec<_>>())?;
    Ok(reshape)
}

/// Lets nothing but complete frames leave these interfaces.
fn complete_frames(interfaces: &[String]) -> Result<(), LabError> {
    interfaces.iter().try_for_each(|interface| {
        raw::offloads_off(interface).map_err(|error| {
            LabError::failed(format!("cannot switch the offloads of {interface} off"), error)
        })
    })
}

impl ScenarioRun {
    fn report_links(&self) {
        report(&Report::Links(
            self.wires.iter().map(|wire| wire.link.clone()).collect(),
        ));
    }

    fn report_play(&self) {
        report(&Report::Plays {
            by_itself: self.timeline.plays(),
        });
    }

    /// Waits until every connection has a subflow on every path. False when nobody waits for it any more.
    fn wait_until_up(
        &mut self,
        accepted: &Accepted,
        expected: usize,
        orders: &Receiver<Order>,
    ) -> Result<bool, LabError> {
        let begun = Instant::now();
        let timeout = COME_UP_TIMEOUT + COME_UP_TIMEOUT_EACH * u32::try_from(expected).unwrap_or(u32::MAX);
        let extra = u8::try_from(self.wires.len().saturating_sub(1)).unwrap_or(u8::MAX);
        let mut told_at = None;
        loop {
            let complete = accepted.complete(extra);
            if told_at.is_none_or(|told: Instant| told.elapsed() > REPORT_EVERY) {
                told_at = Some(Instant::now());
                report(&Report::Coming {
                    up: complete.min(expected),
                    of: expected,
                });
            }
            if complete >= expected {
                accepted.forget();
                return Ok(true);
            }
            self.check_apps()?;
            if begun.elapsed() > timeout {
                return Err(LabError::Failed(format!(
                    "only {complete} of {expected} connections had all their subflows after {} s",
                    timeout.as_secs()
                )));
            }
            match orders.recv_timeout(Duration::from_millis(10)) {
                Ok(order) => self.carry_out(&order)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
            }
        }
    }

    fn run_until_closed(&mut self, orders: &Receiver<Order>) -> Result<(), LabError> {
        self.begun = Instant::now();
        if self.timeline.plays() {
            self.timeline.begin(Duration::ZERO);
        }
        loop {
            while let Some(act) = self.timeline.take_due(self.begun.elapsed()) {
                self.change(act.link, act.change)?;
            }
            self.follow_networks();
            self.check_apps()?;
            let wait = self.timeline.next_due().map_or(CHECK_EVERY, |due| {
                due.saturating_sub(self.begun.elapsed()).min(CHECK_EVERY)
            });
            match orders.recv_timeout(wait) {
                Ok(order) => self.carry_out(&order)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Does what a person asks, who does everything from then on.
    fn carry_out(&mut self, order: &Order) -> Result<(), LabError> {
        let (link, change) = match order {
            Order::Plug { link, plugged: true } => (link, Change::Plug),
            Order::Plug { link, plugged: false } => (link, Change::Unplug),
            Order::Shape {
                link,
                delay_ms,
                rate_mbps,
                loss_percent,
            } => (
                link,
                Change::Shape {
                    delay_ms: *delay_ms,
                    rate_mbps: *rate_mbps,
                    loss_percent: *loss_percent,
                },
            ),
            Order::Play { by_itself } => return self.play(*by_itself),
            // Orders to a crowd.
            Order::Calm | Order::CloseAll => return Ok(()),
        };
        if self.timeline.plays() {
            self.play(false)?;
        }
        self.change(link, change)
    }

    /// Leaves everything to a person, or begins the acts anew with the links as they are by plan.
    fn play(&mut self, by_itself: bool) -> Result<(), LabError> {
        if by_itself {
            for plan in self.plans {
                let planned = Change::Shape {
                    delay_ms: Some(plan.delay_ms),
                    rate_mbps: Some(plan.rate_mbps),
                    loss_percent: Some(plan.loss_percent),
                };
                for change in [planned, Change::Plug, Change::Announce] {
                    self.change(plan.name, change)?;
                }
            }
            self.timeline.begin(self.begun.elapsed());
        } else {
            self.timeline.stop();
        }
        self.report_play();
        Ok(())
    }

    fn change(&mut self, name: &str, change: Change) -> Result<(), LabError> {
        let Some((index, wire)) = self
            .wires
            .iter_mut()
            .enumerate()
            .find(|(_, wire)| wire.link.name == name)
        else {
            return Ok(());
        };
        match change {
            Change::Unplug if wire.link.plugged => {
                wire.link.plugged = false;
                wire.changed = Instant::now();
                ip(&wire.path.down())?;
            }
            Change::Plug if !wire.link.plugged => {
                wire.link.plugged = true;
                wire.changed = Instant::now();
                ip(&wire.path.up())?;
            }
            Change::Withdraw if wire.announced => {
                wire.announced = false;
                let batch = wire.path.withdraw();
                self.server.run(move || ip(&batch))?;
            }
            Change::Announce if !wire.announced => {
                wire.announced = true;
                let batch = wire.path.announce(wire.announcements);
                wire.announcements = wire.announcements.wrapping_add(1);
                self.server.run(move || ip(&batch))?;
            }
            Change::Unplug | Change::Plug | Change::Withdraw | Change::Announce => return Ok(()),
            Change::Shape {
                delay_ms,
                rate_mbps,
                loss_percent,
            } => {
                wire.link.delay_ms = delay_ms.unwrap_or(wire.link.delay_ms);
                wire.link.rate_mbps = rate_mbps.unwrap_or(wire.link.rate_mbps);
                wire.link.loss_percent = loss_percent.unwrap_or(wire.link.loss_percent);
                // The forwarder lives as long as this process.
                let _ = self.reshape.send((index, wire.shape()));
            }
        }
        self.report_links();
        Ok(())
    }

    /// Removes the endpoints of a network that is gone, as a network manager does, so that their subflows are closed,
    /// and adds them when it returns. The peer must be told of the removal over another path before it hears of an
    /// addition: otherwise it closes the new subflow in place of the old one.
    fn follow_networks(&mut self) {
        let settled = |since: Instant| since.elapsed() >= NETWORK_MANAGER_DELAY;
        let mut wires = self.wires.iter();
        let told = wires.any(|wire| wire.link.plugged && settled(wire.changed));
        for wire in &mut self.wires {
            if wire.link.plugged && !wire.endpoints && wire.removed.is_none_or(settled) {
                wire.endpoints = true;
                // A person may have changed the endpoints meanwhile.
                ip_as_far_as_it_goes(&wire.path.add_endpoints());
            } else if !wire.link.plugged && wire.endpoints && settled(wire.changed) && told {
                wire.endpoints = false;
                wire.removed = Some(Instant::now());
                ip_as_far_as_it_goes(&wire.path.remove_endpoints());
            }
        }
    }

    fn check_apps(&mut self) -> Result<(), LabError> {
        for (name, child) in &mut self.apps {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(LabError::Failed(format!(
                    "the application {name} ended: {status}"
                )));
            }
        }
        Ok(())
    }
}

impl Drop for ScenarioRun {
    fn drop(&mut self) {
        for (_, child) in &mut self.apps {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::scenario::scenarios;
    use super::*;

    #[test]
    fn each_pair_is_made_under_a_name_of_its_own() {
        for scenario in scenarios() {
            let wires = scenario.links.iter().enumerate();
            let commands: Vec<_> = wires
                .flat_map(|(index, plan)| Wire::new(index, plan).connect("/server", "/air"))
                .collect();
            let first: Vec<_> = commands
                .iter()
                .filter_map(|command| command.strip_prefix("link add name ")?.split(' ').next())
                .collect();
            assert_eq!(first.len(), 2 * scenario.links.len(), "{commands:?}");
            for name in &first {
                assert_eq!(first.iter().filter(|other| *other == name).count(), 1, "{name}");
                assert!(
                    scenario.links.iter().all(|plan| plan.name != *name),
                    "an older kernel takes {name} for the laptop's"
                );
            }
        }
    }
}
