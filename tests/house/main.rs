//! The plan of the house, where Cargo cannot enforce it: who may know whom, and
//! who may spell a platform's name.

use std::fs;
use std::path::{Path, PathBuf};

const PLATFORMS: [&str; 5] = ["telegram", "discord", "facebook", "messenger", "zalo"];
/// Rooms that must work with any channel.
const BLIND: [&str; 6] = ["core/src", "store/src", "src", "intents/src", "console/src", "migrations"];

fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            found.push(path);
        }
    }
    found
}

fn house() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lines of code with their numbers: what a test says, and comments, do not count.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("a source file is text");
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    product
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.to_lowercase()))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .collect()
}

#[test]
fn only_connectors_and_the_simulator_spell_a_platforms_name() {
    let mut spelt = Vec::new();
    for room in BLIND {
        for path in files(&house().join(room), &["rs", "sql", "ts", "svelte"]) {
            for (number, line) in code(&path) {
                if PLATFORMS.iter().any(|name| line.contains(name)) {
                    spelt.push(format!("{}:{number}: {}", path.strip_prefix(house()).unwrap_or(&path).display(), line.trim()));
                }
            }
        }
    }
    assert!(spelt.is_empty(), "these know a platform by name:\n{}", spelt.join("\n"));
}

#[test]
fn nothing_knows_the_api_but_those_who_start_it() {
    let may = ["src/api", "src/cli", "src/demo", "src/main.rs", "src/lib.rs"];
    for path in files(&house().join("src"), &["rs"]) {
        let place = path.strip_prefix(house()).expect("a file of the house").display().to_string();
        if may.iter().any(|room| place.starts_with(room)) {
            continue;
        }
        for (number, line) in code(&path) {
            assert!(!line.contains("crate::api"), "{place}:{number} knows the API");
        }
    }
}

/// Or the bot could speak with an agent's voice: `WordsOf` would guard a door beside an open window.
#[test]
fn parcels_are_made_by_the_outbox_alone() {
    let makers: Vec<String> = files(&house().join("src"), &["rs"])
        .iter()
        .filter(|path| code(path).iter().any(|(_, line)| line.contains("newparcel {") || line.contains("queue_parcels(")))
        .map(|path| path.strip_prefix(house()).expect("a file of the house").display().to_string())
        .collect();
    assert_eq!(makers, ["src/outbox/queue.rs"]);
}

#[test]
fn sql_lives_in_the_store_alone() {
    for room in ["core/src", "src", "connectors", "intents/src"] {
        for path in files(&house().join(room), &["rs"]) {
            for (number, line) in code(&path) {
                assert!(!line.contains("sqlx::"), "{}:{number} speaks SQL", path.display());
            }
        }
    }
}

#[test]
fn core_imports_no_runtime_no_http_and_no_database() {
    let manifest = fs::read_to_string(house().join("core/Cargo.toml")).expect("core has a manifest");
    let product = manifest.split("[dev-dependencies]").next().unwrap_or_default();
    for stranger in ["tokio", "reqwest", "axum", "sqlx", "hyper"] {
        assert!(!product.contains(stranger), "core depends on {stranger}");
    }
}

#[test]
fn the_three_workers_do_not_know_one_another() {
    for (room, strangers) in [
        ("connectors", ["onethread-intents", "onethread-store"]),
        ("intents", ["onethread-connectors", "onethread-store"]),
        ("store", ["onethread-connectors", "onethread-intents"]),
    ] {
        let manifest = fs::read_to_string(house().join(room).join("Cargo.toml")).expect("a crate has a manifest");
        for stranger in strangers {
            assert!(!manifest.contains(stranger), "{room} knows {stranger}");
        }
    }
}

#[test]
fn every_channel_has_its_page() {
    let http = reqwest::Client::builder().tls_backend_preconfigured(no_tls()).build().expect("a client that never calls");
    for channel in onethread_connectors::registry(&http) {
        let page = house().join("docs/channels").join(format!("{}.md", channel.kind()));
        assert!(page.exists(), "{} has no page in docs/channels", channel.kind());
    }
}

/// A client must have some TLS; this test makes no connection.
fn no_tls() -> rustls::ClientConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
}

/// What is too long is split, or says in its first lines why not.
#[test]
fn no_file_has_become_a_corridor() {
    let mut long = Vec::new();
    for room in ["core/src", "store/src", "src", "connectors", "intents/src", "simulator/src", "benches"] {
        for path in files(&house().join(room), &["rs"]) {
            if path.components().any(|part| part.as_os_str() == "tests") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file is text");
            let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            if product.lines().count() > 600 {
                long.push(path.display().to_string());
            }
        }
    }
    assert!(long.is_empty(), "over 600 lines: {long:?}");
}
