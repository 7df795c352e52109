//! Discord against its simulator: the contract's questions, and what only Discord does.

#![expect(clippy::disallowed_methods, reason = "tests start their own tasks")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "discord/bench.rs"]
mod bench;
mod kit;
#[path = "discord/session.rs"]
mod session;

use bench::Shop;
use kit::House;
use onethread_core::channel::{
    ConnectError, DeliveryError, FetchError, InboundAttachment, Parcel, RawCall, Refusal, RefusedBecause, Signal, What,
};
use onethread_core::contract::{self, Bench};
use onethread_core::message::FileKind;
use onethread_core::secret::Settings;
use onethread_simulator::platform::SentFile;
use onethread_simulator::{Act, Fault, Platform};
use serde_json::json;
use std::time::Duration;

fn sent_file(name: &str, mime: &str) -> SentFile {
    SentFile { name: name.into(), mime: mime.into(), bytes: "aGVsbG8=".into() }
}

#[tokio::test]
async fn discord_answers_every_question_of_the_contract() {
    contract::ask_everything(&Shop::open().await).await;
}

// ------------------------------------------------------------------- inbound

#[tokio::test]
async fn nobody_calls_us_over_http() {
    let shop = Shop::open().await;
    let call = RawCall { method: "POST".into(), body: "{}".into(), ..RawCall::default() };
    assert!(matches!(shop.bot.admit(&call), Err(Refusal::Malformed)));
}

#[tokio::test]
async fn the_bots_own_messages_and_those_of_other_bots_are_nobodys_words() {
    let shop = Shop::open().await;
    shop.bot.deliver(&shop.text("Dạ shop nghe ạ")).await.unwrap();
    shop.says("hỏi").await;
    assert_eq!(shop.hears_text().await, "hỏi", "the echo of the reply came first and was not kept");
    let other = json!({"op": 0, "t": "MESSAGE_CREATE", "s": 1, "d": {"id": "5", "channel_id": "6", "type": 0, "content": "spam",
        "author": {"id": "7", "username": "a-bot", "bot": true}}});
    assert_eq!(shop.bot.read(&RawCall::fetched(other.to_string())), Ok(vec![]));
}

#[tokio::test]
async fn an_edit_is_heard_and_an_unfurled_link_is_not() {
    let shop = Shop::open().await;
    let id = shop.says("xem https://shop.example giup em").await;
    shop.hears_text().await;
    shop.world.discord.unfurl(&shop.minh, &id);
    let unfurled = shop.ledger.next().await;
    assert_eq!(shop.bot.read(&unfurled), Ok(vec![]));
    let edit = shop.hears(Act::Edits { message: id.clone(), text: "xem giúp em".into() }).await;
    assert_eq!(edit, What::Edited { message: id.as_str().into(), text: "xem giúp em".into() });
    shop.world.discord.unfurl(&shop.minh, &id);
    let calls = [shop.ledger.calls().pop().unwrap(), shop.ledger.next().await];
    let keys = calls.map(|call| shop.bot.read(&call).unwrap().pop().unwrap().key);
    assert_eq!(keys[0], keys[1], "an unfurling after an edit repeats the edit's key");
}

#[tokio::test]
async fn a_deletion_finds_its_author_through_the_channel() {
    let shop = Shop::open().await;
    let id = shop.says("gửi nhầm").await;
    shop.hears_text().await;
    let event = shop.hears(Act::Deletes { message: id.clone() }).await;
    assert_eq!(event, What::Deleted { message: id.as_str().into() });
    let stored = shop.ledger.calls().pop().unwrap();
    assert!(shop.bot.kept_headers().contains(&stored.headers[0].0.as_str()), "the ledger keeps what reading needs");
}

#[tokio::test]
async fn replies_reactions_and_typing_arrive() {
    let shop = Shop::open().await;
    let id = shop.says("cho hỏi").await;
    shop.hears_text().await;
    let reply = shop.hears(Act::Says { text: "ý em là".into(), reply_to: Some(id.clone()) }).await;
    assert!(matches!(reply, What::Said(said) if said.reply_to == Some(id.as_str().into())));
    let mut keys = Vec::new();
    for removed in [false, true, false] {
        shop.act(Act::Reacts { message: id.clone(), emoji: "❤️".into(), removed }).await;
        let call = shop.ledger.next().await;
        assert_eq!(shop.read(&call), What::Reacted { message: id.as_str().into(), emoji: "❤️".into(), removed });
        keys.push(shop.bot.read(&call).unwrap().pop().unwrap().key);
    }
    assert_ne!(keys[0], keys[2], "the same reaction given twice is two events");
    assert_eq!(shop.hears(Act::Types).await, What::Typing);
}

