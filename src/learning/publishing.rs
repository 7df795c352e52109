//! Versions: publishing the draft, going back, and how the two differ. Admins only, which is asked at
//! the door. A version is never changed; going back publishes an older one again.

use super::missed::MOST_MESSAGES;
use super::{DAYS, Figures, LearningError, Lessons, rehearse, since, train_ahead};
use crate::auth::Actor;
use crate::gateway::Gateway;
use onethread_store::phrases::PhraseRow;
use onethread_store::versions::NewVersion;
use onethread_store::{Conn, Result as Stored};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where learning stands.
pub struct Standing {
    /// The newest version.
    pub live: i64,
    /// The version that the bot of this process has learnt.
    pub learnt: i64,
    /// What the draft is, for whoever publishes what they have looked at.
    pub stamp: String,
    pub phrases: usize,
    /// Phrases that the live version has not, or as something else; and those that only it has.
    pub added: usize,
    pub removed: usize,
    pub training: bool,
    /// Missed messages that wait, counted no further than a page can show.
    pub missed: i64,
}

/// The draft's phrases, each with whether the live version has it too, and what only that has.
pub struct Waiting {
    pub phrases: Vec<(PhraseRow, bool)>,
    pub removed: Vec<PhraseRow>,
}

pub async fn standing(gateway: &Gateway, days: u32) -> Stored<Standing> {
    let mut conn = gateway.db.read().await?;
    let live = conn.live_version().await?;
    let missed = conn.count_open_misses(since(gateway, days), MOST_MESSAGES).await?;
    let draft = conn.phrases().await?;
    let stamp = Lessons::of(&draft).stamp;
    let phrases = draft.len();
    let waiting = compare(&mut conn, draft, live).await?;
    Ok(Standing {
        live,
        learnt: gateway.brain.mind().version,
        stamp,
        phrases,
        added: waiting.phrases.iter().filter(|(_, live)| !live).count(),
        removed: waiting.removed.len(),
        training: gateway.brain.is_drafting(),
        missed,
    })
}

/// The draft beside the live version.
pub async fn waiting(gateway: &Gateway) -> Stored<Waiting> {
    let mut conn = gateway.db.read().await?;
    let live = conn.live_version().await?;
    let draft = conn.phrases().await?;
    compare(&mut conn, draft, live).await
}

async fn compare(conn: &mut Conn, draft: Vec<PhraseRow>, live: i64) -> Stored<Waiting> {
    let published = conn.version_phrases(live).await?;
    let meanings: BTreeMap<&str, (&str, &str)> =
        published.iter().map(|phrase| (phrase.key.as_str(), (phrase.kind.as_str(), phrase.target.as_str()))).collect();
    let is_live = |phrase: &PhraseRow| meanings.get(phrase.key.as_str()) == Some(&(&phrase.kind, &phrase.target));
    let keys: BTreeSet<String> = draft.iter().map(|phrase| phrase.key.clone()).collect();
    let phrases = draft.into_iter().map(|phrase| (is_live(&phrase), phrase)).map(|(live, phrase)| (phrase, live)).collect();
    let removed = published.iter().filter(|phrase| !keys.contains(&phrase.key)).cloned().collect();
    Ok(Waiting { phrases, removed })
}

/// Make the draft what the bot knows, after a rehearsal whose figures are kept. `stamp` names the draft
/// that was looked at, `over` the version that was live then: what changed since is not published unseen.
pub async fn publish(gateway: &Arc<Gateway>, stamp: &str, over: i64, note: &str, actor: &Actor) -> Result<i64, LearningError> {
    let draft = gateway.brain.draft(&gateway.db).await.map_err(LearningError::Training)?;
    if draft.mind.lessons().stamp != stamp {
        return Err(LearningError::DraftChanged);
    }
    if draft.mind.lessons().stamp == gateway.brain.mind().lessons().stamp && gateway.brain.mind().version == over {
        return Err(LearningError::NothingNew);
    }
    let figures: Figures = rehearse(gateway, draft.clone(), DAYS).await?.figures;
    let version = NewVersion {
        phrases: draft.phrases.clone(),
        note: note.to_owned(),
        restores: None,
        figures: serde_json::to_value(figures).ok(),
        published_by: actor.name().to_owned(),
    };
    put(gateway, &version, over).await
}

/// Bring an older version back, as a new one. The draft stays as it is.
pub async fn restore(gateway: &Arc<Gateway>, number: i64, over: i64, actor: &Actor) -> Result<i64, LearningError> {
    if number == over {
        return Err(LearningError::NothingNew);
    }
    let phrases = gateway.db.read().await?.version_phrases(number).await?;
    let version =
        NewVersion { phrases, note: String::new(), restores: Some(number), figures: None, published_by: actor.name().to_owned() };
    put(gateway, &version, over).await
}

/// What is committed is live, even if this process only takes it up at its next look.
async fn put(gateway: &Arc<Gateway>, version: &NewVersion, over: i64) -> Result<i64, LearningError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let number = tx.publish(version, over, now).await?;
    tx.commit(now).await?;
    if let Err(error) = gateway.brain.refresh(&gateway.db).await {
        tracing::warn!(%error, number, "the new version could not be taken up yet; the bot goes on as before");
    }
    Ok(number)
}

/// Throw away what the draft has and the live version has not.
pub async fn discard(gateway: &Arc<Gateway>) -> Result<(), LearningError> {
    let now = gateway.clock.now();
    let mut tx = gateway.db.begin().await?;
    let live = tx.live_version().await?;
    let phrases = tx.version_phrases(live).await?;
    tx.clear_phrases().await?;
    for phrase in &phrases {
        tx.put_phrase(phrase).await?;
    }
    tx.commit(now).await?;
    train_ahead(gateway);
    Ok(())
}
