//! What may be seen and done, and why not more.

use super::{as_sentence, listed};
use crate::model::{Access, Consent, Lack, Remedy, WhyNot};

/// Why not everything is permitted, in one line: what is missing, then what would lift it.
pub fn why_not(why_not: &WhyNot) -> String {
    match why_not {
        WhyNot::NoMptcp => "this kernel has no MPTCP".to_owned(),
        WhyNot::NoCapability { lacks, remedy } => {
            let lacks: Vec<&str> = lacks.iter().copied().map(lack).collect();
            let colon = if lacks.is_empty() { "" } else { ": " };
            let remedy = self::remedy(remedy);
            format!("CAP_NET_ADMIN is missing{colon}{}; {remedy}", listed(&lacks))
        }
        WhyNot::Unknown(text) => text.clone(),
    }
}

/// What follows from what is missing.
fn lack(lack: Lack) -> &'static str {
    match lack {
        Lack::Events => "events are inferred",
        Lack::Control => "switches are off",
        Lack::SubflowTokens => "subflows are matched to their connections by inode",
    }
}

fn remedy(remedy: &Remedy) -> &str {
    match remedy {
        Remedy::Root => "run as root for the kernel's events and for changes",
        Remedy::Service => "allow it through the privileged service",
        Remedy::Said(text) => text,
    }
}

/// What would lift what is missing, as a sentence; the reason itself where nothing is known to lift it.
pub fn what_lifts(why_not: &WhyNot) -> String {
    as_sentence(match why_not {
        WhyNot::NoCapability { remedy, .. } => self::remedy(remedy),
        other => return as_sentence(&self::why_not(other)),
    })
}

/// Why changes are refused.
pub fn read_only(access: &Access) -> String {
    let why = access.why_not.as_ref().map(why_not);
    format!(
        "Read-only: {}",
        why.as_deref().unwrap_or("changes are not permitted.")
    )
}

/// What one may only look at, in a sentence.
pub fn while_read_only(access: &Access) -> &'static str {
    if access.events {
        "Switches are off."
    } else {
        "Events are inferred; switches are off."
    }
}

/// Where events come from, in a few words.
pub fn origin_of_events(access: &Access) -> &'static str {
    if access.events {
        "events from the kernel"
    } else {
        "events inferred by comparison"
    }
}

/// What may be done, as a badge says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLevel {
    /// As root, which no window should be.
    Root,
    /// By a capability of the program's own file, which none should have.
    ByFile,
    /// Everything.
    Full,
    /// Looking only.
    ReadOnly,
}

impl AccessLevel {
    /// What may be done.
    pub fn of(access: &Access) -> Self {
        match access {
            Access { control: false, .. } => Self::ReadOnly,
            Access { as_root: true, .. } => Self::Root,
            Access { by_file: true, .. } => Self::ByFile,
            _ => Self::Full,
        }
    }
}

/// What may be done, in two words.
pub fn title(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::Root => "Running as root",
        AccessLevel::ByFile => "Privileged window",
        AccessLevel::Full => "Full access",
        AccessLevel::ReadOnly => "Read-only",
    }
}

/// What that means, and why.
pub fn meaning(access: &Access) -> String {
    let by_group = access.offer.is_some_and(|offer| offer.by_group);
    match AccessLevel::of(access) {
        AccessLevel::Root => {
            "A window that runs as root puts the whole system at risk. Run pathscope as yourself, and allow what it needs."
        }
        AccessLevel::ByFile => {
            "The file of pathscope has a capability, which counts for everything that a window loads. Take it away with \
             setcap -r; pathscope-helper(8) says how to do without."
        }
        AccessLevel::Full if by_group => {
            "Changes to endpoints, limits and settings are permitted to the members of pathscope-helper's group."
        }
        AccessLevel::Full => "Changes to endpoints, limits and settings are permitted.",
        AccessLevel::ReadOnly => {
            let why = access.why_not.as_ref().map(why_not);
            return why.unwrap_or_else(|| "Changes are not permitted.".to_owned());
        }
    }
    .to_owned()
}

/// Whether something is had, or what it takes to have it.
pub fn consent(had: bool, consent: Consent) -> &'static str {
    match (had, consent) {
        (true, _) => "permitted already",
        (false, Consent::Yes) => "without a password",
        (false, Consent::Asks) => "after a password",
        (false, Consent::No) => "not permitted to you",
    }
}

/// Who would do what is allowed, and who decides about it.
pub fn who_decides(access: &Access) -> &'static str {
    let by_group = access.offer.is_some_and(|offer| offer.by_group);
    if by_group {
        "The window itself gets no privileges. A helper of this system, pathscope-helper, does these things and no \
         others, and is permitted to the members of its group."
    } else {
        "The window itself gets no privileges. A service of this system, org.pathscope.Helper, does these things and no \
         others, and has the system decide about each of them."
    }
}

/// That nothing can be allowed.
pub const NOTHING_PERMITTED: &str = "This system permits none of it to you.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Offer;

    #[test]
    fn what_lifts_it_is_a_sentence_of_its_own() {
        let access = |remedy| Access::default().lifted_by(remedy).expect("all is missing");
        assert_eq!(
            what_lifts(&access(Remedy::Service)),
            "Allow it through the privileged service."
        );
        let said = Remedy::Said("you are no member of staff; usermod -aG staff ada".to_owned());
        assert_eq!(
            what_lifts(&access(said)),
            "You are no member of staff; usermod -aG staff ada.",
            "whole, although it has a semicolon of its own"
        );
        assert_eq!(what_lifts(&WhyNot::NoMptcp), "This kernel has no MPTCP.");
    }

    #[test]
    fn people_read_what_the_schema_says_as_long_as_both_are_english() {
        for remedy in [Remedy::Root, Remedy::Service, Remedy::Said("no".to_owned())] {
            let reason = Access::default().lifted_by(remedy).expect("all is missing");
            assert_eq!(why_not(&reason), reason.to_string());
        }
    }

    #[test]
    fn the_page_says_who_decides() {
        let mut access = Access {
            offer: Some(Offer::default()),
            ..Access::default()
        };
        assert!(who_decides(&access).contains("org.pathscope.Helper"));
        access.offer.as_mut().expect("an offer").by_group = true;
        assert!(who_decides(&access).contains("members of its group"));
    }
}
