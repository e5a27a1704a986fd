//! A picture of the plot as a file, where somebody looks for pictures.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, bounded};
use directories::UserDirs;
use egui::{ColorImage, Context, Rect};

use crate::ui::timer::save;

/// What became of a picture: where it lies, or why it does not.
pub(super) type Saved = Result<PathBuf, String>;

/// Saves what `place` shows, under a new name that begins with `name`. Nothing waits for it.
pub(super) fn take(place: Rect, name: &str, ctx: &Context) -> Receiver<Saved> {
    let (sender, receiver) = bounded(1);
    let (name, ctx_back, scale) = (name.to_owned(), ctx.clone(), ctx.pixels_per_point());
    ctx.request_screenshot(move |picture| {
        // Packing it takes longer than a frame.
        let write = move || {
            let saved = folder().and_then(|folder| write(&picture, place, scale, &folder, &name));
            let _ = sender.send(saved);
            ctx_back.request_repaint();
        };
        let thread = std::thread::Builder::new()
            .name("picture".to_owned())
            .spawn(write);
        drop(thread);
    });
    receiver
}

/// Where pictures are kept: the user's folder of them, else that of downloads, else the home.
fn folder() -> Result<PathBuf, String> {
    let folders = UserDirs::new().ok_or("There is no home folder.")?;
    let pictures = folders.picture_dir().or(folders.download_dir());
    Ok(pictures.unwrap_or(folders.home_dir()).to_owned())
}

fn write(picture: &ColorImage, place: Rect, scale: f32, folder: &Path, name: &str) -> Saved {
    let [width, height] = picture.size.map(|side| side as f32 / scale);
    let whole = Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(width, height));
    let part = picture.region(&place.intersect(whole), Some(scale));
    let path = free(folder, name);
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    save(&part, &path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// A path that is not taken yet.
fn free(folder: &Path, name: &str) -> PathBuf {
    let safe = |letter: char| if letter.is_alphanumeric() { letter } else { '-' };
    let name: String = name.chars().map(safe).collect();
    let numbers = (1..).map(|number| match number {
        1 => format!("{name}.png"),
        _ => format!("{name}-{number}.png"),
    });
    let mut paths = numbers.map(|name| folder.join(name));
    paths.find(|path| !path.exists()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use egui::{Color32, pos2};

    use super::*;

    #[test]
    fn a_picture_of_a_part_is_written_beside_those_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let picture = ColorImage::filled([40, 20], Color32::RED);
        let place = Rect::from_min_max(pos2(5.0, 2.0), pos2(15.0, 30.0));
        let names: Vec<PathBuf> = (0..2)
            .map(|_| write(&picture, place, 2.0, folder.path(), "nextcloud 14:32").expect("written"))
            .collect();
        let wanted = ["nextcloud-14-32.png", "nextcloud-14-32-2.png"].map(|name| folder.path().join(name));
        assert_eq!(names, wanted);
        let size = names.first().and_then(|name| image::image_dimensions(name).ok());
        assert_eq!(size, Some((20, 16)), "what lies beyond the window is left out");
    }
}
