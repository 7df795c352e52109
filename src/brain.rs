//! What the bot knows: the matcher, what the shop taught it, its answers and hours. One snapshot at a
//! time, made beside the runtime and swapped whole when the shop changes something.

use crate::bot::{AnswersView, ShopView};
use crate::learning::{Lessons, Target};
use crate::shop::{SETTING, Shop};
use anyhow::Context as _;
use onethread_core::Millis;
use onethread_core::clock::MINUTE;
use onethread_intents::{AnswerEntry, Context, Language, Matcher, Pack, Reading};
use onethread_store::answers::AnswerRow;
use onethread_store::phrases::PhraseRow;
use onethread_store::{Conn, Db};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The bot's knowledge as it is now, and as it would be after the next version.
pub struct Brain {
    mind: RwLock<Arc<Mind>>,
    draft: RwLock<Option<Arc<Draft>>>,
    /// One snapshot is made at a time, or an older one could be swapped in last.
    refreshing: tokio::sync::Mutex<()>,
    drafting: tokio::sync::Mutex<()>,
}

/// One consistent snapshot.
pub struct Mind {
    pub matcher: Matcher,
    pub answers: Answers,
    pub shop: Shop,
    /// Of what the shop taught; 0 is what the bot came with.
    pub version: i64,
    lessons: Arc<Lessons>,
    /// What the matcher was trained on: another mind with the same may share it.
    basis: String,
    /// What of the answers this was made from.
    stamp: (i64, Millis),
    /// What the bot knows of the shop, in the minute that it was asked last.
    view: Mutex<Option<(Millis, Arc<ShopView>)>>,
}

/// The draft as it was read, and a mind that has learnt it.
pub struct Draft {
    pub phrases: Vec<PhraseRow>,
    pub mind: Mind,
}

/// The shop's enabled answers by id.
#[derive(Default)]
pub struct Answers(BTreeMap<String, AnswerRow>);

/// What a mind is made of.
struct Matter {
    rows: Vec<AnswerRow>,
    shop: Shop,
    version: i64,
    lessons: Arc<Lessons>,
    stamp: (i64, Millis),
}

impl Brain {
    /// Train on the shipped pack and the live version, and learn the shop's answers.
    pub async fn load(db: &Db, _now: Millis) -> anyhow::Result<Self> {
        let matter = Matter::live(&mut db.read().await?, None).await?;
        let mind = matter.think(Vec::new()).await?;
        Ok(Self {
            mind: RwLock::new(Arc::new(mind)),
            draft: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            drafting: tokio::sync::Mutex::default(),
        })
    }

