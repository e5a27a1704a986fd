//! A small software renderer of egui's meshes: needs no driver, and gives the same bytes everywhere.

use std::collections::HashMap;

use egui::epaint::{ClippedPrimitive, ImageData, ImageDelta, Primitive, Vertex};
use egui::{Color32, ColorImage, Mesh, Pos2, Rect, TextureId, TexturesDelta};
use image::RgbImage;

/// The textures that the window has made: the atlas of its fonts.
#[derive(Default)]
pub struct Textures(HashMap<TextureId, ColorImage>);

impl Textures {
    pub fn take(&mut self, delta: &mut TexturesDelta) {
        for (id, deltas) in delta.set.drain() {
            for ImageDelta { image, pos, .. } in deltas {
                let ImageData::Color(image) = image;
                match (pos, self.0.get_mut(&id)) {
                    (Some([x, y]), Some(texture)) => patch(texture, &image, x, y),
                    _ => drop(self.0.insert(id, ColorImage::clone(&image))),
                }
            }
        }
        for id in delta.free.drain() {
            self.0.remove(&id);
        }
    }
}

fn patch(texture: &mut ColorImage, image: &ColorImage, x: usize, y: usize) {
    let [wide, high] = image.size;
    for row in 0..high {
        let to = (y + row) * texture.size[0] + x;
        texture.pixels[to..to + wide].copy_from_slice(&image.pixels[row * wide..(row + 1) * wide]);
    }
}

/// Paints what a frame came to over a ground, `scale` pixels a point.
pub fn paint(
    primitives: &[ClippedPrimitive],
    textures: &Textures,
    scale: f32,
    size: [u32; 2],
    ground: Color32,
) -> RgbImage {
    let mut canvas = Canvas {
        wide: size[0] as usize,
        pixels: vec![[ground.r(), ground.g(), ground.b()]; (size[0] * size[1]) as usize],
        clip: Clip::default(),
    };
    for ClippedPrimitive { clip_rect, primitive } in primitives {
        let Primitive::Mesh(mesh) = primitive else {
            panic!("the window has no paint callbacks");
        };
        canvas.clip = Clip::new(*clip_rect, scale, size);
        canvas.mesh(mesh, &textures.0[&mesh.texture_id], scale);
    }
    RgbImage::from_raw(size[0], size[1], canvas.pixels.into_flattened()).unwrap()
}

#[derive(Clone, Copy, Default)]
struct Clip {
    x: (i32, i32),
    y: (i32, i32),
}

impl Clip {
    fn new(rect: Rect, scale: f32, size: [u32; 2]) -> Self {
        let side = |from: f32, to: f32, most: u32| {
            let pixel = |at: f32| ((at * scale).round() as i32).clamp(0, most as i32);
            (pixel(from), pixel(to))
        };
        Self {
            x: side(rect.left(), rect.right(), size[0]),
            y: side(rect.top(), rect.bottom(), size[1]),
        }
    }
}

struct Canvas {
    wide: usize,
    pixels: Vec<[u8; 3]>,
    clip: Clip,
}

/// What changes over a triangle: four parts of the colour, then the place in the texture.
type Values = [f32; 6];

/// The pixels whose middle lies between two places.
fn pixels(from: f32, to: f32, (least, most): (i32, i32)) -> std::ops::Range<i32> {
    let first = (from - 0.5).ceil() as i32;
    let end = (to - 0.5).ceil() as i32;
    first.max(least)..end.min(most)
}

impl Canvas {
    fn mesh(&mut self, mesh: &Mesh, texture: &ColorImage, scale: f32) {
        for corners in mesh.triangles() {
            let corners = corners.map(|index| mesh.vertices[index as usize]);
            self.triangle(corners, texture, scale);
        }
    }

