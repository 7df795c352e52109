//! Discord against its simulator: the contract's questions, and what only Discord does.
//! Long on purpose: every test drives the same shop, whose making is half of the work.

#![expect(clippy::disallowed_methods, reason = "tests start their own tasks")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod kit;

use async_trait::async_trait;
use kit::{House, Ledger};
use onethread_core::channel::{
    Channel, ConnectError, Connector, DeliveryError, FetchError, Inbound, InboundAttachment, OutboundFile, Parcel, ParcelContent,
    RawCall, Refusal, RefusedBecause, Signal, Voice, What,
};
use onethread_core::contract::{self, Bench, Fate};
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::message::{Button, FileKind};
use onethread_core::secret::Settings;
use onethread_simulator::platform::SentFile;
use onethread_simulator::{Act, Bubble, BubbleFrom, Fault, Phone, Platform, World};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A shop's bot with its gateway loop running, and one customer.
struct Shop {
    world: World,
    house: House,
    bot: Arc<dyn Connector>,
    ledger: Arc<Ledger>,
    loop_: std::sync::Mutex<JoinHandle<Result<(), ConnectError>>>,
    minh: String,
    /// Keys of what was read: a copy is no second event.
    seen: std::sync::Mutex<HashSet<String>>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.loop_.lock().unwrap().abort();
    }
}

impl Shop {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(prepare: impl FnOnce(&World)) -> Self {
        let channel = kit::channel("discord");
        let world = World::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        prepare(&world);
        let settings = kit::settings(&world.discord.settings(&world.base(&*world.discord)));
        let house = House::new("https://shop.example/hooks/inb_test", settings);
        let bot = house.open(&*channel);
        let ledger = Arc::new(Ledger::default());
        let loop_ = std::sync::Mutex::new(listening(&bot, &ledger, None));
        let minh = world.discord.introduce("Minh Trần");
        let shop = Self { world, house, bot, ledger, loop_, minh, seen: std::sync::Mutex::default() };
        // The platform counts a session before we have heard of it.
        shop.wait_for("a stored session", || shop.ledger.bookmark().is_some()).await;
        shop
    }

