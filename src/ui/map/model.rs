//! What the path map shows of a connection: its interfaces, the peer's addresses, and an edge a subflow.

use crate::history::{Condition, SubflowHistory};
use crate::model::{Connection, Cookie, EventKind, SocketAddr};
use crate::ui::format;
use crate::ui::view::{Direction, PathName, View, network};

/// An interface of this host.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct Node {
    pub path: PathName,
    /// The network: its name, or the link's speed.
    pub network: String,
    pub signal_dbm: Option<i32>,
    /// The address that the subflows use, and how many others they use.
    pub address: String,
    pub up: bool,
}

/// An address of the peer.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct Peer {
    pub address: SocketAddr,
    /// What it is called: usually the address itself.
    pub title: String,
    /// What is known of it.
    pub note: String,
    /// Whether a subflow goes there; one that was only announced is hollow.
    pub used: bool,
}

/// What an edge looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Look {
    /// A ribbon as wide as the rate.
    Carrying,
    /// A line.
    Idle,
    /// A line in red that fades.
    Lost,
}

/// A subflow.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ui) struct Edge {
    pub cookie: Cookie,
    /// Its place among the nodes, and among the peers.
    pub ends: (usize, usize),
    pub look: Look,
    /// How much is left of one that is gone, from 1 to 0.
    pub fades: Option<f32>,
    pub backup: bool,
    pub bps: f64,
    /// What its label says: the rate or a state, and what is known besides.
    pub label: (String, String),
    /// The same for those who do not see it.
    pub spoken: String,
}

/// The whole map.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::ui) struct Map {
    pub nodes: Vec<Node>,
    pub peers: Vec<Peer>,
    pub edges: Vec<Edge>,
    /// The largest rate of an edge within the last minute, bits a second.
    pub largest_bps: f64,
    /// What all edges carry together, bits a second, and the decimals of every rate.
    pub total_bps: f64,
    pub decimals: usize,
    /// Which way the rates go, and the dots with them.
    pub direction: Direction,
}

/// How long a subflow that is gone fades, seconds.
const FADES_S: f64 = 0.6;
/// How far back rates decide how wide an edge is, and an interface keeps its place without a subflow, seconds.
const RECENT_S: f64 = 60.0;

impl Map {
    pub(in crate::ui) fn new(connection: &Connection, view: &View<'_>) -> Self {
        let direction = view.direction_of(connection.id());
        let mut map = Self {
            direction,
            total_bps: view.total_bps(connection.id()),
            decimals: view.decimals(connection.id()),
            ..Self::default()
        };
        let since = view.shown.now() - RECENT_S;
        let mut subflows: Vec<_> = view
            .shown
            .subflows_of(connection.id())
            .filter(|subflow| subflow.ended_at.is_none_or(|ended| ended > since))
            .collect();
        view.sort(&mut subflows);
        for subflow in &subflows {
            let node = map.node(subflow, &subflows, view);
            let fades = subflow.ended_at.map(|ended| left(view.clock() - ended));
            if fades.is_some_and(|left| left <= 0.0) {
                continue;
            }
            let ends = (node, map.peer(subflow));
            map.edges.push(Edge {
                fades,
                ..edge(subflow, ends, map.decimals, view)
            });
            let newest = subflow.points.iter().rev().take_while(|point| point.t > since);
            let largest = newest.map(|point| direction.bps(point)).fold(0.0, f64::max);
            map.largest_bps = map.largest_bps.max(largest);
        }
        map.settle();
        map.announced(connection, view);
        map
    }

    /// Names the peer's addresses for those who see them from afar: without the port, which the second line says.
    #[must_use]
    pub(in crate::ui) fn for_afar(mut self, app: &str) -> Self {
        for peer in &mut self.peers {
            peer.title = peer.address.host().to_string();
            peer.note = format!("{app}, port {}", peer.address.port());
        }
        self
    }

