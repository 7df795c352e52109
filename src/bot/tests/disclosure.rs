//! Whatever is said, in whatever state: no panic, no leak, no broken limit.

use super::*;
use onethread_intents::Asked;
use proptest::prelude::*;

/// `DH1025` is never named by the customer, so hearing of it is a leak too.
const SECRETS: [&str; 8] = ["Diệp", "Chăn", "459", "Huyện", "donhang", "GYDH", "GHN", "DH1025"];

fn texts() -> impl Strategy<Value = String> {
    let phrase = prop::sample::select(vec![
        "đơn của em đâu",
        "DH1024",
        "DH1026",
        "DH9999",
        "1111",
        "5678",
        "0912345679",
        "1",
        "2",
        "có",
        "không",
        "thôi",
        "gặp nv",
        "đơn khác",
        "em quên mã",
        "cảm ơn",
        "phí giao hàng",
        "order:DH1024",
        "answer:fee",
        "menu",
        "à nhầm",
        "",
        "hello",
    ]);
    prop_oneof![
        4 => prop::collection::vec(phrase, 0..4).prop_map(|parts| parts.join(" ")),
        1 => "\\PC{0,40}",
    ]
}

fn readings(text: String) -> impl Strategy<Value = (String, Reading)> {
    let intents = prop::collection::vec((prop::sample::select(Intent::ALL.to_vec()), 0.0f32..1.0), 0..3);
    let answers = prop::collection::vec((prop::sample::select(vec!["fee", "time", "returns", "gone"]), 0.0f32..1.0), 0..4);
    let junk = prop::option::of((0usize..60, 0usize..60, "\\PC{0,12}"));
    (intents, answers, 0.0f32..1.0, any::<bool>(), junk).prop_map(move |(intents, answers, not_mine, vietnamese, junk)| {
        let mut reading = read(&text);
        reading.intents = intents.into_iter().map(|(value, probability)| Scored { value, probability }).collect();
        reading.answers = scored(&answers);
        reading.not_mine = not_mine;
        reading.language = if vietnamese { Language::Vi } else { Language::En };
        reading
            .entities
            .extend(junk.into_iter().map(|(from, to, code)| Entity { span: from..to, value: EntityValue::OrderCode(code) }));
        (text.clone(), reading)
    })
}

fn turns() -> impl Strategy<Value = (String, Reading)> {
    texts().prop_flat_map(readings)
}

fn contexts() -> impl Strategy<Value = BotContext> {
    let asked = prop::option::of(prop::sample::select(vec![Asked::OrderCode, Asked::PhoneTail, Asked::Choice, Asked::Confirm]));
    let code = || prop::option::of(prop::sample::select(vec!["DH1024".to_owned(), "DH1026".to_owned(), "DH9999".to_owned()]));
    let purposes = vec![Purpose::Status, Purpose::Cancel, Purpose::Modify, Purpose::Return, Purpose::Refund];
    let offered =
        prop::collection::vec(("\\PC{0,30}", prop::sample::select(vec!["human", "order:DH1024", "answer:fee", "x", ""])), 0..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0u8..4);
    (asked, code(), code(), prop::option::of(prop::sample::select(purposes)), offered, flags).prop_map(
        |(asked, code, told, purpose, offered, (greeted, closed, noted_file, misses))| BotContext {
            asked,
            code,
            told,
            purpose,
            offered: offered.into_iter().map(|(label, payload)| Offer { label, payload: payload.to_owned() }).collect(),
            greeted,
            closed: closed.then_some(Intent::Thanks),
            noted_file,
            misses,
            ..BotContext::default()
        },
    )
}

fn chats() -> impl Strategy<Value = Chat> {
    (contexts(), 0usize..14, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(context, buttons, locked, asks_phone, open_now, elsewhere)| {
            let mut chat = Chat { context, buttons, locked, asks_phone, ..Chat::begin() };
            chat.shop.open_now = open_now;
            chat.orders.sourced_elsewhere = elsewhere;
            // A careless caller: the orders of a phone that is not theirs.
            chat.orders.by_phone = chat.orders.by_code.values().cloned().collect();
            chat
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_turn_is_answered_handed_over_or_silent_on_purpose(mut chat in chats(), (text, reading) in turns(), files in 0usize..3) {
        let decision = chat.hears(&reading, |heard| { heard.text = &text; heard.attachments = files; });
        prop_assert!(!decision.replies.is_empty() || !decision.effects.is_empty());
        for reply in &decision.replies {
            prop_assert!(!reply.text.trim().is_empty());
            prop_assert!(reply.buttons.len() <= chat.buttons);
            prop_assert!(reply.ask_phone.is_none() || reply.buttons.is_empty() && chat.asks_phone);
            for button in &reply.buttons {
                prop_assert!((1..=20).contains(&button.label.chars().count()), "{}", button.label);
                if let ButtonAction::Payload(payload) = &button.action {
                    prop_assert!((1..=64).contains(&payload.len()));
                }
            }
        }
        let handed = decision.effects.iter().position(|effect| matches!(effect, Effect::HandOff(_)));
        prop_assert!(handed.is_none_or(|at| at + 1 == decision.effects.len() && !decision.replies.is_empty()));
    }

    #[test]
    fn who_is_not_verified_and_gave_no_right_tail_learns_nothing(mut chat in chats(), story in prop::collection::vec(turns(), 1..5)) {
        for (text, reading) in story {
            let decision = chat.hears(&reading, |heard| heard.text = &text);
            if decision.effects.iter().any(|effect| matches!(effect, Effect::RightTail { .. })) {
                return Ok(());
            }
            let said = text_of(&decision);
            for secret in SECRETS.into_iter().filter(|secret| !text.contains(secret)) {
                prop_assert!(!said.contains(secret), "{secret} in {said}");
            }
        }
    }

    #[test]
    fn a_right_tail_opens_the_journey_and_nothing_more(mut chat in chats()) {
        chat.locked = false;
        let decision = chat.says("DH1024 5678");
        for secret in &SECRETS[..4] {
            prop_assert!(!text_of(&decision).contains(secret), "{secret}");
        }
    }

    #[test]
    fn a_wrong_tail_and_an_unknown_code_cannot_be_told_apart(chat in chats(), (_, reading) in turns(), locked: bool) {
        let ask = |known: bool| {
            let mut chat = Chat { context: BotContext { code: None, told: None, offered: Vec::new(), ..chat.context.clone() }, locked, ..Chat::begin() };
            if !known {
                chat.orders.by_code.clear();
            }
            let first = chat.says("DH1024");
            let reading = Reading { entities: read("1111").entities, ..reading.clone() };
            (first, chat.hears(&reading, |heard| heard.text = "1111"))
        };
        prop_assert_eq!(ask(true), ask(false));
    }
}
