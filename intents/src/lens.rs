//! From a text to what the models see of it: words, values, features. The same for phrases that
//! are learnt and messages that are read.

use crate::composed::Composed;
use crate::dice::Dice;
use crate::entities::{self, Rules};
use crate::features::{self, Hashes};
use crate::haste::hurried;
use crate::intent::Language;
use crate::lessons::side_by_side;
use crate::mend::{Mender, Slips};
use crate::pack::Pack;
use crate::reading::{Asked, Entity};
use crate::senses::Senses;
use crate::text::{self, Habits, Words};
use crate::token::Token;

#[derive(Debug, Clone)]
pub(crate) struct Lens {
    habits: Habits,
    senses: Senses,
    rules: Rules,
    mender: Mender,
}

pub(crate) struct Seen {
    pub tokens: Vec<Token>,
    pub entities: Vec<Entity>,
    pub features: Hashes,
    /// What else may have been meant, each with its weight against that.
    pub others: Vec<(f32, Hashes)>,
}

impl Lens {
    pub(crate) fn of(pack: &Pack) -> Self {
        Self {
            habits: habits(pack),
            senses: pack.senses.clone(),
            rules: Rules { codes: pack.codes.clone(), lexicon: pack.lexicon.clone() },
            mender: Mender::default(),
        }
    }

    /// Where the messages are English, nothing in them is Telex or a Vietnamese abbreviation.
    pub(crate) fn expect<'a>(&mut self, messages: impl Iterator<Item = &'a str>) {
        let (mut english, mut all) = (0, 0);
        for word in messages.flat_map(text::spell) {
            all += 1;
            english += usize::from(self.habits.english.contains(&word.folded));
        }
        if english * 5 >= all {
            self.habits.teencode.clear();
            self.habits.foreign = true;
        }
    }

    /// From now on, words that none of these phrases has are mended.
    pub(crate) fn learn_words<'a>(&mut self, phrases: impl Iterator<Item = &'a Seen>) {
        self.mender = Mender::learn(phrases.map(|seen| seen.tokens.as_slice()));
    }

    /// Bytes of what was learnt.
    pub(crate) fn bytes(&self) -> usize {
        self.mender.bytes()
    }

    pub(crate) fn look(&self, text: &str, asked: Option<Asked>) -> Seen {
        let Some(composed) = Composed::of(text) else { return self.look_at_composed(text, asked) };
        let mut seen = self.look_at_composed(&composed.text, asked);
        for token in &mut seen.tokens {
            token.span = composed.original(&token.span);
        }
        for entity in &mut seen.entities {
            entity.span = composed.original(&entity.span);
        }
        seen
    }

    fn look_at_composed(&self, text: &str, asked: Option<Asked>) -> Seen {
        let mut tokens = text::words(text, &self.habits);
        let entities = entities::find(text, &tokens, &self.rules, asked);
        let others = self.mender.mend(&mut tokens);
        let extract = |tokens: &[Token]| features::extract(tokens, &entities, &self.senses, asked);
        let features = extract(&tokens);
        let others = others.into_iter().map(|(weight, tokens)| (weight, extract(&tokens))).collect();
        Seen { tokens, entities, features, others }
    }

    /// A phrase as somebody types it in haste, mended as far as it can be; each copy in its own way. Haste
    /// adds no values to a phrase without any.
    pub(crate) fn hurried(&self, (phrase, copy): (&str, u64), seen: &Seen, asked: Option<Asked>, slips: &mut Slips) -> Hashes {
        let text = hurried(phrase, copy);
        let mut tokens = text::words(&text, &self.habits);
        let valued = !seen.entities.is_empty();
        let entities = if valued { entities::find(&text, &tokens, &self.rules, asked) } else { Vec::new() };
        self.mender.mend_copy(&mut tokens, slips);
        self.mender.confuse(&mut tokens, &mut Dice::new(copy + text.len() as u64));
        features::extract(&tokens, &entities, &self.senses, asked)
    }

    /// The same text as somebody types it who leaves the marks out; `None` if nothing changes.
    pub(crate) fn without_marks(&self, seen: &Seen, asked: Option<Asked>) -> Option<Hashes> {
        if !seen.tokens.iter().any(Token::is_marked) {
            return None;
        }
        let bare: Vec<Token> = seen.tokens.iter().map(Token::bare).collect();
        Some(features::extract(&bare, &seen.entities, &self.senses, asked))
    }
}

/// The words of the pack, so that none of them is taken for Telex.
fn habits(pack: &Pack) -> Habits {
    let phrases = pack.phrases.iter().map(|phrase| (phrase.language, phrase.text.as_str()));
    let all: Vec<_> = phrases.chain(pack.not_mine.iter().map(|(language, text)| (*language, text.as_str()))).collect();
    let plain = side_by_side(&all, |(_, text)| {
        text::spell(text).into_iter().filter(|word| word.marked == word.folded).map(|word| word.folded).collect::<Vec<_>>()
    });
    let mut spoken: [Words; 2] = Default::default();
    for ((language, _), words) in all.iter().zip(plain) {
        spoken[*language as usize].extend(words);
    }
    let [vietnamese, mut english] = spoken;
    debug_assert!(Language::Vi as usize == 0);
    english.extend(pack.senses.plain_words().chain(pack.lexicon.plain_words()).map(str::to_owned));
    let meant = english.union(&vietnamese).cloned().collect();
    english.retain(|word| !vietnamese.contains(word));
    Habits { teencode: pack.teencode.clone(), meant, english, foreign: false }
}
