//! Every text that is painted is painted whole, and none lies over another: in every panel, at several sizes and
//! scales. What scrolls may end at its edge.

use super::*;
use egui::accesskit::Role;
use egui::{Rect, Shape, vec2};
use egui_kittest::kittest::By;

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

/// A window in another size in points, with so many pixels a point, and everything enlarged by somebody; what there is
/// then, in larger points.
fn resize(window: &mut Window, (width, height, scale, zoom): (f32, f32, f32, f32)) -> Rect {
    let viewports = &mut window.harness.input_mut().viewports;
    let viewport = viewports.get_mut(&egui::ViewportId::ROOT).unwrap();
    viewport.native_pixels_per_point = Some(scale);
    window.harness.ctx.set_zoom_factor(zoom);
    // The harness does not know that fewer points are left then, and the window takes no more than there is room for.
    for _ in 0..4 {
        let size = vec2(width, height) / window.harness.ctx.zoom_factor();
        window.harness.set_size(size);
        window.harness.run();
    }
    window.harness.ctx.content_rect()
}

/// Tabs, and parts of the bar at the top, with something else that is pressed or typed into over them. What scrolls may
/// lie below what does not.
fn pressed_together(window: &Window, whole: Rect) -> Vec<String> {
    const TOP_BAR: f32 = 48.0;
    const PARTS: [Role; 5] = [
        Role::Button,
        Role::Tab,
        Role::TextInput,
        Role::Switch,
        Role::CheckBox,
    ];
    let parts: Vec<(String, Rect)> = window
        .harness
        .query_all(By::new().predicate(|node| PARTS.contains(&node.role())))
        .map(|node| {
            let name = node.accesskit_node().label().unwrap_or_default();
            (name, node.rect().intersect(whole))
        })
        .filter(|(_, place)| place.is_positive())
        .collect();
    let mut faults = Vec::new();
    for (number, (name, place)) in parts.iter().enumerate() {
        for (other, other_place) in parts.iter().skip(number + 1) {
            let both = place.intersect(*other_place);
            let within = place.contains_rect(*other_place) || other_place.contains_rect(*place);
            let above = place.top().max(other_place.top()) < TOP_BAR;
            if both.width() > 1.5 && both.height() > 1.5 && !within && above {
                faults.push(format!("{name:?} lies over {other:?} at {both:?}"));
            }
        }
    }
    faults
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

/// Points from side to side and from top to bottom, pixels a point, and what somebody enlarged.
const SIZES: [(f32, f32, f32, f32); 9] = [
    (1440.0, 900.0, 1.0, 1.0),
    (1024.0, 640.0, 1.0, 1.0),
    (960.0, 600.0, 1.5, 1.0),
    (800.0, 500.0, 2.5, 1.0),
    (1440.0, 900.0, 1.0, 2.5),
    (1280.0, 800.0, 1.0, 3.0),
    (1024.0, 640.0, 1.0, 1.5),
    (640.0, 400.0, 2.0, 1.0),
    (1280.0, 600.0, 1.0, 2.0),
];

fn look_through(window: &mut Window) {
    let mut wrong = Vec::new();
    for size in SIZES {
        let whole = resize(window, size);
        for tab in ["Connections", "Handovers", "Paths", "Events"] {
            window.click(tab);
            window.harness.remove_cursor();
            window.harness.run();
            let mut found = faults(window, whole);
            found.extend(pressed_together(window, whole));
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
fn no_text_is_cut_or_lies_over_another_while_the_picture_is_held() {
    let lab = Some(Box::new(lab::Lab::default()) as Box<dyn LabControls>);
    let mut window = open(Scripted::played(stage::may_ask()), lab);
    window.click("Pause");
    look_through(&mut window);
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
