use super::*;

fn inbox(name: &str) -> InboxId {
    InboxId::from(name)
}

#[test]
fn an_inbox_that_is_stuck_takes_no_place_of_another() {
    let (places, now) = (Arc::new(Places::default()), Instant::now());
    let (stuck, other) = (inbox("stuck"), inbox("other"));
    let taken: Vec<Place> = std::iter::from_fn(|| places.take_free(&stuck, None, now)).collect();
    assert_eq!(taken.len(), OF_AN_INBOX);
    assert_eq!(places.free(&other, None, now), OF_AN_INBOX);
    drop(taken);
    assert_eq!(places.free(&stuck, None, now), OF_AN_INBOX);
}

#[test]
fn no_more_go_in_a_second_than_the_rate_allows() {
    let places = Arc::new(Places::default());
    let telegram = inbox("telegram");
    let mut now = Instant::now();
    // Whatever is free is sent at once; time passes in uneven steps.
    let mut sent = 0;
    for step in [0_u64, 13, 250, 333, 404, 500, 500, 1_000, 1_000, 1_000] {
        now += Duration::from_millis(step);
        while let Some(place) = places.take_free(&telegram, Some(30), now) {
            sent += 1;
            drop(place);
        }
    }
    // A second's worth at once, and 30 for each of the five seconds.
    assert_eq!(sent, 30 + 150);
    assert_eq!(places.free(&telegram, Some(30), now), 0);
    let wait = places.wait(&telegram, Some(30), now);
    assert!(wait > Duration::ZERO && wait <= Duration::from_millis(34), "{wait:?}");
    assert_eq!(places.free(&telegram, Some(30), now + wait + Duration::from_millis(1)), 1);
    assert_eq!(places.free(&telegram, Some(50), now), 50, "a new limit holds at once");
}

#[test]
fn a_pause_for_everybody_holds_the_inbox_and_one_for_a_recipient_does_not() {
    let (places, now) = (Arc::new(Places::default()), Instant::now());
    let shop = inbox("shop");
    let later = |seconds| now + Duration::from_secs(seconds);
    drop(places.take_free(&shop, None, now));
    places.throttled(&shop, Some("mai"), 5_000, now);
    places.throttled(&shop, Some("mai"), 5_000, now);
    places.throttled(&shop, Some("lan"), 7_000, now);
    assert_eq!(places.free(&shop, None, now), OF_AN_INBOX);
    places.throttled(&shop, Some("hoa"), 6_000, now);
    assert_eq!(places.free(&shop, None, now), 0, "three at once: the platform means all");
    assert_eq!(places.wait(&shop, None, now), Duration::from_secs(7));
    assert_eq!(places.free(&shop, None, later(8)), OF_AN_INBOX);
    places.throttled(&shop, None, 2_000, later(8));
    assert!(places.take_free(&shop, None, later(9)).is_none());
    assert!(places.take_free(&shop, None, later(11)).is_some());
}

#[test]
fn nothing_is_given_once_closed_and_nothing_is_closed_while_under_way() {
    let (places, now) = (Arc::new(Places::default()), Instant::now());
    let place = places.take_free(&inbox("shop"), None, now);
    assert!(!places.close_if_idle());
    drop(place);
    assert!(places.close_if_idle());
    assert!(places.take_free(&inbox("shop"), None, now).is_none());
}
