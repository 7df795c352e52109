//! Web chat: the channel that is its own platform.
//!
//! A shop puts one `<script>` tag on its pages; the widget talks to the
//! addresses below the inbox's hook. What a visitor says takes the same road as
//! any platform's event (admitted, stored, read); what they may look at is
//! hosted here: the script, a session, their history, a live stream, uploads.
//! There is no remote side: the transcript is what the visitor sees, so
//! delivering only wakes the visitor's streams.
//!
//! It never trusts a name, a phone or a file id that the page sends: a visitor
//! is whoever holds a token that we signed, and sees only their own thread.

mod desk;
mod door;
mod line;
mod pace;
mod posted;
mod setup;
mod visitor;

use async_trait::async_trait;
use desk::Desk;
use onethread_core::channel::{
    Admission, ByteStream, Capabilities, Channel, Connector, DeliveryError, Doubles, Face, FetchError, Field, FieldKind, FileRef,
    Form, Health, HookAnswer, Inbound, Kit, Parcel, RawCall, Receipt, Refusal, SettingsError, Signal, TextUnit, Unreadable,
    Visit,
};
use onethread_core::ids::PlatformUserId;
use onethread_core::secret::Settings;
use std::sync::Arc;

/// Longest text of one message, both ways, in characters.
const TEXT_LIMIT: usize = 4000;
/// Largest file, both ways, in bytes.
const FILE_LIMIT: usize = 10 * 1024 * 1024;
const DEFAULT_COLOUR: &str = "#0f766e";

/// A speech bubble with three dots.
const ICON: &str = "M12 3C6.48 3 2 6.8 2 11.5c0 2.4 1.17 4.56 3.05 6.1L4.2 21l4.02-1.42c1.17.38 2.45.6 3.78.6 5.52 0 10-3.8 \
10-8.68S17.52 3 12 3ZM7.75 12.75a1.25 1.25 0 1 1 0-2.5 1.25 1.25 0 0 1 0 2.5Zm4.25 0a1.25 1.25 0 1 1 0-2.5 1.25 1.25 0 0 1 \
0 2.5Zm4.25 0a1.25 1.25 0 1 1 0-2.5 1.25 1.25 0 0 1 0 2.5Z";

pub struct WebChat;

impl WebChat {
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Channel for WebChat {
    fn kind(&self) -> &'static str {
        "webchat"
    }

    fn face(&self) -> Face {
        Face { name: "Web chat".into(), icon: ICON.into(), colour: DEFAULT_COLOUR.into() }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            text_limit: TEXT_LIMIT,
            text_unit: TextUnit::Chars,
            buttons: 10,
            button_text_limit: None,
            caption: false,
            file_limit: FILE_LIMIT as u64,
            file_types: Vec::new(),
            file_limits: Vec::new(),
            reply_to: false,
            ask_phone: true,
            typing: true,
            delivery_receipts: true,
            read_receipts: true,
            profiles: false,
            // A visitor's pages look up what is settled; delivering only tells them to.
            doubles: Doubles::Impossible,
            echoes_people: false,
            reaction_opens: false,
            windows: Vec::new(),
        }
    }

    fn form(&self) -> Form {
        let origins =
            "The addresses of the shop's pages, like https://shop.example.vn: the chat works on these and nowhere else.";
        let key = "Leave it empty: one is made on first use. A new one makes every visitor a stranger.";
        Form {
            fields: vec![
                Field::required("allowed_origins", "Shop addresses", origins).of_kind(FieldKind::List),
                Field::optional("title", "Title", "Stands at the top of the chat: mostly the shop's name."),
                Field::optional("greeting", "Greeting", "The first words that a new visitor sees."),
                Field::optional("colour", "Colour", "Of the button and the visitor's own words, like #0f766e.")
                    .default(DEFAULT_COLOUR),
                Field::optional("visitor_key", "Visitor key", key).secret(),
            ],
        }
    }

    fn open(&self, settings: &Settings, kit: Kit) -> Result<Arc<dyn Connector>, SettingsError> {
        self.form().check(settings)?;
        Ok(Arc::new(Inbox { desk: Desk::open(settings, kit)? }))
    }
}

struct Inbox {
    desk: Desk,
}

#[async_trait]
impl Connector for Inbox {
    fn kept_headers(&self) -> &'static [&'static str] {
        &[door::VISITOR_HEADER]
    }

    fn admit(&self, call: &RawCall) -> Result<Admission, Refusal> {
        let origin = self.desk.setup.allowed_origin(call).ok_or(Refusal::Forbidden)?;
        if call.method != "POST" || !matches!(call.path.as_str(), "messages" | "typing") {
            return Err(Refusal::Malformed);
        }
        self.desk.visitors.named_by(call, self.desk.kit.clock.now()).ok_or(Refusal::Forged)?;
        let posted = if call.path == "typing" { posted::bare(&call.body) } else { posted::acceptable(&call.body) };
        let id = posted.map_err(|_| Refusal::Malformed)?;
        let answer = HookAnswer::json(202, &serde_json::json!({ "id": id }));
        Ok(Admission::Keep(door::opened(answer, origin)))
    }

    fn read(&self, call: &RawCall) -> Result<Vec<Inbound>, Unreadable> {
        let visitor = call.header(door::VISITOR_HEADER).ok_or_else(|| Unreadable("the call names no visitor".into()))?;
        let read = if call.path == "typing" { posted::typing } else { posted::read };
        read(&PlatformUserId::from(visitor), &call.body).map(|event| vec![event])
    }

    async fn deliver(&self, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
        let delivered = self.desk.lines.wake(&parcel.to, line::Nudge::Message);
        Ok(Receipt { message: parcel.key.as_str().into(), delivered, quota: None })
    }

    async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        self.desk.fetch(file).await
    }

    async fn signal(&self, to: &PlatformUserId, signal: Signal) {
        if signal == Signal::Typing {
            self.desk.lines.wake(to, line::Nudge::Typing);
        }
    }

    async fn probe(&self) -> Health {
        match self.desk.visitors.key().await {
            Ok(_) => Health::good(self.desk.setup.account_name()),
            Err(error) => Health::bad(format!("{error}; visitors cannot be recognised until it can")),
        }
    }

    async fn host(&self, visit: &Visit) -> Option<HookAnswer> {
        self.desk.host(visit).await
    }
}
