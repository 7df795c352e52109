//! Customers, and the identities by which platforms know them.

use crate::macros::{after, touched};
use crate::threads::ThreadRow;
use crate::{Conn, Page, Result, StoreError, Tx};
use onethread_core::Millis;
use onethread_core::channel::Sender;
use onethread_core::clock::SECOND;
use onethread_core::ids::{CustomerId, FileId, IdentityId, InboxId, ThreadId};
use onethread_core::text::fold;

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CustomerRow {
    pub id: String,
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub note: String,
    pub language: Option<String>,
    pub merged_into: Option<String>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct IdentityRow {
    pub id: String,
    pub inbox_id: String,
    pub address: String,
    pub customer_id: String,
    pub name: Option<String>,
    pub language: Option<String>,
    /// A number that the platform vouches for, folded.
    pub verified_phone: Option<String>,
    pub blocked_at: Option<Millis>,
    pub last_interaction_at: Option<Millis>,
    pub wrong_tails: i64,
    pub lookups_locked_until: Millis,
    pub created_at: Millis,
    pub channel: String,
    pub inbox_name: String,
}

/// Windows are hours long, and people write several messages in a row: by so much at most does the time that is noted
/// lag behind.
pub const HEARD_JUST_NOW: Millis = 10 * SECOND;

/// Sorts after every id of a customer, also where a database sorts signs before letters.
const AFTER_ALL_IDS: &str = "zz";

/// Whoever an event is from: the identity, its customer's thread (locked), and whether both are new.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    pub identity: IdentityRow,
    pub thread: ThreadRow,
    pub new: bool,
}

macro_rules! customer_columns {
    ($rest:expr) => {
        concat!(
            "SELECT c.id, c.name, c.phone, c.email, c.note, c.language, c.merged_into, c.created_at, c.updated_at FROM customers c ",
            $rest
        )
    };
}

macro_rules! identity_columns {
    ($rest:expr) => {
        concat!(
            "SELECT i.id, i.inbox_id, i.address, i.customer_id, i.name, i.language, i.verified_phone, i.blocked_at,",
            " i.last_interaction_at, i.wrong_tails, i.lookups_locked_until, i.created_at, b.channel, b.name AS inbox_name",
            " FROM identities i JOIN inboxes b ON b.id = i.inbox_id ",
            $rest
        )
    };
}

impl Tx {
    /// Find or make the identity, its customer and the customer's one thread. However many
    /// first messages race here, one customer comes out.
    pub async fn recognise(&mut self, inbox: &InboxId, channel: &str, sender: &Sender, now: Millis) -> Result<Recognised> {
        if let Some(found) = self.recognise_held(inbox, sender) {
            return Ok(found);
        }
        if let Some(found) = self.known(inbox, sender).await? {
            return Ok(found);
        }
        let customer = CustomerId::fresh(now);
        let thread = ThreadId::fresh(now);
        let name = sender.name.clone().unwrap_or_default();
        self.add_customer(&customer, &name, sender.language.as_deref(), now).await?;
        self.add_thread(&thread, &customer, channel, now).await?;
        if !self.add_identity(&IdentityId::fresh(now), inbox, sender, &customer, now).await? {
            self.forget_newborn(&customer, &thread).await?;
        }
        let found = self.known(inbox, sender).await?.ok_or(StoreError::Missing("identity"))?;
        Ok(Recognised { new: found.new || found.identity.customer_id == customer.0, ..found })
    }

    fn recognise_held(&mut self, inbox: &InboxId, sender: &Sender) -> Option<Recognised> {
        let identity = self.held.identity_at(inbox.as_str(), sender.user.as_str())?.clone();
        let thread = self.held.thread_of(&identity.customer_id)?.clone();
        let new = self.newcomers.remove(&identity.id);
        Some(Recognised { identity, thread, new })
    }

    async fn known(&mut self, inbox: &InboxId, sender: &Sender) -> Result<Option<Recognised>> {
        let Some(mut identity) = self.identity_at(inbox, sender.user.as_str()).await? else {
            return Ok(None);
        };
        loop {
            let thread = self.hold_thread_of(&identity.customer_id.as_str().into()).await?;
            identity = self.identity(&identity.id.as_str().into()).await?;
            // Otherwise a merge moved the identity while the thread was waited for.
            if identity.customer_id == thread.customer_id {
                let new = self.newcomers.remove(&identity.id);
                return Ok(Some(Recognised { identity, thread, new }));
            }
        }
    }

