//! The gateway's session: resumed, begun anew, and nothing lost between.

use crate::bench::Shop;
use crate::kit::{self, House, Ledger};
use onethread_core::channel::{ConnectError, DeliveryError, RawCall, What};
use onethread_simulator::{Act, Fault, Platform};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// The message that a stored frame is about.
fn message_id(call: &RawCall) -> String {
    let frame: Value = serde_json::from_slice(&call.body).expect("a frame");
    frame["d"]["id"].as_str().expect("an id").to_owned()
}

/// How a gateway loop ends that is expected to.
async fn ends(listening: impl Future<Output = Result<(), ConnectError>>) -> Result<(), ConnectError> {
    tokio::time::timeout(kit::PATIENCE, listening).await.expect("the loop ends in time")
}

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
