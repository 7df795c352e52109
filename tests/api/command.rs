//! The command line, as an operator meets it.

use std::process::{Command, Output};

fn onethread(folder: &tempfile::TempDir, words: &[&str], more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onethread"));
    command.current_dir(folder.path()).args(words).env_clear().envs(more.iter().copied());
    command.output().expect("the program starts")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_token_is_printed_alone() {
    let folder = tempfile::tempdir().unwrap();
    let made = onethread(&folder, &["token", "create", "--name", "import", "--role", "admin"], &[]);
    let token = out(&made);
    assert!(
        made.status.success() && token.starts_with("ot_") && token.trim_end().lines().count() == 1,
        "{token:?} {}",
        err(&made)
    );
    assert!(folder.path().join("data/onethread.db").is_file());
    let wrong = onethread(&folder, &["token", "create", "--name", "import", "--role", "boss"], &[]);
    assert!(!wrong.status.success() && err(&wrong).contains("use admin or agent"), "{}", err(&wrong));
}

#[test]
fn check_shows_what_is_in_effect_and_hides_secrets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("onethread.toml"), "[limits]\nfile = \"10 MiB\"\n").unwrap();
    let secrets =
        [("ONETHREAD_ADMIN_EMAIL", "lan@shop.vn"), ("ONETHREAD_ADMIN_PASSWORD", "hush-hush"), ("ONETHREAD_LISTENS", "x")];
    let checked = onethread(&folder, &["check"], &secrets);
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(out(&checked).contains("limits.file = \"10 MiB\"    # onethread.toml"), "{}", out(&checked));
    assert!(!format!("{}{}", out(&checked), err(&checked)).contains("hush-hush"));
    assert!(err(&checked).contains("did you mean `ONETHREAD_LISTEN`?"), "{}", err(&checked));
    assert!(!folder.path().join("data").exists(), "checking makes nothing");
}

#[test]
fn a_wrong_setting_stops_the_start_and_says_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("onethread.toml"), "listne = \"127.0.0.1:1\"\n").unwrap();
    let refused = onethread(&folder, &["serve"], &[]);
    assert!(!refused.status.success());
    assert_eq!(err(&refused).trim(), "error: `listne` in `onethread.toml` is not a setting; did you mean `listen`?");
}

#[test]
fn an_import_reports_bad_lines_and_keeps_the_good() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orders.csv"), "code,status\nDH1,placed\nDH2,lost\n").unwrap();
    let imported = onethread(&folder, &["orders", "import", "orders.csv"], &[]);
    assert!(!imported.status.success());
    assert_eq!(out(&imported).trim(), "1 imported, 0 updated, 1 not valid");
    assert!(err(&imported).starts_with("orders.csv:3: `status` `lost` is not an order status"), "{}", err(&imported));
}

#[test]
fn without_a_command_it_says_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let help = onethread(&folder, &[], &[]);
    for word in ["serve", "demo", "check", "token", "orders", "openapi"] {
        assert!(err(&help).contains(word), "{}", err(&help));
    }
    let understood = onethread(&folder, &["intents", "help"], &[]);
    assert!(understood.status.success() && out(&understood).contains("intents classify"));
    let document = onethread(&folder, &["openapi"], &[]);
    assert!(document.status.success() && out(&document).contains("\"/api/v1/threads\""));
}
