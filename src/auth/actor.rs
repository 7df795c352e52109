//! Who acts. Made here alone, of somebody who has proved who they are: whoever holds an [`Actor`] speaks
//! for a person or their integration, never for the bot.

use onethread_core::ids::AgentId;

/// An agent who is signed in, or an integration by its token. Nobody else can make one:
///
/// ```compile_fail,E0451
/// let _ = onethread::auth::Actor { id: "agt_1".into(), name: "Mai".into() };
/// ```
///
/// ```compile_fail,E0624
/// let _ = onethread::auth::Actor::proved("agt_1".into(), "Mai".into());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    id: AgentId,
    name: String,
}

impl Actor {
    /// Their session or token was looked up and is good.
    pub(super) fn proved(id: AgentId, name: String) -> Self {
        Self { id, name }
    }

    #[must_use]
    pub fn id(&self) -> &AgentId {
        &self.id
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
