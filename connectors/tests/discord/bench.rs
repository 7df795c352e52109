//! A shop with a bot on Discord, called as Discord calls.

use crate::kit::{self, House, Ledger};
use async_trait::async_trait;
use onethread_core::channel::{
    Channel, ConnectError, Connector, Inbound, OutboundFile, Parcel, ParcelContent, RawCall, Voice, What,
};
use onethread_core::contract::{Bench, Fate};
use onethread_core::ids::{ParcelId, PlatformUserId};
use onethread_core::message::{Button, FileKind};
use onethread_core::secret::Settings;
use onethread_simulator::{Act, Bubble, BubbleFrom, Fault, Phone, Platform, World};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A shop's bot with its gateway loop running, and one customer.
pub struct Shop {
    pub world: World,
    pub house: House,
    pub bot: Arc<dyn Connector>,
    pub ledger: Arc<Ledger>,
    pub loop_: std::sync::Mutex<JoinHandle<Result<(), ConnectError>>>,
    pub minh: String,
    /// Keys of what was read: a copy is no second event.
    seen: std::sync::Mutex<HashSet<String>>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.loop_.lock().unwrap().abort();
    }
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(prepare: impl FnOnce(&World)) -> Self {
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

    pub async fn wait_for(&self, what: &str, is_there: impl Fn() -> bool) {
        let looking = async {
            while !is_there() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(kit::PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what} within the test's patience"));
    }

    /// The process stops, as if killed, and a new one starts from what was stored.
    pub fn stop(&self) {
        self.loop_.lock().unwrap().abort();
    }

    pub fn start(&self) {
        *self.loop_.lock().unwrap() = listening(&self.bot, &self.ledger, self.ledger.bookmark());
    }

    pub async fn act(&self, act: Act) -> Option<String> {
        self.world.discord.act(&self.minh, act).await.expect("the platform has it")
    }

    pub async fn says(&self, text: &str) -> String {
        self.act(Act::Says { text: text.into(), reply_to: None }).await.expect("a message id")
    }

    /// The next event that is no copy of an earlier one.
    pub async fn next(&self) -> What {
        loop {
            let call = self.ledger.next().await;
            let key = self.bot.read(&call).expect("readable").pop().expect("an event").key;
            if self.seen.lock().unwrap().insert(key) {
                return self.read(&call);
            }
        }
    }

    /// What one act arrives as.
    pub async fn hears(&self, act: Act) -> What {
        self.act(act).await;
        self.next().await
    }

    pub async fn hears_text(&self) -> String {
        match self.next().await {
            What::Said(said) => said.text,
            other => panic!("{other:?}"),
        }
    }

    pub fn read(&self, call: &RawCall) -> What {
        let [event] = <[Inbound; 1]>::try_from(self.bot.read(call).expect("readable")).expect("one event");
        assert_eq!(event.from.user.as_str(), self.minh);
        event.what
    }

    pub fn phone(&self) -> Phone {
        self.world.discord.phones().of(&self.minh)
    }

    pub fn heard(&self) -> Vec<Bubble> {
        self.phone().bubbles.into_iter().filter(|bubble| bubble.from == BubbleFrom::Business).collect()
    }

    pub fn parcel(&self, content: ParcelContent) -> Parcel {
        let key = ParcelId::fresh(1_790_000_000_000);
        Parcel { key, to: self.minh.as_str().into(), content, reply_to: None, voice: Voice::Bot, last_interaction: None }
    }

    pub fn text(&self, text: &str) -> Parcel {
        self.parcel(ParcelContent::Text { text: text.into(), buttons: Vec::new(), ask_phone: None })
    }

    pub fn file(&self, name: &str, mime: &str, bytes: impl Into<bytes::Bytes>) -> Parcel {
        let bytes = bytes.into();
        let size = i64::try_from(bytes.len()).unwrap();
        let id = self.house.files.put(bytes);
        let kind = FileKind::of_mime(mime);
        let file = OutboundFile { id, kind, name: name.into(), mime: mime.into(), size, url: "https://unused.example".into() };
        self.parcel(ParcelContent::File { file, caption: Some("Hoá đơn ạ".into()) })
    }

    pub async fn offers_buttons(&self) -> String {
        let buttons = vec![Button::payload("Gặp shop", "human"), Button::url("Xem đơn", "https://shop.example/dh")];
        let content = ParcelContent::Text { text: "Chọn giúp em".into(), buttons, ask_phone: None };
        self.bot.deliver(&self.parcel(content)).await.expect("delivered").message.0
    }
}

fn listening(bot: &Arc<dyn Connector>, ledger: &Arc<Ledger>, bookmark: Option<Value>) -> JoinHandle<Result<(), ConnectError>> {
    let (bot, ledger) = (bot.clone(), ledger.clone());
    tokio::spawn(async move { bot.listen(bookmark, &*ledger).await })
}

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
