//! The demo shop's goods: agents, orders in every state of their journey,
//! answers in both languages, canned replies. Sown once, into an empty database.

use crate::auth::{Passwords, Role};
use crate::gateway::Gateway;
use crate::shop::{self, Hours, Shop};
use anyhow::Context as _;
use onethread_core::Millis;
use onethread_core::clock::{DAY, HOUR, MINUTE};
use onethread_core::ids::{AgentId, CannedReplyId};
use onethread_core::order::Order;
use onethread_store::agents::AgentRow;
use onethread_store::answers::{AnswerRow, Wording};
use onethread_store::canned::CannedReplyRow;
use onethread_store::{Json, Tx};
use serde::Deserialize;

pub const ADMIN_EMAIL: &str = "admin@demo.shop";
pub const AGENT_EMAIL: &str = "mai@demo.shop";
/// Of everybody in the demo.
pub const PASSWORD: &str = "onethread-demo";

const AGENTS: [(&str, &str, Role); 3] =
    [(ADMIN_EMAIL, "Chị Hạnh", Role::Admin), (AGENT_EMAIL, "Ngọc Mai", Role::Agent), ("tuan@demo.shop", "Anh Tuấn", Role::Agent)];

/// An order as the file has it: instants are told from now, so that the demo never grows old.
#[derive(Deserialize)]
struct Sown {
    expected_in_days: Option<i64>,
    updated_minutes_ago: i64,
    #[serde(flatten)]
    order: Order,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    title: String,
    vi: Wording,
    en: Wording,
}

#[derive(Deserialize)]
struct CannedReplies {
    canned: Vec<Canned>,
}

#[derive(Deserialize)]
struct Canned {
    shortcut: String,
    text: String,
}

/// Sow everything, unless the shop has agents already.
pub async fn sow(gateway: &Gateway) -> anyhow::Result<()> {
    if gateway.db.read().await?.has_admin().await? {
        return Ok(());
    }
    let now = gateway.clock.now();
    let password_hash = Passwords::new()?.hash(PASSWORD).await?;
    let mut tx = gateway.db.begin().await?;
    for (email, name, role) in AGENTS {
        let agent = AgentRow {
            id: AgentId::fresh(now).0,
            email: email.into(),
            name: name.into(),
            role: role.as_str().into(),
            language: "vi".into(),
            availability: "online".into(),
            disabled: false,
            open_threads: 0,
            created_at: now,
            updated_at: now,
        };
        tx.add_agent(&agent, &password_hash).await?;
    }
    sow_orders(&mut tx, now).await?;
    sow_answers(&mut tx, now).await?;
    sow_canned_replies(&mut tx, now).await?;
    let shop = serde_json::to_value(demo_shop())?;
    tx.set_setting(shop::SETTING, &shop).await?;
    tx.commit(now).await?;
    gateway.brain.refresh(&gateway.db).await
}

fn demo_shop() -> Shop {
    let every_day = Hours { days: (1..=7).collect(), from: "08:00".into(), to: "21:30".into() };
    Shop {
        shop_name: "Tiệm Mây".into(), opening_hours: vec![every_day], order_code_example: "DH1024".into(), ..Shop::default()
    }
}

async fn sow_orders(tx: &mut Tx, now: Millis) -> anyhow::Result<()> {
    for (line, text) in include_str!("orders.jsonl").lines().enumerate() {
        let sown: Sown = serde_json::from_str(text).with_context(|| format!("orders.jsonl, line {}", line + 1))?;
        let expected_at = sown.expected_in_days.map(|days| evening(now) + days * DAY);
        let order = Order { expected_at, updated_at: now - sown.updated_minutes_ago * MINUTE, ..sown.order };
        tx.put_order(&order).await?;
    }
    Ok(())
}

/// 18:00 of today in Vietnam (UTC+7).
fn evening(now: Millis) -> Millis {
    let offset = 7 * HOUR;
    (now + offset) / DAY * DAY - offset + 18 * HOUR
}

async fn sow_answers(tx: &mut Tx, now: Millis) -> anyhow::Result<()> {
    let sown: Answers = toml::from_str(include_str!("answers.toml")).context("answers.toml")?;
    for answer in sown.answers {
        let row = AnswerRow {
            id: format!("ans_{}", answer.id.replace('-', "_")),
            title: answer.title,
            enabled: true,
            vi: Json(answer.vi),
            en: Json(answer.en),
            updated_at: now,
        };
        tx.add_answer(&row).await?;
    }
    Ok(())
}

async fn sow_canned_replies(tx: &mut Tx, now: Millis) -> anyhow::Result<()> {
    let sown: CannedReplies = toml::from_str(include_str!("canned.toml")).context("canned.toml")?;
    for reply in sown.canned {
        let row = CannedReplyRow { id: CannedReplyId::fresh(now).0, shortcut: reply.shortcut, text: reply.text, updated_at: now };
        tx.add_canned_reply(&row).await?;
    }
    Ok(())
}
