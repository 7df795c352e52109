//! The bot in Vietnamese: "em" for itself, "anh/chị" for the customer, polite
//! and short.

use super::{Ago, Next, Purpose, Words, ago, grouped, has_no_cents, vary};
use crate::bot::dates::Day;
use onethread_core::Millis;
use onethread_core::order::{Journey, Order};
use onethread_core::thread::HandoffReason;

pub(super) struct Vietnamese;

const WEEKDAYS: [&str; 7] = ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"];

impl Words for Vietnamese {
    fn hello(&self, shop: &str) -> String {
        format!("Chào anh/chị, em là trợ lý tự động của {} ạ.", name(shop))
    }

    fn introduction(&self, shop: &str) -> String {
        format!(
            "Dạ em chào anh/chị ạ. Em là trợ lý tự động của {}: em tra giúp tình trạng đơn hàng và trả lời các câu hỏi thường gặp. \
             Cần gặp nhân viên, anh/chị chỉ cần nhắn “gặp nhân viên” ạ. Em giúp được gì cho anh/chị?",
            name(shop)
        )
    }

    fn listening(&self, turn: u32) -> String {
        let ways = ["Dạ em nghe đây ạ. Anh/chị cần em giúp gì ạ?", "Dạ, em giúp được gì cho anh/chị ạ?"];
        vary(turn, &ways).to_owned()
    }

    fn welcome(&self, turn: u32) -> String {
        let ways = [
            "Dạ không có gì ạ. Cần thêm gì anh/chị cứ nhắn em nhé.",
            "Dạ em cảm ơn anh/chị ạ. Khi nào cần anh/chị cứ nhắn em nhé.",
        ];
        vary(turn, &ways).to_owned()
    }

    fn goodbye(&self, shop: &str) -> String {
        format!("Dạ em chào anh/chị ạ. Cảm ơn anh/chị đã nhắn tin cho {}.", name(shop))
    }

    fn at_your_service(&self) -> String {
        "Dạ vâng ạ. Cần gì thêm anh/chị cứ nhắn em nhé.".to_owned()
    }

    fn never_mind(&self) -> String {
        "Dạ vâng, không sao ạ. Khi nào cần anh/chị cứ nhắn em nhé.".to_owned()
    }

    fn take_your_time(&self) -> String {
        "Dạ vâng, em chờ anh/chị ạ.".to_owned()
    }

    fn file_received(&self) -> String {
        "Dạ em đã nhận được ảnh/tệp của anh/chị. Em là trợ lý tự động nên chưa xem được nội dung bên trong; anh/chị gõ giúp em \
         điều cần hỏi, hoặc nhắn “gặp nhân viên” để nhân viên xem giúp ạ."
            .to_owned()
    }

    fn unclear(&self, turn: u32) -> String {
        let ways = [
            "Dạ em chưa hiểu rõ ý anh/chị ạ. Anh/chị nói rõ hơn giúp em, hay để em chuyển anh/chị gặp nhân viên ạ?",
            "Dạ xin lỗi anh/chị, câu này em chưa hiểu ạ. Anh/chị diễn đạt cách khác giúp em, hay em chuyển anh/chị gặp nhân viên ạ?",
        ];
        vary(turn, &ways).to_owned()
    }

    fn no_answer(&self) -> String {
        "Dạ câu này em chưa có thông tin chắc chắn ạ. Anh/chị có muốn em chuyển sang nhân viên không ạ?".to_owned()
    }

    fn offer_to_order(&self) -> String {
        "Dạ để lên đơn qua tin nhắn thì nhân viên sẽ hỗ trợ anh/chị ạ. Anh/chị có muốn em chuyển sang nhân viên không ạ?"
            .to_owned()
    }

    fn say_it_otherwise(&self) -> String {
        "Dạ, vậy anh/chị nói rõ hơn điều cần hỏi giúp em nhé, hoặc nhắn “gặp nhân viên” để được hỗ trợ trực tiếp ạ.".to_owned()
    }

    fn which_one(&self, titles: &[&str]) -> String {
        let quoted: Vec<String> = titles.iter().map(|title| format!("“{title}”")).collect();
        format!("Ý anh/chị là {} ạ?", quoted.join(" hay "))
    }

    fn is_it(&self, title: &str) -> String {
        format!("Ý anh/chị là “{title}” phải không ạ?")
    }

    fn answer_by_number(&self, choices: usize) -> String {
        format!("Anh/chị nhắn giúp em một số từ 1 đến {choices} ạ.")
    }

