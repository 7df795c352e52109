//! `intents eval|classify|test`: the command line over the library. Reads files and standard
//! input, writes standard output; decides nothing.

use crate::eval::{self, EvalError, Labelled, Report, Sets};
use crate::held_out::{self, Table};
use crate::{Context, Matcher, Pack, PackError, Reading, TrainError};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

pub const USAGE: &str = "\
usage: intents eval --train F.tsv --test F.tsv [--dev F.tsv] [--oos F.tsv] [--pack P.toml] [--json]
       intents classify [--pack P.toml]      one message a line in, one JSON a line out
       intents test [--seeds N] [--json]     the shipped pack against its own held-out messages";

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("{0}\n{USAGE}")]
    Usage(String),
    #[error("reading `{path}`: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("`{path}`: {source}")]
    Lines { path: PathBuf, source: EvalError },
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error("the shipped pack has fallen below a recorded floor")]
    BelowFloor,
    #[error("writing: {0}")]
    Io(#[from] io::Error),
}

/// Runs the words after `intents`, on standard input and output.
pub fn run(words: &[String]) -> Result<(), CommandError> {
    run_on(words, &mut io::stdin().lock(), &mut io::stdout().lock())
}

/// The same on any input and output.
pub fn run_on(words: &[String], input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), CommandError> {
    let Some((verb, rest)) = words.split_first() else { return Err(CommandError::Usage("say what to do".into())) };
    match verb.as_str() {
        "eval" => evaluate(&Flags::parse(rest, &["train", "test", "dev", "oos", "pack"])?, output),
        "classify" => classify(&Flags::parse(rest, &["pack"])?, input, output),
        "test" => test(&Flags::parse(rest, &["seeds"])?, output),
        "help" | "--help" | "-h" => Ok(writeln!(output, "{USAGE}")?),
        other => Err(CommandError::Usage(format!("`{other}` is not eval, classify or test"))),
    }
}

/// `--name value` and `--json`.
struct Flags {
    values: Vec<(String, PathBuf)>,
    json: bool,
}

impl Flags {
    fn parse(words: &[String], known: &[&str]) -> Result<Self, CommandError> {
        let mut flags = Self { values: Vec::new(), json: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some("json") => flags.json = true,
                Some(name) if known.contains(&name) => {
                    let value = words.next().ok_or_else(|| CommandError::Usage(format!("`{word}` needs a file")))?;
                    flags.values.push((name.to_owned(), value.into()));
                }
                _ => return Err(CommandError::Usage(format!("`{word}` is no option here"))),
            }
        }
        Ok(flags)
    }

    fn get(&self, name: &str) -> Option<&Path> {
        self.values.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_path())
    }

    fn messages(&self, name: &str) -> Result<Option<Vec<Labelled>>, CommandError> {
        let Some(path) = self.get(name) else { return Ok(None) };
        let text = read(path)?;
        eval::parse_tsv(&text).map(Some).map_err(|source| CommandError::Lines { path: path.into(), source })
    }

    /// How often all is measured, each time with other throws of the dice.
    fn seeds(&self) -> Result<u64, CommandError> {
        let Some(written) = self.get("seeds") else { return Ok(1) };
        let number = written.to_str().and_then(|written| written.parse().ok()).filter(|number| *number > 0);
        number.ok_or_else(|| CommandError::Usage("`--seeds` needs a number from 1".to_owned()))
    }

    fn pack(&self) -> Result<Pack, CommandError> {
        Ok(match self.get("pack") {
            Some(path) => Pack::parse(&read(path)?)?,
            None => Pack::shipped()?,
        })
    }
}

fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|source| CommandError::File { path: path.into(), source })
}

fn evaluate(flags: &Flags, output: &mut dyn Write) -> Result<(), CommandError> {
    let needed = |name: &str| flags.messages(name)?.ok_or_else(|| CommandError::Usage(format!("`eval` needs `--{name} FILE`")));
    let (train, test) = (needed("train")?, needed("test")?);
    let dev = flags.messages("dev")?.unwrap_or_default();
    let oos = flags.messages("oos")?.unwrap_or_default();
    let sets = Sets { train: &train, test: &test, dev: &dev, out_of_scope: &oos };
    let report = eval::evaluate(&flags.pack()?, &sets)?;
    if flags.json {
        return write_json(output, &report);
    }
    write_report(output, &report)
}

