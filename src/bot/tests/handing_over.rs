//! When people take over, and what the customer is told then.

use super::*;

#[test]
fn a_person_comes_whenever_asked_for() {
    for text in ["cho em gặp nhân viên", "gap nv", "I want a human", "nhân viên đâu", "talk to an agent pls"] {
        let mut lan = Chat::begin();
        lan.says("DH1024");
        let over = lan.says(text);
        assert_eq!(hand_off(&over), Some(HandoffReason::Asked), "{text}");
        assert_eq!((over.replies.len(), &over.understood), (1, &Some((Intent::Human, 1.0))));
    }
    assert_eq!(hand_off(&Chat::begin().presses("human")), Some(HandoffReason::Asked));
}

#[test]
fn a_moderate_suspicion_is_enough() {
    let reading = intending(read("ai đó giúp em với"), Intent::Human, 0.4);
    let reading = Reading { not_mine: 0.6, ..reading };
    assert_eq!(hand_off(&Chat::begin().hears(&reading, |heard| heard.text = "ai đó giúp em với")), Some(HandoffReason::Asked));
}

#[test]
fn no_person_comes_where_none_is_wanted() {
    for text in ["không cần gặp nhân viên đâu", "có ảnh người thật mặc không shop", "shipper báo không gặp người nhận"]
    {
        assert_eq!(hand_off(&Chat::begin().says(text)), None, "{text}");
    }
}

#[test]
fn a_complaint_goes_to_people_with_an_apology() {
    let over = Chat::begin().means("làm ăn chán quá, giao hàng rách nát", Intent::Complaint);
    assert_eq!(hand_off(&over), Some(HandoffReason::Complaint));
    assert_says(&over, &["xin lỗi", "ngay tại đây"]);
}

#[test]
fn two_misses_in_a_row_hand_over() {
    let mut lan = Chat::begin();
    assert_eq!(hand_off(&lan.says("blah blah xyz")), None);
    assert_eq!(hand_off(&lan.says("blah blah lần nữa")), Some(HandoffReason::NotUnderstood));

    let mut lan = Chat::begin();
    lan.says("blah blah xyz");
    lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]);
    assert_eq!(hand_off(&lan.says("blah blah lần nữa")), None);
}

#[test]
fn who_was_just_given_back_is_not_sent_to_and_fro() {
    let given_back = || Chat { context: BotContext::after_people(), ..Chat::begin() };
    assert_eq!(hand_off(&given_back().says("blah blah xyz")), Some(HandoffReason::NotUnderstood));

    let mut lan = given_back();
    for _ in 0..2 {
        assert_eq!(hand_off(&lan.asks("phí ship bao nhiêu", &[("fee", 0.9)])), None, "what the bot knows it still answers");
    }
    assert_eq!(hand_off(&lan.says("blah blah xyz")), Some(HandoffReason::NotUnderstood), "within three turns");

    let mut lan = given_back();
    for _ in 0..3 {
        lan.asks("phí ship bao nhiêu", &[("fee", 0.9)]);
    }
    assert_eq!(hand_off(&lan.says("blah blah xyz")), None, "later it is a miss like any other");
}

#[test]
fn an_order_in_trouble_is_told_and_then_handed_over() {
    let over = Chat::begin().says("DH1026 0111");
    assert_eq!(over.replies.len(), 2);
    assert!(over.replies[0].text.contains("giao chưa thành công"));
    assert!(over.replies[1].text.contains("nhân viên"));
    assert_eq!(over.effects, [Effect::RightTail { code: "DH1026".into() }, Effect::HandOff(HandoffReason::OrderInTrouble)]);
}

#[test]
fn a_cancellation_takes_the_code_along() {
    let mut lan = Chat::begin();
    let asked = lan.means("em muốn hủy đơn", Intent::OrderCancel);
    assert_says(&asked, &["hủy đơn", "mã đơn"]);
    assert_eq!(hand_off(&asked), None);
    let over = lan.says("DH1024");
    assert_eq!(hand_off(&over), Some(HandoffReason::NeedsPerson));
    assert_says(&over, &["yêu cầu hủy đơn DH1024"]);
    assert_eq!(over.understood.map(|(intent, _)| intent), Some(Intent::OrderCancel));
}

#[test]
fn a_cancellation_without_a_code_goes_to_people_all_the_same() {
    for text in ["em không nhớ mã", "hôm qua em đặt á"] {
        let mut lan = Chat::begin();
        lan.means("em muốn hủy đơn", Intent::OrderCancel);
        assert_eq!(hand_off(&lan.says(text)), Some(HandoffReason::NeedsPerson), "{text}");
    }
    let over = Chat::begin().means("hủy đơn DH1024 giúp em", Intent::OrderCancel);
    assert_eq!(hand_off(&over), Some(HandoffReason::NeedsPerson));
}

#[test]
fn the_one_open_order_of_a_verified_phone_needs_no_code() {
    let mut lan = Chat::verified("0912345678");
    lan.orders.by_phone.truncate(1);
    assert_says(&lan.means("đổi địa chỉ giúp em", Intent::OrderModify), &["DH1024"]);
}

#[test]
fn when_the_shop_is_closed_the_customer_hears_when_it_opens() {
    let mut lan = Chat::begin();
    lan.shop.open_now = false;
    lan.shop.opens_next = Some(NOW + 22 * HOUR);
    let over = lan.says("gặp nhân viên");
    assert_says(&over, &["ngoài giờ làm việc", "8:00–21:30 hằng ngày", "08:00 ngày mai (thứ Hai, 23/11)"]);
    assert_keeps(&over, &["ngay tại đây"]);
}

#[test]
fn nothing_of_the_question_is_left_after_a_hand_over() {
    let mut lan = Chat::begin();
    lan.says("DH1024");
    lan.says("gặp nhân viên");
    assert_eq!((lan.context.asked, lan.context.code.clone(), lan.context.misses), (None, None, 0));
}
