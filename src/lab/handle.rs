//! The handle of a running scenario.

use std::path::PathBuf;
use std::time::Duration;

use super::process::HostProcess;
use super::protocol::{Order, Setup};
use super::{LabError, Link, Scenario};

/// How long a scenario may take to come up, a little more than the host process allows itself.
const LIMIT: Duration = Duration::from_secs(20);
const LIMIT_EACH: Duration = Duration::from_millis(6);

/// How to run a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many connections to open; `None` opens as many as the scenario has. Fewer leaves out the last, more adds
    /// to its crowd.
    pub connections: Option<usize>,
    /// Whether links come and go by themselves, as the scenario says.
    pub automatic: bool,
    /// The program that has the laboratory's hidden commands; `None` is the one that is running.
    pub program: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: None,
            automatic: true,
            program: None,
        }
    }
}

/// A running scenario. Dropping it takes everything down.
#[derive(Debug)]
pub struct Lab {
    process: HostProcess,
}

impl Lab {
    /// Builds the scenario's hosts and links and returns when every connection and its subflows are up.
    ///
    /// # Errors
    /// When the system forbids it, the kernel has no MPTCP, or something does not come up in time.
    pub fn start(scenario: &Scenario, options: &Options) -> Result<Self, LabError> {
        Self::start_telling(scenario, options, |_, _| {})
    }

    /// The same; `coming` is told meanwhile how many connections are up, and how many there are to be.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_telling(
        scenario: &Scenario,
        options: &Options,
        coming: impl Fn(usize, usize) + Send + 'static,
    ) -> Result<Self, LabError> {
        let setup = Setup::Scenario {
            name: scenario.name.to_owned(),
            connections: options.connections,
            automatic: options.automatic,
        };
        let connections = options.connections.unwrap_or(scenario.connections);
        let limit = LIMIT + LIMIT_EACH * u32::try_from(connections).unwrap_or(u32::MAX);
        let process = HostProcess::start(options.program.as_deref(), &setup, limit, coming)?;
        Ok(Self { process })
    }

    /// The laptop's network namespace.
    pub fn netns(&self) -> PathBuf {
        self.process.netns()
    }

    /// The server's network namespace.
    pub fn server_netns(&self) -> PathBuf {
        self.process.server_netns()
    }

    /// The links as they are. Cheap: the host process reports every change.
    pub fn links(&self) -> Vec<Link> {
        self.process.links()
    }

    /// Whether links come and go by themselves, as the scenario says.
    pub fn plays_by_itself(&self) -> bool {
        self.process.plays_by_itself()
    }

    /// Has links come and go by themselves again, from the beginning of the scenario and with its links as they were
    /// then; or leaves everything to a person. Does not wait for it: [`Self::plays_by_itself`] tells when it is done.
    ///
    /// # Errors
    /// When the laboratory has ended.
    pub fn play(&self, by_itself: bool) -> Result<(), LabError> {
        self.process.order(&Order::Play { by_itself })
    }

    /// Takes a network away, or brings it back. From then on nothing happens by itself. Does not wait for
    /// it: [`Self::links`] tells when it is done.
    ///
    /// # Errors
    /// When there is no such link, or the laboratory has ended.
    pub fn plug(&self, link: &str, plugged: bool) -> Result<(), LabError> {
        self.known(link)?;
        self.process.order(&Order::Plug {
            link: link.to_owned(),
            plugged,
        })
    }

    /// Makes a link better or worse; `None` leaves a property as it is. From then on nothing happens by itself.
    ///
    /// # Errors
    /// When there is no such link, a number makes no sense, or the laboratory has ended.
    pub fn shape(
        &self,
        link: &str,
        delay_ms: Option<f64>,
        rate_mbps: Option<f64>,
        loss_percent: Option<f64>,
    ) -> Result<(), LabError> {
        self.known(link)?;
        let sound = delay_ms.is_none_or(|delay| (0.0..=10_000.0).contains(&delay))
            && rate_mbps.is_none_or(|rate| (0.001..=100_000.0).contains(&rate))
            && loss_percent.is_none_or(|loss| (0.0..=100.0).contains(&loss));
        if !sound {
            return Err(LabError::Failed(
                "a delay is from 0 to 10 000 ms, a rate from 0.001 Mbit/s up, a loss from 0 to 100 %"
                    .to_owned(),
            ));
        }
        self.process.order(&Order::Shape {
            link: link.to_owned(),
            delay_ms,
            rate_mbps,
            loss_percent,
        })
    }

    /// Whether it is still running.
    pub fn alive(&self) -> bool {
        self.process.failure().is_none()
    }

    /// Why it is no longer running.
    pub fn failure(&self) -> Option<String> {
        self.process.failure()
    }

    /// The host process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    fn known(&self, link: &str) -> Result<(), LabError> {
        let links = self.links();
        if links.iter().any(|known| known.name == link) {
            return Ok(());
        }
        let names: Vec<_> = links.into_iter().map(|known| known.name).collect();
        Err(LabError::Failed(format!(
            "there is no link {link}: the links are {}",
            names.join(", ")
        )))
    }
}
