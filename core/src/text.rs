//! Text as people search it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without marks, `đ` as `d`, blanks single: how names and codes are compared and searched.
#[must_use]
pub fn fold(text: &str) -> String {
    let bare = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    let plain: String = bare.map(|c| if c == 'đ' { 'd' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters, with an ellipsis where more was there; lines become one.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_without_marks() {
        assert_eq!(fold("  Đặng  Thị Lan "), "dang thi lan");
        assert_eq!(fold("Ｌan"), "ｌan");
    }

    #[test]
    fn an_excerpt_is_one_line() {
        assert_eq!(excerpt("một\nhai ba", 20), "một hai ba");
        assert_eq!(excerpt("một hai ba", 7), "một ha…");
    }
}
