//! The bot in English: plain, friendly, short.

use super::{Ago, Next, Purpose, Words, ago, grouped, has_no_cents, vary};
use crate::bot::dates::Day;
use onethread_core::Millis;
use onethread_core::order::{Journey, Order};
use onethread_core::thread::HandoffReason;

pub(super) struct English;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Words for English {
    fn hello(&self, shop: &str) -> String {
        format!("Hi, this is {}'s automatic assistant.", name(shop))
    }

    fn introduction(&self, shop: &str) -> String {
        format!(
            "Hi! I'm {}'s automatic assistant. I can check where an order is and answer common questions. \
             To talk to a person, just write “human”. How can I help?",
            name(shop)
        )
    }

    fn listening(&self, turn: u32) -> String {
        vary(turn, &["I'm here. What can I do for you?", "Hi again! How can I help?"]).to_owned()
    }

    fn welcome(&self, turn: u32) -> String {
        vary(
            turn,
            &["You're welcome! Write any time you need something.", "Happy to help! Just write if there is anything else."],
        )
        .to_owned()
    }

    fn goodbye(&self, shop: &str) -> String {
        format!("Goodbye, and thank you for writing to {}.", name(shop))
    }

    fn at_your_service(&self) -> String {
        "All right. Just write if you need anything else.".to_owned()
    }

    fn never_mind(&self) -> String {
        "No problem. Just write whenever you need something.".to_owned()
    }

    fn take_your_time(&self) -> String {
        "Sure, take your time.".to_owned()
    }

    fn file_received(&self) -> String {
        "I've received your photo or file. As an automatic assistant I can't look inside it: please type what you would like to know, \
         or write “human” and someone from our team will look at it."
            .to_owned()
    }

    fn unclear(&self, turn: u32) -> String {
        let ways = [
            "Sorry, I didn't quite understand that. Could you put it another way, or shall I bring in a person?",
            "I'm not sure what you mean. Could you say it differently, or would you like to talk to a person?",
        ];
        vary(turn, &ways).to_owned()
    }

    fn no_answer(&self) -> String {
        "I don't have reliable information about that, and I'd rather not guess. Shall I pass you to a person?".to_owned()
    }

    fn offer_to_order(&self) -> String {
        "Our team takes orders by message. Shall I pass you to a person?".to_owned()
    }

    fn say_it_otherwise(&self) -> String {
        "Then please tell me a little more about what you need, or write “human” to talk to a person.".to_owned()
    }

    fn which_one(&self, titles: &[&str]) -> String {
        let quoted: Vec<String> = titles.iter().map(|title| format!("“{title}”")).collect();
        format!("Do you mean {}?", quoted.join(" or "))
    }

    fn is_it(&self, title: &str) -> String {
        format!("Do you mean “{title}”?")
    }

    fn answer_by_number(&self, choices: usize) -> String {
        format!("Please reply with a number from 1 to {choices}.")
    }

    fn ask_code(&self, example: &str, turn: u32) -> String {
        let ways = ["Sure. What is your order code", "I'll check right away. Could you send me your order code"];
        format!("{}{}?", vary(turn, &ways), such_as(example))
    }

    fn ask_code_again(&self, example: &str) -> String {
        format!(
            "I couldn't find an order code in your message. Please send it again{}, or write “human” if you can't find it.",
            such_as(example)
        )
    }

    fn code_besides_phone(&self, example: &str) -> String {
        format!("Thanks, noted. Could you also send me the order code{}?", such_as(example))
    }

    fn no_order_on_phone(&self, example: &str) -> String {
        format!(
            "I don't see any order under your verified phone number. If you ordered with another number, please send me the order code{}.",
            such_as(example)
        )
    }

    fn code_for(&self, purpose: Purpose) -> String {
        format!(
            "Our team takes care of {} personally. What is the order code, so that I can pass it on? If you don't remember it, just say so.",
            request(purpose)
        )
    }

    fn send_code_to_request(&self, purpose: Purpose) -> String {
        let wish = match purpose {
            Purpose::Status => "check a particular order",
            Purpose::Cancel => "cancel a particular order",
            Purpose::Modify => "change a particular order",
            Purpose::Return => "return or exchange something from a particular order",
            Purpose::Refund => "get a refund for a particular order",
        };
        format!("If you'd like to {wish}, send me its code and I'll pass it to our team.")
    }

    fn or_share_phone(&self) -> String {
        "Or tap the button below to share the phone number you ordered with, and I'll look for your orders.".to_owned()
    }

