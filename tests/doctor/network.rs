//! Two hosts with a router between them: a client with two shaped links, a server, and what scripts call their addresses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::case::{Case, Family, Side, Step};
use super::hosts::{Host, until};

/// What every script begins with: it ends where a command fails, and can ask for one of the kernel's counters.
const PRELUDE: &str = r#"set -e
count() { nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'; }
at() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }
waits() { ss -tnH state syn-sent src "$(at "$1")" | grep -q .; }
joined() { ss -tnH state established src "$(at "$1")" | grep -q .; }
filter() { nft add table inet lab; nft "add chain inet lab $1 { type filter hook $1 priority ${2:-0}; }"; shift 2; nft "$@"; }
"#;

/// The hosts of one case. All ends when it is dropped.
pub struct Network {
    pub client: Host,
    pub middle: Host,
    pub server: Host,
    /// What scripts and expectations call things by.
    names: BTreeMap<String, String>,
}

impl Network {
    /// What the case wants, with every path in order: limits, endpoint, rule and table of the second one.
    pub fn build(case: &Case) -> Self {
        let host = || Host::new().unwrap_or_else(|why| panic!("a namespace: {why}"));
        let mut network = Self {
            client: host(),
            middle: host(),
            server: host(),
            names: names(case),
        };
        for (name, host) in [("CLIENT", &network.client), ("SERVER", &network.server)] {
            network.names.insert(name.to_owned(), host.thread_id.to_string());
        }
        for host in [&network.client, &network.middle, &network.server] {
            network.must(
                host,
                "sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
                 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0",
            );
        }
        network.must(&network.middle, LINKS);
        for (host, links) in [
            (&network.client, "c1 c2 c3"),
            (&network.middle, "n1 n2 n3 w1 w2"),
            (&network.server, "s1 s2"),
        ] {
            network.must(
                host,
                &format!("for link in {links}; do ip link set $link up; done"),
            );
        }
        for family in case.family.each() {
            network.addresses(case, family);
        }
        network.must(&network.client, SHAPED);
        network
    }

    fn addresses(&self, case: &Case, family: Family) {
        let names = names_of(family);
        let with = |text: &str| expand(text, &names);
        self.must(&self.client, &with(CLIENT));
        self.must(&self.middle, &with(MIDDLE));
        self.must(&self.server, &with(SERVER));
        if case.third {
            self.must(&self.client, &with(THIRD));
        }
        if case.second_server_link {
            self.must(&self.server, &with(SECOND_OF_SERVER));
        }
    }

    pub fn host(&self, side: Side) -> &Host {
        match side {
            Side::Client => &self.client,
            Side::Middle => &self.middle,
            Side::Server => &self.server,
        }
    }

    /// A text with the names of this network filled in.
    pub fn expand(&self, text: &str) -> String {
        expand(text, &self.names)
    }

    /// Runs a script on a host.
    pub fn try_script(&self, host: &Host, script: &str) -> Output {
        let script = format!("{PRELUDE}{}", self.expand(script));
        shell(host, script)
    }

    pub fn must(&self, host: &Host, script: &str) {
        let output = self.try_script(host, script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the laboratory cannot do: {}: {said}",
            self.expand(script)
        );
    }

    pub fn play(&self, steps: &[Step]) {
        for step in steps {
            self.must(self.host(step.side), &step.script);
        }
    }

    /// Waits until the script succeeds.
    pub fn wait(&self, step: &Step) {
        let what = format!("{:?}: {}", step.side, self.expand(&step.script));
        until(&what, || {
            let output = self.try_script(self.host(step.side), &step.script);
            std::thread::park_timeout(std::time::Duration::from_millis(60));
            output.status.success().then_some(())
        });
    }

    /// Bytes that went over a link, both ways.
    pub fn bytes_over(&self, side: Side, link: &str) -> u64 {
        let output = shell(self.host(side), format!("ip -s -j link show dev {link}"));
        let links: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let of = |way: &str| links[0]["stats64"][way]["bytes"].as_u64().unwrap_or(0);
        of("tx") + of("rx")
    }

    pub fn netns(&self, side: Side) -> PathBuf {
        self.host(side).netns()
    }
}

/// Runs what a person would, as it stands, in a root shell of the host.
pub fn shell(host: &Host, script: String) -> Output {
    host.run(move || {
        Command::new("sh")
            .arg("-c")
            .arg(script)
            .current_dir(Path::new("/"))
            .output()
            .expect("a shell")
    })
}

