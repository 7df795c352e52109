//! Zalo OA against its simulator: the contract's questions, and what is its own.

mod gate;
mod kit;

use async_trait::async_trait;
use gate::{Stage, bytes_of, text, with_buttons};
use onethread_core::channel::{
    Channel, Connector, DeliveryError, FetchError, InboundAttachment, OutboundFile, ParcelContent, RawCall, RefusedBecause, What,
};
use onethread_core::clock::{DAY, HOUR};
use onethread_core::contract::{Bench, Fate, ask_everything};
use onethread_core::ids::PlatformUserId;
use onethread_core::message::{Button, FileKind};
use onethread_core::secret::Settings;
use onethread_simulator::platform::SentFile;
use onethread_simulator::{Act, BubbleFrom};
use std::sync::Arc;

struct Account(Stage);

#[async_trait]
impl Bench for Account {
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
        let mut again = call.clone();
        again.headers.push(("num_retry".into(), "1".into()));
        again
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
        self.0.world.zalo.post_raw(b"\x00 no sense").await.expect("the gate takes it");
        self.0.gate.find("no sense").await
    }
    async fn phone(&self) -> Vec<String> {
        let bubbles = self.0.platform.phones().of(self.0.customer.as_str()).bubbles;
        bubbles.into_iter().filter(|bubble| bubble.from == BubbleFrom::Business).map(|bubble| bubble.text).collect()
    }
    async fn fate(&self, fate: Fate) {
        self.0.fail(fate);
    }
}

async fn stage() -> Stage {
    Stage::set("zalo").await
}

/// A stage on which the customer has just written.
async fn open_stage() -> Stage {
    let stage = stage().await;
    stage.hear("chào shop").await;
    stage
}

