//! Fetching a customer's file from a platform's own servers. The link came in
//! an authentic call, and still: no address on a private network, not by a
//! redirect either, no port but the usual ones (the inbox's own `api_url` excepted, which its owner chose).

use futures::{StreamExt, TryStreamExt};
use onethread_core::channel::{ByteStream, FetchError};
use url::{Host, Url};

/// File servers send on to one another, a few times at most.
const HOPS: usize = 3;

/// The bytes behind `link`, as they come. `home` is the API that the inbox's owner configured.
pub async fn open(http: &reqwest::Client, link: &str, home: &str) -> Result<ByteStream, FetchError> {
    let mut url = Url::parse(link).map_err(|_| FetchError::Gone)?;
    for _ in 0..=HOPS {
        if !trusted(&url, home) {
            let host = url.host_str().unwrap_or_default();
            tracing::warn!(host, "a file link does not lead to a public server; it is not followed");
            return Err(FetchError::Gone);
        }
        let answer =
            http.get(url.clone()).send().await.map_err(|error| FetchError::Unreachable(error.without_url().to_string()))?;
        match answer.status().as_u16() {
            200 => return Ok(answer.bytes_stream().map_err(|error| std::io::Error::other(error.without_url())).boxed()),
            301 | 302 | 303 | 307 | 308 => url = next_hop(&url, &answer).ok_or(FetchError::Gone)?,
            413 => return Err(FetchError::TooLarge),
            408 | 429 | 500.. => return Err(FetchError::Unreachable(format!("the file server answered {}", answer.status()))),
            _ => return Err(FetchError::Gone),
        }
    }
    Err(FetchError::Gone)
}

fn next_hop(url: &Url, answer: &reqwest::Response) -> Option<Url> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    url.join(location).ok()
}

fn trusted(url: &Url, home: &str) -> bool {
    if Url::parse(home).is_ok_and(|home| home.origin() == url.origin()) {
        return true;
    }
    // Platforms name their file servers: a bare number, a port or a name without a dot is nobody's link.
    let Some(Host::Domain(name)) = url.host() else { return false };
    let inside = [".local", ".internal", ".localhost", ".lan", ".home.arpa"].iter().any(|end| name.ends_with(end));
    name.contains('.') && !inside && url.port().is_none() && matches!(url.scheme(), "https" | "http")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers every call with this; the address it stands at.
    #[expect(clippy::disallowed_methods, reason = "the test's own server")]
    async fn server(answer: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move {
            while let Ok((mut line, _)) = listener.accept().await {
                let mut asked = [0; 1024];
                let length = line.read(&mut asked).await.unwrap_or(0);
                let moved = asked[..length].starts_with(b"GET /moved");
                let answer = if moved { "HTTP/1.1 302 Found\r\nlocation: /here\r\ncontent-length: 0\r\n\r\n" } else { answer };
                let _ = line.write_all(answer.as_bytes()).await;
            }
        });
        home
    }

    async fn fetched(answer: &'static str, path: &str) -> Result<Vec<u8>, FetchError> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = crate::http::client().expect("a client");
        let home = server(answer).await;
        let pieces: Vec<bytes::Bytes> = open(&http, &format!("{home}{path}"), &home).await?.try_collect().await.expect("whole");
        Ok(pieces.concat())
    }

    #[tokio::test]
    async fn a_redirect_is_followed_only_to_where_a_link_may_lead() {
        let file = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nfile";
        assert_eq!(fetched(file, "/here").await, Ok(b"file".to_vec()));
        assert_eq!(fetched(file, "/moved").await, Ok(b"file".to_vec()));
        let inside = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(fetched(inside, "/here").await, Err(FetchError::Gone));
        let round = "HTTP/1.1 302 Found\r\nlocation: /here\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        assert_eq!(fetched(round, "/here").await, Err(FetchError::Gone));
    }

    #[test]
    fn a_link_into_the_private_network_is_not_followed() {
        let trusted = |link: &str| trusted(&Url::parse(link).expect("a link"), "http://127.0.0.1:9/facebook");
        for link in
            ["http://127.0.0.1/x", "http://169.254.169.254/latest", "http://[::1]/", "http://db.internal/", "http://localhost/"]
        {
            assert!(!trusted(link), "{link}");
        }
        for link in ["file:///etc/passwd", "https://cdn.example.com:8443/x", "http://127.0.0.1:10/x"] {
            assert!(!trusted(link), "{link}");
        }
        assert!(trusted("https://scontent.xx.fbcdn.net/v/a.jpg?oh=1"));
        assert!(trusted("http://f1.zdn.vn/a.jpg"), "one platform still links without TLS");
        assert!(trusted("http://127.0.0.1:9/cdn/a.jpg"), "the owner's own api_url");
    }
}
