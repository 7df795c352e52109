//! The rule, outcome by outcome, and over whole lives of parcels.

use super::*;
use proptest::prelude::*;

/// A try may take so long before its answer counts as lost.
const ANSWER_WITHIN: Millis = 60 * SECOND;

fn tried(attempts: i64) -> Tried {
    Tried {
        attempts,
        queued_at: 0,
        by_bot: false,
        deduplicates: false,
        doubtful: false,
        in_doubt: false,
        since: 0,
        now: 0,
        jitter: 0,
    }
}

fn lost() -> Result<Receipt, DeliveryError> {
    Err(DeliveryError::Uncertain("no answer".into()))
}

fn unreachable() -> Result<Receipt, DeliveryError> {
    Err(DeliveryError::Unreachable(String::new()))
}

fn refused(because: RefusedBecause) -> Result<Receipt, DeliveryError> {
    Err(DeliveryError::refused(because, ""))
}

#[test]
fn what_is_uncertain_is_sent_again_only_where_the_platform_drops_doubles() {
    assert!(matches!(next(lost(), tried(1)), Next::Uncertain(_)));
    let safe = Tried { deduplicates: true, ..tried(1) };
    assert!(matches!(next(lost(), safe), Next::Again { .. }));
    // However often it was tried meanwhile.
    let at = |now| next(lost(), Tried { attempts: 9, now, since: 7, ..safe });
    assert!(matches!(next(lost(), Tried { attempts: 4, now: MINUTE, ..safe }), Next::Again { .. }));
    assert!(matches!(at(DOUBLES_DROPPED_FOR), Next::Uncertain(_)), "the next try would come when it is forgotten");
}

#[test]
fn what_may_have_been_sent_does_not_count_as_failed_because_a_later_try_did() {
    let doubtful = Tried { deduplicates: true, doubtful: true, ..tried(2) };
    let late = Tried { now: GIVE_UP_AFTER, ..doubtful };
    for outcome in [lost(), unreachable(), refused(RefusedBecause::BadContent)] {
        assert!(matches!(next(outcome.clone(), late), Next::Uncertain(_)), "{outcome:?}");
    }
    let blocked = next(refused(RefusedBecause::Blocked), late);
    assert!(matches!(&blocked, Next::Blocked(error) if error.code == UNCERTAIN), "and they are out of reach: {blocked:?}");
    assert!(matches!(next(unreachable(), doubtful), Next::Again { error, .. } if error.code == UNCERTAIN), "the doubt stays");
    let revoked = Err(DeliveryError::Unauthorized("a new token is needed".into()));
    assert!(matches!(next(revoked, doubtful), Next::Pause { uncertain: Some(_), .. }), "a pause may last for days");
}

#[test]
fn what_an_agent_sends_again_stays_in_doubt_and_is_tried_like_any_other() {
    let again = Tried { in_doubt: true, ..tried(1) };
    assert!(matches!(next(unreachable(), again), Next::Again { error, .. } if error.code == "unreachable"));
    assert!(matches!(next(unreachable(), Tried { now: GIVE_UP_AFTER, ..again }), Next::Uncertain(_)));
    let Next::Uncertain(error) = next(refused(RefusedBecause::BadContent), again) else { panic!("it may have arrived before") };
    assert!(error.detail.contains("earlier try"), "{error:?}");
    assert_eq!(overtaken(false), None);
    assert!(matches!(overtaken(true), Some(Next::Uncertain(_))), "nobody can say that it was withheld");
}

#[test]
fn what_may_have_been_sent_is_not_sent_again_when_the_platform_has_forgotten_it() {
    let doubtful = Tried { deduplicates: true, doubtful: true, ..tried(2) };
    assert!(matches!(next(Err(DeliveryError::Throttled(10 * MINUTE)), doubtful), Next::Uncertain(_)));
    let doubt = |error: MessageError| error.code == UNCERTAIN;
    assert!(of_doubtful(Doubles::Dropped, 0, SECOND).unwrap().is_some_and(doubt), "again, and the doubt stays");
    assert!(of_doubtful(Doubles::Dropped, 0, HOUR).is_err_and(doubt));
    assert!(of_doubtful(Doubles::Shown, 0, SECOND).is_err_and(doubt));
    assert_eq!(of_doubtful(Doubles::Impossible, 0, HOUR), Ok(None), "nobody saw it");
}

#[test]
fn a_throttled_parcel_waits_as_told() {
    assert!(matches!(next(Err(DeliveryError::Throttled(7_000)), tried(1)), Next::Again { at: 7_000, .. }));
}

#[test]
fn pauses_grow_and_end() {
    let after = |attempts, now| next(unreachable(), Tried { now, ..tried(attempts) });
    assert!(matches!(after(1, 0), Next::Again { at: 1_000, .. }));
    assert!(matches!(after(4, 0), Next::Again { at: 8_000, .. }));
    assert!(matches!(after(40, GIVE_UP_AFTER), Next::Failed(_)));
}

