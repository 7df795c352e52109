//! Each fate of a message on each platform: what the platform does to it, and
//! what the thread and the inbox then say.

use crate::kit::{Customer, Desk, Engine, TestGateway};
use onethread_simulator::Fault;
use rstest::rstest;
use serde_json::{Value, json};

/// A customer who waits for a person, and an agent who answers.
struct Story<'a> {
    gateway: &'a TestGateway,
    channel: &'a str,
    lan: Customer,
    desk: Desk,
    admin: Desk,
    thread: String,
}

impl<'a> Story<'a> {
    async fn begin(gateway: &'a TestGateway, channel: &'a str) -> Self {
        let lan = gateway.customer(channel, "Lan");
        lan.says("cho em gặp nhân viên").await;
        lan.next().await.expect("the hand-over is told");
        let (desk, admin) = (gateway.desk("mai@demo.shop").await, gateway.desk("admin@demo.shop").await);
        let thread = desk.thread_of("Lan").await["id"].as_str().expect("an id").to_owned();
        desk.thread_is(&thread, "waiting").await;
        Self { gateway, channel, lan, desk, admin, thread }
    }

    fn capability(&self, name: &str) -> Value {
        let channel = self.gateway.gateway.channel(self.channel).expect("the channel is there");
        serde_json::to_value(channel.capabilities()).expect("capabilities are data")[name].clone()
    }

    fn meets(&self, fault: Fault) {
        self.gateway.platform(self.channel).faults().next(fault);
    }

    async fn answers(&self, text: &str) -> String {
        let posted = self.desk.post(&format!("/threads/{}/messages", self.thread), json!({ "text": text })).await;
        posted["id"].as_str().expect("a message has an id").to_owned()
    }

    /// The message once its status is one of these.
    async fn is(&self, message: &str, statuses: &[&str]) -> Value {
        let so = |m: &Value| m["id"] == message && m["status"].as_str().is_some_and(|status| statuses.contains(&status));
        self.desk.message_where(&self.thread, so).await
    }

    /// Asked again, or shown to us by the platform: nobody has to decide.
    fn settles_a_lost_answer(&self) -> bool {
        self.capability("doubles") != "shown" || self.capability("echoes_people") == true
    }

    async fn inbox(&self) -> Value {
        self.admin.get(&format!("/inboxes/{}", self.gateway.inbox(self.channel).await)).await
    }

    async fn is_refused(&self, fault: Fault, code: &str) {
        let text = format!("Chị ơi, lần này là {code} ạ");
        self.meets(fault);
        let id = self.answers(&text).await;
        let failed = self.is(&id, &["failed"]).await;
        assert_eq!(failed["error"]["code"], code, "{failed}");
        assert!(failed["error"]["detail"].as_str().is_some_and(|words| words.len() > 20), "it says why in words: {failed}");
        assert_eq!(self.lan.unheard(), 0, "nothing of it is on the phone");
        // Their word opens what was closed, and what has failed can be sent again.
        self.lan.says("dạ em đây").await;
        self.desk.message_where(&self.thread, |m| m["text"] == "dạ em đây").await;
        self.desk.post(&format!("/messages/{id}/retry"), json!({})).await;
        self.lan.hears(code).await;
        self.is(&id, &["sent", "delivered", "read"]).await;
    }

    /// Trouble that passes: it arrives later, and once.
    async fn arrives_once(&self, fault: Fault, text: &str) {
        self.meets(fault);
        let id = self.answers(text).await;
        self.lan.hears(text).await;
        self.is(&id, &["sent", "delivered", "read"]).await;
        assert_eq!(self.lan.unheard(), 0, "it is on the phone once");
    }

    /// Accepted, and the answer got lost: settled where the platform can tell, else people decide.
    async fn may_have_arrived(&self) {
        let text = "Chị thử xem lại giúp em ạ";
        self.meets(Fault::AnswerLost);
        let id = self.answers(text).await;
        self.lan.hears(text).await;
        if !self.settles_a_lost_answer() {
            let settled = self.is(&id, &["uncertain"]).await;
            assert_eq!(settled["error"]["code"], "uncertain", "{settled}");
            self.desk.post(&format!("/messages/{id}/arrived"), json!({})).await;
        }
        self.is(&id, &["sent", "delivered", "read"]).await;
        assert_eq!(self.lan.unheard(), 0, "it is on the phone once");
    }

    /// Sent again by an agent and refused: nobody can say that it did not arrive.
    async fn stays_in_doubt(&self) {
        let text = "Chị nhận được chưa ạ";
        self.meets(Fault::AnswerLost);
        let id = self.answers(text).await;
        self.lan.hears(text).await;
        self.is(&id, &["uncertain"]).await;
        self.meets(Fault::BadContent);
        self.desk.post(&format!("/messages/{id}/retry"), json!({})).await;
        let refused = |m: &Value| m["id"] == id && m["error"]["detail"].as_str().is_some_and(|why| why.contains("refused"));
        let doubted = self.desk.message_where(&self.thread, refused).await;
        assert_eq!((&doubted["status"], &doubted["error"]["code"]), (&json!("uncertain"), &json!("uncertain")), "{doubted}");
        self.desk.post(&format!("/messages/{id}/arrived"), json!({})).await;
        self.is(&id, &["sent", "delivered", "read"]).await;
    }

    async fn pauses_the_inbox(&self) {
        let text = "Dạ em gửi chị lịch giao ạ";
        let faults = self.gateway.platform(self.channel);
        faults.faults().stand(Some(Fault::TokenRevoked));
        let id = self.answers(text).await;
        let paused = self.admin.until(|| async { Some(self.inbox().await).filter(|inbox| inbox["state"] == "paused") }).await;
        let paused = paused.expect("the inbox pauses");
        assert!(paused["pause_reason"].as_str().is_some_and(|reason| reason.len() > 20), "it says what to do: {paused}");
        self.is(&id, &["queued"]).await;
        faults.faults().stand(None);
        self.admin
            .call("PATCH", &format!("/inboxes/{}", paused["id"].as_str().expect("an id")), Some(json!({ "paused": false })))
            .await;
        self.lan.hears(text).await;
        self.is(&id, &["sent", "delivered", "read"]).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_fate_is_told_apart_and_shown_as_what_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    // A revoked token is an error worth a line in the log.
    gateway.forgive_errors();
    let story = Story::begin(&gateway, channel).await;
    story.arrives_once(Fault::ServerError, "Dạ em kiểm tra ngay ạ").await;
    story.may_have_arrived().await;
    // The others do not say for how long: a connector waits a minute, which the contract asks about.
    if ["telegram", "discord"].contains(&channel) {
        story.arrives_once(Fault::Throttled { retry_after: 1000 }, "Chị chờ em chút ạ").await;
    }
    if !story.settles_a_lost_answer() {
        story.stays_in_doubt().await;
    }
    story.is_refused(Fault::BadContent, "bad_content").await;
    if story.capability("windows") != json!([]) {
        story.is_refused(Fault::WindowClosed, "window_closed").await;
    }
    story.is_refused(Fault::Blocked, "blocked").await;
    assert_eq!(story.inbox().await["state"], "active", "one message's trouble is not the inbox's");
    story.pauses_the_inbox().await;
    drop(story);
    gateway.stop().await;
}
