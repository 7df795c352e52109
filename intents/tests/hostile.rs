//! Whatever is typed: no panic, honest spans, and the same reading for the same text however it
//! is encoded.

use onethread_intents::{Asked, Context, EntityValue, Intent, Matcher, Pack};
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::Instant;
use unicode_normalization::UnicodeNormalization;

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    Matcher::train(&pack, pack.answers()).expect("the shipped pack names many intents")
});

static PHRASES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    pack.phrases().map(|phrase| phrase.2.to_owned()).collect()
});

fn asked() -> impl Strategy<Value = Option<Asked>> {
    let some = prop_oneof![Just(Asked::OrderCode), Just(Asked::PhoneTail), Just(Asked::Choice), Just(Asked::Confirm)];
    proptest::option::of(some)
}

/// Pieces of real messages in any order: what plain random text never reaches.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zđơưăâêô0-9 #./@+()-]{0,12}",
        Just("đơn DH1024 ".to_owned()),
        Just("0912.345.678".to_owned()),
        Just("+84 (0) ".to_owned()),
        Just("1tr2 ".to_owned()),
        Just("ngày 12 tháng 3 năm ".to_owned()),
        Just("thứ sáu tuần sau ".to_owned()),
        Just("hai trăm ".to_owned()),
        Just("size xl ".to_owned()),
        Just("ddown hangf ".to_owned()),
        Just("d9o7n ".to_owned()),
        Just("\u{323}\u{302}".to_owned()),
        Just("😀👍🏽".to_owned()),
        Just("ﷺİß".to_owned()),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

fn check(text: &str, asked: Option<Asked>) -> Result<(), TestCaseError> {
    let reading = MATCHER.read(text, &Context { asked, language: None });
    let sum: f32 = reading.intents.iter().map(|intent| intent.probability).sum::<f32>() + reading.not_mine;
    prop_assert!((sum - 1.0).abs() < 1e-3, "sum {sum}");
    let ordered = reading.intents.windows(2).all(|pair| pair[0].probability >= pair[1].probability);
    prop_assert!(ordered);
    let mut end = 0;
    for entity in &reading.entities {
        prop_assert!(entity.span.start >= end && entity.span.start < entity.span.end, "{entity:?}");
        prop_assert!(text.get(entity.span.clone()).is_some(), "{entity:?}");
        end = entity.span.end;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), asked in asked()) {
        check(&String::from_utf8_lossy(&bytes), asked)?;
    }

    #[test]
    fn any_letters_are_read_without_a_panic(text in "\\PC{0,200}", asked in asked()) {
        check(&text, asked)?;
    }

    #[test]
    fn pieces_of_messages_in_any_order_keep_honest_spans(text in pieces(), asked in asked()) {
        check(&text, asked)?;
    }
}

#[test]
fn encoding_case_and_a_stretched_end_do_not_change_the_intent() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    for (_, _, phrase) in pack.phrases().step_by(7) {
        let top = |text: &str| MATCHER.read(text, &Context::default()).intents[0].value;
        let decomposed: String = phrase.nfd().collect();
        let composed: String = phrase.nfc().collect();
        assert_eq!(top(&decomposed), top(&composed), "{phrase}");
        assert_eq!(top(&phrase.to_uppercase()), top(&phrase.to_lowercase()), "{phrase}");
        let last = phrase.chars().next_back().filter(|last| last.is_alphabetic());
        let single = phrase.chars().rev().nth(1) != last;
        if let Some(last) = last.filter(|_| single) {
            let stretched = format!("{phrase}{}", last.to_string().repeat(3));
            assert_eq!(top(&stretched), top(phrase), "{stretched}");
        }
    }
}

/// What a reading says, each value with the composed text that it came from.
fn said(text: &str, asked: Option<Asked>) -> (Intent, Vec<(String, EntityValue)>) {
    let reading = MATCHER.read(text, &Context { asked, language: None });
    let values = reading.entities.into_iter().map(|entity| (text[entity.span].nfc().collect(), entity.value));
    (reading.intents[0].value, values.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn composed_and_decomposed_are_the_same_text(text in prop_oneof![pieces(), "\\PC{0,60}"], asked in asked()) {
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        check(&decomposed, asked)?;
        prop_assert_eq!(said(&composed, asked), said(&decomposed, asked));
        prop_assert_eq!(said(&composed, asked), said(&text, asked));
    }

    #[test]
    fn a_stretched_or_shouted_phrase_says_the_same(at in any::<prop::sample::Index>(), stretch in 2..6_usize, asked in asked()) {
        let phrase = at.get(&PHRASES);
        let plain = said(&phrase.to_lowercase(), asked).0;
        let last = phrase.chars().next_back().filter(|last| last.is_alphabetic() && phrase.chars().rev().nth(1) != Some(*last));
        let stretched = format!("{phrase}{}", last.map_or_else(String::new, |last| last.to_string().repeat(stretch)));
        for text in [stretched.to_uppercase(), stretched.to_uppercase().nfd().collect()] {
            prop_assert_eq!(said(&text, asked).0, plain, "{}", text);
        }
    }
}

#[test]
fn marks_beside_digits_are_read_alike_in_every_encoding() {
    for text in ["ệ1tr2", "1tr2ệ", "giá ệ 1tr2", "đơn DH1024ộ", "0912345678ã", "sỉ 5kệ", "$0\u{11370}À"] {
        let decomposed: String = text.nfd().collect();
        assert_eq!(said(text, None), said(&decomposed, None), "{text}");
    }
}

#[test]
fn a_message_of_a_megabyte_costs_no_more_than_a_long_one() {
    LazyLock::force(&MATCHER);
    for piece in ["a", "0", "0912 ", "đơn DH1024 ", "ạ\u{323}", "1.000.000 ", "@a.", "hai trăm "] {
        let text = piece.repeat(1_000_000 / piece.len());
        let began = Instant::now();
        let reading = MATCHER.read(&text, &Context::default());
        assert!(began.elapsed().as_millis() < 500, "{piece:?} took {:?}", began.elapsed());
        assert!(reading.entities.iter().all(|entity| entity.span.end <= 5_000));
    }
}

#[test]
fn the_same_pack_makes_the_same_matcher() {
    let pack = Pack::shipped().expect("the shipped pack is well written");
    let again = Matcher::train(&pack, pack.answers()).expect("the shipped pack names many intents");
    for text in ["đơn em tới đâu rồi", "hom nay an gi", "ship bao nhieu"] {
        assert_eq!(again.read(text, &Context::default()), MATCHER.read(text, &Context::default()));
    }
}
