//! Messages that say much the same, put together: for people who look at what was not understood.
//! Deterministic, bounded, and without an opinion on what a group means.

use crate::features::{BLOCKS, Hashes};
use crate::lens::Lens;
use std::collections::HashMap;

/// More messages than this are not looked at: a page of groups is read by people.
pub const MOST: usize = 3_000;

/// Only so many bytes of a message count: what is longer is like nothing else anyway.
const READ: usize = 400;

/// As near as this a message must be to the middle of a group to belong to it.
///
/// This and the weights below were chosen on the questions of the shipped FAQ, of which the models
/// learn nothing, as groups by answer and language: BCubed precision 0.56, recall 0.39. Precision counts
/// more here, as one click files a whole group.
const NEAR: f32 = 0.34;

/// Rounds in which messages may still change their group.
const ROUNDS: usize = 3;

/// How rare a feature is that the pack does not have; its rarest have about as much.
const UNKNOWN: f32 = 7.0;

/// How much words with marks, plain words, pieces of words and senses weigh.
const SHARES: [f32; BLOCKS] = [1.1, 1.5, 1.0];

/// How much it weighs what the classifier, however unsure, makes of a message: other words for the
/// same wish have little else in common.
const TOPIC: f32 = 0.9;

/// Less is no topic.
const FAINT: f32 = 0.02;

/// A feature of more groups than this tells none from the others; it bounds the work of a message.
const EVERYWHERE: usize = 600;

type Vector = Vec<(u32, f32)>;

/// What the models know of features and messages.
pub(crate) struct Known<'a> {
    /// How rare a feature is; `None` for one that was never learnt.
    pub rarity: &'a dyn Fn(u64) -> Option<f32>,
    /// The probability of each intent.
    pub topics: &'a dyn Fn(&Hashes) -> Vec<f32>,
}

