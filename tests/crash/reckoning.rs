//! What must hold when all is quiet again, whatever happened before.

use super::program::Program;
use super::writers::{Place, Writer, Written};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What was counted, for people.
#[derive(Debug, Default)]
pub struct Figures {
    pub written: usize,
    pub acknowledged: usize,
    pub kept: usize,
    pub replies: usize,
    pub uncertain: usize,
    /// Uncertain ones that had arrived.
    pub uncertain_but_there: usize,
}

/// Look at everything that this customer wrote and heard.
pub async fn reckon(program: &Program, writer: &Writer, figures: &mut Figures) {
    let messages = program.messages_of(writer).await;
    let written = writer.written();
    let said = everything_is_there_once_and_in_order(writer, &messages, &written);
    figures.written += written.len();
    figures.acknowledged += written.iter().filter(|written| written.acknowledged.is_some()).count();
    figures.kept += said;
    let replies: Vec<&Value> = messages.iter().filter(|message| message["author"]["kind"] == "bot").collect();
    assert_eq!(replies.len(), said, "{}: every message was answered once: {:#?}", writer.name, told(&messages));
    figures.replies += replies.len();
    let (uncertain, there) = no_reply_was_said_twice(program, writer, &replies).await;
    figures.uncertain += uncertain;
    figures.uncertain_but_there += there;
}

/// The conversation, for whoever must find out what went wrong.
fn told(messages: &[Value]) -> Vec<String> {
    let tell = |m: &Value| format!("{} {} [{}] {}", m["seq"], m["author"]["kind"], m["status"], m["text"]);
    messages.iter().map(tell).collect()
}

fn everything_is_there_once_and_in_order(writer: &Writer, messages: &[Value], written: &[Written]) -> usize {
    let name = &writer.name;
    let seqs: Vec<i64> = messages.iter().filter_map(|message| message["seq"].as_i64()).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{name}: the thread has no gap: {seqs:?}");
    let customers = messages.iter().filter(|message| message["author"]["kind"] == "customer");
    let said: Vec<&str> = customers.filter_map(|message| message["text"].as_str()).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, text) in said.iter().enumerate() {
        assert!(places.insert(text, place).is_none(), "{name}: {text:?} is in the thread twice");
    }
    let known: HashSet<&str> = written.iter().map(|written| written.text.as_str()).collect();
    assert!(said.iter().all(|text| known.contains(text)), "{name}: nothing is in the thread that nobody wrote");
    let (mut acknowledged, mut lost) = (Vec::new(), Vec::new());
    for written in written {
        let Some(at) = written.acknowledged else { continue };
        match places.get(written.text.as_str()) {
            Some(place) => acknowledged.push((written, at, *place)),
            None => lost.push(&written.text),
        }
    }
    assert!(lost.is_empty(), "{name}: of {} written, {} are lost: {lost:?}", written.len(), lost.len());
    assert!(!acknowledged.is_empty(), "{name} was heard at all");
    // Two that were under way together may stand either way; one that was acknowledged before the
    // other was begun stands before it.
    for (first, at, place) in &acknowledged {
        for (second, _, later) in &acknowledged {
            assert!(*at > second.began || place < later, "{name}: {:?} stands after {:?}", first.text, second.text);
        }
    }
    said.len()
}

/// Answers how many are uncertain, and how many of those arrived.
async fn no_reply_was_said_twice(program: &Program, writer: &Writer, replies: &[&Value]) -> (usize, usize) {
    let name = &writer.name;
    let is = |reply: &Value, statuses: &[&str]| reply["status"].as_str().is_some_and(|status| statuses.contains(&status));
    let unsettled: Vec<_> = replies.iter().filter(|reply| !is(reply, &["sent", "delivered", "read", "uncertain"])).collect();
    assert!(unsettled.is_empty(), "{name}: every reply went out, or may have gone out: {unsettled:?}");
    let doubtful: Vec<_> = replies.iter().filter(|reply| is(reply, &["uncertain"])).collect();
    let uncertain = doubtful.len();
    assert!(
        uncertain == 0 || !program.drops_doubles(&writer.channel).await,
        "{name}: uncertain where doubles are dropped: {doubtful:#?}"
    );
    let there = match &writer.place {
        Place::Phone { .. } => on_the_phone(writer, replies),
        Place::Page(visitor) => {
            on_the_page(name, &visitor.history().await, replies);
            uncertain
        }
    };
    (uncertain, there)
}

/// The screen shows what the thread says, in its order, where only uncertain replies may be missing.
/// Answers how many uncertain ones are there.
fn on_the_phone(writer: &Writer, replies: &[&Value]) -> usize {
    let screen: Vec<String> = writer.place.answers().into_iter().flatten().map(|bubble| bubble.text).collect();
    // How far down the screen the replies so far may reach: equal texts leave more than one way.
    let mut reach = BTreeSet::from([0]);
    for reply in replies {
        let shown = |at: &usize| screen.get(*at).map(String::as_str) == reply["text"].as_str();
        let mut further: BTreeSet<usize> = reach.iter().filter(|at| shown(at)).map(|at| at + 1).collect();
        if reply["status"] == "uncertain" {
            further.extend(&reach);
        }
        assert!(!further.is_empty(), "{}: {reply} was sent and is not where it belongs: {screen:#?}", writer.name);
        reach = further;
    }
    assert!(reach.contains(&screen.len()), "{}: the screen shows more than was sent: {screen:#?}", writer.name);
    let certain = replies.iter().filter(|reply| reply["status"] != "uncertain").count();
    screen.len() - certain
}

/// The page shows the newest of the thread, each once.
fn on_the_page(name: &str, entries: &[Value], replies: &[&Value]) {
    let shown: Vec<&str> =
        entries.iter().filter(|entry| entry["from"] == "bot").filter_map(|entry| entry["id"].as_str()).collect();
    let sent: Vec<&str> = replies.iter().filter_map(|reply| reply["id"].as_str()).collect();
    assert!(!shown.is_empty() && sent.ends_with(&shown), "{name}: the page shows {shown:?}, sent were {sent:?}");
}