    fn ask_code(&self, example: &str, turn: u32) -> String {
        let ways = ["Dạ anh/chị cho em xin mã đơn hàng", "Dạ để em kiểm tra ngay, anh/chị gửi em mã đơn hàng"];
        format!("{}{} ạ.", vary(turn, &ways), such_as(example))
    }

    fn ask_code_again(&self, example: &str) -> String {
        format!(
            "Dạ em chưa thấy mã đơn trong tin nhắn ạ. Anh/chị gửi lại giúp em mã đơn{}, hoặc nhắn “gặp nhân viên” nếu không tìm thấy mã ạ.",
            such_as(example)
        )
    }

    fn code_besides_phone(&self, example: &str) -> String {
        format!("Dạ em đã ghi nhận ạ. Anh/chị cho em xin thêm mã đơn hàng{} nhé.", such_as(example))
    }

    fn no_order_on_phone(&self, example: &str) -> String {
        format!(
            "Dạ em chưa thấy đơn nào đặt bằng số điện thoại đã xác minh của anh/chị. Nếu đơn đặt bằng số khác, anh/chị cho em xin mã đơn{} ạ.",
            such_as(example)
        )
    }

    fn code_for(&self, purpose: Purpose) -> String {
        format!(
            "Dạ {} sẽ do nhân viên trực tiếp xử lý ạ. Anh/chị cho em xin mã đơn để em chuyển kèm luôn; nếu không nhớ mã, anh/chị cứ nhắn “không nhớ” ạ.",
            request(purpose)
        )
    }

    fn send_code_to_request(&self, purpose: Purpose) -> String {
        format!(
            "Nếu anh/chị cần {} đơn cụ thể, anh/chị gửi em mã đơn, em chuyển nhân viên xử lý giúp ạ.",
            match purpose {
                Purpose::Status => "kiểm tra một",
                Purpose::Cancel => "hủy một",
                Purpose::Modify => "thay đổi một",
                Purpose::Return => "đổi trả một",
                Purpose::Refund => "hoàn tiền cho một",
            }
        )
    }

    fn or_share_phone(&self) -> String {
        "Hoặc anh/chị bấm nút bên dưới để gửi số điện thoại đã đặt hàng, em tìm đơn giúp ạ.".to_owned()
    }

    fn where_code_is(&self) -> String {
        "Dạ mã đơn nằm trong tin nhắn hoặc email xác nhận lúc đặt hàng, và cả trên phiếu dán ngoài kiện hàng ạ. \
         Nếu vẫn không thấy, anh/chị nhắn “gặp nhân viên” để nhân viên tìm giúp ạ."
            .to_owned()
    }

    fn ask_tail(&self, code: &str, turn: u32) -> String {
        let ways = ["cho em xin 4 số cuối của số điện thoại đặt hàng ạ.", "gửi giúp em 4 số cuối số điện thoại nhận hàng ạ."];
        format!("Dạ để xem đơn {code}, anh/chị {}", vary(turn, &ways))
    }

    fn ask_tail_again(&self) -> String {
        "Dạ em cần đúng 4 số cuối của số điện thoại đặt hàng để bảo mật thông tin đơn ạ. Anh/chị gửi lại giúp em nhé.".to_owned()
    }

    fn where_tail_is(&self) -> String {
        "Dạ đó là số điện thoại anh/chị đã ghi khi đặt hàng, cũng là số shipper gọi để giao ạ. \
         Nếu không nhớ, anh/chị nhắn “gặp nhân viên” để nhân viên kiểm tra giúp ạ."
            .to_owned()
    }

    fn no_match(&self) -> String {
        "Dạ em không tìm thấy đơn nào khớp với mã đơn và số điện thoại này ạ. Anh/chị kiểm tra lại rồi gửi em mã đơn \
         hoặc 4 số cuối cho đúng nhé; cần thì nhắn “gặp nhân viên” để được hỗ trợ ạ."
            .to_owned()
    }

    fn locked(&self) -> String {
        "Dạ do có nhiều lần nhập chưa khớp, em tạm dừng tra cứu đơn trong 15 phút để bảo mật thông tin ạ. \
         Anh/chị thử lại sau 15 phút, hoặc nhắn “gặp nhân viên” để được hỗ trợ ạ."
            .to_owned()
    }

    fn code_locked(&self) -> String {
        "Dạ mã đơn này vừa có nhiều lần nhập chưa khớp, em tạm dừng tra cứu mã này trong khoảng 1 tiếng để bảo mật thông tin ạ. \
         Anh/chị thử lại sau, hoặc nhắn “gặp nhân viên” để được hỗ trợ ạ."
            .to_owned()
    }