/// Groups by place in `texts`: the largest group first, within a group the most typical first.
pub(crate) fn group(lens: &Lens, known: &Known<'_>, texts: &[&str]) -> Vec<Vec<usize>> {
    let texts = &texts[..texts.len().min(MOST)];
    let seen: Vec<Hashes> = texts.iter().map(|text| lens.look(beginning(text), None).features).collect();
    let (vectors, features) = vectors(&seen, known);
    let mut middles = Middles::of(features);
    let mut homes: Vec<usize> = vectors.iter().map(|vector| middles.settle(vector, None)).collect();
    for _ in 0..ROUNDS {
        for (home, vector) in homes.iter_mut().zip(&vectors) {
            *home = middles.settle(vector, Some(*home));
        }
    }
    let mut groups: Vec<Vec<(usize, f32)>> = vec![Vec::new(); middles.groups.len()];
    for (at, (home, vector)) in homes.iter().zip(&vectors).enumerate() {
        middles.compare(vector);
        groups[*home].push((at, middles.likeness(*home)));
    }
    groups.retain(|group| !group.is_empty());
    for group in &mut groups {
        group.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    groups.sort_by_key(|group| (usize::MAX - group.len(), group.iter().map(|(at, _)| *at).min()));
    groups.into_iter().map(|group| group.into_iter().map(|(at, _)| at).collect()).collect()
}

fn beginning(text: &str) -> &str {
    let end = (0..=READ.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Each message as a vector of length 1, and how many features there are. How rare a feature is in the
/// pack counts: among a few missed messages alone every word would seem rare.
fn vectors(all: &[Hashes], known: &Known<'_>) -> (Vec<Vector>, usize) {
    let mut numbers: HashMap<u64, u32> = HashMap::new();
    let mut weights: Vec<f32> = Vec::new();
    let mut number = |hash: &u64| {
        *numbers.entry(*hash).or_insert_with(|| {
            weights.push((known.rarity)(*hash).unwrap_or(UNKNOWN));
            weights.len() as u32 - 1
        })
    };
    let numbered: Vec<[Vector; BLOCKS]> =
        all.iter().map(|hashes| hashes.blocks.each_ref().map(|block| count(block.iter().map(&mut number).collect()))).collect();
    let first_topic = weights.len() as u32;
    let mut topics = 0;
    let mut whole = |(blocks, hashes): ([Vector; BLOCKS], &Hashes)| {
        let weigh = |(number, times): (u32, f32)| (number, times.sqrt() * weights[number as usize]);
        let words =
            blocks.into_iter().zip(SHARES).map(|(block, share)| (block.into_iter().map(weigh).collect::<Vector>(), share));
        let probabilities = (known.topics)(hashes);
        topics = topics.max(probabilities.len());
        let likely = (first_topic..).zip(probabilities).filter(|(_, probability)| *probability > FAINT);
        let topic: Vector = likely.map(|(number, probability)| (number, probability.sqrt())).collect();
        let shares = words.chain([(topic, TOPIC)]);
        unit(shares.flat_map(|(block, share)| unit(block).into_iter().map(move |(at, weight)| (at, weight * share))).collect())
    };
    let vectors = numbered.into_iter().zip(all).map(&mut whole).collect();
    (vectors, weights.len() + topics)
}

fn count(mut numbers: Vec<u32>) -> Vector {
    numbers.sort_unstable();
    let mut counted = Vector::with_capacity(numbers.len());
    for number in numbers {
        match counted.last_mut() {
            Some((last, times)) if *last == number => *times += 1.0,
            _ => counted.push((number, 1.0)),
        }
    }
    counted
}

fn unit(mut vector: Vector) -> Vector {
    let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(1e-6);
    for (_, weight) in &mut vector {
        *weight /= length;
    }
    vector
}

/// The sum of each group's vectors, found by the features they share with a message.
struct Middles {
    /// Feature → the groups that have it, and how heavily.
    postings: Vec<Vec<(u32, f32)>>,
    groups: Vec<Middle>,
    /// Of the groups, while one message is compared.
    scores: Vec<f32>,
}

#[derive(Clone, Copy, Default)]
struct Middle {
    /// The square of the sum's length.
    square: f32,
    members: u32,
}

impl Middles {
    fn of(features: usize) -> Self {
        Self { postings: vec![Vec::new(); features], groups: Vec::new(), scores: Vec::new() }
    }

    /// Puts the message where it belongs: in a group, or alone in a new one.
    fn settle(&mut self, vector: &Vector, home: Option<usize>) -> usize {
        if let Some(home) = home {
            self.shift(vector, home, -1.0);
        }
        self.compare(vector);
        let near = self.nearest();
        let alone = home.filter(|home| self.groups[*home].members == 0);
        let new = near.or(alone).unwrap_or_else(|| {
            self.groups.push(Middle::default());
            self.scores.push(0.0);
            self.groups.len() - 1
        });
        self.shift(vector, new, 1.0);
        new
    }

    /// Adds the message's vector to a group, or takes it out again.
    fn shift(&mut self, vector: &Vector, group: usize, sign: f32) {
        let mut shared = 0.0;
        for (number, weight) in vector {
            let posting = &mut self.postings[*number as usize];
            match posting.iter_mut().find(|(other, _)| *other as usize == group) {
                Some((_, sum)) => {
                    shared += *sum * weight;
                    *sum += sign * weight;
                }
                None => posting.push((group as u32, sign * weight)),
            }
        }
        let middle = &mut self.groups[group];
        middle.members = middle.members.saturating_add_signed(sign as i32);
        middle.square = if middle.members == 0 { 0.0 } else { middle.square + 2.0 * sign * shared + 1.0 };
    }

    fn compare(&mut self, vector: &Vector) {
        self.scores.fill(0.0);
        for (number, weight) in vector {
            let posting = &self.postings[*number as usize];
            for (group, sum) in posting.iter().filter(|_| posting.len() <= EVERYWHERE) {
                self.scores[*group as usize] += weight * sum;
            }
        }
    }

    fn likeness(&self, group: usize) -> f32 {
        let middle = self.groups[group];
        if middle.members == 0 { 0.0 } else { self.scores[group] / middle.square.max(1e-6).sqrt() }
    }

    fn nearest(&self) -> Option<usize> {
        let likely = (0..self.groups.len()).map(|group| (group, self.likeness(group))).filter(|(_, likeness)| *likeness >= NEAR);
        likely.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(group, _)| group)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Matcher, Pack};
    use std::sync::OnceLock;

    fn matcher() -> &'static Matcher {
        static MATCHER: OnceLock<Matcher> = OnceLock::new();
        MATCHER.get_or_init(|| Matcher::train(&Pack::shipped().expect("the pack is read"), &[]).expect("it trains"))
    }

    const MIXED: [&str; 12] = [
        "bên mình có nhận thêu tên lên áo không",
        "shop có cho nuôi mèo ở cửa hàng không vậy",
        "thêu tên lên áo giúp em được không ạ",
        "cho mình hỏi có thêu tên không",
        "co theu ten len ao ko shop",
        "shop ơi cho gửi xe ở đâu",
        "gửi xe chỗ nào vậy shop",
        "gui xe o dau a",
        "can you embroider a name on the shirt",
        "do you embroider names on shirts?",
        "asdkjh qwe zxc",
        "🙂🙂🙂",
    ];

    #[test]
    fn what_says_much_the_same_stands_together() {
        let groups = matcher().group(&MIXED);
        let of = |at: usize| groups.iter().position(|group| group.contains(&at)).expect("every message is in a group");
        assert!([2, 3, 4].iter().all(|at| of(*at) == of(0)), "one embroiders: {groups:?}");
        assert!(of(5) == of(6) && of(6) == of(7), "one parks: {groups:?}");
        assert_eq!(of(8), of(9), "in English too: {groups:?}");
        let different = [of(0), of(5), of(8), of(10), of(11), of(1)];
        assert!(different.iter().enumerate().all(|(at, one)| !different[..at].contains(one)), "{groups:?}");
        assert!(groups.is_sorted_by(|a, b| a.len() >= b.len()), "the largest comes first: {groups:?}");
    }

    /// The shipped questions are hard: each is worded differently on purpose.
    #[test]
    fn groups_of_hard_paraphrases_are_mostly_pure() {
        let pack = Pack::shipped().expect("the pack is read");
        let questions = pack
            .answers()
            .iter()
            .enumerate()
            .flat_map(|(at, answer)| answer.questions.iter().map(move |(language, text)| ((at, *language), text.as_str())));
        let (labels, texts): (Vec<_>, Vec<&str>) = questions.unzip();
        let groups = matcher().group(&texts);
        let alike = |at: usize, group: &[usize]| group.iter().filter(|other| labels[**other] == labels[at]).count() as f32;
        let all: Vec<usize> = (0..texts.len()).collect();
        let pure = groups.iter().flat_map(|group| group.iter().map(|at| alike(*at, group) / group.len() as f32)).sum::<f32>();
        let whole = groups.iter().flat_map(|group| group.iter().map(|at| alike(*at, group) / alike(*at, &all))).sum::<f32>();
        let (precision, recall) = (pure / all.len() as f32, whole / all.len() as f32);
        assert!(precision > 0.55 && recall > 0.33, "precision {precision}, recall {recall}, {} groups", groups.len());
    }

    #[test]
    fn nothing_is_lost_nothing_comes_twice_and_the_same_in_is_the_same_out() {
        let texts: Vec<String> = (0..400).map(|n| format!("{} {}", MIXED[n % MIXED.len()], "rất ".repeat(n % 5))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let groups = matcher().group(&texts);
        let mut all: Vec<usize> = groups.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..400).collect::<Vec<_>>());
        assert_eq!(matcher().group(&texts), groups);
        assert!(groups.len() < 40, "{} groups", groups.len());
        assert!(matcher().group(&[]).is_empty());
    }

    #[test]
    fn hostile_texts_cost_no_more_than_their_beginning() {
        let long = "ạ".repeat(200_000);
        let odd: Vec<&str> =
            [long.as_str(), "", "\u{0301}\u{0301}", "\u{202e}abc"].into_iter().cycle().take(super::MOST + 50).collect();
        let groups = matcher().group(&odd);
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), super::MOST, "no more are looked at");
    }
}