fn refused(outcome: Result<onethread_core::channel::Receipt, DeliveryError>) -> RefusedBecause {
    match outcome {
        Err(DeliveryError::Refused(reason)) => reason.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn file(stage: &Stage, name: &str, mime: &str, size: usize) -> ParcelContent {
    let id = stage.house.files.put(vec![7; size]);
    let size = i64::try_from(size).expect("a small file");
    let file = OutboundFile { id, kind: FileKind::of_mime(mime), name: name.into(), mime: mime.into(), size, url: String::new() };
    ParcelContent::File { file, caption: None }
}

fn sent(name: &str, mime: &str) -> SentFile {
    // "bytes!" in base64.
    SentFile { name: name.into(), mime: mime.into(), bytes: "Ynl0ZXMh".into() }
}

fn sends(kind: &str, name: &str, mime: &str, caption: Option<&str>) -> Act {
    Act::SendsFiles { kind: kind.into(), files: vec![sent(name, mime)], caption: caption.map(str::to_owned) }
}

#[tokio::test]
async fn zalo_answers_every_question_of_the_contract() {
    ask_everything(&Account(stage().await)).await;
}

#[tokio::test]
async fn a_call_that_met_trouble_is_brought_again_and_counts_itself() {
    let stage = open_stage().await;
    stage.gate.stumble(2);
    let call = stage.hear("lần này mới tới").await;
    assert_eq!(call.header("num_retry"), Some("2"));
}

#[tokio::test]
async fn the_console_needs_no_signature_to_try_the_address_and_everybody_else_does() {
    let stage = open_stage().await;
    assert_eq!(stage.gate.refused(), 0, "the empty call was answered");
    let mut call = stage.hear("thật đấy").await;
    call.headers.retain(|(name, _)| name != "x-zevent-signature");
    assert!(stage.connector.admit(&call).is_err());
}

#[tokio::test]
async fn everything_a_customer_can_do_arrives() {
    let stage = open_stage().await;
    let id = stage.act(sends("image", "lỗi.jpg", "image/jpeg", Some("lỗi như hình"))).await.expect("an id");
    let What::Said(said) = stage.next_what(&id).await else { panic!("a picture") };
    assert_eq!(said.text, "lỗi như hình");
    let [InboundAttachment::File { source, kind: FileKind::Image, .. }] = &said.attachments[..] else { panic!("one picture") };
    assert_eq!(bytes_of(stage.connector.fetch(source).await).await, b"bytes!");
    stage.world.zalo.advance(HOUR);
    assert!(matches!(stage.connector.fetch(source).await, Err(FetchError::Gone)), "links expire");

    for (kind, expected) in
        [("voice", FileKind::Audio), ("video", FileKind::Video), ("sticker", FileKind::Sticker), ("file", FileKind::File)]
    {
        let id = stage.act(sends(kind, "x.bin", "application/octet-stream", None)).await.expect("an id");
        let What::Said(said) = stage.next_what(&id).await else { panic!("{kind}") };
        assert!(matches!(&said.attachments[..], [InboundAttachment::File { kind, .. }] if *kind == expected), "{kind}");
    }
    let id = stage.act(Act::SendsLocation { latitude: 21.02, longitude: 105.85 }).await.expect("an id");
    assert!(
        matches!(stage.next_what(&id).await, What::Said(said) if matches!(said.attachments[..], [InboundAttachment::Location { .. }]))
    );
    stage.act(Act::Follows).await;
    assert_eq!(stage.next_what("\"follow\"").await, What::Followed);
    stage.act(Act::Unfollows).await;
    assert_eq!(stage.next_what("\"unfollow\"").await, What::Unfollowed);
    stage.act(Act::Starts { reference: None }).await;
    assert_eq!(stage.next_what("chatnow").await, What::Started { message: None, reference: None });
    stage.act(Act::Reacts { message: id, emoji: "❤️".into(), removed: false }).await;
    assert!(matches!(stage.next_what("react_icon").await, What::Reacted { emoji, removed: false, .. } if emoji == "❤️"));
    stage.act(Act::SharesPhone { phone: "0912345678".into() }).await;
    let shared = stage.next_what("user_submit_info").await;
    assert!(matches!(shared, What::Shared { phone, own: false, name: Some(_), .. } if phone == "84912345678"));
}

#[tokio::test]
async fn an_echo_tells_us_from_a_person_at_the_oa() {
    let stage = open_stage().await;
    let receipt = stage.deliver(text("Dạ shop đây ạ")).await;
    let echo = What::EchoedByUs { message: receipt.message.clone(), key: None, text: Some("Dạ shop đây ạ".into()) };
    assert_eq!(stage.next_what("oa_send_text").await, echo);
    let delivered = stage.next_what("user_received_message").await;
    assert_eq!(delivered, What::Delivered { messages: vec![receipt.message.clone()], until: None });
    stage.act(Act::Sees).await;
    assert_eq!(stage.next_what("user_seen_message").await, What::Seen { messages: vec![receipt.message], until: None });
    stage.act(Act::BusinessAnswers { text: "Em là Hoa đây ạ".into() }).await;
    assert!(matches!(stage.next_what("oa_send_text").await, What::EchoedByHuman(said) if said.text == "Em là Hoa đây ạ"));
}

#[tokio::test]
async fn a_pressed_button_comes_back_as_what_it_stands_for() {
    let stage = open_stage().await;
    stage
        .deliver(with_buttons("Cần gì ạ?", vec![Button::payload("Đơn hàng", "order"), Button::url("Xem", "https://a.vn")]))
        .await;
    let bubble = stage.bubble();
    assert_eq!((bubble.buttons[0].0.as_str(), bubble.buttons[1].1.as_str()), ("Đơn hàng", "https://a.vn"));
    let payload = bubble.buttons[0].1.clone();
    let id = stage.act(Act::Presses { message: bubble.id, label: "Đơn hàng".into(), payload }).await.expect("an id");
    assert!(
        matches!(stage.next_what(&id).await, What::Pressed { payload, label, .. } if payload == "order" && label.as_deref() == Some("Đơn hàng"))
    );
    let shown = stage.platform.phones().of(stage.customer.as_str()).bubbles;
    assert!(!shown.iter().any(|bubble| bubble.text.contains("#ot:")), "nobody sees the payload");
    let ask =
        ParcelContent::Text { text: "Cho shop xin số ạ".into(), buttons: Vec::new(), ask_phone: Some("Gửi số".into()) };
    stage.deliver(ask).await;
    assert_eq!((stage.bubble().text.as_str(), stage.bubble().ask_phone.as_deref()), ("Cho shop xin số ạ", Some("Gửi số")));
}

#[tokio::test]
async fn where_buttons_are_turned_down_the_words_still_arrive() {
    let stage = open_stage().await;
    stage.world.zalo.turn_down_buttons(true);
    stage
        .deliver(with_buttons("Cần gì ạ?", vec![Button::payload("Đơn hàng", "order"), Button::url("Xem", "https://a.vn")]))
        .await;
    assert_eq!(stage.bubble().text, "Cần gì ạ?\n• Đơn hàng\nXem: https://a.vn");
}

#[tokio::test]
async fn pictures_and_files_within_the_limits_go_out() {
    let stage = open_stage().await;
    for (name, mime) in
        [("mẫu.png", "image/png"), ("động.gif", "image/gif"), ("bảng giá.pdf", "application/pdf"), ("đơn.csv", "text/csv")]
    {
        stage.deliver(file(&stage, name, mime, 1000)).await;
        assert_eq!(stage.bubble().files, [name]);
    }
    for (name, mime, size) in
        [("to.jpg", "image/jpeg", (1 << 20) + 1), ("phim.mp4", "video/mp4", 10), ("to.pdf", "application/pdf", (5 << 20) + 1)]
    {
        let outcome = stage.connector.deliver(&stage.parcel(file(&stage, name, mime, size))).await;
        assert_eq!(refused(outcome), RefusedBecause::BadFile, "{name}");
    }
}

#[tokio::test]
async fn windows_close_and_the_quota_runs_out() {
    let stage = open_stage().await;
    let deliver = async || stage.connector.deliver(&stage.parcel(text("alo"))).await;
    stage.world.zalo.set_quota(1);
    deliver().await.expect("free within 48 hours");
    stage.world.zalo.advance(49 * HOUR);
    deliver().await.expect("the quota's last");
    assert_eq!(refused(deliver().await), RefusedBecause::QuotaUsedUp);
    stage.world.zalo.advance(6 * DAY);
    assert_eq!(refused(deliver().await), RefusedBecause::WindowClosed);
    stage.hear("em quay lại rồi").await;
    deliver().await.expect("open again");
    stage.act(Act::Blocks).await;
    assert_eq!(refused(deliver().await), RefusedBecause::Blocked);
    let mut stranger = stage.parcel(text("ai đấy"));
    stranger.to = "6404".into();
    assert_eq!(refused(stage.connector.deliver(&stranger).await), RefusedBecause::UnknownRecipient);
    assert_eq!(refused(stage.connector.deliver(&stage.parcel(text(&"a".repeat(2001)))).await), RefusedBecause::TooLong);
}

#[tokio::test]
async fn decomposed_vietnamese_is_composed_before_it_is_counted() {
    let stage = open_stage().await;
    // 1001 letters of two code points each.
    let typed = "o\u{302}".repeat(1001);
    stage.deliver(text(&typed)).await;
    assert_eq!(stage.bubble().text, "ô".repeat(1001));
}

#[tokio::test]
async fn a_name_is_learnt_and_health_says_what_is_wrong() {
    let stage = open_stage().await;
    let profile = stage.connector.profile(&stage.customer).await.expect("an answer").expect("a profile");
    assert_eq!(profile.name.as_deref(), Some("Nguyễn Lan"));
    assert_eq!(stage.connector.profile(&"6404".into()).await, Ok(None));
    let health = stage.connector.probe().await;
    assert!(health.healthy, "{health:?}");
    assert_eq!(health.account_name.as_deref(), Some("Tiệm Mây"));
    let second = stage.world.zalo.add_oa("Tiệm thứ hai");
    let mut settings = kit::settings(&stage.world.zalo.settings_of(&second, &stage.world.base(stage.platform.as_ref())));
    let sister = stage.channel.open(&settings, stage.house.kit()).expect("it opens");
    let app = |connector: &dyn Connector| connector.account().expect("named").app;
    assert_eq!(app(sister.as_ref()), app(stage.connector.as_ref()), "one app");
    settings.set("oa_id", "404");
    let wrong = stage.channel.open(&settings, stage.house.kit()).expect("it opens");
    assert!(wrong.probe().await.reason.contains("`oa_id`"));
}

#[tokio::test]
async fn wrong_settings_are_refused_with_the_field_named() {
    let stage = stage().await;
    let app_secret = stage.house.vault.now().text("app_secret").expect("a secret").to_owned();
    for (field, value) in
        [("oa_id", "38 86"), ("api_url", "openapi.zalo.me"), ("refresh_token", " "), ("oa_secret_key", app_secret.as_str())]
    {
        let mut settings = stage.house.vault.now();
        settings.set(field, value);
        let Err(error) = stage.channel.open(&settings, stage.house.kit()) else { panic!("{field} is refused") };
        assert_eq!(error.field, field);
    }
}
