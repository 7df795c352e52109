//! Facebook Messenger: the inbox of one Page.
//!
//! One app's webhook carries the events of all its Pages, so every event names
//! its Page. A Page may be answered by a person in Meta's own inbox too; those
//! words come back as echoes. Does not decide who may speak, and cannot mark a
//! bot's words as a person's (see `purpose`).

mod admit;
mod compose;
mod graph;
mod purpose;
mod read;
mod said;
mod send;

use crate::{download, loose};
use async_trait::async_trait;
use graph::{Graph, Trouble};
use onethread_core::channel::{
    Account, Admission, ByteStream, Capabilities, Channel, ConnectError, Connector, DeliveryError, Doubles, Face, FetchError,
    Field, FieldKind, FileRef, Form, Health, Inbound, Kit, Parcel, Profile, RawCall, Receipt, Refusal, SettingsError, Signal,
    TextUnit, Unreadable,
};
use onethread_core::clock::{DAY, HOUR};
use onethread_core::ids::{AccountId, PlatformUserId};
use onethread_core::secret::{Secret, Settings};
use onethread_core::window::{ForWhom, Window};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What we ask each Page to tell us.
const SUBSCRIBED: &str = "messages,messaging_postbacks,message_echoes,message_deliveries,message_reads,message_reactions,\
message_edits,messaging_referrals,messaging_handovers,standby,messaging_policy_enforcement";

const ICON: &str = "M12 2C6.4 2 2 6.1 2 11.6c0 2.9 1.2 5.4 3.1 7.1V22l3-1.6c1.2.3 2.5.5 3.9.5 5.6 0 10-4.1 10-9.6S17.6 2 12 2z\
m1 12.6-2.5-2.7-4.9 2.7 5.4-5.7 2.6 2.7 4.8-2.7-5.4 5.7z";

pub struct Facebook {
    http: reqwest::Client,
}

impl Facebook {
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self { http }
    }
}

impl Channel for Facebook {
    fn kind(&self) -> &'static str {
        "facebook"
    }

    fn face(&self) -> Face {
        Face { name: "Facebook Messenger".into(), icon: ICON.into(), colour: "#0866ff".into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: compose::TEXT_LIMIT,
            // "2000 characters" leaves open which; UTF-16 is never more generous than the platform.
            text_unit: TextUnit::Utf16,
            // 13 quick replies, one of them kept for the phone number.
            buttons: compose::QUICK_REPLIES - 1,
            button_text_limit: Some(compose::TEMPLATE_TEXT_LIMIT),
            caption: false,
            file_limit: send::FILE_LIMIT,
            file_types: Vec::new(),
            file_limits: Vec::new(),
            reply_to: true,
            ask_phone: true,
            typing: true,
            delivery_receipts: true,
            read_receipts: true,
            profiles: true,
            doubles: Doubles::Shown,
            echoes_people: true,
            // "Every new user action restarts it", a reaction among them: Send API overview.
            reaction_opens: true,
            windows: windows(),
        }
    }

    fn form(&self) -> Form {
        let url = |name: &str, label: &str, hint: &str| Field::optional(name, label, hint).of_kind(FieldKind::Url);
        Form {
            fields: vec![
                Field::required("page_id", "Page ID", "The number under your Page › About › Page transparency."),
                Field::required("page_token", "Page access token", "From your app › Messenger › Settings › Generate token.")
                    .secret(),
                Field::required("app_secret", "App secret", "From your app › App settings › Basic › App secret.").secret(),
                Field::required("verify_token", "Verify token", "A word of your choice; type the same when you add the webhook.")
                    .secret(),
                url("api_url", "API address", "Only for tests or a gateway of your own.").default("https://graph.facebook.com"),
                Field::optional("api_version", "API version", "Graph API version, such as v25.0.").default("v25.0"),
                // Send API, texts and links of one Page ("Rate Limits", March 2026).
                Field::sends_per_second(300),
            ],
        }
    }

    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError> {
        self.form().check(settings)?;
        let text = |name: &str| settings.text(name).unwrap_or_default().to_owned();
        let page = text("page_id");
        if !page.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SettingsError::new("page_id", "must be the Page's number, not its name or address"));
        }
        let version = settings.text("api_version").unwrap_or("v25.0");
        if !version.strip_prefix('v').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')) {
            return Err(SettingsError::new("api_version", "must look like v25.0"));
        }
        let home = settings.text("api_url").unwrap_or("https://graph.facebook.com").trim_end_matches('/').to_owned();
        let graph = Graph::new(self.http.clone(), &home, version, &text("page_token"), &text("app_secret"));
        let (app_secret, verify_token) = (Secret::new(text("app_secret")), Secret::new(text("verify_token")));
        Ok(Arc::new(Page { http: self.http.clone(), page, home, app_secret, verify_token, graph, kit }))
    }
}

