//! Where the path map's parts lie: nodes at the left, the peer's addresses at the right, curves and labels between.

use egui::{Pos2, Rect, pos2, vec2};

use super::model::{Edge, Map};
use super::sizes::{Density, Sizes};

/// Where along its edge a label begins to look for its place, and how far it moves on at a time.
const LABEL_AT: f32 = 0.3;
const LABEL_STEP: f32 = 0.06;

/// The way of an edge: horizontal at both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    pub from: Pos2,
    pub to: Pos2,
}

impl Curve {
    /// The place at a share of the way (a cubic whose control points lie at half the distance).
    pub(super) fn at(&self, share: f32) -> Pos2 {
        let share = share.clamp(0.0, 1.0);
        let rest = 1.0 - share;
        // Bernstein's polynomials: of the first end, both control points, and the last end.
        let first = rest.powi(3);
        let inner = [3.0 * rest.powi(2) * share, 3.0 * rest * share.powi(2)];
        let last = share.powi(3);
        let middle = f32::midpoint(self.from.x, self.to.x);
        pos2(
            first * self.from.x + (inner[0] + inner[1]) * middle + last * self.to.x,
            (first + inner[0]) * self.from.y + (inner[1] + last) * self.to.y,
        )
    }
}

/// The places of everything.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub density: Density,
    pub high: f32,
    pub nodes: Vec<Rect>,
    pub peers: Vec<Rect>,
    pub curves: Vec<Curve>,
    pub labels: Vec<Rect>,
}

/// The height that a map takes of at most `budget`; `None` where there is no room for it.
pub(super) fn height(map: &Map, sizes: &Sizes, budget: f32) -> Option<f32> {
    density(map, sizes, budget).map(|density| content_height(map, &density))
}

fn density(map: &Map, sizes: &Sizes, budget: f32) -> Option<Density> {
    let mut densities = sizes.densities.into_iter();
    densities.find(|density| !map.nodes.is_empty() && content_height(map, density) <= budget)
}

fn content_height(map: &Map, density: &Density) -> f32 {
    let nodes = map.nodes.len() as f32 * density.pitch - (density.pitch - density.node);
    let peers: f32 = (0..map.peers.len())
        .map(|peer| peer_height(map, peer, density))
        .sum();
    let gaps = density.gap * map.peers.len().saturating_sub(1) as f32;
    nodes.max(peers + gaps)
}

fn edges_at(map: &Map, peer: usize) -> usize {
    map.edges.iter().filter(|edge| edge.ends.1 == peer).count()
}

fn peer_height(map: &Map, peer: usize, density: &Density) -> f32 {
    match edges_at(map, peer) {
        0 => density.hollow,
        1 => density.peer,
        edges => density
            .peer
            .max(edges as f32 * density.edge + 6.0 * density.scale),
    }
}

impl Plan {
    /// Everything within `area`; `label` is how wide an edge's label is at a scale.
    pub(super) fn new(
        map: &Map,
        sizes: &Sizes,
        area: Rect,
        label: impl Fn(&Edge, f32) -> f32,
    ) -> Option<Self> {
        // A height that went through a place may have lost its last digits.
        let density = density(map, sizes, area.height() + 0.5)?;
        let high = content_height(map, &density);
        let (node_wide, peer_wide) = sizes.widths(area.width());
        let nodes_high = map.nodes.len() as f32 * density.pitch - (density.pitch - density.node);
        let mut top = area.top() + (high - nodes_high) / 2.0;
        let nodes: Vec<Rect> = map
            .nodes
            .iter()
            .map(|_| {
                let rect = Rect::from_min_size(pos2(area.left(), top), vec2(node_wide, density.node));
                top += density.pitch;
                rect
            })
            .collect();
        let heights: Vec<f32> = (0..map.peers.len())
            .map(|peer| peer_height(map, peer, &density))
            .collect();
        let peers_high = heights.iter().sum::<f32>() + density.gap * heights.len().saturating_sub(1) as f32;
        let mut top = area.top() + (high - peers_high) / 2.0;
        let peers: Vec<Rect> = heights
            .iter()
            .map(|high| {
                let rect = Rect::from_min_size(pos2(area.right() - peer_wide, top), vec2(peer_wide, *high));
                top += high + density.gap;
                rect
            })
            .collect();
        let curves = curves(map, &nodes, &peers, &density);
        let widths: Vec<f32> = map.edges.iter().map(|edge| label(edge, density.scale)).collect();
        let labels = place_labels(&curves, &widths, &density);
        Some(Self {
            density,
            high,
            nodes,
            peers,
            curves,
            labels,
        })
    }
}

