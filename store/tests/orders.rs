//! Orders, on both engines.

mod kit;

use kit::{Engine, NOW, TestDb};
use onethread_core::order::{Journey, Order, OrderItem};
use onethread_store::StoreError;
use onethread_store::orders::OrderFilter;
use rstest::rstest;

fn order(code: &str, status: Journey, updated_at: i64) -> Order {
    Order {
        code: code.to_owned(),
        status,
        phone: Some("0912345678".to_owned()),
        customer_name: Some("Đặng Thị Lan".to_owned()),
        carrier: Some("GHN".to_owned()),
        tracking_code: Some("GA_7%".to_owned()),
        tracking_url: None,
        expected_at: Some(NOW + 5),
        currency: "VND".to_owned(),
        total: 350_000,
        items: vec![OrderItem { name: "Áo thun".to_owned(), quantity: 2, price: 175_000 }],
        address: Some("12 Lý Thường Kiệt".to_owned()),
        updated_at,
    }
}

#[rstest]
#[tokio::test]
async fn an_order_is_new_once_and_then_written_over(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let placed = order("DH1", Journey::Placed, NOW);
    let delivered = Order { phone: None, ..order("DH1", Journey::Delivered, NOW + 1) };
    assert!(db.write(async |tx| tx.put_order(&placed).await).await.unwrap());
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.order("DH1").await.unwrap().as_ref(), Some(&placed));
    assert!(!db.write(async |tx| tx.put_order(&delivered).await).await.unwrap());
    assert_eq!(conn.order("DH1").await.unwrap().as_ref(), Some(&delivered));
    assert_eq!(conn.order("DH2").await.unwrap(), None);

    db.write(async |tx| tx.remove_order("DH1").await).await.unwrap();
    assert!(matches!(db.write(async |tx| tx.remove_order("DH1").await).await, Err(StoreError::Missing("order"))));
}

#[rstest]
#[tokio::test]
async fn a_fetched_order_grows_old_and_the_shops_own_is_never_overwritten(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::open(engine).await;
    let codes = ["DH1".to_owned(), "DH2".to_owned(), "DH3".to_owned()];
    let stale = async |before| db.read().await.unwrap().stale_orders(&codes, before).await.unwrap();
    let placed = order("DH1", Journey::Placed, NOW);
    db.write(async |tx| tx.put_order(&order("DH2", Journey::Placed, NOW)).await).await.unwrap();
    db.write(async |tx| tx.keep_fetched_order(&placed, NOW).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().order("DH1").await.unwrap(), Some(placed));
    assert_eq!((stale(NOW).await, stale(NOW + 1).await), (vec![], vec!["DH1".to_owned()]));

    let moved = order("DH1", Journey::InTransit, NOW + 5);
    db.write(async |tx| tx.keep_fetched_order(&moved, NOW + 9).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().order("DH1").await.unwrap(), Some(moved));
    assert!(stale(NOW + 9).await.is_empty());

    let own = order("DH1", Journey::Delivered, NOW + 10);
    db.write(async |tx| tx.put_order(&own).await).await.unwrap();
    assert!(stale(NOW + 99).await.is_empty(), "the shop wrote it: it is asked for no more");
    db.write(async |tx| tx.keep_fetched_order(&order("DH1", Journey::Stopped, NOW), NOW + 20).await).await.unwrap();
    assert_eq!(db.read().await.unwrap().order("DH1").await.unwrap(), Some(own));
}

#[rstest]
#[tokio::test]
async fn wrong_tails_of_a_code_are_counted_together_and_forgotten_in_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let db = TestDb::open(engine).await;
    let guess = async |code: &str, at| db.write(async |tx| tx.count_wrong_tail_of(code, at - 60, at).await).await.unwrap();
    let locked = async |code: &str, at| db.read().await.unwrap().is_code_locked(code, 3, at - 60).await.unwrap();
    guess("DH1", NOW).await;
    guess("DH1", NOW + 1).await;
    guess("DH2", NOW + 1).await;
    assert!(!locked("DH1", NOW + 2).await);
    guess("DH1", NOW + 2).await;
    assert_eq!((locked("DH1", NOW + 60).await, locked("DH2", NOW + 60).await), (true, false));
    assert!(!locked("DH1", NOW + 61).await, "an hour from the first, whatever came after");
    guess("DH1", NOW + 61).await;
    assert!(!locked("DH1", NOW + 61).await, "it counts anew");
    let prune = async |before| db.write(async |tx| tx.prune_wrong_tails(before).await).await.unwrap();
    assert_eq!((prune(NOW + 1).await, prune(NOW + 2).await, prune(NOW + 99).await), (0, 1, 1));
}

