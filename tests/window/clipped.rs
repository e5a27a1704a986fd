//! Every text that is painted is painted whole, and none lies over another: in every panel, at several sizes and
//! scales. What scrolls may end at its edge.

use super::*;
use egui::{Pos2, Rect, Shape, vec2};

/// A text, where it stands, and what is seen of it.
struct Painted {
    text: String,
    place: Rect,
    clip: Rect,
}

fn texts(shape: &Shape, clip: Rect, all: &mut Vec<Painted>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| texts(shape, clip, all)),
        Shape::Text(text) => {
            let place = text.galley.mesh_bounds.translate(text.pos.to_vec2());
            if !text.galley.text().trim().is_empty() && place.is_positive() && place.intersects(clip) {
                let text = text.galley.text().to_owned();
                all.push(Painted { text, place, clip });
            }
        }
        _ => {}
    }
}

impl Window {
    fn painted(&self) -> Vec<Painted> {
        let mut all = Vec::new();
        for shape in &self.harness.output().shapes {
            texts(&shape.shape, shape.clip_rect, &mut all);
        }
        all
    }
}

/// A window in another size in points, with so many pixels a point.
fn resize(window: &mut Window, (width, height, scale): (f32, f32, f32)) {
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.get_mut(&egui::ViewportId::ROOT).unwrap();
    viewport.native_pixels_per_point = Some(scale);
    window.harness.set_size(vec2(width, height));
    window.harness.run();
}

fn faults(window: &Window, whole: Rect) -> Vec<String> {
    let mut all = window.painted();
    // The table scrolls sideways, below what stands at its end.
    let table = window
        .harness
        .query_by_label("Sort by Path")
        .map(|head| head.rect());
    let in_table = |one: &Painted| {
        table.is_some_and(|head| one.place.top() >= head.top() && one.clip.top() + 12.0 >= head.top())
    };
    all.retain(|one| !in_table(one));
    let mut faults = Vec::new();
    for one in &all {
        // A letter's edge is softened beyond it by a fraction of a point.
        let seen = one.clip.intersect(whole).expand(1.0);
        let across = seen.left() <= one.place.left() && one.place.right() <= seen.right();
        if !across {
            faults.push(format!(
                "{:?} is cut: {:?} in {:?}",
                one.text, one.place, one.clip
            ));
        }
    }
    for (number, one) in all.iter().enumerate() {
        for other in all.iter().skip(number + 1) {
            let both = one.place.intersect(other.place);
            let seen = both.intersect(one.clip).intersect(other.clip);
            if seen.width() > 1.5 && seen.height() > 1.5 {
                faults.push(format!(
                    "{:?} lies over {:?} at {:?}",
                    one.text, other.text, seen.min
                ));
            }
        }
    }
    faults
}

const SIZES: [(f32, f32, f32); 4] = [
    (1440.0, 900.0, 1.0),
    (1024.0, 640.0, 1.0),
    (960.0, 600.0, 1.5),
    (800.0, 500.0, 2.5),
];

fn look_through(window: &mut Window) {
    let mut wrong = Vec::new();
    for size in SIZES {
        resize(window, size);
        let whole = Rect::from_min_size(Pos2::ZERO, vec2(size.0, size.1));
        for tab in ["Connections", "Handovers", "Paths", "Events"] {
            window.click(tab);
            window.harness.remove_cursor();
            window.harness.run();
            let found = faults(window, whole);
            wrong.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{tab} at {size:?}: {fault}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_text_is_cut_or_lies_over_another_while_much_is_shown() {
    let lab = Some(Box::new(lab::Lab::default()) as Box<dyn LabControls>);
    look_through(&mut open(Scripted::played(stage::full_access()), lab));
}

#[test]
fn no_text_is_cut_or_lies_over_another_while_there_is_nothing() {
    look_through(&mut with_sample(stage::quiet(60.0), stage::read_only()));
    look_through(&mut open(Scripted::new(stage::full_access()), None));
}

#[test]
fn no_text_is_cut_or_lies_over_another_where_the_source_is_lost() {
    let why = "ssh: connect to host maxi-laptop port 22: No route to host";
    look_through(&mut open(Scripted::ended(stage::full_access(), why), None));
}
