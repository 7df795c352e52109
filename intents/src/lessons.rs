//! From the phrases of a pack to the examples that a classifier learns: each as written, without
//! marks, hurriedly typed, and some of them as the answer to a question of the bot.

use crate::classifier::Example;
use crate::lens::{Lens, Seen};
use crate::mend::Slips;
use crate::reading::Asked;

/// A phrase, what it is, and how the lens saw it.
pub(crate) struct Lesson<'a> {
    pub class: usize,
    pub text: &'a str,
    pub asked: Option<Asked>,
    pub seen: Seen,
}

/// How often a Vietnamese phrase is learnt as a hurried thumb types it.
const HURRIED: u64 = 4;

/// One phrase in so many is also learnt as if a question of the bot stood before it, which changes
/// nothing: most questions are not answered but followed by another wish.
const PASSED_OVER: usize = 3;

pub(crate) fn examples(lens: &Lens, lessons: &[Lesson<'_>]) -> Vec<Example> {
    let questions = lessons.iter().any(|lesson| lesson.asked.is_some());
    let numbered: Vec<(usize, &Lesson<'_>)> = lessons.iter().enumerate().collect();
    let each = side_by_side_with(&numbered, |slips, (phrase, lesson)| copies(lens, *phrase, lesson, questions, slips));
    each.into_iter().flatten().collect()
}

/// The same work on each item, every second one beside the others (long and short ones stand together);
/// what came out stands in the order of the items.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    side_by_side_with(items, |(), item| work(item))
}

/// The same, and each side has something of its own at hand, which changes nothing but how long it takes.
fn side_by_side_with<S: Default, T: Sync, R: Send>(items: &[T], work: impl Fn(&mut S, &T) -> R + Sync) -> Vec<R> {
    let work = &work;
    let (even, odd) = std::thread::scope(|scope| {
        let part = move |first: usize| {
            let mut own = S::default();
            items.iter().skip(first).step_by(2).map(|item| work(&mut own, item)).collect::<Vec<R>>()
        };
        let odd = scope.spawn(move || part(1));
        (part(0), odd.join().expect("reading does not panic"))
    });
    let mut odd = odd.into_iter();
    even.into_iter().flat_map(|even| std::iter::once(even).chain(odd.next())).collect()
}

/// The copies of one phrase.
fn copies(lens: &Lens, phrase: usize, lesson: &Lesson<'_>, questions: bool, slips: &mut Slips) -> Vec<Example> {
    let Lesson { class, text, asked, seen } = lesson;
    let mut copies = vec![seen.features.clone()];
    if let Some(bare) = lens.without_marks(seen, *asked) {
        copies.push(bare);
        let hurried = (1..=HURRIED).map(|copy| lens.hurried((text, copy), seen, *asked, slips));
        copies.extend(hurried);
    }
    if questions && asked.is_none() && phrase.is_multiple_of(PASSED_OVER) {
        let question = Asked::ALL[phrase / PASSED_OVER % Asked::ALL.len()];
        copies.push(lens.look(text, Some(question)).features);
    }
    copies.into_iter().map(|features| Example { features, class: *class, phrase }).collect()
}
