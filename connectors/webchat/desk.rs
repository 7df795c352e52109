//! What the web chat hosts below its hook: the script, sessions, history, the
//! live stream and uploads. A message passes through here on its way to the
//! ledger, so that a refusal can be read by the page that caused it.

use super::door::{self, TurnedAway};
use super::line::{self, Lines, Patience};
use super::pace::Pace;
use super::setup::Setup;
use super::visitor::{self, Visitors};
use super::{FILE_LIMIT, TEXT_LIMIT, posted};
use bytes::Bytes;
use futures::StreamExt;
use onethread_core::channel::{
    AnswerBody, ByteStream, FetchError, FileRef, HookAnswer, KeptFile, Kit, RawCall, SettingsError, VaultError, Visit,
};
use onethread_core::clock::SECOND;
use onethread_core::ids::PlatformUserId;
use onethread_core::secret::Settings;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const WIDGET: &str = include_str!("../widget/widget.js");
/// Room for the longest text, its escapes and ten files' names.
const MESSAGE_LIMIT: usize = 64 * 1024;
/// Where the script has its inbox's look written in.
const LOOK_PLACE: &str = "\"{{look}}\"";

pub struct Desk {
    pub setup: Setup,
    pub visitors: Visitors,
    pub lines: Arc<Lines>,
    pub kit: Kit,
    script: Bytes,
    etag: String,
    limits: Limits,
}

/// A mobile carrier puts whole districts behind one address, so addresses get a wide berth.
struct Limits {
    calls_of_address: Pace,
    sessions_of_address: Pace,
    files_of_address: Pace,
    messages_of_visitor: Pace,
    files_of_visitor: Pace,
    typing_of_visitor: Pace,
}

impl Limits {
    fn new() -> Self {
        Self {
            calls_of_address: Pace::new(240, SECOND / 20),
            sessions_of_address: Pace::new(60, SECOND),
            files_of_address: Pace::new(40, 3 * SECOND),
            messages_of_visitor: Pace::new(20, SECOND),
            files_of_visitor: Pace::new(10, 6 * SECOND),
            typing_of_visitor: Pace::new(2, 3 * SECOND),
        }
    }
}

impl Desk {
    pub fn open(settings: &Settings, kit: Kit) -> Result<Self, SettingsError> {
        let setup = Setup::read(settings)?;
        let script = lean(WIDGET).replacen(LOOK_PLACE, &setup.look().to_string(), 1);
        let etag = format!("\"{}\"", &hex::encode(Sha256::digest(&script))[..20]);
        let visitors = Visitors::new(settings, kit.vault.clone())?;
        Ok(Self { setup, visitors, lines: Arc::default(), kit, script: script.into(), etag, limits: Limits::new() })
    }

    /// `None` lets the call pass to the ledger.
    pub async fn host(&self, visit: &Visit) -> Option<HookAnswer> {
        let call = &visit.call;
        if call.path == "widget.js" && matches!(call.method.as_str(), "GET" | "HEAD") {
            return Some(self.script(call));
        }
        let Some(origin) = self.setup.allowed_origin(call) else {
            return Some(TurnedAway::WrongOrigin.answer());
        };
        let answer = match self.serve(visit).await {
            Ok(answer) => answer?,
            Err(turned_away) => turned_away.answer(),
        };
        Some(door::opened(answer, origin))
    }

