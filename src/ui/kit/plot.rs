//! A plot of egui_plot in this window's look: its axes, grid and transform; what it shows are drawings of our own. And a
//! plot that is only felt, whose pan, zoom and box zoom move the time of all plots at once.

use std::ops::RangeInclusive;

use egui::{
    AsIdSalt, Color32, FontId, IdSalt, Painter, PointerButton, Rangef, Rect, Response, Sense, Shape, Stroke,
    Ui, UiBuilder, Vec2, vec2,
};
use egui_plot::{
    AxisHints, GridMark, Plot, PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform,
    PlotUi,
};

use super::text::width;
use super::time_axis::TimeAxis;
use super::time_window::TimeWindow;
use crate::ui::theme::{Tokens, Type};

/// Something that a plot shows.
pub(in crate::ui) trait Drawing {
    /// Adds its shapes, the first at the bottom.
    fn draw(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>);
}

/// A drawing as an item of a plot. It neither widens the bounds nor answers the pointer: one cursor goes through all
/// plots, and what it says stands beside them.
pub(in crate::ui) struct Item<D> {
    base: PlotItemBase,
    drawing: D,
}

impl<D: Drawing> Item<D> {
    /// The item of a drawing.
    pub(in crate::ui) fn of(drawing: D) -> Self {
        Self {
            base: PlotItemBase::new(String::new()),
            drawing,
        }
    }
}

