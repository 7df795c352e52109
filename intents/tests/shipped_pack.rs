//! The pack that ships: is it as large as promised, and does it understand plain messages?

use onethread_intents::held_out;
use onethread_intents::{AnswerEntry, Asked, Context, Intent, Language, Matcher, Pack};
use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

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

/// Without case, marks and signs.
fn bare(text: &str) -> String {
    let letters = text.to_lowercase().replace('đ', "d").nfd().filter(|letter| !is_combining_mark(*letter)).collect::<String>();
    let words = letters.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn no_phrase_is_also_held_back_even_spelt_otherwise() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    let learnt: HashSet<String> =
        pack.phrases().map(|phrase| bare(phrase.2)).chain(pack.not_mine().map(|phrase| bare(phrase.1))).collect();
    let both: Vec<String> =
        held_out::messages().into_iter().map(|message| message.text).filter(|text| learnt.contains(&bare(text))).collect();
    assert!(both.is_empty(), "{both:?}");
}

/// What the bot must tell apart.
const KINDS: [&str; 18] = [
    "order_status",
    "order_cancel",
    "order_modify",
    "order_place",
    "shipping",
    "payment",
    "installment",
    "promo",
    "price",
    "stock",
    "return_exchange",
    "warranty",
    "store_info",
    "account",
    "complaint",
    "human",
    "greeting",
    "thanks_bye",
];

#[test]
fn eighteen_kinds_of_wish_are_told_apart() {
    let messages = held_out::messages();
    let own = messages.iter().filter(|message| message.label != "not_mine" && !message.text.is_ascii()).count();
    assert!(own >= 600, "{own} held-out messages with marks");
    for kind in KINDS {
        let of_kind: Vec<_> = messages.iter().filter(|message| message.label == kind).collect();
        let fits = |text: &str| {
            let top = MATCHER.read(text, &Context::default()).intents[0].value;
            top.as_str() == kind || kind == "thanks_bye" && matches!(top, Intent::Thanks | Intent::Goodbye)
        };
        let right = of_kind.iter().filter(|message| fits(&message.text)).count();
        assert!(of_kind.len() >= 20, "{kind}: {} messages", of_kind.len());
        assert!(right * 100 >= of_kind.len() * 78, "{kind}: {right} of {}", of_kind.len());
    }
}

#[test]
fn held_out_messages_stay_above_their_floors() {
    let table = held_out::measure(&MATCHER).expect("the held-out messages are well written");
    assert!(table.rows.iter().map(|row| row.messages).max() >= Some(600));
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

/// Words that nobody knows, and what is polite around them.
const NONSENSE: [&str; 4] = ["xqz blorp vnmtr kkp", "zxqv wmpf", "brzt fnulk", "vnmtr kkp gwzx"];
const PARTICLES: [&str; 13] = [
    "{}",
    "{} ạ",
    "{} ạ??",
    "dạ {} ạ",
    "{} nha shop",
    "{} nhé ạ",
    "dạ em {} ạ",
    "da {} a",
    "{} nha",
    "{} please",
    "please {}",
    "{} plz",
    "i {} the {}",
];

#[test]
fn however_politely_nonsense_is_said_it_is_not_understood() {
    for (nonsense, polite) in NONSENSE.iter().flat_map(|nonsense| PARTICLES.map(|polite| (nonsense, polite))) {
        let text = polite.replace("{}", nonsense);
        for text in [text.to_uppercase(), text] {
            let reading = MATCHER.read(&text, &Context::default());
            let top = reading.top().expect("every intent is ranked");
            assert!(top.probability < 0.5, "{text}: {top:?}, not mine {}", reading.not_mine);
        }
    }
}

#[test]
fn one_strange_word_beside_a_particle_is_no_slip_of_another() {
    for text in ["kkp ạ", "vnmtr ạ", "blorp nhé", "asdf ghjk ạ", "dạ vnmtr kkp ạ", "bzzt brrp fwip", "zoptik marvu kelga ạ"]
    {
        let reading = MATCHER.read(text, &Context::default());
        let top = reading.top().expect("every intent is ranked");
        assert!(top.probability < 0.5, "{text}: {top:?}");
    }
}

#[test]
fn slips_are_seen_through() {
    for (text, intent) in [
        ("don hagn cua em toi dau roi", Intent::OrderStatus),
        ("phi shp bao nhiu vay shop", Intent::Shipping),
        ("huy dno giup em", Intent::OrderCancel),
        ("bao gio giao hagn vay", Intent::OrderStatus),
        ("tra hgan duoc khong shop", Intent::ReturnExchange),
        ("gia bao nhieu vayj", Intent::Price),
        ("cho em gpa nhan vien", Intent::Human),
        ("whre is my order", Intent::OrderStatus),
        ("cancle my ordr please", Intent::OrderCancel),
        ("tlak to a human", Intent::Human),
    ] {
        let reading = MATCHER.read(text, &Context::default());
        let top = reading.top().expect("every intent is ranked");
        assert!(top.value == intent && top.probability >= 0.5, "{text}: {top:?}");
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
fn the_question_of_the_bot_is_part_of_what_a_message_says() {
    let top = |text: &str, asked| MATCHER.read(text, &Context { asked, language: None }).intents[0].clone();
    for (text, asked, intent) in [
        ("ok", Asked::Confirm, Intent::Yes),
        ("cho xem đi", Asked::Confirm, Intent::Yes),
        ("khác cơ", Asked::Confirm, Intent::No),
        ("4711 nha", Asked::OrderCode, Intent::OrderStatus),
        ("dạ 9021", Asked::PhoneTail, Intent::OrderStatus),
        ("không cái nào cả", Asked::Choice, Intent::No),
    ] {
        let (after, alone) = (top(text, Some(asked)), top(text, None));
        assert_eq!(after.value, intent, "{text}: {after:?}");
        assert!(after.probability >= 0.5, "{text}: {after:?}");
        assert!(alone.value != intent || after.probability >= alone.probability - 0.05, "{text}: {after:?}, alone {alone:?}");
    }
}

#[test]
fn another_wish_after_a_question_is_still_that_wish() {
    for asked in Asked::ALL {
        for (text, intent) in [("phí ship bao nhiêu vậy", Intent::Shipping), ("shop ở đâu ạ", Intent::StoreInfo)] {
            let reading = MATCHER.read(text, &Context { asked: Some(asked), language: None });
            assert_eq!(reading.intents[0].value, intent, "{text} after {asked:?}");
        }
    }
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
