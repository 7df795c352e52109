//! Questions that the shop has answered before.

use crate::kit::{Engine, TestGateway};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_in_its_language(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("phí ship bao nhiêu vậy shop").await;
    lan.hears("25.000").await;
    lan.says("phi giao hang bn a").await;
    lan.hears("25.000").await;
    let anna = gateway.customer("discord", "Anna");
    anna.says("how much is shipping?").await;
    anna.hears("25,000").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_messages_that_nobody_understands_hand_over(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("facebook", "Lan");
    lan.says("xqz blorp vnmtr kkp").await;
    let first = lan.next().await.expect("the bot says that it did not understand");
    assert!(first.text.contains("nhân viên"), "and offers a person: {}", first.text);
    lan.says("zzrt qwpl gnarf xio").await;
    lan.next().await.expect("the second miss is answered with the hand-over");
    let desk = gateway.desk("mai@demo.shop").await;
    let thread = desk.thread_of("Lan").await;
    let thread = desk.thread_is(thread["id"].as_str().expect("an id"), "waiting").await;
    assert_eq!(thread["handoff_reason"], "not_understood");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn between_two_close_answers_the_bot_asks(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let desk = gateway.desk("admin@demo.shop").await;
    for (title, text) in [("Bảo quản gối mây", "Phơi nắng nhẹ."), ("Bảo quản ghế mây", "Lau khăn ẩm.")] {
        let wording = serde_json::json!({ "text": text, "questions": [format!("{title} thế nào?"), format!("cách {}", title.to_lowercase())] });
        let answer = serde_json::json!({ "title": title, "enabled": true, "vi": wording, "en": { "text": "", "questions": [] } });
        desk.post("/answers", answer).await;
    }
    let lan = gateway.customer("telegram", "Lan");
    lan.says("bảo quản đồ mây thế nào vậy shop").await;
    let question = lan.hears("ý anh/chị là").await;
    let (label, payload) = question.buttons.first().cloned().expect("the choices are buttons");
    lan.does(onethread_simulator::Act::Presses { message: question.id.clone(), label, payload }).await;
    let answer = lan.next().await.expect("a choice is answered");
    assert!(answer.text.contains("Phơi nắng") || answer.text.contains("Lau khăn"), "{}", answer.text);
    gateway.stop().await;
}
