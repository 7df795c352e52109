//! Vietnamese phone numbers in every spelling.

/// The number with a leading `0` and digits only: `+84 912.345.678` → `0912345678`.
/// A number of another country keeps its digits. `None` for what is no phone number.
#[must_use]
pub fn fold(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let folded = match digits.strip_prefix("84") {
        Some(rest) if (9..=10).contains(&rest.trim_start_matches('0').len()) && digits.len() >= 11 => {
            format!("0{}", rest.trim_start_matches('0'))
        }
        _ => digits,
    };
    (8..=15).contains(&folded.len()).then_some(folded)
}

/// The last four digits, by which a customer proves that an order is theirs.
#[must_use]
pub fn tail(phone: &str) -> Option<&str> {
    phone.len().checked_sub(4).and_then(|from| phone.get(from..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_folds_to_one_number() {
        for typed in ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678", "+84 (0) 912-345-678"] {
            assert_eq!(fold(typed).as_deref(), Some("0912345678"), "{typed}");
        }
        assert_eq!(fold("12"), None);
        assert_eq!(tail("0912345678"), Some("5678"));
    }
}