    fn source_away(&self) -> String {
        "Dạ hệ thống tra cứu đơn đang tạm gián đoạn nên em chưa xem được đơn lúc này ạ. Anh/chị gửi lại mã đơn và 4 số cuối \
         sau ít phút giúp em, hoặc nhắn “gặp nhân viên” để được hỗ trợ ạ."
            .to_owned()
    }

    fn which_order(&self, count: usize) -> String {
        format!("Dạ anh/chị đang có {count} đơn chưa hoàn tất. Anh/chị muốn xem đơn nào ạ?")
    }

    fn phone_noted(&self) -> String {
        "Dạ em đã nhận được số điện thoại ạ. Anh/chị cần em hỗ trợ gì ạ?".to_owned()
    }

    fn journey(&self, code: &str, state: Journey) -> String {
        match state {
            Journey::Placed => format!("Dạ đơn {code} đã được ghi nhận và đang chờ đơn vị vận chuyển đến lấy hàng ạ."),
            Journey::Picking => format!("Dạ đơn {code} đã sẵn sàng, đơn vị vận chuyển đang lấy hàng ạ."),
            Journey::InTransit => format!("Dạ đơn {code} đang trung chuyển, hàng đang trên đường đến khu vực của anh/chị ạ."),
            Journey::OutForDelivery => {
                format!("Dạ đơn {code} đang giao: shipper đang trên đường đến, anh/chị để ý điện thoại giúp em nhé ạ.")
            }
            Journey::AttemptFailed => format!("Dạ đơn {code} giao chưa thành công: shipper chưa giao được hàng cho anh/chị ạ."),
            Journey::Delivered => {
                format!(
                    "Dạ đơn {code} đã giao thành công ạ. Nếu anh/chị chưa nhận được hàng, nhắn “gặp nhân viên” để được kiểm tra ngay nhé."
                )
            }
            Journey::Returning => {
                format!("Dạ đơn {code} đang được hoàn về shop ạ. Cần giao lại, anh/chị nhắn “gặp nhân viên” nhé.")
            }
            Journey::Returned => {
                format!("Dạ đơn {code} đã hoàn về shop ạ. Cần giao lại hoặc hoàn tiền, anh/chị nhắn “gặp nhân viên” nhé.")
            }
            Journey::Stopped => {
                format!("Dạ đơn {code} hiện đã dừng (bị hủy hoặc gặp sự cố vận chuyển), cần nhân viên kiểm tra lại ạ.")
            }
        }
    }

