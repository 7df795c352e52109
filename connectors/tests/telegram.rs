//! Telegram against its simulator: the contract's questions, and what only Telegram does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod kit;

use async_trait::async_trait;
use kit::{Hook, House, Ledger};
use onethread_core::channel::{
    Channel, ConnectError, Connector, DeliveryError, FetchError, FileRef, Inbound, InboundAttachment, OutboundFile, Parcel,
    ParcelContent, RawCall, Signal, Voice, What,
};
use onethread_core::contract::{self, Bench, Fate};
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::message::{Button, FileKind};
use onethread_core::secret::Settings;
use onethread_simulator::platform::SentFile;
use onethread_simulator::{Act, ActError, Fault, Phone, Platform, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000";

/// A shop's bot, one customer, and the gateway's hook.
struct Shop {
    world: World,
    hook: Hook,
    house: House,
    bot: Arc<dyn Connector>,
    lan: String,
}

impl Shop {
    async fn open() -> Self {
        Self::with(json!({})).await
    }

    /// Registered webhook or not, by the settings.
    async fn with(extra: Value) -> Self {
        let channel = kit::channel("telegram");
        let world = World::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let hook = Hook::start().await;
        let mut settings = world.telegram.settings(&world.base(&*world.telegram));
        settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let house = House::new(&hook.url, kit::settings(&settings));
        let bot = house.open(&*channel);
        bot.connect().await.expect("the webhook is set or removed");
        let lan = world.telegram.introduce("Lan Nguyễn");
        Self { world, hook, house, bot, lan }
    }

    async fn act(&self, act: Act) -> Option<String> {
        self.world.telegram.act(&self.lan, act).await.expect("the gateway takes it")
    }

    async fn says(&self, text: &str) -> RawCall {
        self.act(Act::Says { text: text.into(), reply_to: None }).await;
        self.hook.next().await
    }

    /// What one act arrives as.
    async fn hears(&self, act: Act) -> Vec<Inbound> {
        self.act(act).await;
        self.read(&self.hook.next().await)
    }

    fn read(&self, call: &RawCall) -> Vec<Inbound> {
        assert!(self.bot.admit(call).is_ok());
        self.bot.read(call).expect("a readable update")
    }

    fn phone(&self) -> Phone {
        self.world.telegram.phones().of(&self.lan)
    }

    fn parcel(&self, content: ParcelContent) -> Parcel {
        let key = ParcelId::fresh(1_790_000_000_000);
        Parcel { key, to: self.lan.as_str().into(), content, reply_to: None, voice: Voice::Bot, last_interaction: None }
    }

    fn text(&self, text: &str) -> Parcel {
        self.parcel(ParcelContent::Text { text: text.into(), buttons: Vec::new(), ask_phone: None })
    }

    fn file(&self, kind: FileKind, name: &str, mime: &str, bytes: &'static [u8]) -> Parcel {
        let id = self.house.files.put(bytes);
        let size = i64::try_from(bytes.len()).unwrap();
        let file = OutboundFile { id, kind, name: name.into(), mime: mime.into(), size, url: "https://unused.example".into() };
        self.parcel(ParcelContent::File { file, caption: Some("Ảnh của shop".into()) })
    }
}

fn what(events: Vec<Inbound>) -> What {
    let [event] = <[Inbound; 1]>::try_from(events).expect("one event");
    event.what
}

fn sent_file(name: &str, mime: &str, base64: &str) -> SentFile {
    SentFile { name: name.into(), mime: mime.into(), bytes: base64.into() }
}

// -------------------------------------------------------------- the contract

#[async_trait]
impl Bench for Shop {
    fn channel(&self) -> Arc<dyn Channel> {
        kit::channel("telegram")
    }
    fn settings(&self) -> Settings {
        self.house.vault.now()
    }
    fn connector(&self) -> Arc<dyn Connector> {
        self.bot.clone()
    }
    fn customer(&self) -> PlatformUserId {
        self.lan.as_str().into()
    }
    async fn says(&self, text: &str) -> RawCall {
        Shop::says(self, text).await
    }
    async fn redelivered(&self, call: &RawCall) -> RawCall {
        call.clone()
    }
    async fn forged(&self) -> Option<RawCall> {
        let mut call = Shop::says(self, "giả mạo").await;
        let secret = call.headers.iter_mut().find(|(name, _)| name == "x-telegram-bot-api-secret-token").unwrap();
        secret.1 = secret.1.to_uppercase();
        Some(call)
    }
    async fn novelty(&self) -> RawCall {
        self.act(Act::DoesSomethingNew).await;
        self.hook.next().await
    }
    async fn nonsense(&self) -> RawCall {
        let call = Shop::says(self, "x").await;
        RawCall { body: "{\"update_id\":".into(), ..call }
    }
    async fn phone(&self) -> Vec<String> {
        let business = |bubble: &onethread_simulator::Bubble| bubble.from == onethread_simulator::BubbleFrom::Business;
        Shop::phone(self).bubbles.into_iter().filter(business).map(|bubble| bubble.text).collect()
    }
    async fn fate(&self, fate: Fate) {
        self.world.telegram.faults().next(match fate {
            Fate::Blocked => Fault::Blocked,
            Fate::WindowClosed => Fault::WindowClosed,
            Fate::BadContent => Fault::BadContent,
            Fate::Throttled => Fault::Throttled { retry_after: 1500 },
            Fate::Unreachable => Fault::ServerError,
            Fate::AnswerLost => Fault::AnswerLost,
            Fate::TokenRevoked => Fault::TokenRevoked,
        });
    }
}

#[tokio::test]
async fn telegram_answers_every_question_of_the_contract() {
    contract::ask_everything(&Shop::open().await).await;
}

// ------------------------------------------------------------------- inbound

#[tokio::test]
async fn an_update_that_met_an_error_comes_again_as_the_same_event() {
    let shop = Shop::open().await;
    shop.hook.fail(2, 503);
    let call = shop.says("đơn của em").await;
    let again = shop.hook.next_within(Duration::from_millis(300)).await;
    assert!(again.is_none(), "taken once");
    assert!(matches!(what(shop.read(&call)), What::Said(said) if said.text == "đơn của em"));
}

#[tokio::test]
async fn messages_of_one_chat_keep_their_order_over_retries() {
    let shop = Shop::open().await;
    shop.hook.fail(3, 500);
    let first = shop.world.telegram.act(&shop.lan, Act::Says { text: "một".into(), reply_to: None }).await;
    assert_eq!(first, Err(ActError::NotTaken(500)), "the third failure is told, and the update still waits");
    shop.act(Act::Says { text: "hai".into(), reply_to: None }).await;
    let texts: Vec<_> = shop.hook.calls().iter().map(|call| what(shop.read(call))).collect();
    assert!(matches!(&texts[..], [What::Said(one), What::Said(two)] if one.text == "một" && two.text == "hai"), "{texts:?}");
}

#[tokio::test]
async fn a_photo_can_be_fetched_until_the_platform_forgets_it() {
    use futures::StreamExt;
    let shop = Shop::open().await;
    let photo = sent_file("anh.png", "image/png", "aGVsbG8=");
    let event =
        what(shop.hears(Act::SendsFiles { kind: "image".into(), files: vec![photo], caption: Some("hàng lỗi".into()) }).await);
    let What::Said(said) = event else { panic!("{event:?}") };
    assert_eq!(said.text, "hàng lỗi");
    let [InboundAttachment::File { kind: FileKind::Image, source, .. }] = &said.attachments[..] else { panic!("{said:?}") };
    let parts: Vec<_> = shop.bot.fetch(source).await.expect("a download").map(|part| part.unwrap()).collect().await;
    assert_eq!(parts.concat(), b"hello");
    shop.world.telegram.expire_files();
    assert!(matches!(shop.bot.fetch(source).await, Err(FetchError::Gone)));
}

#[tokio::test]
async fn an_album_is_one_message_for_each_picture() {
    let shop = Shop::open().await;
    let picture = |name: &str| sent_file(name, "image/jpeg", "aGVsbG8=");
    let files = vec![picture("1.jpg"), picture("2.jpg"), picture("3.jpg")];
    shop.act(Act::SendsFiles { kind: "image".into(), files, caption: Some("ba tấm".into()) }).await;
    let mut texts = Vec::new();
    for _ in 0..3 {
        match what(shop.read(&shop.hook.next().await)) {
            What::Said(said) if said.attachments.len() == 1 => texts.push(said.text),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(texts, ["ba tấm", "", ""]);
}

#[tokio::test]
async fn files_of_every_kind_keep_their_kind_and_name() {
    let shop = Shop::open().await;
    for (kind, expected, name) in [
        ("voice", FileKind::Audio, None),
        ("audio", FileKind::Audio, Some("bai.mp3")),
        ("video", FileKind::Video, Some("bai.mp3")),
        ("sticker", FileKind::Sticker, None),
        ("file", FileKind::File, Some("bai.mp3")),
    ] {
        let mime = if kind == "file" { "application/pdf" } else { "audio/mpeg" };
        let files = vec![sent_file("bai.mp3", mime, "aGVsbG8=")];
        let event = what(shop.hears(Act::SendsFiles { kind: kind.into(), files, caption: None }).await);
        let What::Said(said) = event else { panic!("{event:?}") };
        let [InboundAttachment::File { kind: found, name: given, size, .. }] = &said.attachments[..] else { panic!("{said:?}") };
        assert_eq!((*found, given.as_deref(), *size), (expected, name, Some(5)), "{kind}");
    }
}

#[tokio::test]
async fn a_reply_an_edit_and_a_reaction_name_their_message() {
    let shop = Shop::open().await;
    let first = shop.act(Act::Says { text: "cho hỏi".into(), reply_to: None }).await.unwrap();
    shop.hook.next().await;
    let reply = shop.hears(Act::Says { text: "ý em là".into(), reply_to: Some(first.clone()) }).await;
    assert!(matches!(what(reply), What::Said(said) if said.reply_to == Some(first.as_str().into())));
    let edit = shop.hears(Act::Edits { message: first.clone(), text: "cho em hỏi".into() }).await;
    assert_eq!(what(edit), What::Edited { message: first.as_str().into(), text: "cho em hỏi".into() });
    for removed in [false, true] {
        let event = shop.hears(Act::Reacts { message: first.clone(), emoji: "❤".into(), removed }).await;
        assert_eq!(what(event), What::Reacted { message: first.as_str().into(), emoji: "❤".into(), removed });
    }
}

#[tokio::test]
async fn a_start_with_a_payload_a_phone_a_place_and_a_block_are_told_apart() {
    let shop = Shop::open().await;
    let start = what(shop.hears(Act::Starts { reference: Some("sale-11_11".into()) }).await);
    assert!(matches!(start, What::Started { reference: Some(reference), .. } if reference == "sale-11_11"));
    let phone = what(shop.hears(Act::SharesPhone { phone: "+84912345678".into() }).await);
    assert!(matches!(phone, What::Shared { own: true, phone, .. } if phone == "+84912345678"));
    let place = what(shop.hears(Act::SendsLocation { latitude: 10.77, longitude: 106.7 }).await);
    assert!(matches!(place, What::Said(said) if matches!(said.attachments[..], [InboundAttachment::Location { .. }])));
    assert_eq!(what(shop.hears(Act::Blocks).await), What::Blocked);
    let refused = shop.bot.deliver(&shop.text("alo")).await;
    assert!(
        matches!(refused, Err(DeliveryError::Refused(reason)) if reason.code == onethread_core::channel::RefusedBecause::Blocked)
    );
    assert_eq!(what(shop.hears(Act::Unblocks).await), What::Unblocked);
}

#[tokio::test]
async fn a_pressed_button_says_its_payload_and_stops_spinning() {
    let shop = Shop::open().await;
    shop.says("chào").await;
    let buttons = vec![Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.example/dh")];
    let parcel = shop.parcel(ParcelContent::Text { text: "Chọn giúp em".into(), buttons, ask_phone: None });
    let receipt = shop.bot.deliver(&parcel).await.unwrap();
    let press = Act::Presses { message: receipt.message.0.clone(), label: "Gặp shop".into(), payload: "human".into() };
    let What::Pressed { message, payload, label, acknowledge } = what(shop.hears(press).await) else { panic!("a press") };
    assert_eq!((message, payload.as_str(), label.as_deref()), (Some(receipt.message), "human", Some("Gặp shop")));
    assert!(!shop.world.telegram.presses_are_answered());
    shop.bot.signal(&shop.customer(), Signal::Acknowledge { token: acknowledge.unwrap() }).await;
    assert!(shop.world.telegram.presses_are_answered());
}

// ------------------------------------------------------------------ outbound

#[tokio::test]
async fn a_reply_to_a_message_that_is_gone_is_still_said() {
    let shop = Shop::open().await;
    let id = shop.act(Act::Says { text: "hỏi".into(), reply_to: None }).await.unwrap();
    for (target, shown) in [(id.as_str(), Some(id.clone())), ("999999", None)] {
        let parcel = Parcel { reply_to: Some(target.into()), ..shop.text("Dạ") };
        shop.bot.deliver(&parcel).await.expect("delivered");
        assert_eq!(shop.phone().bubbles.last().unwrap().reply_to, shown);
    }
}

#[tokio::test]
async fn the_phone_is_asked_for_with_the_platforms_own_control() {
    let shop = Shop::open().await;
    shop.says("chào").await;
    let buttons = vec![Button::payload("Gặp shop", "human")];
    let content =
        ParcelContent::Text { text: "Cho em xin số".into(), buttons, ask_phone: Some("Gửi số của tôi".into()) };
    let receipt = shop.bot.deliver(&shop.parcel(content)).await.unwrap();
    let bubble = shop.phone().bubbles.pop().unwrap();
    assert_eq!(bubble.ask_phone.as_deref(), Some("Gửi số của tôi"));
    let press = Act::Presses { message: receipt.message.0, label: "Gặp shop".into(), payload: "Gặp shop".into() };
    assert!(
        matches!(what(shop.hears(press).await), What::Said(said) if said.text == "Gặp shop"),
        "a keyboard button says its words"
    );
}

#[tokio::test]
async fn files_go_out_and_a_false_picture_goes_as_a_document() {
    let shop = Shop::open().await;
    shop.says("chào").await;
    shop.bot.deliver(&shop.file(FileKind::Image, "anh.png", "image/png", PNG)).await.expect("a photo");
    shop.bot.deliver(&shop.file(FileKind::File, "hoa đơn.pdf", "application/pdf", b"%PDF-1.7")).await.expect("a document");
    shop.bot.deliver(&shop.file(FileKind::Image, "sai.png", "image/png", b"no picture")).await.expect("a document instead");
    let shown: Vec<_> = shop.phone().bubbles.into_iter().skip(1).map(|bubble| (bubble.files[0].clone(), bubble.text)).collect();
    let caption = "Ảnh của shop".to_owned();
    assert_eq!(shown, ["anh.png", "hoa đơn.pdf", "sai.png"].map(|name| (name.to_owned(), caption.clone())));
}

#[tokio::test]
async fn a_stranger_cannot_be_written_to() {
    let shop = Shop::open().await;
    for to in [shop.lan.as_str(), "42", "not a number"] {
        let parcel = Parcel { to: to.into(), ..shop.text("alo") };
        let refused = shop.bot.deliver(&parcel).await;
        let Err(DeliveryError::Refused(reason)) = refused else { panic!("{to}: {refused:?}") };
        assert_eq!(reason.code, onethread_core::channel::RefusedBecause::UnknownRecipient, "{to}");
    }
}

#[tokio::test]
async fn the_pause_is_the_one_that_the_platform_asks_for() {
    let shop = Shop::open().await;
    shop.says("chào").await;
    shop.world.telegram.faults().next(Fault::Throttled { retry_after: 3000 });
    assert_eq!(shop.bot.deliver(&shop.text("từ từ")).await, Err(DeliveryError::Throttled(3000)));
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let shop = Shop::open().await;
    let token = shop.house.vault.now().text("token").unwrap().to_owned();
    let key = token.split_once(':').unwrap().1.to_owned();
    let mut said = Vec::new();
    for fault in [Fault::TokenRevoked, Fault::AnswerLost, Fault::ServerError] {
        shop.world.telegram.faults().next(fault);
        said.push(format!("{:?}", shop.bot.deliver(&shop.text("x")).await));
    }
    let mut settings = shop.house.vault.now();
    settings.set("api_url", "http://127.0.0.1:9");
    let nowhere = House::new(&shop.hook.url, settings).open(&*kit::channel("telegram"));
    said.push(format!("{:?}", nowhere.deliver(&shop.text("x")).await));
    said.push(format!("{:?} {:?}", nowhere.probe().await, nowhere.connect().await));
    said.push(nowhere.fetch(&FileRef("x".into())).await.err().map(|error| error.to_string()).unwrap_or_default());
    assert!(said[3].contains("Unreachable"), "{said:?}");
    assert!(said.iter().all(|text| !text.contains(&key) && !text.contains("/bot")), "{said:?}");
}

// -------------------------------------------------------------- the connection

#[tokio::test]
async fn polling_hands_over_each_update_once_and_goes_on_from_its_bookmark() {
    let shop = Shop::with(json!({"mode": "polling"})).await;
    let ledger = Ledger::default();
    shop.act(Act::Says { text: "một".into(), reply_to: None }).await;
    {
        let listening = shop.bot.listen(None, &ledger);
        let talking = async {
            assert!(matches!(what(shop.read(&ledger.next().await)), What::Said(said) if said.text == "một"));
            shop.act(Act::Reacts { message: "1".into(), emoji: "👍".into(), removed: false }).await;
            assert!(matches!(what(shop.read(&ledger.next().await)), What::Reacted { .. }));
        };
        tokio::select! { end = listening => panic!("{end:?}"), () = talking => {} }
    }
    shop.act(Act::Says { text: "hai".into(), reply_to: None }).await;
    let listening = shop.bot.listen(ledger.bookmark(), &ledger);
    let next = tokio::select! { end = listening => panic!("{end:?}"), call = ledger.next() => call };
    assert!(matches!(what(shop.read(&next)), What::Said(said) if said.text == "hai"));
    assert_eq!(ledger.calls().len(), 3);
}

#[tokio::test]
async fn an_update_that_could_not_be_stored_is_not_confirmed() {
    let shop = Shop::with(json!({"mode": "polling"})).await;
    let ledger = Ledger::default();
    ledger.refuse(1);
    shop.act(Act::Says { text: "đừng mất".into(), reply_to: None }).await;
    let end = tokio::time::timeout(kit::PATIENCE, shop.bot.listen(None, &ledger)).await.expect("the loop ends in time");
    assert!(matches!(end, Err(ConnectError::Lost(_))), "{end:?}");
    let listening = shop.bot.listen(ledger.bookmark(), &ledger);
    let call = tokio::select! { end = listening => panic!("{end:?}"), call = ledger.next() => call };
    assert!(matches!(what(shop.read(&call)), What::Said(said) if said.text == "đừng mất"));
}

#[tokio::test]
async fn two_pollers_of_one_token_are_told_and_a_webhook_in_the_way_is_removed() {
    let shop = Shop::with(json!({"mode": "polling"})).await;
    let (one, two) = (Ledger::default(), Ledger::default());
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        shop.bot.listen(None, &two).await
    };
    let lost = tokio::select! { first = shop.bot.listen(None, &one) => first, end = second => panic!("{end:?}") };
    assert!(matches!(&lost, Err(ConnectError::Lost(why)) if why.contains("another program")), "{lost:?}");
    let webhook = House::new(&shop.hook.url, {
        let mut settings = shop.house.vault.now();
        settings.set("mode", "webhook");
        settings
    });
    webhook.open(&*kit::channel("telegram")).connect().await.unwrap();
    let probe = shop.bot.probe().await;
    assert!(!probe.healthy && probe.reason.contains("webhook"), "{probe:?}");
    let listening = shop.bot.listen(None, &one);
    let cleared = async {
        while shop.world.telegram.webhook().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! { end = listening => panic!("{end:?}"), () = cleared => {} }
}

#[tokio::test]
async fn health_says_what_is_wrong() {
    let shop = Shop::open().await;
    let health = shop.bot.probe().await;
    assert!(health.healthy && health.account_name.as_deref() == Some("@onethread_demo_bot"), "{health:?}");
    let elsewhere = House::new("http://127.0.0.1:1/hooks/inb_other", shop.house.vault.now());
    let health = elsewhere.open(&*kit::channel("telegram")).probe().await;
    assert!(!health.healthy && health.reason.contains("somewhere else"), "{health:?}");
    shop.world.telegram.faults().stand(Some(Fault::TokenRevoked));
    let health = shop.bot.probe().await;
    assert!(!health.healthy && health.reason.contains("@BotFather"), "{health:?}");
    assert!(matches!(shop.bot.connect().await, Err(ConnectError::Refused(_))));
}

#[tokio::test]
async fn the_cloud_calls_only_https() {
    let shop = Shop::open().await;
    let plain = House::new("http://shop.example/hooks/inb_test", shop.house.vault.now());
    let refused = plain.open(&*kit::channel("telegram")).connect().await;
    assert!(matches!(&refused, Err(ConnectError::Refused(why)) if why.contains("HTTPS")), "{refused:?}");
}

#[test]
fn wrong_settings_name_their_field() {
    let channel = kit::channel("telegram");
    let house = House::new("https://shop.example/hooks/inb_test", Settings::default());
    for (settings, field) in [
        (json!({}), "token"),
        (json!({"token": "hello"}), "token"),
        (json!({"token": "1:a b"}), "token"),
        (json!({"token": "1:AA", "mode": "carrier pigeon"}), "mode"),
        (json!({"token": "1:AA", "webhook_secret": "dấu"}), "webhook_secret"),
        (json!({"token": "1:AA", "api_url": "ftp://x"}), "api_url"),
        (json!({"token": "1:AA", "tokn": "x"}), "tokn"),
    ] {
        let error = channel.open(&kit::settings(&settings), house.kit()).err().expect("refused");
        assert_eq!(error.field, field, "{settings}");
    }
}

#[tokio::test]
async fn the_profile_is_what_the_chat_says() {
    let shop = Shop::open().await;
    let profile = shop.bot.profile(&shop.customer()).await.unwrap().unwrap();
    assert_eq!(profile.name.as_deref(), Some("Lan Nguyễn"));
    assert_eq!(shop.bot.profile(&"42".into()).await.unwrap(), None);
}
