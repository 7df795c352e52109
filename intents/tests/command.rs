//! The command line: what goes in, what comes out, and what wrong words are told.

use onethread_intents::command::run_on;
use std::fmt::Write;

fn run(words: &[&str], input: &str) -> Result<String, String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut output = Vec::new();
    run_on(&words, &mut input.as_bytes(), &mut output).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(output).expect("the output is UTF-8"))
}

#[test]
fn classify_writes_one_json_for_each_line() {
    let output = run(&["classify"], "đơn DH1024 tới đâu rồi\nhow much is shipping\n").expect("classify reads any line");
    let lines: Vec<serde_json::Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["intents"][0]["value"], "order_status");
    assert_eq!(lines[0]["language"], "vi");
    assert_eq!(lines[0]["entities"][0]["kind"], "order_code");
    assert_eq!(lines[0]["entities"][0]["value"], "DH1024");
    assert_eq!(lines[1]["language"], "en");
    assert_eq!(lines[1]["answers"][0]["value"], "shipping_fee");
    assert!(lines[1]["not_mine"].is_number());
}

#[test]
fn eval_measures_what_it_is_given() {
    let folder = std::env::temp_dir().join(format!("onethread-intents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut train = String::new();
    for number in 0..30 {
        writeln!(train, "colour\tpaint wall number {number} in red\ntaste\tthe soup {number} needs more salt")
            .expect("a string takes text");
    }
    std::fs::write(path("train"), train).expect("the file is written");
    std::fs::write(path("test"), "colour\tpaint the door red\ntaste\tmore salt in the soup\n").expect("the file is written");
    std::fs::write(path("oos"), "oos\tzzz qqq xxx\n").expect("the file is written");
    let words = ["eval", "--train", &path("train"), "--test", &path("test"), "--oos", &path("oos"), "--json"];
    let report: serde_json::Value =
        serde_json::from_str(&run(&words, "").expect("the files are good")).expect("the report is JSON");
    assert_eq!(report["accuracy"], 1.0);
    assert_eq!(report["out_of_scope"]["auroc"], 1.0);
    std::fs::write(path("bad"), "no tab here\n").expect("the file is written");
    let told = run(&["eval", "--train", &path("bad"), "--test", &path("test")], "").expect_err("there is no tab");
    assert!(told.contains("line 1 has no tab"), "{told}");
    std::fs::remove_dir_all(folder).expect("the folder is there");
}

#[test]
fn wrong_words_are_told_what_to_write() {
    for (words, told) in [
        (&[][..], "say what to do"),
        (&["evaluate"], "`evaluate` is not eval, classify or test"),
        (&["eval"], "needs `--train FILE`"),
        (&["eval", "--train"], "`--train` needs a file"),
        (&["classify", "--fast"], "`--fast` is no option here"),
        (&["classify", "--pack", "/no/such/file"], "reading `/no/such/file`"),
    ] {
        let error = run(words, "").expect_err("the words are wrong");
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn how_often_to_measure_is_a_number() {
    let told = run(&["test", "--seeds", "none"], "").expect_err("none is no number");
    assert!(told.contains("--seeds"), "{told}");
}
