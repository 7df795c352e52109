//! The customers: who waits for an answer since when, and who may write next.
//!
//! Nobody writes again before they were answered, so an answer belongs to the
//! one message that its customer waits with; an answer that nobody waits for
//! is a double.

use super::tally::{Outcome, Tally};
use super::{People, Plan};
use crate::channels::Channel;
use crate::clock;
use crate::sink::KEY;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use tokio::sync::Notify;

/// In nanoseconds from when the platform took it: the answer to the call is mostly here before.
const DELIVERED_AFTER: u64 = 200_000_000;
const SEEN_AFTER: u64 = 1_000_000_000;

/// One message to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    pub customer: u32,
    pub channel: Channel,
    pub turn: u32,
    /// When it was due; `None` where it is timed from its sending.
    due: Option<u64>,
}

/// What a platform has to say of a reply that it took.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    pub customer: u32,
    pub channel: Channel,
    pub told: Told,
    /// The number in the platform's id of the reply.
    pub number: u64,
    pub key: [u8; KEY],
}

#[derive(Debug, Clone, Copy)]
pub enum Told {
    /// The platform shows us our own message.
    Echo,
    Delivered,
    Seen,
}

/// What a webhook carries.
#[derive(Debug, Clone, Copy)]
pub enum Call {
    Said(Job),
    Told(Fate),
}

#[derive(Debug, Clone, Copy)]
enum State {
    Quiet,
    /// In line to be sent.
    Next,
    Waiting {
        since: u64,
    },
    /// Unanswered for so long that nobody waits any more.
    GivenUp,
}

struct Customer {
    channel: Channel,
    turn: u32,
    state: State,
}

pub struct Crowd {
    /// The customers of platforms by their number, then the visitors.
    customers: RefCell<Vec<Customer>>,
    /// How many of the platforms' customers there are, and how many of them write.
    people: People,
    /// Of each channel that is written on, who has been quiet longest stands first.
    quiet: RefCell<Vec<(Channel, VecDeque<u32>)>>,
    rotation: Cell<usize>,
    webhooks: Line<Call>,
    socket: Line<Job>,
    /// Whether platforms tell what became of replies.
    receipts: bool,
    /// What they will tell, and when.
    delivered: RefCell<VecDeque<(u64, Fate)>>,
    seen: RefCell<VecDeque<(u64, Fate)>>,
    /// How many messages answers may still set off.
    chain: Cell<usize>,
    waiting: Cell<usize>,
    /// Whether the visitors of the web chat write.
    pub open: Cell<bool>,
    /// Whether the hook's 2xx is the answer: nothing else will come.
    hook_is_all: bool,
    tally: RefCell<Tally>,
}

/// What is on its way out by one door.
struct Line<T> {
    jobs: RefCell<VecDeque<T>>,
    more: Notify,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { jobs: RefCell::default(), more: Notify::new() }
    }
}

impl<T> Line<T> {
    fn push(&self, job: T) {
        self.jobs.borrow_mut().push_back(job);
        self.more.notify_one();
    }

    async fn next(&self) -> T {
        loop {
            if let Some(job) = self.take() {
                return job;
            }
            self.more.notified().await;
        }
    }

    fn take(&self) -> Option<T> {
        self.jobs.borrow_mut().pop_front()
    }
}

impl Crowd {
    pub fn gather(plan: &Plan) -> Self {
        let writing: Vec<Channel> = plan.hooks.keys().copied().filter(|channel| *channel != Channel::Webchat).collect();
        let visiting = if plan.hooks.contains_key(&Channel::Webchat) { plan.visitors } else { 0 };
        let mut quiet: Vec<(Channel, VecDeque<u32>)> = writing.iter().map(|channel| (*channel, VecDeque::new())).collect();
        let mut customers = Vec::new();
        let channels = u32::try_from(writing.len()).unwrap_or(u32::MAX);
        let people = if channels == 0 { People::all(0) } else { plan.people };
        for number in 0..people.known {
            let (channel, waiting) = &mut quiet[(number % channels) as usize];
            if people.writes(number, channels) {
                waiting.push_back(number);
            }
            customers.push(Customer { channel: *channel, turn: 0, state: State::Quiet });
        }
        customers.extend((0..visiting).map(|_| Customer { channel: Channel::Webchat, turn: 0, state: State::Quiet }));
        Self {
            customers: RefCell::new(customers),
            people,
            quiet: RefCell::new(quiet),
            rotation: Cell::new(0),
            webhooks: Line::default(),
            socket: Line::default(),
            receipts: plan.receipts,
            delivered: RefCell::default(),
            seen: RefCell::default(),
            chain: Cell::new(0),
            waiting: Cell::new(0),
            open: Cell::new(false),
            hook_is_all: plan.sink.is_none(),
            tally: RefCell::default(),
        }
    }

    pub fn begin(&self) {
        self.tally.take();
    }

    pub fn outcome(&self, began: u64, ended: u64) -> Outcome {
        self.tally.take().outcome(began, ended)
    }

    /// Of all channels but web chat.
    pub fn people(&self) -> People {
        self.people
    }

    pub async fn next_webhook(&self) -> Call {
        self.webhooks.next().await
    }

    pub async fn next_for_socket(&self) -> Job {
        self.socket.next().await
    }

    /// What else waits for the socket right now.
    pub fn more_for_socket(&self) -> Option<Job> {
        self.socket.take()
    }

    /// So many write at once, and each answer lets the next one write, `more` times.
    pub fn set_off(&self, at_once: usize, more: usize) {
        self.chain.set(more);
        (0..at_once).for_each(|_| self.let_write(None));
    }

    /// Answers set off nothing from here on.
    pub fn break_chain(&self) {
        self.chain.set(0);
    }

