//! Facebook Messenger against its simulator: the contract's questions, and what is its own.

mod gate;
mod kit;

use async_trait::async_trait;
use gate::{Stage, bytes_of, text, with_buttons};
use onethread_core::channel::{
    Channel, Connector, DeliveryError, FetchError, FileRef, InboundAttachment, OutboundFile, ParcelContent, RawCall, Refusal,
    RefusedBecause, Signal, Voice, What,
};
use onethread_core::clock::{DAY, HOUR};
use onethread_core::contract::{Bench, Fate, ask_everything};
use onethread_core::ids::PlatformUserId;
use onethread_core::message::{Button, FileKind};
use onethread_core::secret::Settings;
use onethread_simulator::platform::SentFile;
use onethread_simulator::{Act, Stumble};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;

struct Messenger(Stage);

#[async_trait]
impl Bench for Messenger {
    fn channel(&self) -> Arc<dyn Channel> {
        self.0.channel.clone()
    }
    fn settings(&self) -> Settings {
        self.0.house.vault.now()
    }
    fn connector(&self) -> Arc<dyn Connector> {
        self.0.connector.clone()
    }
    fn customer(&self) -> PlatformUserId {
        self.0.customer.clone()
    }
    async fn says(&self, text: &str) -> RawCall {
        self.0.hear(text).await
    }
    async fn redelivered(&self, call: &RawCall) -> RawCall {
        self.0.world.facebook.post_raw(&call.body).await.expect("the copy is taken");
        self.0.gate.find("").await
    }
    async fn forged(&self) -> Option<RawCall> {
        let mut call = self.0.hear("tôi là chủ shop").await;
        call.body = String::from_utf8_lossy(&call.body).replace("shop", "Shop").into_bytes().into();
        Some(call)
    }
    async fn novelty(&self) -> RawCall {
        let id = self.0.act(Act::DoesSomethingNew).await.expect("a message has an id");
        self.0.gate.find(&id).await
    }
    async fn nonsense(&self) -> RawCall {
        self.0.world.facebook.post_raw(b"\x00 no sense").await.expect("the gate takes it");
        self.0.gate.find("no sense").await
    }
    async fn phone(&self) -> Vec<String> {
        business_texts(&self.0)
    }
    async fn fate(&self, fate: Fate) {
        self.0.fail(fate);
    }
}

fn business_texts(stage: &Stage) -> Vec<String> {
    let bubbles = stage.platform.phones().of(stage.customer.as_str()).bubbles;
    let ours = bubbles.into_iter().filter(|bubble| bubble.from == onethread_simulator::BubbleFrom::Business);
    ours.map(|bubble| bubble.text).collect()
}

async fn stage() -> Stage {
    Stage::set("facebook").await
}

/// A stage on which the customer has just written.
async fn open_stage() -> Stage {
    let stage = stage().await;
    stage.hear("chào shop").await;
    stage
}

fn file(stage: &Stage, name: &str, mime: &str, bytes: &[u8]) -> ParcelContent {
    let id = stage.house.files.put(bytes.to_vec());
    let size = i64::try_from(bytes.len()).expect("a small file");
    let url = format!("http://127.0.0.1:9/{id}");
    let file = OutboundFile { id, kind: FileKind::of_mime(mime), name: name.into(), mime: mime.into(), size, url };
    ParcelContent::File { file, caption: None }
}

fn sent(name: &str, mime: &str) -> SentFile {
    // "bytes!" in base64.
    SentFile { name: name.into(), mime: mime.into(), bytes: "Ynl0ZXMh".into() }
}

#[tokio::test]
async fn messenger_answers_every_question_of_the_contract() {
    ask_everything(&Messenger(stage().await)).await;
}

#[tokio::test]
async fn the_platform_hands_events_only_to_whoever_knows_the_verify_token() {
    let stage = stage().await;
    let stranger = gate::Gate::start().await;
    let mut settings = stage.house.vault.now();
    settings.set("verify_token", "another");
    let other = stage.channel.open(&settings, stage.house.kit()).expect("it opens");
    stranger.guard_with(other);
    stage.platform.point_at(&stranger.url);
    let said = Act::Says { text: "có ai không".into(), reply_to: None };
    let outcome = stage.platform.act(stage.customer.as_str(), said).await;
    assert_eq!(outcome, Err(onethread_simulator::ActError::NotTaken(403)));
    assert!(stranger.calls().is_empty());
}

