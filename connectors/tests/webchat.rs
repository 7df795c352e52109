//! The web chat, asked the contract's questions and its own: who may call from
//! where, whose words and files are whose, and that nothing said is missed.

#[path = "webchat/bench.rs"]
mod bench;
mod kit;

use bench::{SHOP, Shop, body_of, forge, next_event};
use onethread_core::channel::{Admission, FileRef, InboundAttachment, Refusal, Said, Signal, What};
use onethread_core::contract;
use serde_json::{Value, json};

#[tokio::test]
async fn the_contract_holds() {
    contract::ask_everything(&Shop::open().await).await;
}

// ------------------------------------------------------------------ the script

#[tokio::test]
async fn the_script_is_public_cached_and_carries_the_shops_look() {
    let shop =
        Shop::with(json!({ "allowed_origins": [SHOP], "title": "Tiệm \"Lan\" </script>\u{2028}", "colour": "#AA0055" })).await;
    let answer = shop.get_bare("widget.js", &[]).await;
    assert_eq!(answer.status, 200);
    let header = |name: &str| answer.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    assert!(header("cache-control").is_some_and(|value| value.contains("max-age=3600")));
    let etag = header("etag").expect("an etag");
    let script = String::from_utf8(body_of(answer)).expect("the script is text");
    assert!(
        script.contains(r##"{"colour":"#aa0055","greeting":null,"title":"Tiệm \"Lan\" </script>"##),
        "the look is a JSON literal"
    );
    assert!(!script.contains("{{look}}"));
    assert_eq!(shop.get_bare("widget.js", &[("if-none-match", &etag)]).await.status, 304);
}

#[test]
fn the_widget_never_makes_html_of_text_and_asks_nobody_else() {
    let script = include_str!("../widget/widget.js");
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "srcdoc",
        "DOMParser",
        "setAttribute('style",
    ] {
        assert!(!script.contains(sink), "`{sink}` would let text become markup");
    }
    let code = script.split_once("*/").expect("a head comment").1;
    let addresses: Vec<_> = code.match_indices("http").map(|(at, _)| &code[at..at + 24]).collect();
    let known = ["http://www.w3.org/2000/sv", "https?:\\/\\/", "http and https"];
    assert!(
        addresses
            .iter()
            .all(|found| known.iter().any(|known| found.starts_with(&known[..known.len().min(24)]))
                || found.starts_with("https?:$/")),
        "{addresses:?}"
    );
    assert!(script.len() < 40_000, "the widget stays small: {} bytes", script.len());
}

// ------------------------------------------------------------- who may come in

#[tokio::test]
async fn another_websites_page_gets_nothing() {
    let shop = Shop::open().await;
    for (method, path) in [
        ("POST", "session"),
        ("GET", "history"),
        ("GET", "stream"),
        ("POST", "files"),
        ("POST", "messages"),
        ("OPTIONS", "session"),
    ] {
        for origin in [Some("https://evil.example"), Some("null"), None] {
            let answer = shop.call_from(origin, method, path).await.expect("turned away at the door");
            assert_eq!(answer.status, 403, "{method} {path} from {origin:?}");
            assert!(!answer.headers.iter().any(|(name, _)| name == "access-control-allow-origin"), "the page may not read it");
        }
    }
    let mut call = shop.said("hi");
    call.headers.retain(|(name, _)| name != "origin");
    assert!(matches!(shop.inbox.admit(&call), Err(Refusal::Forbidden)), "nor does the ledger take it");
}

#[tokio::test]
async fn a_preflight_from_the_shop_is_answered() {
    let shop = Shop::open().await;
    let answer = shop.call_from(Some(SHOP), "OPTIONS", "messages").await.expect("answered");
    assert_eq!(answer.status, 204);
    let header = |name: &str| answer.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(header("vary"), Some("origin"));
    let allowed = header("access-control-allow-headers").expect("headers are named");
    assert!(["authorization", "content-type", "last-event-id", "x-onethread-visitor"].iter().all(|name| allowed.contains(name)));
}