fn names(case: &Case) -> BTreeMap<String, String> {
    let mut names = names_of(case.family.first());
    for (name, value) in names_of(Family::V6) {
        names.insert(format!("{name}_6"), value);
    }
    names
}

/// Addresses by name: of the client's links C1 to C3, of their gateways G1 to G3, of the server S and S2 with their gateways
/// W1 and W2, another on the second link X2, and the prefixes N1 to N3.
fn names_of(family: Family) -> BTreeMap<String, String> {
    let is_v6 = family == Family::V6;
    let address = |network: u8, host: u8| {
        if is_v6 {
            format!("fd00:{network}::{host}")
        } else {
            format!("10.{network}.0.{host}")
        }
    };
    let length = if is_v6 { "64" } else { "24" };
    let mut names = BTreeMap::new();
    let mut add = |name: &str, value: String| names.insert(name.to_owned(), value);
    for number in 1..=3_u8 {
        add(&format!("C{number}"), address(number, 1));
        add(&format!("G{number}"), address(number, 254));
        add(&format!("X{number}"), address(number, 7));
        let prefix = address(number, 0);
        let prefix = prefix
            .strip_suffix(":0")
            .map_or(prefix.clone(), |start| format!("{start}:"));
        add(&format!("N{number}"), format!("{prefix}/{length}"));
    }
    add("S", address(99, 2));
    add("W1", address(99, 1));
    add("S2", address(98, 2));
    add("W2", address(98, 1));
    add("PEER", socket(&address(99, 2), is_v6));
    add("PEER2", socket(&address(98, 2), is_v6));
    add("L", length.to_owned());
    add("H", if is_v6 { "128" } else { "32" }.to_owned());
    add("DAD", if is_v6 { "nodad" } else { "" }.to_owned());
    add("IP", if is_v6 { "ip -6" } else { "ip -4" }.to_owned());
    add("NFIP", if is_v6 { "ip6" } else { "ip" }.to_owned());
    names
}

fn socket(address: &str, is_v6: bool) -> String {
    if is_v6 {
        format!("[{address}]:5000")
    } else {
        format!("{address}:5000")
    }
}

/// Fills in `$NAME` and `${NAME}`, the longest name first; what is no name of the network stays the shell's.
fn expand(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut by_length: Vec<_> = names.iter().collect();
    by_length.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    by_length
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value)
                .replace(&format!("${name}"), value)
        })
}

const LINKS: &str = "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    for n in 1 2 3; do ip link add n$n type veth peer name c$n netns $CLIENT; done
    for n in 1 2; do ip link add w$n type veth peer name s$n netns $SERVER; done
    for link in n1 n2 n3; do
        ip link set dev $link gso_max_segs 1
        tc qdisc add dev $link root tbf rate 10mbit burst 20kb latency 40ms
    done";

const SHAPED: &str = "for link in c1 c2 c3; do
        ip link set dev $link gso_max_segs 1
        tc qdisc add dev $link root tbf rate 10mbit burst 20kb latency 40ms
    done";

const CLIENT: &str = "for n in 1 2; do
        case $n in 1) a=$C1;; 2) a=$C2;; esac
        $IP addr add $a/$L dev c$n $DAD
    done
    $IP route add default via $G1 dev c1
    $IP route add default via $G2 dev c2 table 102
    $IP rule add from $C2 lookup 102
    ip mptcp limits set subflows 2 add_addr_accepted 0
    ip mptcp endpoint add $C2 dev c2 subflow";

const THIRD: &str = "$IP addr add $C3/$L dev c3 $DAD
    $IP route add default via $G3 dev c3 table 103
    $IP rule add from $C3 lookup 103
    ip mptcp endpoint add $C3 dev c3 subflow";

const MIDDLE: &str = "$IP addr add $G1/$L dev n1 $DAD
    $IP addr add $G2/$L dev n2 $DAD
    $IP addr add $G3/$L dev n3 $DAD
    $IP addr add $W1/$L dev w1 $DAD
    $IP addr add $W2/$L dev w2 $DAD";

const SERVER: &str = "$IP addr add $S/$L dev s1 $DAD
    $IP route add default via $W1 dev s1
    ip mptcp limits set subflows 4 add_addr_accepted 0";

const SECOND_OF_SERVER: &str = "$IP addr add $S2/$L dev s2 $DAD
    $IP route add default via $W2 dev s2 table 102
    $IP rule add from $S2 lookup 102
    ip mptcp endpoint add $S2 dev s2 signal";
