//! What a phrase means: an intent, an answer of the FAQ, or that the shop has nothing to say to it.
//! Pure.

use onethread_intents::{Intent, Reading, Scored};
use onethread_store::phrases::PhraseRow;

/// What the shop has said itself is surer than anything the matcher finds, but no certainty: a message
/// may come with a context of its own.
const SURE: f32 = 0.97;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Intent(Intent),
    /// By its id.
    Answer(String),
    /// Not for the bot.
    NotMine,
}

impl Target {
    /// From its kind and name; `None` for what this version does not know.
    #[must_use]
    pub fn read(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "intent" => name.parse().ok().map(Self::Intent),
            "answer" if !name.is_empty() => Some(Self::Answer(name.to_owned())),
            "not_mine" => Some(Self::NotMine),
            _ => None,
        }
    }

    #[must_use]
    pub fn of(row: &PhraseRow) -> Option<Self> {
        Self::read(&row.kind, &row.target)
    }

    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Intent(_) => "intent",
            Self::Answer(_) => "answer",
            Self::NotMine => "not_mine",
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Intent(intent) => intent.as_str(),
            Self::Answer(id) => id,
            Self::NotMine => "",
        }
    }

    /// Make the reading say this. Intents and `not_mine` still sum to 1.
    pub fn overrule(&self, reading: &mut Reading) {
        match self {
            Self::Intent(intent) => raise(reading, *intent),
            Self::Answer(id) => tell(reading, id),
            Self::NotMine => {
                let others = 1.0 - reading.not_mine;
                reading.not_mine = reading.not_mine.max(SURE);
                scale(reading, (1.0 - reading.not_mine) / others.max(1e-6));
                reading.answers.clear();
            }
        }
        reading.intents.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    }
}

fn raise(reading: &mut Reading, intent: Intent) {
    let present = reading.intents.iter().find(|scored| scored.value == intent).map_or(0.0, |scored| scored.probability);
    let wanted = present.max(SURE);
    let factor = (1.0 - wanted) / (1.0 - present).max(1e-6);
    scale(reading, factor);
    reading.not_mine *= factor;
    if let Some(scored) = reading.intents.iter_mut().find(|scored| scored.value == intent) {
        scored.probability = wanted;
    }
}

/// No intent stands out any more, or it would be acted on before the answer is told.
fn tell(reading: &mut Reading, id: &str) {
    let even = SURE / reading.intents.len().max(1) as f32;
    for scored in &mut reading.intents {
        scored.probability = even;
    }
    reading.not_mine = 1.0 - SURE;
    reading.answers.retain(|scored| scored.value != id);
    for scored in &mut reading.answers {
        scored.probability *= 1.0 - SURE;
    }
    reading.answers.insert(0, Scored { value: id.to_owned(), probability: SURE });
}

fn scale(reading: &mut Reading, factor: f32) {
    for scored in &mut reading.intents {
        scored.probability *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_intents::Language;

    fn reading() -> Reading {
        let share = 0.6 / 21.0;
        let scored = |value| Scored { value, probability: if value == Intent::Stock { 0.3 } else { share } };
        let mut intents: Vec<_> = Intent::ALL.into_iter().map(scored).collect();
        intents.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let answers = ["ans_a", "ans_b"].map(|id| Scored { value: id.to_owned(), probability: 0.4 });
        Reading { language: Language::Vi, intents, not_mine: 0.1, entities: Vec::new(), answers: answers.into() }
    }

    fn overruled(target: &Target) -> Reading {
        let mut reading = reading();
        target.overrule(&mut reading);
        let whole: f32 = reading.intents.iter().map(|scored| scored.probability).sum::<f32>() + reading.not_mine;
        assert!((whole - 1.0).abs() < 1e-4, "{target:?}: {whole}");
        assert!(reading.intents.is_sorted_by(|a, b| a.probability >= b.probability));
        reading
    }

    #[test]
    fn what_was_taught_is_what_is_read() {
        let promo = overruled(&Target::Intent(Intent::Promo));
        assert_eq!(promo.top().map(|top| (top.value, top.probability)), Some((Intent::Promo, SURE)));
        assert!(promo.not_mine < 0.01);

        let answer = overruled(&Target::Answer("ans_b".into()));
        assert_eq!(answer.answers[0], Scored { value: "ans_b".into(), probability: SURE });
        assert_eq!(answer.answers.len(), 2, "no answer comes twice");
        assert!(answer.top().is_some_and(|top| top.probability < 0.1), "no intent is acted on first");

        let nobodys = overruled(&Target::NotMine);
        assert!(nobodys.not_mine >= SURE && nobodys.answers.is_empty());
    }

    #[test]
    fn a_target_is_read_back_and_an_unknown_one_is_none() {
        for target in [Target::Intent(Intent::Refund), Target::Answer("ans_x".into()), Target::NotMine] {
            assert_eq!(Target::read(target.kind(), target.name()), Some(target));
        }
        for (kind, name) in [("intent", "sing"), ("answer", ""), ("mood", "glad")] {
            assert_eq!(Target::read(kind, name), None);
        }
    }
}
