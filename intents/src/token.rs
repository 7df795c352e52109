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
    /// Of the one with marks.
    marked_key: u64,
}

impl Token {
    pub(crate) fn new(span: Range<usize>, marked: String, folded: String) -> Self {
        let key = hash(0, &folded);
        let marked_key = if marked == folded { key } else { hash(0, &marked) };
        Self { span, key, marked_key, marked, folded }
    }

    /// Without marks.
    pub(crate) fn bare(&self) -> Self {
        Self {
            span: self.span.clone(),
            marked: self.folded.clone(),
            folded: self.folded.clone(),
            key: self.key,
            marked_key: self.key,
        }
    }

    /// Does it have marks?
    pub(crate) fn is_marked(&self) -> bool {
        self.marked_key != self.key
    }

    /// The hash of the plain word.
    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The hash of the word with its marks.
    pub(crate) fn marked_key(&self) -> u64 {
        self.marked_key
    }

    /// Another plain word at the same place.
    pub(crate) fn rewrite(&mut self, plain: &str) {
        self.marked.replace_range(.., plain);
        self.folded.replace_range(.., plain);
        self.key = hash(0, plain);
        self.marked_key = self.key;
    }
}