    #[must_use]
    pub fn mind(&self) -> Arc<Mind> {
        self.mind.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Take up what the shop changed, if anything. Called after a change, and now and then for the
    /// changes of other processes. A pattern that cannot be used keeps the old matcher.
    pub async fn refresh(&self, db: &Db) -> anyhow::Result<()> {
        let _one = self.refreshing.lock().await;
        let old = self.mind();
        let matter = Matter::live(&mut db.read().await?, Some(&old)).await?;
        if matter.made(&old) {
            return Ok(());
        }
        let mind = matter.think(self.kin()).await?;
        *self.mind.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(mind);
        Ok(())
    }

    /// A mind that has learnt the draft as it stands now. Trained when the draft has changed.
    pub async fn draft(&self, db: &Db) -> anyhow::Result<Arc<Draft>> {
        let _one = self.drafting.lock().await;
        let mut conn = db.read().await?;
        let phrases = conn.phrases().await?;
        let matter = Matter::with(&mut conn, Arc::new(Lessons::of(&phrases))).await?;
        drop(conn);
        if let Some(draft) = self.drafted().filter(|draft| matter.made(&draft.mind)) {
            return Ok(draft);
        }
        let draft = Arc::new(Draft { phrases, mind: matter.think(self.kin()).await? });
        *self.draft.write().unwrap_or_else(PoisonError::into_inner) = Some(draft.clone());
        Ok(draft)
    }

    /// Is a training for the draft under way?
    #[must_use]
    pub fn is_drafting(&self) -> bool {
        self.drafting.try_lock().is_err()
    }

    fn drafted(&self) -> Option<Arc<Draft>> {
        self.draft.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Matchers at hand with what they learnt.
    fn kin(&self) -> Vec<(String, Matcher)> {
        let mind = self.mind();
        let drafted = self.drafted().map(|draft| (draft.mind.basis.clone(), draft.mind.matcher.clone()));
        [(mind.basis.clone(), mind.matcher.clone())].into_iter().chain(drafted).collect()
    }
}

impl Matter {
    async fn live(conn: &mut Conn, old: Option<&Mind>) -> anyhow::Result<Self> {
        let version = conn.live_version().await?;
        let lessons = match old.filter(|old| old.version == version) {
            Some(old) => old.lessons.clone(),
            None => Arc::new(Lessons::of(&conn.version_phrases(version).await?)),
        };
        Ok(Self { version, ..Self::with(conn, lessons).await? })
    }

    async fn with(conn: &mut Conn, lessons: Arc<Lessons>) -> anyhow::Result<Self> {
        let rows = conn.all_answers().await?;
        let shop = Shop::load(conn.setting(SETTING).await?);
        Ok(Self { rows, shop, version: 0, lessons, stamp: conn.answers_stamp().await? })
    }

    /// Was this mind made of the very same?
    fn made(&self, mind: &Mind) -> bool {
        self.version == mind.version
            && self.lessons.stamp == mind.lessons.stamp
            && self.stamp == mind.stamp
            && self.shop == mind.shop
    }

    /// Beside the runtime: training takes all of a processor for a while.
    async fn think(self, kin: Vec<(String, Matcher)>) -> anyhow::Result<Mind> {
        tokio::task::spawn_blocking(move || self.think_now(&kin)).await?
    }

    fn think_now(self, kin: &[(String, Matcher)]) -> anyhow::Result<Mind> {
        let Self { rows, shop, version, lessons, stamp } = self;
        let entries = entries(&rows, &lessons);
        // The questions too: a word that only they have must not be taken for a slip of another.
        let basis = format!("{}\n{}\n{entries:?}", lessons.basis(), shop.order_code_patterns.join("\n"));
        let matcher = match kin.iter().find(|(learnt, _)| *learnt == basis) {
            Some((_, matcher)) => matcher.clone(),
            None => train(&shop, &lessons, &entries)?,
        };
        let view = Mutex::default();
        Ok(Mind { matcher, answers: Answers::of(rows), shop, version, lessons, basis, stamp, view })
    }
}

fn train(shop: &Shop, lessons: &Lessons, entries: &[AnswerEntry]) -> anyhow::Result<Matcher> {
    let mut pack = Pack::shipped().context("the shipped phrase pack cannot be read")?;
    if !shop.order_code_patterns.is_empty() {
        pack = pack.with_code_patterns(&shop.order_code_patterns).context("an order code pattern cannot be used")?;
    }
    Matcher::train(&lessons.teach(pack), entries).context("the matcher cannot be trained")
}

fn entries(rows: &[AnswerRow], lessons: &Lessons) -> Vec<AnswerEntry> {
    let entry = |row: &AnswerRow| {
        let vi = row.vi.questions.iter().map(|question| (Language::Vi, question.clone()));
        let en = row.en.questions.iter().map(|question| (Language::En, question.clone()));
        let mut entry = AnswerEntry { id: row.id.clone(), questions: vi.chain(en).collect() };
        lessons.ask_more(&mut entry);
        entry
    };
    rows.iter().filter(|row| row.enabled).map(entry).collect()
}

impl Answers {
    /// What agents call the answer.
    #[must_use]
    pub fn label(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|row| row.title.as_str())
    }

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
    /// What a message means, as far as the shop has not said so itself: that counts first.
    #[must_use]
    pub fn read(&self, text: &str, context: &Context) -> Reading {
        let mut reading = self.matcher.read(text, context);
        if let Some(target) = self.lessons.taught.target(text).filter(|target| self.can(target)) {
            target.overrule(&mut reading);
        }
        reading
    }

    /// An answer that is gone or switched off is told no more, whatever was filed under it.
    fn can(&self, target: &Target) -> bool {
        !matches!(target, Target::Answer(id) if self.answers.label(id).is_none())
    }

    /// What the shop taught it.
    #[must_use]
    pub fn lessons(&self) -> &Lessons {
        &self.lessons
    }

    /// The shop as it is at this instant. Opening hours are told in minutes, so it is the same for all of one.
    #[must_use]
    pub fn shop_at(&self, now: Millis) -> Arc<ShopView> {
        let minute = now.div_euclid(MINUTE);
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, view)) = view.as_ref().filter(|(of, _)| *of == minute) {
            return view.clone();
        }
        let shop = Arc::new(ShopView {
            name: self.shop.shop_name.clone(),
            open_now: self.shop.open_at(now),
            opening_hours_vi: self.shop.hours_in_words(true),
            opening_hours_en: self.shop.hours_in_words(false),
            opens_next: self.shop.opens_next(now),
            code_example: self.shop.order_code_example.clone(),
        });
        *view = Some((minute, shop.clone()));
        shop
    }
}