    async fn wait_for(&self, what: &str, is_there: impl Fn() -> bool) {
        let looking = async {
            while !is_there() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(kit::PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what} within the test's patience"));
    }

    /// The process stops, as if killed, and a new one starts from what was stored.
    fn stop(&self) {
        self.loop_.lock().unwrap().abort();
    }

    fn start(&self) {
        *self.loop_.lock().unwrap() = listening(&self.bot, &self.ledger, self.ledger.bookmark());
    }

    async fn act(&self, act: Act) -> Option<String> {
        self.world.discord.act(&self.minh, act).await.expect("the platform has it")
    }

    async fn says(&self, text: &str) -> String {
        self.act(Act::Says { text: text.into(), reply_to: None }).await.expect("a message id")
    }

    /// The next event that is no copy of an earlier one.
    async fn next(&self) -> What {
        loop {
            let call = self.ledger.next().await;
            let key = self.bot.read(&call).expect("readable").pop().expect("an event").key;
            if self.seen.lock().unwrap().insert(key) {
                return self.read(&call);
            }
        }
    }

    /// What one act arrives as.
    async fn hears(&self, act: Act) -> What {
        self.act(act).await;
        self.next().await
    }

    async fn hears_text(&self) -> String {
        match self.next().await {
            What::Said(said) => said.text,
            other => panic!("{other:?}"),
        }
    }

    fn read(&self, call: &RawCall) -> What {
        let [event] = <[Inbound; 1]>::try_from(self.bot.read(call).expect("readable")).expect("one event");
        assert_eq!(event.from.user.as_str(), self.minh);
        event.what
    }

    fn phone(&self) -> Phone {
        self.world.discord.phones().of(&self.minh)
    }

    fn heard(&self) -> Vec<Bubble> {
        self.phone().bubbles.into_iter().filter(|bubble| bubble.from == BubbleFrom::Business).collect()
    }

    fn parcel(&self, content: ParcelContent) -> Parcel {
        let key = ParcelId::fresh(1_790_000_000_000);
        Parcel { key, to: self.minh.as_str().into(), content, reply_to: None, voice: Voice::Bot, last_interaction: None }
    }

    fn text(&self, text: &str) -> Parcel {
        self.parcel(ParcelContent::Text { text: text.into(), buttons: Vec::new(), ask_phone: None })
    }

    fn file(&self, name: &str, mime: &str, bytes: impl Into<bytes::Bytes>) -> Parcel {
        let bytes = bytes.into();
        let size = i64::try_from(bytes.len()).unwrap();
        let id = self.house.files.put(bytes);
        let kind = FileKind::of_mime(mime);
        let file = OutboundFile { id, kind, name: name.into(), mime: mime.into(), size, url: "https://unused.example".into() };
        self.parcel(ParcelContent::File { file, caption: Some("Hoá đơn ạ".into()) })
    }

    async fn offers_buttons(&self) -> String {
        let buttons = vec![Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.example/dh")];
        let content = ParcelContent::Text { text: "Chọn giúp em".into(), buttons, ask_phone: None };
        self.bot.deliver(&self.parcel(content)).await.expect("delivered").message.0
    }
}

fn listening(bot: &Arc<dyn Connector>, ledger: &Arc<Ledger>, bookmark: Option<Value>) -> JoinHandle<Result<(), ConnectError>> {
    let (bot, ledger) = (bot.clone(), ledger.clone());
    tokio::spawn(async move { bot.listen(bookmark, &*ledger).await })
}

/// The message that a stored frame is about.
fn message_id(call: &RawCall) -> String {
    let frame: Value = serde_json::from_slice(&call.body).expect("a frame");
    frame["d"]["id"].as_str().expect("an id").to_owned()
}

/// How a gateway loop ends that is expected to.
async fn ends(listening: impl Future<Output = Result<(), ConnectError>>) -> Result<(), ConnectError> {
    tokio::time::timeout(kit::PATIENCE, listening).await.expect("the loop ends in time")
}

fn sent_file(name: &str, mime: &str) -> SentFile {
    SentFile { name: name.into(), mime: mime.into(), bytes: "aGVsbG8=".into() }
}

// -------------------------------------------------------------- the contract

#[async_trait]
impl Bench for Shop {
    fn channel(&self) -> Arc<dyn Channel> {
        kit::channel("discord")
    }
    fn settings(&self) -> Settings {
        self.house.vault.now()
    }
    fn connector(&self) -> Arc<dyn Connector> {
        self.bot.clone()
    }
    fn customer(&self) -> PlatformUserId {
        self.minh.as_str().into()
    }
    async fn says(&self, text: &str) -> RawCall {
        Shop::says(self, text).await;
        self.ledger.next().await
    }
    /// The same message as the backfill brings it: another frame, no sequence.
    async fn redelivered(&self, call: &RawCall) -> RawCall {
        let mut frame: Value = serde_json::from_slice(&call.body).unwrap();
        frame["s"] = Value::Null;
        RawCall::fetched(frame.to_string())
    }
    async fn forged(&self) -> Option<RawCall> {
        None
    }
    async fn novelty(&self) -> RawCall {
        self.act(Act::DoesSomethingNew).await;
        self.ledger.next().await
    }
    async fn nonsense(&self) -> RawCall {
        RawCall::fetched("{\"op\":0,")
    }
    async fn phone(&self) -> Vec<String> {
        self.heard().into_iter().map(|bubble| bubble.text).collect()
    }
    async fn fate(&self, fate: Fate) {
        self.world.discord.faults().next(match fate {
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
async fn discord_answers_every_question_of_the_contract() {
    contract::ask_everything(&Shop::open().await).await;
}

// ------------------------------------------------------------------- inbound

#[tokio::test]
async fn nobody_calls_us_over_http() {
    let shop = Shop::open().await;
    let call = RawCall { method: "POST".into(), body: "{}".into(), ..RawCall::default() };
    assert!(matches!(shop.bot.admit(&call), Err(Refusal::Malformed)));
}

#[tokio::test]
async fn the_bots_own_messages_and_those_of_other_bots_are_nobodys_words() {
    let shop = Shop::open().await;
    shop.bot.deliver(&shop.text("Dạ shop nghe ạ")).await.unwrap();
    shop.says("hỏi").await;
    assert_eq!(shop.hears_text().await, "hỏi", "the echo of the reply came first and was not kept");
    let other = json!({"op": 0, "t": "MESSAGE_CREATE", "s": 1, "d": {"id": "5", "channel_id": "6", "type": 0, "content": "spam",
        "author": {"id": "7", "username": "a-bot", "bot": true}}});
    assert_eq!(shop.bot.read(&RawCall::fetched(other.to_string())), Ok(vec![]));
}

#[tokio::test]
async fn an_edit_is_heard_and_an_unfurled_link_is_not() {
    let shop = Shop::open().await;
    let id = shop.says("xem https://shop.example giup em").await;
    shop.hears_text().await;
    shop.world.discord.unfurl(&shop.minh, &id);
    let unfurled = shop.ledger.next().await;
    assert_eq!(shop.bot.read(&unfurled), Ok(vec![]));
    let edit = shop.hears(Act::Edits { message: id.clone(), text: "xem giúp em".into() }).await;
    assert_eq!(edit, What::Edited { message: id.as_str().into(), text: "xem giúp em".into() });
    shop.world.discord.unfurl(&shop.minh, &id);
    let calls = [shop.ledger.calls().pop().unwrap(), shop.ledger.next().await];
    let keys = calls.map(|call| shop.bot.read(&call).unwrap().pop().unwrap().key);
    assert_eq!(keys[0], keys[1], "an unfurling after an edit repeats the edit's key");
}

#[tokio::test]
async fn a_deletion_finds_its_author_through_the_channel() {
    let shop = Shop::open().await;
    let id = shop.says("gửi nhầm").await;
    shop.hears_text().await;
    let event = shop.hears(Act::Deletes { message: id.clone() }).await;
    assert_eq!(event, What::Deleted { message: id.as_str().into() });
    let stored = shop.ledger.calls().pop().unwrap();
    assert!(shop.bot.kept_headers().contains(&stored.headers[0].0.as_str()), "the ledger keeps what reading needs");
}

#[tokio::test]
async fn replies_reactions_and_typing_arrive() {
    let shop = Shop::open().await;
    let id = shop.says("cho hỏi").await;
    shop.hears_text().await;
    let reply = shop.hears(Act::Says { text: "ý em là".into(), reply_to: Some(id.clone()) }).await;
    assert!(matches!(reply, What::Said(said) if said.reply_to == Some(id.as_str().into())));
    let mut keys = Vec::new();
    for removed in [false, true, false] {
        shop.act(Act::Reacts { message: id.clone(), emoji: "❤️".into(), removed }).await;
        let call = shop.ledger.next().await;
        assert_eq!(shop.read(&call), What::Reacted { message: id.as_str().into(), emoji: "❤️".into(), removed });
        keys.push(shop.bot.read(&call).unwrap().pop().unwrap().key);
    }
    assert_ne!(keys[0], keys[2], "the same reaction given twice is two events");
    assert_eq!(shop.hears(Act::Types).await, What::Typing);
}

#[tokio::test]
async fn files_are_fetched_even_after_their_links_expired() {
    use futures::StreamExt;
    let shop = Shop::open().await;
    let files = vec![sent_file("ảnh 1.png", "image/png"), sent_file("b.pdf", "application/pdf")];
    let event = shop.hears(Act::SendsFiles { kind: "file".into(), files, caption: Some("hai tệp".into()) }).await;
    let What::Said(said) = event else { panic!("{event:?}") };
    let kinds: Vec<_> =
        said.attachments.iter().map(|file| matches!(file, InboundAttachment::File { kind: FileKind::Image, .. })).collect();
    assert_eq!((said.text.as_str(), kinds), ("hai tệp", vec![true, false]));
    let InboundAttachment::File { source, .. } = &said.attachments[0] else { panic!("a file") };
    for expired in [false, true] {
        if expired {
            shop.world.discord.expire_links();
        }
        let parts: Vec<_> = shop.bot.fetch(source).await.expect("a download").map(|part| part.unwrap()).collect().await;
        assert_eq!(parts.concat(), b"hello", "expired: {expired}");
    }
    shop.act(Act::Deletes { message: said.message.0 }).await;
    shop.world.discord.expire_links();
    assert!(matches!(shop.bot.fetch(source).await, Err(FetchError::Gone)));
}

#[tokio::test]
async fn stickers_and_voice_messages_keep_their_kind() {
    use futures::StreamExt;
    let shop = Shop::open().await;
    let mut sources = Vec::new();
    for (kind, expected) in [("sticker", FileKind::Sticker), ("voice", FileKind::Audio)] {
        let files = vec![sent_file("ok.ogg", "audio/ogg")];
        let event = shop.hears(Act::SendsFiles { kind: kind.into(), files, caption: None }).await;
        let What::Said(said) = event else { panic!("{event:?}") };
        let [InboundAttachment::File { kind: found, source, .. }] = &said.attachments[..] else { panic!("{said:?}") };
        assert_eq!((*found, said.unsupported), (expected, None));
        sources.push(source.clone());
    }
    let sticker: Vec<_> = shop.bot.fetch(&sources[0]).await.expect("a download").map(|part| part.unwrap()).collect().await;
    assert_eq!(sticker.concat(), b"hello");
}

#[tokio::test]
async fn a_press_is_acknowledged_within_three_seconds_once_it_is_stored() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    let press = Act::Presses { message: message.clone(), label: "Gặp shop".into(), payload: "human".into() };
    let event = shop.hears(press).await;
    let What::Pressed { message: on, payload, label, .. } = event else { panic!("{event:?}") };
    assert_eq!((on, payload.as_str(), label.as_deref()), (Some(message.as_str().into()), "human", Some("Gặp shop")));
    let answered = shop.wait_for("an acknowledgement", || shop.world.discord.presses_are_answered());
    tokio::time::timeout(Duration::from_secs(3), answered).await.expect("in time");
}

#[tokio::test]
async fn a_press_right_before_a_break_is_acknowledged_too() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    for _ in 0..3 {
        shop.act(Act::Presses { message: message.clone(), label: "Gặp shop".into(), payload: "human".into() }).await;
    }
    shop.world.discord.cut();
    for _ in 0..3 {
        assert!(matches!(shop.next().await, What::Pressed { .. }));
    }
    shop.wait_for("the acknowledgements", || shop.world.discord.presses_are_answered()).await;
}

#[tokio::test]
async fn a_press_that_could_not_be_stored_is_not_acknowledged_and_comes_again() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    shop.says("một").await;
    shop.hears_text().await;
    shop.ledger.refuse(1);
    shop.act(Act::Presses { message, label: "Gặp shop".into(), payload: "human".into() }).await;
    let mut loop_ = std::mem::replace(&mut *shop.loop_.lock().unwrap(), tokio::spawn(async { Ok(()) }));
    let end = tokio::time::timeout(kit::PATIENCE, &mut loop_).await.expect("the loop gives up").unwrap();
    assert!(matches!(end, Err(ConnectError::Lost(_))), "{end:?}");
    assert!(!shop.world.discord.presses_are_answered());
    shop.start();
    assert!(matches!(shop.next().await, What::Pressed { .. }));
}

// ---------------------------------------------------------------- the session

#[tokio::test]
async fn what_was_said_while_the_process_was_down_is_replayed_by_a_resume() {
    let shop = Shop::open().await;
    shop.says("trước").await;
    shop.hears_text().await;
    shop.stop();
    shop.wait_for("the end of the connection", || !shop.world.discord.is_connected()).await;
    let id = shop.says("trong lúc tắt").await;
    shop.act(Act::Reacts { message: id, emoji: "👍".into(), removed: false }).await;
    shop.start();
    assert_eq!(shop.hears_text().await, "trong lúc tắt");
    assert!(matches!(shop.next().await, What::Reacted { .. }));
    assert_eq!(shop.world.discord.sessions(), (1, 1), "the session was resumed, not begun anew");
}

#[tokio::test]
async fn what_no_resume_can_bring_back_is_fetched_in_order_before_anything_new() {
    let shop = Shop::open().await;
    shop.says("trước").await;
    shop.hears_text().await;
    shop.stop();
    shop.wait_for("the end of the connection", || !shop.world.discord.is_connected()).await;
    for number in 0..230 {
        shop.says(&format!("lỡ {number}")).await;
        shop.bot.deliver(&shop.text("của bot, không phải của khách")).await.unwrap();
    }
    shop.world.discord.forget_sessions();
    shop.start();
    for number in 0..230 {
        assert_eq!(shop.hears_text().await, format!("lỡ {number}"));
    }
    shop.says("mới").await;
    assert_eq!(shop.hears_text().await, "mới");
    assert_eq!(shop.world.discord.sessions(), (2, 0));
}

#[tokio::test]
async fn a_stop_in_the_middle_of_fetching_loses_nothing() {
    let shop = Shop::open().await;
    shop.says("trước").await;
    shop.hears_text().await;
    shop.stop();
    shop.wait_for("the end of the connection", || !shop.world.discord.is_connected()).await;
    for number in 0..250 {
        shop.says(&format!("lỡ {number}")).await;
    }
    shop.world.discord.forget_sessions();
    // The session's beginning and one page are stored; the second page is not.
    shop.ledger.refuse_after(2);
    let end = ends(shop.bot.listen(shop.ledger.bookmark(), &*shop.ledger)).await;
    assert!(matches!(end, Err(ConnectError::Lost(_))), "{end:?}");
    assert_eq!(shop.ledger.calls().len(), 101);
    shop.says("trong lúc tắt lần hai").await;
    shop.start();
    for number in 0..250 {
        assert_eq!(shop.hears_text().await, format!("lỡ {number}"));
    }
    assert_eq!(shop.hears_text().await, "trong lúc tắt lần hai");
    assert_eq!(shop.world.discord.sessions(), (2, 1));
}

#[tokio::test]
async fn every_channel_has_its_gap_filled_however_many_there_are() {
    let shop = Shop::open().await;
    let people: Vec<_> = (0..700).map(|number| shop.world.discord.introduce(&format!("Khách {number}"))).collect();
    let say = async |text: &str| {
        for person in &people {
            shop.world.discord.act(person, Act::Says { text: text.into(), reply_to: None }).await.expect("said");
        }
    };
    say("trước").await;
    shop.wait_for("the first round", || shop.ledger.calls().len() == people.len()).await;
    shop.stop();
    shop.wait_for("the end of the connection", || !shop.world.discord.is_connected()).await;
    say("lỡ").await;
    shop.world.discord.forget_sessions();
    shop.start();
    shop.wait_for("every missed message", || shop.ledger.calls().len() == 2 * people.len()).await;
    let last = |person: &String| shop.world.discord.phones().of(person).bubbles.pop().expect("a bubble").id;
    let missed: HashSet<String> = people.iter().map(last).collect();
    let told: HashSet<String> = shop.ledger.calls()[people.len()..].iter().map(message_id).collect();
    assert_eq!(told, missed, "each once");
    let mark = shop.ledger.bookmark().expect("a bookmark").to_string();
    assert!(mark.len() < 2_000, "it does not grow with the channels: {mark}");
    // Nobody in memory knows whose channel this is.
    shop.stop();
    shop.wait_for("the end of the connection", || !shop.world.discord.is_connected()).await;
    shop.start();
    shop.world.discord.act(&people[3], Act::Deletes { message: last(&people[3]) }).await.expect("deleted");
    shop.wait_for("the deletion", || shop.ledger.calls().len() == 2 * people.len() + 1).await;
    let deleted = shop.bot.read(&shop.ledger.calls().pop().expect("a call")).expect("readable").pop().expect("an event");
    assert_eq!((deleted.from.user.as_str(), matches!(deleted.what, What::Deleted { .. })), (people[3].as_str(), true));
}

#[tokio::test]
async fn breaks_and_requests_to_reconnect_lose_nothing() {
    let shop = Shop::open().await;
    for round in 0..3 {
        shop.says(&format!("a{round}")).await;
        assert_eq!(shop.hears_text().await, format!("a{round}"));
        if round == 1 {
            shop.world.discord.ask_to_reconnect()
        } else {
            shop.world.discord.cut()
        }
        shop.says(&format!("b{round}")).await;
        assert_eq!(shop.hears_text().await, format!("b{round}"));
    }
    let (begun, resumed) = shop.world.discord.sessions();
    assert_eq!((begun, resumed), (1, 3));
}

#[tokio::test]
async fn a_connection_that_no_longer_answers_heartbeats_is_left_and_resumed() {
    let shop = Shop::with(|world| world.discord.beat_every(Duration::from_millis(500))).await;
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(shop.world.discord.sessions(), (1, 0), "answered heartbeats keep the connection");
    shop.world.discord.go_silent(true);
    shop.wait_for("a resume", || shop.world.discord.sessions().1 >= 1).await;
    shop.world.discord.go_silent(false);
    shop.says("vẫn nghe").await;
    assert_eq!(shop.hears_text().await, "vẫn nghe");
}

#[tokio::test]
async fn a_wrong_token_ends_it_with_advice() {
    let shop = Shop::open().await;
    let mut settings = shop.house.vault.now();
    settings.set("token", "MTI5MDAwMDAwMDAwMDAwMDAwMQ.wrong.secret-part");
    let bot = House::new("https://shop.example", settings).open(&*kit::channel("discord"));
    let end = ends(bot.listen(None, &Ledger::default())).await;
    assert!(matches!(&end, Err(ConnectError::Refused(why)) if why.contains("developer portal")), "{end:?}");
    let health = bot.probe().await;
    assert!(!health.healthy && health.reason.contains("developer portal"), "{health:?}");
    let refused = bot.deliver(&shop.text("x")).await;
    assert!(matches!(refused, Err(DeliveryError::Unauthorized(_))));
    let shown = format!("{end:?} {health:?} {refused:?}");
    assert!(!shown.contains("secret-part"), "{shown}");
    assert!(shop.bot.probe().await.healthy);
}

#[tokio::test]
async fn the_gateways_own_refusal_of_the_token_is_final() {
    let shop = Shop::open().await;
    shop.stop();
    shop.world.discord.faults().stand(Some(Fault::TokenRevoked));
    let end = ends(shop.bot.listen(shop.ledger.bookmark(), &*shop.ledger)).await;
    assert!(matches!(&end, Err(ConnectError::Refused(why)) if why.contains("4004")), "{end:?}");
}

#[tokio::test]
async fn the_last_new_session_of_the_day_is_never_spent_blindly() {
    let shop = Shop::open().await;
    shop.world.discord.leave_identifies(0);
    let end = ends(shop.bot.listen(None, &Ledger::default())).await;
    assert!(matches!(&end, Err(ConnectError::Lost(why)) if why.contains("minutes")), "{end:?}");
    assert_eq!(shop.world.discord.sessions().0, 1);
}

#[tokio::test]
async fn two_thousand_messages_keep_their_order() {
    let shop = Shop::open().await;
    for number in 0..2000 {
        shop.says(&number.to_string()).await;
    }
    for number in 0..2000 {
        assert_eq!(shop.hears_text().await, number.to_string());
    }
}

// ------------------------------------------------------------------ outbound

#[tokio::test]
async fn a_lost_answer_may_be_retried_because_the_nonce_keeps_the_copy_away() {
    let shop = Shop::open().await;
    let parcel = shop.text("chỉ một lần");
    shop.world.discord.faults().next(Fault::AnswerLost);
    assert!(matches!(shop.bot.deliver(&parcel).await, Err(DeliveryError::Uncertain(_))));
    let receipt = shop.bot.deliver(&parcel).await.expect("the copy is taken for the first");
    let heard = shop.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].id, receipt.message.0);
    shop.bot.deliver(&shop.text("chỉ một lần")).await.unwrap();
    assert_eq!(shop.heard().len(), 2, "the same words in another parcel are another message");
}

#[tokio::test]
async fn buttons_links_and_replies_are_shown() {
    let shop = Shop::open().await;
    shop.offers_buttons().await;
    let shown = shop.heard().pop().unwrap();
    let pair = |label: &str, what: &str| (label.to_owned(), what.to_owned());
    assert_eq!(shown.buttons, [pair("Gặp shop", "human"), pair("Xem đơn", "https://shop.example/dh")]);
    let id = shop.says("hỏi").await;
    for (target, expected) in [(id.as_str(), Some(id.clone())), ("1", None), ("not a number", None)] {
        let parcel = Parcel { reply_to: Some(target.into()), ..shop.text("Dạ") };
        shop.bot.deliver(&parcel).await.expect("delivered");
        assert_eq!(shop.heard().pop().unwrap().reply_to, expected);
    }
}

#[tokio::test]
async fn files_go_out_with_their_words_and_too_large_ones_are_refused() {
    let shop = Shop::open().await;
    shop.bot.deliver(&shop.file("hoá đơn.pdf", "application/pdf", &b"%PDF-1.7"[..])).await.expect("delivered");
    let shown = shop.heard().pop().unwrap();
    assert_eq!((shown.files, shown.text.as_str()), (vec!["hoá đơn.pdf".to_owned()], "Hoá đơn ạ"));
    let refused = shop.bot.deliver(&shop.file("to.bin", "application/octet-stream", vec![0; (10 << 20) + 1])).await;
    assert!(matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::BadFile), "{refused:?}");
}

