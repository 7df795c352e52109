//! Discord: one bot is one inbox; customers write to it in direct messages.
//!
//! Ordinary messages come only through the gateway, a websocket that we hold
//! open; there is no webhook. The gateway loop is our own, because a session
//! must be resumed after a restart. Outgoing messages are serenity's builders,
//! sent with the shared client. Servers' channels are not ours: what names a
//! guild is ignored.

mod backfill;
mod bookmark;
mod gateway;
mod read;
#[cfg(test)]
mod read_tests;
mod rest;
mod send;
mod session;

use async_trait::async_trait;
use base64::Engine;
use onethread_core::channel::{
    Account, Admission, ByteStream, Capabilities, Channel, ConnectError, Connector, DeliveryError, Doubles, Face, FetchError,
    Field, FieldKind, FileRef, Form, Health, Inbound, Intake, Kit, Parcel, Profile, RawCall, Receipt, Refusal, SettingsError,
    Signal, TextUnit, Unreadable,
};
use onethread_core::ids::PlatformUserId;
use onethread_core::secret::{Secret, Settings};
use rest::{Place, Rest};
use send::Channels;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

const OFFICIAL: &str = "https://discord.com/api/v10";

/// 10 MiB: what every server and every direct message allows.
const FILE_LIMIT: u64 = 10 << 20;

/// The channel.
pub struct Discord {
    http: reqwest::Client,
}

impl Discord {
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Channel for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    fn face(&self) -> Face {
        Face {
            name: "Discord".into(),
            icon: "M19 5.5A17 17 0 0 0 14.9 4l-.6 1.2a15 15 0 0 0-4.6 0L9.1 4A17 17 0 0 0 5 5.5C2.4 9.3 1.7 13 2 16.7A17 17 0 0 0 7.2 19.4l1.1-1.8-1.7-.8.4-.3a12 12 0 0 0 10 0l.4.3-1.7.8 1.1 1.8A17 17 0 0 0 22 16.7C22.4 12.4 21.3 8.7 19 5.5zM8.7 14.5c-1 0-1.8-.9-1.8-2s.8-2 1.8-2 1.8.9 1.8 2-.8 2-1.8 2zm6.6 0c-1 0-1.8-.9-1.8-2s.8-2 1.8-2 1.8.9 1.8 2-.8 2-1.8 2z".into(),
            colour: "#5057d5".into(),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: 2000,
            text_unit: TextUnit::Chars,
            buttons: 25,
            button_text_limit: None,
            caption: true,
            file_limit: FILE_LIMIT,
            file_types: Vec::new(),
            file_limits: Vec::new(),
            reply_to: true,
            ask_phone: false,
            typing: true,
            delivery_receipts: false,
            read_receipts: false,
            profiles: true,
            // A nonce with `enforce_nonce`, remembered for a few minutes.
            doubles: Doubles::Dropped,
            echoes_people: false,
            reaction_opens: false,
            windows: Vec::new(),
        }
    }

    fn form(&self) -> Form {
        Form {
            fields: vec![
                Field::required("token", "Bot token", "Developer portal → your application → Bot → Reset Token").secret(),
                Field::optional("api_url", "API address", "Only for a proxy of your own")
                    .of_kind(FieldKind::Url)
                    .default(OFFICIAL),
                // 50 requests a second in all (Discord's topic "Rate Limits", read in 2026), of which typing and the
                // acknowledgement of buttons take some.
                Field::sends_per_second(40),
            ],
        }
    }

    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError> {
        self.form().check(settings)?;
        let token = settings.text("token").ok_or_else(|| SettingsError::new("token", "is missing"))?;
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SettingsError::new("token", "must be the bot token alone: no blanks, no `Bot` before it"));
        }
        let base = api_base(settings.text("api_url").unwrap_or(OFFICIAL))?;
        let rest = Rest::new(self.http.clone(), base, Secret::new(token));
        Ok(Arc::new(Bot { me: bot_id(token), rest, channels: Channels::default(), kit }))
    }
}

/// The API's address; the version is added where only a host or a path before it is given.
fn api_base(given: &str) -> Result<Url, SettingsError> {
    let wrong = |error| SettingsError::new("api_url", format!("is not a URL: {error}"));
    let url = Url::parse(given).map_err(wrong)?;
    let given = url.as_str().trim_end_matches('/');
    let versioned = given.rsplit('/').next().and_then(|last| last.strip_prefix('v')).is_some_and(|n| n.parse::<u8>().is_ok());
    let missing = match given {
        _ if versioned => "",
        _ if given.ends_with("/api") => "/v10",
        _ => "/api/v10",
    };
    Url::parse(&format!("{given}{missing}")).map_err(wrong)
}

