//! Agents, their sessions, API tokens and the one-time setup link. Only digests
//! of secrets come here; a row that is read never carries a password hash.

use crate::macros::{on, touched};
use crate::{Conn, Page, Result, StoreError};
use onethread_core::Millis;
use onethread_core::ids::{AgentId, TokenId};

/// Someone who answers.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AgentRow {
    pub id: String,
    pub email: String,
    pub name: String,
    /// `admin` or `agent`.
    pub role: String,
    pub language: String,
    /// `online` or `away`.
    pub availability: String,
    pub disabled: bool,
    /// How many threads are theirs now. Counted, never written.
    pub open_threads: i64,
    pub created_at: Millis,
    pub updated_at: Millis,
}

/// What to write over an agent's row; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct AgentChange {
    pub name: Option<String>,
    pub role: Option<String>,
    pub language: Option<String>,
    pub availability: Option<String>,
    pub disabled: Option<bool>,
    pub password_hash: Option<String>,
}

/// A key for programs, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    pub role: String,
    pub created_at: Millis,
    pub last_used_at: Option<Millis>,
}

macro_rules! agent_columns {
    ($rest:literal) => {
        concat!(
            "SELECT agents.id, email, name, role, language, availability, disabled, agents.created_at, agents.updated_at,",
            " (SELECT COUNT(*) FROM threads WHERE threads.assignee_id = agents.id AND status = 'assigned' AND NOT folded) AS open_threads",
            " FROM agents ",
            $rest
        )
    };
}

impl Conn {
    /// `Taken` when the e-mail address is.
    pub async fn add_agent(&mut self, agent: &AgentRow, password_hash: &str) -> Result<()> {
        let sql = concat!(
            "INSERT INTO agents (id, email, name, role, password_hash, language, availability, disabled, created_at, updated_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)"
        );
        touched!(self, db => sqlx::query(sql)
            .bind(&agent.id).bind(&agent.email).bind(&agent.name).bind(&agent.role).bind(password_hash)
            .bind(&agent.language).bind(&agent.availability).bind(agent.disabled).bind(agent.created_at)
            .execute(db).await)
        .map_err(StoreError::from)
        .map_err(|error| if error.is_duplicate() { StoreError::Taken("an agent with this e-mail address") } else { error })?;
        Ok(())
    }