#[rstest]
#[tokio::test]
async fn orders_are_found_by_part_of_what_is_known_of_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let lan = order("DH1", Journey::Placed, NOW);
    let other = Order { tracking_code: Some("GA17x".into()), customer_name: None, ..order("DH2", Journey::Stopped, NOW) };
    for row in [&lan, &other] {
        db.write(async |tx| tx.put_order(row).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    // `_` and `%` stand for themselves.
    for (words, found) in [
        ("dang thi", vec!["DH1"]),
        ("dh", vec!["DH1", "DH2"]),
        ("ga_7%", vec!["DH1"]),
        ("5678", vec!["DH1", "DH2"]),
        ("\\", vec![]),
    ] {
        let filter = OrderFilter { words: words.to_owned(), status: None };
        let codes: Vec<String> =
            conn.orders(&filter, None, 10).await.unwrap().items.into_iter().map(|order| order.code).collect();
        assert_eq!(codes, found, "{words}");
    }
    let stopped = OrderFilter { words: String::new(), status: Some(Journey::Stopped) };
    assert_eq!(conn.orders(&stopped, None, 10).await.unwrap().items, [other]);
}

#[rstest]
#[tokio::test]
async fn pages_of_orders_neither_skip_nor_repeat(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    // Three share an instant: the code parts them.
    for (code, at) in [("DH1", NOW), ("DH2", NOW), ("DH3", NOW), ("DH4", NOW + 1), ("DH5", NOW - 1)] {
        db.write(async |tx| tx.put_order(&order(code, Journey::Placed, at)).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    let (mut codes, mut cursor) = (Vec::new(), None);
    loop {
        let page = conn.orders(&OrderFilter::default(), cursor.as_deref(), 2).await.unwrap();
        codes.extend(page.items.into_iter().map(|order| order.code));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(codes, ["DH4", "DH1", "DH2", "DH3", "DH5"]);
    assert!(matches!(conn.orders(&OrderFilter::default(), Some("x"), 2).await, Err(StoreError::BadCursor)));
}

#[rstest]
#[tokio::test]
async fn a_phone_number_has_its_latest_orders(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let others = Order { phone: Some("0900000000".into()), ..order("DH9", Journey::Placed, NOW + 9) };
    for row in [order("DH1", Journey::Placed, NOW), order("DH2", Journey::Placed, NOW + 1), others] {
        db.write(async |tx| tx.put_order(&row).await).await.unwrap();
    }
    let mut conn = db.read().await.unwrap();
    assert_eq!(conn.orders_of_phone("0912345678", 1).await.unwrap()[0].code, "DH2");
    assert_eq!(conn.orders_of_phone("0912345678", 9).await.unwrap().len(), 2);
}

#[rstest]
#[tokio::test]
async fn orders_at_hand_are_as_the_transaction_left_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let db = TestDb::open(engine).await;
    let (mine, other) = (order("DH1", Journey::Placed, NOW), order("DH2", Journey::Placed, NOW));
    db.write(async |tx| tx.put_order(&mine).await).await.unwrap();
    db.write(async |tx| tx.put_order(&other).await).await.unwrap();
    for code in ["DH2", "DH2", "DH3"] {
        db.write(async |tx| tx.count_wrong_tail_of(code, NOW - 60, NOW).await).await.unwrap();
    }

    let mut tx = db.begin().await.unwrap();
    tx.hold_orders(&["DH1"].map(str::to_owned).into()).await.unwrap();
    tx.hold_orders(&["DH1", "DH2", "DH3", "DH4"].map(str::to_owned).into()).await.unwrap();
    assert_eq!(tx.order("DH1").await.unwrap().as_ref(), Some(&mine));
    assert_eq!(tx.order("DH2").await.unwrap().as_ref(), Some(&other));
    assert_eq!((tx.order("DH3").await.unwrap(), tx.order("DH4").await.unwrap()), (None, None));
    for (code, most, since, locked) in
        [("DH1", 1, 0, false), ("DH2", 2, NOW, true), ("DH2", 3, 0, false), ("DH2", 1, NOW + 1, false), ("DH3", 1, 0, true)]
    {
        assert_eq!(tx.is_code_locked(code, most, since).await.unwrap(), locked, "{code} {most} {since}");
    }

    let shipped = order("DH1", Journey::InTransit, NOW + 1);
    tx.put_order(&shipped).await.unwrap();
    tx.count_wrong_tail_of("DH2", NOW - 60, NOW).await.unwrap();
    tx.keep_fetched_order(&order("DH4", Journey::Placed, NOW), NOW).await.unwrap();
    assert_eq!(tx.order("DH1").await.unwrap(), Some(shipped), "what is written meanwhile is seen");
    assert!(tx.is_code_locked("DH2", 3, 0).await.unwrap(), "and what is counted");
    assert!(tx.order("DH4").await.unwrap().is_some());
    tx.remove_order("DH1").await.unwrap();
    assert_eq!(tx.order("DH1").await.unwrap(), None);
    tx.commit(NOW).await.unwrap();
}