    async fn add_customer(&mut self, id: &CustomerId, name: &str, language: Option<&str>, now: Millis) -> Result<()> {
        let sql = "INSERT INTO customers (id, name, language, folded, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)";
        let folded = fold(name);
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(name).bind(language).bind(&folded).bind(now).execute(db).await)?;
        Ok(())
    }

    async fn add_identity(
        &mut self,
        id: &IdentityId,
        inbox: &InboxId,
        sender: &Sender,
        customer: &CustomerId,
        now: Millis,
    ) -> Result<bool> {
        let sql = concat!(
            "INSERT INTO identities (id, inbox_id, address, customer_id, name, language, created_at)",
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (inbox_id, address) DO NOTHING"
        );
        let rows = touched!(self, db => sqlx::query(sql)
            .bind(id.as_str()).bind(inbox.as_str()).bind(sender.user.as_str()).bind(customer.as_str())
            .bind(sender.name.as_deref()).bind(sender.language.as_deref()).bind(now)
            .execute(db).await)?;
        Ok(rows > 0)
    }

    /// Somebody else was first with this identity: what was made for it here goes again.
    pub(crate) async fn forget_newborn(&mut self, customer: &CustomerId, thread: &ThreadId) -> Result<()> {
        touched!(self, db => sqlx::query("DELETE FROM threads WHERE id = $1").bind(thread.as_str()).execute(db).await)?;
        touched!(self, db => sqlx::query("DELETE FROM customers WHERE id = $1").bind(customer.as_str()).execute(db).await)?;
        Ok(())
    }
}

impl Conn {
    pub async fn identity_at(&mut self, inbox: &InboxId, address: &str) -> Result<Option<IdentityRow>> {
        if let Some(held) = self.held.identity_at(inbox.as_str(), address) {
            return Ok(Some(held.clone()));
        }
        let sql = identity_columns!("WHERE i.inbox_id = $1 AND i.address = $2");
        Ok(after!(self, db => sqlx::query_as(sql).bind(inbox.as_str()).bind(address).fetch_optional(db).await)?)
    }

    pub async fn identity(&mut self, id: &IdentityId) -> Result<IdentityRow> {
        if let Some(held) = self.held.identity(id.as_str()) {
            return Ok(held.clone());
        }
        let sql = identity_columns!("WHERE i.id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("identity"))
    }

    /// A customer's identities, oldest first.
    pub async fn identities_of(&mut self, customer: &CustomerId) -> Result<Vec<IdentityRow>> {
        let sql = identity_columns!("WHERE i.customer_id = $1 ORDER BY i.created_at, i.id");
        Ok(after!(self, db => sqlx::query_as(sql).bind(customer.as_str()).fetch_all(db).await)?)
    }

    /// The person did something: their window starts anew, and a block is over. Somebody who was heard within
    /// [`HEARD_JUST_NOW`] before is not noted again.
    pub async fn heard_from(&mut self, id: &IdentityId, at: Millis) -> Result<()> {
        if let Some(row) = self.held.identity(id.as_str()) {
            let is_news = row.last_interaction_at.is_none_or(|last| last < at - HEARD_JUST_NOW) || row.blocked_at.is_some();
            if is_news && let Some(row) = self.held.identity_mut(id.as_str()) {
                row.blocked_at = None;
                row.last_interaction_at = row.last_interaction_at.max(Some(at));
            }
            return Ok(());
        }
        let sql = concat!(
            "UPDATE identities SET blocked_at = NULL, last_interaction_at =",
            " CASE WHEN last_interaction_at > $2 THEN last_interaction_at ELSE $2 END",
            " WHERE id = $1 AND (blocked_at IS NOT NULL OR last_interaction_at IS NULL OR last_interaction_at < $3)"
        );
        let long_ago = at - HEARD_JUST_NOW;
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(at).bind(long_ago).execute(db).await)?;
        Ok(())
    }

    /// Blocked since `at`; `None` lifts it.
    pub async fn set_blocked(&mut self, id: &IdentityId, at: Option<Millis>) -> Result<()> {
        let sql = "UPDATE identities SET blocked_at = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(at).execute(db).await)?;
        Ok(())
    }

