//! Asks polkit whether a caller may, on every call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use zbus::Connection;
use zbus::message::{Flags, Header};
use zbus::proxy::CacheProperties;

use super::authority::{ALLOW_USER_INTERACTION, AuthorityProxy, AuthorizationResult, Subject};
use super::callers::Call;
use crate::bus::{Action, Refusal};
use crate::model::Consent;

/// How long polkit may take to answer by itself; the bus may have to start it first.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// polkit, as the service asks it.
pub(super) struct Polkit {
    authority: AuthorityProxy<'static>,
    person_answers_within: Duration,
    questions: AtomicU64,
}

impl Polkit {
    /// Over that connection; a question that a person has not answered within the time is taken back.
    pub(super) async fn new(connection: &Connection, person_answers_within: Duration) -> zbus::Result<Self> {
        let authority = AuthorityProxy::builder(connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        Ok(Self {
            authority,
            person_answers_within,
            questions: AtomicU64::new(0),
        })
    }

    /// Whether the caller may, without asking anybody.
    pub(super) async fn consent(&self, header: &Header<'_>, action: Action) -> Result<Consent, Refusal> {
        let result = self.check(header, action, None).await?;
        Ok(match (result.is_authorized, result.is_challenge) {
            (true, _) => Consent::Yes,
            (false, true) => Consent::Asks,
            (false, false) => Consent::No,
        })
    }

    /// Lets through who may, after authentication where that is needed and the caller is prepared to wait for it.
    pub(super) async fn require(
        &self,
        call: &Call<'_>,
        header: &Header<'_>,
        action: Action,
    ) -> Result<(), Refusal> {
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
        let _question = call.question()?;
        let name = format!("question {}", self.questions.fetch_add(1, Ordering::Relaxed));
        let answer = self.check(header, action, Some(&name));
        let nobody = async {
            Timer::after(self.person_answers_within).await;
            None
        };
        let Some(result) = future::or(async { Some(answer.await) }, nobody).await else {
            // It goes from the screen, too.
            let _ = self.authority.cancel_check_authorization(&name).await;
            return refused(&format!(
                "nobody answered the question within {} s",
                self.person_answers_within.as_secs()
            ));
        };
        let result = result?;
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

    /// Asks polkit; with a name for the question, it may ask a person, and is waited for as long as that takes.
    async fn check(
        &self,
        header: &Header<'_>,
        action: Action,
        question: Option<&str>,
    ) -> Result<AuthorizationResult, Refusal> {
        let nobody = || Refusal::NotAuthorized("the call has no sender".to_owned());
        let subject = Subject::of(header).ok_or_else(nobody)?;
        let flags = question.map_or(0, |_| ALLOW_USER_INTERACTION);
        let silent = |error: &dyn std::fmt::Display| {
            Refusal::NotAuthorized(format!(
                "polkit does not answer ({error}): see that it runs, then ask again"
            ))
        };
        let details = HashMap::new();
        let answer = self.authority.check_authorization(
            &subject,
            action.id(),
            &details,
            flags,
            question.unwrap_or_default(),
        );
        let answer = async { answer.await.map_err(|error| silent(&error)) };
        if question.is_some() {
            return answer.await;
        }
        let late = async {
            Timer::after(ANSWER_WITHIN).await;
            Err(silent(&format_args!("within {} s", ANSWER_WITHIN.as_secs())))
        };
        future::or(answer, late).await
    }
}
