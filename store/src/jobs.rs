//! Work that follows a transaction: queued inside it, done after it.

use crate::macros::{aside, aside_touched};
use crate::many::{Many, write_many};
use crate::{Conn, Result, Tx};
use onethread_core::Millis;
use onethread_core::ids::JobId;
use serde_json::Value;
use sqlx::types::Json;

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct JobRow {
    pub id: String,
    pub kind: String,
    pub key: String,
    pub payload: Json<Value>,
    pub attempts: i64,
}

/// A job about to be queued.
pub(crate) struct NewJob {
    id: JobId,
    kind: &'static str,
    key: String,
    payload: Value,
    run_at: Millis,
    created_at: Millis,
}

static RECORD: Many =
    Many::insert("INSERT INTO jobs (id, kind, key, payload, run_at, created_at)", 6, "ON CONFLICT (kind, key) DO NOTHING");

impl Tx {
    /// Queue a job, with the commit; the same kind and key is queued once.
    pub fn queue_job(&mut self, kind: &'static str, key: &str, payload: Value, run_at: Millis, now: Millis) {
        let key = key.to_owned();
        self.jobs.push(NewJob { id: JobId::fresh(now), kind, key, payload, run_at, created_at: now });
    }
}

impl Conn {
    pub(crate) async fn record_jobs(&mut self, jobs: &[NewJob]) -> Result<()> {
        write_many!(self, RECORD, jobs, query, job => {
            query.bind(job.id.as_str()).bind(job.kind).bind(&job.key).bind(Json(&job.payload)).bind(job.run_at).bind(job.created_at)
        });
        Ok(())
    }

    /// Claim due jobs until `until`; a job whose worker is gone comes up again then.
    pub async fn claim_jobs(&mut self, until: Millis, now: Millis, limit: i64) -> Result<Vec<JobRow>> {
        macro_rules! claim {
            ($lock:literal) => {
                concat!(
                    "UPDATE jobs SET run_at = $1, attempts = attempts + 1 WHERE id IN",
                    " (SELECT id FROM jobs WHERE run_at <= $2 ORDER BY run_at LIMIT $3",
                    $lock,
                    ") RETURNING id, kind, key, payload, attempts"
                )
            };
        }
        Ok(match self.engined() {
            crate::db::Engined::Sqlite(db) => sqlx::query_as(claim!("")).bind(until).bind(now).bind(limit).fetch_all(db).await?,
            crate::db::Engined::Postgres(db) => {
                sqlx::query_as(claim!(" FOR UPDATE SKIP LOCKED")).bind(until).bind(now).bind(limit).fetch_all(db).await?
            }
        })
    }

    pub async fn finish_job(&mut self, id: &str) -> Result<()> {
        aside_touched!(self, db => sqlx::query("DELETE FROM jobs WHERE id = $1").bind(id).execute(db).await)?;
        Ok(())
    }

    /// Try again at `at`, for this reason.
    pub async fn postpone_job(&mut self, id: &str, at: Millis, error: &str) -> Result<()> {
        let sql = "UPDATE jobs SET run_at = $2, error = $3 WHERE id = $1";
        aside_touched!(self, db => sqlx::query(sql).bind(id).bind(at).bind(error).execute(db).await)?;
        Ok(())
    }

    pub async fn next_job_at(&mut self) -> Result<Option<Millis>> {
        let (at,): (Option<i64>,) = aside!(self, db => sqlx::query_as("SELECT MIN(run_at) FROM jobs").fetch_one(db).await)?;
        Ok(at)
    }
}