    fn state_in_short(&self, state: Journey) -> &'static str {
        match state {
            Journey::Placed => "chờ lấy",
            Journey::Picking => "đang lấy",
            Journey::InTransit => "đang chuyển",
            Journey::OutForDelivery => "đang giao",
            Journey::AttemptFailed => "giao hụt",
            Journey::Delivered => "đã giao",
            Journey::Returning => "đang hoàn",
            Journey::Returned => "đã hoàn",
            Journey::Stopped => "đã dừng",
        }
    }

    fn carrier(&self, name: &str) -> String {
        format!("• Đơn vị vận chuyển: {name}")
    }

    fn tracking_code(&self, code: &str) -> String {
        format!("• Mã vận đơn: {code}")
    }

    fn tracking_link(&self, url: &str) -> String {
        format!("• Xem hành trình: {url}")
    }

    fn expected(&self, day: Day, today: Day) -> String {
        format!("• Dự kiến nhận hàng: {}", self.day(day, today))
    }

    fn expected_before(&self, day: Day, today: Day) -> String {
        format!("• Dự kiến ban đầu: {}; đơn đang chậm hơn dự kiến, mong anh/chị thông cảm ạ", self.day(day, today))
    }

    fn updated(&self, age: Millis) -> String {
        match ago(age) {
            Ago::Now => "(Thông tin vừa cập nhật)".to_owned(),
            Ago::Minutes(n) => format!("(Thông tin cập nhật {n} phút trước)"),
            Ago::Hours(n) => format!("(Thông tin cập nhật {n} giờ trước)"),
            Ago::Days(n) => format!("(Thông tin cập nhật {n} ngày trước)"),
        }
    }

    fn contents(&self, order: &Order) -> Vec<String> {
        let items: Vec<String> = order.items.iter().map(|item| format!("{} × {}", item.quantity, item.name)).collect();
        let mut lines = Vec::new();
        if !items.is_empty() {
            lines.push(format!("• Sản phẩm: {}", items.join("; ")));
        }
        if order.total > 0 {
            lines.push(format!("• Tổng tiền: {}", money(order.total, &order.currency)));
        }
        lines.extend(
            order.address.as_deref().filter(|address| !address.trim().is_empty()).map(|address| format!("• Giao đến: {address}")),
        );
        lines
    }

    fn day(&self, day: Day, today: Day) -> String {
        let weekday = usize::try_from(day.weekday() - 1).ok().and_then(|at| WEEKDAYS.get(at)).copied().unwrap_or_default();
        let year = if day.year() == today.year() { String::new() } else { format!("/{}", day.year()) };
        let date = format!("{weekday}, {}/{}{year}", day.day(), day.month());
        match day.days_after(today) {
            -1 => format!("hôm qua ({date})"),
            0 => format!("hôm nay ({date})"),
            1 => format!("ngày mai ({date})"),
            _ => date,
        }
    }

    fn received(&self) -> String {
        "Dạ shop đã nhận được tin nhắn của anh/chị ạ.".to_owned()
    }

    fn handed(&self, reason: HandoffReason) -> String {
        match reason {
            HandoffReason::Complaint => {
                "Dạ em rất xin lỗi vì trải nghiệm chưa tốt này của anh/chị ạ. Em chuyển cuộc trò chuyện cho nhân viên để hỗ trợ anh/chị."
            }
            HandoffReason::NotUnderstood => {
                "Dạ xin lỗi anh/chị, phần này em chưa hỗ trợ được. Em chuyển cuộc trò chuyện cho nhân viên để hỗ trợ anh/chị ạ."
            }
            HandoffReason::OrderInTrouble => "Em chuyển đơn này cho nhân viên kiểm tra và hỗ trợ anh/chị ạ.",
            HandoffReason::NeedsPerson => "Dạ việc này cần nhân viên xử lý nên em chuyển cuộc trò chuyện cho nhân viên ạ.",
            HandoffReason::Asked | HandoffReason::AgentStepped | HandoffReason::AnsweredElsewhere => {
                "Dạ em chuyển anh/chị sang nhân viên ạ."
            }
        }
        .to_owned()
    }

    fn handed_request(&self, purpose: Purpose, code: Option<&str>) -> String {
        let wish = request(purpose);
        let wish = match code {
            Some(code) if wish.ends_with(" đơn") => format!("{wish} {code}"),
            Some(code) => format!("{wish} đơn {code}"),
            None => wish.to_owned(),
        };
        format!("Dạ em đã ghi nhận {wish} và chuyển cho nhân viên xử lý ạ.")
    }

    fn what_happens_next(&self, next: &Next) -> String {
        match next {
            Next::SoonHere => {
                "Nhân viên sẽ trả lời anh/chị ngay tại đây. Trong lúc chờ, anh/chị cứ nhắn thêm chi tiết hoặc hình ảnh nếu có ạ."
                    .to_owned()
            }
            Next::Closed { hours, opens } => {
                let hours = if hours.is_empty() { String::new() } else { format!(" (giờ làm việc: {hours})") };
                let when = match opens {
                    Some((day, time)) => format!("khi shop mở cửa lại lúc {time} {day}"),
                    None => "khi shop mở cửa lại".to_owned(),
                };
                format!(
                    "Hiện shop đang ngoài giờ làm việc{hours}. Nhân viên sẽ trả lời anh/chị tại đây {when}; anh/chị cứ để lại nội dung cần hỗ trợ ạ."
                )
            }
        }
    }

    fn label_person(&self) -> &'static str {
        "Gặp nhân viên"
    }

    fn label_track(&self) -> &'static str {
        "Tra cứu đơn hàng"
    }

    fn label_parcel(&self) -> &'static str {
        "Xem hành trình"
    }

    fn label_yes(&self) -> &'static str {
        "Đúng rồi"
    }

    fn label_share_phone(&self) -> &'static str {
        "Gửi số điện thoại"
    }
}

fn name(shop: &str) -> &str {
    if shop.trim().is_empty() { "shop" } else { shop.trim() }
}

fn such_as(example: &str) -> String {
    if example.is_empty() { String::new() } else { format!(" (ví dụ {example})") }
}

fn request(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Status => "yêu cầu kiểm tra đơn",
        Purpose::Cancel => "yêu cầu hủy đơn",
        Purpose::Modify => "yêu cầu thay đổi thông tin đơn",
        Purpose::Return => "yêu cầu đổi trả",
        Purpose::Refund => "yêu cầu hoàn tiền",
    }
}

fn money(amount: i64, currency: &str) -> String {
    if currency.eq_ignore_ascii_case("VND") {
        format!("{}đ", grouped(amount, '.'))
    } else if has_no_cents(currency) {
        format!("{} {currency}", grouped(amount, '.'))
    } else {
        format!("{},{:02} {currency}", grouped(amount / 100, '.'), amount.unsigned_abs() % 100)
    }
}
