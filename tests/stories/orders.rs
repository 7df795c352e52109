//! Orders asked for and answered.

use crate::early::{arrive, event};
use crate::kit::{Engine, TestGateway};
use rstest::rstest;
use serde_json::json;

/// DH1024 is out for delivery; its phone ends in 5678.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_asked_for_and_answered_on_every_messenger(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("zalo", "facebook", "telegram", "discord")] channel: &str,
) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer(channel, "Lan");
    lan.says("đơn DH1024 của em tới đâu rồi ạ").await;
    lan.hears("4 số cuối").await;
    lan.says("5678").await;
    let answer = lan.hears("GHN").await;
    assert!(answer.text.contains("đang") && answer.text.contains("giao"), "{}", answer.text);
    assert!(answer.text.contains("GYN4K8LA"), "the tracking code is named: {}", answer.text);
    for private in ["Váy lanh", "909.000", "Hoàng Ngân", "0951105678"] {
        assert!(!answer.text.contains(private), "{private} is told only to a verified identity: {}", answer.text);
    }
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn slots_are_filled_over_turns_without_diacritics(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("zalo", "Lan");
    lan.says("don cua e toi dau r shop").await;
    lan.hears("mã đơn").await;
    lan.says("dh1024").await;
    lan.hears("4 số cuối").await;
    lan.says("5678").await;
    lan.hears("GHN").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_reply_follows_the_language_of_the_message(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let anna = gateway.customer("telegram", "Anna");
    anna.says("where is my order DH1024?").await;
    anna.hears("last 4").await;
    anna.says("5678").await;
    anna.hears("out for delivery").await;
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_tail_and_an_unknown_code_get_the_same_answer_and_five_lock(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let gateway = TestGateway::start(engine).await;
    let answer_to = |code: &'static str, name: &'static str| {
        let stranger = gateway.customer("telegram", name);
        async move {
            stranger.says(&format!("đơn {code} tới đâu rồi")).await;
            stranger.hears("4 số cuối").await;
            stranger.says("0000").await;
            let answer = stranger.next().await.expect("a wrong tail is answered");
            (answer.text.replace(code, "CODE"), stranger)
        }
    };
    let (wrong_tail, stranger) = answer_to("DH1024", "Kẻ tò mò").await;
    let (unknown_code, _) = answer_to("DH7777", "Người lạ").await;
    assert_eq!(wrong_tail, unknown_code);
    for tail in ["0001", "0002", "0003", "0004"] {
        stranger.says(&format!("đơn DH1024 số cuối {tail}")).await;
        stranger.next().await.expect("every try is answered");
    }
    stranger.says("đơn DH1024 số cuối 5678").await;
    let locked = stranger.next().await.expect("a locked identity is told so");
    assert!(locked.text.contains("15 phút"), "after five wrong tails even the right one waits: {}", locked.text);
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_verified_phone_opens_items_and_address(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let lan = gateway.customer("telegram", "Lan");
    lan.does(onethread_simulator::Act::SharesPhone { phone: "+84951105678".into() }).await;
    lan.next().await.expect("a shared phone is answered");
    lan.says("đơn DH1024 gồm những gì, giao tới đâu rồi").await;
    lan.hears("GHN").await;
    let all = lan.texts().join("\n");
    assert!(all.contains("Váy lanh"), "a verified identity sees the items: {all}");
    gateway.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_strangers_together_cannot_guess_a_tail(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let mut closed = Vec::new();
    for code in ["DH1024", "DH7777"] {
        for n in 0..5 {
            let stranger = gateway.customer("telegram", &format!("Khách {n}"));
            for tail in [2 * n, 2 * n + 1] {
                stranger.says(&format!("đơn {code} số cuối 000{tail}")).await;
                stranger.hears("không tìm thấy").await;
            }
        }
        let next = gateway.customer("telegram", "Khách sau");
        next.says(&format!("đơn {code} số cuối 5678")).await;
        closed.push(next.hears("1 tiếng").await.text);
    }
    assert_eq!(closed[0], closed[1], "a code that does not exist is closed alike");
    let owner = gateway.customer("telegram", "Ngân");
    owner.does(onethread_simulator::Act::SharesPhone { phone: "+84951105678".into() }).await;
    owner.next().await.expect("a shared phone is answered");
    owner.says("đơn DH1024 tới đâu rồi").await;
    owner.hears("GHN").await;
    gateway.stop().await;
}

/// What is looked up ahead for all of them must not hide what one of them has changed.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn tries_that_are_taken_in_together_count_one_by_one(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let gateway = TestGateway::start(engine).await;
    let (lan, thief) = (gateway.customer("facebook", "Lan"), gateway.customer("facebook", "Kẻ tò mò"));
    for one in [&lan, &thief] {
        // The platform delivers to nobody who never wrote there.
        one.says("chào shop").await;
        one.next().await.expect("a greeting is answered");
    }
    let said = |who: &str, nth: i64, tail: &str| {
        let message = json!({ "mid": format!("m_{who}_{nth}"), "text": format!("đơn DH1024 số cuối {tail}") });
        event(who, 1_795_000_000_123 + nth, &json!({ "message": message }))
    };
    let tries = ["0001", "0002", "0003", "0004", "0005", "5678"];
    let mut words: Vec<_> = (0..).zip(tries).map(|(nth, tail)| said(&thief.user, nth, tail)).collect();
    words.push(said(&lan.user, 0, "5678"));
    arrive(&gateway, &words).await;
    for _ in &tries[..5] {
        let answer = thief.next().await.expect("every try is answered");
        assert!(answer.text.contains("không tìm thấy"), "{}", answer.text);
    }
    let locked = thief.next().await.expect("so is the right one");
    assert!(locked.text.contains("15 phút"), "after five wrong tails even the right one waits: {}", locked.text);
    lan.hears("GHN").await;
    gateway.stop().await;
}
