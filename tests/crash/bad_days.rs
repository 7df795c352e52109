//! Platforms that behave badly, at random: answers that get lost, errors, pauses, events that
//! come twice or late, tokens that expire, lines that break.

use onethread_simulator::{Fault, Platform, Stumble, World};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Faults that wait for one platform at most: it may be silent for a while.
const UNMET_MOST: usize = 3;
/// A fault for one send in so many, at most.
const SENDS_PER_FAULT: u64 = 3;

/// How often what was done to the gateway.
#[derive(Debug, Default)]
pub struct Deeds {
    pub faults: usize,
    pub stumbles: usize,
    pub tokens_expired: usize,
    pub lines_broken: usize,
}

/// Make trouble until told to stop. `patient`: also pauses that last a minute.
pub async fn make_trouble(world: Arc<World>, stop: Arc<AtomicBool>, patient: bool) -> Deeds {
    let mut deeds = Deeds::default();
    // How many sends each platform had seen when the last fault was laid for one.
    let mut seen: HashMap<&str, u64> = HashMap::new();
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(40 + u64::from(rand::random::<u8>()))).await;
        let platforms = world.platforms();
        let platform = &platforms[usize::from(rand::random::<u8>()) % platforms.len()];
        match rand::random::<u8>() % 40 {
            0 => {
                world.zalo.expire_access_token();
                deeds.tokens_expired += 1;
            }
            1..=2 => {
                break_a_line(&world);
                deeds.lines_broken += 1;
            }
            _ if platform.faults().unmet() >= UNMET_MOST => {}
            // On a slow machine a platform would do nothing but fail, and then nobody can promise anything.
            3..=19 if platform.faults().sends() < seen.get(platform.kind()).map_or(0, |sends| sends + SENDS_PER_FAULT) => {}
            choice @ 3..=19 => {
                seen.insert(platform.kind(), platform.faults().sends());
                platform.faults().next(fault(choice, platform.as_ref(), patient));
                deeds.faults += 1;
            }
            choice => {
                platform.faults().trip(stumble(choice));
                deeds.stumbles += 1;
            }
        }
    }
    for platform in world.platforms() {
        platform.faults().lift();
    }
    deeds
}

fn fault(choice: u8, platform: &dyn Platform, patient: bool) -> Fault {
    // These two do not say for how long, so a connector waits a minute.
    let says_how_long = matches!(platform.kind(), "telegram" | "discord");
    match choice {
        3..=8 => Fault::ServerError,
        9..=11 if says_how_long => Fault::Throttled { retry_after: 300 },
        9 if patient => Fault::Throttled { retry_after: 300 },
        _ => Fault::AnswerLost,
    }
}

fn stumble(choice: u8) -> Stumble {
    if choice.is_multiple_of(2) { Stumble::Twice } else { Stumble::Late { by: 50 + 20 * u64::from(choice) } }
}

/// The platform that is connected to, not called by: hangs up, or forgets who we are.
fn break_a_line(world: &World) {
    match rand::random::<u8>() % 4 {
        0 => world.discord.forget_sessions(),
        1 => world.discord.ask_to_reconnect(),
        _ => world.discord.cut(),
    }
}
