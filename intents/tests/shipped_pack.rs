//! The pack that ships: is it as large as promised, and does it understand plain messages?

use onethread_intents::{AnswerEntry, Asked, Context, Intent, Language, Matcher, Pack};
use rstest::rstest;
use std::sync::LazyLock;

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    Matcher::train(&pack, &[]).expect("the shipped pack names many intents")
});

#[test]
fn every_intent_has_forty_vietnamese_and_twenty_five_english_phrases() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    for intent in Intent::ALL {
        let count = |language| pack.phrases().filter(|phrase| phrase.0 == intent && phrase.1 == language).count();
        assert!(count(Language::Vi) >= 40, "{intent}: {}", count(Language::Vi));
        assert!(count(Language::En) >= 25, "{intent}: {}", count(Language::En));
    }
}

#[rstest]
#[case("đơn DH1024 của em tới đâu rồi ạ", Intent::OrderStatus)]
#[case("don hang cua em toi dau roi", Intent::OrderStatus)]
#[case("sắp giao hàng chưa", Intent::OrderStatus)]
#[case("huỷ đơn giúp mình", Intent::OrderCancel)]
#[case("đổi size được không", Intent::ReturnExchange)]
#[case("bn tiền z shop", Intent::Price)]
#[case("con mau den hong", Intent::Stock)]
#[case("cho em hỏi phí ship về Huế", Intent::Shipping)]
#[case("where is my order #1001", Intent::OrderStatus)]
#[case("I'd like to speak with a human", Intent::Human)]
#[case("xin chào", Intent::Greeting)]
fn a_plain_message_is_understood(#[case] text: &str, #[case] intent: Intent) {
    let reading = MATCHER.read(text, &Context::default());
    let top = reading.top().expect("every intent is ranked");
    assert!(top.value == intent && top.probability >= 0.5, "{text}: {top:?}");
}

#[rstest]
#[case("hôm nay trời đẹp quá")]
#[case("who is the president of france")]
#[case("asdkjh qwoeiu")]
#[case("")]
#[case("🍌")]
fn what_is_nobodys_is_said_to_be_so(#[case] text: &str) {
    let reading = MATCHER.read(text, &Context::default());
    assert!(reading.not_mine > 0.5, "{text}: {} {:?}", reading.not_mine, reading.top());
}

#[test]
fn probabilities_sum_to_one() {
    let reading = MATCHER.read("phí ship bao nhiêu", &Context { asked: Some(Asked::Confirm), language: None });
    let sum: f32 = reading.intents.iter().map(|intent| intent.probability).sum::<f32>() + reading.not_mine;
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    assert_eq!(reading.intents.len(), Intent::ALL.len());
}

#[test]
fn answers_can_be_exchanged_without_training() {
    let entry = |id: &str, question: &str| AnswerEntry { id: id.into(), questions: vec![(Language::Vi, question.into())] };
    let with = MATCHER.with_answers(&[entry("fee", "phí ship bao nhiêu"), entry("hours", "mấy giờ shop mở cửa")]);
    let reading = with.read("shop mo cua luc may gio vay", &Context::default());
    assert_eq!(reading.answers.first().map(|answer| answer.value.as_str()), Some("hours"));
    assert!(MATCHER.read("phí ship bao nhiêu", &Context::default()).answers.is_empty());
}