    pub async fn agent(&mut self, id: &AgentId) -> Result<AgentRow> {
        let sql = agent_columns!("WHERE agents.id = $1");
        let row = on!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("agent"))
    }

    /// Agents in the order they were added; the disabled too.
    pub async fn agents(&mut self, after: Option<&str>, limit: i64) -> Result<Page<AgentRow>> {
        let sql = agent_columns!("WHERE agents.id > $1 ORDER BY agents.id LIMIT $2");
        let after = after.unwrap_or_default();
        let rows: Vec<AgentRow> = on!(self, db => sqlx::query_as(sql).bind(after).bind(limit + 1).fetch_all(db).await)?;
        Ok(Page::cut(rows, limit, |row| row.id.clone()))
    }

    /// The id and password hash behind an e-mail address, unless the agent is disabled.
    pub async fn credentials(&mut self, email: &str) -> Result<Option<(AgentId, String)>> {
        let sql = "SELECT id, password_hash FROM agents WHERE email = $1 AND NOT disabled";
        let row: Option<(String, String)> = on!(self, db => sqlx::query_as(sql).bind(email).fetch_optional(db).await)?;
        Ok(row.map(|(id, hash)| (id.into(), hash)))
    }

    /// Whether there is an admin who can sign in.
    pub async fn has_admin(&mut self) -> Result<bool> {
        let sql = "SELECT COUNT(*) FROM agents WHERE role = 'admin' AND NOT disabled";
        let (count,): (i64,) = on!(self, db => sqlx::query_as(sql).fetch_one(db).await)?;
        Ok(count > 0)
    }

    /// Write what is given. `Conflict` when it would leave the shop without an admin.
    pub async fn change_agent(&mut self, id: &AgentId, change: &AgentChange, now: Millis) -> Result<AgentRow> {
        // Locks the counter's row, so that two admins cannot demote each other at the same instant.
        self.count("live", 0).await?;
        let sql = concat!(
            "UPDATE agents SET name = COALESCE($2, name), role = COALESCE($3, role), language = COALESCE($4, language),",
            " availability = COALESCE($5, availability), disabled = COALESCE($6, disabled),",
            " password_hash = COALESCE($7, password_hash), updated_at = $8",
            " WHERE id = $1 AND ((COALESCE($3, role) = 'admin' AND NOT COALESCE($6, disabled))",
            " OR role <> 'admin' OR disabled",
            " OR EXISTS (SELECT 1 FROM agents other WHERE other.id <> $1 AND other.role = 'admin' AND NOT other.disabled))"
        );
        let rows = touched!(self, db => sqlx::query(sql)
            .bind(id.as_str()).bind(&change.name).bind(&change.role).bind(&change.language).bind(&change.availability)
            .bind(change.disabled).bind(&change.password_hash).bind(now)
            .execute(db).await)?;
        let agent = self.agent(id).await?;
        if rows == 0 { Err(StoreError::Conflict("this is the last admin; make another one first")) } else { Ok(agent) }
    }

    pub async fn open_session(&mut self, digest: &str, agent: &AgentId, now: Millis, expires_at: Millis) -> Result<()> {
        let sql = "INSERT INTO sessions (digest, agent_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
        touched!(self, db => sqlx::query(sql).bind(digest).bind(agent.as_str()).bind(now).bind(expires_at).execute(db).await)?;
        Ok(())
    }

    /// Whose session this is; `None` when it is over or its agent is disabled.
    pub async fn session(&mut self, digest: &str, now: Millis) -> Result<Option<(AgentRow, Millis)>> {
        let sql = "SELECT agent_id, expires_at FROM sessions WHERE digest = $1 AND expires_at > $2";
        let found: Option<(String, Millis)> =
            on!(self, db => sqlx::query_as(sql).bind(digest).bind(now).fetch_optional(db).await)?;
        let Some((agent, expires_at)) = found else { return Ok(None) };
        let agent = self.agent(&agent.into()).await?;
        Ok((!agent.disabled).then_some((agent, expires_at)))
    }

    pub async fn extend_session(&mut self, digest: &str, expires_at: Millis) -> Result<()> {
        let sql = "UPDATE sessions SET expires_at = $2 WHERE digest = $1";
        touched!(self, db => sqlx::query(sql).bind(digest).bind(expires_at).execute(db).await)?;
        Ok(())
    }

    pub async fn close_session(&mut self, digest: &str) -> Result<()> {
        let sql = "DELETE FROM sessions WHERE digest = $1";
        touched!(self, db => sqlx::query(sql).bind(digest).execute(db).await)?;
        Ok(())
    }

    /// Sign an agent out everywhere, but for one session.
    pub async fn close_sessions(&mut self, agent: &AgentId, but: Option<&str>) -> Result<u64> {
        let sql = "DELETE FROM sessions WHERE agent_id = $1 AND digest <> $2";
        Ok(touched!(self, db => sqlx::query(sql).bind(agent.as_str()).bind(but.unwrap_or_default()).execute(db).await)?)
    }

    /// Forget sessions and setup links that are over.
    pub async fn prune_sessions(&mut self, now: Millis) -> Result<u64> {
        let links = "DELETE FROM setup_links WHERE expires_at <= $1";
        touched!(self, db => sqlx::query(links).bind(now).execute(db).await)?;
        let sql = "DELETE FROM sessions WHERE expires_at <= $1";
        Ok(touched!(self, db => sqlx::query(sql).bind(now).execute(db).await)?)
    }

    pub async fn add_token(&mut self, token: &TokenRow, digest: &str) -> Result<()> {
        let sql = "INSERT INTO tokens (id, name, role, digest, created_at) VALUES ($1, $2, $3, $4, $5)";
        touched!(self, db => sqlx::query(sql)
            .bind(&token.id).bind(&token.name).bind(&token.role).bind(digest).bind(token.created_at)
            .execute(db).await)?;
        Ok(())
    }

    pub async fn token(&mut self, digest: &str) -> Result<Option<TokenRow>> {
        let sql = "SELECT id, name, role, created_at, last_used_at FROM tokens WHERE digest = $1";
        Ok(on!(self, db => sqlx::query_as(sql).bind(digest).fetch_optional(db).await)?)
    }

    /// Tokens in the order they were made.
    pub async fn tokens(&mut self, after: Option<&str>, limit: i64) -> Result<Page<TokenRow>> {
        let sql = "SELECT id, name, role, created_at, last_used_at FROM tokens WHERE id > $1 ORDER BY id LIMIT $2";
        let after = after.unwrap_or_default();
        let rows: Vec<TokenRow> = on!(self, db => sqlx::query_as(sql).bind(after).bind(limit + 1).fetch_all(db).await)?;
        Ok(Page::cut(rows, limit, |row| row.id.clone()))
    }

    pub async fn note_token_use(&mut self, id: &TokenId, now: Millis) -> Result<()> {
        let sql = "UPDATE tokens SET last_used_at = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(now).execute(db).await)?;
        Ok(())
    }

    pub async fn remove_token(&mut self, id: &TokenId) -> Result<()> {
        let sql = "DELETE FROM tokens WHERE id = $1";
        match touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)? {
            0 => Err(StoreError::Missing("token")),
            _ => Ok(()),
        }
    }

    /// The only open setup link from now on.
    pub async fn open_setup_link(&mut self, digest: &str, expires_at: Millis) -> Result<()> {
        touched!(self, db => sqlx::query("DELETE FROM setup_links").execute(db).await)?;
        let sql = "INSERT INTO setup_links (digest, expires_at) VALUES ($1, $2)";
        touched!(self, db => sqlx::query(sql).bind(digest).bind(expires_at).execute(db).await)?;
        Ok(())
    }

    pub async fn setup_link_is_open(&mut self, digest: &str, now: Millis) -> Result<bool> {
        let sql = "SELECT expires_at FROM setup_links WHERE digest = $1";
        let row: Option<(Millis,)> = on!(self, db => sqlx::query_as(sql).bind(digest).fetch_optional(db).await)?;
        Ok(row.is_some_and(|(expires_at,)| expires_at > now))
    }

    /// Spend the link. `false`: it is unknown, spent or over.
    pub async fn spend_setup_link(&mut self, digest: &str, now: Millis) -> Result<bool> {
        let sql = "DELETE FROM setup_links WHERE digest = $1 AND expires_at > $2";
        Ok(touched!(self, db => sqlx::query(sql).bind(digest).bind(now).execute(db).await)? > 0)
    }
}
