//! Learning from the shop: what the bot missed, the draft, and its versions. Everybody files; admins
//! publish and go back.

use super::Api;
use super::error::{Answer, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path};
use crate::auth::Signed;
use crate::learning::{self, DAYS, Filing, LearningError, Target};
use crate::shapes::{LearningStanding, List, MissedMessages, PhraseList, RehearsalReport, TargetKind, Version};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::ids::{MessageId, PhraseId};
use onethread_store::{Page, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Messages that one call may file or dismiss.
const MOST_MESSAGES: usize = 2_000;
const MOST_TEXTS: usize = 200;
const MOST_TEXT: usize = 1_000;
const MOST_NOTE: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Lately {
    /// So many days back (default 14, between 1 and 90).
    #[serde(default = "days")]
    days: u32,
}

fn days() -> u32 {
    DAYS
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    kind: TargetKind,
    /// The intent's name or the answer's id; empty for `not_mine`.
    #[serde(default)]
    target: String,
    /// Messages of customers, at most 2,000.
    #[serde(default)]
    message_ids: Vec<String>,
    /// Or texts of one's own, at most 200 of at most 1,000 characters; the first 300 are learnt.
    #[serde(default)]
    texts: Vec<String>,
    /// Of the texts: `vi` or `en`; by default what each looks like.
    #[serde(default)]
    language: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FiledPhrases {
    /// Different texts that the draft now has with this meaning.
    phrases: usize,
    /// Messages that are off the list of missed ones.
    settled: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismiss {
    message_ids: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The draft that was looked at, as `GET /api/v1/learning` and the rehearsal name it.
    draft: String,
    /// The version that was live then.
    live: i64,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The version that is live as far as the caller knows.
    live: i64,
}

/// Where learning stands: the live version, the draft, how much waits.
#[utoipa::path(get, path = "/api/v1/learning", tag = "learning", operation_id = "get_learning", params(Lately),
    responses((status = 200, body = LearningStanding), Problem))]
pub async fn standing(State(api): State<Api>, _signed: Signed, Asked(lately): Asked<Lately>) -> Answer<Json<LearningStanding>> {
    Ok(Json(learning::standing(&api.gateway, lately.days).await?.into()))
}

/// What the bot missed and nobody has filed or dismissed, by similarity. Looks at the newest 2,000 messages.
#[utoipa::path(get, path = "/api/v1/learning/missed", tag = "learning", operation_id = "list_missed", params(Lately),
    responses((status = 200, body = MissedMessages), Problem))]
pub async fn missed(State(api): State<Api>, _signed: Signed, Asked(lately): Asked<Lately>) -> Answer<Json<MissedMessages>> {
    Ok(Json(learning::missed(&api.gateway, lately.days).await?.into()))
}

/// These messages teach nothing: take them off the list.
#[utoipa::path(post, path = "/api/v1/learning/missed/dismiss", tag = "learning", operation_id = "dismiss_missed",
    request_body = Dismiss, responses((status = 204), Problem))]
pub async fn dismiss(State(api): State<Api>, _signed: Signed, Body(given): Body<Dismiss>) -> Answer<StatusCode> {
    learning::dismiss(&api.gateway, &messages(given.message_ids)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The draft, beside the live version.
#[utoipa::path(get, path = "/api/v1/learning/phrases", tag = "learning", operation_id = "list_phrases",
    responses((status = 200, body = PhraseList), Problem))]
pub async fn phrases(State(api): State<Api>, _signed: Signed) -> Answer<Json<PhraseList>> {
    Ok(Json(learning::waiting(&api.gateway).await?.into()))
}

/// File messages or texts under an intent, an answer, or as not for the bot. A text that the draft has
/// already means this from now on. Customers notice nothing until it is published.
#[utoipa::path(post, path = "/api/v1/learning/phrases", tag = "learning", operation_id = "file_phrases", request_body = File,
    responses((status = 201, body = FiledPhrases), Problem))]
pub async fn file(State(api): State<Api>, signed: Signed, Body(given): Body<File>) -> Answer<(StatusCode, Json<FiledPhrases>)> {
    let filed = learning::file(&api.gateway, given.filing()?, &signed.actor).await?;
    Ok((StatusCode::CREATED, Json(FiledPhrases { phrases: filed.phrases, settled: filed.settled })))
}

/// Take a phrase out of the draft.
#[utoipa::path(delete, path = "/api/v1/learning/phrases/{id}", tag = "learning", operation_id = "remove_phrase",
    params(("id" = String, Path)), responses((status = 204), Problem))]