    async fn serve(&self, visit: &Visit) -> Result<Option<HookAnswer>, TurnedAway> {
        let call = &visit.call;
        if call.method == "OPTIONS" {
            return Ok(Some(door::preflight()));
        }
        self.limits.calls_of_address.take(&visit.remote, self.now()).map_err(TurnedAway::TooMany)?;
        self.visitors.key().await?;
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "session") => self.session(visit).map(Some),
            ("GET", "history") => self.history(call).await.map(Some),
            ("GET", "stream") => self.stream(call).map(Some),
            ("POST", "files") => self.upload(visit).await.map(Some),
            ("POST", "messages") => self.wave_through(call).map(|()| None),
            ("POST", "typing") => self.typing(call),
            _ => Err(TurnedAway::NotFound),
        }
    }

    fn now(&self) -> i64 {
        self.kit.clock.now()
    }

    fn bearer(&self, call: &RawCall) -> Result<PlatformUserId, TurnedAway> {
        self.visitors.bearer(call, self.now()).ok_or(TurnedAway::NoToken)
    }

    fn script(&self, call: &RawCall) -> HookAnswer {
        let known = call.header("if-none-match").is_some_and(|tags| tags.contains(&self.etag));
        let (status, body) = if known { (304, Bytes::new()) } else { (200, self.script.clone()) };
        HookAnswer::with(status, "text/javascript; charset=utf-8", body)
            .header("etag", self.etag.as_str())
            .header("cache-control", "public, max-age=3600, stale-while-revalidate=86400")
            .header("access-control-allow-origin", "*")
            .header("cross-origin-resource-policy", "cross-origin")
            .header("x-content-type-options", "nosniff")
    }

    /// The visitor of a good token again, with a fresh one; anybody else is a new visitor.
    fn session(&self, visit: &Visit) -> Result<HookAnswer, TurnedAway> {
        let now = self.now();
        let token = serde_json::from_slice::<serde_json::Value>(&visit.call.body).unwrap_or_default();
        let known = token["token"].as_str().and_then(|token| self.visitors.recognise(token, now));
        if known.is_none() {
            self.limits.sessions_of_address.take(&visit.remote, now).map_err(TurnedAway::TooMany)?;
        }
        let visitor = known.unwrap_or_else(visitor::stranger);
        let token = self.visitors.token(&visitor, now).ok_or(TurnedAway::Later)?;
        let look = self.setup.look();
        Ok(HookAnswer::json(
            200,
            &json!({
                "token": token, "visitor": visitor,
                "title": look["title"], "greeting": look["greeting"], "colour": look["colour"],
                "text_limit": TEXT_LIMIT, "file_limit": FILE_LIMIT,
            }),
        ))
    }

    async fn history(&self, call: &RawCall) -> Result<HookAnswer, TurnedAway> {
        let visitor = self.bearer(call)?;
        let after = asked(call, "after")?;
        let entries = self.kit.transcript.since(&visitor, after, line::LOOK).await?;
        Ok(HookAnswer::json(200, &json!({ "entries": entries })))
    }

    fn stream(&self, call: &RawCall) -> Result<HookAnswer, TurnedAway> {
        let visitor = self.bearer(call)?;
        let after = match call.header("last-event-id") {
            Some(seq) => number(seq)?,
            None => asked(call, "after")?,
        };
        let seat = self.lines.join(&visitor).ok_or(TurnedAway::TooMany(30 * SECOND))?;
        let events = line::stream(seat, self.kit.transcript.clone(), after, Patience::default());
        let answer = HookAnswer::with(200, "text/event-stream", Bytes::new());
        Ok(HookAnswer { body: AnswerBody::Stream(events), ..answer }
            .header("cache-control", "no-store")
            .header("x-accel-buffering", "no"))
    }

    async fn upload(&self, visit: &Visit) -> Result<HookAnswer, TurnedAway> {
        let call = &visit.call;
        let visitor = self.bearer(call)?;
        acceptable_file(call)?;
        let now = self.now();
        self.limits.files_of_visitor.take(visitor.as_str(), now).map_err(TurnedAway::TooMany)?;
        self.limits.files_of_address.take(&visit.remote, now).map_err(TurnedAway::TooMany)?;
        let name = file_name(call);
        let kept = self.kit.files.keep(name.as_deref(), call.body.clone()).await.map_err(|error| match error {
            FetchError::TooLarge => TurnedAway::Wrong(413, "the file is larger than 10 MB"),
            error => later(&error),
        })?;
        self.describe(&visitor, &kept, name)
    }

    fn describe(&self, visitor: &PlatformUserId, kept: &KeptFile, name: Option<String>) -> Result<HookAnswer, TurnedAway> {
        if is_active(&kept.mime) {
            return Err(TurnedAway::Wrong(415, "files of this type are not taken"));
        }
        let reference = self.visitors.file_reference(visitor, &kept.id).ok_or(TurnedAway::Later)?;
        let file = json!({ "id": reference, "kind": kept.kind, "name": name, "mime": kept.mime, "size": kept.size });
        Ok(HookAnswer::json(201, &file))
    }

    /// The checks of `admit`, with an answer that the page can read.
    fn wave_through(&self, call: &RawCall) -> Result<(), TurnedAway> {
        let visitor = self.visitors.named_by(call, self.now()).ok_or(TurnedAway::NoToken)?;
        self.limits.messages_of_visitor.take(visitor.as_str(), self.now()).map_err(TurnedAway::TooMany)?;
        if call.body.len() > MESSAGE_LIMIT {
            return Err(TurnedAway::Wrong(413, "a message is at most 64 KiB of JSON; files are uploaded first"));
        }
        posted::acceptable(&call.body).map(drop).map_err(|why| TurnedAway::Wrong(422, why))
    }

    /// Told now and then; in between the page need not know that nobody was told.
    fn typing(&self, call: &RawCall) -> Result<Option<HookAnswer>, TurnedAway> {
        let visitor = self.visitors.named_by(call, self.now()).ok_or(TurnedAway::NoToken)?;
        posted::bare(&call.body).map_err(|why| TurnedAway::Wrong(422, why))?;
        let told = self.limits.typing_of_visitor.take(visitor.as_str(), self.now()).is_ok();
        Ok((!told).then(|| HookAnswer::json(202, &json!({}))))
    }

    /// The bytes behind a signed reference, for the visitor in front of it.
    pub async fn fetch(&self, file: &FileRef) -> Result<ByteStream, FetchError> {
        self.visitors.key().await.map_err(|error| FetchError::Unreachable(error.to_string()))?;
        let (visitor, reference) = file.0.split_once('/').ok_or(FetchError::Gone)?;
        let id = self.visitors.file(visitor, reference).ok_or(FetchError::Gone)?;
        let bytes = self.kit.files.open(&id).await?;
        Ok(futures::stream::once(async { Ok(bytes) }).boxed())
    }
}

