use super::*;

fn inbox(name: &str) -> InboxId {
    InboxId::from(name)
}

#[test]
fn an_inbox_that_is_stuck_takes_no_place_of_another() {
    let (lanes, now) = (Arc::new(Lanes::default()), Instant::now());
    let (stuck, other) = (inbox("stuck"), inbox("other"));
    let taken: Vec<Slot> = std::iter::from_fn(|| lanes.take_free(&stuck, None, now)).collect();
    assert_eq!(taken.len(), OF_AN_INBOX);
    assert_eq!(lanes.free(&other, None, now), OF_AN_INBOX);
    drop(taken);
    assert_eq!(lanes.free(&stuck, None, now), OF_AN_INBOX);
}

#[test]
fn no_more_go_in_a_second_than_the_rate_allows() {
    let lanes = Arc::new(Lanes::default());
    let shop = inbox("shop");
    let mut now = Instant::now();
    // Whatever is free is sent at once; time passes in uneven steps.
    let mut sent = 0;
    for step in [0_u64, 13, 250, 333, 404, 500, 500, 1_000, 1_000, 1_000] {
        now += Duration::from_millis(step);
        while let Some(slot) = lanes.take_free(&shop, Some(30), now) {
            sent += 1;
            drop(slot);
        }
    }
    // A second's worth at once, and 30 for each of the five seconds.
    assert_eq!(sent, 30 + 150);
    assert_eq!(lanes.free(&shop, Some(30), now), 0);
    let wait = lanes.wait(&shop, Some(30), now);
    assert!(wait > Duration::ZERO && wait <= Duration::from_millis(34), "{wait:?}");
    assert_eq!(lanes.free(&shop, Some(30), now + wait + Duration::from_millis(1)), 1);
    assert_eq!(lanes.free(&shop, Some(50), now), 50, "a new limit holds at once");
}

#[test]
fn a_pause_for_everybody_holds_the_inbox_and_one_for_a_recipient_does_not() {
    let (lanes, now) = (Arc::new(Lanes::default()), Instant::now());
    let shop = inbox("shop");
    let later = |seconds| now + Duration::from_secs(seconds);
    drop(lanes.take_free(&shop, None, now));
    lanes.throttled(&shop, Some("mai"), 5_000, now);
    lanes.throttled(&shop, Some("mai"), 5_000, now);
    lanes.throttled(&shop, Some("lan"), 7_000, now);
    assert_eq!(lanes.free(&shop, None, now), OF_AN_INBOX);
    lanes.throttled(&shop, Some("hoa"), 6_000, now);
    assert_eq!(lanes.free(&shop, None, now), 0, "three at once: the platform means all");
    assert_eq!(lanes.wait(&shop, None, now), Duration::from_secs(7));
    assert_eq!(lanes.free(&shop, None, later(8)), OF_AN_INBOX);
    lanes.throttled(&shop, None, 2_000, later(8));
    assert!(lanes.take_free(&shop, None, later(9)).is_none());
    assert!(lanes.take_free(&shop, None, later(11)).is_some());
}

#[test]
fn nothing_is_given_once_closed_and_nothing_is_closed_while_under_way() {
    let (lanes, now) = (Arc::new(Lanes::default()), Instant::now());
    let slot = lanes.take_free(&inbox("shop"), None, now);
    assert!(!lanes.close_if_idle());
    drop(slot);
    assert!(lanes.close_if_idle());
    assert!(lanes.take_free(&inbox("shop"), None, now).is_none());
    assert!(lanes.take(&inbox("shop")).is_none(), "what is claimed now would be settled by nobody");
}
