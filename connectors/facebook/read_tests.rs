//! Every kind of event, as the platform shapes it, against what it must mean.

use super::*;
use onethread_core::channel::{InboundAttachment, Said};
use onethread_core::message::FileKind;

const PAGE: &str = "104000000000001";
const LAN: &str = "2700000000000001";

fn sample(name: &str) -> Vec<Inbound> {
    let path = format!("{}/samples/facebook/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(&path).expect("the sample is there");
    read(&body).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The only event of a sample: Lan's, on the Page.
fn one(name: &str) -> Inbound {
    let [event] = <[Inbound; 1]>::try_from(sample(name)).expect("one event");
    assert_eq!(event.account, Some(PAGE.into()), "{name}");
    assert_eq!(event.from.user, LAN.into(), "{name}");
    event
}

fn said_in(name: &str) -> Said {
    match one(name).what {
        What::Said(said) => said,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn what_is_written_arrives_word_for_word() {
    let event = one("text");
    assert_eq!(event.key, "m_one");
    assert_eq!(event.at, Some(1_795_000_000_123));
    assert_eq!(event.what, What::Said(Said::text("m_one", "Đơn DH1024 của em tới đâu rồi ạ 😀 <b>&amp;</b>")));
    assert_eq!(said_in("reply_to").reply_to, Some("m_zero".into()));
    assert_eq!(said_in("numbers_for_ids").text, "số");
}

#[test]
fn a_tapped_choice_brings_its_payload_and_a_tapped_phone_its_number() {
    assert_eq!(said_in("quick_reply").payload.as_deref(), Some("order:list"));
    let shared = What::Shared { message: Some("m_one".into()), phone: "+84912345678".into(), own: false, name: None };
    assert_eq!(one("quick_reply_phone").what, shared);
    for payload in ["order:0912345678", "12", "person", "out_01", "1234567890123456789", "faq:84"] {
        let message = serde_json::json!({ "text": "x", "quick_reply": { "payload": payload } });
        assert_eq!(shared_phone(&message), None, "{payload}");
    }
}

#[test]
fn files_keep_their_kind_and_their_link() {
    let kinds = |name: &str| -> Vec<FileKind> {
        let kind = |attachment: &InboundAttachment| match attachment {
            InboundAttachment::File { kind, source, .. } if source.0.starts_with("https://scontent.") => *kind,
            other => panic!("{name}: {other:?}"),
        };
        said_in(name).attachments.iter().map(kind).collect()
    };
    assert_eq!(kinds("images"), [FileKind::Image, FileKind::Image]);
    assert_eq!(kinds("audio"), [FileKind::Audio]);
    assert_eq!(kinds("video"), [FileKind::Video]);
    assert_eq!(kinds("file"), [FileKind::File]);
    assert_eq!(kinds("sticker"), [FileKind::Sticker]);
    assert_eq!(kinds("sticker_before_august_2026"), [FileKind::Sticker]);
    let [InboundAttachment::File { name, .. }] = &said_in("file").attachments[..] else { panic!("one file") };
    assert_eq!(name.as_deref(), Some("hóa đơn.pdf"));
}

#[test]
fn places_and_links_are_shown_and_a_script_is_no_link() {
    let place = InboundAttachment::Location { latitude: 21.0285, longitude: 105.8542, title: None };
    assert_eq!(said_in("location").attachments, [place]);
    let link = InboundAttachment::Link { url: "https://shop.example/ao-dai".into(), title: Some("Áo dài lụa".into()) };
    assert_eq!(said_in("shared_link").attachments, [link]);
    let bare = said_in("shared_link_without_card");
    assert!(bare.attachments.is_empty() && bare.unsupported.is_none());
    assert!(matches!(&said_in("reel").attachments[..], [InboundAttachment::Link { .. }]));
    let script = said_in("script_link");
    assert!(script.attachments.is_empty() && script.unsupported.is_some());
}

#[test]
fn what_cannot_be_shown_is_named() {
    for (name, called) in [("product", "template"), ("appointment", "appointment_booking"), ("unknown_attachment", "hologram")] {
        assert_eq!(said_in(name).unsupported.as_deref(), Some(called), "{name}");
    }
    assert_eq!(said_in("unknown_attachment").text, "xem nè");
    assert!(said_in("unsupported").unsupported.is_some());
    let event = said_in("unknown_event");
    assert_eq!(event.unsupported.as_deref(), Some("hologram_call"));
}

#[test]
fn a_press_is_known_by_its_mid_or_else_by_what_it_is() {
    let label = Some("Gặp nhân viên".into());
    let pressed = What::Pressed { message: None, payload: "person".into(), label, acknowledge: None };
    let event = one("postback");
    assert_eq!((event.key.as_str(), &event.what), ("m_press", &pressed));
    let event = one("postback_without_mid");
    assert_eq!(event.what, pressed);
    assert_eq!(event.key, one("postback_without_mid").key);
    assert!(event.key.starts_with("postback:"));
}

#[test]
fn a_reference_comes_through_on_every_way_in() {
    let started = |message: Option<&str>, reference: &str| What::Started {
        message: message.map(Into::into),
        reference: Some(reference.into()),
    };
    assert_eq!(one("get_started").what, started(Some("m_start"), "flyer-12"));
    assert_eq!(one("referral").what, started(None, "flyer-12"));
    let events = sample("from_an_ad");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].what, started(None, "tet-2027"));
    assert!(matches!(&events[1].what, What::Said(said) if said.text == "Giá bao nhiêu ạ"));
    assert_ne!(events[0].key, events[1].key);
}

#[test]
fn messages_change_and_vanish() {
    let event = one("edit");
    assert_eq!(event.what, What::Edited { message: "m_one".into(), text: "DH1025 mới đúng".into() });
    assert_eq!(event.key, "edit:m_one:1");
    assert_eq!(one("deleted").what, What::Deleted { message: "m_one".into() });
    assert_ne!(one("deleted").key, one("text").key, "the deletion is not taken for a copy of the message");
    let reacted = |emoji: &str, removed| What::Reacted { message: "m_ours".into(), emoji: emoji.into(), removed };
    assert_eq!(one("reaction").what, reacted("❤️", false));
    assert_eq!(one("reaction_removed").what, reacted("love", true));
}

#[test]
fn receipts_say_until_when() {
    let until = Some(1_795_000_000_000);
    let delivered = |messages: &[&str]| What::Delivered { messages: messages.iter().map(|id| (*id).into()).collect(), until };
    assert_eq!(one("delivery").what, delivered(&["m_ours", "m_ours_too"]));
    assert_eq!(one("delivery_without_mids").what, delivered(&[]));
    assert_eq!(one("delivery").at, Some(1_795_000_000_500), "without a clock of its own it takes the entry's");
    assert_eq!(one("read").what, What::Seen { messages: Vec::new(), until });
}

#[test]
fn an_echo_is_ours_only_with_our_key() {
    let event = one("echo_of_ours");
    assert_eq!(
        event.what,
        What::EchoedByUs { message: "m_ours".into(), key: Some("out_01kag0000000000000000000ab".into()), text: None }
    );
    assert_eq!(one("echo_of_a_person").what, What::EchoedByHuman(Said::text("m_human", "Chị chờ em chút nhé")));
    assert!(matches!(one("echo_of_another_app").what, What::EchoedByHuman(_)));
    for metadata in ["out_", "out_1", "campaign", "out_01kag0000000000000000000a!"] {
        assert!(!is_parcel_key(metadata), "{metadata}");
    }
}

#[test]
fn what_is_not_said_to_us_is_nothing() {
    let quiet = ["standby", "page_feed", "handover", "policy", "opt_in", "instagram", "documented_curl_test", "dashboard_test"];
    for name in quiet {
        assert_eq!(sample(name), [], "{name}");
    }
}

#[test]
fn one_call_may_hold_two_pages() {
    let events = sample("two_pages");
    let told: Vec<_> =
        events.iter().map(|event| (event.account.as_ref().map_or("", |page| page.as_str()), event.key.as_str())).collect();
    assert_eq!(told, [(PAGE, "m_a"), (PAGE, "m_b"), ("104000000000002", "m_c")]);
}

#[test]
fn a_strange_event_does_not_take_its_neighbours_down() {
    let events = sample("one_strange_among_good");
    let [good, strange] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(&good.what, What::Said(said) if said.text == "vẫn đọc được"));
    assert!(matches!(&strange.what, What::Strange { why } if why.contains("no sender")), "{strange:?}");
}

#[test]
fn nonsense_is_unreadable_and_never_a_panic() {
    for body in [
        "",
        "nonsense",
        "[]",
        "{}",
        "7",
        r#"{"object":"page"}"#,
        r#"{"object":"page","entry":[{"id":"1","messaging":[{"message":{}}]}]}"#,
    ] {
        assert!(read(body.as_bytes()).is_err(), "{body}");
    }
    for what in ["null", "7", "[]", "{}", r#"{"attachments":[7,null,{}]}"#, r#"{"mid":{},"text":7}"#] {
        for kind in ["message", "postback", "referral", "message_edit", "reaction", "delivery", "read", "novelty"] {
            let event = format!(r#"{{"sender":{{"id":"2"}},"recipient":{{"id":"1"}},"{kind}":{what}}}"#);
            let body = format!(r#"{{"object":"page","entry":[{{"id":"1","messaging":[{event}]}}]}}"#);
            let _ = read(body.as_bytes());
        }
    }
}
