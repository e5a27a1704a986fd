//! A handover in the real window under Xvfb: pictures before, during and after the loss of Wi-Fi.

#![cfg(feature = "gui")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use image::{Rgba, RgbaImage};

/// What the demo does: Wi-Fi goes 8 s after the start and is back 6 s later. The window opens up to 4 s after the start.
const BEFORE_S: u32 = 5;
const DURING_S: u32 = 10;
const AFTER_S: u32 = 17;

/// Fills of the stacked throughput in the dark theme.
const WIFI: Rgba<u8> = Rgba([0x3d, 0x79, 0x9d, 0xff]);
const ETHERNET: Rgba<u8> = Rgba([0x97, 0x6c, 0x0c, 0xff]);
/// Pixels of a path that carries, at least: a tenth of the plot's height, since a machine that is busy sends less.
const CARRIES: usize = 150;
/// What is not delivering.
const DANGER: Rgba<u8> = Rgba([0xff, 0x7a, 0x66, 0xff]);

struct Picture {
    demo: Child,
    path: PathBuf,
}

/// Starts the demo under a virtual display of its own.
fn start(folder: &Path, seconds: u32) -> Picture {
    let path = folder.join(format!("{seconds}.png"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = Command::new(root.join("scripts/xvfb"))
        .arg(common::pathscope())
        .args(["demo", "--seconds", &seconds.to_string(), "--screenshot"])
        .arg(&path)
        .env("XDG_DATA_HOME", folder.join(format!("data-{seconds}")))
        .spawn()
        .expect("scripts/xvfb");
    Picture { demo, path }
}

impl Picture {
    fn taken(mut self) -> RgbaImage {
        let status = self.demo.wait().expect("the demo ends");
        assert!(status.success(), "{status}");
        let picture = image::open(&self.path).expect("a picture").into_rgba8();
        assert_eq!(picture.dimensions(), (1440, 900));
        picture
    }
}

/// How many pixels of a colour lie at the right end of the throughput plot: the last 0.6 s of the first fifteen, 1.3 s of
/// the thirty after them.
fn newest(picture: &RgbaImage, colour: Rgba<u8>) -> usize {
    let plot = picture
        .enumerate_pixels()
        .filter(|(x, y, _)| (1210..1245).contains(x) && (365..470).contains(y));
    plot.filter(|(_, _, pixel)| **pixel == colour).count()
}

fn anywhere(picture: &RgbaImage, colour: Rgba<u8>) -> usize {
    picture.pixels().filter(|pixel| **pixel == colour).count()
}

#[test]
fn wifi_is_lost_and_found_in_pictures_of_the_window() {
    if !common::can_make_namespaces("pictures of a handover") {
        return;
    }
    let has_xvfb = Command::new("Xvfb").arg("-help").output().is_ok();
    if !has_xvfb {
        let text = "DID NOT RUN: pictures of a handover: Xvfb is missing (make test installs it)";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{text}");
        eprintln!("\n*** {text} ***\n");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [before, during, after] = [BEFORE_S, DURING_S, AFTER_S]
        .map(|seconds| start(folder.path(), seconds))
        .map(Picture::taken);

    assert!(
        newest(&before, WIFI) > CARRIES,
        "Wi-Fi carries before: {}",
        newest(&before, WIFI)
    );
    assert!(
        newest(&before, ETHERNET) > CARRIES,
        "Ethernet carries before: {}",
        newest(&before, ETHERNET)
    );
    assert!(
        newest(&during, WIFI) < 20,
        "Wi-Fi carries nothing while it is lost: {}",
        newest(&during, WIFI)
    );
    assert!(
        newest(&during, ETHERNET) > CARRIES,
        "Ethernet carries on: {}",
        newest(&during, ETHERNET)
    );
    assert!(
        newest(&after, WIFI) > CARRIES,
        "Wi-Fi carries again: {}",
        newest(&after, WIFI)
    );
    assert!(
        newest(&after, ETHERNET) > CARRIES,
        "Ethernet carries after: {}",
        newest(&after, ETHERNET)
    );
    let alarm = [&before, &during, &after].map(|picture| anywhere(picture, DANGER));
    let [calm, alarmed, _] = alarm;
    assert!(alarmed > calm + 30, "the loss is marked in red: {alarm:?}");
}
