//! Pictures against their references.

use std::path::{Path, PathBuf};
use std::{fs, io};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};

/// How far a part of a colour may be from the reference, of 255. Fonts are drawn with whatever the processor has, and
/// the last bit may differ.
const TOLERANCE: u8 = 8;
/// How many pixels of a picture may be farther.
const STRAY: usize = 12;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/pictures")
}

/// Whether the references are to be made anew.
pub fn updating() -> bool {
    std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value != "0" && value != "false")
}

/// Compares a picture with its reference, or makes the reference. A picture that differs is left beside its reference
/// as `NAME.new.png`, with what differs in red as `NAME.diff.png`.
pub fn check(name: &str, picture: &RgbImage) -> Result<(), String> {
    let folder = folder();
    let file = |end: &str| folder.join(format!("{name}{end}"));
    let reference = image::open(file(".png")).map(image::DynamicImage::into_rgb8);
    let different = match &reference {
        // Nearly always so, and found out in a moment.
        Ok(reference) if reference == picture => Some((0, RgbImage::default())),
        Ok(reference) => differences(reference, picture),
        Err(_) => None,
    };
    let say = |error: io::Error| format!("{name}: {error}");
    for left in [".new.png", ".diff.png"] {
        match fs::remove_file(file(left)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(say(error)),
            _ => {}
        }
    }
    match different {
        Some((count, _)) if count <= STRAY => return Ok(()),
        _ if updating() => {
            fs::create_dir_all(&folder).map_err(say)?;
            return fs::write(file(".png"), smallest(picture)).map_err(say);
        }
        _ => {}
    }
    fs::create_dir_all(&folder).map_err(say)?;
    fs::write(file(".new.png"), encoded(picture, FilterType::NoFilter)).map_err(say)?;
    let how = match (different, reference) {
        (Some((count, marked)), _) => {
            fs::write(file(".diff.png"), encoded(&marked, FilterType::NoFilter)).map_err(say)?;
            format!("{count} pixels differ")
        }
        (None, Ok(reference)) => {
            format!(
                "its size is {:?}, not {:?}",
                picture.dimensions(),
                reference.dimensions()
            )
        }
        (None, Err(error)) => format!("no reference: {error}"),
    };
    Err(format!("{name}: {how}: see {}", file(".new.png").display()))
}

/// How many pixels differ, and where; `None` when the sizes do.
fn differences(reference: &RgbImage, picture: &RgbImage) -> Option<(usize, RgbImage)> {
    if reference.dimensions() != picture.dimensions() {
        return None;
    }
    let differ = |a: &Rgb<u8>, b: &Rgb<u8>| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > TOLERANCE);
    let mut marked = picture.clone();
    let mut count = 0;
    for (mark, pixel) in marked.pixels_mut().zip(reference.pixels()) {
        if differ(mark, pixel) {
            count += 1;
            *mark = Rgb([255, 0, 0]);
        } else {
            *mark = Rgb(mark.0.map(|part| part / 3 + 128));
        }
    }
    Some((count, marked))
}

/// The smallest of its encodings.
fn smallest(picture: &RgbImage) -> Vec<u8> {
    let filters = [FilterType::NoFilter, FilterType::Up, FilterType::Paeth];
    let encodings = filters.map(|filter| encoded(picture, filter));
    encodings.into_iter().min_by_key(Vec::len).unwrap()
}

fn encoded(picture: &RgbImage, filter: FilterType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter)
        .write_image(
            picture,
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    bytes
}
