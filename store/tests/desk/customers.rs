//! Customers and their identities: found, named, vouched for, searched.

use crate::kit::Engine::{self, Postgres, Sqlite};
use crate::kit::{NOW, TestDb};
use crate::shop;
use onethread_core::channel::Sender;
use onethread_core::ids::{CustomerId, IdentityId};
use onethread_store::StoreError;
use onethread_store::customers::{CustomerRow, HEARD_JUST_NOW};
use onethread_store::threads::View;
use rstest::rstest;
use sqlx::{Connection, Executor};

async fn found(db: &TestDb, query: &str) -> Vec<String> {
    let page = db.read().await.unwrap().customers(query, None, 50).await.unwrap();
    page.items.into_iter().map(|customer| customer.name).collect()
}

#[rstest]
#[tokio::test]
async fn whoever_writes_again_is_the_same_customer(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let sender = Sender { name: Some("Lan".into()), language: Some("vi".into()), ..Sender::new("42") };
    let first = db.write(async |tx| tx.recognise(&inbox, "chat", &sender, NOW).await).await.unwrap();
    let again = db.write(async |tx| tx.recognise(&inbox, "chat", &sender, NOW + 1).await).await.unwrap();

    assert!(first.new && !again.new);
    assert_eq!((&first.identity, &first.thread), (&again.identity, &again.thread));
    assert_eq!(first.identity.channel, "chat");
    assert_eq!(first.thread.channels.0, ["chat"]);
    assert_eq!(first.thread.status, "bot");
    let mut conn = db.read().await.unwrap();
    let customer = conn.customer(&first.identity.customer_id.as_str().into()).await.unwrap();
    assert_eq!((customer.name.as_str(), customer.language.as_deref()), ("Lan", Some("vi")));
    assert_eq!(conn.identity_at(&inbox, "42").await.unwrap().as_ref(), Some(&first.identity));
    assert_eq!(conn.identity_at(&inbox, "43").await.unwrap(), None);
    assert_eq!(conn.identity(&first.identity.id.as_str().into()).await.unwrap(), first.identity);
    assert_eq!(conn.identities_of(&customer.id.as_str().into()).await.unwrap(), [first.identity]);
}