#[tokio::test]
async fn a_forged_token_makes_a_stranger_not_the_visitor() {
    let shop = Shop::open().await;
    let again = shop.session(Some(&shop.token)).await;
    assert_eq!(again["visitor"], shop.visitor.as_str(), "a good token is the same visitor again");
    let forged = forge(&shop.token);
    for token in [Some(forged.as_str()), Some("x"), None] {
        assert_ne!(shop.session(token).await["visitor"], shop.visitor.as_str());
    }
    let stranger = shop.session(None).await["token"].as_str().expect("a token").to_owned();
    for token in ["", "Bearer", &forged] {
        let answer = shop.get_as(token, "history", &[]).await;
        assert_eq!(answer.status, 401, "{token}");
        assert!(answer.headers.iter().any(|(name, _)| name == "access-control-allow-origin"), "the widget may read why");
    }
    let mut call = shop.said("em là chị Lan");
    call.headers.retain(|(name, _)| name != "authorization");
    call.headers.push(("authorization".into(), format!("Bearer {stranger}")));
    assert!(matches!(shop.inbox.admit(&call), Err(Refusal::Forged)), "a stranger cannot speak in the visitor's name");
    assert_eq!(shop.host(call).await.expect("refused").status, 401);
}

#[tokio::test]
async fn a_token_outlives_a_restart_because_the_key_is_in_the_vault() {
    let shop = Shop::open().await;
    assert_eq!(shop.house.vault.stores.load(std::sync::atomic::Ordering::SeqCst), 1, "made once");
    let reopened = shop.house.open(kit::channel("webchat").as_ref());
    assert!(matches!(reopened.admit(&shop.said("chào shop")), Ok(Admission::Keep(_))));
    shop.house.clock.advance(401 * 24 * 3600 * 1000);
    assert!(matches!(reopened.admit(&shop.said("chào shop")), Err(Refusal::Forged)), "and it ages");
}

#[tokio::test]
async fn the_ledger_never_sees_the_token() {
    let shop = Shop::open().await;
    let mut call = shop.said("một bí mật");
    assert!(!shop.inbox.kept_headers().contains(&"authorization"));
    call.headers.retain(|(name, _)| shop.inbox.kept_headers().contains(&name.as_str()));
    call.method = "LEDGER".into();
    call.path.clear();
    let events = shop.inbox.read(&call).expect("what the ledger keeps is enough");
    assert_eq!(events[0].from.user, shop.visitor);
}

// ---------------------------------------------------------------- what is said

#[tokio::test]
async fn a_retry_is_one_message_and_two_visitors_never_share_a_key() {
    let shop = Shop::open().await;
    let call = shop.said("alo");
    let Ok(Admission::Keep(answer)) = shop.inbox.admit(&call) else { panic!("kept") };
    assert_eq!(answer.status, 202);
    let id = serde_json::from_slice::<Value>(&call.body).expect("json")["id"].clone();
    assert_eq!(serde_json::from_slice::<Value>(&body_of(answer)).expect("json")["id"], id);
    let key = |call: &onethread_core::channel::RawCall| shop.inbox.read(call).expect("readable").remove(0).key;
    assert_eq!(key(&call), key(&call.clone()));
    let mut another = call.clone();
    another.headers.iter_mut().find(|(name, _)| name == "x-onethread-visitor").expect("named").1 = "web_other".into();
    assert_ne!(key(&call), key(&another), "the id is the page's own choice");
}

