//! What the window says: by its accessible names, and by the text that it paints where there is no name.

use std::collections::HashSet;

use egui::Shape;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};

/// What one place says of one subflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub path: String,
    /// The rate as it is written, where data flows; else what stands in its place.
    pub rate: Result<String, String>,
}

/// What is said of the connection in the centre.
#[derive(Clone, Debug, Default)]
pub struct Centre {
    /// Whether rates are those of what is sent.
    pub sends: bool,
    pub total: String,
    pub plots: Vec<Told>,
    pub map: Vec<Told>,
    pub chips: Vec<Told>,
    /// State, what is sent and what is received.
    pub table: Vec<(String, String, [String; 2])>,
    /// How many subflows the header counts, and how many carry.
    pub header: Option<(usize, usize)>,
}

/// The names and values of everything that has one. What a tooltip says again counts once.
pub fn names(harness: &Harness<'_>) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = harness.query_all(by().predicate(|_| true));
    all.filter_map(|node| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    })
    .filter(|name| seen.insert(name.clone()))
    .collect()
}

/// A text that is painted.
#[derive(Clone, Debug)]
pub struct Painted {
    pub text: String,
    pub high: f32,
}

/// Every text that is painted.
pub fn painted(harness: &Harness<'_>) -> Vec<Painted> {
    fn texts(shape: &Shape, all: &mut Vec<Painted>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, all)),
            Shape::Text(text) => all.push(Painted {
                text: text.galley.text().to_owned(),
                high: text.galley.rect.height(),
            }),
            _ => {}
        }
    }
    let mut all = Vec::new();
    for shape in &harness.output().shapes {
        texts(&shape.shape, &mut all);
    }
    all
}

fn is_rate(word: &str) -> bool {
    word.trim_start_matches('<').parse::<f64>().is_ok()
}

/// `8.00` or what else stands there.
fn rate(text: &str) -> Result<String, String> {
    if is_rate(text) {
        Ok(text.to_owned())
    } else {
        Err(text.to_owned())
    }
}

/// A name and what stands after it.
fn split_last(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once(' ')
}

/// `Path over Wi-Fi, 8.00 Mbit/s, 24 ms, 10.0.0.1 to 198.51.100.7:443`
fn edge(name: &str) -> Option<Told> {
    let rest = name.strip_prefix("Path over ")?;
    let mut parts = rest.split(", ");
    let (path, mut label) = (parts.next()?, parts.next()?);
    if label == "backup" {
        label = parts.next()?;
    }
    let rate = label
        .strip_suffix(" Mbit/s")
        .map_or_else(|| Err(label.split(' ').next().unwrap_or(label).to_owned()), rate);
    (label != "closed").then(|| Told {
        path: path.to_owned(),
        rate,
    })
}

impl Centre {
    /// What is said of the connection in the centre, if one is there.
    pub fn of(harness: &Harness<'_>) -> Option<Self> {
        let names = names(harness);
        let plots = names
            .iter()
            .find_map(|name| name.strip_prefix("Plots: throughput "))?;
        let (total, layers) = plots.split_once(';')?;
        let (way, total) = total.split_once(' ')?;
        let mut centre = Self {
            sends: way == "sent",
            total: total.strip_suffix(" Mbit/s").unwrap_or(total).to_owned(),
            map: names.iter().filter_map(|name| edge(name)).collect(),
            ..Self::default()
        };
        for layer in layers
            .split(", ")
            .map(str::trim)
            .filter(|layer| !layer.is_empty())
        {
            let spoken = layer.split(" RTT ").next().unwrap_or(layer);
            let (path, figure) = split_last(spoken)?;
            centre.plots.push(Told {
                path: path.to_owned(),
                rate: rate(figure),
            });
        }
        for painted in painted(harness) {
            for part in painted.text.split(" · ") {
                let count = |words: &str| words.split(' ').next()?.parse::<usize>().ok();
                if let Some((all, carrying)) = part.split_once(", ")
                    && carrying.ends_with(" carrying data")
                {
                    centre.header = count(all).map(|all| (all, count(carrying).unwrap_or(0)));
                }
            }
        }
        centre.chips(&names, harness);
        centre.rows(&names);
        Some(centre)
    }

