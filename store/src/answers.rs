//! Answers to frequent questions, as the shop words them.

use crate::macros::{aside, aside_touched};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::AnswerId;
use onethread_core::text::fold;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AnswerRow {
    pub id: String,
    /// For agents; customers never see it.
    pub title: String,
    pub enabled: bool,
    pub vi: Json<Wording>,
    pub en: Json<Wording>,
    pub updated_at: Millis,
}

/// An answer in one language; an empty text means there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    #[serde(default)]
    pub text: String,
    /// Ways in which customers ask for it.
    #[serde(default)]
    pub questions: Vec<String>,
}

impl AnswerRow {
    fn mentions(&self, folded: &str) -> bool {
        let wordings = [&self.vi.0, &self.en.0];
        let texts = wordings.iter().flat_map(|wording| wording.questions.iter().chain([&wording.text]));
        texts.chain([&self.title]).any(|text| fold(text).contains(folded))
    }
}

impl Conn {
    /// Every answer, oldest first. A shop has tens of them, at most hundreds.
    pub async fn all_answers(&mut self) -> Result<Vec<AnswerRow>> {
        let sql = "SELECT id, title, enabled, vi, en, updated_at FROM answers ORDER BY id";
        Ok(aside!(self, db => sqlx::query_as(sql).fetch_all(db).await)?)
    }

    /// Answers whose title, texts or questions contain `words`, however they are spelt.
    pub async fn answers(&mut self, words: &str, after: Option<&str>, limit: i64) -> Result<Page<AnswerRow>> {
        let (folded, after) = (fold(words), after.unwrap_or_default());
        let wanted = usize::try_from(limit + 1).unwrap_or(0);
        let rows = self.all_answers().await?.into_iter();
        let found = rows.filter(|row| row.id.as_str() > after && row.mentions(&folded)).take(wanted).collect();
        Ok(Page::cut(found, limit, |row: &AnswerRow| row.id.clone()))
    }

    pub async fn answer(&mut self, id: &AnswerId) -> Result<AnswerRow> {
        let sql = "SELECT id, title, enabled, vi, en, updated_at FROM answers WHERE id = $1";
        let row = aside!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("answer"))
    }

    pub async fn add_answer(&mut self, answer: &AnswerRow) -> Result<()> {
        let sql = "INSERT INTO answers (id, title, enabled, vi, en, updated_at) VALUES ($1, $2, $3, $4, $5, $6)";
        aside_touched!(self, db => sqlx::query(sql)
            .bind(&answer.id).bind(&answer.title).bind(answer.enabled).bind(&answer.vi).bind(&answer.en).bind(answer.updated_at)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn change_answer(&mut self, answer: &AnswerRow) -> Result<()> {
        let sql = "UPDATE answers SET title = $2, enabled = $3, vi = $4, en = $5, updated_at = $6 WHERE id = $1";
        let rows = aside_touched!(self, db => sqlx::query(sql)
            .bind(&answer.id).bind(&answer.title).bind(answer.enabled).bind(&answer.vi).bind(&answer.en).bind(answer.updated_at)
            .execute(db).await)?;
        if rows == 0 { Err(StoreError::Missing("answer")) } else { Ok(()) }
    }

    pub async fn remove_answer(&mut self, id: &AnswerId) -> Result<()> {
        let sql = "DELETE FROM answers WHERE id = $1";
        match aside_touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)? {
            0 => Err(StoreError::Missing("answer")),
            _ => Ok(()),
        }
    }

    /// How many answers there are and when one last changed: whether a trained matcher is out of date.
    pub async fn answers_stamp(&mut self) -> Result<(i64, Millis)> {
        let sql = "SELECT COUNT(*), COALESCE(MAX(updated_at), 0) FROM answers";
        Ok(aside!(self, db => sqlx::query_as(sql).fetch_one(db).await)?)
    }
}
