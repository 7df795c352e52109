//! A supervisor's stop: deliveries under way are finished, streams are closed, nothing is lost.

use super::{Engine, Figures, Shop};
use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longer than this and a supervisor would kill.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
/// Longer than any step around a stop takes, shorter than a stop may.
const SLOW: Duration = Duration::from_secs(3);

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_middle_of_work_ends_soon_and_leaves_nothing_uncertain(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let mut shop = Shop::open(engine).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writing = shop.write(&stop);
    shop.wait_until_known().await;
    let mut stops = Vec::new();
    for _ in 0..3 {
        for platform in shop.world.platforms() {
            platform.faults().slow_down(SLOW);
        }
        let console = open_stream(&shop).await;
        let answered = shop.answers();
        // Deliveries hang on slow platforms by now: what came in during a slow answer waits behind it.
        tokio::time::sleep(SLOW / 2).await;
        stops.push(shop.program.terminate().await);
        console.await.expect("the stream ends by itself");
        assert!(shop.answers() > answered, "what was under way was finished");
        for platform in shop.world.platforms() {
            platform.faults().lift();
        }
        shop.program.start_again();
        shop.program.wait_until_ready().await;
    }
    stop.store(true, Ordering::SeqCst);
    futures::future::join_all(writing).await;
    let mut figures = Figures::default();
    shop.reckon(&mut figures).await;
    println!("{engine:?}: stops took {stops:?}; {figures:?}");
    assert!(stops.iter().all(|took| *took < STOPS_WITHIN), "{stops:?}");
    assert_eq!(figures.uncertain, 0, "no delivery was broken off");
    shop.program.kill().await;
}

/// A console that watches, until the gateway closes its stream.
async fn open_stream(shop: &Shop) -> tokio::task::JoinHandle<()> {
    let call = shop.program.http.get(format!("{}/api/v1/live", shop.program.url)).bearer_auth(&shop.program.token);
    let mut stream = call.send().await.expect("the stream opens");
    assert!(stream.status().is_success());
    stream.chunk().await.expect("it greets").expect("with something");
    tokio::spawn(async move { while let Ok(Some(_)) = stream.chunk().await {} })
}