#[tokio::test]
async fn files_are_fetched_even_after_their_links_expired() {
    use futures::StreamExt;
    let shop = Shop::open().await;
    let files = vec![sent_file("ảnh 1.png", "image/png"), sent_file("b.pdf", "application/pdf")];
    let event = shop.hears(Act::SendsFiles { kind: "file".into(), files, caption: Some("hai tệp".into()) }).await;
    let What::Said(said) = event else { panic!("{event:?}") };
    let kinds: Vec<_> =
        said.attachments.iter().map(|file| matches!(file, InboundAttachment::File { kind: FileKind::Image, .. })).collect();
    assert_eq!((said.text.as_str(), kinds), ("hai tệp", vec![true, false]));
    let InboundAttachment::File { source, .. } = &said.attachments[0] else { panic!("a file") };
    for expired in [false, true] {
        if expired {
            shop.world.discord.expire_links();
        }
        let parts: Vec<_> = shop.bot.fetch(source).await.expect("a download").map(|part| part.unwrap()).collect().await;
        assert_eq!(parts.concat(), b"hello", "expired: {expired}");
    }
    shop.act(Act::Deletes { message: said.message.0 }).await;
    shop.world.discord.expire_links();
    assert!(matches!(shop.bot.fetch(source).await, Err(FetchError::Gone)));
}

#[tokio::test]
async fn stickers_and_voice_messages_keep_their_kind() {
    use futures::StreamExt;
    let shop = Shop::open().await;
    let mut sources = Vec::new();
    for (kind, expected) in [("sticker", FileKind::Sticker), ("voice", FileKind::Audio)] {
        let files = vec![sent_file("ok.ogg", "audio/ogg")];
        let event = shop.hears(Act::SendsFiles { kind: kind.into(), files, caption: None }).await;
        let What::Said(said) = event else { panic!("{event:?}") };
        let [InboundAttachment::File { kind: found, source, .. }] = &said.attachments[..] else { panic!("{said:?}") };
        assert_eq!((*found, said.unsupported), (expected, None));
        sources.push(source.clone());
    }
    let sticker: Vec<_> = shop.bot.fetch(&sources[0]).await.expect("a download").map(|part| part.unwrap()).collect().await;
    assert_eq!(sticker.concat(), b"hello");
}

#[tokio::test]
async fn a_press_is_acknowledged_within_three_seconds_once_it_is_stored() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    let press = Act::Presses { message: message.clone(), label: "Gặp shop".into(), payload: "human".into() };
    let event = shop.hears(press).await;
    let What::Pressed { message: on, payload, label, .. } = event else { panic!("{event:?}") };
    assert_eq!((on, payload.as_str(), label.as_deref()), (Some(message.as_str().into()), "human", Some("Gặp shop")));
    let answered = shop.wait_for("an acknowledgement", || shop.world.discord.presses_are_answered());
    tokio::time::timeout(Duration::from_secs(3), answered).await.expect("in time");
}

#[tokio::test]
async fn a_press_right_before_a_break_is_acknowledged_too() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    for _ in 0..3 {
        shop.act(Act::Presses { message: message.clone(), label: "Gặp shop".into(), payload: "human".into() }).await;
    }
    shop.world.discord.cut();
    for _ in 0..3 {
        assert!(matches!(shop.next().await, What::Pressed { .. }));
    }
    shop.wait_for("the acknowledgements", || shop.world.discord.presses_are_answered()).await;
}

#[tokio::test]
async fn a_press_that_could_not_be_stored_is_not_acknowledged_and_comes_again() {
    let shop = Shop::open().await;
    let message = shop.offers_buttons().await;
    shop.says("một").await;
    shop.hears_text().await;
    shop.ledger.refuse(1);
    shop.act(Act::Presses { message, label: "Gặp shop".into(), payload: "human".into() }).await;
    let mut loop_ = std::mem::replace(&mut *shop.loop_.lock().unwrap(), tokio::spawn(async { Ok(()) }));
    let end = tokio::time::timeout(kit::PATIENCE, &mut loop_).await.expect("the loop gives up").unwrap();
    assert!(matches!(end, Err(ConnectError::Lost(_))), "{end:?}");
    assert!(!shop.world.discord.presses_are_answered());
    shop.start();
    assert!(matches!(shop.next().await, What::Pressed { .. }));
}

