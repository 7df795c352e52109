//! The questions that every connector must answer, asked against the
//! platform's simulator. Test code that ships with the contract, so that a new
//! channel is done when it passes here.

use crate::channel::{
    Admission, Capabilities, Channel, Connector, DeliveryError, FieldKind, Inbound, Parcel, ParcelContent, RawCall,
    RefusedBecause, Voice, What,
};
use crate::ids::{ParcelId, PlatformUserId};
use crate::parts;
use crate::secret::Settings;
use async_trait::async_trait;
use std::sync::Arc;

/// The platform's other side, as the suite needs it: a simulator with one
/// customer, wired to one connector by whoever implements this.
#[async_trait]
pub trait Bench: Send + Sync {
    fn channel(&self) -> Arc<dyn Channel>;
    fn settings(&self) -> Settings;
    fn connector(&self) -> Arc<dyn Connector>;
    /// The customer on the simulator.
    fn customer(&self) -> PlatformUserId;
    /// The customer says this; the call as the platform would make it, signed.
    async fn says(&self, text: &str) -> RawCall;
    /// The same event once more, as the platform redelivers it.
    async fn redelivered(&self, call: &RawCall) -> RawCall;
    /// A call whose signature is wrong; `None` where the platform never calls us.
    async fn forged(&self) -> Option<RawCall>;
    /// An authentic call about something that is newer than this code.
    async fn novelty(&self) -> RawCall;
    /// An authentic call whose body is no sense at all.
    async fn nonsense(&self) -> RawCall;
    /// What the customer's phone shows, oldest first.
    async fn phone(&self) -> Vec<String>;
    /// Make the next delivery meet this fate.
    async fn fate(&self, fate: Fate);
    /// The fates that this platform can deal. A channel that is its own platform has no other side to fail.
    fn fates(&self) -> Vec<Fate> {
        Fate::ALL.to_vec()
    }
}

/// What a platform can do to a message; the suite expects each to be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Blocked,
    /// Too long since the customer wrote; asked only where the channel claims a window.
    WindowClosed,
    BadContent,
    Throttled,
    /// 5xx before anything happened, or a connection that was never made.
    Unreachable,
    /// Accepted, then the answer got lost.
    AnswerLost,
    TokenRevoked,
}

impl Fate {
    pub const ALL: [Self; 7] = [
        Self::Throttled,
        Self::Unreachable,
        Self::AnswerLost,
        Self::BadContent,
        Self::WindowClosed,
        Self::Blocked,
        Self::TokenRevoked,
    ];
}

/// Ask everything. Panics with a sentence on the first wrong answer.
pub async fn ask_everything(bench: &dyn Bench) {
    the_form_and_the_claims_agree(bench);
    settings_never_print_a_secret(bench);
    what_a_customer_says_arrives(bench).await;
    a_redelivery_keeps_its_names(bench).await;
    a_forged_call_is_refused(bench).await;
    unknown_content_is_kept_and_nonsense_is_no_panic(bench).await;
    a_reply_reaches_the_platform_and_has_an_id(bench).await;
    long_text_is_split_not_cut(bench).await;
    every_fate_is_told_apart(bench).await;
}

fn the_form_and_the_claims_agree(bench: &dyn Bench) {
    let channel = bench.channel();
    let (form, claims) = (channel.form(), channel.capabilities());
    form.check(&bench.settings()).expect("the bench's own settings pass the form");
    for field in form.fields.iter().filter(|field| field.required) {
        let mut without = bench.settings();
        without.0.remove(&field.name);
        let error = form.check(&without).expect_err("a required setting is missing");
        assert_eq!(error.field, field.name, "the error names the field");
    }
    assert!(claims.text_limit > 0 && !channel.kind().is_empty());
    assert!(claims.windows.iter().all(|window| !window.source.is_empty()), "every window says where its fact comes from");
    let choices_are_closed = |kind: &FieldKind| !matches!(kind, FieldKind::Choice { options } if options.is_empty());
    assert!(form.fields.iter().all(|field| choices_are_closed(&field.kind)));
}

fn settings_never_print_a_secret(bench: &dyn Bench) {
    let settings = bench.settings();
    let shown = format!("{settings:?}");
    for field in bench.channel().form().fields.iter().filter(|field| field.secret) {
        if let Some(secret) = settings.text(&field.name) {
            assert!(!shown.contains(secret), "`{}` is printed", field.name);
        }
    }
}

fn read(bench: &dyn Bench, call: &RawCall) -> Vec<Inbound> {
    assert!(matches!(bench.connector().admit(call), Ok(Admission::Keep(_))), "an authentic call is kept");
    bench.connector().read(call).expect("an authentic message can be read")
}

async fn what_a_customer_says_arrives(bench: &dyn Bench) {
    let text = "Đơn DH1024 của em tới đâu rồi ạ 😀 <b>&amp;</b>";
    let call = bench.says(text).await;
    let events = read(bench, &call);
    let said = events.iter().find_map(|event| match &event.what {
        What::Said(said) => Some((event, said)),
        _ => None,
    });
    let (event, said) = said.expect("the message is among the events");
    assert_eq!(said.text, text);
    assert_eq!(event.from.user, bench.customer());
}

