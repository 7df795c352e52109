//! What is held goes into the database, a few statements for all of it.

use super::{HeldMessage, Newborn};
use crate::many::{Many, read_many, write_many};
use crate::messages::Reaction;
use crate::{Conn, Result};
use onethread_core::Millis;
use onethread_core::ids::{IdentityId, MessageId};
use onethread_core::text::fold;
use sqlx::types::Json;
use std::collections::HashSet;

static CUSTOMERS: Many = Many::insert("INSERT INTO customers (id, name, language, folded, created_at, updated_at)", 6, "");

static THREADS: Many = Many::insert(
    "INSERT INTO threads (id, customer_id, status, lease_number, bot_context, channels, last_activity_at, created_at)",
    8,
    "",
);

static IDENTITIES: Many = Many::insert(
    "INSERT INTO identities (id, inbox_id, address, customer_id, name, language, created_at)",
    7,
    "ON CONFLICT (inbox_id, address) DO NOTHING RETURNING id",
);

static IDENTITY_CHANGES: Many = Many::new(
    concat!(
        "UPDATE identities SET blocked_at = v.column2, last_interaction_at = v.column3, wrong_tails = v.column4,",
        " lookups_locked_until = v.column5 FROM"
    ),
    5,
    "AS v WHERE identities.id = v.column1",
);

static THREAD_CHANGES: Many = Many::new(
    concat!(
        "UPDATE threads SET status = v.column2, assignee_id = v.column3, lease_number = v.column4, waiting_since = v.column5,",
        " handoff_reason = v.column6, bot_context = v.column7, last_seq = v.column8, unread = v.column9,",
        " last_message = v.column10, last_identity_id = v.column11, language = v.column12, last_activity_at = v.column13",
        " FROM"
    ),
    13,
    "AS v WHERE threads.id = v.column1",
);

static MESSAGES: Many = Many::insert(
    concat!(
        "INSERT INTO messages (id, thread_id, seq, home_thread_id, born_seq, identity_id, author, note, content, reply_to,",
        " unsupported, event, intent, client_id, status, reactions, platform_at, created_at)"
    ),
    18,
    "",
);

static LINKS: Many = Many::insert(
    "INSERT INTO platform_messages (identity_id, platform_id, message_id)",
    3,
    "ON CONFLICT (identity_id, platform_id) DO NOTHING",
);

impl Conn {
    /// Write what changed; people and threads stay in hand.
    pub(crate) async fn write_held(&mut self) -> Result<()> {
        let mut held = std::mem::take(&mut self.held);
        let identities: Vec<_> = held.identities.values().filter(|held| held.changed).map(|held| &held.row).collect();
        write_many!(self, IDENTITY_CHANGES, &identities, query, row => {
            query.bind(&row.id).bind(row.blocked_at).bind(row.last_interaction_at).bind(row.wrong_tails)
                .bind(row.lookups_locked_until)
        });
        let threads: Vec<_> = held.threads.values().filter(|held| held.changed).map(|held| &held.row).collect();
        write_many!(self, THREAD_CHANGES, &threads, query, row => {
            query.bind(&row.id).bind(&row.status).bind(&row.assignee_id).bind(row.lease_number).bind(row.waiting_since)
                .bind(&row.handoff_reason).bind(&row.bot_context).bind(row.last_seq).bind(row.unread)
                .bind(&row.last_message).bind(&row.last_identity_id).bind(&row.language).bind(row.last_activity_at)
        });
        self.write_messages(&held.messages).await?;
        write_many!(self, LINKS, &held.links, query, link => {
            query.bind(&link.identity).bind(&link.platform_id).bind(&link.message)
        });
        self.reopened += self.release_waiting(&held.known()).await?;
        held.is_written();
        self.held = held;
        Ok(())
    }

    async fn write_messages(&mut self, messages: &[HeldMessage]) -> Result<()> {
        let none = Json(Vec::<Reaction>::new());
        write_many!(self, MESSAGES, messages, query, held => {
            let message = &held.message;
            query.bind(message.id.as_str()).bind(&held.thread).bind(held.seq).bind(&held.thread).bind(held.born_seq)
                .bind(message.identity.as_ref().map(IdentityId::as_str)).bind(Json(&message.author)).bind(message.note)
                .bind(Json(&message.content)).bind(message.reply_to.as_ref().map(MessageId::as_str))
                .bind(&message.unsupported).bind(message.event.as_ref().map(Json)).bind(held.intent.as_ref().map(Json))
                .bind(&message.client_id).bind(message.status.as_str()).bind(&none).bind(message.platform_at).bind(held.at)
        });
        Ok(())
    }

    /// Write people who are new; answers the identities that nobody else had written already.
    pub(super) async fn write_newborn(&mut self, newborn: &[Newborn], now: Millis) -> Result<HashSet<String>> {
        write_many!(self, CUSTOMERS, newborn, query, one => {
            let name = one.sender.name.clone().unwrap_or_default();
            let folded = fold(&name);
            query.bind(&one.customer).bind(name).bind(&one.sender.language).bind(folded).bind(now).bind(now)
        });
        let context = Json(serde_json::json!({}));
        write_many!(self, THREADS, newborn, query, one => {
            query.bind(&one.thread).bind(&one.customer).bind("bot").bind(1_i64).bind(&context)
                .bind(Json([one.channel.clone()])).bind(now).bind(now)
        });
        let there = read_many!(self, (String,), IDENTITIES, newborn, query, one => {
            query.bind(&one.identity).bind(&one.inbox).bind(one.sender.user.as_str()).bind(&one.customer)
                .bind(&one.sender.name).bind(&one.sender.language).bind(now)
        });
        Ok(there.into_iter().map(|(id,)| id).collect())
    }
}
