//! The real program in a process of its own, to be killed.

use super::json;
use super::power::Disk;
use super::writers::{Place, Writer};
use onethread_simulator::World;
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// How long anything may take on a busy machine. On PostgreSQL a dead process's claims last a while.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Program {
    child: Child,
    folder: PathBuf,
    database: String,
    disk: Option<Disk>,
    pub url: String,
    pub token: String,
    pub http: reqwest::Client,
}

impl Program {
    /// With a disk to be watched, it loses its power whenever the program is killed.
    pub async fn start(folder: &Path, database: &str, disk: Option<Disk>) -> Self {
        let url = format!("http://127.0.0.1:{}", lasting_port());
        let made = command(folder, database, &url, &["token", "create", "--name", "test", "--role", "admin"]).output().await;
        let token = String::from_utf8(made.expect("the program starts").stdout).expect("a token is text").trim().to_owned();
        disk.iter().for_each(Disk::has_all);
        let child = serve(folder, database, &url, disk.as_ref());
        let http = reqwest::Client::new();
        let program = Self { child, folder: folder.to_owned(), database: database.to_owned(), disk, url, token, http };
        program.wait_until_ready().await;
        program
    }

    /// Start once more on the same data and address. It may not be ready yet.
    pub fn start_again(&mut self) {
        self.child = serve(&self.folder, &self.database, &self.url, self.disk.as_ref());
    }

    /// SIGKILL: no chance to say goodbye.
    pub async fn kill(&mut self) {
        let status = self.child.try_wait().expect("the process can be asked");
        assert!(status.is_none(), "it runs until it is killed: {status:?}");
        self.child.kill().await.expect("the process can be killed");
        self.disk.iter().for_each(Disk::lose_power);
    }

    /// SIGTERM, as a supervisor sends it; answers how long the goodbye took.
    pub async fn terminate(&mut self) -> Duration {
        let id = self.child.id().expect("the process runs").to_string();
        let began = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("`kill` is there");
        assert!(sent.success(), "the signal was sent");
        let ended = self.child.wait().await.expect("the process ends");
        assert!(ended.success(), "it ends in peace: {ended}");
        began.elapsed()
    }

