//! Plain words that are recognised wherever they stand. Lower case and without
//! marks, as `hear` folds a message; so beware of what else folds to the same
//! (`đổi` and `đợi`, `thôi` and `thời`).

pub(super) const NUMBERING: &[&str] = &["cai", "thu", "cau", "muc", "chon", "lua", "option", "number", "choose", "pick"];

/// Words that carry no wish of their own.
pub(super) const POLITE: &[&str] = &[
    "a", "ah", "anh", "ban", "ben", "cai", "can", "chi", "cho", "code", "cua", "cuoi", "da", "day", "dien", "don", "e", "em",
    "giup", "ha", "hang", "hi", "i", "is", "it", "la", "last", "ma", "minh", "my", "nay", "ne", "nha", "nhe", "nham", "number",
    "oi", "order", "phone", "please", "pls", "sdt", "shop", "so", "sorry", "the", "thoai", "toi", "u", "va", "voi", "vang",
    "with",
];

pub(super) const YES: &[&str] = &[
    "co", "dung", "roi", "phai", "vang", "ok", "oke", "okay", "okie", "u", "uh", "um", "uk", "chuan", "dong", "y", "duoc", "yes",
    "yep", "yeah", "right", "correct", "sure", "da", "can", "muon", "chuyen", "di",
];

pub(super) const NO: &[&str] =
    &["khong", "ko", "k", "hong", "kg", "phai", "chua", "no", "nope", "not", "neither", "dau", "muon", "sai", "roi"];

pub(super) const PERSON: &[&str] = &[
    "gap nhan vien",
    "gap nv",
    "cho gap nguoi",
    "muon gap nguoi",
    "can gap nguoi",
    "gap nguoi that",
    "gap nguoi tu van",
    "gap nguoi ho tro",
    "gap tu van",
    "gap admin",
    "gap quan ly",
    "gap chu shop",
    "gap tong dai",
    "chat voi nhan vien",
    "chat voi nv",
    "chat voi nguoi",
    "noi chuyen voi nhan vien",
    "noi chuyen voi nv",
    "noi chuyen voi nguoi",
    "noi chuyen voi ai do",
    "trao doi voi nhan vien",
    "tu van vien",
    "nhan vien tu van",
    "nv tu van",
    "nhan vien ho tro",
    "nv ho tro",
    "ket noi nhan vien",
    "chuyen nhan vien",
    "chuyen cho nhan vien",
    "can nhan vien",
    "can nv",
    "goi nhan vien",
    "human",
    "real person",
    "live agent",
    "live person",
    "an agent",
    "talk to someone",
    "speak to someone",
    "talk to a person",
    "speak to a person",
    "speak with a person",
    "talk with a person",
    "talk to an agent",
    "talk to agent",
    "talk to staff",
    "speak to staff",
    "talk to your staff",
    "a representative",
    "speak to a manager",
    "talk to a manager",
    "customer support",
    "support agent",
];

/// Enough where hardly anything else is said.
pub(super) const PERSON_ALONE: &[&str] =
    &["nhan vien", "nv", "nguoi that", "agent", "operator", "representative", "staff", "person"];

pub(super) const NO_PERSON: &[&str] = &[
    "khong can gap",
    "ko can gap",
    "k can gap",
    "khong muon gap",
    "khong can nhan vien",
    "ko can nhan vien",
    "don t need a human",
    "don t need an agent",
    "no human",
];

pub(super) const FORGOTTEN: &[&str] = &[
    "khong nho",
    "ko nho",
    "k nho",
    "hong nho",
    "quen",
    "quen roi",
    "mat ma",
    "khong co",
    "khong co ma",
    "ko co",
    "ko co ma",
    "k co ma",
    "khong biet ma",
    "ko biet ma",
    "k biet ma",
    "khong biet",
    "khong thay ma",
    "ma don o dau",
    "ma o dau",
    "lay ma o dau",
    "xem ma o dau",
    "remember",
    "forgot",
    "forgotten",
    "lost it",
    "lost the code",
    "no code",
    "don t have",
    "dont have",
    "don t know",
    "dont know",
    "where is the code",
    "where do i find",
];

/// Only as long as hardly anything else is said.
pub(super) const GIVEN_UP: &[&str] = &[
    "thoi khoi",
    "thoi khong",
    "thoi ko",
    "thoi bo",
    "bo qua",
    "khong can nua",
    "ko can nua",
    "k can nua",
    "de sau",
    "never mind",
    "nevermind",
    "forget it",
    "skip",
];

/// Enough where nothing else is said; `thoi` is also the `thời` of `thời gian`.
pub(super) const GIVEN_UP_ALONE: &[&str] = &["thoi", "khoi", "nua", "vay"];

pub(super) const WAIT: &[&str] = &[
    "cho chut",
    "cho xiu",
    "cho ti",
    "cho em xiu",
    "cho em ti",
    "cho em chut",
    "cho minh chut",
    "cho mot chut",
    "doi chut",
    "doi xiu",
    "doi em xiu",
    "doi em ti",
    "doi em chut",
    "doi minh xiu",
    "doi minh ti",
    "doi minh chut",
    "de em xem",
    "de em tim",
    "de minh xem",
    "de minh tim",
    "wait",
    "one moment",
    "one second",
    "hold on",
    "let me check",
    "let me look",
];

pub(super) const ANOTHER: &[&str] =
    &["don khac", "ma khac", "don moi", "other order", "another order", "different order", "another one"];
