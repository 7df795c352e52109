//! No SQL is checked at compile time, so every function of the store has a test.

use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of sources can be listed");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let own = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    own.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

fn read(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    rust_files(&folder).iter().map(|path| fs::read_to_string(path).expect("a source file is text")).collect()
}

fn public_functions() -> Vec<String> {
    let sources = read("src").join("\n");
    let starts = sources.lines().filter_map(|line| line.trim_start().strip_prefix("pub async fn "));
    starts.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn every_function_of_the_store_is_asked_by_a_test() {
    let functions = public_functions();
    assert!(functions.len() > 100, "the list is read from the sources: {}", functions.len());
    let tests = read("tests").join("\n");
    let untested: Vec<&String> =
        functions.iter().filter(|name| !tests.contains(&format!(".{name}(")) && !tests.contains(&format!("::{name}("))).collect();
    assert!(untested.is_empty(), "write a test, on both engines, for: {untested:?}");
}