#[tokio::test]
async fn a_body_that_was_written_again_is_refused_though_it_means_the_same() {
    let stage = stage().await;
    let mut call = stage.hear("Đơn hàng 😀 https://a.vn").await;
    assert!(call.body.is_ascii(), "the wire is escaped");
    let value: serde_json::Value = serde_json::from_slice(&call.body).expect("JSON");
    call.body = value.to_string().into();
    assert_eq!(stage.connector.admit(&call).err(), Some(Refusal::Forged));
}

#[tokio::test]
async fn one_call_for_two_pages_names_the_page_of_each_event() {
    let stage = stage().await;
    let second = stage.world.facebook.add_page("Tiệm thứ hai");
    let settings = kit::settings(&stage.world.facebook.settings_of(&second, &stage.world.base(stage.platform.as_ref())));
    let sister = stage.channel.open(&settings, stage.house.kit()).expect("the second Page opens");
    sister.connect().await.expect("the second Page subscribes");
    let (first_account, second_account) = (stage.connector.account().expect("named"), sister.account().expect("named"));
    assert_eq!(first_account.app, second_account.app, "one app");
    assert!(!first_account.app.contains("secret"));
    let minh = stage.world.facebook.introduce_to(&second, "Minh");
    stage.world.facebook.say_together(&[(stage.customer.as_str(), "chào một"), (&minh, "chào hai")]).await.expect("taken");
    let events = stage.read("hai").await;
    let told: Vec<_> = events.iter().map(|event| (event.account.clone(), event.from.user.clone())).collect();
    assert_eq!(told, [(Some(first_account.id), stage.customer.clone()), (Some(second_account.id), minh.as_str().into())]);
}

#[tokio::test]
async fn a_call_that_met_trouble_is_brought_again() {
    let stage = open_stage().await;
    stage.gate.stumble(2);
    stage.hear("lần này mới tới").await;
}

#[tokio::test]
async fn a_call_may_come_twice_or_be_overtaken() {
    let stage = open_stage().await;
    stage.platform.faults().trip(Stumble::Twice);
    let first = stage.hear("một lần thôi").await;
    let again = stage.gate.find("mid").await;
    let keys = |call| stage.connector.read(call).expect("readable").into_iter().map(|event| event.key).collect::<Vec<_>>();
    assert_eq!(keys(&first), keys(&again));
    stage.platform.faults().trip(Stumble::Late { by: 600_000 });
    let late = stage.hear("nói trước");
    let early = async {
        while stage.platform.faults().unmet() > 0 {
            tokio::task::yield_now().await;
        }
        stage.hear("nói sau").await
    };
    tokio::select! {
        _ = late => panic!("it is held back"),
        _ = early => {}
    }
}

#[tokio::test]
async fn everything_a_customer_can_do_arrives() {
    let stage = open_stage().await;
    let mid = stage
        .act(Act::SendsFiles {
            kind: "image".into(),
            files: vec![sent("a.jpg", "image/jpeg"), sent("b.png", "image/png")],
            caption: None,
        })
        .await
        .expect("an id");
    let What::Said(said) = stage.next_what(&mid).await else { panic!("pictures") };
    let [InboundAttachment::File { source, kind: FileKind::Image, .. }, _] = &said.attachments[..] else { panic!("an album") };
    assert_eq!(bytes_of(stage.connector.fetch(source).await).await, b"bytes!");

    let mid = stage
        .act(Act::SendsFiles { kind: "sticker".into(), files: vec![sent("like.png", "image/png")], caption: None })
        .await
        .expect("an id");
    assert!(
        matches!(stage.next_what(&mid).await, What::Said(said) if matches!(said.attachments[..], [InboundAttachment::File { kind: FileKind::Sticker, .. }]))
    );
    let place = stage.act(Act::SendsLocation { latitude: 21.02, longitude: 105.85 }).await.expect("an id");
    assert!(
        matches!(stage.next_what(&place).await, What::Said(said) if matches!(said.attachments[..], [InboundAttachment::Location { .. }]))
    );

    let mid = stage.act(Act::Says { text: "DH1024".into(), reply_to: Some(place.clone()) }).await.expect("an id");
    assert!(matches!(stage.next_what(&mid).await, What::Said(said) if said.reply_to == Some(place.as_str().into())));
    stage.act(Act::Edits { message: mid.clone(), text: "DH1025".into() }).await;
    assert_eq!(stage.next_what("message_edit").await, What::Edited { message: mid.as_str().into(), text: "DH1025".into() });
    stage.act(Act::Reacts { message: mid.clone(), emoji: "👍".into(), removed: false }).await;
    assert_eq!(
        stage.next_what("reaction").await,
        What::Reacted { message: mid.as_str().into(), emoji: "👍".into(), removed: false }
    );
    stage.act(Act::Deletes { message: mid.clone() }).await;
    assert_eq!(stage.next_what("is_deleted").await, What::Deleted { message: mid.as_str().into() });
    stage.act(Act::Starts { reference: Some("flyer".into()) }).await;
    assert_eq!(stage.next_what("flyer").await, What::Started { message: None, reference: Some("flyer".into()) });
    stage.act(Act::SharesPhone { phone: "+84912345678".into() }).await;
    assert!(matches!(stage.next_what("84912345678").await, What::Shared { phone, own: false, .. } if phone == "+84912345678"));
}