    /// The chips of the row that is chosen.
    fn chips(&mut self, names: &[String], harness: &Harness<'_>) {
        let heading = harness
            .query_all_by_role(egui::accesskit::Role::Heading)
            .find_map(|node| node.accesskit_node().label());
        let Some((app, peer)) = heading.as_deref().and_then(|name| name.rsplit_once(" to ")) else {
            return;
        };
        let start = format!("{app}, {peer}, ");
        let Some(row) = names.iter().find_map(|name| name.strip_prefix(&start)) else {
            return;
        };
        for part in row.split(", ").take(self.plots.len()) {
            if let Some((path, text)) = split_last(part) {
                let words = ["answered"];
                let (path, text) = match (words.contains(&text), path.strip_suffix(" not")) {
                    (true, Some(path)) => (path, "not answered"),
                    _ => (path, text),
                };
                self.chips.push(Told {
                    path: path.to_owned(),
                    rate: rate(text),
                });
            }
        }
    }

    /// The rows of the table.
    fn rows(&mut self, names: &[String]) {
        for name in names {
            let parts: Vec<&str> = name.split(", ").collect();
            let [path, ends, state, ..] = parts.as_slice() else {
                continue;
            };
            let (Some((local, remote)), false) = (ends.split_once(" to "), name.starts_with("Path over "))
            else {
                continue;
            };
            let is_address = |text: &str| {
                text.rsplit_once(':')
                    .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
            };
            if !is_address(local) || !is_address(remote) {
                continue;
            }
            let figure = |head: &str| {
                let of = |part: &&str| part.strip_prefix(head).map(str::to_owned);
                let found = parts.iter().find_map(of).unwrap_or_default();
                found.trim_end_matches(" Mbit/s").to_owned()
            };
            let figures = [figure("Out "), figure("In ")];
            self.table
                .push(((*path).to_owned(), (*state).to_owned(), figures));
        }
    }

    /// Where two places say two things.
    pub fn contradictions(&self) -> Vec<String> {
        let mut all = Vec::new();
        let is_plain = self.chips.iter().any(|chip| chip.path == "plain TCP");
        // Who plots any metric sees no map; the table may be scrolled, and in another order.
        let mut same = |what: &str, told: &[Told], whole: bool| {
            if told.is_empty() || (whole && told.len() != self.plots.len()) {
                if !told.is_empty() {
                    all.push(format!("{what}: {told:?} beside the plots' {:?}", self.plots));
                }
                return;
            }
            let mut plots = self.plots.clone();
            for one in told {
                let fits = |plots: &Told| {
                    let path = one.path == plots.path || is_plain;
                    path && match (&one.rate, &plots.rate) {
                        (Ok(one), Ok(other)) => one == other,
                        // What says in a word that nothing flows says so of a rate of nothing.
                        (Err(_), Ok(other)) => other.parse() == Ok(0.0),
                        (_, Err(_)) => false,
                    }
                };
                match plots.iter().position(fits) {
                    Some(found) => drop(plots.remove(found)),
                    None => all.push(format!("{what}: {one:?} beside the plots' {:?}", self.plots)),
                }
            }
        };
        same("map", &self.map, true);
        same("chips", &self.chips, true);
        let way = usize::from(!self.sends);
        let table = self.table.iter().filter(|(.., figures)| !figures[way].is_empty());
        let told = table.clone().map(|(path, _, figures)| Told {
            path: path.split(" (").next().unwrap_or(path).to_owned(),
            rate: rate(&figures[way]),
        });
        same("table", &told.collect::<Vec<_>>(), false);
        for (path, state, figures) in table {
            let carries = figures
                .iter()
                .any(|figure| !figure.is_empty() && figure.parse() != Ok(0.0));
            if state != "established" && carries {
                all.push(format!("table: {path} is {state} and has {figures:?}"));
            }
        }
        if let Some((living, carrying)) = self.header.filter(|_| !self.map.is_empty()) {
            let carry = self.map.iter().filter(|told| told.rate.is_ok()).count();
            if (living, carrying) != (self.plots.len(), carry) {
                all.push(format!(
                    "header: {living} subflows, {carrying} carry, beside {:?}",
                    self.map
                ));
            }
        }
        let number = |text: &str| text.trim_start_matches('<').parse::<f64>().unwrap_or(f64::NAN);
        let rates = self.plots.iter().filter_map(|told| told.rate.as_ref().ok());
        let sum: f64 = rates.map(|rate| number(rate)).sum();
        let decimals = self
            .total
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        // Each is rounded on its own.
        let most =
            (self.plots.len() as f64 + 1.0) * 0.5 * 0.1_f64.powi(i32::try_from(decimals).unwrap()) + 0.011;
        let apart = (number(&self.total) - sum).abs();
        if apart.is_nan() || apart > most {
            all.push(format!("total: {} beside {:?}", self.total, self.plots));
        }
        all
    }
}
