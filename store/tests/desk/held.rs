//! What is held changes nothing but the number of statements: any history of
//! events shows and leaves the same rows, whether people are held or not.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::Sender;
use onethread_core::ids::{AgentId, IdentityId, InboxId, MessageId, ThreadId};
use onethread_core::message::{Author, Content, Status};
use onethread_core::thread::{Lease, Speaker};
use onethread_store::agents::AgentChange;
use onethread_store::customers::{CustomerRow, IdentityRow};
use onethread_store::inboxes::InboxRow;
use onethread_store::messages::NewMessage;
use onethread_store::receipts::Receipt;
use onethread_store::threads::{ThreadRow, Unread};
use onethread_store::{Db, Tx, Writer};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

const PEOPLE: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Says(usize),
    BotSays(usize),
    Waits(usize),
    WrongTail(usize),
    Understood(usize),
    /// Statements that see what is held.
    Read(usize),
    LooksBack(usize),
    /// Statements that may change it.
    Blocks(usize),
    Named(usize),
    Seen(usize),
    Taken(usize),
    /// Names that stand with people and threads.
    CustomerNamed(usize),
    AgentNamed,
    InboxNamed,
    /// The transaction ends and the next begins.
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<(Step, i64)>> {
    let who = || 0..PEOPLE;
    let step = prop_oneof![
        6 => who().prop_map(Step::Says),
        4 => who().prop_map(Step::BotSays),
        2 => who().prop_map(Step::Waits),
        2 => who().prop_map(Step::WrongTail),
        2 => who().prop_map(Step::Understood),
        2 => who().prop_map(Step::Read),
        1 => who().prop_map(Step::LooksBack),
        1 => who().prop_map(Step::Blocks),
        1 => who().prop_map(Step::Named),
        1 => who().prop_map(Step::Seen),
        1 => who().prop_map(Step::Taken),
        1 => who().prop_map(Step::CustomerNamed),
        1 => Just(Step::AgentNamed),
        1 => Just(Step::InboxNamed),
        2 => Just(Step::Commit),
    ];
    proptest::collection::vec((step, -1_i64..3), 1..40)
}

/// One shop, and how far its story is told.
struct Story {
    db: TestDb,
    inbox: InboxId,
    agent: AgentId,
    holds: bool,
    told: i64,
    /// What each step found.
    found: Vec<String>,
}

impl Story {
    async fn begin(engine: Engine, holds: bool) -> Self {
        let db = TestDb::open(engine).await;
        let inbox = InboxId::from("inb_1");
        let row = shop::inbox_row(inbox.as_str(), "chat");
        db.write(async |tx| tx.add_inbox(&row).await).await.unwrap();
        let agent = shop::agent(&db, "mai").await;
        Self { db, inbox, agent, holds, told: 0, found: Vec::new() }
    }

    fn sender(who: usize) -> Sender {
        Sender { name: Some(format!("person {who}")), ..Sender::new(format!("address {who}")) }
    }

    async fn open(&self) -> Tx {
        let mut tx = self.db.begin().await.unwrap();
        if self.holds {
            self.hold(&mut tx).await;
        }
        tx
    }

    async fn hold(&self, tx: &mut Tx) {
        let senders: Vec<Sender> = (0..PEOPLE).map(Self::sender).collect();
        let writers: Vec<Writer<'_>> =
            senders.iter().map(|sender| Writer { inbox: &self.inbox, channel: "chat", sender }).collect();
        tx.hold(&writers, NOW).await.unwrap();
        assert!(tx.holds_any());
    }

    async fn tell(&mut self, steps: &[(Step, i64)]) {
        let mut tx = self.open().await;
        let mut at = NOW;
        for (step, later) in steps {
            at += later;
            if matches!(step, Step::Commit) {
                tx.commit(at).await.unwrap();
                tx = self.open().await;
                continue;
            }
            if self.holds && !tx.holds_any() {
                self.hold(&mut tx).await;
            }
            self.step(&mut tx, step, at).await;
        }
        tx.commit(at).await.unwrap();
    }

