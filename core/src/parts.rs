//! How one reply becomes what a platform can carry: long text is split at
//! sentence or word borders, never cut and never inside a grapheme; files and
//! buttons travel where the channel lets them.

use crate::channel::{Capabilities, TextUnit};
use crate::ids::FileId;
use crate::message::{Attachment, Button, ButtonAction, Content};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// One parcel's worth of a message. Stored in the outbox, so it names files by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
        #[serde(default)]
        buttons: Vec<Button>,
        #[serde(default)]
        ask_phone: Option<String>,
    },
    File {
        file: FileId,
        #[serde(default)]
        caption: Option<String>,
    },
}

/// The parts of a message on a channel, in the order they are sent. Empty for an empty message.
#[must_use]
pub fn plan(content: &Content, channel: &Capabilities) -> Vec<Part> {
    let mut files: Vec<FileId> = content.attachments.iter().filter_map(file_id).collect();
    let text = written(content, channel);
    let buttons: Vec<Button> = content.buttons.iter().take(channel.buttons).cloned().collect();
    let ask_phone = content.ask_phone.clone().filter(|_| channel.ask_phone);
    let plain = buttons.is_empty() && ask_phone.is_none();
    let mut parts = Vec::new();
    if !text.is_empty() {
        if plain && channel.caption && files.len() == 1 && measure(&text, channel.text_unit) <= channel.text_limit.min(1000) {
            return vec![Part::File { file: files.remove(0), caption: Some(text) }];
        }
        parts = texts(&text, channel, !plain);
        if let Some(Part::Text { buttons: b, ask_phone: a, .. }) = parts.last_mut() {
            *b = buttons;
            *a = ask_phone;
        }
    }
    parts.extend(files.into_iter().map(|file| Part::File { file, caption: None }));
    parts
}

fn file_id(attachment: &Attachment) -> Option<FileId> {
    match attachment {
        Attachment::File { id, .. } => Some(id.clone()),
        _ => None,
    }
}

/// The text with whatever the channel has no better form for: links of buttons, choices, places.
fn written(content: &Content, channel: &Capabilities) -> String {
    let mut text = content.text.trim().to_owned();
    let mut add = |line: String| {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    };
    for button in content.buttons.iter().skip(channel.buttons) {
        match &button.action {
            ButtonAction::Url(url) => add(format!("{}: {url}", button.label)),
            ButtonAction::Payload(_) => add(format!("• {}", button.label)),
        }
    }
    for attachment in &content.attachments {
        match attachment {
            Attachment::File { .. } => {}
            Attachment::Location { latitude, longitude, title } => {
                let title = title.as_deref().map(|t| format!("{t}: ")).unwrap_or_default();
                add(format!("{title}https://maps.google.com/?q={latitude},{longitude}"));
            }
            Attachment::Contact { name, phone } => {
                add(format!("{} {phone}", name.as_deref().unwrap_or_default()).trim().to_owned())
            }
            Attachment::Link { url, .. } => add(url.clone()),
        }
    }
    text
}

fn texts(text: &str, channel: &Capabilities, last_is_tight: bool) -> Vec<Part> {
    let mut chunks = split(text, channel.text_limit, channel.text_unit);
    if let (true, Some(tight)) = (last_is_tight, channel.button_text_limit)
        && let Some(last) = chunks.pop_if(|last| measure(last, channel.text_unit) > tight)
    {
        chunks.extend(split(&last, tight, channel.text_unit));
    }
    chunks.into_iter().map(|text| Part::Text { text, buttons: Vec::new(), ask_phone: None }).collect()
}

/// How long a text is in the platform's unit.
#[must_use]
pub fn measure(text: &str, unit: TextUnit) -> usize {
    match unit {
        TextUnit::Chars => text.chars().count(),
        TextUnit::Utf16 => text.encode_utf16().count(),
        TextUnit::Bytes => text.len(),
    }
}

/// Pieces of at most `limit` units: at a paragraph, else a sentence, else a word, else a grapheme.
/// Nothing is lost but the blanks at the seams.
#[must_use]
pub fn split(text: &str, limit: usize, unit: TextUnit) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while measure(rest, unit) > limit {
        let room = fitting(rest, limit, unit);
        let at = border(&rest[..room]).unwrap_or(room);
        pieces.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Bytes of the longest run of whole graphemes within `limit`; at least one character.
fn fitting(text: &str, limit: usize, unit: TextUnit) -> usize {
    let mut used = 0;
    let mut bytes = 0;
    for grapheme in text.graphemes(true) {
        used += measure(grapheme, unit);
        if used > limit {
            break;
        }
        bytes += grapheme.len();
    }
    if bytes > 0 {
        return bytes;
    }
    // One grapheme (a pile of combining marks) beyond the limit: characters are the last resort.
    let mut used = 0;
    let fits = |c: &char| {
        used += measure(c.encode_utf8(&mut [0; 4]), unit);
        used <= limit
    };
    text.chars().take_while(fits).map(char::len_utf8).sum::<usize>().max(text.chars().next().map_or(0, char::len_utf8))
}

/// The best place to part in the later half of `text`, after the blank or stop.
fn border(text: &str) -> Option<usize> {
    let half = text.len() / 2;
    let after = |found: Option<usize>, width: usize| found.map(|at| at + width).filter(|at| *at > half);
    after(text.rfind("\n\n"), 2)
        .or_else(|| after(text.rfind('\n'), 1))
        .or_else(|| [". ", "! ", "? ", "… "].iter().filter_map(|stop| after(text.rfind(stop), stop.len())).max())
        .or_else(|| after(text.rfind(char::is_whitespace), 1).filter(|at| text.is_char_boundary(*at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "\\PC{0,400}", limit in 8usize..60) {
            for unit in [TextUnit::Chars, TextUnit::Utf16, TextUnit::Bytes] {
                let pieces = split(&text, limit, unit);
                for piece in &pieces {
                    prop_assert!(measure(piece, unit) <= limit, "{piece:?}");
                }
                let squeeze = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(squeeze(&pieces.concat()), squeeze(&text));
            }
        }
    }

    #[test]
    fn a_family_stays_together() {
        let family = "👨‍👩‍👧‍👦";
        let pieces = split(&family.repeat(3), 12, TextUnit::Utf16);
        assert_eq!(pieces, vec![family; 3]);
    }

    #[test]
    fn sentences_part_before_words() {
        let pieces = split("Dạ shop chào anh. Đơn đang được giao ạ", 24, TextUnit::Chars);
        assert_eq!(pieces, ["Dạ shop chào anh.", "Đơn đang được giao ạ"]);
    }
}