    fn node(&mut self, subflow: &SubflowHistory, all: &[&SubflowHistory], view: &View<'_>) -> usize {
        let path = view.path(subflow.last.interface.as_deref());
        if let Some(place) = self.nodes.iter().position(|node| node.path == path) {
            return place;
        }
        let interface = subflow.last.interface.as_deref();
        let interface = interface.and_then(|name| view.shown.state().interface(name));
        let mut addresses: Vec<_> = all
            .iter()
            .filter(|other| other.last.interface == subflow.last.interface)
            .map(|other| other.last.local.ip())
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        let first = subflow.last.local.ip();
        let address = match addresses.len() {
            0 | 1 => first.to_string(),
            several => format!("{first} +{}", several - 1),
        };
        let up = view.interface_up(&subflow.last) != Some(false);
        self.nodes.push(Node {
            path,
            network: match interface {
                Some(interface) if !interface.up => "down".to_owned(),
                Some(interface) => network(interface).unwrap_or_default(),
                None if up => String::new(),
                None => "gone".to_owned(),
            },
            signal_dbm: interface.and_then(|interface| interface.signal_dbm),
            address,
            up,
        });
        self.nodes.len() - 1
    }

    fn peer(&mut self, subflow: &SubflowHistory) -> usize {
        let address = subflow.last.remote;
        let place = self.peers.iter().position(|peer| peer.address == address);
        place.unwrap_or_else(|| {
            let note = match (subflow.last.remote_id, subflow.last.initial) {
                (Some(0), _) | (None, Some(true)) => "id 0, first address".to_owned(),
                (Some(id), _) => format!("id {id}"),
                (None, _) => String::new(),
            };
            self.peers.push(Peer {
                address,
                title: address.to_string(),
                note,
                used: true,
            });
            self.peers.len() - 1
        })
    }

