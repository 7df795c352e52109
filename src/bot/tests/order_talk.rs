//! Orders over several turns: asked, corrected, abandoned, chosen.

use super::*;

const PRIVATE: [&str; 4] = ["Chăn cotton", "459.000", "Ngõ Huyện", "Ngọc Diệp"];

#[test]
fn an_order_is_asked_for_over_three_turns() {
    let mut lan = Chat::begin();
    let first = lan.means("đơn của em tới đâu rồi", Intent::OrderStatus);
    assert_says(&first, &["trợ lý tự động của Nhà Mộc", "mã đơn hàng", "DH1024"]);
    let second = lan.says("DH1024 ạ");
    assert_says(&second, &["đơn DH1024", "4 số cuối"]);
    assert_keeps(&second, &["trợ lý", "GHN"]);
    let third = lan.says("5678");
    let told =
        ["đang giao", "GHN", "GYDH1024VN", "https://donhang.example/?c=GYDH1024VN", "hôm nay (Chủ nhật, 22/11)", "10 phút trước"];
    assert_says(&third, &told);
    assert_keeps(&third, &PRIVATE);
    assert_eq!(third.effects, [Effect::RightTail { code: "DH1024".into() }]);
    assert_eq!(third.understood, Some((Intent::OrderStatus, 1.0)));
}

#[test]
fn code_and_tail_may_come_in_one_message() {
    let told = Chat::begin().means("đơn dh1024 sđt 5678 tới đâu rồi", Intent::OrderStatus);
    assert_says(&told, &["đang giao"]);
    let told = Chat::begin().says("DH1024 0912345678");
    assert_says(&told, &["đang giao"]);
}

#[test]
fn the_tail_may_come_before_the_code() {
    let mut lan = Chat::begin();
    assert_says(&lan.means("sđt em đuôi 5678, đơn tới đâu rồi", Intent::OrderStatus), &["ghi nhận", "mã đơn"]);
    assert_says(&lan.says("DH1024"), &["đang giao"]);
}

#[test]
fn digits_that_came_instead_of_the_code_are_kept_as_the_tail() {
    let mut lan = Chat::begin();
    lan.means("đơn của em tới đâu rồi", Intent::OrderStatus);
    lan.says("5678");
    assert_says(&lan.says("DH1024"), &["đang giao"]);

    let mut lan = Chat::begin();
    assert_says(&lan.says("0912345678"), &["ghi nhận", "mã đơn"]);
    assert_says(&lan.says("DH1024"), &["đang giao"]);
}

#[test]
fn a_code_is_corrected_before_and_after_the_tail() {
    let mut lan = Chat::begin();
    lan.says("DH1026");
    assert_says(&lan.says("à nhầm, DH1025"), &["DH1025", "4 số cuối"]);
    assert_says(&lan.says("5678"), &["DH1025", "trung chuyển"]);

    let mut lan = Chat::begin();
    lan.says("DH1026 5678");
    assert_says(&lan.says("à nhầm, DH1025"), &["trung chuyển"]);
}

#[test]
fn a_wrong_tail_is_corrected_without_the_code() {
    let mut lan = Chat::begin();
    assert_eq!(lan.says("DH1024 1111").effects, [wrong_tail("DH1024")]);
    assert_says(&lan.says("à 5678 mới đúng"), &["đang giao"]);
}

#[test]
fn a_wrong_pair_is_not_tried_again_by_itself() {
    let mut lan = Chat::begin();
    lan.says("DH1024 1111");
    let again = lan.means("vậy đơn của em đâu", Intent::OrderStatus);
    assert!(again.effects.is_empty());
    assert_says(&again, &["mã đơn"]);
}

#[test]
fn a_wrong_tail_and_an_unknown_code_are_answered_alike() {
    let tried = |code: &str| {
        let mut lan = Chat::begin();
        lan.says(code);
        let mut answer = lan.says("1111");
        answer.context.code = None;
        assert_eq!(std::mem::take(&mut answer.effects), [wrong_tail(code)]);
        answer
    };
    assert_eq!(tried("DH1024"), tried("DH9999"));
}

