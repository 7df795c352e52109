//! Orders, and who may hear what of them.
//!
//! Anyone may ask. The journey of an order is for who names its code and the
//! last four digits of its phone; its items, amount and address only for an
//! identity whose phone a platform vouches for. A wrong tail and an unknown
//! code are answered alike, word for word: nobody learns which codes exist.
//! What an external source told is asked for again once it is old; a source that
//! does not answer is said to be away, which is no wrong tail.

use super::context::{Offer, Purpose, opens};
use super::dates::Day;
use super::decide::Talk;
use super::hear::is_four_digits;
use super::turn::Effect;
use onethread_core::message::{Button, Content};
use onethread_core::order::{Journey, Order};
use onethread_core::phone;
use onethread_core::thread::HandoffReason;
use onethread_intents::{Asked, Intent};

/// More to choose from is no help.
const ORDERS_SHOWN: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Journey,
    Everything,
}

impl Talk<'_> {
    /// Go on with an order: tell its journey, or pass on what is wanted of it.
    pub(super) fn order(&mut self, purpose: Purpose) {
        self.next.purpose = Some(purpose);
        if let Some(code) = &self.said.code {
            // What was taken for a code may have been the tail: "5678", then "DH1024".
            self.next.tail =
                self.next.tail.take().or_else(|| self.before.code.clone().filter(|old| is_four_digits(old) && old != code));
            self.next.code = Some(code.clone());
        } else if self.said.means_another() {
            self.next.code = None;
            self.next.told = None;
        }
        if let Some(tail) = &self.said.tail {
            self.next.tail = Some(tail.clone());
        }
        if purpose == Purpose::Status { self.status() } else { self.pass_on(purpose) }
    }

    fn status(&mut self) {
        let nothing_new = self.said.code.is_none() && self.said.tail.is_none();
        if nothing_new && self.next.code.is_some() && self.next.tail.is_some() {
            // The pair that was wrong before is not tried again by itself.
            self.next.code = None;
            self.next.tail = None;
        }
        let told = self.next.told.clone().filter(|code| self.access(code).is_some());
        match self.next.code.clone().or(told.filter(|_| self.next.tail.is_none())) {
            Some(code) => self.look_up(&code),
            None if self.turn.heard.verified_phone().is_some() => self.own_orders(),
            None => self.ask_code(),
        }
    }

    fn look_up(&mut self, code: &str) {
        if let Some((order, access)) = self.access(code) {
            return self.tell_lately(&order, access);
        }
        if self.turn.heard.identity.lookups_locked {
            return self.say_locked();
        }
        if self.turn.orders.asked().locked.contains(code) {
            return self.say_code_locked();
        }
        let verified = self.turn.heard.verified_phone().is_some();
        if (verified || self.next.tail.is_some()) && self.is_worth_fetching(code) {
            return self.effects.push(Effect::FetchOrder { code: code.to_owned() });
        }
        match self.next.tail.clone() {
            None => self.ask_tail(code),
            Some(tail) => self.try_tail(code, &tail),
        }
    }

    /// What the source may know better than we do. A wrong tail is asked about like an unknown code:
    /// otherwise a source that is slow or away would tell them apart.
    fn is_worth_fetching(&self, code: &str) -> bool {
        let orders = self.turn.orders.asked();
        let opened = |order: &Order| self.next.tail.as_deref().is_none_or(|tail| opens(tail, order));
        let known_well = self.known(code).is_some_and(|order| !orders.stale.contains(code) && opened(&order));
        orders.sourced_elsewhere && !known_well && !orders.looked_up.contains(code)
    }

    /// Tell it as it stands now: what the source told long ago is asked for again first.
    fn tell_lately(&mut self, order: &Order, access: Access) {
        let orders = self.turn.orders.asked();
        if orders.sourced_elsewhere && orders.stale.contains(&order.code) && !orders.looked_up.contains(&order.code) {
            return self.effects.push(Effect::FetchOrder { code: order.code.clone() });
        }
        self.tell(order, access);
    }

    fn try_tail(&mut self, code: &str, tail: &str) {
        match self.known(code).filter(|order| opens(tail, order)) {
            Some(order) => {
                self.next.prove(code, tail);
                self.effects.push(Effect::RightTail { code: code.to_owned() });
                self.tell(&order, Access::Journey);
            }
            // Whoever names an order that we keep is counted, or an outage would be the time to guess.
            None if self.turn.orders.asked().unanswered.contains(code) => {
                if self.known(code).is_some() {
                    self.effects.push(Effect::WrongTail { code: code.to_owned() });
                }
                self.say_source_away();
            }
            None => {
                self.effects.push(Effect::WrongTail { code: code.to_owned() });
                self.next.asked = Some(Asked::PhoneTail);
                self.say_with(self.words.no_match(), &[self.person()]);
            }
        }
    }

    fn known(&self, code: &str) -> Option<Order> {
        let orders = self.turn.orders.asked();
        orders.by_code.get(code).or_else(|| orders.by_phone.iter().find(|order| order.code == code)).cloned()
    }

    /// The order, and how much of it this customer has shown a right to hear before this message.
    fn access(&self, code: &str) -> Option<(Order, Access)> {
        let order = self.known(code)?;
        if self.is_own(&order) {
            return Some((order, Access::Everything));
        }
        let open = !self.turn.heard.identity.lookups_locked && self.before.has_proven(&order);
        open.then_some((order, Access::Journey))
    }

    fn is_own(&self, order: &Order) -> bool {
        let theirs = order.phone.as_deref().and_then(phone::fold);
        theirs.is_some() && theirs == self.turn.heard.verified_phone()
    }

    /// Of a verified phone: the one open order, or a choice, or the latest.
    fn own_orders(&mut self) {
        let own = self.own_newest_first();
        let open: Vec<&Order> = own.iter().filter(|order| is_open(order)).collect();
        match (open.as_slice(), own.first()) {
            ([], None) => self.ask_code(),
            ([], Some(latest)) => self.tell_lately(latest, Access::Everything),
            ([order], _) => self.tell_lately(order, Access::Everything),
            (several, _) => {
                let offers = several.iter().take(ORDERS_SHOWN).map(|order| self.offer_of(order)).collect();
                self.next.purpose = Some(Purpose::Status);
                self.ask_to_choose(self.words.which_order(several.len()), offers);
            }
        }
    }

    fn own_newest_first(&self) -> Vec<Order> {
        let mut own: Vec<Order> = self.turn.orders.asked().by_phone.iter().filter(|order| self.is_own(order)).cloned().collect();
        own.sort_by(|a, b| b.updated_at.cmp(&a.updated_at).then_with(|| a.code.cmp(&b.code)));
        own
    }

    fn offer_of(&self, order: &Order) -> Offer {
        let label = format!("{} · {}", order.code, self.words.state_in_short(order.status));
        Offer::new(label, format!("order:{}", order.code))
    }

    /// What people must do: with the code where it is easily had, then over to them.
    fn pass_on(&mut self, purpose: Purpose) {
        if self.next.code.is_none() {
            self.next.code = self.next.told.clone().or_else(|| self.only_open_order());
        }
        let asked_already = self.before.asked == Some(Asked::OrderCode) && self.before.purpose == Some(purpose);
        if self.next.code.is_some() || asked_already {
            return self.hand_over(HandoffReason::NeedsPerson);
        }
        self.next.asked = Some(Asked::OrderCode);
        self.say_with(self.words.code_for(purpose), &[self.person()]);
    }

    fn only_open_order(&self) -> Option<String> {
        let own = self.own_newest_first();
        let mut open = own.iter().filter(|order| is_open(order));
        match (open.next(), open.next()) {
            (Some(only), None) => Some(only.code.clone()),
            _ => None,
        }
    }

    pub(super) fn ask_code(&mut self) {
        let identity = self.turn.heard.identity;
        let verified = self.turn.heard.verified_phone().is_some();
        if identity.lookups_locked && !verified {
            return self.say_locked();
        }
        if self.asked_in_vain(Asked::OrderCode) {
            return self.ask_again();
        }
        self.next.purpose = Some(Purpose::Status);
        self.next.asked = Some(Asked::OrderCode);
        let example = &self.turn.shop.code_example;
        let question = match (verified, &self.next.tail) {
            _ if self.said.has_forgotten() => self.words.where_code_is(),
            (true, _) => self.words.no_order_on_phone(example),
            (false, Some(_)) => self.words.code_besides_phone(example),
            (false, None) => self.words.ask_code(example, self.next.replies),
        };
        if identity.channel_asks_phone && !verified {
            let text = format!("{question} {}", self.words.or_share_phone());
            self.say(Content { ask_phone: Some(self.words.label_share_phone().to_owned()), ..Content::text(text) });
        } else {
            self.say_with(question, &[self.person()]);
        }
    }

    /// The same was asked last, and the customer said something else about the order.
    fn asked_in_vain(&self, asked: Asked) -> bool {
        let said = &self.said;
        let nothing_new = said.code.is_none() && said.tail.is_none() && said.press.is_none() && !said.has_forgotten();
        nothing_new && self.before.asked == Some(asked) && self.before.purpose == Some(Purpose::Status)
    }

    fn ask_tail(&mut self, code: &str) {
        if self.asked_in_vain(Asked::PhoneTail) {
            return self.ask_again();
        }
        self.next.asked = Some(Asked::PhoneTail);
        self.say_with(self.words.ask_tail(code, self.next.replies), &[]);
    }

    fn say_code_locked(&mut self) {
        self.next.drop_slots();
        self.say_with(self.words.code_locked(), &[self.person()]);
    }

    fn say_source_away(&mut self) {
        self.next.drop_slots();
        self.say_with(self.words.source_away(), &[self.person()]);
    }

    fn say_locked(&mut self) {
        self.next.drop_slots();
        self.say_with(self.words.locked(), &[self.person()]);
    }

    /// A code or digits were asked for and none came: forgotten, given up, or another topic.
    pub(super) fn left_open(&mut self) {
        if self.said.has_forgotten() {
            self.forgotten();
        } else if self.said.asks_to_wait() {
            self.wait();
        } else if self.said.gives_up() || self.said.is_no() {
            self.next.drop_slots();
            self.never_mind();
        }
    }

    /// The question stays open. Said once: the second "wait" is met with patience.
    pub(super) fn wait(&mut self) {
        self.next.asked = self.before.asked;
        self.next.misses = self.before.misses;
        match self.before.closed {
            Some(_) => self.stay_closed(),
            None => self.close(Intent::Yes, self.words.take_your_time()),
        }
    }

    fn forgotten(&mut self) {
        let too_often = self.misses_too_often();
        if self.is_request() {
            return self.hand_over(HandoffReason::NeedsPerson);
        }
        if too_often {
            return self.hand_over(HandoffReason::NotUnderstood);
        }
        self.next.asked = self.before.asked;
        let help = match self.before.asked {
            Some(Asked::PhoneTail) => self.words.where_tail_is(),
            _ => self.words.where_code_is(),
        };
        self.say_with(help, &[self.person()]);
    }

    /// What was asked for did not come, nor anything else that makes sense.
    pub(super) fn ask_again(&mut self) {
        let too_often = self.misses_too_often();
        if self.is_request() {
            return self.hand_over(HandoffReason::NeedsPerson);
        }
        self.missed = true;
        if too_often {
            return self.hand_over(HandoffReason::NotUnderstood);
        }
        self.next.asked = self.before.asked;
        let text = match self.before.asked {
            Some(Asked::PhoneTail) => self.words.ask_tail_again(),
            _ => self.words.ask_code_again(&self.turn.shop.code_example),
        };
        self.say_with(text, &[self.person()]);
    }

    fn is_request(&self) -> bool {
        self.before.purpose.is_some_and(|purpose| purpose != Purpose::Status)
    }

    /// A contact was shared: proof where the platform vouches for it, else only digits.
    pub(super) fn phone_shared(&mut self) {
        let own = self.turn.heard.shared_phone.is_some_and(|(_, own)| own);
        self.next.tail = if own { None } else { self.said.tail.clone() };
        match self.before.purpose {
            Some(purpose) => self.order(purpose),
            None if own => self.order(Purpose::Status),
            None => self.say_with(self.words.phone_noted(), &[self.track(), self.person()]),
        }
    }

    fn tell(&mut self, order: &Order, access: Access) {
        self.next.told = Some(order.code.clone());
        self.next.drop_slots();
        let buttons = self.buttons_of(order);
        self.say(Content::text(self.account_of(order, access)).with_buttons(buttons));
        if order.status.in_trouble() {
            self.hand_over(HandoffReason::OrderInTrouble);
        }
    }

    fn buttons_of(&self, order: &Order) -> Vec<Button> {
        let room = self.turn.heard.identity.channel_buttons;
        let parcel = tracking_link(order).map(|url| Button::url(self.words.label_parcel(), url));
        let person = Button::payload(self.words.label_person(), super::offer::PERSON);
        parcel.into_iter().chain((!order.status.in_trouble()).then_some(person)).take(room).collect()
    }

    fn account_of(&self, order: &Order, access: Access) -> String {
        let words = self.words;
        let mut lines = vec![words.journey(&order.code, order.status)];
        lines.extend(order.carrier.as_deref().filter(|name| !name.trim().is_empty()).map(|name| words.carrier(name)));
        lines.extend(order.tracking_code.as_deref().filter(|code| !code.trim().is_empty()).map(|code| words.tracking_code(code)));
        lines.extend(self.expected(order));
        lines.extend(tracking_link(order).map(|url| words.tracking_link(url)));
        if access == Access::Everything {
            lines.extend(words.contents(order));
        }
        lines.extend(self.freshness(order));
        lines.join("\n")
    }

    fn expected(&self, order: &Order) -> Option<String> {
        let ahead = matches!(order.status, Journey::Placed | Journey::Picking | Journey::InTransit | Journey::OutForDelivery);
        let (day, today) = (Day::at(order.expected_at?)?, Day::at(self.turn.now)?);
        ahead.then(|| if day < today { self.words.expected_before(day, today) } else { self.words.expected(day, today) })
    }

    fn freshness(&self, order: &Order) -> Option<String> {
        let known = order.updated_at > 0;
        known.then(|| self.words.updated(self.turn.now.saturating_sub(order.updated_at)))
    }
}

/// Still under way, so that "my order" can mean it.
fn is_open(order: &Order) -> bool {
    !matches!(order.status, Journey::Delivered | Journey::Returned | Journey::Stopped)
}

fn tracking_link(order: &Order) -> Option<&str> {
    order.tracking_url.as_deref().map(str::trim).filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}
