//! Phrases as the matcher learns them. Beside training, which teaches what is like them, a message
//! that is a filed text word for word is taken for what it was filed as: whoever filed it expects no less.
//! Pure.

use super::target::Target;
use onethread_core::text::fold;
use onethread_intents::{AnswerEntry, Language, Pack};
use onethread_store::phrases::PhraseRow;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Words that change nothing about what is wanted, without marks.
const COURTESY: [&str; 24] = [
    "a", "ah", "ad", "admin", "anh", "ban", "chi", "da", "e", "em", "ha", "hi", "minh", "nhe", "nha", "oi", "please", "pls",
    "shop", "vay", "voi", "cho", "hoi", "the",
];

/// What one version, or the draft, teaches.
#[derive(Debug, Clone)]
pub struct Lessons {
    lessons: Vec<Lesson>,
    pub taught: Taught,
    /// The same for the same phrases.
    pub stamp: String,
}

#[derive(Debug, Clone)]
struct Lesson {
    language: Language,
    target: Target,
    text: String,
}

/// Texts that the shop has filed, and as what.
#[derive(Debug, Clone, Default)]
pub struct Taught {
    texts: HashMap<String, Target>,
    /// The same without words of courtesy.
    gists: HashMap<String, Target>,
}

impl Lessons {
    /// What cannot be read (of a later version of this program) teaches nothing.
    #[must_use]
    pub fn of(rows: &[PhraseRow]) -> Self {
        let mut rows: Vec<&PhraseRow> = rows.iter().collect();
        rows.sort_by(|a, b| (a.added_at, &a.id).cmp(&(b.added_at, &b.id)));
        let lesson = |row: &&PhraseRow| {
            Some(Lesson { language: row.language.parse().ok()?, target: Target::of(row)?, text: row.text.clone() })
        };
        let lessons: Vec<Lesson> = rows.iter().filter_map(lesson).collect();
        let mut taught = Taught::default();
        for lesson in &lessons {
            taught.texts.insert(key(&lesson.text), lesson.target.clone());
            if let Some(gist) = gist(&key(&lesson.text)) {
                taught.gists.insert(gist, lesson.target.clone());
            }
        }
        Self { stamp: stamp(lessons.iter()), lessons, taught }
    }

    /// The pack with what the shop added.
    #[must_use]
    pub fn teach(&self, pack: Pack) -> Pack {
        let intents = self.lessons.iter().filter_map(|lesson| match lesson.target {
            Target::Intent(intent) => Some((intent, lesson.language, lesson.text.clone())),
            _ => None,
        });
        let nobodys = self.lessons.iter().filter(|lesson| lesson.target == Target::NotMine);
        pack.with_phrases(intents).with_not_mine(nobodys.map(|lesson| (lesson.language, lesson.text.clone())))
    }

    /// What of it needs training. Questions of answers do not.
    #[must_use]
    pub fn basis(&self) -> String {
        stamp(self.lessons.iter().filter(|lesson| !matches!(lesson.target, Target::Answer(_))))
    }

    /// The answer with the questions that the shop filed under it.
    pub fn ask_more(&self, entry: &mut AnswerEntry) {
        let own = self.lessons.iter().filter(|lesson| matches!(&lesson.target, Target::Answer(id) if *id == entry.id));
        entry.questions.extend(own.map(|lesson| (lesson.language, lesson.text.clone())));
    }
}

impl Taught {
    /// Was this text, or nothing but courtesy around it, filed?
    #[must_use]
    pub fn target(&self, text: &str) -> Option<&Target> {
        if self.texts.is_empty() || text.len() > 4 * super::LONGEST_PHRASE {
            return None;
        }
        let key = key(text);
        self.texts.get(&key).or_else(|| self.gists.get(&gist(&key)?))
    }
}

/// Words alone, without case and marks: by this a text is known again.
#[must_use]
pub fn key(text: &str) -> String {
    let folded = fold(text);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Is there anything to learn from? Numbers alone mean what was asked before them.
#[must_use]
pub fn has_words(text: &str) -> bool {
    key(text).chars().any(char::is_alphabetic)
}

/// Without courtesy; `None` where too little is left to mean the same.
fn gist(key: &str) -> Option<String> {
    let words: Vec<&str> = key.split(' ').filter(|word| !COURTESY.contains(word)).collect();
    (words.len() >= 2).then(|| words.join(" "))
}

fn stamp<'a>(lessons: impl Iterator<Item = &'a Lesson>) -> String {
    let mut hash = Sha256::new();
    for lesson in lessons {
        let Lesson { language, target, text } = lesson;
        hash.update(format!("{language}\0{}\0{}\0{text}\0", target.kind(), target.name()));
    }
    hex::encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_intents::Intent;

    fn row(id: &str, at: i64, target: &Target, text: &str) -> PhraseRow {
        PhraseRow {
            id: id.into(),
            key: key(text),
            language: "vi".into(),
            kind: target.kind().into(),
            target: target.name().into(),
            text: text.into(),
            message_id: None,
            added_by: "Mai".into(),
            added_at: at,
        }
    }

    #[test]
    fn a_filed_text_is_known_again_without_marks_and_with_courtesy_around_it() {
        let stock = Target::Intent(Intent::Stock);
        let lessons = Lessons::of(&[row("phr_1", 1, &stock, "Bên mình có thêu tên không?")]);
        for text in
            ["bên mình có thêu tên không", "ben co theu ten khong a", "Shop ơi cho em hỏi bên mình có THÊU tên không vậy ạ??"]
        {
            assert_eq!(lessons.taught.target(text), Some(&stock), "{text}");
        }
        for text in ["", "có thêu không", "bên mình không có tên thêu", "shop ơi ạ"] {
            assert_eq!(lessons.taught.target(text), None, "{text}");
        }
    }

    #[test]
    fn the_latest_word_counts_whatever_the_order_of_the_rows() {
        let (early, late) = (Target::Intent(Intent::Stock), Target::NotMine);
        let rows = [row("phr_2", 2, &late, "em ơi thêu tên"), row("phr_1", 1, &early, "thêu tên nha shop")];
        assert_eq!(Lessons::of(&rows).taught.target("thêu tên"), Some(&late));
    }

    #[test]
    fn questions_of_answers_need_no_training_and_a_later_version_s_kinds_are_left_out() {
        let answer = row("phr_1", 1, &Target::Answer("ans_a".into()), "có ship hoả tốc hông");
        let strange = PhraseRow { kind: "mood".into(), ..row("phr_2", 2, &Target::NotMine, "vui ghê") };
        let lessons = Lessons::of(&[answer, strange]);
        assert_eq!(lessons.basis(), Lessons::of(&[]).basis());
        assert_ne!(lessons.stamp, Lessons::of(&[]).stamp);
        let mut entry = AnswerEntry { id: "ans_a".into(), questions: Vec::new() };
        lessons.ask_more(&mut entry);
        assert_eq!(entry.questions, [(Language::Vi, "có ship hoả tốc hông".to_owned())]);
    }

    #[test]
    fn signs_and_numbers_are_no_words() {
        assert!(has_words("ok") && !has_words("🙂 ?!") && !has_words("0912 345 678"));
    }
}