#[test]
fn another_topic_is_answered_and_the_code_is_still_known_after() {
    let mut lan = Chat::begin();
    lan.means("đơn DH1024 tới đâu rồi", Intent::OrderStatus);
    assert_says(&lan.asks("mà phí ship bao nhiêu vậy", &[("fee", 0.9)]), &["25.000đ"]);
    assert_says(&lan.says("5678"), &["đang giao"]);
}

#[test]
fn giving_up_forgets_the_question() {
    let mut lan = Chat::begin();
    lan.says("DH1024");
    assert_says(&lan.says("thôi khỏi em"), &["không sao"]);
    assert_eq!((lan.context.code.clone(), lan.context.asked), (None, None));
}

#[test]
fn who_cannot_give_a_code_is_not_asked_for_ever() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.means("em đặt ba ngày rồi chưa thấy", Intent::OrderStatus), &["chưa thấy mã đơn", "gặp nhân viên"]);
    assert_eq!(hand_off(&lan.means("thì cái áo em đặt á", Intent::OrderStatus)), Some(HandoffReason::NotUnderstood));

    let mut lan = Chat::begin();
    lan.says("DH1024");
    assert_says(&lan.means("đơn đó giao chưa vậy", Intent::OrderStatus), &["4 số cuối"]);
    assert_says(&lan.says("5678"), &["đang giao"]);
}

#[test]
fn the_bot_waits_while_the_customer_looks_for_the_code() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.says("dạ đợi em xíu"), &["em chờ"]);
    assert_eq!(lan.means("vâng ạ", Intent::Yes).effects, [Effect::KeepSilent]);
    assert_says(&lan.says("100020"), &["đơn 100020", "4 số cuối"]);
}

#[test]
fn asking_for_the_time_of_delivery_is_not_giving_up() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.asks("thời gian giao bao lâu", &[("time", 0.9)]), &["2–4 ngày"]);
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.says("thôi"), &["không sao"]);
}

#[test]
fn who_forgot_the_code_is_told_where_it_is() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_says(&lan.says("em không nhớ mã"), &["xác nhận"]);
    assert_says(&lan.says("DH1024"), &["4 số cuối"]);
    assert_says(&lan.says("em quên số rồi"), &["khi đặt hàng"]);
}

#[test]
fn a_told_order_needs_no_second_proof() {
    let mut lan = Chat::begin();
    lan.says("DH1024 5678");
    assert_says(&lan.means("mấy giờ tới vậy", Intent::OrderStatus), &["đang giao"]);
    assert_says(&lan.means("còn đơn khác của em", Intent::OrderStatus), &["mã đơn"]);
    assert_says(&lan.says("DH1024"), &["đang giao"]);
}

#[test]
fn a_proof_dies_with_the_phone_of_the_order() {
    let mut lan = Chat::begin();
    lan.says("DH1024 5678");
    lan.orders.by_code.insert("DH1024".into(), order("DH1024", Journey::Delivered, "0900111222"));
    assert_says(&lan.says("DH1024"), &["4 số cuối"]);
}

#[test]
fn a_verified_phone_hears_everything_and_needs_no_code() {
    let mut lan = Chat::verified("0912345678");
    lan.orders.by_phone.truncate(1);
    let told = lan.means("đơn của mình đâu rồi", Intent::OrderStatus);
    assert_says(&told, &["DH1024", "đang giao", "2 × Chăn cotton hoa nhí", "459.000đ", "58 Ngõ Huyện"]);
    assert_keeps(&told, &["Ngọc Diệp"]);
}

#[test]
fn several_open_orders_are_offered_as_buttons() {
    let mut lan = Chat::verified("0912345678");
    let asked = lan.means("đơn của mình đâu rồi", Intent::OrderStatus);
    assert_eq!(payloads(&asked.replies[0]), ["order:DH1024", "order:DH1025", "human"]);
    assert_eq!(asked.replies[0].buttons[0].label, "DH1024 · đang giao");
    assert_says(&lan.presses("order:DH1025"), &["DH1025", "trung chuyển", "459.000đ"]);
}

#[test]
fn where_there_are_no_buttons_orders_are_chosen_by_number() {
    let mut lan = Chat::verified("0912345678");
    lan.buttons = 0;
    let asked = lan.means("đơn của mình đâu rồi", Intent::OrderStatus);
    assert_says(&asked, &["1. DH1024 · đang giao", "2. DH1025 · đang chuyển", "từ 1 đến 2"]);
    assert!(asked.replies[0].buttons.is_empty());
    assert_says(&lan.says("số 2 ạ"), &["DH1025"]);
}