    /// The platform vouches for this number. The customer's own phone field is filled only when empty.
    pub async fn verify_phone(&mut self, id: &IdentityId, phone: &str, now: Millis) -> Result<()> {
        let sql = "UPDATE identities SET verified_phone = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(phone).execute(db).await)?;
        let sql = concat!(
            "UPDATE customers SET phone = $2, folded = folded || ' ' || $2, updated_at = $3",
            " WHERE phone IS NULL AND id = (SELECT customer_id FROM identities WHERE id = $1)"
        );
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(phone).bind(now).execute(db).await)?;
        Ok(())
    }

    /// Count a wrong tail; at the fifth the lookups lock until `locked_until` and the count starts anew.
    pub async fn count_wrong_tail(&mut self, id: &IdentityId, most: i64, locked_until: Millis) -> Result<()> {
        if let Some(row) = self.held.identity_mut(id.as_str()) {
            row.wrong_tails += 1;
            if row.wrong_tails >= most {
                row.lookups_locked_until = locked_until;
                row.wrong_tails = 0;
            }
            return Ok(());
        }
        let sql = concat!(
            "UPDATE identities SET",
            " lookups_locked_until = CASE WHEN wrong_tails + 1 >= $2 THEN $3 ELSE lookups_locked_until END,",
            " wrong_tails = CASE WHEN wrong_tails + 1 >= $2 THEN 0 ELSE wrong_tails + 1 END WHERE id = $1"
        );
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(most).bind(locked_until).execute(db).await)?;
        Ok(())
    }

    pub async fn forgive_wrong_tails(&mut self, id: &IdentityId) -> Result<()> {
        let sql = "UPDATE identities SET wrong_tails = 0 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).execute(db).await)?;
        Ok(())
    }

    /// The file with the person's picture.
    pub async fn set_avatar(&mut self, id: &IdentityId, file: &FileId) -> Result<()> {
        let sql = "UPDATE identities SET avatar = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(file.as_str()).execute(db).await)?;
        Ok(())
    }

    /// What the platform calls the person. The customer takes the name only while they have none.
    pub async fn name_identity(&mut self, id: &IdentityId, name: &str, now: Millis) -> Result<()> {
        let sql = "UPDATE identities SET name = $2 WHERE id = $1";
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(name).execute(db).await)?;
        let sql = concat!(
            "UPDATE customers SET name = $2, folded = $3 || ' ' || folded, updated_at = $4",
            " WHERE name = '' AND id = (SELECT customer_id FROM identities WHERE id = $1)"
        );
        let folded = fold(name);
        touched!(self, db => sqlx::query(sql).bind(id.as_str()).bind(name).bind(&folded).bind(now).execute(db).await)?;
        Ok(())
    }

    pub async fn customer(&mut self, id: &CustomerId) -> Result<CustomerRow> {
        let sql = customer_columns!("WHERE c.id = $1");
        let row = after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        row.ok_or(StoreError::Missing("customer"))
    }

    /// Customers that are not folded into another, by folded text, newest first; `after` is the last one's id.
    pub async fn customers(&mut self, query: &str, after: Option<&str>, limit: i64) -> Result<Page<CustomerRow>> {
        let sql = customer_columns!(
            "WHERE c.merged_into IS NULL AND c.folded LIKE $1 ESCAPE '\\' AND c.id < $2 ORDER BY c.id DESC LIMIT $3"
        );
        let (like, after) = (like(query), after.unwrap_or(AFTER_ALL_IDS));
        let rows: Vec<CustomerRow> =
            after!(self, db => sqlx::query_as(sql).bind(&like).bind(after).bind(limit + 1).fetch_all(db).await)?;
        Ok(Page::cut(rows, limit, |row| row.id.clone()))
    }

    /// Write name, phone, e-mail and note over the present ones.
    pub async fn change_customer(&mut self, customer: &CustomerRow, now: Millis) -> Result<()> {
        let sql = "UPDATE customers SET name = $2, phone = $3, email = $4, note = $5, folded = $6, updated_at = $7 WHERE id = $1";
        let folded = [Some(&customer.name), customer.phone.as_ref(), customer.email.as_ref()];
        let folded = fold(&folded.into_iter().flatten().cloned().collect::<Vec<_>>().join(" "));
        let rows = touched!(self, db => sqlx::query(sql)
            .bind(&customer.id).bind(&customer.name).bind(&customer.phone).bind(&customer.email)
            .bind(&customer.note).bind(&folded).bind(now)
            .execute(db).await)?;
        if rows == 0 { Err(StoreError::Missing("customer")) } else { Ok(()) }
    }

    /// Other customers one of whose identities is vouched the same number as one of this customer's.
    pub async fn customers_with_same_phone(&mut self, id: &CustomerId) -> Result<Vec<CustomerRow>> {
        let sql = customer_columns!(concat!(
            "WHERE c.merged_into IS NULL AND c.id <> $1 AND c.id IN (SELECT o.customer_id FROM identities o",
            " WHERE o.verified_phone IN (SELECT m.verified_phone FROM identities m WHERE m.customer_id = $1))",
            " ORDER BY c.id LIMIT 10"
        ));
        Ok(after!(self, db => sqlx::query_as(sql).bind(id.as_str()).fetch_all(db).await)?)
    }
}

/// A pattern that finds the folded query anywhere; `%` and `_` mean themselves.
pub(crate) fn like(query: &str) -> String {
    like_exactly(&fold(query))
}

/// The same of text that is not folded.
pub(crate) fn like_exactly(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