    /// Puts the peer's addresses in the order of the interfaces that reach them, so that few edges cross.
    fn settle(&mut self) {
        let mean = |peer: usize| {
            let ends = self.edges.iter().filter(|edge| edge.ends.1 == peer);
            let (sum, count) = ends.fold((0, 0), |(sum, count), edge| (sum + edge.ends.0, count + 1));
            sum as f64 / f64::from(count.max(1))
        };
        let mut order: Vec<(f64, usize)> = (0..self.peers.len()).map(|peer| (mean(peer), peer)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let place = |old: usize| order.iter().position(|(_, peer)| *peer == old).unwrap_or(old);
        for edge in &mut self.edges {
            edge.ends.1 = place(edge.ends.1);
        }
        let old = std::mem::take(&mut self.peers);
        self.peers = order
            .iter()
            .filter_map(|(_, peer)| old.get(*peer).cloned())
            .collect();
    }

    /// Adds the addresses that the peer announced and that no subflow uses. One without a port is meant with the
    /// connection's own (RFC 8684, section 3.4.1).
    fn announced(&mut self, connection: &Connection, view: &View<'_>) {
        let mine = |token| token == connection.token && connection.token.is_some();
        let mut announced: Vec<(u8, SocketAddr)> = Vec::new();
        for event in view.shown.events().iter().filter(|event| mine(event.token)) {
            let Some(id) = event.remote_id else { continue };
            match (event.kind, event.remote) {
                (EventKind::AddressAnnounced, Some(mut address)) => {
                    if address.port() == 0 {
                        address = address.with_port(connection.remote.port());
                    }
                    announced.retain(|(other, _)| *other != id);
                    announced.push((id, address));
                }
                (EventKind::AddressRemoved, _) => announced.retain(|(other, _)| *other != id),
                _ => {}
            }
        }
        for (id, address) in announced {
            // An announcement does not say on which link it is meant.
            if !self.peers.iter().any(|peer| peer.address.may_be(&address)) {
                self.peers.push(Peer {
                    address,
                    title: address.to_string(),
                    note: format!("id {id}, announced, not used"),
                    used: false,
                });
            }
        }
    }
}

/// How much is left of a subflow that has been gone so long, from 1 to 0.
#[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
fn left(gone_s: f64) -> f32 {
    (1.0 - gone_s / FADES_S).clamp(0.0, 1.0) as f32
}

fn edge(subflow: &SubflowHistory, ends: (usize, usize), decimals: usize, view: &View<'_>) -> Edge {
    let last = &subflow.last;
    let (condition, backup, bps) = (view.condition(subflow), last.is_backup(), view.bps(subflow));
    let rtt = last.rtt_us.filter(|rtt| *rtt > 0);
    let rtt = rtt.map_or_else(String::new, |rtt| format!("{:.0} ms", f64::from(rtt) / 1000.0));
    let (look, label) = match condition {
        Condition::Carrying => {
            let rate = format!("{} Mbit/s", format::rate(bps, decimals));
            let more = if backup { format!("{rtt}, backup") } else { rtt };
            (Look::Carrying, (rate, more))
        }
        Condition::Idle if backup => (Look::Idle, ("backup, idle".to_owned(), rtt)),
        Condition::Idle => (Look::Idle, ("idle".to_owned(), rtt)),
        Condition::NotAnswered => (Look::Idle, ("not answered".to_owned(), String::new())),
        Condition::Closed => (Look::Lost, ("closed".to_owned(), String::new())),
        Condition::Stalled => {
            let since = last.last_ack_received_ms.map(|ms| f64::from(ms) / 1000.0);
            let since = since.filter(|since| *since >= 1.0);
            let word = if view.interface_up(last) == Some(false) {
                "lost"
            } else {
                "stalled"
            };
            let word = since.map_or_else(
                || word.to_owned(),
                |since| format!("{word} {}", format::age(since)),
            );
            let timeouts = last.backoff.filter(|backoff| *backoff > 0);
            let timeouts = timeouts.map(|backoff| format::several(usize::from(backoff), "timeout"));
            (Look::Lost, (word, timeouts.unwrap_or_default()))
        }
    };
    let path = view.path(last.interface.as_deref());
    let mut label = label;
    let mut ends_in_words = format!("{} to {}", last.local.host(), last.remote);
    if let Some(owner) = view.other_owner(last) {
        ends_in_words = format!(
            "{} of {owner} leaves by {}, to {}",
            last.local.ip(),
            path.name,
            last.remote
        );
        let more = [label.1.as_str(), &format!("{owner}'s address")];
        label.1 = more
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
    }
    let spoken = [
        format!("Path over {}", path.name),
        label.0.clone(),
        label.1.clone(),
        ends_in_words,
    ];
    let spoken: Vec<String> = spoken.into_iter().filter(|part| !part.is_empty()).collect();
    Edge {
        cookie: last.cookie,
        ends,
        look,
        fades: None,
        backup,
        bps,
        label,
        spoken: spoken.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Line, Origin, Token};
    use crate::ui::test_data::Stage;

    fn map(stage: &Stage, token: u32) -> Map {
        let view = stage.view();
        let connection = view
            .shown
            .latest(Token(token).into())
            .expect("a known connection");
        Map::new(connection, &view)
    }

    #[test]
    fn each_subflow_is_an_edge_between_its_interface_and_the_peers_address() {
        let map = map(&Stage::usual(), 1);
        let names: Vec<_> = map.nodes.iter().map(|node| node.path.name.as_str()).collect();
        assert_eq!(names, ["Wi-Fi", "Phone"]);
        assert_eq!(map.peers.len(), 1);
        let looks: Vec<_> = map
            .edges
            .iter()
            .map(|edge| (edge.ends, edge.look, edge.backup))
            .collect();
        assert_eq!(
            looks,
            [((0, 0), Look::Carrying, false), ((1, 0), Look::Idle, true)]
        );
        let labels: Vec<_> = map.edges.iter().map(|edge| edge.label.0.as_str()).collect();
        assert_eq!(labels, ["8.00 Mbit/s", "backup, idle"]);
        assert!((map.largest_bps - 8e6).abs() < 1.0);
    }

    #[test]
    fn two_subflows_over_one_interface_begin_at_one_node() {
        let mut stage = Stage::usual();
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        let second = connection.subflows.get_mut(1).expect("two");
        second.interface = Some("wlan0".to_owned());
        second.address_interface = Some("wwan0".to_owned());
        let sample = crate::model::Sample {
            t: 10.5,
            connections: vec![connection],
            ..crate::model::Sample::default()
        };
        stage.history.apply(Line::Sample(Box::new(sample)));
        let map = map(&stage, 1);
        let names: Vec<_> = map.nodes.iter().map(|node| node.path.name.as_str()).collect();
        assert_eq!(names, ["Wi-Fi"]);
        let ends: Vec<_> = map.edges.iter().map(|edge| edge.ends).collect();
        assert_eq!(ends, [(0, 0), (0, 0)]);
        let other = map.edges.get(1).expect("two");
        assert_eq!(other.label.1, "Phone's address");
        assert!(
            other.spoken.contains("10.0.9.1 of Phone leaves by Wi-Fi"),
            "{}",
            other.spoken
        );
    }

    #[test]
    fn the_same_address_of_the_peer_on_two_links_is_two() {
        let mut stage = Stage::usual();
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        for subflow in &mut connection.subflows {
            let device = subflow.interface.clone().expect("a device");
            subflow.remote = format!("[fe80::bb%{device}]:443").parse().expect("an address");
        }
        let announced = Event {
            token: Some(Token(1)),
            remote: Some("[fe80::bb]:443".parse().expect("an address")),
            remote_id: Some(4),
            ..Event::new(11.0, EventKind::AddressAnnounced, Origin::Kernel)
        };
        stage.history.apply(Line::Sample(Box::new(crate::model::Sample {
            t: 11.0,
            connections: vec![connection],
            ..crate::model::Sample::default()
        })));
        stage.history.apply(Line::Event(Box::new(announced)));
        let map = map(&stage, 1);
        let titles: Vec<_> = map.peers.iter().map(|peer| peer.title.as_str()).collect();
        assert_eq!(titles, ["[fe80::bb%wlan0]:443", "[fe80::bb%wwan0]:443"]);
        let ends: Vec<_> = map.edges.iter().map(|edge| edge.ends).collect();
        assert_eq!(ends, [(0, 0), (1, 1)]);
        let afar: Vec<_> = map
            .for_afar("ssh")
            .peers
            .into_iter()
            .map(|peer| peer.title)
            .collect();
        assert_eq!(afar, ["fe80::bb%wlan0", "fe80::bb%wwan0"]);
    }

    #[test]
    fn an_interface_keeps_its_place_for_a_while_after_its_last_subflow() {
        let mut stage = Stage::usual();
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        connection.subflows.remove(0);
        let sample = |t: f64| {
            let sample = crate::model::Sample {
                t,
                connections: vec![connection.clone()],
                ..crate::model::Sample::default()
            };
            Line::Sample(Box::new(sample))
        };
        stage.history.apply(sample(11.0));
        let mut view = stage.view();
        view.waited_s = 0.7;
        let after = Map::new(&connection, &view);
        assert_eq!((after.nodes.len(), after.edges.len()), (2, 1));
        stage.history.apply(sample(80.0));
        assert_eq!(map(&stage, 1).nodes.len(), 1);
    }

    #[test]
    fn a_subflow_that_is_gone_is_red_at_once_and_fades() {
        let mut stage = Stage::usual();
        let mut connection = stage.history.latest(Token(1).into()).expect("known").clone();
        connection.subflows.remove(0);
        stage.history.apply(Line::Sample(Box::new(crate::model::Sample {
            t: 11.0,
            connections: vec![connection.clone()],
            ..crate::model::Sample::default()
        })));
        let fading = |waited_s: f64| {
            let mut view = stage.view();
            view.waited_s = waited_s;
            let map = Map::new(&connection, &view);
            let gone = map.edges.into_iter().find(|edge| edge.fades.is_some());
            gone.map(|edge| (edge.look, edge.fades.unwrap_or_default()))
        };
        assert_eq!(fading(0.0), Some((Look::Lost, 1.0)));
        let (_, half) = fading(0.3).expect("still there");
        assert!((half - 0.5).abs() < 1e-3, "{half}");
        assert_eq!(fading(0.61), None);
    }

    #[test]
    fn an_announced_address_is_hollow_until_a_subflow_uses_it_or_it_is_removed() {
        let mut stage = Stage::usual();
        let told = |kind, remote: Option<&str>| {
            let mut event = Event::new(11.0, kind, Origin::Kernel);
            event.token = Some(Token(1));
            event.remote_id = Some(4);
            event.remote = remote.map(|remote| remote.parse().expect("an address"));
            Line::Event(Box::new(event))
        };
        let connection = stage.history.latest(Token(1).into()).expect("known").clone();
        stage
            .history
            .apply(told(EventKind::AddressAnnounced, Some("198.51.100.9:0")));
        let peers = Map::new(&connection, &stage.view()).peers;
        let last = peers.last().expect("two");
        assert_eq!(
            (last.address.to_string().as_str(), last.used),
            ("198.51.100.9:443", false)
        );
        stage.history.apply(told(EventKind::AddressRemoved, None));
        assert_eq!(Map::new(&connection, &stage.view()).peers.len(), 1);
    }
}