// ------------------------------------------------------------------ outbound

#[tokio::test]
async fn a_lost_answer_may_be_retried_because_the_nonce_keeps_the_copy_away() {
    let shop = Shop::open().await;
    let parcel = shop.text("chỉ một lần");
    shop.world.discord.faults().next(Fault::AnswerLost);
    assert!(matches!(shop.bot.deliver(&parcel).await, Err(DeliveryError::Uncertain(_))));
    let receipt = shop.bot.deliver(&parcel).await.expect("the copy is taken for the first");
    let heard = shop.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].id, receipt.message.0);
    shop.bot.deliver(&shop.text("chỉ một lần")).await.unwrap();
    assert_eq!(shop.heard().len(), 2, "the same words in another parcel are another message");
}

#[tokio::test]
async fn buttons_links_and_replies_are_shown() {
    let shop = Shop::open().await;
    shop.offers_buttons().await;
    let shown = shop.heard().pop().unwrap();
    let pair = |label: &str, what: &str| (label.to_owned(), what.to_owned());
    assert_eq!(shown.buttons, [pair("Gặp shop", "human"), pair("Xem đơn", "https://shop.example/dh")]);
    let id = shop.says("hỏi").await;
    for (target, expected) in [(id.as_str(), Some(id.clone())), ("1", None), ("not a number", None)] {
        let parcel = Parcel { reply_to: Some(target.into()), ..shop.text("Dạ") };
        shop.bot.deliver(&parcel).await.expect("delivered");
        assert_eq!(shop.heard().pop().unwrap().reply_to, expected);
    }
}

#[tokio::test]
async fn files_go_out_with_their_words_and_too_large_ones_are_refused() {
    let shop = Shop::open().await;
    shop.bot.deliver(&shop.file("hoá đơn.pdf", "application/pdf", &b"%PDF-1.7"[..])).await.expect("delivered");
    let shown = shop.heard().pop().unwrap();
    assert_eq!((shown.files, shown.text.as_str()), (vec!["hoá đơn.pdf".to_owned()], "Hoá đơn ạ"));
    let refused = shop.bot.deliver(&shop.file("to.bin", "application/octet-stream", vec![0; (10 << 20) + 1])).await;
    assert!(matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::BadFile), "{refused:?}");
}

#[tokio::test]
async fn strangers_and_people_who_closed_the_door_are_told_apart() {
    let shop = Shop::open().await;
    for to in ["4242", "nobody", "../../guilds/1"] {
        let refused = shop.bot.deliver(&Parcel { to: to.into(), ..shop.text("alo") }).await;
        assert!(
            matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::UnknownRecipient),
            "{to}: {refused:?}"
        );
    }
    shop.act(Act::Blocks).await;
    let refused = shop.bot.deliver(&shop.text("alo")).await;
    assert!(matches!(&refused, Err(DeliveryError::Refused(reason)) if reason.code == RefusedBecause::Blocked), "{refused:?}");
}

#[tokio::test]
async fn a_pause_is_obeyed_to_the_millisecond() {
    let shop = Shop::open().await;
    shop.world.discord.faults().next(Fault::Throttled { retry_after: 731 });
    assert_eq!(shop.bot.deliver(&shop.text("từ từ")).await, Err(DeliveryError::Throttled(731)));
}

#[tokio::test]
async fn typing_shows_and_the_profile_has_a_name() {
    let shop = Shop::open().await;
    shop.bot.signal(&shop.customer(), Signal::Typing).await;
    assert!(shop.phone().typing);
    let profile = shop.bot.profile(&shop.customer()).await.unwrap().unwrap();
    assert_eq!(profile.name.as_deref(), Some("Minh Trần"));
}

#[test]
fn wrong_settings_name_their_field() {
    let channel = kit::channel("discord");
    let house = House::new("https://shop.example", Settings::default());
    for (settings, field) in [
        (json!({}), "token"),
        (json!({"token": "Bot MTI5.a.b"}), "token"),
        (json!({"token": "MTI5.a.b", "api_url": "discord.com"}), "api_url"),
        (json!({"token": "MTI5.a.b", "api_url": "https://"}), "api_url"),
        (json!({"token": "MTI5.a.b", "public_key": "x"}), "public_key"),
    ] {
        let error = channel.open(&kit::settings(&settings), house.kit()).err().expect("refused");
        assert_eq!(error.field, field, "{settings}");
    }
}
