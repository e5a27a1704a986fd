//! Why not everything is permitted, for programs; JSON has it as one line of text.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::Access;
use super::ids::as_text;

/// Something that a process without CAP_NET_ADMIN does without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The kernel's own events: they are inferred from samples.
    Events,
    /// Changes to endpoints, limits and settings.
    Control,
    /// The tokens of subflows: they are matched to their connections by inode.
    SubflowTokens,
}

/// What would lift what is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Running as root.
    Root,
    /// Allowing it through the privileged service.
    Service,
    /// What somebody else says: the privileged service, why it refuses; or another version of Pathscope.
    Said(String),
}

/// Why not everything is permitted. Its text form is `why_not` of the public schema, which stays English and as it is;
/// what people read of it is made elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The kernel has no MPTCP.
    NoMptcp,
    /// CAP_NET_ADMIN is missing.
    NoCapability {
        /// What follows from that.
        lacks: Vec<Lack>,
        /// What would lift it.
        remedy: Remedy,
    },
    /// A reason that this version does not know, as another wrote it.
    Unknown(String),
}

impl Access {
    /// What is missing, in the order in which it is told.
    pub fn lacks(&self) -> Vec<Lack> {
        let had = [
            (self.events, Lack::Events),
            (self.control, Lack::Control),
            (self.subflow_tokens, Lack::SubflowTokens),
        ];
        let lacks = had.into_iter().filter(|(had, _)| !had);
        lacks.map(|(_, lack)| lack).collect()
    }

    /// Why not everything is permitted, with what would lift it; `None` when everything is.
    pub fn lifted_by(&self, remedy: Remedy) -> Option<WhyNot> {
        let lacks = self.lacks();
        (!lacks.is_empty()).then_some(WhyNot::NoCapability { lacks, remedy })
    }
}

const NO_MPTCP: &str = "this kernel has no MPTCP";
const NO_CAPABILITY: &str = "CAP_NET_ADMIN is missing";
/// Between what is missing and what would lift it.
const THEN: &str = "; ";
const ROOT: &str = "run as root for the kernel's events and for changes";
const SERVICE: &str = "allow it through the privileged service";

impl Lack {
    const ALL: [Self; 3] = [Self::Events, Self::Control, Self::SubflowTokens];

    fn text(self) -> &'static str {
        match self {
            Self::Events => "events are inferred",
            Self::Control => "switches are off",
            Self::SubflowTokens => "subflows are matched to their connections by inode",
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => ROOT,
            Self::Service => SERVICE,
            Self::Said(text) => text,
        })
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMptcp => f.write_str(NO_MPTCP),
            Self::NoCapability { lacks, remedy } => {
                f.write_str(NO_CAPABILITY)?;
                for (place, lack) in lacks.iter().enumerate() {
                    f.write_str(match place {
                        0 => ": ",
                        _ if place + 1 == lacks.len() => " and ",
                        _ => ", ",
                    })?;
                    f.write_str(lack.text())?;
                }
                write!(f, "{THEN}{remedy}")
            }
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

impl FromStr for WhyNot {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == NO_MPTCP {
            return Ok(Self::NoMptcp);
        }
        let read = text.strip_prefix(NO_CAPABILITY).and_then(no_capability);
        // What reads otherwise than it would be written is kept as it is.
        let exact = read.filter(|read| read.to_string() == text);
        Ok(exact.unwrap_or_else(|| Self::Unknown(text.to_owned())))
    }
}

fn no_capability(text: &str) -> Option<WhyNot> {
    let (what, remedy) = text.split_once(THEN)?;
    let has = |lack: &Lack| what.contains(lack.text());
    Some(WhyNot::NoCapability {
        lacks: Lack::ALL.into_iter().filter(has).collect(),
        remedy: match remedy {
            ROOT => Remedy::Root,
            SERVICE => Remedy::Service,
            other => Remedy::Said(other.to_owned()),
        },
    })
}

as_text!(WhyNot);

#[cfg(test)]
mod tests {
    use super::*;

    fn access(events: bool, control: bool, subflow_tokens: bool) -> Access {
        Access {
            events,
            control,
            subflow_tokens,
            ..Access::default()
        }
    }

    #[test]
    fn what_is_missing_is_said_in_one_line() {
        assert_eq!(access(true, true, true).lifted_by(Remedy::Root), None);
        let why_not = access(false, false, true)
            .lifted_by(Remedy::Root)
            .expect("a reason");
        let text = why_not.to_string();
        assert!(
            text.starts_with(
                "CAP_NET_ADMIN is missing: events are inferred and switches are off; run as root"
            )
        );
        assert!(!text.contains('\n'));
        let all = access(false, false, false).lifted_by(Remedy::Service);
        assert_eq!(
            all.expect("a reason").to_string(),
            "CAP_NET_ADMIN is missing: events are inferred, switches are off and subflows are matched to their \
             connections by inode; allow it through the privileged service"
        );
    }

    #[test]
    fn every_line_comes_back_as_the_same_bytes() {
        let said = Remedy::Said("you are no member of staff; usermod -aG staff ada".to_owned());
        let made = [Remedy::Root, Remedy::Service, said].map(|remedy| {
            let why_not = access(true, false, false).lifted_by(remedy);
            why_not.expect("a reason")
        });
        for why_not in made.into_iter().chain([WhyNot::NoMptcp]) {
            let json = serde_json::to_string(&why_not).expect("JSON");
            assert_eq!(json, format!("\"{why_not}\""));
            assert_eq!(serde_json::from_str::<WhyNot>(&json).expect("a reason"), why_not);
        }
        for text in [
            "CAP_NET_ADMIN is missing; run as root to change things",
            "CAP_NET_ADMIN is missing: what nobody knows yet; run as root",
            "CAP_NET_ADMIN is missing",
            "the moon is full",
        ] {
            let why_not: WhyNot = serde_json::from_value(text.into()).expect("a reason");
            assert_eq!(why_not.to_string(), text);
        }
    }
}