    async fn step(&mut self, tx: &mut Tx, step: &Step, at: i64) {
        let (Step::Says(who)
        | Step::BotSays(who)
        | Step::Waits(who)
        | Step::WrongTail(who)
        | Step::Understood(who)
        | Step::Read(who)
        | Step::LooksBack(who)
        | Step::Blocks(who)
        | Step::Named(who)
        | Step::Seen(who)
        | Step::Taken(who)
        | Step::CustomerNamed(who)) = *step
        else {
            return self.step_of_the_shop(tx, step, at).await;
        };
        let known = tx.recognise(&self.inbox, "chat", &Self::sender(who), NOW).await.unwrap();
        self.found.push(shown(known.identity.clone(), known.thread.clone()));
        let (identity, thread): (IdentityId, ThreadId) = (known.identity.id.into(), known.thread.id.into());
        self.told += 1;
        // The same id in both stories.
        let id = MessageId(format!("msg_{:03}", self.told));
        let platform_id = format!("p{}", self.told / 2);
        match step {
            Step::Says(_) => {
                let message = message(id, &identity, Author::Customer);
                tx.heard_from(&identity, at).await.unwrap();
                tx.append(&thread, &message, at).await.unwrap();
                tx.link_platform_id(&identity, &platform_id, &message.id).await.unwrap();
                tx.note_identity(&thread, &identity).await.unwrap();
            }
            Step::BotSays(_) => {
                let context = Unread::new(&json!({ "turn": self.told }));
                tx.set_bot_context(&thread, context, (self.told % 2 == 0).then_some("vi")).await.unwrap();
                let message = NewMessage { status: Status::Sent, ..message(id, &identity, Author::Bot) };
                tx.append(&thread, &message, at).await.unwrap();
                tx.link_platform_id(&identity, &platform_id, &message.id).await.unwrap();
            }
            Step::Waits(_) => {
                let number = tx.thread(&thread).await.unwrap().lease_number + 1;
                let lease = Lease { speaker: Speaker::Queue, number, waiting_since: Some(at) };
                tx.set_lease(&thread, &lease, Some("asked")).await.unwrap();
            }
            Step::WrongTail(_) => tx.count_wrong_tail(&identity, 3, at + 5).await.unwrap(),
            Step::Understood(_) => {
                if let Some(said) = tx.message_by_platform_id(&identity, &platform_id).await.unwrap() {
                    tx.set_intent(&said, json!({ "name": "greeting" })).await.unwrap();
                }
            }
            Step::Read(_) => {
                let receipt = Receipt { identity: &identity, platform_id: &platform_id, to: Status::Read };
                let moved = tx.raise_statuses(&[receipt]).await.unwrap();
                self.found.push(format!("{:?}", moved.iter().map(|moved| &moved.message).collect::<Vec<_>>()));
            }
            Step::LooksBack(_) => {
                let messages = tx.messages_after(&thread, 0, 1000).await.unwrap();
                self.found.push(format!("{:?}", messages.iter().map(|row| (&row.id, row.seq, &row.status)).collect::<Vec<_>>()));
            }
            Step::Blocks(_) => tx.set_blocked(&identity, Some(at)).await.unwrap(),
            Step::Named(_) => tx.name_identity(&identity, &format!("name {at}"), at).await.unwrap(),
            Step::Seen(_) => {
                let seq = tx.thread(&thread).await.unwrap().last_seq;
                tx.mark_seen(&thread, seq).await.unwrap();
            }
            Step::Taken(_) => {
                let number = tx.thread(&thread).await.unwrap().lease_number + 1;
                let lease = Lease { speaker: Speaker::Agent { id: self.agent.clone() }, number, waiting_since: None };
                tx.set_lease(&thread, &lease, None).await.unwrap();
            }
            Step::CustomerNamed(_) => {
                let row = tx.customer(&known.thread.customer_id.into()).await.unwrap();
                tx.change_customer(&CustomerRow { name: format!("chị {at}"), ..row }, at).await.unwrap();
            }
            Step::AgentNamed | Step::InboxNamed | Step::Commit => {}
        }
    }

