//! The pack that ships: is it as large as promised, and does it understand plain messages?

use onethread_intents::held_out;
use onethread_intents::{AnswerEntry, Asked, Context, Intent, Language, Matcher, Pack};
use std::sync::LazyLock;

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    Matcher::train(&pack, pack.answers()).expect("the shipped pack names many intents")
});

#[test]
fn the_pack_is_as_large_as_promised() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    for intent in Intent::ALL {
        let count = |language| pack.phrases().filter(|phrase| phrase.0 == intent && phrase.1 == language).count();
        assert!(count(Language::Vi) >= 40, "{intent}: {}", count(Language::Vi));
        assert!(count(Language::En) >= 25, "{intent}: {}", count(Language::En));
    }
    assert!(pack.not_mine().count() >= 150);
    assert!(pack.abbreviations() >= 300, "{}", pack.abbreviations());
    assert!(pack.answers().len() >= 40);
    for answer in pack.answers() {
        for language in Language::ALL {
            let count = answer.questions.iter().filter(|question| question.0 == language).count();
            assert!(count >= 6, "{} has {count} questions in {language}", answer.id);
        }
    }
}

#[test]
fn no_phrase_is_also_held_back() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    let learnt: std::collections::HashSet<&str> =
        pack.phrases().map(|phrase| phrase.2).chain(pack.not_mine().map(|phrase| phrase.1)).collect();
    let both: Vec<String> =
        held_out::messages().into_iter().map(|message| message.text).filter(|text| learnt.contains(text.as_str())).collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn held_out_messages_stay_above_their_floors() {
    let table = held_out::measure(&MATCHER).expect("the held-out messages are well written");
    assert!(table.rows.iter().map(|row| row.messages).max() >= Some(550));
    for row in &table.rows {
        assert!(row.share >= row.floor, "{}: {:.3} is below {:.3}", row.name, row.share, row.floor);
    }
}

#[test]
fn plain_messages_are_understood() {
    for (text, intent) in [
        ("đơn DH1024 của em tới đâu rồi ạ", Intent::OrderStatus),
        ("don hang cua em toi dau roi", Intent::OrderStatus),
        ("ddown hangf cuar em towis ddaau roofi", Intent::OrderStatus),
        ("sắp giao hàng chưa", Intent::OrderStatus),
        ("huỷ đơn giúp mình", Intent::OrderCancel),
        ("đổi size được không", Intent::ReturnExchange),
        ("bn tiền z shop", Intent::Price),
        ("con mau den hong", Intent::Stock),
        ("cho em hỏi phí ship về Huế", Intent::Shipping),
        ("where is my order #1001", Intent::OrderStatus),
        ("I'd like to speak with a human", Intent::Human),
        ("xin chào", Intent::Greeting),
    ] {
        let reading = MATCHER.read(text, &Context::default());
        let top = reading.top().expect("every intent is ranked");
        assert!(top.value == intent && top.probability >= 0.5, "{text}: {top:?}");
    }
}

#[test]
fn what_is_nobodys_is_said_to_be_so() {
    for text in ["hôm nay trời đẹp quá", "who is the president of france", "asdkjh qwoeiu", "", "🍌"] {
        let reading = MATCHER.read(text, &Context::default());
        assert!(reading.not_mine > 0.5, "{text}: {} {:?}", reading.not_mine, reading.top());
    }
}

#[test]
fn the_language_follows_the_message_and_then_the_thread() {
    let language = |text: &str, language| MATCHER.read(text, &Context { asked: None, language }).language;
    assert_eq!(language("đơn em đâu", None), Language::Vi);
    assert_eq!(language("don hang cua em dau roi", Some(Language::En)), Language::Vi);
    assert_eq!(language("where is my order", Some(Language::Vi)), Language::En);
    assert_eq!(language("DH1024", Some(Language::En)), Language::En);
    assert_eq!(language("DH1024", None), Language::Vi);
}

#[test]
fn a_question_that_waits_for_yes_or_no_makes_them_likelier() {
    let yes = |asked| MATCHER.read("ok", &Context { asked, language: None }).intents[0].clone();
    assert_eq!(yes(Some(Asked::Confirm)).value, Intent::Yes);
    assert!(yes(Some(Asked::Confirm)).probability >= yes(None).probability);
}

#[test]
fn answers_can_be_exchanged_without_training() {
    let entry = |id: &str, question: &str| AnswerEntry { id: id.into(), questions: vec![(Language::Vi, question.into())] };
    let with = MATCHER.with_answers(&[entry("fee", "phí ship bao nhiêu"), entry("hours", "mấy giờ shop mở cửa")]);
    let reading = with.read("shop mo cua luc may gio vay", &Context::default());
    assert_eq!(reading.answers.first().map(|answer| answer.value.as_str()), Some("hours"));
    assert!(with.with_answers(&[]).read("phí ship bao nhiêu", &Context::default()).answers.is_empty());
}

#[test]
fn what_a_shop_files_is_learnt() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    let phrases = ["bẻ lái kiện sang kho phụ nha", "bẻ lái giúp em cái kiện", "bẻ lái đơn em với"];
    let own = pack.with_phrases(phrases.map(|text| (Intent::OrderModify, Language::Vi, text.to_owned())));
    let matcher = Matcher::train(&own, &[]).expect("the pack names many intents");
    assert_eq!(matcher.read("bẻ lái giùm chị", &Context::default()).intents[0].value, Intent::OrderModify);
}
