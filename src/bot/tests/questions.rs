//! Questions and answers, choices, small talk.

use super::*;

#[test]
fn a_question_is_answered_and_the_greeting_comes_once() {
    let mut lan = Chat::begin();
    let first = lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]);
    assert_says(&first, &["trợ lý tự động của Nhà Mộc", "25.000đ"]);
    let second = lan.asks("mấy ngày thì tới", &[("time", 0.9)]);
    assert_eq!(text_of(&second), "Giao trong 2–4 ngày ạ.");
}

#[test]
fn between_two_close_answers_the_bot_asks() {
    let mut lan = Chat::begin();
    let asked = lan.asks("giao hàng sao shop", &[("fee", 0.55), ("time", 0.45), ("returns", 0.1)]);
    assert_says(&asked, &["Ý anh/chị là “Phí giao hàng” hay “Thời gian giao” ạ?"]);
    assert_eq!(payloads(&asked.replies[0]), ["answer:fee", "answer:time", "human"]);
    assert_says(&lan.presses("answer:time"), &["2–4 ngày"]);
}

#[test]
fn what_the_bot_has_nothing_to_say_to_is_missed_and_nothing_else_is() {
    let mut lan = Chat::begin();
    let told = lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]);
    assert_eq!((told.missed, told.told.as_deref()), (false, Some("fee")));
    let asked = lan.asks("giao hàng sao shop", &[("fee", 0.55), ("time", 0.45)]);
    assert_eq!((asked.missed, asked.told), (false, None));
    for (heard, text) in
        [(Intent::Thanks, "cảm ơn shop"), (Intent::Human, "gặp người thật đi"), (Intent::OrderStatus, "đơn tới đâu")]
    {
        assert!(!Chat::begin().means(text, heard).missed, "{text}");
    }
    let mut hoa = Chat::begin();
    assert!(hoa.asks("có ship lên sao hỏa không", &[]).missed, "a question without an answer");
    let second = hoa.says("blorp xqz");
    assert!(second.missed && second.effects.iter().any(|effect| matches!(effect, Effect::HandOff(_))), "the second in a row");
    let mut an = Chat::begin();
    an.means("đơn của em tới đâu rồi", Intent::OrderStatus);
    assert!(an.says("blorp xqz").missed, "a code was asked for, and no sense came");
}

#[test]
fn a_choice_is_made_by_number_by_word_or_by_title() {
    for reply in ["2", "2.", "số 2 ạ", "cái thứ hai", "thời gian giao", "Thoi gian giao"] {
        let mut lan = Chat::begin();
        lan.buttons = 0;
        let asked = lan.asks("giao hàng sao shop", &[("fee", 0.5), ("time", 0.45)]);
        assert_says(&asked, &["1. Phí giao hàng", "2. Thời gian giao"]);
        assert_says(&lan.says(reply), &["2–4 ngày"]);
    }
}

#[test]
fn a_number_that_was_not_offered_is_no_choice() {
    let mut lan = Chat::begin();
    lan.asks("giao hàng sao shop", &[("fee", 0.5), ("time", 0.45)]);
    for number in ["0", "3", "99999999999999999999999"] {
        let mut other = Chat { context: lan.context.clone(), ..Chat::begin() };
        assert_says(&other.says(number), &["gặp nhân viên"]);
    }
}

#[test]
fn a_likely_answer_is_confirmed_first() {
    let mut lan = Chat::begin();
    assert_says(&lan.asks("ship sao ta", &[("fee", 0.3)]), &["Ý anh/chị là “Phí giao hàng” phải không"]);
    assert_says(&lan.says("đúng rồi ạ"), &["25.000đ"]);

    let mut lan = Chat::begin();
    lan.asks("ship sao ta", &[("fee", 0.3)]);
    assert_says(&lan.says("không phải"), &["nói rõ hơn"]);
}

#[test]
fn without_an_answer_a_person_is_offered_and_yes_brings_one() {
    let mut lan = Chat::begin();
    assert_says(&lan.asks("bên mình có ship lên sao hỏa không", &[]), &["chưa có thông tin chắc chắn", "nhân viên"]);
    for yes in ["có ạ", "cần", "ok em", "dạ"] {
        let mut other = Chat { context: lan.context.clone(), ..Chat::begin() };
        assert_eq!(hand_off(&other.says(yes)), Some(HandoffReason::Asked), "{yes}");
    }
    assert_says(&lan.says("không cần đâu"), &["không sao"]);
}

#[test]
fn a_declined_person_is_not_pressed_on_anybody() {
    let mut lan = Chat::begin();
    lan.asks("bên mình có ship lên sao hỏa không", &[]);
    let declined = lan.says("không ạ");
    assert_says(&declined, &["không sao"]);
    assert_eq!(lan.context.misses, 0);
}