#[tokio::test]
async fn every_sample_reads_as_what_it_is() {
    let shop = Shop::open().await;
    let read = |sample: &str| shop.inbox.read(&shop.posted(sample.as_bytes().to_vec())).expect("readable").remove(0);
    let said = read(include_str!("../samples/webchat/said.json"));
    assert_eq!(said.from.language.as_deref(), Some("vi"));
    assert_eq!(
        said.what,
        What::Said(Said::text("0b0a5f6e-2f4c-4c53-9a51-6a1f5e0c7b01", "Đơn DH1024 của em tới đâu rồi ạ 😀 <b>&amp;</b>"))
    );
    let What::Said(press) = read(include_str!("../samples/webchat/pressed.json")).what else { panic!("said") };
    assert_eq!((press.text.as_str(), press.payload.as_deref()), ("Xem đơn DH1024", Some("order:DH1024")));
    let shared = read(include_str!("../samples/webchat/shared.json")).what;
    assert!(
        matches!(shared, What::Shared { phone, own: false, .. } if phone == "0912 345 678"),
        "a typed phone is never vouched for"
    );
    let seen = read(include_str!("../samples/webchat/seen.json")).what;
    assert!(matches!(seen, What::Seen { messages, until: Some(1_790_000_000_000) } if messages.len() == 1));
    let What::Said(newer) = read(include_str!("../samples/webchat/newer.json")).what else { panic!("kept") };
    assert_eq!((newer.unsupported.as_deref(), newer.text.as_str()), (Some("poll"), "Màu nào đẹp hơn?"));
    let What::Said(files) = read(include_str!("../samples/webchat/files.json")).what else { panic!("said") };
    assert!(matches!(&files.attachments[..], [InboundAttachment::File { name: Some(name), .. }] if name == "áo.png"));
}

#[tokio::test]
async fn what_is_wrong_is_told_and_not_stored() {
    let shop = Shop::open().await;
    let long = "x".repeat(4001);
    let wrong = [
        json!({ "text": long }),
        json!({ "text": "  " }),
        json!({ "type": "pressed" }),
        json!({ "type": "shared", "phone": "không có" }),
        json!({ "text": "x", "payload": "p".repeat(201) }),
    ];
    for mut body in wrong {
        body["id"] = json!("0b0a5f6e-2f4c-4c53-9a51-6a1f5e0c7b09");
        let call = shop.posted(body.to_string().into_bytes());
        let answer = shop.host(call.clone()).await.expect("told");
        assert_eq!(answer.status, 422, "{body}");
        assert!(matches!(shop.inbox.admit(&call), Err(Refusal::Malformed)));
    }
}

