//! What a message means is read before its turn, with what is guessed to be known by then.

use crate::kit::{Engine, TestGateway};
use onethread::foresight::Foresight;
use onethread_core::ids::{InboxId, PlatformUserId};
use onethread_intents::{Asked, Context};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_made_ahead_counts_only_for_the_mind_and_the_memory_that_made_it() {
    let gateway = TestGateway::start(Engine::Sqlite).await;
    let brain = &gateway.gateway.brain;
    let foresight = Foresight::default();
    let (inbox, user) = (InboxId::from("inb_1"), PlatformUserId::from("42"));
    let read = || foresight.read(brain, &inbox, &user, "1024");
    let nothing = Context::default();
    let asked = Context { asked: Some(Asked::OrderCode), ..Context::default() };

    let stranger = read().expect("a stranger is heard by the bot");
    assert_eq!(stranger.holds(&brain.mind(), &nothing), Some(&brain.mind().read("1024", &nothing)));
    assert!(stranger.holds(&brain.mind(), &asked).is_none(), "the thread remembers more than was guessed");

    foresight.remember(&inbox, &user, Some(asked.clone()));
    let known = read().expect("heard by the bot");
    assert_eq!(known.holds(&brain.mind(), &asked), Some(&brain.mind().read("1024", &asked)));
    foresight.remember(&inbox, &user, None);
    assert!(read().is_none(), "people hold the thread");

    let desk = gateway.desk("admin@demo.shop").await;
    let answer = json!({ "title": "Quà", "enabled": true,
        "vi": { "questions": ["mua bao nhiêu thì có quà"], "text": "Dạ đơn từ 500k có quà ạ." }, "en": { "questions": [], "text": "" } });
    let before = brain.mind();
    desk.post("/answers", answer).await;
    let relearnt = desk.until(|| async { (!std::sync::Arc::ptr_eq(&before, &brain.mind())).then_some(()) }).await;
    relearnt.expect("the bot learns the answer");
    assert!(known.holds(&brain.mind(), &asked).is_none(), "another mind may read it otherwise");
    gateway.stop().await;
}
