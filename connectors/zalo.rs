//! Zalo OA: the inbox of one Official Account.
//!
//! Zalo answers every call with 200 and tells failures in the body; its tokens
//! rotate and a refresh token works once, so they are kept by `tokens` alone.
//! One app's webhook carries the events of all its OAs. The Zalo *Bot* platform
//! and personal accounts are other products and are not spoken here.

mod admit;
mod attachments;
mod compose;
mod fates;
mod openapi;
mod read;
mod send;
mod tokens;

use crate::{download, loose};
use async_trait::async_trait;
use fates::Trouble;
use onethread_core::channel::{
    Account, Admission, ByteStream, Capabilities, Channel, Connector, DeliveryError, Doubles, Face, FetchError, Field, FieldKind,
    FileRef, Form, Health, Inbound, Kit, Parcel, Profile, RawCall, Receipt, Refusal, SettingsError, TextUnit, Unreadable,
};
use onethread_core::clock::{DAY, HOUR};
use onethread_core::ids::{AccountId, PlatformUserId};
use onethread_core::secret::{Secret, Settings};
use onethread_core::window::{ForWhom, Window};
use openapi::OpenApi;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokens::Tokens;

const ICON: &str =
    "M4 3h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H9l-5 3v-3a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm3 5v2h6l-6 5.5V17h10v-2h-6l6-5.5V8H7z";

pub struct Zalo {
    http: reqwest::Client,
}

impl Zalo {
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Channel for Zalo {
    fn kind(&self) -> &'static str {
        "zalo"
    }

    fn face(&self) -> Face {
        Face { name: "Zalo OA".into(), icon: ICON.into(), colour: "#0068ff".into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: compose::TEXT_LIMIT,
            // "2000 characters" leaves open which; UTF-16 is never more generous than the platform.
            text_unit: TextUnit::Utf16,
            buttons: compose::BUTTONS,
            button_text_limit: None,
            caption: false,
            file_limit: send::FILE_LIMIT,
            file_types: send::FILE_TYPES.iter().map(|(mime, _)| (*mime).to_owned()).collect(),
            file_limits: send::file_limits(),
            // Sources contradict each other on how a reply names the message.
            reply_to: false,
            ask_phone: true,
            typing: false,
            delivery_receipts: true,
            read_receipts: true,
            profiles: true,
            doubles: Doubles::Shown,
            echoes_people: true,
            reaction_opens: false,
            windows: windows(),
        }
    }

    fn form(&self) -> Form {
        let url = |name: &str, official: &str| {
            Field::optional(name, name, "Only for tests or a gateway of your own.").of_kind(FieldKind::Url).default(official)
        };
        let needed = Field::required;
        Form {
            fields: vec![
                needed("oa_id", "OA ID", "The number of the Official Account: oa.zalo.me › Account information."),
                needed("app_id", "App ID", "The number of your app at developers.zalo.me."),
                needed("app_secret", "App secret key", "Your app › Settings › Secret key.").secret(),
                needed("oa_secret_key", "OA secret key", "Your app › Official Account › Webhook; not the app's secret key.")
                    .secret(),
                needed("access_token", "Access token", "From the API Explorer, for this OA. It is renewed by itself.").secret(),
                needed("refresh_token", "Refresh token", "Comes with the access token; works once, so use it nowhere else.")
                    .secret(),
                url("api_url", openapi::OFFICIAL),
                url("oauth_url", tokens::OFFICIAL),
                // 4,000 requests a minute of one app (Zalo's error codes, -32, read in 2026).
                Field::sends_per_second(60),
            ],
        }
    }

    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError> {
        self.form().check(settings)?;
        let text = |name: &str| settings.text(name).unwrap_or_default().to_owned();
        for number in ["oa_id", "app_id"] {
            if !text(number).bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(SettingsError::new(number, "must be the number that Zalo shows, without blanks"));
            }
        }
        if text("oa_secret_key") == text("app_secret") {
            return Err(SettingsError::new(
                "oa_secret_key",
                "is the app's secret key; take the OA secret key from the app's webhook page",
            ));
        }
        let home = settings.text("api_url").unwrap_or(openapi::OFFICIAL).trim_end_matches('/').to_owned();
        let api = OpenApi { http: self.http.clone(), home, tokens: Tokens::new(self.http.clone(), settings, kit.clone()) };
        let oa_secret_key = Secret::new(text("oa_secret_key"));
        Ok(Arc::new(OfficialAccount { oa: text("oa_id"), app: text("app_id"), oa_secret_key, api, kit }))
    }
}

fn windows() -> Vec<Window> {
    let window = |span, uses_quota, note: &str| Window {
        span,
        uses_quota,
        for_whom: ForWhom::Anyone,
        note: note.into(),
        source: "Zalo OA console and OpenAPI v3 as tested by third parties, state of 4 October 2026".into(),
    };
    vec![
        window(48 * HOUR, false, "free within 48 hours of the customer's last action"),
        window(7 * DAY, true, "uses the OA's package or paid quota"),
    ]
}

/// One Official Account, live.
struct OfficialAccount {
    oa: String,
    app: String,
    oa_secret_key: Secret,
    api: OpenApi,
    kit: Kit,
}

#[async_trait]
impl Connector for OfficialAccount {
    fn account(&self) -> Option<Account> {
        let digest = hex::encode(Sha256::digest(self.oa_secret_key.reveal()));
        Some(Account { id: AccountId(self.oa.clone()), app: format!("{}:{digest}", self.app) })
    }

    fn kept_headers(&self) -> &'static [&'static str] {
        &[read::SERVER_HEADER]
    }

    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        admit::admit(call, &self.app, &self.oa_secret_key)
    }

    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        read::read(call, &self.oa)
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        send::deliver(self, parcel).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        download::open(&self.api.http, &file.0, &self.api.home).await
    }

    async fn profile(&self, user: &PlatformUserId) -> Result<Option<Profile>, FetchError> {
        let asked = json!({ "user_id": user.as_str() }).to_string();
        match self.api.get("/v3.0/oa/user/detail", &[("data", &asked)]).await {
            Ok(data) => Ok(loose::text(&data, "display_name").map(|name| Profile {
                name: Some(name.to_owned()),
                avatar: loose::text(&data, "avatar").map(|url| FileRef(url.to_owned())),
                language: None,
            })),
            Err(Trouble::Complaint(complaint)) if !complaint.passes() => Ok(None),
            Err(trouble) => Err(FetchError::Unreachable(trouble.to_string())),
        }
    }

    async fn probe(&self) -> Health {
        match self.api.get("/v2.0/oa/getoa", &[]).await {
            Ok(data) if data.get("oa_id").and_then(loose::id).is_some_and(|id| id != self.oa) => {
                Health::bad("`access_token` belongs to another OA than `oa_id`")
            }
            Ok(data) => Health::good(loose::text(&data, "name").map(str::to_owned)),
            Err(trouble) => Health::bad(trouble.fate().to_string()),
        }
    }
}
