//! Asks polkit whether a caller may, on every call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::message::{Flags, Header};
use zbus::names::WellKnownName;
use zbus::proxy::CacheProperties;

use super::authority::{ALLOW_USER_INTERACTION, AuthorityProxy, AuthorizationResult, NAME, Subject};
use super::callers::Call;
use crate::bus::{Action, Refusal};
use crate::model::Consent;

/// How long polkit may take to answer by itself, once it runs.
const POLKIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to run, which on a busy machine says nothing of it. The bus waits 25 s for this service to
/// start, of which that is a part (`service_start_timeout` in dbus-daemon(1)).
const POLKIT_START_TIMEOUT: Duration = Duration::from_secs(20);

/// polkit, as the service asks it.
pub(super) struct Polkit {
    authority: AuthorityProxy<'static>,
    bus: DBusProxy<'static>,
    person_answers_within: Duration,
    questions: AtomicU64,
}

impl Polkit {
    /// Over that connection; a question that a person has not answered within the time is taken back. polkit is started
    /// first, so that who asks the service, once that runs, does not wait for polkit's start as well.
    pub(super) async fn new(connection: &Connection, person_answers_within: Duration) -> zbus::Result<Self> {
        let authority = AuthorityProxy::builder(connection)
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        let bus = DBusProxy::new(connection).await?;
        let polkit = Self {
            authority,
            bus,
            person_answers_within,
            questions: AtomicU64::new(0),
        };
        // Where it cannot be, each check says so.
        if let Err(error) = polkit.start().await {
            tracing::warn!(%error, "polkit does not start");
        }
        Ok(polkit)
    }

    /// Has the bus start polkit where it does not run.
    async fn start(&self) -> zbus::Result<()> {
        let name = WellKnownName::from_static_str(NAME)?;
        let started = async { Ok(self.bus.start_service_by_name(name, 0).await.map(drop)?) };
        let late = async {
            Timer::after(POLKIT_START_TIMEOUT).await;
            let why = format!("it has not started within {} s", POLKIT_START_TIMEOUT.as_secs());
            Err(zbus::Error::Failure(why))
        };
        future::or(started, late).await
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
            if let Err(error) = self.authority.cancel_check_authorization(&name).await {
                tracing::debug!(%error, "the question cannot be taken back");
            }
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
        let ask = async || {
            let cancellation = question.unwrap_or_default();
            let answer =
                self.authority
                    .check_authorization(&subject, action.id(), &details, flags, cancellation);
            let late = async {
                if question.is_some() {
                    future::pending::<()>().await;
                }
                Timer::after(POLKIT_TIMEOUT).await;
                Err(zbus::Error::Failure(format!(
                    "within {} s",
                    POLKIT_TIMEOUT.as_secs()
                )))
            };
            future::or(answer, late).await
        };
        let mut answer = ask().await;
        if answer.as_ref().is_err_and(is_absent) {
            self.start().await.map_err(|error| silent(&error))?;
            answer = ask().await;
        }
        match &answer {
            Ok(AuthorizationResult {
                is_authorized,
                is_challenge,
                ..
            }) => tracing::debug!(action = action.id(), is_authorized, is_challenge, "polkit says"),
            Err(error) => tracing::warn!(action = action.id(), %error, "polkit does not answer"),
        }
        answer.map_err(|error| silent(&error))
    }
}

/// Whether there is nobody of that name on the bus: dbus-daemon says the one, dbus-broker the other.
fn is_absent(error: &zbus::Error) -> bool {
    const NOBODY: [&str; 2] = [
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.ServiceUnknown",
    ];
    matches!(error, zbus::Error::MethodError(name, ..) if NOBODY.contains(&name.as_str()))
}
