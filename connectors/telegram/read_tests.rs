//! What each sample update says. The samples are our own, shaped as the platform documents.

use super::read;
use onethread_core::channel::{Inbound, Unreadable, What};
use serde_json::{Value, json};

const CUSTOMER: &str = "5012345678";

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/samples/telegram/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn events(name: &str) -> Vec<Inbound> {
    read::update(&sample(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn event(name: &str) -> Inbound {
    let [event] = <[Inbound; 1]>::try_from(events(name)).unwrap_or_else(|events| panic!("{name}: {events:?}"));
    assert_eq!(event.from.user.as_str(), CUSTOMER, "{name}");
    event
}

fn what(name: &str) -> Value {
    serde_json::to_value(event(name).what).expect("JSON")
}

/// The parts of `Said` that a sample is about; the rest must be empty.
fn said(name: &str) -> (String, Value, Option<String>) {
    let What::Said(said) = event(name).what else { panic!("{name} is a message") };
    assert!(said.payload.is_none() && (said.reply_to.is_none() || name == "reply"), "{name}");
    (said.text, serde_json::to_value(said.attachments).expect("JSON"), said.unsupported)
}

fn file(kind: &str, source: &str, name: Option<&str>, mime: &str, size: i64) -> Value {
    json!([{"type": "file", "kind": kind, "source": source, "name": name, "mime": mime, "size": size}])
}

#[test]
fn words_arrive_with_their_sender_and_both_ids() {
    let event = event("text");
    assert_eq!(event.from.name.as_deref(), Some("Hoa Phạm"));
    assert_eq!(event.from.language.as_deref(), Some("vi"));
    assert_eq!(event.at, Some(1_790_000_041_000));
    assert_eq!(event.key, "message 870000101 5012345678 41");
    assert_eq!(said("text"), ("Đơn DH1024 của em tới đâu rồi ạ 😀".into(), json!([]), None));
    assert_eq!(said("text_with_a_newer_decoration").0, "shop ơi", "a decoration newer than this code costs no text");
    assert_eq!(said("forwarded").0, "Giảm 50% toàn shop");
    assert_eq!(said("starts_like_a_command").0, "/startup là gì vậy shop");
    assert_eq!(self::event("only_a_username").from.name.as_deref(), Some("@hoa_pham"));
}

#[test]
fn a_reply_names_what_it_answers() {
    assert_eq!(what("reply")["said"]["reply_to"], "12");
}

#[test]
fn files_carry_what_the_platform_tells_of_them() {
    let photo = file("image", "AgACAgUAAxkBAAlarge", None, "image/jpeg", 143_201);
    assert_eq!(said("photo"), ("hàng bị rách ạ".into(), photo, None), "the largest size is taken");
    assert_eq!(said("album_part").1[0]["source"], "AgACAgUAAxkBAAtwo");
    assert_eq!(said("document").1, file("file", "BQACAgUAAxkBAAdoc", Some("hoá đơn.pdf"), "application/pdf", 80_211));
    assert_eq!(said("picture_sent_as_a_file").1, file("image", "BQACAgUAAxkBAApic", Some("IMG_1.PNG"), "image/png", 900_211));
    assert_eq!(said("animation").1, file("video", "CgACAgUAAxkBAAgif", Some("cuoi.mp4"), "video/mp4", 30_201), "once, not twice");
    assert_eq!(said("voice").1, file("audio", "AwACAgUAAxkBAAvoice", None, "audio/ogg", 15_822));
    assert_eq!(said("audio").1, file("audio", "CQACAgUAAxkBAAsong", Some("bai.mp3"), "audio/mpeg", 4_102_033));
    assert_eq!(said("video").1, file("video", "BAACAgUAAxkBAAvid", Some("mo_hop.mp4"), "video/mp4", 2_102_033));
    assert_eq!(said("round_video").1, file("video", "DQACAgUAAxkBAAround", None, "video/mp4", 702_033));
    assert_eq!(said("sticker").1, file("sticker", "CAACAgUAAxkBAAstk", None, "application/x-tgsticker", 12_033));
}

#[test]
fn places_keep_their_names() {
    let place = |latitude: f64, longitude: f64, title: Option<&str>| json!([{"type": "location", "latitude": latitude, "longitude": longitude, "title": title}]);
    assert_eq!(said("location").1, place(10.776_889, 106.700_806, None));
    assert_eq!(said("venue").1, place(21.028_511, 105.804_817, Some("Bưu điện Hà Nội")));
}

#[test]
fn only_ones_own_card_proves_a_phone() {
    let phone = |name: &str| {
        let what = what(name);
        (what["shared"]["phone"].clone(), what["shared"]["own"].clone())
    };
    assert_eq!(phone("own_phone"), (json!("+84912345678"), json!(true)));
    assert_eq!(phone("somebody_elses_card"), (json!("84987654321"), json!(false)));
    assert_eq!(phone("card_without_an_account"), (json!("0987654321"), json!(false)));
}

#[test]
fn a_start_gives_its_payload() {
    assert_eq!(what("start"), json!({"started": {"message": "60", "reference": null}}));
    assert_eq!(what("start_with_payload"), json!({"started": {"message": "61", "reference": "sale-11_11"}}));
}

#[test]
fn content_that_cannot_be_shown_is_named() {
    assert_eq!(said("poll"), (String::new(), json!([]), Some("poll".into())));
    assert_eq!(said("newer_content").2.as_deref(), Some("hologram"));
    assert_eq!(said("newer_kind_with_words").0, "nói nhỏ thôi", "a kind newer than this code costs no text");
}

#[test]
fn edits_presses_reactions_and_blocks_are_told_apart() {
    let edited = |message: &str, text: &str| json!({"edited": {"message": message, "text": text}});
    assert_eq!(what("edit"), edited("68", "Đơn DH1025 ạ"));
    assert_eq!(event("edit").at, Some(1_790_000_999_000));
    assert_eq!(what("edited_caption"), edited("69", "rách ở góc"));
    let pressed = json!({"message": "77", "payload": "human", "label": "Gặp shop", "acknowledge": "2152000000000000001"});
    assert_eq!(what("press")["pressed"], pressed);
    let old = json!({"message": "3", "payload": "faq:ship", "label": null, "acknowledge": "2152000000000000002"});
    assert_eq!(what("press_on_an_old_message")["pressed"], old);
    let reactions: Vec<_> = events("reaction").into_iter().map(|event| event.what).collect();
    let reaction = |emoji: &str, removed| What::Reacted { message: "77".into(), emoji: emoji.into(), removed };
    assert_eq!(reactions, [reaction("👍", true), reaction("❤", false), reaction("❔", false)]);
    assert_eq!((what("blocked"), what("unblocked")), (json!("blocked"), json!("unblocked")));
}

#[test]
fn what_nobody_said_to_us_is_nothing() {
    for name in ["group", "channel_post", "pinned", "live_location_moves"] {
        assert_eq!(events(name), [], "{name}");
    }
}

#[test]
fn what_makes_no_sense_is_unreadable_and_never_a_panic() {
    let newer = read::update(&sample("newer_kind"));
    assert!(matches!(&newer, Err(Unreadable(why)) if why.contains("`moon_phase`")), "{newer:?}");
    let bodies: [&[u8]; 10] = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{\"update_id\":1}",
        b"{\"update_id\":\"1\",\"message\":{}}",
        b"{\"update_id\":1,\"message\":7}",
        b"{\"update_id\":1,\"callback_query\":{}}",
        b"{\"update_id\":1,\"message\":{\"message_id\":1,\"chat\":{\"type\":\"private\"}}}",
        b"\xff\xfe",
    ];
    for body in bodies {
        assert!(read::update(body).is_err(), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn every_sample_is_asked_about() {
    let questions = include_str!("read_tests.rs");
    let folder = format!("{}/samples/telegram", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).expect("the folder of samples") {
        let name = entry.expect("an entry").file_name().to_string_lossy().replace(".json", "");
        assert!(questions.contains(&format!("\"{name}\"")), "no question asks about `{name}`");
    }
}

mod any_body {
    use super::super::read;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_read_or_refused_without_a_panic(body in "\\PC{0,200}") {
            let _ = read::update(body.as_bytes());
        }

        #[test]
        fn with_any_content_keeps_its_text(text in "\\PC{1,80}", field in "[a-z_]{1,12}") {
            let update = serde_json::json!({"update_id": 1, "message": {"message_id": 2, "chat": {"id": 3, "type": "private"},
                "from": {"id": 3}, "text": format!("x{text}"), "entities": [{"type": field}]}});
            let events = read::update(update.to_string().as_bytes()).expect("readable");
            let said = matches!(&events[0].what, onethread_core::channel::What::Said(said) if said.text == format!("x{text}"));
            prop_assert!(said);
        }
    }
}