#[tokio::test]
async fn strangers_and_people_who_closed_the_door_are_told_apart() {
    let shop = Shop::open().await;
    for to in ["4242", "nobody", "../../guilds/1"] {
        let refused = shop.bot.deliver(&Parcel { to: to.into(), ..shop.text("alo") }).await;
        assert!(
            matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::UnknownRecipient),
            "{to}: {refused:?}"
        );
    }
    shop.act(Act::Blocks).await;
    let refused = shop.bot.deliver(&shop.text("alo")).await;
    assert!(matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::Blocked), "{refused:?}");
}

#[tokio::test]
async fn a_pause_is_obeyed_to_the_millisecond() {
    let shop = Shop::open().await;
    shop.world.discord.faults().next(Fault::Throttled { retry_after: 731 });
    assert_eq!(shop.bot.deliver(&shop.text("từ từ")).await, Err(DeliveryError::Throttled(731)));
}

#[tokio::test]
async fn typing_shows_and_the_profile_has_a_name() {
    let shop = Shop::open().await;
    shop.bot.signal(&shop.customer(), Signal::Typing).await;
    assert!(shop.phone().typing);
    let profile = shop.bot.profile(&shop.customer()).await.unwrap().unwrap();
    assert_eq!(profile.name.as_deref(), Some("Minh Trần"));
}

#[test]
fn wrong_settings_name_their_field() {
    let channel = kit::channel("discord");
    let house = House::new("https://shop.example", Settings::default());
    for (settings, field) in [
        (json!({}), "token"),
        (json!({"token": "Bot MTI5.a.b"}), "token"),
        (json!({"token": "MTI5.a.b", "api_url": "discord.com"}), "api_url"),
        (json!({"token": "MTI5.a.b", "api_url": "https://"}), "api_url"),
        (json!({"token": "MTI5.a.b", "public_key": "x"}), "public_key"),
    ] {
        let error = channel.open(&kit::settings(&settings), house.kit()).err().expect("refused");
        assert_eq!(error.field, field, "{settings}");
    }
}
