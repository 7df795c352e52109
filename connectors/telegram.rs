//! Telegram: one bot is one inbox, by webhook or by long polling.
//!
//! Outgoing requests are teloxide's payloads, sent with the shared client;
//! updates are read by hand and tolerantly, because a typed reader drops texts
//! whose decorations are newer than itself. Groups and channels are not ours:
//! only private chats become events.

mod api;
mod poll;
mod read;
#[cfg(test)]
mod read_tests;
mod send;

use api::Api;
use async_trait::async_trait;
use onethread_core::channel::{
    Account, Admission, ByteStream, Capabilities, Channel, ConnectError, Connector, DeliveryError, Doubles, Face, FetchError,
    Field, FieldKind, FileRef, Form, Health, Inbound, Intake, Kit, Parcel, Profile, RawCall, Receipt, Refusal, SettingsError,
    Signal, TextUnit, Unreadable,
};
use onethread_core::clock::{MINUTE, SECOND};
use onethread_core::ids::{AccountId, PlatformUserId};
use onethread_core::secret::{Secret, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use teloxide::payloads::{AnswerCallbackQuery, DeleteWebhook, GetChat, GetMe, GetWebhookInfo, SendChatAction, SetWebhook};
use teloxide::types::{AllowedUpdate, CallbackQueryId, ChatAction};
use url::Url;

const OFFICIAL: &str = "https://api.telegram.org";
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// Reactions are left out by default, so the whole list is named.
const WANTED: [AllowedUpdate; 5] = [
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::CallbackQuery,
    AllowedUpdate::MessageReaction,
    AllowedUpdate::MyChatMember,
];

/// The channel.
pub struct Telegram {
    http: reqwest::Client,
}

impl Telegram {
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Channel for Telegram {
    fn kind(&self) -> &'static str {
        "telegram"
    }

    fn face(&self) -> Face {
        Face {
            name: "Telegram".into(),
            icon: "M22 3 2 10.6l5.7 2.1L10 20l3.4-3.9L18.6 20zM8.9 12.6 18 6.8l-7.2 6.7-.5 3.1z".into(),
            colour: "#1c7ab8".into(),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: 4096,
            text_unit: TextUnit::Utf16,
            buttons: 10,
            button_text_limit: None,
            caption: true,
            file_limit: 50_000_000,
            file_types: Vec::new(),
            file_limits: Vec::new(),
            reply_to: true,
            ask_phone: true,
            typing: true,
            delivery_receipts: false,
            read_receipts: false,
            profiles: true,
            doubles: Doubles::Shown,
            echoes_people: false,
            reaction_opens: false,
            windows: Vec::new(),
        }
    }

    fn form(&self) -> Form {
        let modes = FieldKind::Choice { options: vec!["webhook".into(), "polling".into()] };
        Form {
            fields: vec![
                Field::required("token", "Bot token", "From @BotFather: 123456789:AA…").secret(),
                Field::optional("mode", "How updates arrive", "webhook needs a public https address; polling works anywhere")
                    .of_kind(modes)
                    .default("webhook"),
                Field::optional("webhook_secret", "Webhook secret", "1–256 of A–Z a–z 0–9 _ -; made for you when left empty")
                    .secret(),
                Field::optional("api_url", "Bot API server", "Only for a Bot API server of your own")
                    .of_kind(FieldKind::Url)
                    .default(OFFICIAL),
                // core.telegram.org/bots/faq, "My bot is hitting limits", read in 2026.
                Field::sends_per_second(30),
            ],
        }
    }

    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError> {
        self.form().check(settings)?;
        let token = settings.text("token").ok_or_else(|| SettingsError::new("token", "is missing"))?;
        if !looks_like_token(token) {
            return Err(SettingsError::new("token", "must look like 123456789:AA…; copy it whole from @BotFather"));
        }
        let secret = match settings.text("webhook_secret") {
            Some(given) if is_plain(given) && given.len() <= 256 => given.to_owned(),
            Some(_) => return Err(SettingsError::new("webhook_secret", "may hold 1 to 256 of the characters A–Z a–z 0–9 _ -")),
            None => derived_secret(token, kit.inbox.as_str()),
        };
        let base = settings.text("api_url").unwrap_or(OFFICIAL).trim_end_matches('/');
        let base = Url::parse(base).map_err(|error| SettingsError::new("api_url", format!("is not a URL: {error}")))?;
        let polling = settings.text("mode") == Some("polling");
        let api = Api::new(self.http.clone(), &base, Secret::new(token));
        let id = token.split_once(':').map_or(token, |(id, _)| id).into();
        Ok(Arc::new(Bot { id, api, secret: Secret::new(secret), polling, kit }))
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn looks_like_token(token: &str) -> bool {
    token
        .split_once(':')
        .is_some_and(|(id, key)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && !key.is_empty() && is_plain(key))
}

/// Stable over restarts, so that a webhook registered earlier keeps working.
fn derived_secret(token: &str, inbox: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(inbox.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// One bot, live.
struct Bot {
    /// The bot's own user id: what stands before the colon of its token.
    id: AccountId,
    api: Api,
    secret: Secret,
    polling: bool,
    kit: Kit,
}

#[async_trait]
impl Connector for Bot {
    /// No update names the bot; that it is the same bot is known all the same.
    fn account(&self) -> Option<Account> {
        Some(Account { id: self.id.clone(), app: self.id.0.clone() })
    }

    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        if call.is_fetched() {
            return Ok(Admission::keep());
        }
        if call.method != "POST" || !call.path.is_empty() {
            return Err(Refusal::Malformed);
        }
        let shown = call.header(SECRET_HEADER).unwrap_or_default();
        let same = shown.as_bytes().ct_eq(self.secret.reveal().as_bytes());
        if bool::from(same) { Ok(Admission::keep()) } else { Err(Refusal::Forged) }
    }

    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        read::update(&call.body)
    }

    async fn listen(&self, bookmark: Option<Value>, intake: &dyn Intake) -> Result<(), ConnectError> {
        if self.polling { poll::listen(&self.api, bookmark, intake).await } else { std::future::pending().await }
    }

    async fn connect(&self) -> Result<(), ConnectError> {
        if self.polling {
            return self.api.call(&DeleteWebhook::new()).await.map(drop).map_err(api::Failure::connecting);
        }
        let url = Url::parse(&self.kit.hook_url)
            .map_err(|_| ConnectError::Refused("the public address of this gateway is not a URL; correct `public_url`".into()))?;
        let mut webhook = SetWebhook::new(url);
        webhook.secret_token = Some(self.secret.reveal().to_owned());
        webhook.allowed_updates = Some(WANTED.to_vec());
        self.api.call(&webhook).await.map(drop).map_err(api::Failure::connecting)
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        send::deliver(&self.api, &self.kit, parcel).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        self.api.fetch(file).await
    }

    async fn signal(&self, to: &PlatformUserId, signal: Signal) {
        let lost = match signal {
            Signal::Typing => match api::chat(to) {
                Some(chat) => self.api.call(&SendChatAction::new(chat, ChatAction::Typing)).await.err(),
                None => None,
            },
            Signal::Acknowledge { token } => self.api.call(&AnswerCallbackQuery::new(CallbackQueryId(token))).await.err(),
            // A bot cannot mark messages as read.
            Signal::Seen { .. } => None,
        };
        if let Some(failure) = lost {
            tracing::debug!(inbox = %self.kit.inbox, %failure, "a courtesy was lost");
        }
    }

    async fn profile(&self, user: &PlatformUserId) -> Result<Option<Profile>, FetchError> {
        let Some(chat) = api::chat(user) else { return Ok(None) };
        match self.api.call(&GetChat::new(chat)).await {
            Ok(chat) => Ok(Some(Profile {
                name: read::name(&chat),
                avatar: chat["photo"]["big_file_id"].as_str().map(|id| FileRef(id.to_owned())),
                language: None,
            })),
            Err(failure) if failure.may_pass() => Err(FetchError::Unreachable(failure.to_string())),
            Err(_) => Ok(None),
        }
    }

    async fn probe(&self) -> Health {
        let me = match self.api.call(&GetMe::new()).await {
            Ok(me) => me,
            Err(failure) => return Health::bad(failure.advice()),
        };
        let name = me["username"].as_str().map(|name| format!("@{name}"));
        match self.api.call(&GetWebhookInfo::new()).await {
            Ok(webhook) => match self.complaint(&webhook) {
                None => Health::good(name),
                Some(reason) => Health { account_name: name, ..Health::bad(reason) },
            },
            Err(failure) if failure.may_pass() => Health { account_name: name, ..Health::bad(failure.advice()) },
            // A server of one's own need not know this method; the token is good.
            Err(_) => Health::good(name),
        }
    }
}

impl Bot {
    /// What is wrong with the webhook as Telegram knows it.
    fn complaint(&self, webhook: &Value) -> Option<String> {
        let set = webhook["url"].as_str().unwrap_or_default();
        if self.polling {
            let clash = "a webhook is set for this bot, so polling gets nothing: another program may use the same token";
            return (!set.is_empty()).then(|| clash.to_owned());
        }
        if set.is_empty() {
            return Some("no webhook is set for this bot; save the inbox again to register it".into());
        }
        if set != self.kit.hook_url {
            return Some("the bot's webhook points somewhere else: another program may use the same token".into());
        }
        let failed_at = webhook["last_error_date"].as_i64().unwrap_or(0).saturating_mul(SECOND);
        let recent = self.kit.clock.now().saturating_sub(failed_at) < 10 * MINUTE;
        let waiting = webhook["pending_update_count"].as_i64().unwrap_or(0);
        let last = webhook["last_error_message"].as_str().filter(|_| recent && waiting > 0)?;
        Some(format!("Telegram cannot reach this gateway ({last}); {waiting} updates wait"))
    }
}

/// The kinds of updates we ask for, as the API spells them.
fn wanted() -> Value {
    json!(WANTED)
}