    fn where_code_is(&self) -> String {
        "You'll find the order code in the confirmation message or e-mail you got when you ordered, and on the label of the parcel. \
         If you can't find it, write “human” and our team will look for you."
            .to_owned()
    }

    fn ask_tail(&self, code: &str, turn: u32) -> String {
        let ways = [
            "what are the last 4 digits of the phone number used for it?",
            "please send me the last 4 digits of its phone number.",
        ];
        format!("To check order {code}, {}", vary(turn, &ways))
    }

    fn ask_tail_again(&self) -> String {
        "To keep orders private I need exactly the last 4 digits of the phone number used for the order. Could you send them again?"
            .to_owned()
    }

    fn where_tail_is(&self) -> String {
        "It's the phone number you gave when you ordered, the one the courier calls. \
         If you don't remember it, write “human” and our team will check for you."
            .to_owned()
    }

    fn no_match(&self) -> String {
        "I couldn't find an order that matches this code and phone number. Please check them and send me the right code \
         or last 4 digits, or write “human” if you need help."
            .to_owned()
    }

    fn locked(&self) -> String {
        "There have been several attempts that didn't match, so I've paused order lookups for 15 minutes to keep orders private. \
         Please try again in 15 minutes, or write “human” to talk to a person."
            .to_owned()
    }

    fn code_locked(&self) -> String {
        "There have been several attempts on this order code that didn't match, so I've paused its lookups for about an hour \
         to keep the order private. Please try again later, or write “human” to talk to a person."
            .to_owned()
    }

    fn source_away(&self) -> String {
        "I can't look up orders right now: the shop's order system isn't answering. Please send me the code and the last 4 \
         digits again in a few minutes, or write “human” to talk to a person."
            .to_owned()
    }

    fn which_order(&self, count: usize) -> String {
        format!("You have {count} orders under way. Which one would you like to see?")
    }

    fn phone_noted(&self) -> String {
        "Thanks, I've got the phone number. What can I do for you?".to_owned()
    }

    fn journey(&self, code: &str, state: Journey) -> String {
        match state {
            Journey::Placed => format!("Order {code} has been placed and is waiting for the carrier to collect it."),
            Journey::Picking => format!("Order {code} is ready, and the carrier is picking it up."),
            Journey::InTransit => format!("Order {code} is in transit, on its way to your area."),
            Journey::OutForDelivery => {
                format!("Order {code} is out for delivery: the courier is on the way, so please keep your phone close.")
            }
            Journey::AttemptFailed => format!("The courier tried to deliver order {code}, but the delivery failed."),
            Journey::Delivered => {
                format!("Order {code} has been delivered. If you haven't received it, write “human” and we'll look into it.")
            }
            Journey::Returning => {
                format!("Order {code} is on its way back to our shop. If you'd like it sent again, write “human”.")
            }
            Journey::Returned => {
                format!("Order {code} has come back to our shop. If you'd like it sent again or refunded, write “human”.")
            }
            Journey::Stopped => {
                format!("Order {code} has been stopped (cancelled, or a problem on the way) and needs a person to look at it.")
            }
        }
    }

