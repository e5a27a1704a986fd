//! The file with the settings: read with care, written in the background and as a whole.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::Settings;
use crate::model::text::for_terminal;

/// How long a change waits for the next one before it is written, seconds.
const WAITS_S: f64 = 1.0;

/// The settings, and the file that remembers them.
pub(in crate::ui) struct Store {
    /// As they are now.
    pub(in crate::ui) settings: Settings,
    path: Option<PathBuf>,
    saved: Settings,
    changed_at: Option<f64>,
    writer: Option<JoinHandle<io::Result<()>>>,
    complaint: Option<String>,
}

impl Store {
    /// Reads the file, where there is one. A broken one is set aside, and [`Self::complaint`] says so.
    pub(in crate::ui) fn open(path: Option<PathBuf>) -> Self {
        let (settings, complaint) = path.as_deref().map_or_else(Default::default, read);
        Self {
            saved: settings.clone(),
            settings,
            path,
            changed_at: None,
            writer: None,
            complaint,
        }
    }

    /// What went wrong since the last time somebody asked.
    pub(in crate::ui) fn complaint(&mut self) -> Option<String> {
        self.complaint.take()
    }

    /// Writes what changed once it has waited long enough; else how long it still waits, seconds.
    pub(in crate::ui) fn tick(&mut self, now: f64) -> Option<f64> {
        let path = self.path.clone()?;
        if self.settings == self.saved {
            self.changed_at = None;
            return None;
        }
        let waited = now - *self.changed_at.get_or_insert(now);
        if waited < WAITS_S {
            return Some(WAITS_S - waited);
        }
        if self.writer.as_ref().is_some_and(|writer| !writer.is_finished()) {
            return Some(WAITS_S);
        }
        self.finish();
        self.changed_at = None;
        self.saved = self.settings.clone();
        let settings = self.settings.clone();
        let thread = std::thread::Builder::new().name("settings".to_owned());
        match thread.spawn(move || write(&path, &settings)) {
            Ok(writer) => self.writer = Some(writer),
            Err(error) => self.complain(&error),
        }
        None
    }

    /// Waits for what is being written.
    fn finish(&mut self) {
        if let Some(Ok(Err(error))) = self.writer.take().map(JoinHandle::join) {
            self.complain(&error);
        }
    }

    fn complain(&mut self, error: &io::Error) {
        let path = self.path.as_deref().unwrap_or(Path::new("")).display();
        self.complaint = Some(format!(
            "The window cannot remember its settings in {path}: {error}"
        ));
    }
}

/// At the end everything is written that is not yet.
impl Drop for Store {
    fn drop(&mut self) {
        self.finish();
        let Some(path) = self.path.as_deref().filter(|_| self.settings != self.saved) else {
            return;
        };
        if let Err(error) = write(path, &self.settings) {
            let text = format!("cannot write {}: {error}", path.display());
            eprintln!("pathscope: {}", for_terminal(&text));
        }
    }
}

/// What the window is to be opened with.
pub(in crate::ui) fn remembered(path: &Path) -> Settings {
    parse(&fs::read(path).unwrap_or_default()).unwrap_or_default()
}

/// What the window writes after it has read these bytes; `None` where it takes them for broken.
pub fn settings_rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    parse(bytes).and_then(|settings| text(&settings)).ok()
}

fn read(path: &Path) -> (Settings, Option<String>) {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => {
            let complaint = format!("The settings in {} cannot be read: {error}", path.display());
            return (Settings::default(), Some(complaint));
        }
    };
    match parse(&bytes) {
        Ok(settings) => (settings, None),
        Err(error) => (Settings::default(), Some(set_aside(path, &error))),
    }
}

fn parse(bytes: &[u8]) -> serde_json::Result<Settings> {
    serde_json::from_slice(bytes).map(Settings::within_reason)
}

fn text(settings: &Settings) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(settings)?;
    text.push(b'\n');
    Ok(text)
}

