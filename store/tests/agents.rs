//! Agents, sessions, tokens and setup links, on both engines.

mod kit;

use kit::{Engine, NOW, TestDb};
use onethread_core::ids::{AgentId, TokenId};
use onethread_store::agents::{AgentChange, AgentRow, TokenRow};
use onethread_store::{StoreError, Tx};
use rstest::rstest;

fn agent(id: &str, role: &str) -> AgentRow {
    AgentRow {
        id: id.to_owned(),
        email: format!("{id}@shop.vn"),
        name: id.to_owned(),
        role: role.to_owned(),
        language: "vi".to_owned(),
        availability: "online".to_owned(),
        disabled: false,
        open_threads: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn hire(tx: &mut Tx, id: &str, role: &str) -> AgentId {
    tx.add_agent(&agent(id, role), "hash").await.expect("the e-mail address is free");
    id.into()
}

#[rstest]
#[tokio::test]
async fn an_agent_is_read_back_as_written(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    db.write(async |tx| Ok(hire(tx, "agt_lan", "admin").await)).await.unwrap();

    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.agent(&"agt_lan".into()).await.unwrap(), agent("agt_lan", "admin"));
    assert!(matches!(conn.agent(&"agt_nobody".into()).await, Err(StoreError::Missing("agent"))));
    assert!(conn.has_admin().await.unwrap());
}

#[rstest]
#[tokio::test]
async fn an_e_mail_address_is_taken_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    db.write(async |tx| Ok(hire(tx, "agt_lan", "agent").await)).await.unwrap();

    let twin = AgentRow { id: "agt_twin".to_owned(), ..agent("agt_lan", "agent") };
    let again = db.write(async |tx| tx.add_agent(&twin, "hash").await).await;
    assert!(matches!(again, Err(StoreError::Taken(_))), "{again:?}");
}

#[rstest]
#[tokio::test]
async fn agents_are_listed_page_by_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for id in ["agt_a", "agt_b", "agt_c"] {
        db.write(async |tx| Ok(hire(tx, id, "agent").await)).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let first = conn.agents(None, 2).await.unwrap();
    let rest = conn.agents(first.next.as_deref(), 2).await.unwrap();
    let ids: Vec<_> = first.items.iter().chain(&rest.items).map(|row| row.id.as_str()).collect();
    assert_eq!((ids, rest.next), (vec!["agt_a", "agt_b", "agt_c"], None));
}

#[rstest]
#[tokio::test]
async fn a_change_writes_only_what_it_names(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = db.write(async |tx| Ok(hire(tx, "agt_lan", "agent").await)).await.unwrap();
    let change = AgentChange { availability: Some("away".into()), password_hash: Some("new".into()), ..AgentChange::default() };
    let row = db.write(async |tx| tx.change_agent(&id, &change, NOW + 1).await).await.unwrap();
    assert_eq!(row, AgentRow { availability: "away".into(), updated_at: NOW + 1, ..agent("agt_lan", "agent") });
    assert_eq!(db.read().await.unwrap().credentials("agt_lan@shop.vn").await.unwrap(), Some((id, "new".to_owned())));

    let nobody = db.write(async |tx| tx.change_agent(&"agt_nobody".into(), &change, NOW).await).await;
    assert!(matches!(nobody, Err(StoreError::Missing("agent"))), "{nobody:?}");
}

#[rstest]
#[tokio::test]
async fn the_last_admin_can_neither_go_nor_step_down(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = db.write(async |tx| Ok(hire(tx, "agt_lan", "admin").await)).await.unwrap();
    db.write(async |tx| Ok(hire(tx, "agt_minh", "agent").await)).await.unwrap();
    let demote = AgentChange { role: Some("agent".into()), ..AgentChange::default() };
    let disable = AgentChange { disabled: Some(true), ..AgentChange::default() };
    for change in [&demote, &disable] {
        let refused = db.write(async |tx| tx.change_agent(&id, change, NOW).await).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    }
    db.write(async |tx| Ok(hire(tx, "agt_nga", "admin").await)).await.unwrap();
    assert_eq!(db.write(async |tx| tx.change_agent(&id, &demote, NOW).await).await.unwrap().role, "agent");
}