#[rstest]
#[tokio::test]
async fn the_same_address_on_two_inboxes_is_two_customers(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (one, two) = (shop::inbox(&db, "chat").await, shop::inbox(&db, "chat").await);
    shop::person(&db, &one, "Lan").await;
    shop::person(&db, &two, "Lan").await;
    assert_eq!(found(&db, "").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn whom_nobody_knows_is_missing(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let mut conn = db.read().await.unwrap();
    assert!(matches!(conn.customer(&"cus_none".into()).await, Err(StoreError::Missing("customer"))));
    assert!(matches!(conn.identity(&"idn_none".into()).await, Err(StoreError::Missing("identity"))));
}

#[rstest]
#[tokio::test]
async fn the_fifth_wrong_tail_locks_the_lookups(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let wrong = async || {
        db.write(async |tx| tx.count_wrong_tail(&lan.identity, 5, NOW + 1000).await).await.unwrap();
        let identity = db.read().await.unwrap().identity(&lan.identity).await.unwrap();
        (identity.wrong_tails, identity.lookups_locked_until)
    };
    for count in 1..=4 {
        assert_eq!(wrong().await, (count, 0));
    }
    assert_eq!(wrong().await, (0, NOW + 1000), "locked, and the count starts anew");
    assert_eq!(wrong().await, (1, NOW + 1000), "one more wrong one does not lift the lock");

    db.write(async |tx| tx.forgive_wrong_tails(&lan.identity).await).await.unwrap();
    assert_eq!(wrong().await, (1, NOW + 1000));
}

#[rstest]
#[tokio::test]
async fn a_vouched_phone_fills_the_customers_empty_one_and_never_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    for phone in ["0912345678", "0987654321"] {
        db.write(async |tx| tx.verify_phone(&lan.identity, phone, NOW + 5).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.identity(&lan.identity).await.unwrap().verified_phone.as_deref(), Some("0987654321"));
    let customer = conn.customer(&lan.customer).await.unwrap();
    assert_eq!((customer.phone.as_deref(), customer.updated_at), (Some("0912345678"), NOW + 5));
    assert_eq!(found(&db, "0912345678").await, ["Lan"]);
    assert_eq!(found(&db, "2345").await, ["Lan"]);
}

#[rstest]
#[tokio::test]
async fn customers_with_one_vouched_phone_are_suggested_to_one_another(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, lan_too) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Lan Nguyễn").await);
    let other = shop::person(&db, &inbox, "Minh").await;
    for (who, phone) in [(&lan, "0912345678"), (&lan_too, "0912345678"), (&other, "0900000000")] {
        db.write(async |tx| tx.verify_phone(&who.identity, phone, NOW).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let same: Vec<String> = conn.customers_with_same_phone(&lan.customer).await.unwrap().into_iter().map(|c| c.id).collect();
    assert_eq!(same, [lan_too.customer.0]);
    assert!(conn.customers_with_same_phone(&other.customer).await.unwrap().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_customer_who_writes_again_is_no_longer_blocked(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let now = async || {
        let identity = db.read().await.unwrap().identity(&lan.identity).await.unwrap();
        (identity.blocked_at, identity.last_interaction_at)
    };
    assert_eq!(now().await, (None, None));
    db.write(async |tx| tx.heard_from(&lan.identity, NOW + 9).await).await.unwrap();
    db.write(async |tx| tx.set_blocked(&lan.identity, Some(NOW + 10)).await).await.unwrap();
    assert_eq!(now().await, (Some(NOW + 10), Some(NOW + 9)));
    db.write(async |tx| tx.heard_from(&lan.identity, NOW + 3).await).await.unwrap();
    assert_eq!(now().await, (None, Some(NOW + 9)), "an older event does not shorten the window");
    db.write(async |tx| tx.set_blocked(&lan.identity, Some(NOW)).await).await.unwrap();
    db.write(async |tx| tx.set_blocked(&lan.identity, None).await).await.unwrap();
    assert_eq!(now().await.0, None);
    let heard = async |at| db.write(async |tx| tx.heard_from(&lan.identity, at).await).await.unwrap();
    heard(NOW + 9 + HEARD_JUST_NOW).await;
    assert_eq!(now().await.1, Some(NOW + 9), "heard just now");
    heard(NOW + 10 + HEARD_JUST_NOW).await;
    assert_eq!(now().await.1, Some(NOW + 10 + HEARD_JUST_NOW));
}

#[rstest]
#[tokio::test]
async fn a_platforms_name_is_taken_only_by_a_customer_without_one(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let who = db.write(async |tx| tx.recognise(&inbox, "chat", &Sender::new("42"), NOW).await).await.unwrap();
    let (identity, customer): (IdentityId, CustomerId) = (who.identity.id.into(), who.identity.customer_id.into());
    for name in ["Đặng Lan", "Lan xinh"] {
        db.write(async |tx| tx.name_identity(&identity, name, NOW).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.customer(&customer).await.unwrap().name, "Đặng Lan");
    assert_eq!(conn.identity(&identity).await.unwrap().name.as_deref(), Some("Lan xinh"));
    assert_eq!(found(&db, "dang").await, ["Đặng Lan"]);
}

#[rstest]
#[tokio::test]
async fn customers_are_found_without_marks_and_by_what_was_written_over(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = shop::only_person(&db).await;
    let present = db.read().await.unwrap().customer(&lan.customer).await.unwrap();
    let changed = CustomerRow {
        name: "Đỗ Thị Hường".into(),
        phone: Some("0911222333".into()),
        email: Some("Huong@Example.com".into()),
        note: "thích màu đỏ".into(),
        ..present
    };
    db.write(async |tx| tx.change_customer(&changed, NOW + 7).await).await.unwrap();

    let stored = db.read().await.unwrap().customer(&lan.customer).await.unwrap();
    assert_eq!(stored, CustomerRow { updated_at: NOW + 7, ..changed.clone() });
    for query in ["do thi", "ĐỖ", "huong", "hường", "1222", "example.COM", "  thị   hường "] {
        assert_eq!(found(&db, query).await, ["Đỗ Thị Hường"], "{query}");
    }
    for query in ["Lan", "màu", "huongx"] {
        assert!(found(&db, query).await.is_empty(), "{query}");
    }
    let nobody = CustomerRow { id: "cus_none".into(), ..changed };
    let refused = db.write(async |tx| tx.change_customer(&nobody, NOW).await).await;
    assert!(matches!(refused, Err(StoreError::Missing("customer"))));
}

#[rstest]
#[tokio::test]
async fn wildcards_in_a_search_mean_themselves(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    for name in ["giảm 50% ngay", "snake_case", "back\\slash", "plain"] {
        shop::person(&db, &inbox, name).await;
    }
    assert_eq!(found(&db, "%").await, ["giảm 50% ngay"]);
    assert_eq!(found(&db, "_").await, ["snake_case"]);
    assert_eq!(found(&db, "\\").await, ["back\\slash"]);
    assert_eq!(found(&db, "p%n").await, Vec::<String>::new());
    assert_eq!(found(&db, "' OR 1=1 --").await, Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn pages_of_customers_show_everyone_once(#[values(Sqlite, Postgres)] engine: Engine, #[values(1, 3, 7, 8)] limit: i64) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    for n in 0..7 {
        shop::person(&db, &inbox, &format!("Khách {n}")).await;
    }
    let mut conn = db.read().await.unwrap();
    let pages = shop::walk(async |after| conn.customers("khach", after.as_deref(), limit).await.unwrap()).await;
    let ids: Vec<String> = pages.iter().flatten().map(|customer| customer.id.clone()).collect();
    let mut expected = ids.clone();
    expected.sort_by(|a, b| b.cmp(a));
    expected.dedup();
    assert_eq!((ids.len(), &ids), (7, &expected));
    assert!(pages.iter().all(|page| !page.is_empty()));
}

#[tokio::test]
async fn customers_are_listed_where_the_database_sorts_signs_before_letters() {
    let db = TestDb::open(Postgres).await;
    shop::only_person(&db).await;
    let mut raw = sqlx::PgConnection::connect(&db.url()).await.unwrap();
    raw.execute(r#"ALTER TABLE customers ALTER COLUMN id TYPE TEXT COLLATE "en-US-x-icu""#).await.unwrap();
    assert_eq!(found(&db, "").await, ["Lan"]);
}

#[rstest]
#[tokio::test]
async fn a_thread_shows_the_first_picture_that_a_platform_gave(#[values(Sqlite, Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let inbox = shop::inbox(&db, "chat").await;
    let (lan, minh) = (shop::person(&db, &inbox, "Lan").await, shop::person(&db, &inbox, "Minh").await);
    let shown = async |who: &shop::Person| db.read().await.unwrap().thread(&who.thread).await.unwrap().avatar;
    assert_eq!(shown(&lan).await, None);
    for file in ["fil_1", "fil_2"] {
        db.write(async |tx| tx.set_avatar(&lan.identity, &file.into()).await).await.unwrap();
        assert_eq!(shown(&lan).await.as_deref(), Some(file));
    }
    assert_eq!(shown(&minh).await, None);
    let listed = db.read().await.unwrap().threads(View::All, "", None, None, 9).await.unwrap().items;
    let pictures: Vec<_> = listed.into_iter().map(|row| (row.customer_name, row.avatar)).collect();
    assert!(
        pictures.contains(&("Lan".into(), Some("fil_2".into()))) && pictures.contains(&("Minh".into(), None)),
        "{pictures:?}"
    );
}
