//! What platforms write: bodies as on the wire, signed. Written straight into
//! a buffer: what customers say holds no sign that JSON would escape.

use super::crowd::{Fate, Job, Told};
use crate::channels::{APP, Channel, OFFICIAL_ACCOUNT, PAGE, SECRET, direct_channel, name_of, number_of};
use crate::{clock, shop};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;

/// When Discord's snowflakes begin to count, in Unix milliseconds.
const SNOWFLAKES_SINCE: u64 = 1_420_070_400_000;

pub struct Speech {
    /// The head of a call up to its own headers.
    heads: BTreeMap<Channel, String>,
    signer: Hmac<Sha256>,
    number: Cell<u64>,
}

impl Speech {
    pub fn new(hooks: &BTreeMap<Channel, String>, host: &str, first: u64) -> Self {
        let head = |path: &String| format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n");
        Self {
            heads: hooks.iter().map(|(channel, path)| (*channel, head(path))).collect(),
            signer: Hmac::new_from_slice(SECRET.as_bytes()).expect("any length of key will do"),
            number: Cell::new(first),
        }
    }

    fn fresh_number(&self) -> u64 {
        self.number.replace(self.number.get() + 1)
    }

    /// A whole webhook call.
    pub fn write_call(&self, job: Job, out: &mut Vec<u8>) {
        let (number, now, id) = (self.fresh_number(), clock::unix_millis(), job.channel.id_of(job.customer));
        let text = shop::saying(job.customer, job.turn);
        let body = match job.channel {
            Channel::Telegram => update(number, now, id, &text),
            Channel::Facebook => page_event(number, now, id, &text),
            _ => account_event(number, now, id, &text),
        };
        self.write_signed(job.channel, now, &body, out);
    }

    /// The same of what a platform tells of a reply.
    pub fn write_fate(&self, fate: &Fate, out: &mut Vec<u8>) {
        let (now, id) = (clock::unix_millis(), fate.channel.id_of(fate.customer));
        let body = match fate.channel {
            Channel::Facebook => page_fate(fate, now, id),
            _ => account_fate(fate, now, id),
        };
        self.write_signed(fate.channel, now, &body, out);
    }

    fn write_signed(&self, channel: Channel, now: u64, body: &str, out: &mut Vec<u8>) {
        let signature = match channel {
            Channel::Telegram => format!("x-telegram-bot-api-secret-token: {SECRET}"),
            Channel::Facebook => format!("x-hub-signature-256: sha256={}", self.signature(body.as_bytes())),
            _ => {
                let mac = hex::encode(Sha256::digest(format!("{APP}{body}{now}{SECRET}")));
                format!("x-zevent-signature: mac={mac}")
            }
        };
        let head = self.heads.get(&channel).map_or("", String::as_str);
        let written = write!(out, "{head}{signature}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        written.expect("a vector takes what it is given");
    }

    /// One dispatch of Discord's gateway.
    pub fn dispatch(&self, job: Job, seq: u64) -> String {
        let (user, channel) = (Channel::Discord.id_of(job.customer), direct_channel(job.customer));
        let id = ((clock::unix_millis() - SNOWFLAKES_SINCE) << 22) | (self.fresh_number() & 0x003f_ffff);
        let (text, name) = (shop::saying(job.customer, job.turn), name_of(job.customer));
        format!(
            r#"{{"t":"MESSAGE_CREATE","s":{seq},"op":0,"d":{{"id":"{id}","channel_id":"{channel}","author":{{"id":"{user}","username":"khach","global_name":"{name}","discriminator":"0","avatar":null}},"content":"{text}","timestamp":"2026-11-20T12:00:00.123000+00:00","edited_timestamp":null,"tts":false,"mention_everyone":false,"mentions":[],"mention_roles":[],"attachments":[],"embeds":[],"components":[],"pinned":false,"type":0,"flags":0,"channel_type":1}}}}"#
        )
    }

    fn signature(&self, body: &[u8]) -> String {
        let mut signer = self.signer.clone();
        signer.update(body);
        hex::encode(signer.finalize().into_bytes())
    }
}

fn update(number: u64, now: u64, id: u64, text: &str) -> String {
    let person = format!(r#""id":{id},"first_name":"{}","username":"khach_{id}""#, name_of(number_of(id)));
    let date = now / 1000;
    format!(
        r#"{{"update_id":{number},"message":{{"message_id":{number},"from":{{{person},"is_bot":false,"language_code":"vi"}},"chat":{{{person},"type":"private"}},"date":{date},"text":"{text}"}}}}"#
    )
}

fn page_event(number: u64, now: u64, id: u64, text: &str) -> String {
    format!(
        r#"{{"object":"page","entry":[{{"id":"{PAGE}","time":{now},"messaging":[{{"sender":{{"id":"{id}"}},"recipient":{{"id":"{PAGE}"}},"timestamp":{now},"message":{{"mid":"m_in_{number}","text":"{text}"}}}}]}}]}}"#
    )
}

fn account_event(number: u64, now: u64, id: u64, text: &str) -> String {
    format!(
        r#"{{"app_id":"{APP}","event_name":"user_send_text","timestamp":"{now}","sender":{{"id":"{id}"}},"recipient":{{"id":"{OFFICIAL_ACCOUNT}"}},"user_id_by_app":"{id}","message":{{"msg_id":"in_{number}","text":"{text}"}}}}"#
    )
}

fn page_fate(fate: &Fate, now: u64, id: u64) -> String {
    let mid = fate.number;
    let key = String::from_utf8_lossy(&fate.key);
    let key = key.trim_end_matches('\0');
    let event = match fate.told {
        Told::Echo => format!(
            r#""sender":{{"id":"{PAGE}"}},"recipient":{{"id":"{id}"}},"timestamp":{now},"message":{{"mid":"m_{mid}","is_echo":true,"app_id":1,"metadata":"{key}","text":"..."}}"#
        ),
        Told::Delivered => format!(
            r#""sender":{{"id":"{id}"}},"recipient":{{"id":"{PAGE}"}},"delivery":{{"mids":["m_{mid}"],"watermark":{now}}}"#
        ),
        Told::Seen => {
            format!(r#""sender":{{"id":"{id}"}},"recipient":{{"id":"{PAGE}"}},"timestamp":{now},"read":{{"watermark":{now}}}"#)
        }
    };
    format!(r#"{{"object":"page","entry":[{{"id":"{PAGE}","time":{now},"messaging":[{{{event}}}]}}]}}"#)
}

fn account_fate(fate: &Fate, now: u64, id: u64) -> String {
    let mid = fate.number;
    let (name, message) = match fate.told {
        Told::Seen => ("user_seen_message", format!(r#""msg_ids":["z{mid}"]"#)),
        Told::Echo | Told::Delivered => ("user_received_message", format!(r#""msg_id":"z{mid}","delivery_time":"{now}""#)),
    };
    format!(
        r#"{{"app_id":"{APP}","event_name":"{name}","timestamp":"{now}","sender":{{"id":"{OFFICIAL_ACCOUNT}"}},"recipient":{{"id":"{id}"}},"message":{{{message}}}}}"#
    )
}