#[rstest]
#[tokio::test]
async fn two_admins_who_demote_each_other_leave_one(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for id in ["agt_lan", "agt_nga"] {
        db.write(async |tx| Ok(hire(tx, id, "admin").await)).await.unwrap();
    }
    let demote = AgentChange { role: Some("agent".into()), ..AgentChange::default() };
    let (lan, nga): (AgentId, AgentId) = ("agt_lan".into(), "agt_nga".into());
    let (one, other) = tokio::join!(
        db.write(async |tx| tx.change_agent(&lan, &demote, NOW).await),
        db.write(async |tx| tx.change_agent(&nga, &demote, NOW).await),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert!(db.read().await.unwrap().has_admin().await.unwrap());
}

#[rstest]
#[tokio::test]
async fn a_session_lasts_until_it_is_over_closed_or_its_agent_disabled(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::open(engine).await;
    let id = db.write(async |tx| Ok(hire(tx, "agt_lan", "agent").await)).await.unwrap();
    for digest in ["one", "two", "three"] {
        db.write(async |tx| tx.open_session(digest, &id, NOW, NOW + 10).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let (row, expires_at) = conn.session("one", NOW).await.unwrap().unwrap();
    assert_eq!((row.id.as_str(), expires_at), ("agt_lan", NOW + 10));
    assert_eq!(conn.session("one", NOW + 10).await.unwrap(), None);

    db.write(async |tx| tx.extend_session("one", NOW + 20).await).await.unwrap();
    assert!(conn.session("one", NOW + 10).await.unwrap().is_some());
    db.write(async |tx| tx.close_session("two").await).await.unwrap();
    assert_eq!(conn.session("two", NOW).await.unwrap(), None);
    assert_eq!(db.write(async |tx| tx.close_sessions(&id, Some("one")).await).await.unwrap(), 1);
    assert!(conn.session("one", NOW).await.unwrap().is_some());

    let disable = AgentChange { disabled: Some(true), ..AgentChange::default() };
    db.write(async |tx| tx.change_agent(&id, &disable, NOW).await).await.unwrap();
    assert_eq!(conn.session("one", NOW).await.unwrap(), None);
    assert_eq!(conn.credentials("agt_lan@shop.vn").await.unwrap(), None);
}

#[rstest]
#[tokio::test]
async fn pruning_forgets_what_is_over_and_nothing_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let id = db.write(async |tx| Ok(hire(tx, "agt_lan", "agent").await)).await.unwrap();
    db.write(async |tx| tx.open_session("over", &id, NOW, NOW + 1).await).await.unwrap();
    db.write(async |tx| tx.open_session("open", &id, NOW, NOW + 9).await).await.unwrap();
    assert_eq!(db.write(async |tx| tx.prune_sessions(NOW + 1).await).await.unwrap(), 1);
    assert!(db.read().await.unwrap().session("open", NOW).await.unwrap().is_some());
}

#[rstest]
#[tokio::test]
async fn a_token_is_found_by_its_digest_until_it_is_removed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let row = TokenRow { id: "tok_a".into(), name: "import".into(), role: "agent".into(), created_at: NOW, last_used_at: None };
    let id: TokenId = "tok_a".into();
    db.write(async |tx| tx.add_token(&row, "digest").await).await.unwrap();
    db.write(async |tx| tx.note_token_use(&id, NOW + 5).await).await.unwrap();
    let used = TokenRow { last_used_at: Some(NOW + 5), ..row };
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.token("digest").await.unwrap().as_ref(), Some(&used));
    assert_eq!(conn.tokens(None, 10).await.unwrap().items, [used]);

    db.write(async |tx| tx.remove_token(&id).await).await.unwrap();
    assert_eq!(conn.token("digest").await.unwrap(), None);
    assert!(matches!(db.write(async |tx| tx.remove_token(&id).await).await, Err(StoreError::Missing("token"))));
}

#[rstest]
#[tokio::test]
async fn a_setup_link_is_spent_once_and_only_the_newest_is_open(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    for digest in ["old", "new"] {
        db.write(async |tx| tx.open_setup_link(digest, NOW + 10).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert!(!conn.setup_link_is_open("old", NOW).await.unwrap());
    assert!(conn.setup_link_is_open("new", NOW).await.unwrap() && !conn.setup_link_is_open("new", NOW + 10).await.unwrap());
    assert!(!db.write(async |tx| tx.spend_setup_link("new", NOW + 10).await).await.unwrap());
    assert!(db.write(async |tx| tx.spend_setup_link("new", NOW).await).await.unwrap());
    assert!(!db.write(async |tx| tx.spend_setup_link("new", NOW).await).await.unwrap());
}
