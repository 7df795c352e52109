//! The platforms' receiving side, a process of its own: takes what the gateway
//! sends at once, answers as each platform does, and tells the load generator
//! whose reply came when. It checks nothing: that is the simulators' work.

use crate::channels::{APP, OFFICIAL_ACCOUNT, PAGE, direct_channel, name_of, number_of};
use crate::wire::{Request, Wire};
use crate::{clock, process};
use serde_json::json;
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

/// Where the load generator asks for the arrivals: an endless stream of [`RECORD`]s.
pub const ARRIVALS: &str = "/arrivals";
/// The customer's number, the time of arrival and the number in the platform's id of it, eight bytes each, little end
/// first; then what the gateway wants to know it again by, filled up with zeros.
pub const RECORD: usize = 24 + KEY;
/// The gateway's ids have 30 bytes.
pub const KEY: usize = 32;

#[derive(Default)]
struct Sink {
    /// Where Discord's gateway is: the load generator plays it.
    socket: String,
    /// As it was set, because the gateway asks whether it still is.
    webhook: RefCell<String>,
    taken: RefCell<u64>,
    arrivals: RefCell<Vec<u8>>,
    arrived: Notify,
}

/// Serve until the parent ends this process.
pub async fn run(socket: String) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    process::say(&json!({ "address": listener.local_addr()?.to_string() }))?;
    let sink = Rc::new(Sink { socket, ..Sink::default() });
    LocalSet::new()
        .run_until(async {
            loop {
                let (stream, _) = listener.accept().await?;
                spawn_local(serve(sink.clone(), Wire::over(stream)?));
            }
        })
        .await
}