/// Moves a broken file out of the way; what to tell.
fn set_aside(path: &Path, error: &serde_json::Error) -> String {
    let aside = beside(path, "broken");
    let shown = path.display();
    match fs::rename(path, &aside) {
        Ok(()) => format!(
            "The settings in {shown} are broken ({error}): they begin anew, the file is now {}",
            aside.display()
        ),
        Err(why) => format!("The settings in {shown} are broken ({error}) and cannot be set aside: {why}"),
    }
}

/// `window.json` → `window.json.SUFFIX`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// Writes a new file and puts it in the place of the old one, so that there is always a whole one.
fn write(path: &Path, settings: &Settings) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = text(settings)?;
    let fresh = beside(path, &format!("{}.new", std::process::id()));
    let written = fs::File::create(&fresh).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&fresh, path));
    if placed.is_err() {
        // Nothing of it may stay behind; that it cannot be removed either changes nothing.
        drop(fs::remove_file(&fresh));
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Theme;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn what_is_set_comes_back() {
        let folder = folder();
        let path = folder.path().join("new/window.json");
        let mut store = Store::open(Some(path.clone()));
        store.settings.theme = Theme::Light;
        store.settings.window.width = 1024.0;
        drop(store);
        let mut store = Store::open(Some(path));
        assert_eq!(store.complaint(), None);
        assert_eq!(
            (store.settings.theme, store.settings.window.width),
            (Theme::Light, 1024.0)
        );
    }

    #[test]
    fn a_change_is_written_after_a_second_of_rest() {
        let folder = folder();
        let path = folder.path().join("window.json");
        let mut store = Store::open(Some(path.clone()));
        assert_eq!(store.tick(9.0), None, "nothing to write");
        store.settings.theme = Theme::Dark;
        assert_eq!(store.tick(10.0), Some(1.0));
        assert!(!path.exists());
        assert_eq!(store.tick(11.0), None);
        store.finish();
        let (read, _) = read(&path);
        assert_eq!(read.theme, Theme::Dark);
        let files = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "no half-written file is left");
    }

    #[test]
    fn a_broken_file_is_set_aside_and_named() {
        let folder = folder();
        let path = folder.path().join("window.json");
        for broken in [
            b"{\"theme\": \"dar".as_slice(),
            b"",
            b"\xff\xfe",
            b"[1]",
            b"{\"zoom\": \"big\"}",
        ] {
            fs::write(&path, broken).expect("written");
            let mut store = Store::open(Some(path.clone()));
            assert_eq!(store.settings, Settings::default());
            let complaint = store.complaint().expect("a complaint");
            assert!(complaint.contains("window.json.broken"), "{complaint}");
            assert_eq!(fs::read(beside(&path, "broken")).expect("set aside"), broken);
            assert!(!path.exists());
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_kept() {
        let folder = folder();
        let path = folder.path().join("window.json");
        fs::write(&path, r#"{"theme": "dark", "present": {"size": 2}, "zoom": 99}"#).expect("written");
        let mut store = Store::open(Some(path.clone()));
        assert!((store.settings.zoom - 3.0).abs() < 1e-6, "within reason");
        store.settings.theme = Theme::Light;
        drop(store);
        let text = fs::read_to_string(&path).expect("a file");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let at = |place: &str| value.pointer(place).map(ToString::to_string);
        assert_eq!(at("/present/size").as_deref(), Some("2"));
        assert_eq!(at("/theme").as_deref(), Some("\"light\""));
    }

    #[test]
    fn a_folder_that_takes_no_file_is_complained_about() {
        let folder = folder();
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, "").expect("written");
        let mut store = Store::open(Some(in_the_way.join("window.json")));
        store.settings.theme = Theme::Dark;
        store.tick(0.0);
        store.tick(1.0);
        store.finish();
        let complaint = store.complaint();
        // Reading says it already; writing says it again.
        assert!(complaint.is_some_and(|text| text.contains("window.json")));
        store.settings = store.saved.clone();
    }

    #[test]
    fn without_a_file_nothing_is_written() {
        let mut store = Store::open(None);
        store.settings.theme = Theme::Dark;
        assert_eq!(store.tick(100.0), None);
    }
}
