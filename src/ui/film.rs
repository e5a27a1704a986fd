//! A moving picture of the window: frames as they are painted, written as one PNG (APNG, a chunk of the format's third
//! edition) that browsers play.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use egui::{Color32, ColorImage};

/// How often a frame is taken.
pub(super) const FRAME_EVERY: Duration = Duration::from_millis(160);
/// The last frame stays for so long before it begins anew.
const LAST: Duration = Duration::from_secs(2);
/// The colours of a PNG with a palette; the first is that of what stays as it was.
const COLORS: usize = 255;

/// One frame: when it was there, and its pixels.
pub(super) struct Frame {
    pub at: Duration,
    size: [usize; 2],
    pixels: Vec<[u8; 3]>,
}

impl Frame {
    pub(super) fn new(at: Duration, picture: &ColorImage) -> Self {
        let rgb = |pixel: &Color32| [pixel.r(), pixel.g(), pixel.b()];
        Self {
            at,
            size: picture.size,
            pixels: picture.pixels.iter().map(rgb).collect(),
        }
    }
}

/// The colours that are seen most, and for every other one the nearest of them.
struct Palette {
    colors: Vec<[u8; 3]>,
    known: HashMap<[u8; 3], u8>,
}

impl Palette {
    fn of_all(frames: &[&Frame]) -> Self {
        let mut counts: HashMap<[u8; 3], u64> = HashMap::new();
        for pixel in frames.iter().flat_map(|frame| &frame.pixels) {
            *counts.entry(*pixel).or_default() += 1;
        }
        let mut colors: Vec<_> = counts.into_iter().collect();
        colors.sort_by_key(|(color, count)| (std::cmp::Reverse(*count), *color));
        colors.truncate(COLORS);
        Self {
            colors: colors.into_iter().map(|(color, _)| color).collect(),
            known: HashMap::new(),
        }
    }

    /// The number of a colour, from 1 on.
    fn number(&mut self, color: [u8; 3]) -> u8 {
        let colors = &self.colors;
        *self.known.entry(color).or_insert_with(|| {
            let apart = |other: &[u8; 3]| -> u32 {
                let channels = other.iter().zip(color);
                channels.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
            };
            let nearest = colors.iter().enumerate().min_by_key(|(_, other)| apart(other));
            nearest.map_or(0, |(place, _)| u8::try_from(place + 1).unwrap_or(u8::MAX))
        })
    }
}

/// Writes frames of one size, each of which only says what has changed.
pub(super) fn save(frames: &[Frame], path: &Path) -> Result<(), String> {
    let size = frames
        .first()
        .map(|frame| frame.size)
        .ok_or("no frame was taken")?;
    let frames: Vec<&Frame> = frames.iter().filter(|frame| frame.size == size).collect();
    let mut file = Vec::new();
    encode(&frames, size, &mut file).map_err(|error| error.to_string())?;
    std::fs::write(path, file).map_err(|error| error.to_string())
}

fn encode(
    frames: &[&Frame],
    [width, height]: [usize; 2],
    file: &mut Vec<u8>,
) -> Result<(), png::EncodingError> {
    let mut palette = Palette::of_all(frames);
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(file, number(width), number(height));
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let colors = std::iter::once(&[0, 0, 0]).chain(&palette.colors);
    encoder.set_palette(colors.flatten().copied().collect::<Vec<u8>>());
    encoder.set_trns(vec![0]);
    encoder.set_animated(number(frames.len()), 0)?;
    encoder.set_blend_op(png::BlendOp::Over)?;
    let mut writer = encoder.write_header()?;
    let mut before: Vec<u8> = Vec::new();
    for (place, frame) in frames.iter().enumerate() {
        let stays = frames
            .get(place + 1)
            .map_or(LAST, |next| next.at.saturating_sub(frame.at));
        writer.set_frame_delay(u16::try_from(stays.as_millis()).unwrap_or(u16::MAX), 1000)?;
        let now: Vec<u8> = frame.pixels.iter().map(|pixel| palette.number(*pixel)).collect();
        if before.is_empty() {
            writer.write_image_data(&now)?;
        } else {
            let area = Area::changed(&before, &now, width);
            writer.reset_frame_position()?;
            writer.set_frame_dimension(number(area.width()), number(area.height()))?;
            writer.set_frame_position(number(area.left), number(area.top))?;
            writer.write_image_data(&area.cut(&before, &now, width))?;
        }
        before = now;
    }
    writer.finish()
}