    async fn step_of_the_shop(&self, tx: &mut Tx, step: &Step, at: i64) {
        match step {
            Step::AgentNamed => {
                let change = AgentChange { name: Some(format!("mai {at}")), ..AgentChange::default() };
                tx.change_agent(&self.agent, &change, at).await.unwrap();
            }
            Step::InboxNamed => {
                let row = tx.inbox(&self.inbox).await.unwrap();
                tx.change_inbox(&InboxRow { name: format!("chat {at}"), ..row }, at).await.unwrap();
            }
            _ => {}
        }
    }

    /// All that there is, without the ids that are made afresh.
    async fn rows(&self) -> Vec<String> {
        let mut conn = self.db.read().await.unwrap();
        let mut rows = Vec::new();
        for who in 0..PEOPLE {
            let Some(identity) = conn.identity_at(&self.inbox, &format!("address {who}")).await.unwrap() else {
                continue;
            };
            let thread = conn.thread_of(&identity.customer_id.as_str().into()).await.unwrap();
            if thread.last_seq == 0 && identity.last_interaction_at.is_none() && thread.lease_number == 1 {
                continue;
            }
            for message in conn.messages_after(&thread.id.as_str().into(), 0, 1000).await.unwrap() {
                let ours =
                    (message.id, message.seq, message.born_seq, message.status, message.created_at, message.content.0.text);
                rows.push(format!("{ours:?} {:?} {:?} {:?}", message.author.0, message.intent, message.identity_id.is_some()));
            }
            rows.push(shown(identity, thread));
        }
        rows
    }
}

/// Both, without the ids that are made afresh.
fn shown(mut identity: IdentityRow, mut thread: ThreadRow) -> String {
    thread.last_identity_id = thread.last_identity_id.map(|_| String::new());
    thread.assignee_id = thread.assignee_id.map(|_| String::new());
    (identity.id, identity.customer_id) = Default::default();
    (thread.id, thread.customer_id) = Default::default();
    // PostgreSQL writes JSON in its own way.
    let context: serde_json::Value = serde_json::from_str(thread.bot_context.text()).unwrap();
    thread.bot_context.0 = Unread::new(&context);
    format!("{identity:?} {thread:?}")
}

/// Statements of every shape carry them: people are made and answered, looked up, and written again.
#[rstest]
#[tokio::test]
async fn any_number_of_people_is_held(#[values(Sqlite, Postgres)] engine: Engine, #[values(1, 5, 33, 130)] count: usize) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let senders: Vec<Sender> = (0..count).map(|who| Sender::new(format!("address {who}"))).collect();
    let writers: Vec<Writer<'_>> = senders.iter().map(|sender| Writer { inbox: &inbox, channel: "chat", sender }).collect();
    // Once they are new, once they are known.
    for round in 0..2_i64 {
        let mut tx = db.begin().await.unwrap();
        tx.hold(&writers, NOW).await.unwrap();
        for (who, sender) in senders.iter().enumerate() {
            let known = tx.recognise(&inbox, "chat", sender, NOW).await.unwrap();
            assert_eq!(known.new, round == 0);
            let (identity, thread): (IdentityId, ThreadId) = (known.identity.id.into(), known.thread.id.into());
            let said = message(MessageId(format!("msg_{round}_{who}")), &identity, Author::Customer);
            assert_eq!(tx.append(&thread, &said, NOW).await.unwrap(), round + 1);
            tx.link_platform_id(&identity, &format!("p{round}"), &said.id).await.unwrap();
        }
        tx.commit(NOW).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    for sender in &senders {
        let identity = conn.identity_at(&inbox, sender.user.as_str()).await.unwrap().expect("they are known");
        let thread = conn.thread_of(&identity.customer_id.as_str().into()).await.unwrap();
        assert_eq!(thread.last_seq, 2);
        assert!(conn.message_by_platform_id(&identity.id.as_str().into(), "p1").await.unwrap().is_some());
    }
}

/// Whatever lets go of everybody in between: that somebody is new is known until they are recognised, once.
#[rstest]
#[tokio::test]
async fn whoever_is_new_is_new_though_all_were_let_go(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values(true, false)] again: bool,
) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let senders = ["lan", "minh"].map(Sender::new);
    let writers: Vec<Writer<'_>> = senders.iter().map(|sender| Writer { inbox: &inbox, channel: "chat", sender }).collect();
    let mut tx = db.begin().await.unwrap();
    tx.hold(&writers, NOW).await.unwrap();
    let lan = tx.recognise(&inbox, "chat", &senders[0], NOW).await.unwrap();
    tx.set_blocked(&lan.identity.id.as_str().into(), Some(NOW)).await.unwrap();
    assert!(lan.new && !tx.holds_any());
    if again {
        tx.hold(&writers, NOW).await.unwrap();
    }
    assert!(tx.recognise(&inbox, "chat", &senders[1], NOW).await.unwrap().new);
    for sender in &senders {
        assert!(!tx.recognise(&inbox, "chat", sender, NOW).await.unwrap().new, "once");
    }
    tx.commit(NOW).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn only_the_thread_of_somebody_held_is_at_hand(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let row = db.read().await.unwrap().identity(&lan.identity).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert!(tx.thread_at_hand(&lan.inbox, &row.address).is_none(), "nobody is held");
    let sender = Sender::new(row.address.clone());
    tx.hold(&[Writer { inbox: &lan.inbox, channel: "chat", sender: &sender }], NOW).await.unwrap();
    assert_eq!(tx.thread_at_hand(&lan.inbox, &row.address).map(|thread| thread.id.clone()), Some(lan.thread.0.clone()));
    assert!(tx.thread_at_hand(&lan.inbox, "somebody else").is_none());
}

