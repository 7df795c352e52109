//! What may be a Vietnamese syllable: an onset, a rime, and a tone that the rime allows.

use std::collections::HashSet;
use std::sync::LazyLock;

const ONSETS: &str = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph q r s t th tr v x";

const RIMES: &str = "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây \
e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu \
o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong op ot \
ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt \
uơ up ut uy uya uych uynh uyn uyt uyu uyên uyêt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu \
y yêm yên yêt yêu yêng";

/// Only after `q`.
const RIMES_OF_Q: &str = "ua uan uang uanh uac uach uai uay uao uat uau ue uen ueo uet uê uên uêt uênh uêch uêu ui uit uăn uăng uăt uăc \
uăp uâng uân uât uây uơ uôc uy uyên uyêt uynh uyt uyn";

static SETS: LazyLock<[HashSet<&'static str>; 3]> =
    LazyLock::new(|| [ONSETS, RIMES, RIMES_OF_Q].map(|list| list.split_whitespace().collect()));

/// Letters with their quality, the tone apart (0 level, 1 grave, 2 acute, 3 hook, 4 tilde, 5 dot).
pub(crate) fn is_syllable(letters: &str, tone: u8) -> bool {
    let first_vowel = letters.find(is_vowel).unwrap_or(letters.len());
    let (onset, rime) = letters.split_at(first_vowel);
    let [onsets, rimes, of_q] = &*SETS;
    let stopped = rime.ends_with(['p', 't', 'c']) || rime.ends_with("ch");
    if stopped && !matches!(tone, 0 | 2 | 5) {
        return false;
    }
    let plain = (onset.is_empty() || onsets.contains(onset)) && onset != "q" && rimes.contains(rime);
    let with_q = onset == "q" && of_q.contains(rime);
    let with_gi = onset == "g" && rime.strip_prefix('i').is_some_and(|rest| rimes.contains(rest));
    plain || with_q || with_gi
}

pub(crate) fn is_vowel(letter: char) -> bool {
    "aăâeêioôơuưy".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_are_told_from_other_words() {
        for (letters, tone) in
            [("đơn", 0), ("hang", 1), ("qua", 0), ("giưa", 4), ("gi", 1), ("nghiêng", 0), ("ươt", 2), ("quyên", 1)]
        {
            assert!(is_syllable(letters, tone), "{letters} {tone}");
        }
        for (letters, tone) in [("ddown", 0), ("hangf", 0), ("shop", 0), ("fa", 0), ("tac", 1), ("", 0), ("bc", 0), ("ship", 0)] {
            assert!(!is_syllable(letters, tone), "{letters} {tone}");
        }
    }
}