    pub async fn wait_until_ready(&self) {
        let ready = async || {
            let answer = self.http.get(format!("{}/readyz", self.url)).timeout(Duration::from_secs(5)).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        until("the program is ready", ready).await;
    }

    pub async fn get(&self, path: &str) -> Value {
        let call = self.http.get(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token);
        call.send().await.expect("the program answers").json().await.expect("the answer is JSON")
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> Value {
        let method = method.parse().expect("a method");
        let call = self.http.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token).json(&body);
        let answer = call.send().await.expect("the program answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
        answer.json().await.expect("the answer is JSON")
    }

    /// An answer to each of these questions, by which it can be told.
    pub async fn teach(&self, questions: &[&str]) {
        for question in questions {
            let vi = json!({ "text": format!("Dạ shop trả lời câu “{question}” ạ."), "questions": [question] });
            let answer = json!({ "title": question, "enabled": true, "vi": vi, "en": { "text": "", "questions": [] } });
            self.send("POST", "/answers", answer).await;
        }
    }

    /// A new inbox; answers its hook.
    pub async fn connect(&self, channel: &str, settings: Value) -> String {
        let made = self.send("POST", "/inboxes", json!({ "channel": channel, "name": channel, "settings": settings })).await;
        made["hook_url"].as_str().expect("an inbox has a hook").to_owned()
    }

    /// What the owner does about an inbox that lost its way in: gives it the tokens of today.
    /// A kill between the platform's new pair and our storing it leaves nobody with a good one.
    pub async fn mend_inboxes(&self, world: &World) -> usize {
        let inboxes = self.get("/inboxes").await;
        let mut mended = 0;
        for inbox in inboxes["items"].as_array().into_iter().flatten().filter(|inbox| inbox["state"] == "paused") {
            let platform = world.platforms().into_iter().find(|platform| inbox["channel"] == platform.kind());
            let platform = platform.unwrap_or_else(|| panic!("nothing can be wrong with {inbox}"));
            let settings = platform.settings(&world.base(platform.as_ref()));
            let path = format!("/inboxes/{}", inbox["id"].as_str().expect("an id"));
            self.send("PATCH", &path, json!({ "settings": settings, "paused": false })).await;
            mended += 1;
        }
        mended
    }

    pub async fn drops_doubles(&self, channel: &str) -> bool {
        let channels = self.get("/channels").await;
        let channels = channels["items"].as_array().or(channels.as_array()).cloned().expect("a list of channels");
        let channel = channels.into_iter().find(|known| known["kind"] == channel).expect("the channel is known");
        channel["capabilities"]["deduplicates"].as_bool().expect("a channel says whether it drops doubles")
    }

    /// Nothing waits in the ledger, nothing is on its way out, nothing went to the dead letters.
    pub async fn wait_until_quiet(&self, world: &World) -> usize {
        let mut mended = 0;
        let began = Instant::now();
        loop {
            mended += self.mend_inboxes(world).await;
            let page = self.http.get(format!("{}/metrics", self.url)).send().await.expect("the program answers");
            let page = page.text().await.expect("the figures are text");
            let figure = |name: &str| {
                let line = page.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {page}"));
                line.trim().parse::<f64>().expect("a figure is a number")
            };
            let waiting = ["onethread_ledger_waiting ", "onethread_outbox_queued ", "onethread_outbox_sending "].map(figure);
            if waiting == [0.0; 3] && world.telegram.waiting_updates() == 0 {
                assert!(figure("onethread_ledger_dead ") == 0.0, "every call was understood");
                return mended;
            }
            assert!(began.elapsed() < PATIENCE, "work is left after {PATIENCE:?}: calls, parcels, under way: {waiting:?}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Every message of the one thread of this customer, oldest first.
    pub async fn messages_of(&self, writer: &Writer) -> Vec<Value> {
        match &writer.place {
            Place::Phone { .. } => {
                // Where the platform is asked for the name, a kill may have come in between.
                let path = format!("/threads?view=all&q={}", writer.name.replace(' ', "%20"));
                let named = async || !self.threads(&path).await.is_empty();
                until("the customer's name is learnt", named).await;
                let threads = self.threads(&path).await;
                assert_eq!(threads.len(), 1, "{} has exactly one thread", writer.name);
                self.messages(&threads[0]).await
            }
            Place::Page(_) => {
                let mut found = Vec::new();
                for thread in self.threads(&format!("/threads?view=all&limit=200&channel={}", writer.channel)).await {
                    let messages = self.messages(&thread).await;
                    let own = |message: &Value| message["text"].as_str().is_some_and(|text| text.ends_with(&writer.name));
                    found.extend(messages.iter().any(own).then_some(messages));
                }
                assert_eq!(found.len(), 1, "{} has exactly one thread", writer.name);
                found.remove(0)
            }
        }
    }

    /// Wait until everything is in the thread that was acknowledged. Whether it ever is, is asked later.
    pub async fn wait_for_all_of(&self, writer: &Writer) {
        let acknowledged = writer.written().into_iter().filter(|written| written.acknowledged.is_some());
        let texts: Vec<String> = acknowledged.map(|written| written.text).collect();
        let arrived = async {
            loop {
                let messages = self.messages_of(writer).await;
                let there: HashSet<&str> = messages.iter().filter_map(|message| message["text"].as_str()).collect();
                if texts.iter().all(|text| there.contains(text.as_str())) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE / 2, arrived).await;
    }

    async fn threads(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await;
        let threads = list["items"].as_array().expect("a list").iter();
        threads.map(|thread| thread["id"].as_str().expect("an id").to_owned()).collect()
    }

    async fn messages(&self, thread: &str) -> Vec<Value> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let before = messages.first().map_or(String::new(), |message| format!("&before={}", message["seq"]));
            let page = self.get(&format!("/threads/{thread}/messages?limit=200{before}")).await;
            let older = page["items"].as_array().cloned().expect("a list");
            let done = older.len() < 200;
            messages.splice(0..0, older);
            if done {
                return messages;
            }
        }
    }
}

/// A free port below those that outgoing connections take: nobody sits on it while the program is down.
fn lasting_port() -> u16 {
    let mut tries = (0..1000).map(|_| 12_000 + rand::random::<u16>() % 20_000);
    tries.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a port is free")
}

/// Look until it is so. Panics when it never is.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("it never came true that {what}"));
}

fn command(folder: &Path, database: &str, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onethread"));
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    command.env("ONETHREAD_LISTEN", url.trim_start_matches("http://")).env("ONETHREAD_PUBLIC_URL", url);
    command.env("ONETHREAD_DATA_DIR", folder).env("ONETHREAD_DATABASE_URL", database).env("ONETHREAD_LOG_LEVEL", "error");
    command.env("ONETHREAD_ADMIN_EMAIL", "admin@example.com").env("ONETHREAD_ADMIN_PASSWORD", "for this test only");
    command
}

fn serve(folder: &Path, database: &str, url: &str, disk: Option<&Disk>) -> Child {
    let mut serve = command(folder, database, url, &["serve"]);
    serve.envs(disk.map(Disk::environment).into_iter().flatten());
    serve.stdout(Stdio::null()).spawn().expect("the program starts")
}