/// The script without what only its readers need: the head comment, lines of comment, indentation.
fn lean(script: &str) -> String {
    let code = script.split_once("*/").map_or(script, |(_, code)| code);
    let lines =
        code.lines().map(str::trim).filter(|line| !(line.is_empty() || line.starts_with("//") || line.starts_with("/**")));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn later(error: &dyn std::fmt::Display) -> TurnedAway {
    tracing::warn!(%error, "a web chat call could not be answered");
    TurnedAway::Later
}

fn number(text: &str) -> Result<i64, TurnedAway> {
    text.parse().ok().filter(|seq| *seq >= 0).ok_or(TurnedAway::Wrong(400, "`after` must be a number that an entry had"))
}

fn query(call: &RawCall, name: &str) -> Option<String> {
    url::form_urlencoded::parse(call.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn asked(call: &RawCall, name: &str) -> Result<i64, TurnedAway> {
    query(call, name).map_or(Ok(0), |text| number(&text))
}

fn acceptable_file(call: &RawCall) -> Result<(), TurnedAway> {
    if call.body.is_empty() {
        return Err(TurnedAway::Wrong(400, "the file is empty"));
    }
    if call.body.len() > FILE_LIMIT {
        return Err(TurnedAway::Wrong(413, "the file is larger than 10 MB"));
    }
    let claimed = call.header("content-type").and_then(|mime| mime.split(';').next()).unwrap_or_default();
    if is_active(claimed.trim()) {
        return Err(TurnedAway::Wrong(415, "files of this type are not taken"));
    }
    Ok(())
}

/// Programs and pages that would run where someone opens them.
fn is_active(mime: &str) -> bool {
    let mime = mime.to_ascii_lowercase();
    let pages = ["html", "svg", "javascript", "ecmascript"];
    let programs = ["x-sh", "shellscript", "executable", "x-ms", "x-elf", "android.package"];
    mime.ends_with("/xml") || pages.iter().chain(&programs).any(|part| mime.contains(part))
}

fn file_name(call: &RawCall) -> Option<String> {
    let last = query(call, "name")?.rsplit(['/', '\\']).next()?.replace(|c: char| c.is_control(), "");
    let name: String = last.trim().chars().take(120).collect();
    (!name.is_empty()).then_some(name)
}

impl From<VaultError> for TurnedAway {
    fn from(error: VaultError) -> Self {
        later(&error)
    }
}
