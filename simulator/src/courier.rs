//! Carries webhook calls to the gateway, with the platform's patience.

use crate::fault::Stumble;
use bytes::Bytes;
use std::sync::OnceLock;
use std::time::Duration;

/// Headers of one call.
pub(crate) type Headers = Vec<(&'static str, String)>;

#[derive(Debug, Default)]
pub(crate) struct Courier {
    /// Made at the first call: only then must the process have its TLS ready.
    http: OnceLock<reqwest::Client>,
}

impl Courier {
    pub(crate) fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| {
            let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).redirect(reqwest::redirect::Policy::none());
            client.build().expect("a plain client can be built once the process has installed its TLS provider")
        })
    }

    /// Post until it is taken, and then once more if the event stumbles so.
    pub(crate) async fn bring(
        &self,
        url: &str,
        headers: impl Fn(usize) -> Headers,
        body: &Bytes,
        pauses: &[Duration],
        stumble: Option<Stumble>,
    ) -> Result<(), u16> {
        if let Some(Stumble::Late { by }) = stumble {
            tokio::time::sleep(Duration::from_millis(by)).await;
        }
        self.post(url, &headers, body, pauses).await?;
        if stumble == Some(Stumble::Twice) {
            // Whatever becomes of the copy: the event was taken.
            let _ = self.post(url, &headers, body, pauses).await;
        }
        Ok(())
    }

    /// Post until it is taken with 200, `pauses.len()` times more than once. `headers` is asked for each try.
    /// `Err` is the last status, 0 for no answer.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: impl Fn(usize) -> Headers,
        body: &Bytes,
        pauses: &[Duration],
    ) -> Result<(), u16> {
        let mut tries = 0;
        loop {
            let mut request = self.http().post(url).header("content-type", "application/json").body(body.clone());
            for (name, value) in headers(tries) {
                request = request.header(name, value);
            }
            let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
            if status == 200 {
                return Ok(());
            }
            // A call that is turned away will be turned away again; only trouble is worth a retry.
            let Some(pause) = pauses.get(tries).filter(|_| status == 0 || status >= 500) else { return Err(status) };
            tracing::debug!(status, tries, "a webhook call was not taken");
            tokio::time::sleep(*pause).await;
            tries += 1;
        }
    }
}

/// Answers nothing: the line breaks in the middle of the response.
pub(crate) fn cut_the_line() -> axum::response::Response {
    let cut = futures::stream::iter([Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
    axum::response::Response::new(axum::body::Body::from_stream(cut))
}
