//! The FAQ: what the bot answers to frequent questions.

use super::Api;
use super::error::{Answer, FieldProblem, Problem};
use super::extract::{Admin, Asked, Body, Paging, Path, words};
use crate::auth::Signed;
use crate::gateway::Gateway;
use crate::shapes::{self, List, Reading, ScoredAnswer, ScoredIntent, Wording};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use onethread_core::Millis;
use onethread_core::ids::AnswerId;
use onethread_store::Json as Stored;
use onethread_store::answers::{self as store, AnswerRow};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

const MOST_TEXT: usize = 4000;
const MOST_QUESTIONS: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Words {
    /// Part of a title, a text or a question.
    #[serde(default)]
    q: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteAnswer {
    title: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    vi: Wording,
    #[serde(default)]
    en: Wording,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Try {
    text: String,
}

/// Answers, oldest first.
#[utoipa::path(get, path = "/api/v1/answers", tag = "answers", operation_id = "list_answers", params(Words, Paging),
    responses((status = 200, body = List<shapes::Answer>), Problem))]
pub async fn list(
    State(api): State<Api>,
    _signed: Signed,
    Asked(asked): Asked<Words>,
    Asked(page): Asked<Paging>,
) -> Answer<Json<List<shapes::Answer>>> {
    let rows = api.gateway.db.read().await?.answers(words(&asked.q)?, page.after(), page.limit()).await?;
    Ok(Json(List::of(rows, shapes::Answer::from)))
}

#[utoipa::path(get, path = "/api/v1/answers/{id}", tag = "answers", operation_id = "get_answer",
    params(("id" = String, Path)), responses((status = 200, body = shapes::Answer), Problem))]
pub async fn get(State(api): State<Api>, _signed: Signed, Path(id): Path<String>) -> Answer<Json<shapes::Answer>> {
    Ok(Json(api.gateway.db.read().await?.answer(&AnswerId(id)).await?.into()))
}

/// Add an answer. The bot knows it at once.
#[utoipa::path(post, path = "/api/v1/answers", tag = "answers", operation_id = "add_answer", request_body = WriteAnswer,
    responses((status = 201, body = shapes::Answer), Problem))]
pub async fn add(
    State(api): State<Api>,
    _admin: Admin,
    Body(given): Body<WriteAnswer>,
) -> Answer<(StatusCode, Json<shapes::Answer>)> {
    let now = api.gateway.clock.now();
    let row = given.row(AnswerId::fresh(now).0, now)?;
    let mut tx = api.gateway.db.begin().await?;
    tx.add_answer(&row).await?;
    tx.commit(now).await?;
    learn(&api.gateway).await?;
    Ok((StatusCode::CREATED, Json(row.into())))
}

/// Write over an answer.
#[utoipa::path(put, path = "/api/v1/answers/{id}", tag = "answers", operation_id = "change_answer", request_body = WriteAnswer,
    params(("id" = String, Path)), responses((status = 200, body = shapes::Answer), Problem))]
pub async fn change(
    State(api): State<Api>,
    _admin: Admin,
    Path(id): Path<String>,
    Body(given): Body<WriteAnswer>,
) -> Answer<Json<shapes::Answer>> {
    let now = api.gateway.clock.now();
    let row = given.row(id, now)?;
    let mut tx = api.gateway.db.begin().await?;
    tx.change_answer(&row).await?;
    tx.commit(now).await?;
    learn(&api.gateway).await?;
    Ok(Json(row.into()))
}

#[utoipa::path(delete, path = "/api/v1/answers/{id}", tag = "answers", operation_id = "remove_answer",
    params(("id" = String, Path)), responses((status = 204), Problem))]
pub async fn remove(State(api): State<Api>, _admin: Admin, Path(id): Path<String>) -> Answer<StatusCode> {
    let mut tx = api.gateway.db.begin().await?;
    tx.remove_answer(&AnswerId(id)).await?;
    tx.commit(api.gateway.clock.now()).await?;
    learn(&api.gateway).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What would the bot understand by this text? Nothing is sent.
#[utoipa::path(post, path = "/api/v1/answers/try", tag = "answers", operation_id = "try_answers", request_body = Try,
    responses((status = 200, body = Reading), Problem))]
pub async fn try_out(State(api): State<Api>, _signed: Signed, Body(given): Body<Try>) -> Answer<Json<Reading>> {
    if given.text.len() > MOST_TEXT {
        return Err(Problem::invalid("text", "is too long"));
    }
    let mind = api.gateway.brain.mind();
    let reading = mind.read(&given.text, &onethread_intents::Context::default());
    let titles = api.gateway.db.read().await?.all_answers().await?;
    let title = |id: &str| titles.iter().find(|row| row.id == id).map_or_else(String::new, |row| row.title.clone());
    Ok(Json(Reading {
        language: word(&reading.language),
        intents: reading
            .intents
            .iter()
            .map(|scored| ScoredIntent { intent: word(&scored.value), probability: scored.probability.into() })
            .collect(),
        not_mine: reading.not_mine.into(),
        answers: reading
            .answers
            .iter()
            .map(|scored| ScoredAnswer {
                id: scored.value.clone(),
                title: title(&scored.value),
                probability: scored.probability.into(),
            })
            .collect(),
        entities: reading.entities.iter().filter_map(|entity| serde_json::to_value(entity).ok()).collect(),
    }))
}

/// The bot takes the change up before the answer goes out.
pub async fn learn(gateway: &Gateway) -> Answer<()> {
    Ok(gateway.brain.refresh(&gateway.db).await?)
}

impl WriteAnswer {
    fn row(self, id: String, now: Millis) -> Answer<AnswerRow> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, detail: &str| errors.push(FieldProblem { field: field.into(), detail: detail.into() });
        let title = self.title.trim().to_owned();
        if title.is_empty() || title.chars().count() > 200 {
            wrong("title", "must have between 1 and 200 characters");
        }
        let (vi, en) = (tidy(self.vi), tidy(self.en));
        if [&vi, &en].iter().all(|wording| wording.text.is_empty() && wording.questions.is_empty()) {
            wrong("vi.text", "must say something in at least one language");
        }
        for (language, wording) in [("vi", &vi), ("en", &en)] {
            if wording.text.chars().count() > MOST_TEXT {
                wrong(&format!("{language}.text"), "may have at most 4000 characters");
            }
            if wording.questions.len() > MOST_QUESTIONS || wording.questions.iter().any(|question| question.chars().count() > 300)
            {
                wrong(&format!("{language}.questions"), "may be at most 100, each of at most 300 characters");
            }
            if wording.text.is_empty() && !wording.questions.is_empty() {
                wrong(&format!("{language}.text"), "is empty, though there are questions in this language");
            }
        }
        match errors.is_empty() {
            true => Ok(AnswerRow { id, title, enabled: self.enabled, vi: Stored(vi), en: Stored(en), updated_at: now }),
            false => Err(Problem::invalid_fields(errors)),
        }
    }
}

fn tidy(wording: Wording) -> store::Wording {
    let questions = wording.questions.iter().map(|question| question.trim().to_owned()).filter(|question| !question.is_empty());
    store::Wording { text: wording.text.trim().to_owned(), questions: questions.collect() }
}

/// The name under which an intent or a language is written in JSON.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
