//! The gateway under load: the real binary, started and watched from outside,
//! with a shop set up through its API.

use crate::channels::{APP, Channel, OFFICIAL_ACCOUNT, ORIGIN, PAGE, SECRET};
use crate::process::Usage;
use crate::shop;
use anyhow::{Context, bail};
use reqwest::{Client, Method};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::{Child, Command};

/// The same in every run, so that a database that outlives one can still be read.
const SECRET_KEY: &str = "0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec0bec";
const JSON: &str = "application/json";

pub struct Gateway {
    child: Child,
    pub address: String,
    token: String,
    http: Client,
}

/// How the gateway is started.
pub struct Setup<'a> {
    pub binary: &'a Path,
    pub database: Option<&'a str>,
    /// Its data directory, which must be empty or a gateway's own.
    pub folder: &'a Path,
    pub log: PathBuf,
}

impl Setup<'_> {
    fn command(&self, address: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.args(arguments).current_dir(self.folder).kill_on_drop(true);
        command.env("ONETHREAD_LISTEN", address).env("ONETHREAD_PUBLIC_URL", format!("http://{address}"));
        command.env("ONETHREAD_DATA_DIR", self.folder).env("ONETHREAD_LOG_LEVEL", "warn");
        command.env("ONETHREAD_ADMIN_EMAIL", "bench@example.com").env("ONETHREAD_ADMIN_PASSWORD", "only for the benchmark");
        command.env("ONETHREAD_SECRET_KEY", SECRET_KEY);
        command.envs(self.database.map(|url| ("ONETHREAD_DATABASE_URL", url)));
        command
    }
}

impl Gateway {
    pub async fn start(setup: &Setup<'_>) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let make_token = ["token", "create", "--name", "bench", "--role", "admin"];
        let made = setup.command(&address, &make_token).output().await;
        let made = made.with_context(|| format!("could not start `{}`", setup.binary.display()))?;
        let token = String::from_utf8(made.stdout)?.trim().to_owned();
        if token.is_empty() {
            bail!("no token was made: {}", String::from_utf8_lossy(&made.stderr));
        }
        let log = std::fs::File::create(&setup.log)?;
        let mut serve = setup.command(&address, &["serve"]);
        let child = serve.stdout(log.try_clone()?).stderr(log).spawn()?;
        let gateway = Self { child, address, token, http: Client::new() };
        gateway.wait_until_ready().await?;
        Ok(gateway)
    }

    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.address);
        for _ in 0..600 {
            if self.http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the gateway did not get ready")
    }

    pub fn usage(&self) -> Usage {
        Usage(self.child.id().unwrap_or_default())
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, JSON, String::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, JSON, body.to_string()).await
    }

    /// Only fetch, for whoever looks at the time.
    pub async fn fetch(&self, path: &str) -> anyhow::Result<()> {
        let call = self.http.get(format!("http://{}/api/v1{path}", self.address)).bearer_auth(&self.token);
        call.send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, mime: &str, body: String) -> anyhow::Result<Value> {
        let url = format!("http://{}/api/v1{path}", self.address);
        let call = self.http.request(method.clone(), url).bearer_auth(&self.token).header("content-type", mime).body(body);
        let answer = call.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{method} {path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Give the shop its answers and orders.
    async fn stock(&self) -> anyhow::Result<()> {
        for answer in shop::answers()? {
            self.post("/answers", &answer).await?;
        }
        let imported = self.call(Method::POST, "/orders/import", "application/jsonl", shop::orders()).await?;
        match imported["errors"].as_array().and_then(|errors| errors.first()) {
            None => Ok(()),
            Some(error) => bail!("an order was not taken: {error}"),
        }
    }

    /// An inbox on each channel, made now or before; the answer is the path of its hook. A new
    /// shop is stocked as well.
    pub async fn connect(&self, channels: &[Channel], sink: &str) -> anyhow::Result<BTreeMap<Channel, String>> {
        let inboxes = self.get("/inboxes").await?;
        let known = inboxes["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        if known.is_empty() {
            self.stock().await?;
        }
        let mut hooks = BTreeMap::new();
        for channel in channels {
            let before = known.iter().find(|inbox| inbox["channel"] == channel.name());
            let inbox = match before.and_then(|inbox| inbox["id"].as_str()) {
                Some(id) => self.call(Method::PATCH, &format!("/inboxes/{id}"), JSON, moved(*channel, sink).to_string()).await?,
                None => self.post("/inboxes", &new_inbox(*channel, sink)).await?,
            };
            let hook = inbox["hook_url"].as_str().context("an inbox has a hook")?;
            let path = hook.strip_prefix(&format!("http://{}", self.address)).context("a hook is the gateway's own")?;
            hooks.insert(*channel, path.to_owned());
        }
        Ok(hooks)
    }

    /// Ask it to stop, and wait: it finishes what it has begun.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(pid.cast_signed())).context("the gateway is gone")?;
        kill_process(pid, Signal::TERM)?;
        match tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(()),
            ended => bail!("the gateway did not stop as asked: {ended:?}"),
        }
    }
}

fn new_inbox(channel: Channel, sink: &str) -> Value {
    json!({ "channel": channel.name(), "name": channel.name(), "settings": settings(channel, sink) })
}

/// What changes of an inbox when the sink is somewhere else.
fn moved(channel: Channel, sink: &str) -> Value {
    let mut settings = settings(channel, sink);
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, _| name.ends_with("_url"));
    }
    json!({ "settings": settings })
}

/// What an inbox is told: the official addresses, exchanged for the sink's.
fn settings(channel: Channel, sink: &str) -> Value {
    let home = format!("http://{sink}/{}", channel.name());
    let mut settings = match channel {
        Channel::Telegram => json!({ "token": "1:bench", "webhook_secret": SECRET, "api_url": home }),
        Channel::Facebook => {
            json!({ "page_id": PAGE, "page_token": "p", "app_secret": SECRET, "verify_token": "v", "api_url": home })
        }
        Channel::Zalo => json!({ "oa_id": OFFICIAL_ACCOUNT, "app_id": APP, "app_secret": "s", "oa_secret_key": SECRET,
            "access_token": "a", "refresh_token": "r", "api_url": home, "oauth_url": home }),
        // The first part says the bot's own id, as in every such token.
        Channel::Discord => json!({ "token": "MQ.bench.token", "api_url": home }),
        Channel::Webchat => return json!({ "allowed_origins": [ORIGIN] }),
    };
    // What is measured is the gateway, not how much a platform lets one account send.
    settings["sends_per_second"] = json!(100_000);
    settings
}
