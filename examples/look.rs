//! Opens the window on a fixed, made-up stream, to look at it: `cargo run --example look -- out.png light`.
//! Words in any order: a `.png` to save and close, `light`, `read-only`, `empty`, `lab`, a `.json` with settings.

#![cfg_attr(not(feature = "gui"), allow(dead_code, unused))]

#[path = "../tests/stage/mod.rs"]
mod stage;

#[cfg(feature = "gui")]
fn main() -> Result<(), String> {
    use std::time::Duration;

    use pathscope::model::Line;
    use pathscope::ui::{LabControls, Screenshot, Setup, Theme};
    use stage::Lab;

    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    let access = if has("read-only") {
        stage::read_only()
    } else {
        stage::full_access()
    };
    let source = if has("empty") {
        let source = stage::Scripted::new(access);
        let quiet = Line::Sample(Box::new(stage::quiet(0.2)));
        source.sender.send(quiet).map_err(|error| error.to_string())?;
        source
    } else {
        stage::Scripted::played(access)
    };
    let picture = words.iter().find(|word| word.contains(".png"));
    let setup = Setup {
        source: Box::new(source),
        lab: has("lab").then(|| Box::new(Lab) as Box<dyn LabControls>),
        title: "This machine".to_owned(),
        screenshot: picture.map(|path| Screenshot {
            path: path.into(),
            panel: "connections".to_owned(),
            after: Duration::from_millis(700),
            film: None,
        }),
        seconds: None,
        settings: words.iter().find(|word| word.contains(".json")).map(Into::into),
        demo: Some(|| Err("this example has no demo".to_owned())),
        theme: Some(if has("light") { Theme::Light } else { Theme::Dark }),
    };
    pathscope::ui::run(setup)
}

#[cfg(not(feature = "gui"))]
fn main() {}