#[test]
fn without_an_open_order_the_latest_is_told() {
    let mut lan = Chat::verified("0912345678");
    let mut old = order("DH0900", Journey::Delivered, "0912345678");
    old.updated_at = NOW - 9 * DAY;
    lan.orders.by_phone = vec![old, order("DH0950", Journey::Delivered, "0912345678")];
    assert_says(&lan.means("đơn của mình đâu rồi", Intent::OrderStatus), &["DH0950", "đã giao"]);
}

#[test]
fn a_strangers_order_needs_its_tail_from_a_verified_phone_too() {
    let mut lan = Chat::verified("0900000000");
    assert_says(&lan.says("DH1024"), &["4 số cuối"]);
    let told = lan.says("5678");
    assert_says(&told, &["đang giao"]);
    assert_keeps(&told, &PRIVATE);
}

#[test]
fn a_vouched_contact_opens_the_orders_of_its_phone() {
    let mut lan = Chat::begin();
    lan.asks_phone = true;
    let asked = lan.means("đơn của em đâu", Intent::OrderStatus);
    assert_eq!(asked.replies[0].ask_phone.as_deref(), Some("Gửi số điện thoại"));
    lan.orders.by_phone = vec![lan.orders.by_code["DH1024"].clone()];
    assert_says(&lan.shares_phone("+84 912 345 678", true), &["DH1024", "459.000đ"]);
}

#[test]
fn somebody_elses_contact_is_only_digits() {
    let mut lan = Chat::begin();
    lan.means("đơn của em đâu", Intent::OrderStatus);
    lan.orders.by_phone = vec![lan.orders.by_code["DH1024"].clone()];
    let noted = lan.shares_phone("0912345678", false);
    assert_says(&noted, &["mã đơn"]);
    let told = lan.says("DH1024");
    assert_says(&told, &["đang giao"]);
    assert_keeps(&told, &PRIVATE);
}

#[test]
fn while_locked_no_code_is_better_than_another() {
    let tried = |text: &str| {
        let mut lan = Chat::begin();
        lan.locked = true;
        lan.says(text)
    };
    let locked = tried("DH1024 5678");
    assert_says(&locked, &["15 phút", "gặp nhân viên"]);
    for text in ["DH9999 5678", "DH1024 1111", "DH9999"] {
        assert_eq!(tried(text), locked, "{text}");
    }
}

#[test]
fn an_external_source_is_asked_once_and_only_with_a_tail() {
    let mut lan = Chat::begin();
    lan.orders.sourced_elsewhere = true;
    assert!(lan.says("DH7777").effects.is_empty());
    let before = lan.context.clone();
    let asked = lan.says("5678");
    assert_eq!((asked.replies.len(), asked.effects), (0, vec![Effect::FetchOrder { code: "DH7777".into() }]));
    assert_eq!(lan.context, before);
    lan.orders.looked_up.insert("DH7777".into());
    assert_eq!(lan.says("5678").effects, [wrong_tail("DH7777")]);
}

#[test]
fn what_the_source_told_long_ago_is_asked_for_again() {
    let mut lan = Chat::begin();
    lan.orders.sourced_elsewhere = true;
    lan.orders.stale.insert("DH1024".into());
    let again = [Effect::FetchOrder { code: "DH1024".into() }];
    assert_eq!(lan.says("DH1024 5678").effects, again);
    lan.orders.looked_up.insert("DH1024".into());
    assert_says(&lan.says("DH1024 5678"), &["DH1024", "GHN"]);
    lan.orders.looked_up.clear();
    assert_eq!(lan.says("DH1024").effects, again, "proven, and still asked for anew");
    let mut owner = Chat::begin();
    owner.orders = lan.orders.clone();
    owner.verified_phone = Some("0912345678");
    assert_eq!(owner.says("DH1024").effects, again);
}