fn write_json(output: &mut dyn Write, value: &impl serde::Serialize) -> Result<(), CommandError> {
    serde_json::to_writer(&mut *output, value).map_err(io::Error::from)?;
    Ok(writeln!(output)?)
}

fn write_report(output: &mut dyn Write, report: &Report) -> Result<(), CommandError> {
    writeln!(output, "{} labels, {} to learn, {} to test", report.labels, report.train, report.test)?;
    writeln!(output, "accuracy            {:6.2} %", report.accuracy * 100.0)?;
    writeln!(output, "macro F1            {:6.2} %", report.macro_f1 * 100.0)?;
    writeln!(output, "calibration error   {:6.3}", report.calibration_error)?;
    if let Some(oos) = &report.out_of_scope {
        writeln!(output, "out of scope        AUROC {:.3}, FPR at 95 % {:.1} %", oos.auroc, oos.fpr_at_95 * 100.0)?;
        writeln!(
            output,
            "  at not_mine {:.3}: in-scope accuracy {:.1} %, out-of-scope recall {:.1} %",
            oos.threshold,
            oos.in_scope_accuracy * 100.0,
            oos.recall * 100.0
        )?;
    }
    writeln!(output, "training            {:6.2} s", report.training_seconds)?;
    writeln!(output, "a message           p50 {:.1} µs, p99 {:.1} µs", report.p50_microseconds, report.p99_microseconds)?;
    writeln!(output, "model               {:6.2} MB", report.model_bytes as f64 / 1e6)?;
    for (truth, given, count) in &report.confusions {
        writeln!(output, "{count:5}  {truth} taken for {given}")?;
    }
    Ok(())
}

fn classify(flags: &Flags, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), CommandError> {
    let pack = flags.pack()?;
    let matcher = Matcher::train(&pack, pack.answers())?;
    for line in input.lines() {
        let reading: Reading = matcher.read(&line?, &Context::default());
        write_json(output, &reading)?;
    }
    Ok(())
}

fn test(flags: &Flags, output: &mut dyn Write) -> Result<(), CommandError> {
    let pack = Pack::shipped()?;
    let (mut seconds, mut bytes, mut runs) = (f64::MAX, 0, Vec::new());
    for throw in 0..flags.seeds()? {
        let began = std::time::Instant::now();
        let matcher = Matcher::train_thrown(&pack, pack.answers(), throw)?;
        seconds = began.elapsed().as_secs_f64().min(seconds);
        bytes = matcher.model_bytes();
        runs.push(held_out::measure(&matcher)?);
    }
    let table = Table::mean(runs);
    if flags.json {
        write_json(output, &table)?;
    } else {
        writeln!(output, "held out                   messages   right   floor")?;
        for row in &table.rows {
            let (name, share, floor) = (&row.name, row.share * 100.0, row.floor * 100.0);
            writeln!(output, "{name:26} {:8} {share:6.1}% {floor:6.1}%", row.messages)?;
        }
        let (micros, megabytes) = (&table.microseconds, bytes as f64 / 1e6);
        writeln!(
            output,
            "training {seconds:.2} s; a message p50 {:.1} µs, p99 {:.1} µs; model {megabytes:.2} MB",
            micros[0], micros[1]
        )?;
        let lost = ["vi stripped", "vi stripped and misspelt"].map(|row| table.lost("vi", row) * 100.0);
        writeln!(output, "lost: {:.2} points without marks, {:.2} with slips too", lost[0], lost[1])?;
        let (precision, acted) = (table.precision * 100.0, table.acted_rightly * 100.0);
        writeln!(output, "acted on: {precision:.1} % right; of ours {acted:.1} % acted on rightly")?;
        for (truth, given, count) in &table.confusions {
            writeln!(output, "{count:5}  {truth} taken for {given}")?;
        }
    }
    if table.holds() { Ok(()) } else { Err(CommandError::BelowFloor) }
}