/// The ends of each edge, spread over the side of its node and of its address in the order in which they leave.
fn curves(map: &Map, nodes: &[Rect], peers: &[Rect], density: &Density) -> Vec<Curve> {
    let spread = |rect: &Rect, place: usize, count: usize| {
        let gap = ((rect.height() - 8.0 * density.scale) / count.max(1) as f32).min(density.edge);
        rect.center().y + (place as f32 - (count as f32 - 1.0) / 2.0) * gap
    };
    let place = |edge: usize, here: fn(&(usize, usize)) -> usize, there: fn(&(usize, usize)) -> usize| {
        let own = map.edges.get(edge).map(|edge| edge.ends).unwrap_or_default();
        let mut beside: Vec<(usize, usize)> = map
            .edges
            .iter()
            .enumerate()
            .filter(|(_, other)| here(&other.ends) == here(&own))
            .map(|(number, other)| (there(&other.ends), number))
            .collect();
        beside.sort_unstable();
        let at = beside.iter().position(|(_, number)| *number == edge).unwrap_or(0);
        (at, beside.len())
    };
    map.edges
        .iter()
        .enumerate()
        .filter_map(|(number, edge)| {
            let (node, peer) = (nodes.get(edge.ends.0)?, peers.get(edge.ends.1)?);
            let (at, of) = place(number, |ends| ends.0, |ends| ends.1);
            let from = pos2(node.right(), spread(node, at, of));
            let (at, of) = place(number, |ends| ends.1, |ends| ends.0);
            let to = pos2(peer.left(), spread(peer, at, of));
            Some(Curve { from, to })
        })
        .collect()
}

/// Places each label on its own edge: one after the other from 30 % on towards the peer, then back towards this host,
/// where it touches none before it. Where that leaves two that touch, all stand at the end where the edges are further
/// apart.
fn place_labels(curves: &[Curve], widths: &[f32], density: &Density) -> Vec<Rect> {
    let (high, air) = (density.pill, 4.0 * density.scale);
    let at = |number: usize, share: f32| -> Option<Rect> {
        let (curve, width) = (curves.get(number)?, *widths.get(number)?);
        let place = Rect::from_center_size(curve.at(share), vec2(width, high));
        let (left, right) = (
            curve.from.x + air,
            (curve.to.x - air - width).max(curve.from.x + air),
        );
        Some(place.translate(vec2(place.left().clamp(left, right) - place.left(), 0.0)))
    };
    let all = 0..curves.len().min(widths.len());
    let mut labels: Vec<Rect> = Vec::with_capacity(all.len());
    for number in all.clone() {
        let forth = (0..11_u8).map(|step| LABEL_AT + LABEL_STEP * f32::from(step));
        let back = (1..=4_u8).map(|step| LABEL_AT - LABEL_STEP * f32::from(step));
        let mut places = forth.chain(back).filter_map(|share| at(number, share));
        let free = |place: &Rect| labels.iter().all(|other| hidden(place, other) <= 0.0);
        labels.extend(places.find(free).or_else(|| at(number, LABEL_AT)));
    }
    let at_end = |share: f32| -> Vec<Rect> { all.clone().filter_map(|number| at(number, share)).collect() };
    let cost = |labels: &[Rect]| -> f32 {
        let pairs = labels
            .iter()
            .enumerate()
            .flat_map(|(number, one)| labels.iter().skip(number + 1).map(move |other| (one, other)));
        pairs.map(|(one, other)| hidden(one, other)).sum()
    };
    let mut least = cost(&labels);
    for other in [at_end(0.0), at_end(1.0)] {
        let hides = cost(&other);
        if hides < least {
            (least, labels) = (hides, other);
        }
    }
    labels
}

/// How much two labels hide of each other, with a little air between them.
fn hidden(one: &Rect, other: &Rect) -> f32 {
    let size = one.expand(1.0).intersect(*other).size();
    size.x.max(0.0) * size.y.max(0.0)
}

#[cfg(test)]
mod tests {
    use egui::Vec2;

    use super::super::model::{Look, Node, Peer};
    use super::*;
    use crate::model::Cookie;
    use crate::ui::theme::Slot;
    use crate::ui::view::PathName;

    fn map(nodes: usize, peers: usize, edges: &[(usize, usize)]) -> Map {
        let node = |number: usize| Node {
            path: PathName {
                slot: Slot::PLAIN,
                name: format!("{number}"),
                device: String::new(),
            },
            network: String::new(),
            signal_dbm: None,
            address: String::new(),
            up: true,
        };
        let peer = |number: usize| Peer {
            address: ([10, 0, 0, u8::try_from(number).expect("few")], 443).into(),
            title: String::new(),
            note: String::new(),
            used: true,
        };
        let edge = |ends: &(usize, usize)| Edge {
            cookie: Cookie(1),
            ends: *ends,
            look: Look::Idle,
            fades: None,
            backup: false,
            bps: 0.0,
            label: (String::new(), String::new()),
            spoken: String::new(),
        };
        Map {
            nodes: (0..nodes).map(node).collect(),
            peers: (0..peers).map(peer).collect(),
            edges: edges.iter().map(edge).collect(),
            ..Map::default()
        }
    }