fn windows() -> Vec<Window> {
    let window = |span, for_whom, note: &str| Window {
        uses_quota: false,
        span,
        for_whom,
        note: note.into(),
        source: "Messenger Platform, Send messages, state of 5 May 2026".into(),
    };
    vec![
        window(24 * HOUR, ForWhom::Anyone, "within 24 hours of the customer's last action"),
        window(7 * DAY, ForWhom::PeopleOnly, "only words that a person wrote; the app needs the Human Agent permission"),
    ]
}

/// One Page, live.
struct Page {
    http: reqwest::Client,
    page: String,
    /// The API's address without the version: also where a simulator keeps its files.
    home: String,
    app_secret: Secret,
    verify_token: Secret,
    graph: Graph,
    kit: Kit,
}

#[async_trait]
impl Connector for Page {
    fn account(&self) -> Option<Account> {
        let app = hex::encode(Sha256::digest(self.app_secret.reveal()));
        Some(Account { id: AccountId(self.page.clone()), app })
    }

    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        match call.method.as_str() {
            "GET" => admit::shake_hands(&call.query, &self.verify_token),
            "POST" => admit::check_signature(call, &self.app_secret),
            _ => Err(Refusal::Malformed),
        }
    }

    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        read::read(&call.body)
    }

    /// The webhook's address is typed into Meta's dashboard; each Page must then be subscribed to it.
    async fn connect(&self) -> Result<(), ConnectError> {
        let path = format!("{}/subscribed_apps", self.page);
        let answer = self.graph.ask_for(&path, &[("subscribed_fields", SUBSCRIBED)]).await;
        answer.map(drop).map_err(Trouble::into_connect_error)
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        send::deliver(self, parcel).await
    }

    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        download::open(&self.http, &file.0, &self.home).await
    }

    async fn signal(&self, to: &PlatformUserId, signal: Signal) {
        let action = match signal {
            Signal::Typing => "typing_on",
            Signal::Seen { .. } => "mark_seen",
            Signal::Acknowledge { .. } => return,
        };
        let body = json!({ "recipient": { "id": to.as_str() }, "sender_action": action });
        if let Err(trouble) = self.graph.post(&format!("{}/messages", self.page), &body).await {
            tracing::debug!(inbox = %self.kit.inbox, action, %trouble, "a courtesy was not delivered");
        }
    }

    async fn profile(&self, user: &PlatformUserId) -> Result<Option<Profile>, FetchError> {
        match self.graph.get(user.as_str(), &[("fields", "first_name,last_name,name,profile_pic")]).await {
            Ok(answer) => Ok(read_profile(&answer)),
            Err(Trouble::Complaint(complaint)) if !complaint.passes() => Ok(None),
            Err(trouble) => Err(FetchError::Unreachable(trouble.to_string())),
        }
    }

    async fn probe(&self) -> Health {
        match self.look().await {
            Ok(health) => health,
            Err(trouble) => Health::bad(trouble.advice()),
        }
    }
}

impl Page {
    async fn look(&self) -> Result<Health, Trouble> {
        let page = self.graph.get(&self.page, &[("fields", "name")]).await?;
        if page.get("id").and_then(loose::id).is_some_and(|id| id != self.page) {
            return Ok(Health::bad("`page_token` belongs to another Page than `page_id`"));
        }
        let apps = match self.graph.get(&format!("{}/subscribed_apps", self.page), &[]).await {
            Err(trouble) if trouble.is_about_the_token() => return Err(trouble),
            // Only the list is closed to this token; that it can write was just shown.
            Err(_) => return Ok(Health::good(loose::text(&page, "name").map(str::to_owned))),
            Ok(apps) => apps.get("data").and_then(Value::as_array).cloned().unwrap_or_default(),
        };
        if !apps.iter().any(hears_messages) {
            return Ok(Health::bad("the Page is not subscribed to the app's webhook: no message will arrive; connect it again"));
        }
        Ok(Health::good(loose::text(&page, "name").map(str::to_owned)))
    }
}

/// Whether a subscribed app gets messages; where its fields are not listed we cannot tell, and trust it.
fn hears_messages(app: &Value) -> bool {
    let fields = app.get("subscribed_fields").and_then(Value::as_array);
    fields.is_none_or(|fields| fields.iter().any(|field| field == "messages" || field["name"] == "messages"))
}

fn read_profile(answer: &Value) -> Option<Profile> {
    let part = |name| loose::text(answer, name).unwrap_or_default();
    let parts = format!("{} {}", part("first_name"), part("last_name"));
    let name = loose::text(answer, "name").unwrap_or(parts.trim());
    let avatar = loose::text(answer, "profile_pic").map(|url| FileRef(url.to_owned()));
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    (name.is_some() || avatar.is_some()).then_some(Profile { name, avatar, language: None })
}
