//! The words a matcher learns from, as TOML: phrases of each intent, phrases that are nobody's,
//! abbreviations, order codes. Reads and checks; trains nothing.

use crate::entities::{CodePatterns, Lexicon};
use crate::intent::{Intent, Language};
use crate::reading::{AnswerEntry, Asked};
use crate::senses::Senses;
use crate::text::{self, Teencode};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("reading the pack: {0}")]
    Toml(#[source] Box<toml::de::Error>),
    #[error("order code pattern `{pattern}` is no regular expression: {source}")]
    Pattern { pattern: String, source: Box<regex::Error> },
    #[error("abbreviation `{0}`: write the full words (one to five), `=`, then each way to shorten them as one word")]
    Abbreviation(String),
    #[error("sense `{0}`: write a name, `=`, and the words that do the same work")]
    Sense(String),
    #[error("answer `{0}` has no questions")]
    NoQuestions(String),
}

/// Phrases by intent, and the tables that reading needs.
#[derive(Debug, Clone)]
pub struct Pack {
    pub(crate) phrases: Vec<Phrase>,
    /// What people also write to shops and no intent fits.
    pub(crate) not_mine: Vec<(Language, String)>,
    pub(crate) teencode: Teencode,
    pub(crate) codes: CodePatterns,
    pub(crate) answers: Vec<AnswerEntry>,
    pub(crate) senses: Senses,
    pub(crate) lexicon: Lexicon,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub intent: Intent,
    pub language: Language,
    pub text: String,
    /// The question of the bot that it answers.
    pub asked: Option<Asked>,
}

/// One phrase a line.
type Lines = String;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Phrases that answer a question of the bot.
    #[serde(default)]
    after: BTreeMap<Asked, BTreeMap<Language, BTreeMap<Intent, Lines>>>,
    #[serde(default)]
    phrases: BTreeMap<Language, BTreeMap<Intent, Lines>>,
    #[serde(default)]
    not_mine: BTreeMap<Language, Lines>,
    #[serde(default)]
    /// `full words = short shorter`.
    abbreviations: Lines,
    /// `name = words that do the same work`; words of several parts are joined by `_`.
    #[serde(default)]
    senses: Lines,
    #[serde(default)]
    order_codes: Vec<String>,
    #[serde(default)]
    answers: Vec<WrittenAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnswer {
    id: String,
    #[serde(default)]
    vi: Lines,
    #[serde(default)]
    en: Lines,
}

const SHIPPED: [&str; 6] = [
    include_str!("../packs/abbreviations.toml"),
    include_str!("../packs/senses.toml"),
    include_str!("../packs/vi.toml"),
    include_str!("../packs/en.toml"),
    include_str!("../packs/after.toml"),
    include_str!("../packs/answers.toml"),
];

impl Pack {
    /// The Vietnamese and English shop pack that comes with the crate.
    pub fn shipped() -> Result<Self, PackError> {
        let mut pack = Self::empty()?;
        for part in SHIPPED {
            pack.add(part)?;
        }
        Ok(pack)
    }

    /// A pack of one's own. What it does not name (order codes, say) is as in an empty pack.
    pub fn parse(toml: &str) -> Result<Self, PackError> {
        let mut pack = Self::empty()?;
        pack.add(toml)?;
        Ok(pack)
    }

    /// Order codes of this shop instead of the usual ones: regular expressions, matched in full and
    /// in upper case against the code without spaces and dashes (`DH\d{4,6}`), or simply an example
    /// (`DH1024`, `#100020`), whose digits then stand for any 3 to 9.
    pub fn with_code_patterns(mut self, patterns: &[String]) -> Result<Self, PackError> {
        self.codes = CodePatterns::compile(patterns)?;
        Ok(self)
    }

    /// Phrases that this shop has added.
    #[must_use]
    pub fn with_phrases(mut self, phrases: impl IntoIterator<Item = (Intent, Language, String)>) -> Self {
        self.phrases.extend(phrases.into_iter().map(|(intent, language, text)| Phrase { intent, language, text, asked: None }));
        self
    }

    /// Messages that this shop has filed as nobody's.
    #[must_use]
    pub fn with_not_mine(mut self, phrases: impl IntoIterator<Item = (Language, String)>) -> Self {
        self.not_mine.extend(phrases);
        self
    }

    /// The FAQ answers that come with the pack: ids and questions.
    #[must_use]
    pub fn answers(&self) -> &[AnswerEntry] {
        &self.answers
    }

    /// Each phrase with its intent and language, without those that answer a question of the bot.
    pub fn phrases(&self) -> impl Iterator<Item = (Intent, Language, &str)> {
        self.phrases
            .iter()
            .filter(|phrase| phrase.asked.is_none())
            .map(|phrase| (phrase.intent, phrase.language, phrase.text.as_str()))
    }

    /// Each message that is nobody's, with its language.
    pub fn not_mine(&self) -> impl Iterator<Item = (Language, &str)> {
        self.not_mine.iter().map(|(language, text)| (*language, text.as_str()))
    }