pub async fn remove(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<StatusCode> {
    learning::remove(&api.gateway, &PhraseId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replay what customers wrote lately against the draft: what would change? Nothing is sent.
#[utoipa::path(get, path = "/api/v1/learning/rehearsal", tag = "learning", operation_id = "rehearse_draft", params(Lately),
    responses((status = 200, body = RehearsalReport), Problem))]
pub async fn rehearse(State(api): State<Api>, _signed: Signed, Asked(lately): Asked<Lately>) -> Answer<Json<RehearsalReport>> {
    let gateway = &api.gateway;
    let draft = gateway.brain.draft(&gateway.db).await?;
    let (stamp, live) = (draft.mind.lessons().stamp.clone(), gateway.brain.mind().version);
    let rehearsal = learning::rehearse(gateway, draft, lately.days).await?;
    Ok(Json(RehearsalReport::of(rehearsal, stamp, live)))
}

/// Make the draft what the live version is.
#[utoipa::path(delete, path = "/api/v1/learning/draft", tag = "learning", operation_id = "discard_draft",
    responses((status = 204), Problem))]
pub async fn discard(State(api): State<Api>, _admin: Admin) -> Answer<StatusCode> {
    learning::discard(&api.gateway).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Versions, newest first; the first of all is live.
#[utoipa::path(get, path = "/api/v1/learning/versions", tag = "learning", operation_id = "list_versions", params(Paging),
    responses((status = 200, body = List<Version>), Problem))]
pub async fn versions(State(api): State<Api>, _signed: Signed, Asked(page): Asked<Paging>) -> Answer<Json<List<Version>>> {
    let before = page.after().map_or(Ok(i64::MAX), |cursor| cursor.parse().map_err(|_| StoreError::BadCursor))?;
    let rows = api.gateway.db.read().await?.versions(before, page.limit() + 1).await?;
    Ok(Json(List::of(Page::cut(rows, page.limit(), |row| row.number.to_string()), Version::from)))
}

/// Publish the draft. The bot of this process knows it when the answer comes, others within seconds.
#[utoipa::path(post, path = "/api/v1/learning/versions", tag = "learning", operation_id = "publish_version", request_body = Publish,
    responses((status = 201, body = LearningStanding), Problem))]
pub async fn publish(
    State(api): State<Api>,
    Admin(signed): Admin,
    Body(given): Body<Publish>,
) -> Answer<(StatusCode, Json<LearningStanding>)> {
    let note = given.note.trim();
    if note.chars().count() > MOST_NOTE {
        return Err(Problem::invalid("note", "may have at most 200 characters"));
    }
    learning::publish(&api.gateway, &given.draft, given.live, note, &signed.actor).await?;
    Ok((StatusCode::CREATED, Json(learning::standing(&api.gateway, DAYS).await?.into())))
}

/// Go back: publish an older version again. 0 is what the bot came with. The draft stays.
#[utoipa::path(post, path = "/api/v1/learning/versions/{id}/restore", tag = "learning", operation_id = "restore_version",
    params(("id" = String, Path)), request_body = Restore, responses((status = 201, body = LearningStanding), Problem))]
pub async fn restore(
    State(api): State<Api>,
    Admin(signed): Admin,
    Path(id): Path<String>,
    Body(given): Body<Restore>,
) -> Answer<(StatusCode, Json<LearningStanding>)> {
    let number = id.parse().map_err(|_| Problem::missing("version"))?;
    learning::restore(&api.gateway, number, given.live, &signed.actor).await?;
    Ok((StatusCode::CREATED, Json(learning::standing(&api.gateway, DAYS).await?.into())))
}

impl File {
    fn filing(self) -> Answer<Filing> {
        let target = Target::read(self.kind.as_str(), self.target.trim());
        let target = target.ok_or_else(|| Problem::invalid("target", "is not an intent or an answer"))?;
        if self.texts.len() > MOST_TEXTS || self.texts.iter().any(|text| text.chars().count() > MOST_TEXT) {
            return Err(Problem::invalid("texts", "may be at most 200, each of at most 1000 characters"));
        }
        let language = self.language.as_deref().map(str::parse).transpose();
        let language = language.map_err(|_| Problem::invalid("language", "is not `vi` or `en`"))?;
        let texts = self.texts.into_iter().map(|text| (text, language)).collect();
        Ok(Filing { target, messages: messages(self.message_ids)?, texts })
    }
}

fn messages(ids: Vec<String>) -> Answer<Vec<MessageId>> {
    if ids.len() > MOST_MESSAGES {
        return Err(Problem::invalid("message_ids", "may be at most 2000"));
    }
    Ok(ids.into_iter().map(MessageId).collect())
}

impl From<LearningError> for Problem {
    fn from(error: LearningError) -> Self {
        let said = error.to_string();
        match error {
            LearningError::Store(error) => error.into(),
            LearningError::NoSuchAnswer => Self::invalid("target", said),
            LearningError::NothingToLearn => Self::invalid("texts", said),
            LearningError::Full | LearningError::NothingNew => Self::conflict("does-not-fit", "Does not fit", said),
            LearningError::DraftChanged => {
                Self::conflict("draft-changed", "The draft changed", said).hint("look at it once more, then publish")
            }
            LearningError::Training(cause) => Self::broken(&cause),
        }
    }
}
