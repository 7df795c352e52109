//! How a PostgreSQL server is spoken to.

use crate::{Result, StoreError};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// Connect, and bring the database to this version's shape.
pub async fn open(url: &str, migrations: &Migrator) -> Result<PgPool> {
    let failed = |source| StoreError::Open { place: "the PostgreSQL URL".into(), source };
    let mut options = PgConnectOptions::from_str(url).map_err(failed)?;
    if !says(url, "statement-cache-capacity") {
        // Each size of each statement for many rows is one of its own.
        options = options.statement_cache_capacity(512);
    }
    let pools = PgPoolOptions::new().max_connections(20).acquire_timeout(Duration::from_secs(10));
    let plain = gains_from_plain(url, &options).then(|| options.clone().ssl_mode(PgSslMode::Disable));
    let pool = match plain {
        None => pools.connect_with(options).await,
        Some(plain) => match pools.clone().connect_with(plain).await {
            // This server wants it encrypted.
            Err(sqlx::Error::Database(_) | sqlx::Error::Protocol(_)) => pools.connect_with(options).await,
            connected => connected,
        },
    };
    let pool = pool.map_err(failed)?;
    migrations.run(&pool).await?;
    Ok(pool)
}

/// Whether the URL has this option.
fn says(url: &str, option: &str) -> bool {
    let said = |query: &str| query.split('&').any(|pair| pair.split('=').next() == Some(option));
    url.split_once('?').is_some_and(|(_, query)| said(query))
}

/// The server is on this machine, and nobody said whether to encrypt. Encrypted, a statement goes out in pieces of
/// 16 KiB, and sqlx 0.9.0 lets the kernel hold the last of them until the server has acknowledged the one before: 40 ms
/// (<https://github.com/transact-rs/sqlx/issues/4335>, mended after that version).
fn gains_from_plain(url: &str, options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let asked = says(url, "sslmode") || says(url, "ssl-mode");
    here && options.get_socket().is_none() && !asked && matches!(options.get_ssl_mode(), PgSslMode::Prefer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// It is asked for none.
    static NONE: Migrator = Migrator::DEFAULT;

    /// As if the environment said nothing of encryption.
    fn gains(url: &str) -> bool {
        let options = PgConnectOptions::from_str(url).expect("a URL");
        let options = if says(url, "sslmode") { options } else { options.ssl_mode(PgSslMode::Prefer) };
        gains_from_plain(url, &options)
    }

    #[test]
    fn only_on_this_machine_is_encryption_left_out_and_never_where_somebody_spoke_of_it() {
        for url in ["postgres://a:b@127.0.0.1/x", "postgres://localhost:5433/x?application_name=shop", "postgres:///x?host=::1"] {
            assert!(gains(url), "{url}");
        }
        for url in ["postgres://db.internal/x", "postgres://10.0.0.7/x", "postgres://a@%2Frun%2Fpostgresql/x"] {
            assert!(!gains(url), "{url}");
        }
        for mode in ["prefer", "require", "verify-full"] {
            let url = format!("postgres://localhost/x?sslmode={mode}");
            assert!(!gains(&url), "{url}");
        }
    }

    /// What `pg_hba.conf` answers where it lets only encrypted connections in.
    #[tokio::test]
    async fn a_server_that_refuses_plain_connections_is_asked_for_an_encrypted_one() {
        const SSL_REQUEST: u32 = 80_877_103;
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("postgres://shop@{}/shop", server.local_addr().expect("an address"));
        let says_what = async || {
            let (mut client, _) = server.accept().await.expect("a client");
            let (length, code) = (client.read_u32().await.expect("a length"), client.read_u32().await.expect("a code"));
            let mut rest = vec![0; length as usize - 8];
            client.read_exact(&mut rest).await.expect("the whole of it");
            (client, code)
        };
        let asked = async {
            let (mut client, first) = says_what().await;
            let fields = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry, no encryption\0\0";
            client.write_u8(b'E').await.expect("it listens");
            client.write_u32(u32::try_from(fields.len() + 4).expect("short")).await.expect("it listens");
            client.write_all(fields).await.expect("it listens");
            drop(client);
            let (_client, second) = says_what().await;
            (first, second)
        };
        let options = PgConnectOptions::from_str(&url).expect("a URL");
        assert!(gains_from_plain(&url, &options), "this test needs an environment without PGSSLMODE");
        let asked = tokio::select! {
            asked = asked => asked,
            opened = open(&url, &NONE) => panic!("it gave up: {:?}", opened.err()),
        };
        assert_eq!(asked, (3 << 16, SSL_REQUEST), "the plain start of version 3.0, then a request for encryption");
    }
}
