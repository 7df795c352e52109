//! Embeds the console. Never runs npm: without a built console a page that says how to build it is embedded.

#![expect(clippy::disallowed_methods, reason = "a build script learns from Cargo by the environment")]

use std::fs;
use std::path::{Path, PathBuf};

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>onethread</title>\
<body><h1>onethread is running</h1><p>This binary was built without the console. Run <code>make</code> to build both.\
The API is at <a href=\"/api/docs\">/api/docs</a>.</p></body></html>\n";

fn main() {
    let console = Path::new("console/dist");
    // It must exist to be watched: a missing path would rebuild the crate every time.
    fs::create_dir_all(console).expect("console/dist can be made");
    println!("cargo::rerun-if-changed=console/dist");
    println!("cargo::rerun-if-changed=build.rs");
    if console.join("index.html").is_file() {
        println!("cargo::rustc-env=ONETHREAD_CONSOLE=built");
        memory_serve::load_directory(console);
        return;
    }
    println!("cargo::warning=the console is not built; a placeholder page is embedded (run `make` to build both)");
    println!("cargo::rustc-env=ONETHREAD_CONSOLE=placeholder");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("Cargo sets OUT_DIR")).join("placeholder");
    fs::create_dir_all(&out).expect("the output folder is writable");
    fs::write(out.join("index.html"), PLACEHOLDER).expect("the output folder is writable");
    memory_serve::load_directory(out);
}