#[test]
fn a_source_that_is_away_is_said_to_be_and_is_no_wrong_tail() {
    let away = |text: &str| {
        let mut lan = Chat::begin();
        lan.orders.sourced_elsewhere = true;
        for code in ["DH1024", "DH7777"] {
            lan.orders.looked_up.insert(code.into());
            lan.orders.unanswered.insert(code.into());
        }
        lan.says(text)
    };
    let unknown = away("DH7777 5678");
    assert_says(&unknown, &["gián đoạn", "gặp nhân viên"]);
    assert_eq!(unknown.effects, []);
    let wrong = away("DH1024 1111");
    assert_eq!((&wrong.replies, wrong.effects), (&unknown.replies, vec![wrong_tail("DH1024")]), "told alike, counted apart");
    assert_says(&away("DH1024 5678"), &["GHN"]);
}

#[test]
fn with_a_source_a_wrong_tail_is_asked_about_like_an_unknown_code() {
    for (text, code) in [("DH1024 1111", "DH1024"), ("DH7777 1111", "DH7777")] {
        let mut lan = Chat::begin();
        lan.orders.sourced_elsewhere = true;
        assert_eq!(lan.says(text).effects, [Effect::FetchOrder { code: code.into() }]);
    }
}

#[test]
fn a_code_that_is_guessed_at_is_closed_to_all_but_its_owner() {
    let asked = |code: &str, owner: bool| {
        let mut lan = Chat::begin();
        lan.orders.locked = ["DH1024".to_owned(), "DH9999".to_owned()].into();
        lan.verified_phone = owner.then_some("0912345678");
        lan.says(&format!("{code} 5678"))
    };
    let locked = asked("DH1024", false);
    assert_says(&locked, &["1 tiếng", "gặp nhân viên"]);
    assert_eq!(asked("DH9999", false), locked, "a code that does not exist is closed alike");
    assert_says(&asked("DH1024", true), &["GHN"]);
}

#[test]
fn what_to_load_is_named_before_deciding() {
    let reading = read("à nhầm, DH1025");
    let context = BotContext { code: Some("DH1024".into()), told: Some("DH1000".into()), ..BotContext::default() };
    let identity = IdentityView { verified_phone: Some("+84912345678"), ..IdentityView::default() };
    let heard =
        Heard { text: "à nhầm, DH1025", payload: None, shared_phone: None, attachments: 0, reading: &reading, identity };
    let wanted = wants(&context, &heard);
    assert_eq!(wanted.codes, ["DH1000", "DH1024", "DH1025"]);
    assert_eq!(wanted.phone.as_deref(), Some("0912345678"));
}

#[test]
fn a_late_parcel_is_called_late() {
    let mut lan = Chat::begin();
    let mut late = order("DH1025", Journey::InTransit, "0912345678");
    late.expected_at = Some(NOW - 2 * DAY);
    lan.orders.by_code.insert("DH1025".into(), late);
    assert_says(&lan.says("DH1025 5678"), &["thứ Sáu, 20/11", "chậm hơn dự kiến"]);
}

#[test]
fn english_is_answered_in_english() {
    let mut lan = Chat::begin();
    let english = |text: &str| Reading { language: Language::En, ..intending(read(text), Intent::OrderStatus, 0.9) };
    let asked = lan.hears(&english("where is my order"), |heard| heard.text = "where is my order");
    assert_says(&asked, &["automatic assistant", "order code"]);
    assert_says(&lan.says("DH1024"), &["last 4 digits"]);
    assert_says(&lan.says("5678"), &["out for delivery", "Carrier: GHN", "today (Sunday, 22 Nov)", "10 minutes ago"]);
}

#[test]
fn the_orders_that_will_be_asked_for_are_foreseen_and_few_others() {
    let mut lan = Chat::begin();
    assert!(may_want(&lan.context, &read("alo shop ơi")).is_empty());
    assert_eq!(may_want(&lan.context, &read("đơn DH1024 tới đâu rồi")), ["DH1024"]);
    lan.says("DH1024 5678");
    let another = may_want(&lan.context, &read("thế còn DH1025"));
    assert!(another.contains(&"DH1024".to_owned()) && another.contains(&"DH1025".to_owned()), "{another:?}");
    let status = intending(read("tới đâu rồi ạ"), Intent::OrderStatus, 0.9);
    assert!(may_want(&lan.context, &status).contains(&"DH1024".to_owned()), "one of which the bot told before");
    lan.means("cảm ơn shop", Intent::Thanks);
    assert!(may_want(&lan.context, &intending(read("mấy giờ mở cửa"), Intent::StoreInfo, 0.9)).is_empty());
}
