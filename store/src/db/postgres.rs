//! How a PostgreSQL server is spoken to.

use crate::{Result, StoreError};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Error, PgConnection, PgPool};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;
use tokio::time::Instant;

/// A server that cannot be reached is tried for so long: it may be starting, too.
const WAIT_MOST: Duration = Duration::from_secs(10);
const TRY_EVERY: Duration = Duration::from_millis(250);

/// Connect, and bring the database to this version's shape.
pub async fn open(url: &str, migrations: &Migrator) -> Result<PgPool> {
    let unread = |source| StoreError::Open { place: "the PostgreSQL URL".into(), source };
    let mut options = PgConnectOptions::from_str(url).map_err(unread)?;
    // Without the password.
    let host = options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.to_string_lossy());
    let place = format!("postgres://{host}:{}/{}", options.get_port(), options.get_database().unwrap_or_default());
    let failed = |source| StoreError::Open { place: place.clone(), source };
    let plain = gains_from_plain(url, &options).then(|| options.clone().ssl_mode(PgSslMode::Disable));
    let until = Instant::now() + WAIT_MOST;
    let first = match plain {
        None => reach(&options, until).await,
        Some(plain) => match reach(&plain, until).await {
            // This server wants it encrypted.
            Err(error) if !is_not_up(&error) => reach(&options, until).await,
            reached => {
                options = plain;
                reached
            }
        },
    };
    // A pool would say of whatever is wrong that it waited too long.
    let _ = first.map_err(failed)?.close().await;
    let pools = PgPoolOptions::new().max_connections(20).acquire_timeout(WAIT_MOST);
    let pool = pools.connect_with(options).await.map_err(failed)?;
    migrations.run(&pool).await?;
    Ok(pool)
}

/// One connection, and if there is none by then, why.
async fn reach(options: &PgConnectOptions, until: Instant) -> std::result::Result<PgConnection, Error> {
    loop {
        let connected = tokio::time::timeout_at(until, options.connect()).await;
        match connected.unwrap_or_else(|_| Err(Error::Io(ErrorKind::TimedOut.into()))) {
            Err(error) if is_not_up(&error) && Instant::now() + TRY_EVERY < until => tokio::time::sleep(TRY_EVERY).await,
            done => return done,
        }
    }
}

/// Nobody listens there yet, or the server says that it is starting or has no connection to give (`cannot_connect_now`
/// and `too_many_connections`, in the list of PostgreSQL's error codes).
fn is_not_up(error: &Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut};
    match error {
        Error::Io(why) => matches!(
            why.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable | TimedOut
        ),
        Error::Database(said) => matches!(said.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
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
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

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

    /// An error, as a server says it, of these fields.
    async fn refuse(client: &mut TcpStream, fields: &[u8]) {
        client.write_u8(b'E').await.expect("it listens");
        client.write_u32(u32::try_from(fields.len() + 4).expect("short")).await.expect("it listens");
        client.write_all(fields).await.expect("it listens");
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
            refuse(&mut client, b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry, no encryption\0\0").await;
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

    #[tokio::test]
    async fn whoever_reaches_no_server_is_told_why() {
        // Bound, so that nobody else gets it, and not listened at.
        let deaf = TcpSocket::new_v4().expect("a socket");
        deaf.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let nobody = deaf.local_addr().expect("an address");
        let options = PgConnectOptions::from_str(&format!("postgres://shop@{nobody}/shop")).expect("a URL");
        let refused = reach(&options, Instant::now() + Duration::from_millis(300)).await.expect_err("nobody listens");
        assert!(matches!(&refused, Error::Io(why) if why.kind() == std::io::ErrorKind::ConnectionRefused), "{refused}");
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let options = options.port(silent.local_addr().expect("an address").port());
        let late = reach(&options, Instant::now() + Duration::from_millis(300)).await.expect_err("it says nothing");
        assert!(matches!(&late, Error::Io(why) if why.kind() == std::io::ErrorKind::TimedOut), "{late}");
    }

    #[tokio::test]
    async fn a_server_that_is_starting_is_waited_for() {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("postgres://shop@{}/shop?sslmode=disable", server.local_addr().expect("an address"));
        let options = PgConnectOptions::from_str(&url).expect("a URL");
        let starts = async {
            let (mut client, _) = server.accept().await.expect("a client");
            refuse(&mut client, b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0").await;
            server.accept().await.expect("it comes back")
        };
        tokio::select! {
            _ = starts => {}
            reached = reach(&options, Instant::now() + WAIT_MOST) => panic!("it gave up: {:?}", reached.err()),
        }
    }
}