    fn triangle(&mut self, corners: [Vertex; 3], texture: &ColorImage, scale: f32) {
        let [a, b, c] = corners.map(|corner| corner.pos * scale);
        let flat = corners.iter().all(|corner| corner.uv == corners[0].uv);
        let plain = flat && corners.iter().all(|corner| corner.color == corners[0].color);
        let values = corners.map(|corner| values(&corner, texture));
        let area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
        if area == 0.0 {
            return;
        }
        let slope = |number: usize| {
            let (ab, ac) = (
                values[1][number] - values[0][number],
                values[2][number] - values[0][number],
            );
            (
                (ab * (c.y - a.y) - ac * (b.y - a.y)) / area,
                (ac * (b.x - a.x) - ab * (c.x - a.x)) / area,
            )
        };
        let slopes: [(f32, f32); 6] = std::array::from_fn(slope);
        // The white spot of a font's atlas, or what else one colour comes from.
        let spot = flat.then(|| sample(texture, values[0][4], values[0][5]));
        let top = a.y.min(b.y).min(c.y);
        let bottom = a.y.max(b.y).max(c.y);
        for y in pixels(top, bottom, self.clip.y) {
            let middle = y as f32 + 0.5;
            let Some((left, right)) = span([(a, b), (b, c), (c, a)], middle) else {
                continue;
            };
            let columns = pixels(left, right, self.clip.x);
            if columns.is_empty() {
                continue;
            }
            let start = y as usize * self.wide;
            let row = &mut self.pixels[start + columns.start as usize..start + columns.end as usize];
            if let (true, Some(spot)) = (plain, spot) {
                fill(row, tinted(&values[0], spot));
                continue;
            }
            let (dx, dy) = (columns.start as f32 + 0.5 - a.x, middle - a.y);
            let mut at: Values = std::array::from_fn(|n| values[0][n] + slopes[n].0 * dx + slopes[n].1 * dy);
            for pixel in row {
                let texel = spot.unwrap_or_else(|| sample(texture, at[4], at[5]));
                // Most of a letter's rectangle is empty.
                if texel[0] + texel[1] + texel[2] + texel[3] > 0.0 {
                    blend(pixel, tinted(&at, texel));
                }
                for (value, slope) in at.iter_mut().zip(&slopes) {
                    *value += slope.0;
                }
            }
        }
    }
}

fn values(corner: &Vertex, texture: &ColorImage) -> Values {
    let [r, g, b, a] = corner.color.to_array().map(f32::from);
    let [wide, high] = texture.size.map(|side| side as f32);
    [r, g, b, a, corner.uv.x * wide - 0.5, corner.uv.y * high - 0.5]
}

/// Where a row cuts a triangle. Edges are taken from above, so that two triangles agree on one that they share.
fn span(edges: [(Pos2, Pos2); 3], y: f32) -> Option<(f32, f32)> {
    let mut cuts = edges.into_iter().filter_map(|(a, b)| {
        let (above, below) = if a.y <= b.y { (a, b) } else { (b, a) };
        let cut = above.y <= y && y < below.y;
        cut.then(|| above.x + (y - above.y) / (below.y - above.y) * (below.x - above.x))
    });
    let (one, two) = (cuts.next()?, cuts.next()?);
    Some((one.min(two), one.max(two)))
}

/// The colour of a texture at a place, from the four texels around it.
fn sample(texture: &ColorImage, x: f32, y: f32) -> [f32; 4] {
    let [wide, high] = texture.size;
    let (left, top) = (x.floor(), y.floor());
    let (right, below) = (x - left, y - top);
    let texel = |x: f32, y: f32| {
        let x = (x.max(0.0) as usize).min(wide - 1);
        let y = (y.max(0.0) as usize).min(high - 1);
        texture.pixels[y * wide + x].to_array().map(f32::from)
    };
    // Text stands on whole pixels: then there is one texel.
    let whole = |part: f32| !(0.01..=0.99).contains(&part);
    if whole(right) && whole(below) {
        return texel(left + right.round(), top + below.round());
    }
    let corners = [
        (texel(left, top), (1.0 - right) * (1.0 - below)),
        (texel(left + 1.0, top), right * (1.0 - below)),
        (texel(left, top + 1.0), (1.0 - right) * below),
        (texel(left + 1.0, top + 1.0), right * below),
    ];
    std::array::from_fn(|part| corners.iter().map(|(color, share)| color[part] * share).sum())
}

fn tinted(values: &Values, texel: [f32; 4]) -> [f32; 4] {
    std::array::from_fn(|part| values[part] * texel[part] / 255.0)
}

/// Lays a colour with premultiplied alpha over a pixel.
fn blend(pixel: &mut [u8; 3], color: [f32; 4]) {
    let rest = 1.0 - color[3] / 255.0;
    for (part, over) in pixel.iter_mut().zip(color) {
        *part = (over + f32::from(*part) * rest + 0.5) as u8;
    }
}

fn fill(row: &mut [[u8; 3]], color: [f32; 4]) {
    let [r, g, b, a] = color;
    if a >= 254.5 {
        let color = Color32::from_rgb((r + 0.5) as u8, (g + 0.5) as u8, (b + 0.5) as u8);
        row.fill([color.r(), color.g(), color.b()]);
    } else if color.iter().any(|part| *part > 0.0) {
        for pixel in row {
            blend(pixel, color);
        }
    }
}
