//! How far what was typed is from a word: one slip of the finger, or the spelling of a region. Keys
//! under which such words meet.

pub(crate) fn key(letters: impl Iterator<Item = u8>) -> u32 {
    letters.fold(0x811C_9DC5, |sum: u32, letter| (sum ^ u32::from(letter)).wrapping_mul(0x0100_0193))
}

/// The word with each of its letters left out once, the first one kept.
pub(crate) fn shortened(word: &str) -> impl Iterator<Item = u32> + '_ {
    (1..word.len()).map(|left_out| key(word.bytes().enumerate().filter(move |(at, _)| *at != left_out).map(|(_, letter)| letter)))
}

/// What sounds alike somewhere in the country has one key: `chang` and `trang`, `xua` and `sua`.
pub(crate) fn sound(word: &str) -> u32 {
    let (head, rest) = HEADS.iter().find_map(|(head, sound)| Some((*sound, word.strip_prefix(head)?))).unwrap_or(("", word));
    let (rest, tail) = TAILS.iter().find_map(|(tail, sound)| Some((rest.strip_suffix(tail)?, *sound))).unwrap_or((rest, ""));
    let mut last = 0;
    let body = rest.bytes().filter_map(move |letter| {
        let now = if letter == b'y' { b'i' } else { letter };
        let silent = now == last || matches!((last, now), (b'i', b'e') | (b'u', b'o'));
        last = now;
        (!silent).then_some(now)
    });
    key(b"#".iter().copied().chain(head.bytes()).chain(body).chain(tail.bytes()))
}

const HEADS: [(&str, &str); 20] = [
    ("tr", "c"),
    ("ch", "c"),
    ("ngh", "g"),
    ("ng", "g"),
    ("nh", "n"),
    ("gi", "d"),
    ("dz", "d"),
    ("ph", "f"),
    ("kh", "k"),
    ("gh", "g"),
    ("s", "s"),
    ("x", "s"),
    ("r", "d"),
    ("v", "d"),
    ("z", "d"),
    ("d", "d"),
    ("l", "n"),
    ("n", "n"),
    ("c", "k"),
    ("q", "k"),
];

const TAILS: [(&str, &str); 5] = [("ng", "n"), ("nh", "n"), ("ch", "t"), ("c", "t"), ("k", "t")];

/// How far what was typed is from a word: `None` if no single slip leads there.
pub(crate) fn slip(typed: &str, meant: &str) -> Option<f32> {
    if sound(typed) == sound(meant) {
        return Some(0.3);
    }
    let (typed, meant) = (typed.as_bytes(), meant.as_bytes());
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (left, right) = (&typed[same..], &meant[same..]);
    if same == 0 {
        return None;
    }
    match (left, right) {
        ([a, b, rest @ ..], [c, d, others @ ..]) if a == d && b == c && rest == others => Some(0.5),
        ([extra, rest @ ..], others) if rest == others => Some(if *extra == typed[same - 1] { 0.4 } else { 1.0 }),
        (rest, [_, others @ ..]) if rest == others => Some(0.7),
        ([_, rest @ ..], [_, others @ ..]) if rest == others => Some(1.2),
        _ => None,
    }
}
