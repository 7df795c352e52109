//! Vietnamese or English, also without marks: by the words of the pack's own phrases.

use crate::exact::ln;
use crate::intent::Language;
use crate::token::Token;
use crate::vocabulary::Quick;
use std::collections::HashMap;

/// For each plain word, how much more Vietnamese than English it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tongues {
    leanings: HashMap<u64, f32, Quick>,
}

impl Tongues {
    pub(crate) fn learn<'a>(phrases: impl Iterator<Item = (Language, &'a [Token])>) -> Self {
        let mut counts: HashMap<u64, [f32; 2], Quick> = HashMap::default();
        let mut totals = [1.0_f32; 2];
        for (language, tokens) in phrases {
            for token in tokens {
                counts.entry(token.key()).or_default()[language as usize] += 1.0;
                totals[language as usize] += 1.0;
            }
        }
        let leaning = |[vi, en]: [f32; 2]| ln((vi + 0.3) / totals[0]) - ln((en + 0.3) / totals[1]);
        Self { leanings: counts.into_iter().map(|(word, seen)| (word, leaning(seen))).collect() }
    }

    pub(crate) fn of(&self, tokens: &[Token], so_far: Option<Language>) -> Language {
        let prior = match so_far {
            Some(Language::En) => -0.7,
            _ => 0.7,
        };
        let sum: f32 = tokens.iter().map(|token| self.leaning(token)).sum();
        if sum + prior >= 0.0 { Language::Vi } else { Language::En }
    }

    fn leaning(&self, token: &Token) -> f32 {
        if token.marked != token.folded {
            return 4.0;
        }
        if token.folded.bytes().any(|byte| byte.is_ascii_digit()) {
            return 0.0;
        }
        self.leanings.get(&token.key()).copied().unwrap_or(0.0).clamp(-3.0, 3.0)
    }
}
