//! Background tasks: named, stopped together, waited for. Nobody else spawns.

use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// The tasks of one gateway. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Tasks {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Run a future until it ends. It should end soon after [`Tasks::token`] is cancelled.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        // Boxed first: some are many kilobytes, and each layer around them would move them once more.
        self.tracker.spawn(Box::pin(task).instrument(tracing::info_span!("task", name)));
    }

    /// The same on a thread of its own. For what all others wait for: among the runtime's tasks it would have to queue
    /// behind them at each await.
    pub fn spawn_apart(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let task = self.tracker.track_future(task.instrument(tracing::info_span!("task", name)));
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name(name.into()).spawn(move || runtime.block_on(task))?;
        Ok(())
    }

    /// Run a future until it ends or the gateway stops, whichever is first. For work that may
    /// be dropped at any await.
    pub fn spawn_until_stop(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let token = self.token.clone();
        self.spawn(name, async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Cancelled when the gateway stops.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Ask every task to end and wait for them. `false`: some were still running after `patience`.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.token.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_waits_for_what_is_under_way() {
        let tasks = Tasks::default();
        let (done, heard) = tokio::sync::oneshot::channel();
        let stop = tasks.token();
        tasks.spawn("last words", async move {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            done.send(()).expect("somebody listens");
        });
        tasks.spawn_until_stop("endless", std::future::pending());
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert!(heard.await.is_ok());
    }
}
