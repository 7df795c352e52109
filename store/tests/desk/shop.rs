//! A small shop to test with: inboxes, people who write, and what they say.

use crate::kit::{NOW, TestDb};
use onethread_core::Millis;
use onethread_core::channel::Sender;
use onethread_core::ids::{AgentId, CustomerId, IdentityId, InboxId, MessageId, ParcelId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::parts::Part;
use onethread_core::secret::Settings;
use onethread_store::agents::AgentRow;
use onethread_store::inboxes::{HealthRow, InboxRow};
use onethread_store::messages::{MessageRow, NewMessage};
use onethread_store::outbox::NewParcel;
use onethread_store::{Db, Json, Page, Tx};

/// Someone who writes, as the store first knew them.
#[derive(Debug, Clone)]
pub struct Person {
    pub inbox: InboxId,
    pub channel: String,
    pub identity: IdentityId,
    pub customer: CustomerId,
    /// Their own thread; while they are folded into another customer, what they say goes there instead.
    pub thread: ThreadId,
}

pub fn inbox_row(id: &str, channel: &str) -> InboxRow {
    InboxRow {
        id: id.into(),
        channel: channel.into(),
        name: format!("the shop's {channel}"),
        account: None,
        app: None,
        settings: Json(Settings::default()),
        sealed: "sealed".into(),
        state: "active".into(),
        pause_reason: None,
        health: Json(HealthRow::default()),
        last_heard_at: None,
        usual_gap: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub async fn inbox(db: &TestDb, channel: &str) -> InboxId {
    let row = inbox_row(InboxId::fresh(NOW).as_str(), channel);
    db.write(async |tx| tx.add_inbox(&row).await).await.unwrap();
    row.id.into()
}

pub async fn agent(db: &TestDb, name: &str) -> AgentId {
    let row = AgentRow {
        id: AgentId::fresh(NOW).0,
        email: format!("{name}@shop.example"),
        name: name.into(),
        role: "agent".into(),
        language: "vi".into(),
        availability: "online".into(),
        disabled: false,
        open_threads: 0,
        created_at: NOW,
        updated_at: NOW,
    };
    db.write(async |tx| tx.add_agent(&row, "hash").await).await.unwrap();
    row.id.into()
}

pub async fn person(db: &TestDb, inbox: &InboxId, name: &str) -> Person {
    let sender = Sender { name: Some(name.into()), ..Sender::new(format!("address of {name}")) };
    let channel = db.read().await.unwrap().inbox(inbox).await.unwrap().channel;
    let who = db.write(async |tx| tx.recognise(inbox, &channel, &sender, NOW).await).await.unwrap();
    assert!(who.new, "{name} is new here");
    Person {
        inbox: inbox.clone(),
        channel,
        identity: who.identity.id.into(),
        customer: who.identity.customer_id.into(),
        thread: who.thread.id.into(),
    }
}

/// `person`, of a shop that has nobody else.
pub async fn only_person(db: &TestDb) -> Person {
    let inbox = inbox(db, "chat").await;
    person(db, &inbox, "Lan").await
}

pub fn said(by: &Person, text: &str, at: Millis) -> NewMessage {
    NewMessage {
        identity: Some(by.identity.clone()),
        channel: Some(by.channel.clone()),
        ..NewMessage::new(MessageId::fresh(at), Author::Customer, Content::text(text), Status::Received)
    }
}

pub fn answered(to: &Person, text: &str, at: Millis) -> NewMessage {
    let author = Author::Agent { id: Some("agt_mai".into()), name: Some("Mai".into()) };
    NewMessage { author, status: Status::Queued, ..said(to, text, at) }
}

pub fn noted(text: &str, at: Millis) -> NewMessage {
    let author = Author::Agent { id: Some("agt_mai".into()), name: Some("Mai".into()) };
    NewMessage { note: true, ..NewMessage::new(MessageId::fresh(at), author, Content::text(text), Status::Sent) }
}

impl Person {
    /// In their own thread, or in that of whoever they were folded into.
    pub async fn says(&self, db: &TestDb, text: &str, at: Millis) -> MessageId {
        let message = said(self, text, at);
        db.write(async |tx| {
            let owner = tx.identity(&self.identity).await?.customer_id;
            let thread: ThreadId = tx.thread_of(&owner.as_str().into()).await?.id.into();
            tx.append(&thread, &message, at).await?;
            tx.note_identity(&thread, &self.identity).await
        })
        .await
        .unwrap();
        message.id
    }

    /// An answer of one parcel, queued.
    pub async fn is_answered(&self, db: &TestDb, text: &str, at: Millis) -> (MessageId, ParcelId) {
        let message = answered(self, text, at);
        let parcel = parcel(self, &message.id, text);
        db.write(async |tx| queue(tx, &self.thread, &message, std::slice::from_ref(&parcel), at).await).await.unwrap();
        (message.id, parcel.id)
    }
}

pub async fn queue(
    tx: &mut Tx,
    thread: &ThreadId,
    message: &NewMessage,
    parcels: &[NewParcel],
    at: Millis,
) -> onethread_store::Result<()> {
    tx.append(thread, message, at).await?;
    tx.queue_parcels(parcels.to_vec(), at);
    Ok(())
}

pub fn parcel(to: &Person, message: &MessageId, text: &str) -> NewParcel {
    NewParcel {
        id: ParcelId::fresh(NOW),
        message: message.clone(),
        identity: to.identity.clone(),
        inbox: to.inbox.clone(),
        part: Part::Text { text: text.into(), buttons: Vec::new(), ask_phone: None },
        reply_to: None,
        voice: "person",
        lease_number: 0,
    }
}

/// Everything in the thread, oldest first.
pub async fn messages(db: &Db, thread: &ThreadId) -> Vec<MessageRow> {
    db.read().await.unwrap().messages_after(thread, 0, 10_000).await.unwrap()
}

pub async fn texts(db: &Db, thread: &ThreadId) -> Vec<String> {
    messages(db, thread).await.into_iter().map(|message| message.content.0.text).collect()
}

/// The numbers of the thread's messages: 1, 2, 3 … where all is well.
pub async fn seqs(db: &Db, thread: &ThreadId) -> Vec<i64> {
    messages(db, thread).await.into_iter().map(|message| message.seq).collect()
}

/// Walk a list to its end by its cursors; answers each page's rows.
pub async fn walk<T>(mut page: impl AsyncFnMut(Option<String>) -> Page<T>) -> Vec<Vec<T>> {
    let (mut pages, mut cursor) = (Vec::new(), None);
    loop {
        let Page { items, next } = page(cursor).await;
        pages.push(items);
        assert!(pages.len() < 100, "a list ends");
        match next {
            Some(next) => cursor = Some(next),
            None => return pages,
        }
    }
}