#[tokio::test]
async fn a_first_step_in_by_link_brings_its_reference() {
    let stage = stage().await;
    let mid = stage.act(Act::Starts { reference: Some("to-roi-7".into()) }).await.expect("Get Started is a message");
    assert_eq!(
        stage.next_what(&mid).await,
        What::Started { message: Some(mid.as_str().into()), reference: Some("to-roi-7".into()) }
    );
}

#[tokio::test]
async fn a_file_link_that_expired_is_gone_and_a_private_address_is_never_called() {
    let stage = open_stage().await;
    let mid = stage
        .act(Act::SendsFiles { kind: "file".into(), files: vec![sent("a.pdf", "application/pdf")], caption: None })
        .await
        .expect("an id");
    let What::Said(said) = stage.next_what(&mid).await else { panic!("a file") };
    let [InboundAttachment::File { source, .. }] = &said.attachments[..] else { panic!("one file") };
    stage.world.facebook.advance(DAY);
    assert!(matches!(stage.connector.fetch(source).await, Err(FetchError::Gone)));
    let inside = FileRef("http://127.0.0.1:1/secret".into());
    assert!(matches!(stage.connector.fetch(&inside).await, Err(FetchError::Gone)));
}

#[tokio::test]
async fn choices_are_tapped_and_links_are_opened() {
    let stage = open_stage().await;
    stage
        .deliver(with_buttons(
            "Anh/chị cần gì ạ?",
            vec![Button::payload("Đơn hàng", "order"), Button::payload("Gặp nhân viên", "person")],
        ))
        .await;
    let bubble = stage.bubble();
    assert_eq!(bubble.buttons, [("Đơn hàng".to_owned(), "order".to_owned()), ("Gặp nhân viên".to_owned(), "person".to_owned())]);
    let mid =
        stage.act(Act::Presses { message: bubble.id, label: "Đơn hàng".into(), payload: "order".into() }).await.expect("an id");
    assert!(
        matches!(stage.next_what(&mid).await, What::Said(said) if said.payload.as_deref() == Some("order") && said.text == "Đơn hàng")
    );

    let link = Button::url("Theo dõi", "https://ghn.vn/x");
    stage.deliver(with_buttons("Đang giao ạ", vec![link.clone(), Button::payload("Gặp nhân viên", "person")])).await;
    let bubble = stage.bubble();
    assert_eq!(bubble.buttons[0].1, "https://ghn.vn/x");
    let mid = stage
        .act(Act::Presses { message: bubble.id, label: "Gặp nhân viên".into(), payload: "person".into() })
        .await
        .expect("an id");
    assert!(
        matches!(stage.next_what(&mid).await, What::Pressed { payload, label, .. } if payload == "person" && label.as_deref() == Some("Gặp nhân viên"))
    );

    let ask =
        ParcelContent::Text { text: "Cho shop xin số ạ".into(), buttons: Vec::new(), ask_phone: Some("Gửi số".into()) };
    stage.deliver(ask).await;
    assert!(stage.bubble().ask_phone.is_some());
    let many: Vec<_> = (0..12).map(|n| Button::payload(format!("Lựa chọn rất rất dài {n}"), format!("pick:{n}"))).collect();
    stage.deliver(ParcelContent::Text { text: "a".repeat(640), buttons: many, ask_phone: Some("Gửi số".into()) }).await;
    assert_eq!(stage.bubble().buttons.len(), stage.channel.capabilities().buttons, "as many as claimed");
}

