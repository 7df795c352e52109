//! Measures: how often right, how honest, how able to say "not mine", how fast. Labelled
//! messages in, figures out.

use crate::classifier::{Classifier, Example, Verdict};
use crate::lens::Lens;
use crate::lessons::{Lesson, examples};
use crate::pack::Pack;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// One message and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    pub label: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    #[error("line {0} has no tab: write `label<TAB>text`")]
    NoTab(usize),
    #[error("training needs at least two labels; there are {0}")]
    TooFewLabels(usize),
    #[error("there are no messages to test")]
    NothingToTest,
}

/// The share of rightly read messages that the threshold lets in.
pub(crate) const LET_IN: f64 = 0.99;

/// Lines `label<TAB>text`; empty lines are passed over.
pub fn parse_tsv(text: &str) -> Result<Vec<Labelled>, EvalError> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let labelled = |(at, line): (usize, &str)| {
        let (label, text) = line.split_once('\t').ok_or(EvalError::NoTab(at + 1))?;
        Ok(Labelled { label: label.trim().to_owned(), text: text.to_owned() })
    };
    filled.map(labelled).collect()
}

/// What was measured. Shares are 0 to 1.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    pub train: usize,
    pub test: usize,
    pub labels: usize,
    pub accuracy: f64,
    pub macro_f1: f64,
    pub calibration_error: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_scope: Option<OutOfScope>,
    pub training_seconds: f64,
    pub p50_microseconds: f64,
    pub p99_microseconds: f64,
    pub model_bytes: usize,
    /// Right label, given label, how often; the most frequent first.
    pub confusions: Vec<(String, String, usize)>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct OutOfScope {
    pub messages: usize,
    /// How well the order of `not_mine` tells the two apart.
    pub auroc: f64,
    /// The share of strangers let in where 95 % of our own are.
    pub fpr_at_95: f64,
    /// What lets in 99 of 100 development messages that are read rightly (without such messages, of
    /// phrases that were held back in training).
    pub threshold: f64,
    pub in_scope_accuracy: f64,
    pub recall: f64,
}

/// The messages to learn from and to measure on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sets<'a> {
    pub train: &'a [Labelled],
    pub test: &'a [Labelled],
    pub dev: &'a [Labelled],
    pub out_of_scope: &'a [Labelled],
}

/// Trains on `train`, measures on `test`.
pub fn evaluate(pack: &Pack, sets: &Sets<'_>) -> Result<Report, EvalError> {
    if sets.test.is_empty() {
        return Err(EvalError::NothingToTest);
    }
    let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
    for message in sets.train {
        let next = labels.len();
        labels.entry(&message.label).or_insert(next);
    }
    if labels.len() < 2 {
        return Err(EvalError::TooFewLabels(labels.len()));
    }
    let mut lens = Lens::of(pack);
    let began = Instant::now();
    let classifier = Classifier::train(&lessons(&mut lens, sets.train, &labels), labels.len(), None, 0);
    let training_seconds = began.elapsed().as_secs_f64();
    let judge = |messages: &[Labelled]| -> (Vec<Judged>, Vec<f64>) {
        messages.iter().map(|message| judge(&lens, &classifier, message, &labels)).unzip()
    };
    let (test, mut micros) = judge(sets.test);
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
    let out_of_scope = (!sets.out_of_scope.is_empty())
        .then(|| out_of_scope(&test, &judge(sets.dev).0, &judge(sets.out_of_scope).0, classifier.limit()));
    let names: Vec<&str> = in_order(&labels);
    Ok(Report {
        train: sets.train.len(),
        test: sets.test.len(),
        labels: labels.len(),
        accuracy: accuracy(&test),
        macro_f1: macro_f1(&test, labels.len()),
        calibration_error: calibration_error(&test),
        out_of_scope,
        training_seconds,
        p50_microseconds: at(0.5),
        p99_microseconds: at(0.99),
        model_bytes: classifier.bytes() + lens.bytes(),
        confusions: confusions(&test, &names),
    })
}

/// A message, what it is (`None`: a label that was never learnt) and what it was taken for.
struct Judged {
    truth: Option<usize>,
    given: usize,
    confidence: f32,
    stranger: f32,
}

impl Judged {
    fn right(&self) -> bool {
        self.truth == Some(self.given)
    }
}

