//! What each sample frame says. The samples are our own, shaped as the platform documents.

use super::read;
use onethread_core::channel::{Inbound, RawCall, Unreadable, What};
use serde_json::{Value, json};

const CUSTOMER: &str = "1300000000000000123";
const BOT: &str = "1290000000000000009";

fn sample(name: &str) -> RawCall {
    let path = format!("{}/samples/discord/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut call = RawCall::fetched(std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}")));
    call.headers = vec![(read::PERSON.into(), CUSTOMER.into()), (read::EVENT.into(), "session:7".into())];
    call
}

fn events(name: &str) -> Vec<Inbound> {
    read::frame(&sample(name), Some(BOT)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn event(name: &str) -> Inbound {
    let [event] = <[Inbound; 1]>::try_from(events(name)).unwrap_or_else(|events| panic!("{name}: {events:?}"));
    assert_eq!(event.from.user.as_str(), CUSTOMER, "{name}");
    event
}

fn what(name: &str) -> Value {
    serde_json::to_value(event(name).what).expect("JSON")
}

/// Text, kinds with names and media types of the files, and what could not be shown.
fn said(name: &str) -> (String, Vec<Value>, Option<String>) {
    let what = what(name);
    let said = &what["said"];
    let files = said["attachments"].as_array().expect("a list").iter();
    let shown = files.map(|file| json!([file["kind"], file["name"], file["mime"]])).collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    (text(&said["text"]).expect("a text"), shown, text(&said["unsupported"]))
}

#[test]
fn words_arrive_with_their_sender_and_time() {
    let event = event("text");
    assert_eq!(event.from.name.as_deref(), Some("Hoa Phạm"));
    // The id says when it was made.
    assert_eq!(event.at, Some((1_441_000_004_194_304_000 >> 22) + 1_420_070_400_000));
    assert_eq!(event.key, "message 1441000004194304000");
    assert_eq!(said("text"), ("Đơn DH1024 của em tới đâu rồi ạ 😀 <@1> **đậm**".into(), vec![], None));
    assert_eq!(self::event("no_display_name").from.name.as_deref(), Some("hoa.pham"));
    assert_eq!(said("forwarded").0, "Giảm 50%", "what was forwarded is in a snapshot");
    assert_eq!(what("reply")["said"]["reply_to"], "1440000000000000001");
}

#[test]
fn files_carry_what_the_platform_tells_of_them() {
    assert_eq!(said("image"), ("hàng lỗi".into(), vec![json!(["image", "anh.png", "image/png"])], None));
    assert_eq!(said("file_without_a_media_type").1, [json!(["video", "Video.MOV", null])]);
    assert_eq!(said("voice_message").1, [json!(["audio", null, "audio/ogg"])]);
    assert_eq!(said("text_file").1, [json!(["file", "ghi_chu.txt", "text/plain"])]);
    assert_eq!(said("sticker").1, [json!(["sticker", "Wave", "application/json"])]);
}

#[test]
fn content_that_cannot_be_shown_is_named() {
    assert_eq!(said("poll").2.as_deref(), Some("poll"));
    assert_eq!(said("newer_content").2.as_deref(), Some("hologram"));
    assert_eq!(said("newer_type").2.as_deref(), Some("message type 90"));
}

#[test]
fn edits_deletions_reactions_and_typing_are_told_apart() {
    let edit = event("edit");
    assert_eq!(edit.at, Some(1_763_640_062_000));
    assert!(matches!(edit.what, What::Edited { text, .. } if text == "Đơn DH1025 ạ"));
    assert_eq!(what("delete"), json!({"deleted": {"message": "1441000000000000555"}}));
    let many: Vec<_> = events("delete_many").into_iter().map(|event| event.key).collect();
    assert_eq!(many, ["delete 1441000000000000556", "delete 1441000000000000557"]);
    let reacted = |emoji: &str, removed: bool| json!({"message": "1441000000000000555", "emoji": emoji, "removed": removed});
    assert_eq!(what("reaction")["reacted"], reacted("❤️", false));
    assert_eq!(what("custom_reaction_removed")["reacted"], reacted(":LUL:", true));
    assert_eq!((event("typing").at, what("typing")), (Some(1_790_000_123_000), json!("typing")));
}

#[test]
fn a_deletion_in_a_channel_that_nobody_is_known_of_is_nothing() {
    let mut call = sample("delete");
    call.headers.clear();
    assert_eq!(read::frame(&call, Some(BOT)), Ok(vec![]));
}

#[test]
fn a_press_and_a_choice_say_their_payload() {
    let press = event("press");
    assert_eq!((press.from.language.as_deref(), press.key.as_str()), (Some("vi"), "press 1441000000000009001"));
    let pressed = &what("press")["pressed"];
    assert_eq!((&pressed["payload"], &pressed["label"]), (&json!("human"), &json!("Gặp shop")));
    assert_eq!(pressed["acknowledge"], "1441000000000009001/aW50ZXJhY3Rpb246MTQ0");
    assert_eq!(what("choice_from_a_menu")["pressed"]["payload"], "size:L");
}

#[test]
fn what_no_customer_said_to_us_is_nothing() {
    let names = ["own_message", "own_reaction", "webhook_post", "pinned_notice", "in_a_server", "unfurled_link", "slash_command"];
    for name in names {
        assert_eq!(events(name), [], "{name}");
    }
}

#[test]
fn what_makes_no_sense_is_unreadable_and_never_a_panic() {
    let newer = read::frame(&sample("newer_event"), None);
    assert!(matches!(&newer, Err(Unreadable(why)) if why.contains("`MESSAGE_WHISPER`")), "{newer:?}");
    let bodies =
        ["", "{", "[]", "null", "{\"op\":0}", "{\"t\":\"MESSAGE_CREATE\",\"d\":[]}", "{\"t\":\"MESSAGE_CREATE\",\"d\":{}}"];
    for body in bodies {
        assert!(read::frame(&RawCall::fetched(body), None).is_err(), "{body}");
    }
}

#[test]
fn a_press_token_that_would_leave_its_path_is_not_used() {
    let press = |id: &str, token: &str| read::press_token(&json!({"type": 3, "id": id, "token": token}));
    assert!(press("5", "aW50-_.=").is_some());
    for (id, token) in [("5", "../../users/@me"), ("5", "a?b"), ("5", ".."), ("5", ""), ("a/b", "a"), ("", "a")] {
        assert_eq!(press(id, token), None, "{id}/{token}");
    }
}

#[test]
fn every_sample_is_asked_about() {
    let questions = include_str!("read_tests.rs");
    let folder = format!("{}/samples/discord", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("the folder of samples") {
        let name = entry.expect("an entry").file_name().to_string_lossy().replace(".json", "");
        assert!(questions.contains(&format!("\"{name}\"")), "no question asks about `{name}`");
    }
}

mod any_frame {
    use super::super::read;
    use onethread_core::channel::RawCall;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_read_or_refused_without_a_panic(kind in "[A-Z_]{0,24}", body in "\\PC{0,120}") {
            let _ = read::frame(&RawCall::fetched(body.clone()), None);
            for data in [serde_json::json!(body), serde_json::json!({"id": body, "author": {"id": body}, "content": body, "type": 19})] {
                let frame = serde_json::json!({"t": kind, "d": data, "s": 1, "op": 0}).to_string();
                let _ = read::frame(&RawCall::fetched(frame.clone()), None);
                let _ = read::frame(&RawCall::fetched(frame.replacen(&kind, "MESSAGE_CREATE", 1)), Some("1"));
            }
        }
    }
}