#[tokio::test]
async fn files_go_by_upload_and_by_link_where_that_fails() {
    let stage = open_stage().await;
    stage.deliver(file(&stage, "bảng giá.pdf", "application/pdf", b"%PDF-1.4")).await;
    assert_eq!(stage.bubble().files, ["bảng giá.pdf"]);
    let call = stage.world.facebook.last_call(stage.customer.as_str()).expect("a call");
    assert!(call["message"]["attachment"]["payload"]["url"].is_null(), "the bytes were uploaded: {call}");

    // A file that is no longer stored here still has its link, which the platform fetches from us.
    let mid = stage
        .act(Act::SendsFiles { kind: "image".into(), files: vec![sent("mẫu.png", "image/png")], caption: None })
        .await
        .expect("an id");
    let What::Said(said) = stage.next_what(&mid).await else { panic!("a picture") };
    let [InboundAttachment::File { source, .. }] = &said.attachments[..] else { panic!("one picture") };
    let lost = |url: &str| {
        let file = OutboundFile {
            id: "fil_lost".into(),
            kind: FileKind::Image,
            name: "m.png".into(),
            mime: "image/png".into(),
            size: 6,
            url: url.into(),
        };
        stage.parcel(ParcelContent::File { file, caption: None })
    };
    stage.connector.deliver(&lost(&source.0)).await.expect("the platform fetches the link");
    assert_eq!(stage.bubble().files.len(), 1);
    let refused = stage.connector.deliver(&lost("http://127.0.0.1:9/nothing")).await;
    assert!(matches!(refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::BadFile));
}

#[tokio::test]
async fn a_reply_quotes_and_courtesies_are_shown() {
    let stage = open_stage().await;
    let asked = stage.act(Act::Says { text: "còn hàng không".into(), reply_to: None }).await.expect("an id");
    let mut parcel = stage.parcel(text("Dạ còn ạ"));
    parcel.reply_to = Some(asked.as_str().into());
    stage.connector.signal(&stage.customer, Signal::Typing).await;
    assert!(stage.platform.phones().of(stage.customer.as_str()).typing);
    stage.connector.signal(&stage.customer, Signal::Seen { message: None }).await;
    stage.connector.deliver(&parcel).await.expect("delivered");
    let phone = stage.platform.phones().of(stage.customer.as_str());
    assert!(!phone.typing, "speaking ends the typing");
    assert_eq!(stage.bubble().reply_to, Some(asked));
    assert!(phone.bubbles.iter().all(|bubble| bubble.ticks != "sent"), "what the customer wrote is marked seen");
}

#[tokio::test]
async fn an_echo_tells_us_from_a_person_in_the_page_inbox() {
    let stage = open_stage().await;
    let parcel = stage.parcel(text("Dạ shop đây ạ"));
    let receipt = stage.connector.deliver(&parcel).await.expect("delivered");
    let echoed = stage.next_what("is_echo").await;
    assert_eq!(echoed, What::EchoedByUs { message: receipt.message.clone(), key: Some(parcel.key.as_str().into()), text: None });
    let delivered = stage.next_what("watermark").await;
    assert!(matches!(delivered, What::Delivered { messages, until: Some(_) } if messages == [receipt.message]));
    stage.act(Act::Sees).await;
    assert!(matches!(stage.next_what("watermark").await, What::Seen { until: Some(_), .. }));
    stage.act(Act::BusinessAnswers { text: "Em là Hoa đây ạ".into() }).await;
    assert!(matches!(stage.next_what("is_echo").await, What::EchoedByHuman(said) if said.text == "Em là Hoa đây ạ"));
}

