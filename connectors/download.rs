//! Fetching a customer's file from a platform's own servers. The link came in
//! an authentic call, and still: no address on a private network, no redirect,
//! no port but the usual ones (the inbox's own `api_url` excepted, which its owner chose).

use futures::{StreamExt, TryStreamExt};
use onethread_core::channel::{ByteStream, FetchError};
use url::{Host, Url};

/// The bytes behind `link`, as they come. `home` is the API that the inbox's owner configured.
pub async fn open(http: &reqwest::Client, link: &str, home: &str) -> Result<ByteStream, FetchError> {
    let url = Url::parse(link).map_err(|_| FetchError::Gone)?;
    if !trusted(&url, home) {
        tracing::warn!(
            host = url.host_str().unwrap_or_default(),
            "a file link does not lead to a public server; it is not followed"
        );
        return Err(FetchError::Gone);
    }
    let answer = http.get(url).send().await.map_err(|error| FetchError::Unreachable(error.without_url().to_string()))?;
    match answer.status().as_u16() {
        200 => {}
        413 => return Err(FetchError::TooLarge),
        408 | 429 | 500.. => return Err(FetchError::Unreachable(format!("the file server answered {}", answer.status()))),
        _ => return Err(FetchError::Gone),
    }
    Ok(answer.bytes_stream().map_err(|error| std::io::Error::other(error.without_url())).boxed())
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
