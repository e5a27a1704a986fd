//! What the parent and the host process say to each other: a JSON object a line.

use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{CrowdOptions, LabError};

/// A link of a laboratory as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The interface on the laptop.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// One-way delay.
    pub delay_ms: f64,
    /// Rate in each direction.
    pub rate_mbps: f64,
    /// Frames lost in each direction.
    pub loss_percent: f64,
    /// Whether the network is there.
    pub plugged: bool,
}

/// The first line to the host process: what to build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Setup {
    /// A scenario.
    Scenario {
        name: String,
        connections: Option<usize>,
        automatic: bool,
    },
    /// Many connections.
    Crowd(CrowdOptions),
}

/// A later line to the host process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// A person lost or restored a network.
    Plug { link: String, plugged: bool },
    /// A person made a link better or worse.
    Shape {
        link: String,
        delay_ms: Option<f64>,
        rate_mbps: Option<f64>,
        loss_percent: Option<f64>,
    },
    /// The links are to come and go by themselves, from the beginning of the scenario, or as a person does it.
    Play { by_itself: bool },
    /// Nothing is to be sent, opened or closed any more.
    Calm,
    /// Every connection is to be closed, and nothing done from then on.
    CloseAll,
}

/// A line from the host process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    /// The links as they are from now on.
    Links(Vec<Link>),
    /// Whether links come and go by themselves from now on.
    Plays { by_itself: bool },
    /// How many connections are up with all their subflows, and how many there are to be.
    Coming { up: usize, of: usize },
    /// Everything is up. The process itself is in the laptop's namespace; this thread of it is in the server's.
    Up { server_thread: i32 },
    /// It cannot go on.
    Failed(LabError),
}

/// Writes one line and hands it over at once.
pub(super) fn write_line<T: Serialize>(mut to: impl Write, message: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// The next line; `None` at the end.
pub(super) fn read_line<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_a_pipe_unchanged() {
        let order = Order::Plug {
            link: "wifi".to_owned(),
            plugged: false,
        };
        let mut pipe = Vec::new();
        write_line(&mut pipe, &order).expect("written");
        let mut reader = pipe.as_slice();
        assert_eq!(read_line(&mut reader).expect("read"), Some(order));
        assert_eq!(read_line::<Order>(&mut reader).expect("end"), None);
    }
}
