//! The JSON shapes of the API, made from rows. They are shared by the routes and
//! the live stream; they decide nothing.

mod agent;
mod answer;
mod channel;
mod customer;
mod inbox;
mod learning;
mod list;
mod live;
mod message;
mod order;
mod settings;
mod thread;

pub use agent::{Agent, Availability, Language, Me, RoleName, Shop, Token};
pub use answer::{Answer, CannedReply, Reading, ScoredAnswer, ScoredIntent, Wording};
pub use channel::{Capabilities, Channel, Face, Field, FieldKind, FileLimit, Form, TextUnit, Window, WindowFor};
pub use customer::{Customer, CustomerRow, Handoff, Identity, Merge, Quota, Reachable, SuggestedCustomer, Suggestion};
pub use inbox::{DeadLetter, Health, HealthState, Inbox, InboxState};
pub use learning::{
    LearningStanding, MissedExample, MissedGroup, MissedMessages, Phrase, PhraseList, RehearsalChange, RehearsalFigures,
    RehearsalOutcome, RehearsalReport, SuggestedTarget, TargetKind, Version,
};
pub use list::{List, Named};
pub use live::Event;
pub use message::{Attachment, AuthorKind, Button, Message, MessageStatus};
pub use order::{Order, OrderItem, OrderStatus};
pub use settings::{OpeningHours, OrderSource, ShopSettings};
pub use thread::{Counts, LastMessage, Thread, ThreadDetail, ThreadStatus};
