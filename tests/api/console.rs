//! The console's pages, and what guards them.

use crate::caller::{Caller, gateway};

#[tokio::test]
async fn every_address_of_the_console_opens_it() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    let home = stranger.send("GET", "/raw/", None).await;
    let policy = home.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for rule in [
        "default-src 'self'",
        "script-src 'self';",
        "style-src 'self';",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(home.headers()["x-content-type-options"], "nosniff");
    let home = home.text().await.unwrap();
    for path in ["/raw/threads/thr_1", "/raw/setup?token=x", "/raw/settings/inboxes"] {
        let page = stranger.send("GET", path, None).await;
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(page.text().await.unwrap(), home, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_page_is_not_taken_for_one() {
    let gateway = gateway().await;
    let stranger = Caller::stranger(&gateway);
    for path in
        ["/raw/api", "/raw/api/v2/threads", "/raw/files/fil_none", "/raw/assets/gone-1234.js", "/raw/../Cargo.toml", "/raw/.env"]
    {
        let answer = stranger.send("GET", path, None).await;
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
    }
    assert_eq!(stranger.status("POST", "/raw/threads/thr_1", None).await, 405);
}

#[test]
fn the_real_console_is_in_this_binary() {
    assert_eq!(onethread::api::CONSOLE, "built", "build the console first (make console), then the binary");
}