#[tokio::test]
async fn a_message_is_no_place_for_a_file() {
    let shop = Shop::open().await;
    let answer = shop.host(shop.said(&"x".repeat(70_000))).await.expect("told");
    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn typing_is_told_now_and_then_and_says_nothing_else() {
    let shop = Shop::open().await;
    let typing = |number: u8, more: &str| {
        let mut call = shop.posted(format!("{{\"id\":\"00000000-0000-4000-8000-0000000000{number}\"{more}}}").into_bytes());
        call.path = "typing".into();
        call
    };
    let call = typing(10, "");
    assert!(shop.host(call.clone()).await.is_none(), "it goes the way of all events");
    assert!(matches!(shop.inbox.admit(&call), Ok(Admission::Keep(_))));
    let read = |call| shop.inbox.read(call).expect("readable").remove(0);
    assert_eq!((read(&call).what, read(&call).from.user), (What::Typing, shop.visitor.clone()));
    assert_ne!(read(&call).key, read(&typing(11, "")).key);
    assert!(shop.host(typing(11, "")).await.is_none());
    assert_eq!(shop.host(typing(12, "")).await.expect("held back").status, 202, "the page need not know");
    shop.house.clock.advance(3000);
    assert!(shop.host(typing(13, "")).await.is_none());
    let chatty = typing(14, &format!(",\"text\":\"{}\"", "x".repeat(300)));
    assert_eq!(shop.host(chatty).await.expect("told").status, 422);
    let mut forged = typing(15, "");
    forged.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(shop.host(forged.clone()).await.expect("told").status, 401);
    assert!(matches!(shop.inbox.admit(&forged), Err(Refusal::Forged)));
}

// ------------------------------------------------------------------------ files

#[tokio::test]
async fn an_uploaded_picture_reaches_the_shop_and_opens_only_for_its_visitor() {
    let shop = Shop::open().await;
    let answer = shop.upload("name=../../%C3%A1o%0A.png", "image/png", b"\x89PNG picture".to_vec()).await;
    assert_eq!(answer.status, 201);
    let file: Value = serde_json::from_slice(&body_of(answer)).expect("json");
    assert_eq!((&file["name"], &file["kind"]), (&json!("áo.png"), &json!("image")));
    let message = json!({ "id": "0b0a5f6e-2f4c-4c53-9a51-6a1f5e0c7b0a", "files": [file] });
    let call = shop.posted(message.to_string().into_bytes());
    assert!(shop.host(call.clone()).await.is_none() && shop.inbox.admit(&call).is_ok());
    let What::Said(said) = shop.inbox.read(&call).expect("readable").remove(0).what else { panic!("said") };
    let [InboundAttachment::File { source, .. }] = &said.attachments[..] else { panic!("one file") };
    assert_eq!(shop.fetched(source).await.as_deref(), Some(&b"\x89PNG picture"[..]));
    let stolen = FileRef(source.0.replace(shop.visitor.as_str(), "web_somebody"));
    assert_eq!(shop.fetched(&stolen).await, None, "another visitor who knows the reference");
    let bare = FileRef(source.0.split('.').next().expect("a file id").to_owned());
    assert_eq!(shop.fetched(&bare).await, None, "a file id alone opens nothing");
}

#[tokio::test]
async fn empty_large_and_dangerous_files_are_refused() {
    let shop = Shop::open().await;
    assert_eq!(shop.upload("", "image/png", Vec::new()).await.status, 400);
    assert_eq!(shop.upload("", "image/png", vec![0; 10 * 1024 * 1024 + 1]).await.status, 413);
    for mime in ["text/html", "image/svg+xml", "application/x-msdownload", "text/javascript; charset=utf-8", "application/xml"] {
        assert_eq!(shop.upload("", mime, b"x".to_vec()).await.status, 415, "{mime}");
    }
}

// ------------------------------------------------------------ history and stream

#[tokio::test]
async fn the_history_is_the_visitors_own_and_starts_where_asked() {
    let shop = Shop::open().await;
    for text in ["một", "hai <script>alert(1)</script>", "ba"] {
        shop.answers(text).await;
    }
    let read = async |query: &str| -> Vec<Value> {
        let answer = shop.get_as(&shop.token, &format!("history?{query}"), &[]).await;
        let value: Value = serde_json::from_slice(&body_of(answer)).expect("json");
        value["entries"].as_array().expect("entries").clone()
    };
    assert_eq!(read("").await.len(), 3);
    assert_eq!(read("after=2").await[0]["text"], "ba");
    assert_eq!(read("").await[1]["text"], "hai <script>alert(1)</script>", "text is data, as it was written");
    assert_eq!(shop.get_as(&shop.token, "history?after=x", &[]).await.status, 400);
    let stranger = shop.session(None).await["token"].as_str().expect("a token").to_owned();
    let answer = shop.get_as(&stranger, "history", &[]).await;
    assert_eq!(serde_json::from_slice::<Value>(&body_of(answer)).expect("json")["entries"], json!([]));
}

#[tokio::test]
async fn a_stream_catches_up_then_hears_at_once() {
    let shop = Shop::open().await;
    shop.answers("trước").await;
    let mut stream = shop.stream(&[]).await;
    assert!(next_event(&mut stream).await.contains("\"trước\""), "what was said before");
    let before = std::time::Instant::now();
    assert!(shop.answers("ngay bây giờ").await.delivered, "an open page is a delivery");
    let event = next_event(&mut stream).await;
    assert!(event.contains("ngay bây giờ") && event.contains("id: 2\n"), "{event}");
    assert!(before.elapsed() < std::time::Duration::from_millis(1500), "without waiting for the next look");
    shop.inbox.signal(&shop.visitor, Signal::Typing).await;
    let event = next_event(&mut stream).await;
    assert!(event.starts_with("event: typing") && !event.contains("id:"), "typing moves no cursor: {event}");
    drop(stream);
    assert!(!shop.answers("không ai nghe").await.delivered);
}

#[tokio::test]
async fn a_reply_that_is_settled_after_its_nudge_is_still_heard_at_once() {
    let shop = Shop::open().await;
    let mut stream = shop.stream(&[]).await;
    let lives = futures::StreamExt::next(&mut stream).await.expect("open").expect("readable");
    assert!(lives.starts_with(b":"));
    shop.entry(1, "customer", "có ai không ạ");
    shop.nudge().await;
    assert!(next_event(&mut stream).await.contains("có ai không ạ"));
    let before = std::time::Instant::now();
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        shop.entry(2, "bot", "dạ có ạ");
    };
    let (told, ()) = tokio::join!(next_event(&mut stream), late);
    assert!(told.contains("dạ có ạ"));
    assert!(before.elapsed() < std::time::Duration::from_millis(1000), "without waiting for the next look");
}

