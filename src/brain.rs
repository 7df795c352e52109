//! What the bot knows: the matcher, the shop's answers and hours. One snapshot
//! at a time, swapped whole when the shop changes something.

use crate::bot::{AnswersView, ShopView};
use crate::shop::{SETTING, Shop};
use anyhow::Context as _;
use onethread_core::Millis;
use onethread_intents::{AnswerEntry, Language, Matcher, Pack};
use onethread_store::Db;
use onethread_store::answers::AnswerRow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The bot's knowledge as it is now.
pub struct Brain {
    mind: RwLock<Arc<Mind>>,
}

/// One consistent snapshot.
pub struct Mind {
    pub matcher: Matcher,
    pub answers: Answers,
    pub shop: Shop,
    /// What of the store this was made from.
    stamp: (i64, Millis),
}

/// The shop's enabled answers by id.
#[derive(Default)]
pub struct Answers(BTreeMap<String, AnswerRow>);

impl Brain {
    /// Train on the shipped pack, and learn the shop's answers.
    pub async fn load(db: &Db, _now: Millis) -> anyhow::Result<Self> {
        let (rows, shop, stamp) = fetch(db).await?;
        let matcher = train(&shop, &rows)?;
        let mind = Mind { matcher, answers: Answers::of(rows), shop, stamp };
        Ok(Self { mind: RwLock::new(Arc::new(mind)) })
    }

    #[must_use]
    pub fn mind(&self) -> Arc<Mind> {
        self.mind.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Take up what the shop changed, if anything. Called after a change, and now and then for the
    /// changes of other processes. A pattern that cannot be used keeps the old matcher.
    pub async fn refresh(&self, db: &Db) -> anyhow::Result<()> {
        let old = self.mind();
        let (rows, shop, stamp) = fetch(db).await?;
        if stamp == old.stamp && shop == old.shop {
            return Ok(());
        }
        let matcher = if shop.order_code_patterns == old.shop.order_code_patterns {
            old.matcher.with_answers(&entries(&rows))
        } else {
            train(&shop, &rows)?
        };
        let mind = Mind { matcher, answers: Answers::of(rows), shop, stamp };
        *self.mind.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(mind);
        Ok(())
    }
}

async fn fetch(db: &Db) -> anyhow::Result<(Vec<AnswerRow>, Shop, (i64, Millis))> {
    let mut conn = db.read().await?;
    let rows = conn.all_answers().await?;
    let shop = Shop::load(conn.setting(SETTING).await?);
    Ok((rows, shop, conn.answers_stamp().await?))
}

fn train(shop: &Shop, rows: &[AnswerRow]) -> anyhow::Result<Matcher> {
    let mut pack = Pack::shipped().context("the shipped phrase pack cannot be read")?;
    if !shop.order_code_patterns.is_empty() {
        pack = pack.with_code_patterns(&shop.order_code_patterns).context("an order code pattern cannot be used")?;
    }
    Matcher::train(&pack, &entries(rows)).context("the matcher cannot be trained")
}

fn entries(rows: &[AnswerRow]) -> Vec<AnswerEntry> {
    let entry = |row: &AnswerRow| {
        let vi = row.vi.questions.iter().map(|question| (Language::Vi, question.clone()));
        let en = row.en.questions.iter().map(|question| (Language::En, question.clone()));
        AnswerEntry { id: row.id.clone(), questions: vi.chain(en).collect() }
    };
    rows.iter().filter(|row| row.enabled).map(entry).collect()
}

impl Answers {
    fn of(rows: Vec<AnswerRow>) -> Self {
        Self(rows.into_iter().filter(|row| row.enabled).map(|row| (row.id.clone(), row)).collect())
    }
}

impl AnswersView for Answers {
    fn title(&self, id: &str, language: Language) -> Option<String> {
        let row = self.0.get(id)?;
        let wording = if language == Language::Vi { &row.vi } else { &row.en };
        (!wording.text.is_empty()).then(|| wording.questions.first().cloned().unwrap_or_else(|| row.title.clone()))
    }

    fn text(&self, id: &str, language: Language) -> Option<String> {
        let row = self.0.get(id)?;
        let wording = if language == Language::Vi { &row.vi } else { &row.en };
        Some(wording.text.clone()).filter(|text| !text.is_empty())
    }
}

impl Mind {
    #[must_use]
    pub fn shop_at(&self, now: Millis) -> ShopView {
        ShopView {
            name: self.shop.shop_name.clone(),
            open_now: self.shop.open_at(now),
            opening_hours_vi: self.shop.hours_in_words(true),
            opening_hours_en: self.shop.hours_in_words(false),
            opens_next: self.shop.opens_next(now),
            code_example: self.shop.order_code_example.clone(),
        }
    }
}
