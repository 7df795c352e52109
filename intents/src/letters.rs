//! Vietnamese letters: a letter is a base with its quality (`ơ`, `â`, `đ`) and a tone apart from it.
//! Keeping the tone apart makes `hoà` and `hòa` one word, and Telex and Unicode one spelling.

/// The five tones as they are kept at the end of a word; 0 is the level tone.
pub(crate) const TONES: [char; 6] = ['\0', '\u{300}', '\u{301}', '\u{309}', '\u{303}', '\u{323}'];

/// Base, then grave, acute, hook, tilde, dot below.
const ROWS: [[char; 6]; 12] = [
    ['a', 'à', 'á', 'ả', 'ã', 'ạ'],
    ['ă', 'ằ', 'ắ', 'ẳ', 'ẵ', 'ặ'],
    ['â', 'ầ', 'ấ', 'ẩ', 'ẫ', 'ậ'],
    ['e', 'è', 'é', 'ẻ', 'ẽ', 'ẹ'],
    ['ê', 'ề', 'ế', 'ể', 'ễ', 'ệ'],
    ['i', 'ì', 'í', 'ỉ', 'ĩ', 'ị'],
    ['o', 'ò', 'ó', 'ỏ', 'õ', 'ọ'],
    ['ô', 'ồ', 'ố', 'ổ', 'ỗ', 'ộ'],
    ['ơ', 'ờ', 'ớ', 'ở', 'ỡ', 'ợ'],
    ['u', 'ù', 'ú', 'ủ', 'ũ', 'ụ'],
    ['ư', 'ừ', 'ứ', 'ử', 'ữ', 'ự'],
    ['y', 'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ'],
];

const LOW: usize = 0xC0;
const LOW_END: usize = 0x1B1;
const HIGH: usize = 0x1EA0;
const HIGH_END: usize = 0x1EFA;

/// `(base, tone)` of the lower-case letters of the two blocks; `'\0'` where it is no Vietnamese letter.
static LOW_TABLE: [(char, u8); LOW_END - LOW] = table(LOW);
static HIGH_TABLE: [(char, u8); HIGH_END - HIGH] = table(HIGH);

const fn table<const N: usize>(from: usize) -> [(char, u8); N] {
    let mut cells = [('\0', 0u8); N];
    let mut row = 0;
    while row < 12 {
        let mut tone = 0;
        while tone < 6 {
            let code = ROWS[row][tone] as usize;
            if code >= from && code < from + N {
                cells[code - from] = (ROWS[row][0], tone as u8);
            }
            tone += 1;
        }
        row += 1;
    }
    cells
}

/// Base with quality, and tone, of a lower-case letter: `ợ` → (`ơ`, 5).
pub(crate) fn split(letter: char) -> Option<(char, u8)> {
    let code = letter as usize;
    let (base, tone) = if letter.is_ascii() {
        return letter.is_ascii_alphanumeric().then_some((letter, 0));
    } else if (LOW..LOW_END).contains(&code) {
        LOW_TABLE[code - LOW]
    } else if (HIGH..HIGH_END).contains(&code) {
        HIGH_TABLE[code - HIGH]
    } else {
        return None;
    };
    if letter == 'đ' {
        return Some(('đ', 0));
    }
    (base != '\0').then_some((base, tone))
}

/// The plain Latin letter below a base: `ơ` → `o`, `đ` → `d`.
pub(crate) fn plain(base: char) -> char {
    match base {
        'ă' | 'â' => 'a',
        'ê' => 'e',
        'ô' | 'ơ' => 'o',
        'ư' => 'u',
        'đ' => 'd',
        other => other,
    }
}

/// What a combining mark does to the word it stands in.
pub(crate) enum Mark {
    Tone(u8),
    Circumflex,
    Breve,
    Horn,
    Other,
}

pub(crate) fn mark(letter: char) -> Option<Mark> {
    Some(match letter {
        '\u{300}' | '\u{340}' => Mark::Tone(1),
        '\u{301}' | '\u{341}' => Mark::Tone(2),
        '\u{309}' => Mark::Tone(3),
        '\u{303}' => Mark::Tone(4),
        '\u{323}' => Mark::Tone(5),
        '\u{302}' => Mark::Circumflex,
        '\u{306}' => Mark::Breve,
        '\u{31B}' => Mark::Horn,
        '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' => Mark::Other,
        other if unicode_normalization::char::is_combining_mark(other) => Mark::Other,
        _ => return None,
    })
}

/// The base that a mark makes of a base: circumflex on `o` → `ô`.
pub(crate) fn shaped(base: char, mark: &Mark) -> char {
    match (mark, base) {
        (Mark::Circumflex, 'a') => 'â',
        (Mark::Circumflex, 'e') => 'ê',
        (Mark::Circumflex, 'o') => 'ô',
        (Mark::Breve, 'a') => 'ă',
        (Mark::Horn, 'o') => 'ơ',
        (Mark::Horn, 'u') => 'ư',
        (_, other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_parts_into_base_and_tone() {
        assert_eq!(split('ợ'), Some(('ơ', 5)));
        assert_eq!(split('đ'), Some(('đ', 0)));
        assert_eq!(split('é'), Some(('e', 2)));
        assert_eq!(split('a'), Some(('a', 0)));
        assert_eq!(split('中'), None);
    }

    #[test]
    fn every_letter_of_the_table_is_found_again() {
        for row in ROWS {
            for (tone, letter) in row.into_iter().enumerate() {
                assert_eq!(split(letter), Some((row[0], tone as u8)), "{letter}");
                assert!(plain(row[0]).is_ascii());
            }
        }
    }
}
