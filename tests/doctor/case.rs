//! A case: how hosts are laid out, what is broken, what the doctor is to say of it, and whether that mends it.

use super::traffic::Kind;

/// Which addresses the hosts have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    V4,
    V6,
    /// Both; connections are over IPv4.
    Both,
}

impl Family {
    pub fn each(self) -> Vec<Self> {
        match self {
            Self::Both => vec![Self::V4, Self::V6],
            one => vec![one],
        }
    }

    /// That of the connections.
    pub fn first(self) -> Self {
        if self == Self::V6 { Self::V6 } else { Self::V4 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V6 => "v6",
            Self::Both => "v4+v6",
        }
    }
}

/// A host of the laboratory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Client,
    Middle,
    Server,
}

/// A script for one of the hosts.
#[derive(Clone, Debug)]
pub struct Step {
    pub side: Side,
    pub script: String,
}

/// A finding as it is to be: `$NAME`s of the network in the subject are filled in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Expected {
    pub severity: &'static str,
    pub rule: &'static str,
    pub subject: String,
}

/// What the commands of the findings do for the second path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mends {
    /// The connection that lives uses it afterwards.
    Living,
    /// One that is opened afterwards does.
    New,
    /// Nothing on this machine mends it, and no command is named.
    Nothing,
    /// The commands only tidy up: they run, and the path is as gone as it was.
    TidiesUp,
}

/// Where the data of a mended path are seen: on this link, and with this address at one end of a subflow.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    pub side: Side,
    pub link: &'static str,
    pub address: &'static str,
}

/// The client's second link.
const SECOND: Path = Path {
    side: Side::Client,
    link: "c2",
    address: "$C2",
};

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub struct Case {
    pub name: String,
    pub family: Family,
    pub is_healthy: bool,
    /// Whether the short form of the suite has it.
    pub is_short: bool,
    /// The host on which the doctor runs.
    pub watched: Side,
    pub traffic: Kind,
    /// Whether the server's application speaks MPTCP.
    pub server_speaks: bool,
    /// What the server listens on; everything unless told.
    pub listens_on: Option<&'static str>,
    /// Another server, on the router, that listens as well.
    pub decoy: bool,
    /// A third link of the client, in order like the second.
    pub third: bool,
    /// A second link of the server, whose address it announces.
    pub second_server_link: bool,
    pub before: Vec<Step>,
    /// What happens once the second path is up and data flow.
    pub later: Vec<Step>,
    /// Played once, while the doctor watches.
    pub meanwhile: Vec<Step>,
    /// What is so once the fault is there.
    pub seen: Vec<Step>,
    /// In what order findings are to come; all of the problems, and those warnings and notes that are meant.
    pub expected: Vec<Expected>,
    pub mends: Mends,
    pub path: Path,
    /// Which is up before anything happens while a connection lives.
    pub first_path: Path,
    pub seconds: u32,
}

impl Case {
    fn new(name: &str, family: Family, is_healthy: bool) -> Self {
        Self {
            name: format!("{name}, {}", family.name()),
            family,
            is_healthy,
            is_short: false,
            watched: Side::Client,
            traffic: Kind::Send,
            server_speaks: true,
            listens_on: None,
            decoy: false,
            third: false,
            second_server_link: false,
            before: Vec::new(),
            later: Vec::new(),
            meanwhile: Vec::new(),
            seen: Vec::new(),
            expected: Vec::new(),
            mends: Mends::Nothing,
            path: SECOND,
            first_path: SECOND,
            seconds: 3,
        }
    }

    pub fn fault(name: &str, family: Family) -> Self {
        Self::new(name, family, false)
    }

    pub fn healthy(name: &str, family: Family) -> Self {
        Self::new(name, family, true)
    }

    pub fn short(mut self) -> Self {
        self.is_short = true;
        self
    }

    pub fn on_server(mut self) -> Self {
        self.watched = Side::Server;
        self
    }

    pub fn traffic(mut self, kind: Kind) -> Self {
        self.traffic = kind;
        self
    }

    pub fn server_on_plain_tcp(mut self) -> Self {
        self.server_speaks = false;
        self
    }

    pub fn listens_on(mut self, address: &'static str) -> Self {
        self.listens_on = Some(address);
        self
    }

    pub fn decoy(mut self) -> Self {
        self.decoy = true;
        self
    }

    pub fn third_link(mut self) -> Self {
        self.third = true;
        self
    }

    /// The server announces a second address, and the path to it is what is to be used: the client has but one link.
    pub fn announces(self) -> Self {
        self.announces_too().before(
            Side::Client,
            "ip mptcp endpoint flush; for link in c2 c3; do ip link del $link; done",
        )
    }

    /// The server announces a second address to a client that has a second link.
    pub fn announces_too(mut self) -> Self {
        self.second_server_link = true;
        self.path = Path {
            side: Side::Server,
            link: "s2",
            address: "$S2",
        };
        self.first_path = self.path;
        self
    }

    pub fn path(mut self, side: Side, link: &'static str, address: &'static str) -> Self {
        self.path = Path { side, link, address };
        self
    }

    pub fn before(mut self, side: Side, script: &str) -> Self {
        self.before.push(step(side, script));
        self
    }

    pub fn client(self, script: &str) -> Self {
        self.before(Side::Client, script)
    }

    pub fn later(mut self, side: Side, script: &str) -> Self {
        self.later.push(step(side, script));
        self
    }

    pub fn meanwhile(mut self, side: Side, script: &str) -> Self {
        self.meanwhile.push(step(side, script));
        self.seconds = 6;
        self
    }

    pub fn seen(mut self, side: Side, script: &str) -> Self {
        self.seen.push(step(side, script));
        self
    }

    pub fn problem(self, rule: &'static str, subject: &str) -> Self {
        self.finding("problem", rule, subject)
    }

    pub fn finding(mut self, severity: &'static str, rule: &'static str, subject: &str) -> Self {
        let subject = subject.to_owned();
        self.expected.push(Expected {
            severity,
            rule,
            subject,
        });
        self
    }

    pub fn mends(mut self, mends: Mends) -> Self {
        self.mends = mends;
        self
    }
}

fn step(side: Side, script: &str) -> Step {
    Step {
        side,
        script: script.to_owned(),
    }
}

/// The same case over IPv4 and over IPv6.
pub fn over_both(case: impl Fn(Family) -> Case) -> Vec<Case> {
    vec![case(Family::V4), case(Family::V6)]
}