#[test]
fn rules_about_returns_are_told_and_a_code_is_invited() {
    let mut lan = Chat::begin();
    let reading = Reading {
        answers: scored(&[("returns", 0.8)]),
        ..intending(read("đổi trả thế nào"), Intent::ReturnExchange, 0.9)
    };
    let told = lan.hears(&reading, |heard| heard.text = "đổi trả thế nào");
    assert_says(&told, &["7 ngày", "mã đơn"]);
    let passed_on = lan.says("DH1024");
    assert_says(&passed_on, &["đổi trả", "DH1024"]);
    assert_eq!(hand_off(&passed_on), Some(HandoffReason::NeedsPerson));
}

#[test]
fn a_question_and_an_order_in_one_message_are_both_answered() {
    let mut lan = Chat::begin();
    let told = lan.asks("phí ship bao nhiêu, với đơn DH1024 đuôi 5678 tới đâu", &[("fee", 0.9)]);
    assert_says(&told, &["25.000đ", "đang giao"]);
}

#[test]
fn greetings_and_thanks_are_short_and_do_not_loop() {
    let mut lan = Chat::begin();
    let hello = lan.means("chào shop", Intent::Greeting);
    assert_says(&hello, &["trợ lý tự động của Nhà Mộc"]);
    assert_eq!(payloads(&hello.replies[0]), ["track", "human"]);
    assert_keeps(&lan.means("alo shop ơi", Intent::Greeting), &["trợ lý"]);
    assert_says(&lan.means("cảm ơn shop", Intent::Thanks), &["ạ"]);
    for again in [Intent::Thanks, Intent::Yes] {
        assert_eq!(lan.means("ok em", again).effects, [Effect::KeepSilent]);
    }
    assert_says(&lan.means("bye em", Intent::Goodbye), &["Cảm ơn anh/chị"]);
    for again in [Intent::Goodbye, Intent::Thanks, Intent::Yes] {
        assert_eq!(lan.means("bye em", again).effects, [Effect::KeepSilent]);
    }
    assert_says(&lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]), &["25.000đ"]);
}

#[test]
fn signs_without_words_are_no_misses() {
    let mut lan = Chat::begin();
    lan.says("blah blah xyz");
    assert_eq!(hand_off(&lan.says("?")), None);
    assert_eq!(lan.says(":))").effects, [Effect::KeepSilent]);
    assert_eq!(hand_off(&lan.says("blah blah lần nữa")), Some(HandoffReason::NotUnderstood));
}

#[test]
fn who_wants_to_buy_is_offered_a_person() {
    assert_says(&Chat::begin().means("ok để mình đặt", Intent::OrderPlace), &["lên đơn", "nhân viên"]);
}

#[test]
fn photos_are_noted_once_and_a_question_stays_asked() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.sends_photo(), &["đã nhận được ảnh", "gặp nhân viên"]);
    assert_eq!(lan.sends_photo().effects, [Effect::KeepSilent]);
    assert_says(&lan.says("DH1024"), &["4 số cuối"]);
}

#[test]
fn a_short_word_follows_the_language_of_the_thread() {
    let mut lan = Chat::begin();
    lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]);
    let reading = Reading { language: Language::En, ..intending(read("hello"), Intent::Greeting, 0.9) };
    assert_says(&lan.hears(&reading, |heard| heard.text = "hello"), &["anh/chị"]);
}

#[test]
fn an_answer_that_is_gone_is_not_told() {
    let mut lan = Chat::begin();
    assert_says(&lan.presses("answer:gone"), &["chưa có thông tin"]);
    assert_says(&Chat::begin().asks("phí ship", &[("gone", 0.95), ("fee", 0.9)]), &["25.000đ"]);
}

#[test]
fn an_answer_must_be_surer_where_the_message_looks_like_nobodys() {
    let mut lan = Chat::begin();
    let reading = Reading { answers: scored(&[("fee", 0.7)]), ..read("mấy giờ rồi ta") };
    assert_says(&lan.hears(&reading, |heard| heard.text = "mấy giờ rồi ta"), &["Ý anh/chị là “Phí giao hàng”"]);
}

#[test]
fn what_went_wrong_with_a_parcel_is_not_taken_for_asking_where_it_is() {
    let mut lan = Chat::begin();
    let text = "hàng tới nơi mà bể rồi";
    let reading = Reading { answers: scored(&[("returns", 0.85)]), ..intending(read(text), Intent::OrderStatus, 0.55) };
    assert_says(&lan.hears(&reading, |heard| heard.text = text), &["7 ngày"]);
}
