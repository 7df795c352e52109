//! The gateway under load: the real binary, started and watched from outside.

use anyhow::{Context, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

pub struct Gateway {
    child: Child,
    pub url: String,
    pub token: String,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Gateway {
    pub async fn start(binary: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let mut settings = vec![
            ("ONETHREAD_LISTEN", format!("127.0.0.1:{port}")),
            ("ONETHREAD_PUBLIC_URL", url.clone()),
            ("ONETHREAD_DATA_DIR", folder.path().display().to_string()),
            ("ONETHREAD_ADMIN_EMAIL", "bench@example.com".to_owned()),
            ("ONETHREAD_ADMIN_PASSWORD", "only for the benchmark".to_owned()),
            ("ONETHREAD_LOG_LEVEL", "warn".to_owned()),
        ];
        settings.extend(database.map(|url| ("ONETHREAD_DATABASE_URL", url.to_owned())));
        let run = |arguments: &[&str]| {
            let mut command = Command::new(binary);
            command.args(arguments).envs(settings.clone()).current_dir(folder.path()).kill_on_drop(true);
            command
        };
        let binary_missing = || format!("could not start `{}`; build it first: cargo build --release", binary.display());
        let made = run(&["token", "create", "--name", "bench", "--role", "admin"]).output().await.with_context(binary_missing)?;
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        if token.is_empty() {
            bail!("no token was made: {}", String::from_utf8_lossy(&made.stderr));
        }
        let child = run(&["serve"]).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        let gateway = Self { child, url, token, http: reqwest::Client::new(), _folder: folder };
        gateway.wait_until_ready().await?;
        Ok(gateway)
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        for _ in 0..200 {
            if self.http.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the gateway did not get ready")
    }

    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let call = self.http.post(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token).json(&body);
        let answer = call.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("POST {path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    fn status(&self, name: &str) -> anyhow::Result<u64> {
        let pid = self.child.id().context("the gateway is gone")?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = text.lines().find(|line| line.starts_with(name)).context("no such line in /proc")?;
        Ok(line.split_whitespace().nth(1).context("no figure")?.parse()?)
    }

    /// Resident memory now, in KiB.
    pub fn memory(&self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// The most it ever was, in KiB.
    pub fn peak_memory(&self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// Processor time so far, user and system.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let pid = self.child.id().context("the gateway is gone")?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, fields) = text.rsplit_once(')').context("no stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        // Linux counts in hundredths of a second everywhere we run.
        Ok(Duration::from_millis(ticks * 10))
    }

    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
