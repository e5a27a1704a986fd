//! How large the parts of a path map are: in the window, and read from afar.

/// The sizes of one degree of density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Density {
    /// A node's height and the distance to the next one.
    pub node: f32,
    pub pitch: f32,
    /// The least height of an address with subflows, and of one without.
    pub peer: f32,
    pub hollow: f32,
    /// The height that each edge takes of an address.
    pub edge: f32,
    /// The height of a label.
    pub pill: f32,
    /// Between two addresses.
    pub gap: f32,
    /// Whether nodes and addresses have two lines.
    pub node_lines: Lines,
    pub peer_lines: Lines,
    /// How many times as large text, strokes and shapes are as in the window.
    pub scale: f32,
}

/// How much a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Two,
}

impl Density {
    fn times(self, factor: f32) -> Self {
        Self {
            node: self.node * factor,
            pitch: self.pitch * factor,
            peer: self.peer * factor,
            hollow: self.hollow * factor,
            edge: self.edge * factor,
            pill: self.pill * factor,
            gap: self.gap * factor,
            scale: self.scale * factor,
            ..self
        }
    }
}

/// How large the parts of a map are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui) struct Sizes {
    /// From roomy to dense; the first that fits is taken.
    pub(super) densities: [Density; 3],
    /// The widths of nodes and addresses where there is room, and the least.
    node_wide: (f32, f32),
    peer_wide: (f32, f32),
    /// The least room for the edges.
    between: f32,
    /// Whether it is read from afar: then a node says only what matters there.
    pub(super) afar: bool,
}

impl Sizes {
    /// Those of the window.
    pub(in crate::ui) const WINDOW: Self = Self {
        densities: [
            Density {
                node: 56.0,
                pitch: 68.0,
                peer: 72.0,
                hollow: 56.0,
                edge: 26.0,
                pill: 24.0,
                gap: 12.0,
                node_lines: Lines::Two,
                peer_lines: Lines::Two,
                scale: 1.0,
            },
            Density {
                node: 36.0,
                pitch: 44.0,
                peer: 44.0,
                hollow: 36.0,
                edge: 22.0,
                pill: 20.0,
                gap: 10.0,
                node_lines: Lines::One,
                peer_lines: Lines::Two,
                scale: 1.0,
            },
            Density {
                node: 24.0,
                pitch: 30.0,
                peer: 26.0,
                hollow: 24.0,
                edge: 20.0,
                pill: 18.0,
                gap: 6.0,
                node_lines: Lines::One,
                peer_lines: Lines::One,
                scale: 1.0,
            },
        ],
        node_wide: (272.0, 190.0),
        peer_wide: (248.0, 170.0),
        between: 240.0,
        afar: false,
    };

    /// Those of present mode on 1280×720.
    pub(in crate::ui) const PRESENT: Self = Self {
        densities: [
            Density {
                node: 80.0,
                pitch: 96.0,
                peer: 112.0,
                hollow: 80.0,
                edge: 46.0,
                pill: 42.0,
                gap: 16.0,
                node_lines: Lines::Two,
                peer_lines: Lines::Two,
                scale: 1.75,
            },
            Density {
                node: 56.0,
                pitch: 66.0,
                peer: 76.0,
                hollow: 76.0,
                edge: 42.0,
                pill: 38.0,
                gap: 10.0,
                node_lines: Lines::One,
                peer_lines: Lines::Two,
                scale: 1.75,
            },
            Density {
                node: 34.0,
                pitch: 38.0,
                peer: 34.0,
                hollow: 34.0,
                edge: 32.5,
                pill: 29.5,
                gap: 4.0,
                node_lines: Lines::One,
                peer_lines: Lines::One,
                scale: 1.7,
            },
        ],
        node_wide: (348.0, 300.0),
        peer_wide: (284.0, 260.0),
        between: 400.0,
        afar: true,
    };

    /// So many times as large.
    #[must_use]
    pub(in crate::ui) fn times(self, factor: f32) -> Self {
        let both = |(most, least): (f32, f32)| (most * factor, least * factor);
        Self {
            densities: self.densities.map(|density| density.times(factor)),
            node_wide: both(self.node_wide),
            peer_wide: both(self.peer_wide),
            between: self.between * factor,
            ..self
        }
    }

    /// The widths of nodes and addresses on so much width.
    pub(super) fn widths(&self, whole: f32) -> (f32, f32) {
        let (node, peer) = (self.node_wide, self.peer_wide);
        let most = node.0 - node.1 + peer.0 - peer.1;
        let spare = (whole - self.between - node.1 - peer.1).clamp(0.0, most);
        let share = (node.0 - node.1) / most;
        (node.1 + spare * share, peer.1 + spare * (1.0 - share))
    }
}