/// A bot token begins with its user id, in base 64.
fn bot_id(token: &str) -> Option<String> {
    let first = token.split('.').next()?.trim_end_matches('=');
    let id = base64::engine::general_purpose::STANDARD_NO_PAD.decode(first).ok()?;
    String::from_utf8(id).ok().filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// One bot, live.
struct Bot {
    /// The bot's own user id, where the token tells.
    me: Option<String>,
    rest: Rest,
    channels: Channels,
    kit: Kit,
}

#[async_trait]
impl Connector for Bot {
    /// No event names the bot; that it is the same bot is known all the same.
    fn account(&self) -> Option<Account> {
        self.me.as_ref().map(|id| Account { id: id.as_str().into(), app: id.clone() })
    }

    /// Which person a direct channel belongs to (a deletion does not say), and which session
    /// and sequence an event came with (a reaction has no id of its own).
    fn kept_headers(&self) -> &'static [&'static str] {
        &[read::PERSON, read::EVENT]
    }

    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        // Nobody calls us over HTTP; what we fetched from the gateway is marked so.
        if call.is_fetched() { Ok(Admission::keep()) } else { Err(Refusal::Malformed) }
    }

    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        read::frame(call, self.me.as_deref())
    }

    async fn listen(&self, bookmark: Option<Value>, intake: &dyn Intake) -> Result<(), ConnectError> {
        gateway::listen(self, bookmark, intake).await
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        send::deliver(&self.rest, &self.channels, &self.kit, parcel).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        self.rest.fetch(&Place::read(file)?).await
    }

    async fn signal(&self, to: &PlatformUserId, signal: Signal) {
        // A press is acknowledged by the gateway loop as soon as it is stored, because the
        // platform waits no longer than 3 s; there is no way to mark messages as read.
        if signal == Signal::Typing
            && let Ok(channel) = self.channels.open(&self.rest, to).await
            && let Err(failure) = self.rest.post(&format!("channels/{channel}/typing"), None).await
        {
            tracing::debug!(inbox = %self.kit.inbox, %failure, "a courtesy was lost");
        }
    }

    async fn profile(&self, user: &PlatformUserId) -> Result<Option<Profile>, FetchError> {
        if !rest::is_id(user.as_str()) {
            return Ok(None);
        }
        match self.rest.get(&format!("users/{user}")).await {
            Ok(person) => Ok(Some(Profile {
                name: read::name(&person),
                avatar: person["avatar"].as_str().map(|hash| Place::avatar(user.as_str(), hash).file_ref()),
                language: None,
            })),
            Err(failure) if failure.may_pass() => Err(FetchError::Unreachable(failure.to_string())),
            Err(_) => Ok(None),
        }
    }

    async fn probe(&self) -> Health {
        match self.rest.get("users/@me").await {
            Ok(me) => Health::good(me["username"].as_str().map(|name| format!("@{name}"))),
            Err(failure) if failure.may_pass() || failure.token_is_wrong() => Health::bad(failure.advice()),
            // A proxy may pass on no more than a bot needs: the gateway's address is enough.
            Err(_) => match self.rest.get("gateway/bot").await {
                Ok(_) => Health::good(None),
                Err(failure) => Health::bad(failure.advice()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_added_to_an_address_that_has_none() {
        let base = |given: &str| api_base(given).expect("a URL").to_string();
        assert_eq!(base("https://discord.com"), "https://discord.com/api/v10");
        assert_eq!(base("http://127.0.0.1:9/discord/"), "http://127.0.0.1:9/discord/api/v10");
        assert_eq!(base("http://proxy.lan/api"), "http://proxy.lan/api/v10");
        assert_eq!(base("http://proxy.lan/api/v9/"), "http://proxy.lan/api/v9");
    }

    #[test]
    fn the_token_tells_the_bots_own_id() {
        assert_eq!(bot_id("MTIzNDU2Nzg5.abc.def").as_deref(), Some("123456789"));
        assert_eq!(bot_id("hello.abc.def"), None);
    }
}