    fn plan(map: &Map, size: Vec2) -> Option<Plan> {
        let area = Rect::from_min_size(pos2(360.0, 110.0), size);
        Plan::new(map, &Sizes::WINDOW, area, |_, _| 140.0)
    }

    /// Every way in which one to eight subflows join interfaces and addresses evenly.
    fn shapes() -> Vec<Map> {
        let mut shapes = Vec::new();
        for count in 1..=8_usize {
            shapes.push(map(
                1,
                count,
                &(0..count).map(|peer| (0, peer)).collect::<Vec<_>>(),
            ));
            shapes.push(map(
                count,
                1,
                &(0..count).map(|node| (node, 0)).collect::<Vec<_>>(),
            ));
            shapes.push(map(
                count,
                count,
                &(0..count).map(|at| (at, at)).collect::<Vec<_>>(),
            ));
        }
        for (nodes, peers) in [(2, 2), (2, 3), (3, 2), (2, 4), (4, 2)] {
            let all = (0..nodes).flat_map(|node| (0..peers).map(move |peer| (node, peer)));
            shapes.push(map(nodes, peers, &all.collect::<Vec<_>>()));
        }
        shapes
    }

    #[test]
    fn no_label_touches_another_and_all_lie_within() {
        for shape in shapes() {
            for size in [vec2(1064.0, 300.0), vec2(800.0, 260.0), vec2(704.0, 260.0)] {
                let plan = plan(&shape, size).expect("room");
                let area = Rect::from_min_size(pos2(360.0, 110.0), size);
                for (number, label) in plan.labels.iter().enumerate() {
                    let ends = shape.edges.get(number).map(|edge| edge.ends);
                    assert!(area.expand(0.5).contains_rect(*label), "{ends:?} {label:?}");
                    for other in plan.labels.iter().skip(number + 1) {
                        let nodes = (shape.nodes.len(), shape.peers.len());
                        assert!(
                            !label.intersects(*other),
                            "{nodes:?} in {size:?}: {label:?} {other:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn parts_lie_beside_each_other_and_edges_end_at_them() {
        for shape in shapes() {
            let plan = plan(&shape, vec2(900.0, 300.0)).expect("room");
            for rects in [&plan.nodes, &plan.peers] {
                assert!(
                    rects
                        .windows(2)
                        .all(|two| matches!(two, [a, b] if a.bottom() < b.top()))
                );
            }
            for (curve, edge) in plan.curves.iter().zip(&shape.edges) {
                let node = plan.nodes.get(edge.ends.0).expect("a node");
                assert!(node.y_range().contains(curve.from.y), "{curve:?} {node:?}");
                assert_eq!(curve.at(0.0), curve.from);
                assert_eq!(curve.at(1.0), curve.to);
            }
        }
    }

    #[test]
    fn eight_paths_are_readable_from_afar() {
        let size = vec2(1088.0, 316.0);
        for shape in shapes() {
            let (nodes, peers) = (shape.nodes.len(), shape.peers.len());
            let area = Rect::from_min_size(pos2(32.0, 116.0), size);
            let plan = Plan::new(&shape, &Sizes::PRESENT, area, |_, _| 240.0).expect("room");
            assert!(plan.density.scale * 12.0 >= 20.0, "{nodes} to {peers}");
            assert!(plan.high <= size.y);
            for (number, label) in plan.labels.iter().enumerate() {
                for other in plan.labels.iter().skip(number + 1) {
                    assert!(
                        !label.intersects(*other),
                        "{nodes} to {peers}: {label:?} {other:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_given_its_height_is_laid_out_in_it() {
        for shape in shapes() {
            for scale in [0.7, 0.889, 1.0, 1.25, 1.5] {
                let sizes = Sizes::PRESENT.times(scale);
                let high = height(&shape, &sizes, 316.0 * scale).expect("room");
                let area = Rect::from_min_size(pos2(16.3, 116.7 * scale), vec2(1088.0 * scale, high));
                let plan = Plan::new(&shape, &sizes, area, |_, scale| 140.0 * scale);
                assert!(plan.is_some(), "{scale} {high}");
            }
        }
    }

    #[test]
    fn it_becomes_denser_and_then_gives_up_its_place() {
        let three = map(3, 1, &[(0, 0), (1, 0), (2, 0)]);
        let within = |map: &Map, budget| height(map, &Sizes::WINDOW, budget);
        assert_eq!(within(&three, 300.0), Some(192.0));
        assert_eq!(within(&three, 150.0), Some(124.0));
        assert_eq!(within(&three, 90.0), Some(84.0));
        assert_eq!(within(&three, 60.0), None);
        assert_eq!(within(&map(0, 0, &[]), 300.0), None);
    }
}
