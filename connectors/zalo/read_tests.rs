//! Every kind of event, as the platform shapes it, against what it must mean.

use super::*;
use onethread_core::channel::InboundAttachment;
use onethread_core::message::FileKind;

const OA: &str = "3886132808788086450";
const LAN: &str = "6700000000000001";

fn call(body: impl Into<Vec<u8>>) -> RawCall {
    RawCall { method: "POST".into(), body: body.into().into(), ..RawCall::default() }
}

fn raw(name: &str) -> Vec<u8> {
    let path = format!("{}/samples/zalo/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).expect("the sample is there")
}

fn sample(name: &str) -> Option<Inbound> {
    let mut events = read(&call(raw(name)), OA).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(events.len() <= 1, "one event a call");
    events.pop()
}

/// The event of a sample: Lan's, on the OA.
fn one(name: &str) -> Inbound {
    let event = sample(name).unwrap_or_else(|| panic!("{name} means something"));
    assert_eq!(event.from.user, LAN.into(), "{name}");
    assert!(event.account == Some(OA.into()) || name == "unfollow_minimal", "{name}");
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
    assert_eq!(event.key, "user_send_text:9a01");
    assert_eq!(event.at, Some(1_795_000_000_123));
    assert_eq!(event.what, What::Said(Said::text("9a01", "Đơn DH1024 của em tới đâu rồi ạ 😀 <b>&amp;</b>")));
    assert_eq!(said_in("text_quoting").reply_to, Some("8f00".into()));
    assert_eq!(said_in("numbers_for_ids").message, "901".into());
    assert_eq!(one("numbers_for_ids").at, Some(1_795_000_000_123));
}

#[test]
fn a_message_without_an_id_gets_the_same_one_each_time() {
    let (first, again) = (one("without_msg_id"), one("without_msg_id"));
    assert_eq!(first, again);
    assert!(matches!(first.what, What::Said(said) if !said.message.as_str().is_empty()));
}

#[test]
fn a_clock_that_is_off_is_no_time() {
    assert_eq!(one("doc_sample_clock").at, None);
}

#[test]
fn a_pressed_button_is_told_from_what_is_typed() {
    let (payload, label) = ("order:list".to_owned(), Some("Đơn hàng".to_owned()));
    let pressed = What::Pressed { message: None, payload, label, acknowledge: None };
    assert_eq!(one("button").what, pressed);
}

#[test]
fn files_keep_their_kind_name_and_size() {
    for (name, expected) in [
        ("image", FileKind::Image),
        ("gif", FileKind::Image),
        ("file", FileKind::File),
        ("audio", FileKind::Audio),
        ("video", FileKind::Video),
        ("sticker", FileKind::Sticker),
    ] {
        let said = said_in(name);
        assert!(matches!(&said.attachments[..], [InboundAttachment::File { kind, .. }] if *kind == expected), "{name}");
        assert_eq!(said.unsupported, None, "{name}");
    }
    assert_eq!(said_in("image").text, "lỗi như hình");
    let [InboundAttachment::File { name, size, .. }] = &said_in("file").attachments[..] else { panic!("one file") };
    assert_eq!((name.as_deref(), *size), (Some("hóa đơn.pdf"), Some(9999)));
}

#[test]
fn places_links_and_cards_are_read_in_every_shape() {
    for name in ["location", "location_elsewhere"] {
        let place = InboundAttachment::Location { latitude: 21.0285, longitude: 105.8542, title: None };
        assert_eq!(said_in(name).attachments, [place], "{name}");
    }
    let link = InboundAttachment::Link { url: "https://shop.example/ao".into(), title: Some("Áo dài lụa".into()) };
    assert_eq!(said_in("link").attachments, [link]);
    let card = InboundAttachment::Contact { name: Some("Chị Lan".into()), phone: "0912345678".into() };
    assert_eq!(said_in("business_card").attachments, [card]);
    let script = said_in("script_link");
    assert!(script.attachments.is_empty() && script.unsupported.is_some());
}

#[test]
fn what_is_newer_than_this_code_is_kept_and_named() {
    assert_eq!(said_in("unknown_content").unsupported.as_deref(), Some("user_send_hologram"));
    assert_eq!(said_in("unknown_event").unsupported.as_deref(), Some("user_waves"));
    assert!(said_in("withdraw").unsupported.is_some_and(|what| what.contains("deleted")));
}

#[test]
fn an_unknown_event_about_a_message_is_none_of_its_copies() {
    let of = |name: &str| {
        let body = serde_json::json!({
            "event_name": name, "sender": { "id": LAN }, "recipient": { "id": OA }, "timestamp": "1795000000123",
            "message": { "msg_id": "96d3", "text": "alo" }
        });
        match read(&call(body.to_string()), OA).expect("it is read").remove(0).what {
            What::Said(said) => said.message,
            other => panic!("{name} is {other:?}"),
        }
    };
    assert_eq!(of("user_send_hologram"), of("user_send_text"), "a message of a newer kind is that message");
    assert_ne!(of("user_recalls_message"), of("user_send_text"));
    assert_eq!(of("user_recalls_message"), of("user_recalls_message"));
}

#[test]
fn a_submitted_form_shares_a_phone_that_nobody_vouches_for() {
    for name in ["submit_info", "submit_info_older"] {
        let shared = What::Shared { message: None, phone: "84912345678".into(), own: false, name: Some("Nguyễn Lan".into()) };
        let event = one(name);
        assert_eq!(event.what, shared, "{name}");
        assert_eq!(event.from.name.as_deref(), Some("Nguyễn Lan"));
    }
    assert!(said_in("submit_info_without_phone").unsupported.is_some());
}

#[test]
fn people_come_and_go() {
    assert_eq!(one("follow").what, What::Followed);
    assert_eq!(one("unfollow").what, What::Unfollowed);
    assert_eq!(one("unfollow_minimal").account, None, "it can only be meant for the inbox it came to");
    assert_eq!(one("chat_now").what, What::Started { message: None, reference: None });
}

#[test]
fn receipts_name_each_message_once_whoever_is_called_the_sender() {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect::<Vec<PlatformMessageId>>();
    assert_eq!(one("received").what, What::Delivered { messages: ids(&["8f00"]), until: None });
    assert_eq!(one("seen").what, What::Seen { messages: ids(&["8f00", "8f01"]), until: None });
    assert_eq!(one("seen_by_customer").what, What::Seen { messages: ids(&["8f00"]), until: None });
}

#[test]
fn a_receipt_for_a_paid_notification_is_not_about_a_customer_here() {
    let mut notification = call(raw("received_by_phone_number"));
    notification.headers.push((SERVER_HEADER.into(), "ZNS".into()));
    assert_eq!(read(&notification, OA), Ok(Vec::new()));
}

#[test]
fn a_reaction_is_shown_as_people_know_it() {
    assert_eq!(one("reacted").what, What::Reacted { message: "8f00".into(), emoji: "❤️".into(), removed: false });
}

#[test]
fn an_echo_is_a_persons_only_with_an_admin() {
    assert_eq!(
        one("echo_of_ours").what,
        What::EchoedByUs { message: "8f00".into(), key: None, text: Some("Dạ shop nghe ạ".into()) }
    );
    assert_eq!(one("echo_of_a_person").what, What::EchoedByHuman(Said::text("8f02", "Chị chờ em chút nhé")));
    let What::EchoedByHuman(said) = one("echo_of_a_persons_image").what else { panic!("a person's picture") };
    assert_eq!((said.text.as_str(), said.attachments.len()), ("mẫu đây ạ", 1));
}

#[test]
fn what_is_not_said_to_us_is_nothing() {
    for name in ["tag_added", "anonymous", "group", "our_reaction", "notification_news"] {
        assert_eq!(sample(name), None, "{name}");
    }
}

#[test]
fn nonsense_is_unreadable_and_never_a_panic() {
    for body in [
        "",
        "nonsense",
        "[]",
        "7",
        r#"{"event_name":7}"#,
        r#"{"event_name":"user_send_text"}"#,
        r#"{"event_name":"user_seen_message"}"#,
    ] {
        assert!(read(&call(body), OA).is_err(), "{body}");
    }
    for message in
        ["null", "7", "[]", r#"{"attachments":[7,{"type":"image"},{"type":"location","payload":{}}]}"#, r#"{"msg_ids":7}"#]
    {
        for event in
            attachments::KNOWN.iter().chain(&["user_send_text", "user_seen_message", "user_reacted_message", "oa_send_text"])
        {
            let body =
                format!(r#"{{"event_name":"{event}","sender":{{"id":"1"}},"recipient":{{"id":"2"}},"message":{message}}}"#);
            let _ = read(&call(body), OA);
        }
    }
}
