//! IBM Plex in two weights and one monospaced, with the icons behind them, and the text styles.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily, FontId, TextStyle};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf");
const MONO: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexMono-Regular.ttf");

/// A style of text: what it is for decides family and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Captions, axes, chips, badges.
    Small,
    /// Everything else.
    Body,
    /// Names of groups and paths.
    Strong,
    /// A small name, such as the title of a plot.
    SmallStrong,
    /// What one could type or paste.
    Mono,
    /// The same in a caption.
    SmallMono,
    /// The sentence below a headline.
    Lead,
    /// Sections at the right.
    Section,
    /// Titles of cards.
    Heading,
    /// The peer in the header.
    BigMono,
    /// Totals.
    Figure,
    /// The sentence of a panel.
    Title,
    /// Headline of an empty state.
    Empty,
}

impl Type {
    const ALL: [Self; 13] = [
        Self::Small,
        Self::Body,
        Self::Strong,
        Self::SmallStrong,
        Self::Mono,
        Self::SmallMono,
        Self::Lead,
        Self::Section,
        Self::Heading,
        Self::BigMono,
        Self::Figure,
        Self::Title,
        Self::Empty,
    ];

    /// The font and its size.
    pub(crate) fn font(self) -> FontId {
        match self {
            Self::Small => FontId::proportional(12.0),
            Self::Body => FontId::proportional(14.0),
            Self::Strong => FontId::new(14.0, semi_bold()),
            Self::SmallStrong => FontId::new(12.0, semi_bold()),
            Self::Mono => FontId::monospace(13.0),
            Self::SmallMono => FontId::monospace(12.0),
            Self::Lead => FontId::proportional(16.0),
            Self::Section => FontId::new(16.0, semi_bold()),
            Self::Heading => FontId::new(18.0, semi_bold()),
            Self::BigMono => FontId::monospace(18.0),
            Self::Figure => FontId::new(20.0, semi_bold()),
            Self::Title => FontId::new(24.0, semi_bold()),
            Self::Empty => FontId::new(28.0, semi_bold()),
        }
    }

    /// The font, so many times as large: for what is read from afar.
    pub(crate) fn times(self, scale: f32) -> FontId {
        self.sized(self.font().size * scale)
    }

    /// The font in another size.
    pub(crate) fn sized(self, size: f32) -> FontId {
        FontId::new(size, self.font().family)
    }

    /// The height of a line.
    pub(crate) fn line(self) -> f32 {
        match self {
            Self::Small | Self::SmallStrong | Self::SmallMono => 16.0,
            Self::Body | Self::Strong | Self::Mono => 20.0,
            Self::Lead | Self::Section | Self::Heading | Self::BigMono => 24.0,
            Self::Figure => 28.0,
            Self::Title => 32.0,
            Self::Empty => 40.0,
        }
    }

    /// Its name in egui's style.
    pub(crate) fn style(self) -> TextStyle {
        match self {
            Self::Small => TextStyle::Small,
            Self::Body => TextStyle::Body,
            Self::Mono => TextStyle::Monospace,
            Self::Heading => TextStyle::Heading,
            other => TextStyle::Name(format!("{other:?}").into()),
        }
    }
}

impl From<Type> for FontId {
    fn from(style: Type) -> Self {
        style.font()
    }
}

fn semi_bold() -> FontFamily {
    FontFamily::Name("SemiBold".into())
}

/// The font of the icons in a size.
pub(crate) fn icon_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(egui_material_icons::FONT_FAMILY.into()))
}

/// Gives the window its fonts.
pub(super) fn install(ctx: &Context) {
    let mut fonts = FontDefinitions::default();
    for (name, data) in [
        ("plex", REGULAR),
        ("plex-semi-bold", SEMI_BOLD),
        ("plex-mono", MONO),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let mut family = |family: FontFamily, first: &[&str]| {
        let names = first.iter().map(|name| (*name).to_owned());
        let names = names.chain(fallback.iter().cloned()).collect();
        fonts.families.insert(family, names);
    };
    family(FontFamily::Proportional, &["plex"]);
    family(semi_bold(), &["plex-semi-bold", "plex"]);
    family(FontFamily::Monospace, &["plex-mono", "plex"]);
    ctx.set_fonts(fonts);
    ctx.add_font(egui_material_icons::font_insert());
}

/// The text styles, by name.
pub(super) fn styles() -> BTreeMap<TextStyle, FontId> {
    let mut styles: BTreeMap<_, _> = Type::ALL
        .iter()
        .map(|style| (style.style(), style.font()))
        .collect();
    styles.insert(TextStyle::Button, Type::Body.font());
    styles
}