    /// How many abbreviations the pack can write out.
    #[must_use]
    pub fn abbreviations(&self) -> usize {
        self.teencode.len()
    }

    fn empty() -> Result<Self, PackError> {
        Ok(Self {
            phrases: Vec::new(),
            not_mine: Vec::new(),
            teencode: Teencode::default(),
            codes: CodePatterns::usual(),
            answers: Vec::new(),
            senses: Senses::default(),
            lexicon: Lexicon::shipped()?,
        })
    }

    fn add(&mut self, toml: &str) -> Result<(), PackError> {
        let written: Written = toml::from_str(toml).map_err(|source| PackError::Toml(Box::new(source)))?;
        self.learn(None, written.phrases);
        for (asked, phrases) in written.after {
            self.learn(Some(asked), phrases);
        }
        for (language, phrases) in written.not_mine {
            self.not_mine.extend(lines(&phrases).map(|text| (language, text)));
        }
        for line in lines(&written.abbreviations) {
            self.abbreviate(&line)?;
        }
        for line in lines(&written.senses) {
            let (_, words) = line.split_once('=').ok_or_else(|| PackError::Sense(line.clone()))?;
            let forms: Vec<_> = words.split_whitespace().map(|form| text::spell(&form.replace('_', " "))).collect();
            self.senses.add(&forms);
        }
        if !written.order_codes.is_empty() {
            self.codes = CodePatterns::compile(&written.order_codes)?;
        }
        for answer in written.answers {
            self.answers.push(entry(answer)?);
        }
        Ok(())
    }

    fn learn(&mut self, asked: Option<Asked>, phrases: BTreeMap<Language, BTreeMap<Intent, Lines>>) {
        for (language, intents) in phrases {
            for (intent, phrases) in intents {
                self.phrases.extend(lines(&phrases).map(|text| Phrase { intent, language, text, asked }));
            }
        }
    }

    fn abbreviate(&mut self, line: &str) -> Result<(), PackError> {
        let wrong = || PackError::Abbreviation(line.to_owned());
        let (long, shorts) = line.split_once('=').ok_or_else(wrong)?;
        let written_out = text::spell(long);
        if !(1..=5).contains(&written_out.len()) {
            return Err(wrong());
        }
        for short in shorts.split_whitespace() {
            let [word] = text::spell(short).try_into().map_err(|_| wrong())?;
            self.teencode.insert(word.marked, written_out.clone());
        }
        Ok(())
    }
}

fn lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

fn entry(answer: WrittenAnswer) -> Result<AnswerEntry, PackError> {
    let vi = lines(&answer.vi).map(|question| (Language::Vi, question));
    let en = lines(&answer.en).map(|question| (Language::En, question));
    let questions: Vec<_> = vi.chain(en).collect();
    if questions.is_empty() {
        return Err(PackError::NoQuestions(answer.id));
    }
    Ok(AnswerEntry { id: answer.id, questions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_has_its_phrases_one_a_line() {
        let toml = "abbreviations = 'như thế nào = ntn nthe'\n[phrases.vi]\nprice = '''\ngiá sao\n\n  bao nhiêu vậy\n'''";
        let pack = Pack::parse(toml).expect("the pack is well written");
        let phrases: Vec<_> = pack.phrases().collect();
        assert_eq!(phrases, [(Intent::Price, Language::Vi, "giá sao"), (Intent::Price, Language::Vi, "bao nhiêu vậy")]);
        assert_eq!(pack.teencode["ntn"].len(), 3);
    }

    #[test]
    fn no_abbreviation_is_an_ordinary_word_of_the_pack() {
        let pack = Pack::shipped().expect("the shipped pack is well written");
        let shortened = |word: &text::Word| pack.teencode.contains_key(&word.marked);
        let written_out = |short: &str, word: &text::Word| pack.teencode[short].iter().any(|full| full.folded == word.folded);
        for phrase in &pack.phrases {
            for word in text::spell(&phrase.text) {
                let english = phrase.language == Language::En && shortened(&word);
                assert!(!english, "{}: {}", word.marked, phrase.text);
                // What is left of an ordinary word without its marks must not be an abbreviation either.
                let bare = word.marked != word.folded && pack.teencode.contains_key(&word.folded) && !shortened(&word);
                let bare = bare && word.folded.len() > 1;
                assert!(!bare || written_out(&word.folded, &word), "{}: {}", word.folded, phrase.text);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let told = |toml: &str| Pack::parse(toml).expect_err("the pack is wrong").to_string();
        assert!(told("[phrases.vi]\nprise = 'x'").contains("prise"));
        assert!(told("abbreviations = 'ntn'").contains("`ntn`"));
        assert!(told("[[answers]]\nid = 'fee'").contains("`fee`"));
        assert!(told("order_codes = ['[']").contains("`[`"));
    }
}