#[tokio::test]
async fn after_a_day_a_person_still_gets_through_and_a_bot_does_not() {
    let stage = open_stage().await;
    let written = stage.house.clock.0.load(Ordering::SeqCst);
    let late = |voice| {
        let mut parcel = stage.parcel(text("Dạ em xin lỗi trả lời muộn ạ"));
        parcel.voice = voice;
        parcel.last_interaction = Some(written);
        parcel
    };
    let call = || stage.world.facebook.last_call(stage.customer.as_str()).expect("a call");
    stage.connector.deliver(&late(Voice::Person)).await.expect("within a day");
    assert_eq!((call()["messaging_type"].clone(), call()["tag"].clone()), (json!("RESPONSE"), json!(null)));
    stage.world.facebook.advance(25 * HOUR);
    stage.house.clock.advance(25 * HOUR);
    let refused = stage.connector.deliver(&late(Voice::Bot)).await;
    assert!(matches!(refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::WindowClosed));
    stage.connector.deliver(&late(Voice::Person)).await.expect("a person within a week");
    assert_eq!((call()["messaging_type"].clone(), call()["tag"].clone()), (json!("MESSAGE_TAG"), json!("HUMAN_AGENT")));
    stage.world.facebook.advance(7 * DAY);
    stage.house.clock.advance(7 * DAY);
    let refused = stage.connector.deliver(&late(Voice::Person)).await;
    assert!(matches!(refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::WindowClosed));
}

#[tokio::test]
async fn what_the_platform_would_not_take_is_refused_by_name() {
    let stage = open_stage().await;
    let code = |outcome| match outcome {
        Err(DeliveryError::Refused(reason)) => reason.code,
        other => panic!("not refused: {other:?}"),
    };
    let deliver = async |content| stage.connector.deliver(&stage.parcel(content)).await;
    assert_eq!(code(deliver(text(&"a".repeat(2001))).await), RefusedBecause::TooLong);
    assert_eq!(code(deliver(text(" \n")).await), RefusedBecause::BadContent);
    let mut stranger = stage.parcel(text("ai đấy"));
    stranger.to = "2000000000000404".into();
    assert_eq!(code(stage.connector.deliver(&stranger).await), RefusedBecause::UnknownRecipient);
    stranger.to = "../me".into();
    assert_eq!(code(stage.connector.deliver(&stranger).await), RefusedBecause::UnknownRecipient);
    stage.act(Act::Blocks).await;
    assert_eq!(code(deliver(text("alo")).await), RefusedBecause::Blocked);
}

#[tokio::test]
async fn a_name_is_learnt_and_health_says_what_is_wrong() {
    let stage = open_stage().await;
    let profile = stage.connector.profile(&stage.customer).await.expect("an answer").expect("a profile");
    assert_eq!(profile.name.as_deref(), Some("Nguyễn Lan"));
    assert_eq!(stage.connector.profile(&"2000000000000404".into()).await, Ok(None));
    let health = stage.connector.probe().await;
    assert!(health.healthy, "{health:?}");
    assert_eq!(health.account_name.as_deref(), Some("Tiệm Mây"));

    let unsubscribed = stage.world.facebook.add_page("Chưa nối");
    let base = stage.world.base(stage.platform.as_ref());
    let open = |settings: &serde_json::Value| stage.channel.open(&kit::settings(settings), stage.house.kit()).expect("it opens");
    let mut settings = stage.world.facebook.settings_of(&unsubscribed, &base);
    assert!(open(&settings).probe().await.reason.contains("subscribed"));
    settings["page_token"] = "EAABwrong".into();
    let health = open(&settings).probe().await;
    assert!(!health.healthy && health.reason.contains("token") && !health.reason.contains("EAABwrong"), "{}", health.reason);
    assert!(open(&settings).connect().await.is_err());
    settings["page_token"] = stage.house.vault.now().text("page_token").expect("a token").into();
    assert!(!open(&settings).probe().await.healthy, "the token of another Page");
}

#[tokio::test]
async fn wrong_settings_are_refused_with_the_field_named() {
    let stage = stage().await;
    for (field, value) in
        [("page_id", "tiem-nha-may"), ("api_version", "25"), ("api_url", "graph.facebook.com"), ("app_secret", "")]
    {
        let mut settings = stage.house.vault.now();
        settings.set(field, value);
        let Err(error) = stage.channel.open(&settings, stage.house.kit()) else { panic!("{field} is refused") };
        assert_eq!(error.field, field);
    }
}
