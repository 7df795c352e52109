//! The static facts of a channel, by which the console draws it.

use onethread_core::channel as core;
use onethread_core::window as windows;
use serde::Serialize;
use utoipa::ToSchema;

/// A platform kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Channel {
    pub kind: String,
    pub face: Face,
    pub capabilities: Capabilities,
    pub form: Form,
}

/// How it looks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Face {
    pub name: String,
    /// One SVG path for a 24 × 24 box, drawn in `colour`.
    pub icon: String,
    pub colour: String,
}

/// What it can do, and how much at once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Capabilities {
    pub text_limit: usize,
    pub text_unit: TextUnit,
    pub buttons: usize,
    pub caption: bool,
    pub file_limit: u64,
    /// `image/*` matches a family; empty means any.
    pub file_types: Vec<String>,
    pub reply_to: bool,
    pub ask_phone: bool,
    pub typing: bool,
    pub delivery_receipts: bool,
    pub read_receipts: bool,
    pub deduplicates: bool,
    pub echoes_people: bool,
    /// Tighter limits of some media types; the first that matches counts.
    pub file_limits: Vec<FileLimit>,
    pub windows: Vec<Window>,
}

/// The largest file of a media type; `image/*` is a family.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileLimit {
    pub media: String,
    /// In bytes.
    pub most: u64,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    Chars,
    Utf16,
    Bytes,
}

/// Until when one may write after the customer's last interaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Window {
    /// Milliseconds.
    pub span: i64,
    pub for_whom: WindowFor,
    pub note: String,
    pub source: String,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowFor {
    Anyone,
    PeopleOnly,
}

/// The settings that an inbox of this channel has.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Form {
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub kind: FieldKind,
    pub required: bool,
    pub secret: bool,
    pub default: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FieldKind {
    Text,
    Url,
    List,
    Choice { options: Vec<String> },
    Number { least: u32, most: u32 },
}

impl From<&dyn core::Channel> for Channel {
    fn from(channel: &dyn core::Channel) -> Self {
        let face = channel.face();
        Self {
            kind: channel.kind().to_owned(),
            face: Face { name: face.name, icon: face.icon, colour: face.colour },
            capabilities: channel.capabilities().into(),
            form: Form { fields: channel.form().fields.into_iter().map(Field::from).collect() },
        }
    }
}

impl From<core::Capabilities> for Capabilities {
    fn from(can: core::Capabilities) -> Self {
        Self {
            text_limit: can.text_limit,
            text_unit: match can.text_unit {
                core::TextUnit::Chars => TextUnit::Chars,
                core::TextUnit::Utf16 => TextUnit::Utf16,
                core::TextUnit::Bytes => TextUnit::Bytes,
            },
            buttons: can.buttons,
            caption: can.caption,
            file_limit: can.file_limit,
            file_types: can.file_types,
            reply_to: can.reply_to,
            ask_phone: can.ask_phone,
            typing: can.typing,
            delivery_receipts: can.delivery_receipts,
            read_receipts: can.read_receipts,
            deduplicates: can.doubles != core::Doubles::Shown,
            echoes_people: can.echoes_people,
            file_limits: can.file_limits.into_iter().map(|limit| FileLimit { media: limit.media, most: limit.most }).collect(),
            windows: can.windows.into_iter().map(Window::from).collect(),
        }
    }
}

impl From<windows::Window> for Window {
    fn from(window: windows::Window) -> Self {
        let for_whom = match window.for_whom {
            windows::ForWhom::Anyone => WindowFor::Anyone,
            windows::ForWhom::PeopleOnly => WindowFor::PeopleOnly,
        };
        Self { span: window.span, for_whom, note: window.note, source: window.source }
    }
}

impl From<core::Field> for Field {
    fn from(field: core::Field) -> Self {
        Self {
            name: field.name,
            label: field.label,
            hint: field.hint,
            kind: match field.kind {
                core::FieldKind::Text => FieldKind::Text,
                core::FieldKind::Url => FieldKind::Url,
                core::FieldKind::List => FieldKind::List,
                core::FieldKind::Choice { options } => FieldKind::Choice { options },
                core::FieldKind::Number { least, most } => FieldKind::Number { least, most },
            },
            required: field.required,
            secret: field.secret,
            default: field.default,
        }
    }
}