fn lessons(lens: &mut Lens, messages: &[Labelled], labels: &BTreeMap<&str, usize>) -> Vec<Example> {
    lens.expect(messages.iter().map(|message| message.text.as_str()));
    let classes = messages.iter().map(|message| (message.text.as_str(), labels[message.label.as_str()]));
    let lesson = |(text, class)| Lesson { class, text, asked: None, seen: lens.look(text, None) };
    let lessons: Vec<Lesson<'_>> = classes.map(lesson).collect();
    lens.learn_words(lessons.iter().map(|lesson| &lesson.seen));
    examples(lens, &lessons)
}

fn judge(lens: &Lens, classifier: &Classifier, message: &Labelled, labels: &BTreeMap<&str, usize>) -> (Judged, f64) {
    let began = Instant::now();
    let seen = lens.look(&message.text, None);
    let Verdict { probabilities, stranger, .. } = classifier.judge_ways(&seen.features, &seen.others, None);
    let micros = began.elapsed().as_secs_f64() * 1e6;
    let (given, confidence) = top(&probabilities);
    (Judged { truth: labels.get(message.label.as_str()).copied(), given, confidence, stranger }, micros)
}

fn top(probabilities: &[f32]) -> (usize, f32) {
    probabilities.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn in_order<'a>(labels: &BTreeMap<&'a str, usize>) -> Vec<&'a str> {
    let mut names = vec![""; labels.len()];
    for (name, at) in labels {
        names[*at] = name;
    }
    names
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn accuracy(judged: &[Judged]) -> f64 {
    share(judged.iter().filter(|message| message.right()).count(), judged.len())
}

fn macro_f1(judged: &[Judged], labels: usize) -> f64 {
    let f1 = |label: usize| {
        let hits = judged.iter().filter(|message| message.given == label && message.right()).count();
        let given = judged.iter().filter(|message| message.given == label).count();
        let there = judged.iter().filter(|message| message.truth == Some(label)).count();
        (there > 0).then(|| 2.0 * share(hits, given + there))
    };
    let all: Vec<f64> = (0..labels).filter_map(f1).collect();
    all.iter().sum::<f64>() / all.len().max(1) as f64
}

/// Expected calibration error over fifteen equal bins of confidence.
fn calibration_error(judged: &[Judged]) -> f64 {
    let mut bins = [(0.0_f64, 0_usize, 0_usize); 15];
    for message in judged {
        let bin = &mut bins[((message.confidence * 15.0) as usize).min(14)];
        *bin = (bin.0 + f64::from(message.confidence), bin.1 + usize::from(message.right()), bin.2 + 1);
    }
    bins.iter().map(|(sure, right, _)| (sure - *right as f64).abs()).sum::<f64>() / judged.len().max(1) as f64
}

fn out_of_scope(test: &[Judged], dev: &[Judged], strangers: &[Judged], limit: f32) -> OutOfScope {
    let sorted = |judged: &[Judged]| {
        let mut strange: Vec<f32> = judged.iter().map(|message| message.stranger).collect();
        strange.sort_by(f32::total_cmp);
        strange
    };
    let (own, others) = (sorted(test), sorted(strangers));
    let below = |threshold: f32| others.partition_point(|strange| *strange < threshold);
    let beaten: usize = own.iter().map(|strange| others.len() - below(*strange)).sum();
    let at_95 = own[((own.len() - 1) as f64 * 0.95) as usize];
    let mut kept: Vec<f32> = dev.iter().filter(|message| message.right()).map(|message| message.stranger).collect();
    kept.sort_by(f32::total_cmp);
    let threshold = if kept.is_empty() { limit } else { kept[((kept.len() - 1) as f64 * LET_IN) as usize] };
    let kept = test.iter().filter(|message| message.right() && message.stranger <= threshold).count();
    OutOfScope {
        messages: strangers.len(),
        auroc: beaten as f64 / (own.len() * others.len()).max(1) as f64,
        fpr_at_95: share(below(at_95), others.len()),
        threshold: f64::from(threshold),
        in_scope_accuracy: share(kept, test.len()),
        recall: share(others.iter().filter(|strange| **strange > threshold).count(), others.len()),
    }
}

fn confusions(judged: &[Judged], names: &[&str]) -> Vec<(String, String, usize)> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for message in judged.iter().filter(|message| !message.right()) {
        if let Some(truth) = message.truth {
            *counts.entry((truth, message.given)).or_default() += 1;
        }
    }
    let named = |((truth, given), count): ((usize, usize), usize)| (names[truth].to_owned(), names[given].to_owned(), count);
    let mut all: Vec<_> = counts.into_iter().map(named).collect();
    all.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    all.truncate(20);
    all
}