#[test]
fn what_the_bot_wanted_to_say_long_ago_is_not_said() {
    assert_eq!(too_late(0, BOT_GIVES_UP_AFTER, false), None);
    assert!(matches!(too_late(0, BOT_GIVES_UP_AFTER + 1, false), Some(Next::Failed(error)) if error.code == "too_late"));
    assert!(matches!(too_late(0, HOUR, true), Some(Next::Uncertain(_))), "it may have been said");
}

// ------------------------------------------------------------ whole lives

/// What a platform does to one try, and how long it takes over it.
type Try = (Result<Receipt, DeliveryError>, Millis);

fn outcomes() -> impl Strategy<Value = Vec<Try>> {
    let because = prop_oneof![
        Just(RefusedBecause::Blocked),
        Just(RefusedBecause::WindowClosed),
        Just(RefusedBecause::BadContent),
        Just(RefusedBecause::Other),
    ];
    let pause = prop_oneof![0..5 * SECOND, 0..HOUR, Just(Millis::MAX), Just(Millis::MIN)];
    let receipt = Receipt { message: "1".into(), delivered: false, quota: None };
    let outcome = prop_oneof![
        4 => Just(unreachable()),
        4 => Just(lost()),
        4 => pause.prop_map(|pause| Err(DeliveryError::Throttled(pause))),
        1 => because.prop_map(refused),
        1 => Just(Err(DeliveryError::Unauthorized("a new token is needed".into()))),
        1 => Just(Ok(receipt)),
    ];
    proptest::collection::vec((outcome, 0..ANSWER_WITHIN), 1..12)
}

fn calls_failed(next: &Next) -> bool {
    matches!(next, Next::Failed(error) | Next::Blocked(error) if error.code != UNCERTAIN)
}

/// One parcel, tried as the rule says, meeting these outcomes over and over. Answers each try's end:
/// when the answer came, whether it may have sent the parcel, and what the rule made of it.
fn live(outcomes: &[Try], start: Tried) -> Vec<(Millis, bool, Next)> {
    let (mut tried, mut life) = (start, Vec::new());
    for (outcome, took) in outcomes.iter().cycle() {
        tried.attempts += 1;
        tried.now += took;
        let sends = matches!(outcome, Err(DeliveryError::Uncertain(_)) | Ok(_));
        let next = next(outcome.clone(), tried);
        life.push((tried.now, sends, next.clone()));
        let Next::Again { at, error } = next else { break };
        tried.now = at;
        tried.doubtful = error.code == UNCERTAIN;
        if !tried.doubtful {
            tried.since = at;
        }
    }
    life
}

proptest! {
    #[test]
    fn every_parcel_ends_in_time_and_is_never_tried_for_ever(
        outcomes in outcomes(),
        by_bot: bool,
        deduplicates: bool,
        jitter in 0..1000i64,
        queued_at in 0..1_800_000_000_000i64,
    ) {
        let start = Tried { attempts: 0, queued_at, by_bot, deduplicates, doubtful: false, in_doubt: false, since: queued_at, now: queued_at, jitter };
        let patience = if by_bot { BOT_GIVES_UP_AFTER } else { GIVE_UP_AFTER };
        let life = live(&outcomes, start);
        for (now, _, next) in &life {
            prop_assert!(*now <= queued_at + patience + ANSWER_WITHIN, "tried after its time");
            if let Next::Again { at, .. } = next {
                prop_assert!(*at >= now + SECOND, "tried again without a pause");
            }
        }
        let ended = matches!(life.last(), Some((.., next)) if !matches!(next, Next::Again { .. }));
        prop_assert!(ended, "it came to an end");
    }

    #[test]
    fn what_may_have_been_sent_is_repeated_only_where_doubles_are_dropped_and_never_called_failed(
        outcomes in outcomes(),
        by_bot: bool,
        deduplicates: bool,
        in_doubt: bool,
    ) {
        let start = Tried { by_bot, deduplicates, in_doubt, ..tried(0) };
        let life = live(&outcomes, start);
        if in_doubt {
            prop_assert!(!life.iter().any(|(.., next)| calls_failed(next)), "a try before these may have arrived");
        }
        let first = life.iter().position(|(_, sends, _)| *sends);
        let after = first.map_or(&[][..], |first| &life[first..]);
        if !deduplicates {
            prop_assert!(after.len() <= 1, "nothing is tried after it may have been sent");
        }
        let forgotten = after.first().map_or(0, |first| first.0) + DOUBLES_DROPPED_FOR + ANSWER_WITHIN;
        prop_assert!(after.iter().all(|(now, ..)| *now <= forgotten));
        for (.., next) in after {
            prop_assert!(!calls_failed(next) && !matches!(next, Next::Pause { uncertain: None, .. }), "{:?}", next);
        }
    }
}