async fn a_redelivery_keeps_its_names(bench: &dyn Bench) {
    let first = bench.says("một lần thôi").await;
    let again = bench.redelivered(&first).await;
    let keys = |call| read(bench, call).into_iter().map(|event| event.key).collect::<Vec<_>>();
    // A message is recognised by these too.
    let ids = |call| {
        let said = |event: Inbound| match event.what {
            What::Said(said) => Some((said.message, event.at)),
            _ => None,
        };
        read(bench, call).into_iter().filter_map(said).collect::<Vec<_>>()
    };
    assert_eq!(keys(&first), keys(&again));
    assert_eq!(ids(&first), ids(&again), "the same message with the same instant");
    let other = bench.says("một lần thôi").await;
    assert_ne!(keys(&first), keys(&other), "the same words said twice are two messages");
    assert!(ids(&first).iter().zip(ids(&other)).all(|((one, _), (other, _))| *one != other), "which have different ids");
}

async fn a_forged_call_is_refused(bench: &dyn Bench) {
    if let Some(forged) = bench.forged().await {
        assert!(bench.connector().admit(&forged).is_err(), "a forged call is refused");
    }
}

async fn unknown_content_is_kept_and_nonsense_is_no_panic(bench: &dyn Bench) {
    let novelty = bench.novelty().await;
    let events = read(bench, &novelty);
    let kept = events.iter().any(|event| matches!(&event.what, What::Said(said) if said.unsupported.is_some()));
    assert!(kept, "content that is newer than this code is kept as unsupported: {events:?}");
    let nonsense = bench.nonsense().await;
    assert!(matches!(bench.connector().admit(&nonsense), Ok(Admission::Keep(_))), "nonsense is kept for people to look at");
    assert!(bench.connector().read(&nonsense).is_err(), "nonsense is unreadable, not silently nothing");
}

fn parcel(bench: &dyn Bench, text: &str) -> Parcel {
    Parcel {
        key: ParcelId::fresh(1_700_000_000_000),
        to: bench.customer(),
        content: ParcelContent::Text { text: text.to_owned(), buttons: Vec::new(), ask_phone: None },
        reply_to: None,
        voice: Voice::Bot,
        last_interaction: Some(1_700_000_000_000),
    }
}

async fn a_reply_reaches_the_platform_and_has_an_id(bench: &dyn Bench) {
    let text = "Dạ đơn của mình đang giao ạ <script>";
    let receipt = bench.connector().deliver(&parcel(bench, text)).await.expect("a plain reply is delivered");
    assert!(!receipt.message.as_str().is_empty());
    assert_eq!(bench.phone().await.last().map(String::as_str), Some(text), "the phone shows the text as it is");
}

async fn long_text_is_split_not_cut(bench: &dyn Bench) {
    let claims: Capabilities = bench.channel().capabilities();
    let sentence = "Dạ shop gửi anh chị thông tin chi tiết về đơn hàng ạ. ";
    let long = sentence.repeat(claims.text_limit / sentence.chars().count() * 2 + 2);
    let before = bench.phone().await.len();
    let pieces = parts::split(&long, claims.text_limit, claims.text_unit);
    assert!(pieces.len() >= 2);
    for piece in &pieces {
        bench.connector().deliver(&parcel(bench, piece)).await.expect("a piece within the claimed limit is accepted");
    }
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeeze(&bench.phone().await[before..].join(" ")), squeeze(&long));
}

async fn every_fate_is_told_apart(bench: &dyn Bench) {
    let claims = bench.channel().capabilities();
    let refused = |told: &DeliveryError, because| matches!(told, DeliveryError::Refused(reason) if reason.code == because);
    for fate in bench.fates() {
        if fate == Fate::WindowClosed && claims.windows.is_empty() {
            continue;
        }
        bench.fate(fate).await;
        let told = bench.connector().deliver(&parcel(bench, "what becomes of this?")).await;
        let apart = match (fate, &told) {
            (Fate::Throttled, Err(DeliveryError::Throttled(pause) | DeliveryError::AllThrottled(pause))) => *pause > 0,
            (Fate::Blocked, Err(told)) => refused(told, RefusedBecause::Blocked),
            (Fate::WindowClosed, Err(told)) => refused(told, RefusedBecause::WindowClosed),
            (Fate::BadContent, Err(told)) => refused(told, RefusedBecause::BadContent),
            (Fate::Unreachable, Err(DeliveryError::Unreachable(_)))
            | (Fate::AnswerLost, Err(DeliveryError::Uncertain(_)))
            | (Fate::TokenRevoked, Err(DeliveryError::Unauthorized(_))) => true,
            (Fate::Unreachable, Err(DeliveryError::Uncertain(_))) => claims.deduplicates(),
            _ => false,
        };
        assert!(apart, "{fate:?} was told as {told:?}");
    }
}