/// The least area in which two frames differ, ends included; a pixel where they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
}

impl Area {
    fn changed(before: &[u8], now: &[u8], width: usize) -> Self {
        let pairs = before.iter().zip(now).enumerate();
        let places = pairs
            .filter(|(_, (a, b))| a != b)
            .map(|(at, _)| (at % width, at / width));
        let area = places.fold(None, |area: Option<Self>, (x, y)| {
            let area = area.unwrap_or(Self {
                left: x,
                top: y,
                right: x,
                bottom: y,
            });
            Some(Self {
                left: area.left.min(x),
                top: area.top.min(y),
                right: area.right.max(x),
                bottom: area.bottom.max(y),
            })
        });
        area.unwrap_or(Self {
            left: 0,
            top: 0,
            right: 0,
            bottom: 0,
        })
    }

    fn width(&self) -> usize {
        self.right - self.left + 1
    }

    fn height(&self) -> usize {
        self.bottom - self.top + 1
    }

    /// What is new within it; where nothing is, the colour that lets the frame before be seen.
    fn cut(&self, before: &[u8], now: &[u8], width: usize) -> Vec<u8> {
        let rows = before
            .chunks(width)
            .zip(now.chunks(width))
            .take(self.bottom + 1)
            .skip(self.top);
        let cells = rows.flat_map(|(before, now)| {
            let pairs = before.iter().zip(now).take(self.right + 1).skip(self.left);
            pairs.map(|(before, now)| if before == now { 0 } else { *now })
        });
        cells.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_says_only_what_has_changed_and_is_played_as_it_was() {
        let frame = |ms: u64, dot: usize| {
            let mut pixels = vec![Color32::from_rgb(21, 26, 32); 40 * 30];
            *pixels.get_mut(dot).expect("a pixel") = Color32::from_rgb(255, 122, 102);
            Frame::new(Duration::from_millis(ms), &ColorImage::new([40, 30], pixels))
        };
        let frames = [frame(0, 45), frame(160, 46), frame(320, 46)];
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("film.png");
        save(&frames, &path).expect("written");
        let file = std::fs::File::open(&path).expect("a file");
        let mut reader = png::Decoder::new(std::io::BufReader::new(file))
            .read_info()
            .expect("a PNG");
        assert_eq!(
            reader
                .info()
                .animation_control()
                .map(|control| control.num_frames),
            Some(3)
        );
        let mut sizes = Vec::new();
        for _ in 0..3 {
            let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
            let frame = reader.next_frame(&mut pixels).expect("a frame");
            sizes.push((frame.width, frame.height));
        }
        assert_eq!(sizes, [(40, 30), (2, 1), (1, 1)]);
        assert!(std::fs::metadata(&path).expect("a file").len() < 1000);
    }

    #[test]
    fn a_rare_colour_becomes_the_nearest_of_the_others() {
        let pixels: Vec<Color32> = (0..=255)
            .flat_map(|red| [Color32::from_rgb(red, 0, 0); 2])
            .collect();
        let mut pixels = pixels;
        pixels.push(Color32::from_rgb(7, 1, 0));
        let size = [pixels.len(), 1];
        let frame = Frame::new(Duration::ZERO, &ColorImage::new(size, pixels));
        let mut palette = Palette::of_all(&[&frame]);
        assert_eq!(palette.colors.len(), COLORS);
        let number = usize::from(palette.number([7, 1, 0]));
        assert_eq!(palette.colors.get(number - 1), Some(&[7, 0, 0]));
    }
}
