//! The real program in a process of its own, to be killed.

use super::json;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

pub struct Program {
    child: Child,
    folder: PathBuf,
    database: String,
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Program {
    pub async fn start(folder: &Path, database: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound").port();
        let url = format!("http://127.0.0.1:{port}");
        let made = command(folder, database, &url, &["token", "create", "--name", "test", "--role", "admin"]).output().await;
        let token = String::from_utf8(made.expect("the program starts").stdout).expect("a token is text").trim().to_owned();
        let child = serve(folder, database, &url);
        let http = reqwest::Client::new();
        let program = Self { child, folder: folder.to_owned(), database: database.to_owned(), url, token, http };
        program.wait_until_ready().await;
        program
    }

    /// Start once more on the same data and address.
    pub async fn again(self) -> Self {
        let child = serve(&self.folder, &self.database, &self.url);
        let program = Self { child, ..self };
        program.wait_until_ready().await;
        program
    }

    /// SIGKILL: no chance to say goodbye.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the process can be killed");
    }

    async fn wait_until_ready(&self) {
        for _ in 0..400 {
            if self.http.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program did not get ready");
    }

    async fn get(&self, path: &str) -> Value {
        let call = self.http.get(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token);
        call.send().await.expect("the program answers").json().await.expect("the answer is JSON")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let call = self.http.post(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token).json(&body);
        let answer = call.send().await.expect("the program answers");
        assert!(answer.status().is_success(), "POST {path}: {}", answer.text().await.unwrap_or_default());
        answer.json().await.expect("the answer is JSON")
    }

    /// An answer for what the customers ask.
    pub async fn seed(&self) {
        let vi = json!({ "text": "Dạ phí giao hàng là 25.000đ ạ.", "questions": ["phí ship bao nhiêu vậy shop", "phí giao hàng bao nhiêu"] });
        self.post(
            "/answers",
            json!({ "title": "Phí giao hàng", "enabled": true, "vi": vi, "en": { "text": "", "questions": [] } }),
        )
        .await;
    }

    pub async fn connect(&self, channel: &str, settings: Value) -> String {
        let made = self.post("/inboxes", json!({ "channel": channel, "name": channel, "settings": settings })).await;
        made["hook_url"].as_str().expect("an inbox has a hook").to_owned()
    }

    /// Nothing waits in the ledger, nothing is on its way out, for two looks in a row.
    pub async fn wait_until_quiet(&self) {
        let mut quiet = 0;
        for _ in 0..900 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let threads = self.get("/threads?view=all&limit=200").await;
            let mut open = 0;
            for thread in threads["items"].as_array().into_iter().flatten() {
                let messages =
                    self.get(&format!("/threads/{}/messages?limit=20", thread["id"].as_str().unwrap_or_default())).await;
                open += messages["items"].as_array().into_iter().flatten().filter(|m| m["status"] == "queued").count();
            }
            quiet = if open == 0 { quiet + 1 } else { 0 };
            if quiet == 3 {
                return;
            }
        }
        panic!("messages are still under way");
    }

    /// Waits for the name: where the platform is asked for it, a kill may have come in between, and
    /// the work is taken up again only once its claim is over.
    async fn threads_of(&self, name: &str) -> Vec<Value> {
        for _ in 0..300 {
            let list = self.get(&format!("/threads?view=all&q={}", name.replace(' ', "%20"))).await;
            let threads = list["items"].as_array().cloned().expect("a list");
            if !threads.is_empty() {
                return threads;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Vec::new()
    }

    /// Every message of the thread of the customer of this name, oldest first.
    pub async fn messages_of(&self, name: &str) -> Vec<Value> {
        let threads = self.threads_of(name).await;
        assert_eq!(threads.len(), 1, "{name} has exactly one thread");
        let id = threads[0]["id"].as_str().expect("an id");
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let before = messages.first().map_or(String::new(), |m| format!("&before={}", m["seq"]));
            let page = self.get(&format!("/threads/{id}/messages?limit=200{before}")).await;
            let older = page["items"].as_array().cloned().expect("a list");
            let done = older.len() < 200;
            messages.splice(0..0, older);
            if done {
                return messages;
            }
        }
    }
}

fn command(folder: &Path, database: &str, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onethread"));
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    command.env("ONETHREAD_LISTEN", url.trim_start_matches("http://")).env("ONETHREAD_PUBLIC_URL", url);
    command.env("ONETHREAD_DATA_DIR", folder).env("ONETHREAD_DATABASE_URL", database).env("ONETHREAD_LOG_LEVEL", "error");
    command.env("ONETHREAD_ADMIN_EMAIL", "admin@example.com").env("ONETHREAD_ADMIN_PASSWORD", "for this test only");
    command
}

fn serve(folder: &Path, database: &str, url: &str) -> Child {
    command(folder, database, url, &["serve"]).stdout(Stdio::null()).spawn().expect("the program starts")
}
