//! From the phrases of a pack to the examples that a classifier learns: each as written, without
//! marks, hurriedly typed, and some of them as the answer to a question of the bot.

use crate::classifier::Example;
use crate::lens::{Lens, Seen};
use crate::reading::Asked;

/// A phrase, what it is, and how the lens saw it.
pub(crate) struct Lesson<'a> {
    pub class: usize,
    pub text: &'a str,
    pub asked: Option<Asked>,
    pub seen: Seen,
}

/// How often a Vietnamese phrase is learnt as a hurried thumb types it.
const HURRIED: u64 = 2;

/// One phrase in so many is also learnt as if a question of the bot stood before it, which changes
/// nothing: most questions are not answered but followed by another wish.
const PASSED_OVER: usize = 3;

pub(crate) fn examples(lens: &Lens, lessons: &[Lesson<'_>]) -> Vec<Example> {
    let questions = lessons.iter().any(|lesson| lesson.asked.is_some());
    let numbered: Vec<(usize, &Lesson<'_>)> = lessons.iter().enumerate().collect();
    let each = side_by_side(&numbered, |(phrase, lesson)| copies(lens, *phrase, lesson, questions));
    each.into_iter().flatten().collect()
}

/// The same work on each item, one half beside the other; what came out stands in the order of the items.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let half = items.len().div_ceil(2).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let part = |items: &[T]| items.iter().map(work).collect::<Vec<R>>();
        let parts: Vec<_> = items.chunks(half).map(|items| scope.spawn(move || part(items))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("reading does not panic")).collect()
    })
}

/// The copies of one phrase.
fn copies(lens: &Lens, phrase: usize, lesson: &Lesson<'_>, questions: bool) -> Vec<Example> {
    let Lesson { class, text, asked, seen } = lesson;
    let mut copies = vec![seen.features.clone()];
    if let Some(bare) = lens.without_marks(seen, *asked) {
        copies.push(bare);
        let hurried = (1..=HURRIED).map(|copy| lens.hurried(text, copy, *asked));
        copies.extend(hurried);
    }
    if questions && asked.is_none() && phrase.is_multiple_of(PASSED_OVER) {
        let question = Asked::ALL[phrase / PASSED_OVER % Asked::ALL.len()];
        copies.push(lens.look(text, Some(question)).features);
    }
    copies.into_iter().map(|features| Example { features, class: *class, phrase }).collect()
}