    pub fn chain_left(&self) -> usize {
        self.chain.get()
    }

    /// The next channel in turn gets a message from whoever has been quiet longest there.
    pub fn let_write(&self, due: Option<u64>) {
        let mut quiet = self.quiet.borrow_mut();
        let channels = quiet.len();
        for _ in 0..channels {
            let turn = self.rotation.replace((self.rotation.get() + 1) % channels);
            let Some(number) = quiet[turn].1.pop_front() else { continue };
            drop(quiet);
            let job = self.speak(number, due);
            return match job.channel {
                Channel::Discord => self.socket.push(job),
                _ => self.webhooks.push(Call::Said(job)),
            };
        }
        self.tally.borrow_mut().held_back += 1;
    }

    /// Let this customer take a turn.
    pub fn speak(&self, number: u32, due: Option<u64>) -> Job {
        let mut customers = self.customers.borrow_mut();
        let customer = &mut customers[number as usize];
        customer.state = State::Next;
        customer.turn += 1;
        self.tally.borrow_mut().sent += 1;
        self.waiting.set(self.waiting.get() + 1);
        Job { customer: number, channel: customer.channel, turn: customer.turn, due }
    }

    /// The message is going out now; the answer may be here before the hook's.
    pub fn sending(&self, job: Job) -> u64 {
        let since = job.due.unwrap_or_else(clock::now);
        self.customers.borrow_mut()[job.customer as usize].state = State::Waiting { since };
        since
    }

    /// The hook answered with this status; 0 where the connection broke.
    pub fn hook_answered(&self, job: Job, since: u64, status: u16) {
        let now = clock::now();
        if (200..300).contains(&status) {
            self.tally.borrow_mut().hook(job.channel, now - since);
            if self.hook_is_all {
                self.replied(job.customer, now);
            }
            return;
        }
        *self.tally.borrow_mut().refused.entry(status).or_default() += 1;
        let before = std::mem::replace(&mut self.customers.borrow_mut()[job.customer as usize].state, State::Quiet);
        if matches!(before, State::Waiting { .. }) {
            self.waiting.set(self.waiting.get() - 1);
            self.rest(job.channel, job.customer);
        }
    }

    /// The platform tells what becomes of this reply, if it does so.
    pub fn tell_fate(&self, number: u32, taken: u64, key: [u8; KEY]) {
        let channel = self.customers.borrow().get(number as usize).map(|customer| customer.channel);
        let (Some(channel), true) = (channel, self.receipts) else { return };
        let told: &[Told] = match channel {
            Channel::Facebook => &[Told::Echo, Told::Delivered, Told::Seen],
            Channel::Zalo => &[Told::Delivered, Told::Seen],
            _ => &[],
        };
        for told in told {
            let fate = Fate { customer: number, channel, told: *told, number: taken, key };
            match told {
                Told::Echo => self.webhooks.push(Call::Told(fate)),
                Told::Delivered => self.delivered.borrow_mut().push_back((clock::now() + DELIVERED_AFTER, fate)),
                Told::Seen => self.seen.borrow_mut().push_back((clock::now() + SEEN_AFTER, fate)),
            }
        }
    }

    /// Let platforms tell what is due by now.
    pub fn tell_due(&self) {
        let now = clock::now();
        for due in [&self.delivered, &self.seen] {
            let mut due = due.borrow_mut();
            while due.front().is_some_and(|(at, _)| *at <= now)
                && let Some((_, fate)) = due.pop_front()
            {
                self.webhooks.push(Call::Told(fate));
            }
        }
    }

    /// The hook answered to what was no message.
    pub fn hook_answered_to_fate(&self, status: u16) {
        if !(200..300).contains(&status) {
            *self.tally.borrow_mut().refused.entry(status).or_default() += 1;
        }
    }

    /// A reply to this customer arrived at their platform.
    pub fn replied(&self, number: u32, at: u64) {
        let mut customers = self.customers.borrow_mut();
        let Some(customer) = customers.get_mut(number as usize) else { return };
        let (channel, before) = (customer.channel, std::mem::replace(&mut customer.state, State::Quiet));
        drop(customers);
        let mut tally = self.tally.borrow_mut();
        match before {
            State::Waiting { since } => {
                self.waiting.set(self.waiting.get() - 1);
                tally.reply(channel, at.saturating_sub(since), at);
            }
            State::GivenUp => tally.late += 1,
            State::Quiet | State::Next => {
                tally.doubled(channel);
                self.customers.borrow_mut()[number as usize].state = before;
                return;
            }
        }
        drop(tally);
        self.rest(channel, number);
    }

    fn rest(&self, channel: Channel, number: u32) {
        if let Some((_, quiet)) = self.quiet.borrow_mut().iter_mut().find(|(known, _)| *known == channel) {
            quiet.push_back(number);
        }
        if channel != Channel::Webchat && self.chain.get() > 0 {
            self.chain.set(self.chain.get() - 1);
            self.let_write(None);
        }
    }

    pub fn is_quiet(&self, number: u32) -> bool {
        matches!(self.customers.borrow()[number as usize].state, State::Quiet)
    }

    /// How many have an answer to come.
    pub fn waiting(&self) -> usize {
        self.waiting.get()
    }

    /// Nobody waits any longer: what is unanswered is lost.
    pub fn give_up(&self) {
        let mut customers = self.customers.borrow_mut();
        for customer in customers.iter_mut().filter(|customer| matches!(customer.state, State::Waiting { .. })) {
            customer.state = State::GivenUp;
            self.waiting.set(self.waiting.get() - 1);
            self.tally.borrow_mut().lost(customer.channel);
        }
    }
}