impl<D: Drawing> PlotItem for Item<D> {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        self.drawing.draw(ui, transform, shapes);
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

/// A place on an axis and what stands there.
pub(in crate::ui) type Tick = (f64, String);

/// One plot.
#[derive(Clone, Debug)]
pub(in crate::ui) struct PlotFrame {
    /// Where its data lie.
    pub place: Rect,
    /// The times at its left and right end.
    pub times: (f64, f64),
    /// The values at its lower and upper end.
    pub values: (f64, f64),
    /// The ticks of both axes.
    pub time_ticks: Vec<Tick>,
    pub value_ticks: Vec<Tick>,
    /// Room for the labels at its left.
    pub gutter: f32,
    /// Room for the labels below it; 0 for none.
    pub below: f32,
    /// Whether its time has lines.
    pub grid: bool,
    /// How many times as large its text is as in the window.
    pub scale: f32,
}

impl PlotFrame {
    /// Shows it with what `draw` adds to it.
    pub(in crate::ui) fn show<'a>(
        &'a self,
        salt: impl AsIdSalt,
        ui: &mut Ui,
        draw: impl FnOnce(&mut PlotUi<'a>) + 'a,
    ) -> PlotTransform {
        let tokens = Tokens::of(ui);
        let outer = Rect::from_min_max(
            self.place.min - vec2(self.gutter, 0.0),
            self.place.max + vec2(0.0, self.below),
        );
        let mut inner = ui.new_child(UiBuilder::new().max_rect(outer).id_salt(IdSalt::new(salt)));
        let font =
            |ticks: &[Tick], room: f32| fitting(ticks, Type::Small.times(self.scale), room, inner.painter());
        let hints =
            |hints: AxisHints<'static>, ticks: &[Tick], room: f32, font: FontId, after: &'static str| {
                let ticks = ticks.to_vec();
                hints
                    .formatter(move |mark, _| label(&ticks, mark) + after)
                    .label_spacing(ALWAYS)
                    .min_thickness(room)
                    .tick_label_color(tokens.text3)
                    .tick_label_font(font)
            };
        let x = hints(
            AxisHints::new_x(),
            &self.time_ticks,
            self.below,
            font(&[], 0.0),
            "",
        );
        // A blank keeps the labels off the plot.
        let small = font(&self.value_ticks, self.gutter - BESIDE_LABELS);
        let y = hints(AxisHints::new_y(), &self.value_ticks, self.gutter, small, BLANK);
        let marks = |ticks: &[Tick]| {
            let marks: Vec<GridMark> = marks(ticks).collect();
            move |_| marks.clone()
        };
        bare()
            .sense(Sense::hover())
            .show_axes([self.below > 0.0, self.gutter > 0.0])
            .custom_x_axes(vec![x])
            .custom_y_axes(vec![y])
            .show_grid([self.grid, true])
            .grid_color(tokens.grid)
            .x_grid_spacer(marks(&self.time_ticks))
            .y_grid_spacer(marks(&self.value_ticks))
            .show(&mut inner, |plot| {
                plot.set_plot_bounds_x(self.times.0..=self.times.1);
                plot.set_plot_bounds_y(self.values.0..=self.values.1);
                draw(plot);
            })
            .transform
    }
}

/// What keeps labels off the plot.
const BLANK: &str = " ";
/// What egui_plot leaves free beside the labels of a vertical axis, points.
const BESIDE_LABELS: f32 = 8.5;

/// A font in which all labels have room at their axis: an axis with wider ones would push its plot aside, and the times
/// of plots would no longer stand above each other.
fn fitting(ticks: &[Tick], font: FontId, room: f32, painter: &Painter) -> FontId {
    let wide = |(_, label): &Tick| width(painter, &format!("{label}{BLANK}"), font.clone());
    let widest = ticks.iter().map(wide).fold(0.0, f32::max);
    if widest <= room {
        return font;
    }
    FontId {
        size: font.size * room / widest,
        ..font
    }
}

/// Lines and labels are as strong as they are anywhere, however near to each other.
const ALWAYS: Rangef = Rangef {
    min: 0.0,
    max: f32::MIN_POSITIVE,
};

fn label(ticks: &[Tick], mark: GridMark) -> String {
    let tick = ticks
        .iter()
        .find(|(value, _)| value.to_bits() == mark.value.to_bits());
    tick.map(|(_, label)| label.clone()).unwrap_or_default()
}

fn marks(ticks: &[Tick]) -> impl Iterator<Item = GridMark> {
    let step = ticks.windows(2).find_map(|two| match two {
        [(a, _), (b, _)] => Some((b - a).abs()),
        _ => None,
    });
    let step_size = step.unwrap_or(f64::MAX);
    ticks.iter().map(move |(value, _)| GridMark {
        value: *value,
        step_size,
    })
}

/// A plot without anything.
fn bare<'a>() -> Plot<'a> {
    Plot::new("plot")
        .min_size(Vec2::ZERO)
        .set_margin_fraction(Vec2::ZERO)
        .show_background(false)
        .show_axes(false)
        .show_grid(false)
        .grid_spacing(ALWAYS)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .allow_boxed_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_zoom(false)
}

/// What somebody does to the time of plots with the pointer.
pub(in crate::ui) struct Gestures {
    /// That of everything over the plots.
    pub response: Response,
    /// The box that is being drawn, from left to right.
    pub boxed: Option<Rangef>,
}

impl Gestures {
    /// Shows the box that is being drawn: what it spans is what the plots will show.
    pub(in crate::ui) fn mark(&self, ui: &Ui) {
        if let Some(over) = self.boxed {
            let tokens = Tokens::of(ui);
            let ground = Rect::from_x_y_ranges(over, self.response.rect.y_range());
            ui.painter()
                .rect_filled(ground, 0.0, tokens.text.gamma_multiply(0.18));
            for x in [over.min, over.max] {
                ui.painter()
                    .vline(x, ground.y_range(), Stroke::new(1.0, tokens.text));
            }
        }
    }
}

/// What spans less was no box, points.
const LEAST_BOX: f32 = 4.0;
/// By how much a point of the wheel zooms.
const WHEEL: f32 = 0.004;

/// Feels for drag, wheel, pinch, box and double click over `place`, and moves the window of time by them.
pub(in crate::ui) fn time_gestures(
    salt: impl AsIdSalt,
    window: &mut TimeWindow,
    place: Rect,
    now: f64,
    ui: &mut Ui,
) -> Gestures {
    let (from, to) = window.range(now);
    let axis = TimeAxis {
        from,
        to,
        left: place.left(),
        right: place.right(),
    };
    let mut inner = ui.new_child(UiBuilder::new().max_rect(place).id_salt(IdSalt::new(salt)));
    // It is felt, not seen.
    inner.set_opacity(0.0);
    let plot = bare()
        .allow_drag([true, false])
        .allow_scroll([true, false])
        .allow_zoom([true, false]);
    let shown = plot.show(&mut inner, |plot| {
        plot.set_plot_bounds_x(from..=to);
        plot.set_plot_bounds_y(0.0..=1.0);
        let wheel = plot.ctx().input(|input| input.smooth_scroll_delta().y);
        if let Some(at) = plot.response().hover_pos().filter(|_| wheel != 0.0) {
            let around = PlotPoint::new(axis.time(at.x), 0.5);
            plot.zoom_bounds(vec2((wheel * WHEEL).exp(), 1.0), around);
        }
    });
    let response = shown.response;
    let times = shown.transform.bounds().range_x();
    if response.double_clicked() {
        window.follow();
    } else if (times.start() - from).abs() + (times.end() - to).abs() > 1e-9 {
        window.set(*times.start(), *times.end(), now);
    }
    Gestures {
        boxed: boxed(&response, &axis, window, now, ui),
        response,
    }
}

/// The box that is being drawn with the secondary button, wherever the pointer is meanwhile. At its end the window of time
/// is what it spans.
fn boxed(response: &Response, axis: &TimeAxis, window: &mut TimeWindow, now: f64, ui: &Ui) -> Option<Rangef> {
    let id = response.id.with("box");
    let (button, at) = (PointerButton::Secondary, response.interact_pointer_pos());
    if let Some(at) = at.filter(|_| response.drag_started_by(button)) {
        let origin = ui.input(|input| input.pointer.press_origin());
        ui.data_mut(|data| data.insert_temp(id, origin.unwrap_or(at).x));
    }
    let began: f32 = ui.data(|data| data.get_temp(id))?;
    let latest = at.or_else(|| ui.input(|input| input.pointer.latest_pos()))?.x;
    let drawn = Rangef::new(began.min(latest), began.max(latest));
    let drawn = drawn.intersection(Rangef::new(axis.left, axis.right));
    if response.dragged_by(button) {
        return Some(drawn);
    }
    ui.data_mut(|data| data.remove::<f32>(id));
    if response.drag_stopped_by(button) && drawn.span() > LEAST_BOX {
        window.set(axis.time(drawn.min), axis.time(drawn.max), now);
    }
    None
}

#[cfg(test)]
mod tests {
    use egui::{Context, Pos2, RawInput, pos2};

    use super::*;

    #[test]
    fn wide_labels_do_not_push_a_plot_aside() {
        let ctx = Context::default();
        crate::ui::theme::install(&ctx);
        let place = Rect::from_min_max(pos2(60.0, 10.0), pos2(400.0, 90.0));
        let mut lefts = Vec::new();
        for _ in 0..3 {
            let input = RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(500.0, 200.0))),
                ..RawInput::default()
            };
            let mut output = ctx.run_ui(input, |ui| {
                let label = |value: f64| (value, format!("{value:.6}"));
                let frame = PlotFrame {
                    place,
                    times: (0.0, 60.0),
                    values: (0.0, 1.0),
                    time_ticks: vec![(30.0, "-30 s".to_owned())],
                    value_ticks: vec![label(0.0), label(0.5)],
                    gutter: 40.0,
                    below: 24.0,
                    grid: true,
                    scale: 1.0,
                };
                lefts.push(frame.show("plot", ui, |_| ()).frame().left());
            });
            output.textures_delta.clear();
        }
        assert!(
            lefts.iter().all(|left| (left - place.left()).abs() < 0.5),
            "{lefts:?}"
        );
    }
}
