//! Through the words that may have been meant at each place of a message, the likeliest ways: what fits
//! together best (Viterbi), and what fits nearly as well. Knows words by their numbers only.

use crate::exact::exp;
use crate::phrasing::{Phrasing, Witness};

/// What words with one between them add where some phrase has them so.
const APART: f32 = 1.0;

/// A way is not worth a reading of its own if it is this much less likely than the best (a logarithm), or
/// if so many are likelier.
const WITHIN: f32 = 3.0;
const MOST: usize = 4;

/// Words are less independent than the model takes them for: likelihoods are brought nearer together.
const EVENED: f32 = 0.4;

/// A word that may have been meant, and how unlikely the slip is that would explain what was typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rival {
    pub word: u32,
    pub cost: f32,
    /// What it costs more where no neighbour knows it. Never negative: the search leaves out what is too dear without it.
    pub lone: f32,
}

impl Rival {
    pub(crate) fn dearer(self, cost: f32) -> Self {
        Self { cost: self.cost + cost, ..self }
    }
}

/// The rivals for each place of a message, one place behind the other; the first is what was typed.
#[derive(Debug, Default)]
pub(crate) struct Choices {
    pub rivals: Vec<Rival>,
    ends: Vec<usize>,
}

impl Choices {
    pub(crate) fn with_room(places: usize) -> Self {
        Self { rivals: Vec::with_capacity(4 * places), ends: Vec::with_capacity(places + 1) }
    }

    /// The rivals that were added since are those of one place.
    pub(crate) fn close(&mut self) {
        self.ends.push(self.rivals.len());
    }

    pub(crate) fn at(&self, place: usize) -> &[Rival] {
        &self.rivals[self.start(place)..self.ends[place]]
    }

    /// There is nothing to choose.
    pub(crate) fn settled(&self) -> bool {
        self.rivals.len() == self.ends.len()
    }

    fn start(&self, place: usize) -> usize {
        if place == 0 { 0 } else { self.ends[place - 1] }
    }

    fn places(&self) -> usize {
        self.ends.len()
    }
}

/// Which rival is taken at each place.
pub(crate) type Way = Vec<usize>;

#[derive(Debug, Clone, Copy)]
struct Step {
    score: f32,
    /// The rival at the place before (or behind, on the way back).
    next: usize,
    /// That one knows it.
    held: bool,
}

const NOWHERE: Step = Step { score: f32::NEG_INFINITY, next: 0, held: false };

/// The likeliest way.
pub(crate) fn best(phrasing: &Phrasing, choices: &Choices, witness: Witness) -> Way {
    let forth = forth(phrasing, choices, witness);
    let last = choices.places() - 1;
    let ended = choices.at(last).iter().zip(&forth[choices.start(last)..]);
    let ended = ended.map(|(rival, step)| {
        let alone = if step.held { 0.0 } else { rival.lone };
        step.score + phrasing.after(rival.word, phrasing.edge(), witness) - alone
    });
    let at = ended.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |best| best.0);
    let mut way = vec![0; last + 1];
    follow(&mut way, choices, &forth, last, at);
    way
}

/// The likeliest way first, each with its weight against the first.
pub(crate) fn likely(phrasing: &Phrasing, choices: &Choices) -> Vec<(f32, Way)> {
    let (forth, back) = (forth(phrasing, choices, Witness::Any), back(phrasing, choices));
    let mut ranked: Vec<(f32, usize, usize)> = Vec::with_capacity(choices.rivals.len());
    for place in 0..choices.places() {
        let start = choices.start(place);
        let open = choices.at(place).len() > 1;
        let each = (0..choices.at(place).len()).filter(|_| open);
        ranked.extend(each.map(|rival| {
            let (to, from) = (forth[start + rival], back[start + rival]);
            let alone = if to.held || from.held { 0.0 } else { choices.at(place)[rival].lone };
            (to.score + from.score - alone, place, rival)
        }));
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let top = ranked.first().map_or(0.0, |best| best.0);
    let mut ways: Vec<(f32, Way)> = Vec::with_capacity(MOST);
    for (score, place, rival) in ranked.into_iter().take_while(|through| through.0 >= top - WITHIN) {
        let mut way = vec![0; choices.places()];
        follow(&mut way, choices, &forth, place, rival);
        let mut at = rival;
        for behind in place + 1..way.len() {
            at = back[choices.start(behind - 1) + at].next;
            way[behind] = at;
        }
        if ways.iter().all(|other| other.1 != way) {
            ways.push((exp((score - top) * EVENED), way));
        }
        if ways.len() == MOST {
            break;
        }
    }
    ways
}

/// Writes the steps that led to a rival.
fn follow(way: &mut Way, choices: &Choices, forth: &[Step], place: usize, rival: usize) {
    let mut at = rival;
    for before in (0..=place).rev() {
        way[before] = at;
        at = forth[choices.start(before) + at].next;
    }
}

/// The best way to each rival. What could not be the best, were it as likely as it can be, is not looked up.
fn forth(phrasing: &Phrasing, choices: &Choices, witness: Witness) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(choices.rivals.len());
    for place in 0..choices.places() {
        for rival in choices.at(place) {
            let mut best = NOWHERE;
            if place == 0 {
                best.score = phrasing.after(phrasing.edge(), rival.word, witness);
            } else {
                let (earlier, start) = (place.checked_sub(2), choices.start(place - 1));
                let most = phrasing.most(rival.word);
                for (at, before) in choices.at(place - 1).iter().enumerate() {
                    let step = steps[start + at];
                    if step.score + most + APART <= best.score {
                        continue;
                    }
                    let (likely, held) = phrasing.link(before.word, rival.word, witness);
                    let mut score = step.score + likely;
                    if !held && !step.held {
                        score -= before.lone;
                    }
                    let close = score + APART > best.score;
                    if close
                        && earlier.is_some_and(|earlier| phrasing.apart(choices.at(earlier)[step.next].word, rival.word, witness))
                    {
                        score += APART;
                    }
                    if score > best.score {
                        best = Step { score, next: at, held };
                    }
                }
            }
            steps.push(Step { score: best.score - rival.cost, ..best });
        }
    }
    steps
}

/// The best way from each rival to the end; its own cost is not in it.
fn back(phrasing: &Phrasing, choices: &Choices) -> Vec<Step> {
    let any = Witness::Any;
    let mut steps = vec![NOWHERE; choices.rivals.len()];
    for place in (0..choices.places()).rev() {
        for (at, rival) in choices.at(place).iter().enumerate() {
            let mut best = NOWHERE;
            if place + 1 == choices.places() {
                best.score = phrasing.after(rival.word, phrasing.edge(), any);
            } else {
                let start = choices.start(place + 1);
                for (behind, after) in choices.at(place + 1).iter().enumerate() {
                    let step = steps[start + behind];
                    if step.score + phrasing.most(after.word) - after.cost + APART <= best.score {
                        continue;
                    }
                    let (likely, held) = phrasing.link(rival.word, after.word, any);
                    let mut score = step.score + likely - after.cost;
                    if !held && !step.held {
                        score -= after.lone;
                    }
                    let close = score + APART > best.score && place + 2 < choices.places();
                    let later = close.then(|| choices.at(place + 2)[step.next].word);
                    if later.is_some_and(|later| phrasing.apart(rival.word, later, any)) {
                        score += APART;
                    }
                    if score > best.score {
                        best = Step { score, next: behind, held };
                    }
                }
            }
            steps[choices.start(place) + at] = best;
        }
    }
    steps
}