async fn serve(sink: Rc<Sink>, mut wire: Wire) -> std::io::Result<()> {
    let mut out = Vec::with_capacity(512);
    while let Some(request) = wire.request().await? {
        if request.path == ARRIVALS {
            return report(&sink, wire).await;
        }
        let body = sink.take(&request);
        out.clear();
        write!(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
        wire.write(&out).await?;
    }
    Ok(())
}

async fn report(sink: &Sink, wire: Wire) -> std::io::Result<()> {
    let mut stream = wire.into_stream();
    loop {
        let opened = sink.discord("POST", "/discord/api/v10/users/@me/channels", br#"{"recipient_id":"1300000000000000011"}"#, 1);
        assert!(opened.contains(r#""id":"1400000000000000011""#), "{opened}");
        let arrivals = sink.arrivals.take();
        if arrivals.is_empty() {
            sink.arrived.notified().await;
        } else {
            stream.write_all(&arrivals).await?;
        }
    }
}

impl Sink {
    /// One call: note a reply, and say what the platform would.
    fn take(&self, request: &Request) -> String {
        let taken = self.taken.replace_with(|taken| *taken + 1);
        let body = request.body.as_ref();
        let (platform, path) = request.path.trim_start_matches('/').split_once('/').unwrap_or_default();
        match platform {
            "telegram" => self.telegram(path, body, taken),
            "facebook" => self.facebook(path, body, taken),
            "zalo" => self.zalo(path, body, taken),
            _ => self.discord(&request.method, path, body, taken),
        }
    }

    fn reply_to(&self, id: u64, taken: u64, key: &[u8]) {
        let mut arrivals = self.arrivals.borrow_mut();
        arrivals.extend_from_slice(&u64::from(number_of(id)).to_le_bytes());
        arrivals.extend_from_slice(&clock::now().to_le_bytes());
        arrivals.extend_from_slice(&taken.to_le_bytes());
        let mut place = [0; KEY];
        let length = key.len().min(KEY);
        place[..length].copy_from_slice(&key[..length]);
        arrivals.extend_from_slice(&place);
        self.arrived.notify_one();
    }

    fn telegram(&self, path: &str, body: &[u8], taken: u64) -> String {
        let method = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        match (method.as_str(), number_after(body, br#""chat_id":"#)) {
            ("sendmessage", Some(chat)) => {
                self.reply_to(chat, taken, b"");
                let chat = format!(r#"{{"id":{chat},"type":"private"}}"#);
                format!(r#"{{"ok":true,"result":{{"message_id":{taken},"date":1795000000,"chat":{chat}}}}}"#)
            }
            ("getme", _) => r#"{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Bench","username":"bench_bot"}}"#.into(),
            ("setwebhook", _) => {
                let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
                body["url"].as_str().unwrap_or_default().clone_into(&mut self.webhook.borrow_mut());
                r#"{"ok":true,"result":true}"#.into()
            }
            ("getwebhookinfo", _) => {
                json!({ "ok": true, "result": { "url": *self.webhook.borrow(), "pending_update_count": 0 } }).to_string()
            }
            ("getchat", Some(chat)) => {
                let name = name_of(number_of(chat));
                format!(r#"{{"ok":true,"result":{{"id":{chat},"type":"private","first_name":"{name}"}}}}"#)
            }
            _ => r#"{"ok":true,"result":true}"#.into(),
        }
    }

    fn facebook(&self, path: &str, body: &[u8], taken: u64) -> String {
        let sends = path.split('?').next().is_some_and(|path| path.ends_with("/messages"));
        match number_after(body, br#""recipient":{"id":""#).filter(|_| sends) {
            Some(person) if has(body, br#""message":"#) => {
                self.reply_to(person, taken, text_after(body, br#""metadata":""#));
                format!(r#"{{"recipient_id":"{person}","message_id":"m_{taken}"}}"#)
            }
            Some(person) => format!(r#"{{"recipient_id":"{person}"}}"#),
            None => {
                let name = person_in(path.split('?').next().unwrap_or_default());
                format!(r#"{{"success":true,"id":"{PAGE}","name":"{name}","first_name":"{name}","data":[]}}"#)
            }
        }
    }

    fn zalo(&self, path: &str, body: &[u8], taken: u64) -> String {
        match number_after(body, br#""user_id":""#).filter(|_| path.ends_with("/oa/message/cs")) {
            Some(person) => {
                self.reply_to(person, taken, b"");
                format!(r#"{{"error":0,"message":"Success","data":{{"message_id":"z{taken}","user_id":"{person}"}}}}"#)
            }
            None => json!({ "error": 0, "message": "Success",
                "data": { "oa_id": OFFICIAL_ACCOUNT, "app_id": APP, "name": "Bench", "display_name": person_in(path) } })
            .to_string(),
        }
    }

    fn discord(&self, method: &str, path: &str, body: &[u8], taken: u64) -> String {
        // With so many customers the gateway does not keep everybody's channel in mind.
        if let Some(person) = number_after(body, br#""recipient_id":""#).filter(|_| path.ends_with("/users/@me/channels")) {
            return json!({ "id": direct_channel(number_of(person)).to_string(), "type": 1 }).to_string();
        }
        let channel = path.strip_suffix("/messages").and_then(|path| path.rsplit('/').next()?.parse().ok());
        match channel.filter(|_| method == "POST") {
            Some(channel) if !body.is_empty() => {
                self.reply_to(channel, taken, b"");
                format!(r#"{{"id":"{taken}","channel_id":"{channel}","type":0}}"#)
            }
            _ if path.ends_with("/gateway/bot") => json!({ "url": self.socket, "shards": 1,
                "session_start_limit": { "total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1 } })
            .to_string(),
            // Fetching what was missed finds nothing: nothing is missed here.
            _ if channel.is_some() => "[]".into(),
            _ => json!({ "id": "1", "username": "bench", "global_name": person_in(path) }).to_string(),
        }
    }
}

/// The name of the person whose id is in this path: ids are the longest numbers there.
fn person_in(path: &str) -> String {
    let numbers = path.split(|sign: char| !sign.is_ascii_digit());
    let longest = numbers.max_by_key(|digits| digits.len()).unwrap_or_default();
    name_of(longest.parse().map_or(0, number_of))
}

fn has(body: &[u8], mark: &[u8]) -> bool {
    body.windows(mark.len()).any(|part| part == mark)
}

/// The number that follows `mark`. What people say cannot contain one: its quotes are escaped.
pub fn number_after(body: &[u8], mark: &[u8]) -> Option<u64> {
    let at = body.windows(mark.len()).position(|part| part == mark)? + mark.len();
    let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(None, |number: Option<u64>, digit| Some(number.unwrap_or(0) * 10 + u64::from(digit - b'0')))
}

/// What follows `mark` up to the next quote; nothing where there is none.
fn text_after<'a>(body: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let Some(at) = body.windows(mark.len()).position(|part| part == mark) else { return b"" };
    body[at + mark.len()..].split(|byte| *byte == b'"').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_told_apart_from_a_sign_of_typing() {
        let sink = Sink::default();
        let call = |path: &str, body: &str| Request { method: "POST".into(), path: path.into(), body: body.to_owned().into() };
        sink.take(&call("/telegram/bot1:b/SendChatAction", r#"{"action":"typing","chat_id":5100000007}"#));
        sink.take(&call("/facebook/v25.0/3000/messages?a=b", r#"{"recipient":{"id":"7"},"sender_action":"typing_on"}"#));
        assert!(sink.arrivals.borrow().is_empty());
        sink.take(&call("/telegram/bot1:b/SendMessage", r#"{"chat_id":5100000007,"text":"\"chat_id\":9"}"#));
        sink.take(&call(
            "/facebook/v25.0/3000/messages?a=b",
            r#"{"message":{"text":"a","metadata":"out_1"},"recipient":{"id":"2700000000000008"}}"#,
        ));
        sink.take(&call("/zalo/v3.0/oa/message/cs", r#"{"message":{"text":"a"},"recipient":{"user_id":"6700000000000009"}}"#));
        sink.take(&call("/discord/api/v10/channels/1400000000000000010/messages", "{}"));
        let arrivals = sink.arrivals.take();
        let numbers: Vec<u8> = arrivals.chunks(RECORD).map(|record| record[0]).collect();
        assert_eq!(numbers, [7, 8, 9, 10]);
        assert!(arrivals[RECORD + 24..].starts_with(b"out_1\0"), "as whatever it is sent with");
    }

    #[test]
    fn a_person_is_found_in_a_path_however_it_is_written() {
        for path in ["users/1300000000000000007", "v3.0/oa/user/detail?data=%7B%22user_id%22%3A%226700000000000007%22%7D"] {
            assert_eq!(person_in(path), "Khách 7");
        }
    }
}
