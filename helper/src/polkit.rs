//! Asks polkit whether a caller may, on every call.

use std::collections::HashMap;

use zbus::Connection;
use zbus::message::{Flags, Header};
use zbus::proxy::CacheProperties;

use super::authority::{ALLOW_USER_INTERACTION, AuthorityProxy, AuthorizationResult, Subject};
use crate::bus::{Action, Refusal};
use crate::model::Consent;

/// polkit, as the service asks it.
pub(super) struct Polkit {
    authority: AuthorityProxy<'static>,
}

impl Polkit {
    pub(super) async fn new(connection: &Connection) -> zbus::Result<Self> {
        let authority = AuthorityProxy::builder(connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(Self { authority })
    }

    /// Whether the caller may, without asking anybody.
    pub(super) async fn consent(&self, header: &Header<'_>, action: Action) -> Result<Consent, Refusal> {
        let result = self.check(header, action, false).await?;
        Ok(match (result.is_authorized, result.is_challenge) {
            (true, _) => Consent::Yes,
            (false, true) => Consent::Asks,
            (false, false) => Consent::No,
        })
    }

    /// Lets through who may, after authentication where that is needed and the caller is prepared to wait for it.
    pub(super) async fn require(&self, header: &Header<'_>, action: Action) -> Result<(), Refusal> {
        let id = action.id();
        let refused = |why: &str| Err(Refusal::NotAuthorized(format!("{id}: {why}")));
        match self.consent(header, action).await? {
            Consent::Yes => return Ok(()),
            Consent::No => return refused("not permitted to this user here"),
            Consent::Asks => {}
        }
        if !header.primary().flags().contains(Flags::AllowInteractiveAuth) {
            return Err(Refusal::AuthenticationNeeded(format!(
                "{id}: authentication is needed"
            )));
        }
        let result = self.check(header, action, true).await?;
        if result.is_authorized {
            return Ok(());
        }
        if result.details.contains_key("polkit.dismissed") {
            return refused("the question was dismissed");
        }
        if result.is_challenge {
            return refused(
                "authentication is needed, and nobody can be asked; \
                 no authentication agent runs in this session (pkttyagent is one for a terminal)",
            );
        }
        refused("the authentication failed")
    }

    async fn check(
        &self,
        header: &Header<'_>,
        action: Action,
        may_ask: bool,
    ) -> Result<AuthorizationResult, Refusal> {
        let nobody = || Refusal::NotAuthorized("the call has no sender".to_owned());
        let subject = Subject::of(header).ok_or_else(nobody)?;
        let flags = if may_ask { ALLOW_USER_INTERACTION } else { 0 };
        self.authority
            .check_authorization(&subject, action.id(), &HashMap::new(), flags, "")
            .await
            .map_err(|error| Refusal::NotAuthorized(format!("polkit does not answer: {error}")))
    }
}