    fn state_in_short(&self, state: Journey) -> &'static str {
        match state {
            Journey::Placed => "placed",
            Journey::Picking => "picking up",
            Journey::InTransit => "in transit",
            Journey::OutForDelivery => "arriving",
            Journey::AttemptFailed => "failed",
            Journey::Delivered => "delivered",
            Journey::Returning => "returning",
            Journey::Returned => "returned",
            Journey::Stopped => "stopped",
        }
    }

    fn carrier(&self, name: &str) -> String {
        format!("• Carrier: {name}")
    }

    fn tracking_code(&self, code: &str) -> String {
        format!("• Tracking code: {code}")
    }

    fn tracking_link(&self, url: &str) -> String {
        format!("• Follow it here: {url}")
    }

    fn expected(&self, day: Day, today: Day) -> String {
        format!("• Expected: {}", self.day(day, today))
    }

    fn expected_before(&self, day: Day, today: Day) -> String {
        format!("• It was expected {}; it is running late, sorry about that", self.day(day, today))
    }

    fn updated(&self, age: Millis) -> String {
        match ago(age) {
            Ago::Now => "(Updated just now)".to_owned(),
            Ago::Minutes(n) => format!("(Updated {} ago)", plural(n, "minute")),
            Ago::Hours(n) => format!("(Updated {} ago)", plural(n, "hour")),
            Ago::Days(n) => format!("(Updated {} ago)", plural(n, "day")),
        }
    }

    fn contents(&self, order: &Order) -> Vec<String> {
        let items: Vec<String> = order.items.iter().map(|item| format!("{} × {}", item.quantity, item.name)).collect();
        let mut lines = Vec::new();
        if !items.is_empty() {
            lines.push(format!("• Items: {}", items.join("; ")));
        }
        if order.total > 0 {
            lines.push(format!("• Total: {}", money(order.total, &order.currency)));
        }
        lines.extend(
            order.address.as_deref().filter(|address| !address.trim().is_empty()).map(|address| format!("• Address: {address}")),
        );
        lines
    }

    fn day(&self, day: Day, today: Day) -> String {
        let named = |names: &[&'static str], number: i8| usize::try_from(number - 1).ok().and_then(|at| names.get(at).copied());
        let weekday = named(&WEEKDAYS, day.weekday()).unwrap_or_default();
        let month = named(&MONTHS, day.month()).unwrap_or_default();
        let year = if day.year() == today.year() { String::new() } else { format!(" {}", day.year()) };
        let date = format!("{weekday}, {} {month}{year}", day.day());
        match day.days_after(today) {
            -1 => format!("yesterday ({date})"),
            0 => format!("today ({date})"),
            1 => format!("tomorrow ({date})"),
            _ => date,
        }
    }

    fn received(&self) -> String {
        "Thank you, we have received your message.".to_owned()
    }

    fn handed(&self, reason: HandoffReason) -> String {
        match reason {
            HandoffReason::Complaint => {
                "I'm very sorry about this experience. I'm passing our conversation to a person who can help."
            }
            HandoffReason::NotUnderstood => "Sorry, I can't help with this. I'm passing our conversation to a person.",
            HandoffReason::OrderInTrouble => "I'm passing this order to our team to look into it for you.",
            HandoffReason::NeedsPerson => "This needs a person, so I'm passing our conversation to our team.",
            HandoffReason::Asked | HandoffReason::AgentStepped | HandoffReason::AnsweredElsewhere => {
                "I'm passing you to a person."
            }
        }
        .to_owned()
    }

    fn handed_request(&self, purpose: Purpose, code: Option<&str>) -> String {
        let code = code.map(|code| format!(" for order {code}")).unwrap_or_default();
        let wish = match purpose {
            Purpose::Status => "question",
            Purpose::Cancel => "cancellation request",
            Purpose::Modify => "change request",
            Purpose::Return => "return or exchange request",
            Purpose::Refund => "refund request",
        };
        format!("I've noted your {wish}{code} and am passing it to our team.")
    }

    fn what_happens_next(&self, next: &Next) -> String {
        match next {
            Next::SoonHere => {
                "Someone will answer you right here. In the meantime, feel free to add details or photos.".to_owned()
            }
            Next::Closed { hours, opens } => {
                let hours = if hours.is_empty() { String::new() } else { format!(" (opening hours: {hours})") };
                let when = match opens {
                    Some((day, time)) => format!("when we open again at {time} {}", on(day)),
                    None => "when we open again".to_owned(),
                };
                format!(
                    "We are closed right now{hours}. Someone will answer you here {when}; please leave the details of what you need."
                )
            }
        }
    }

    fn label_person(&self) -> &'static str {
        "Talk to a person"
    }

    fn label_track(&self) -> &'static str {
        "Track my order"
    }

    fn label_parcel(&self) -> &'static str {
        "Track the parcel"
    }

    fn label_yes(&self) -> &'static str {
        "Yes"
    }

    fn label_share_phone(&self) -> &'static str {
        "Share my number"
    }
}

fn name(shop: &str) -> &str {
    if shop.trim().is_empty() { "the shop" } else { shop.trim() }
}

fn such_as(example: &str) -> String {
    if example.is_empty() { String::new() } else { format!(" (for example {example})") }
}

fn on(day: &str) -> String {
    if day.starts_with("to") { day.to_owned() } else { format!("on {day}") }
}

fn plural(count: i64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

fn request(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Status => "order questions",
        Purpose::Cancel => "cancellations",
        Purpose::Modify => "changes to an order",
        Purpose::Return => "returns and exchanges",
        Purpose::Refund => "refunds",
    }
}

fn money(amount: i64, currency: &str) -> String {
    if has_no_cents(currency) {
        format!("{} {currency}", grouped(amount, ','))
    } else {
        format!("{}.{:02} {currency}", grouped(amount / 100, ','), amount.unsigned_abs() % 100)
    }
}
