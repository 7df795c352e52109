//! A word of a message in two spellings, with its place and its hash.

use crate::features::hash;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Bytes of the original text.
    pub span: Range<usize>,
    /// Lower case, letters with their quality, the tone at the end.
    pub marked: String,
    /// Plain Latin.
    pub folded: String,
    /// Of the plain spelling.
    key: u64,
}

impl Token {
    pub(crate) fn new(span: Range<usize>, marked: String, folded: String) -> Self {
        Self { span, key: hash(0, &folded), marked, folded }
    }

    /// Without marks.
    pub(crate) fn bare(&self) -> Self {
        Self { marked: self.folded.clone(), ..self.clone() }
    }

    /// Does it have marks?
    pub(crate) fn is_marked(&self) -> bool {
        self.marked != self.folded
    }

    /// The hash of the plain word.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The hash of the word with its marks.
    pub(crate) fn marked_key(&self) -> u64 {
        if self.is_marked() { hash(0, &self.marked) } else { self.key }
    }

    /// Another plain word at the same place.
    pub(crate) fn rewrite(&mut self, plain: &str) {
        self.marked.replace_range(.., plain);
        self.folded.replace_range(.., plain);
        self.key = hash(0, plain);
    }
}