#[tokio::test]
async fn a_page_that_was_away_hears_what_it_missed() {
    let shop = Shop::open().await;
    for text in ["một", "hai", "ba"] {
        shop.answers(text).await;
    }
    let mut stream = shop.stream(&[("last-event-id", "2")]).await;
    let missed = next_event(&mut stream).await;
    assert!(missed.contains("\"ba\""), "{missed}");
}

#[tokio::test]
async fn a_reply_that_shows_late_is_not_overtaken() {
    let shop = Shop::open().await;
    shop.entry(6, "customer", "em hỏi thêm");
    let mut stream = shop.stream(&[]).await;
    assert!(next_event(&mut stream).await.contains("em hỏi thêm"));
    shop.entry(5, "bot", "câu trả lời được ghi trước");
    let late = next_event(&mut stream).await;
    assert!(late.contains("câu trả lời được ghi trước"), "the lower number comes all the same: {late}");
    assert!(late.contains("id: 6\n"), "and the cursor never goes back");
}

#[tokio::test]
async fn a_long_history_is_not_told_again_to_a_page_that_comes_back() {
    let shop = Shop::open().await;
    for seq in 1..=150 {
        shop.entry(seq, "bot", &format!("câu {seq}."));
    }
    let mut stream = shop.stream(&[("last-event-id", "148")]).await;
    let told = next_event(&mut stream).await;
    assert!(["câu 149.", "câu 150."].iter().all(|missed| told.contains(missed)));
    assert_eq!(told.matches("event: entry").count(), 2 + 16, "what is new, and the few that may have come late");
    shop.answers("câu cuối.").await;
    let told = next_event(&mut stream).await;
    assert_eq!(told.matches("event: entry").count(), 1, "{told}");
}

#[tokio::test]
async fn what_another_process_delivered_is_seen_by_looking() {
    let shop = Shop::open().await;
    let mut stream = shop.stream(&[]).await;
    let looked = futures::StreamExt::next(&mut stream).await.expect("open").expect("readable");
    assert!(looked.starts_with(b":"), "there is nothing yet, and the line says that it lives");
    shop.entry(1, "agent", "từ máy khác");
    assert!(next_event(&mut stream).await.contains("từ máy khác"), "nobody nudged");
}

// ----------------------------------------------------------------------- limits

#[tokio::test]
async fn a_flood_is_slowed_and_told_how_long() {
    let shop = Shop::open().await;
    let mut refused = None;
    for number in 0..40 {
        if let Some(answer) = shop.host(shop.said(&format!("spam {number}"))).await {
            refused.get_or_insert((number, answer));
        }
    }
    let (number, answer) = refused.expect("a flood is noticed");
    assert_eq!((number, answer.status), (20, 429));
    let pause =
        answer.headers.iter().find(|(name, _)| name == "retry-after").expect("a pause").1.parse::<i64>().expect("seconds");
    shop.house.clock.advance(pause * 1000);
    assert!(shop.host(shop.said("bình tĩnh lại")).await.is_none(), "then it goes on");
    let mut pages = Vec::new();
    for _ in 0..8 {
        pages.push(shop.stream(&[]).await);
    }
    assert_eq!(shop.get_as(&shop.token, "stream", &[]).await.status, 429, "too many pages at once");
}