fn message(id: MessageId, identity: &IdentityId, author: Author) -> NewMessage {
    let content = Content::text(format!("text of {id}"));
    let message = NewMessage::new(id, author, content, Status::Received);
    NewMessage { identity: Some(identity.clone()), channel: Some("chat".into()), ..message }
}

async fn same_either_way(engine: Engine, steps: &[(Step, i64)]) {
    let (mut plain, mut held) = (Story::begin(engine, false).await, Story::begin(engine, true).await);
    plain.tell(steps).await;
    held.tell(steps).await;
    assert_eq!(held.found, plain.found);
    assert_eq!(held.rows().await, plain.rows().await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_the_same_held_or_not_on_sqlite(steps in steps()) {
        run(same_either_way(Sqlite, &steps));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn any_history_is_the_same_held_or_not_on_postgres(steps in steps()) {
        run(same_either_way(Postgres, &steps));
    }
}

fn run(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(story);
}

/// Hold everybody, recognise each; answers how many were new.
async fn hold_and_recognise(db: &Db, inbox: &InboxId) -> onethread_store::Result<usize> {
    let senders: Vec<Sender> = (0..PEOPLE).map(Story::sender).collect();
    let writers: Vec<Writer<'_>> = senders.iter().map(|sender| Writer { inbox, channel: "chat", sender }).collect();
    let mut tx = db.begin().await?;
    tx.hold(&writers, NOW).await?;
    let mut new = 0;
    for sender in &senders {
        new += usize::from(tx.recognise(inbox, "chat", sender, NOW).await?.new);
    }
    tx.commit(NOW).await?;
    Ok(new)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_hold_the_same_strangers_make_each_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let story = Story::begin(engine, true).await;
    let mut holders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, inbox) = (Db::clone(&story.db), story.inbox.clone());
        holders.spawn(async move {
            loop {
                // So many who lock so much may wait for each other in a circle: the database breaks it, and
                // whoever was chosen begins again, as the reader does.
                match hold_and_recognise(&db, &inbox).await {
                    Err(error) if error.is_passing() => {}
                    done => return done.unwrap(),
                }
            }
        });
    }
    assert_eq!(holders.join_all().await.into_iter().sum::<usize>(), PEOPLE, "each is new once");
    let customers = story.db.read().await.unwrap().customers("", None, 100).await.unwrap().items;
    assert_eq!(customers.len(), PEOPLE);
}

#[rstest]
#[tokio::test]
async fn what_is_held_is_lost_with_its_transaction(#[values(Sqlite, Postgres)] engine: Engine) {
    let mut story = Story::begin(engine, true).await;
    story.tell(&[(Step::Says(0), 0)]).await;
    let before = story.rows().await;
    let mut tx = story.open().await;
    story.step(&mut tx, &Step::Says(0), NOW + 9).await;
    drop(tx);
    assert_eq!(story.rows().await, before);
}
