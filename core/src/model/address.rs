//! Addresses with a port, and with the interface where an address means something on one link only.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV6};
use std::str::FromStr;

use super::ids::as_text;
use super::scope::{NoInterfaceName, Scope};

/// Whether an address means something on one link only (fe80::/10; RFC 4291, 2.5.6). Every link may have the same one.
pub fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// An address and a port; a link-local address is another on each link. An IPv4-mapped IPv6 address is the IPv4 address.
///
/// As text it is `10.0.0.1:443`, `[2001:db8::1]:443` or `[fe80::1%eth0]:443`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketAddr {
    ip: IpAddr,
    port: u16,
    scope: Option<Scope>,
}

impl Default for SocketAddr {
    /// No address: 0.0.0.0:0.
    fn default() -> Self {
        Self::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)
    }
}

impl SocketAddr {
    /// Without a scope.
    pub fn new(ip: IpAddr, port: u16) -> Self {
        let ip = ip.to_canonical();
        Self {
            ip,
            port,
            scope: None,
        }
    }

    /// On a link. What is not link-local is the same on every link, and stays as it is.
    #[must_use]
    pub fn with_scope(self, scope: Option<Scope>) -> Self {
        let scope = scope.filter(|_| is_link_local(self.ip));
        Self { scope, ..self }
    }

    /// From an address with the number of an interface, as the kernel has it; `name_of` knows the interfaces' names.
    pub fn from_kernel<'a>(
        address: std::net::SocketAddr,
        name_of: impl FnOnce(u32) -> Option<&'a str>,
    ) -> Self {
        let plain = Self::new(address.ip(), address.port());
        match address {
            std::net::SocketAddr::V6(v6) if v6.scope_id() != 0 && is_link_local(plain.ip) => {
                let index = v6.scope_id();
                let named = name_of(index).and_then(Scope::new);
                plain.with_scope(named.or_else(|| Scope::numbered(index)))
            }
            _ => plain,
        }
    }

    /// With the interface's number in place of its name, as the kernel takes it; 0 where neither is known. `index_of`
    /// knows the interfaces' numbers.
    pub fn to_kernel(self, index_of: impl FnOnce(&str) -> Option<u32>) -> std::net::SocketAddr {
        match (self.ip, self.scope) {
            (IpAddr::V6(ip), Some(scope)) => {
                let index = index_of(scope.as_str()).or_else(|| scope.as_str().parse().ok());
                SocketAddrV6::new(ip, self.port, 0, index.unwrap_or_default()).into()
            }
            _ => std::net::SocketAddr::new(self.ip, self.port),
        }
    }

    /// The address alone.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The link of a link-local address, where it is known; `None` for every other address.
    pub fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// Whether it is link-local and nothing says on which link.
    pub fn lacks_scope(&self) -> bool {
        self.scope.is_none() && is_link_local(self.ip)
    }

    /// Whether it is the other one, or may be: without a link, a link-local address may be on any.
    pub fn may_be(&self, other: &Self) -> bool {
        let link = self.scope.is_none() || other.scope.is_none() || self.scope == other.scope;
        link && (self.ip, self.port) == (other.ip, other.port)
    }

    /// Whether it is this address of this interface; `None` for any. Only a link-local one differs by the interface.
    pub fn is_at(&self, ip: IpAddr, interface: Option<&str>) -> bool {
        let on_link = match (&self.scope, interface) {
            (Some(scope), Some(name)) => scope.as_str() == name,
            _ => true,
        };
        self.ip == ip && on_link
    }

    /// The same address with another port.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Whether it is of the IPv4 family.
    pub fn is_ipv4(&self) -> bool {
        self.ip.is_ipv4()
    }

    /// The address with its link and without its port: `fe80::1%eth0`.
    pub fn host(&self) -> impl fmt::Display {
        let Self { ip, scope, .. } = *self;
        fmt::from_fn(move |f| match scope {
            Some(scope) => write!(f, "{ip}%{scope}"),
            None => write!(f, "{ip}"),
        })
    }
}

/// The link between two addresses, where one of them is known only on a link.
pub fn scope_of(local: Option<SocketAddr>, remote: Option<SocketAddr>) -> Option<Scope> {
    let of = |end: Option<SocketAddr>| end.and_then(|end| end.scope);
    of(local).or_else(|| of(remote))
}

impl<I: Into<IpAddr>> From<(I, u16)> for SocketAddr {
    fn from((ip, port): (I, u16)) -> Self {
        Self::new(ip.into(), port)
    }
}

impl From<std::net::SocketAddr> for SocketAddr {
    fn from(address: std::net::SocketAddr) -> Self {
        Self::from_kernel(address, |_| None)
    }
}

impl fmt::Display for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece, so that a width counts for the whole.
        match self.ip {
            IpAddr::V4(ip) => f.pad(&format!("{ip}:{}", self.port)),
            IpAddr::V6(_) => f.pad(&format!("[{}]:{}", self.host(), self.port)),
        }
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It is not written as one.
    NoAddress,
    /// It is not written as one with a port.
    NoPort,
    /// An interface stands at an address that is the same on every link.
    NotLinkLocal(IpAddr),
    /// What stands after `%` is no name of an interface.
    NoInterfaceName(NoInterfaceName),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("write an address such as 10.0.0.1, 2001:db8::1 or fe80::1%eth0"),
            Self::NoPort => f.write_str(
                "write an address and a port, such as 10.0.0.1:443, [2001:db8::1]:443 or [fe80::1%eth0]:443",
            ),
            Self::NotLinkLocal(ip) => write!(
                f,
                "only a link-local address (fe80::/10) has an interface after '%'; write {ip} without it"
            ),
            Self::NoInterfaceName(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AddressError {}

/// An address without a port, and its link where it has one: `fe80::1%eth0` as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The address.
    pub ip: IpAddr,
    /// The link, of a link-local address only.
    pub scope: Option<Scope>,
}

impl FromStr for Host {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (ip, scope) = match text.split_once('%') {
            Some((ip, scope)) => (ip, Some(scope)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| AddressError::NoAddress)?;
        let scope = scope
            .map(str::parse)
            .transpose()
            .map_err(AddressError::NoInterfaceName)?;
        if scope.is_some() && !is_link_local(ip) {
            return Err(AddressError::NotLinkLocal(ip));
        }
        Ok(Self { ip, scope })
    }
}

impl FromStr for SocketAddr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if !text.contains('%') {
            let plain: std::net::SocketAddr = text.parse().map_err(|_| AddressError::NoPort)?;
            return Ok(plain.into());
        }
        // Neither an interface's name nor a port has a colon in it.
        let (host, port) = text.rsplit_once(':').ok_or(AddressError::NoPort)?;
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port
            .parse()
            .ok()
            .filter(|_| is_number)
            .ok_or(AddressError::NoPort)?;
        let bare = match host.strip_prefix('[') {
            Some(rest) => match (rest.strip_suffix(']'), rest.split_once("]%")) {
                (Some(inner), _) => inner.to_owned(),
                // As ss writes it: [fe80::1]%eth0:443.
                (None, Some((ip, scope))) => format!("{ip}%{scope}"),
                (None, None) => return Err(AddressError::NoPort),
            },
            None => host.to_owned(),
        };
        let Host { ip, scope } = bare.parse()?;
        if host.starts_with('[') == ip.is_ipv4() {
            return Err(AddressError::NoPort);
        }
        Ok(Self::new(ip, port).with_scope(scope))
    }
}

as_text!(SocketAddr);

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect(text)
    }

    #[test]
    fn every_kind_of_address_comes_back_from_text_and_json() {
        for text in [
            "10.0.0.1:443",
            "169.254.7.8:443",
            "[2001:db8::1]:443",
            "[fe80::1]:443",
            "[fe80::1%eth0]:443",
            "[fe80::1%7]:443",
            "[febf::1%enp0s31f6.4094]:1",
            "[fe80::1%a]b]:443",
            "[fe80::1%\u{1b}[31mé]:443",
        ] {
            assert_eq!(address(text).to_string(), text);
            let json = serde_json::to_string(&address(text)).expect("JSON");
            assert_eq!(serde_json::from_str::<String>(&json).expect("a text"), text);
            assert_eq!(
                serde_json::from_str::<SocketAddr>(&json).expect("an address"),
                address(text)
            );
        }
        assert_eq!(address("[::ffff:10.0.0.1]:443"), address("10.0.0.1:443"));
        assert_eq!(
            address("[fe80::1]%eth0:443"),
            address("[fe80::1%eth0]:443"),
            "as ss writes it"
        );
    }

    #[test]
    fn the_same_address_on_another_link_is_another_address() {
        let (one, other) = (address("[fe80::1%eth0]:443"), address("[fe80::1%wlan0]:443"));
        assert_ne!(one, other);
        assert_eq!((one.ip(), one.port()), (other.ip(), other.port()));
        let scope = one.scope().map(|scope| scope.to_string());
        assert_eq!(scope.as_deref(), Some("eth0"));
        assert!(!one.may_be(&other));
        let anywhere = address("[fe80::1]:443");
        assert!(anywhere.may_be(&one) && one.may_be(&anywhere) && anywhere.lacks_scope());
        assert!(one.is_at(one.ip(), Some("eth0")) && one.is_at(one.ip(), None));
        assert!(!one.is_at(one.ip(), Some("wlan0")));
    }

    #[test]
    fn only_a_link_local_address_has_a_link() {
        for text in ["[2001:db8::1%eth0]:443", "10.0.0.1%eth0:443", "[::1%lo]:443"] {
            let error = text.parse::<SocketAddr>().expect_err(text);
            assert!(matches!(error, AddressError::NotLinkLocal(_)), "{text}: {error}");
        }
        let global = address("[2001:db8::1]:443");
        assert_eq!(global.with_scope(Scope::new("eth0")), global);
        let bound: std::net::SocketAddr = "[2001:db8::1%3]:443".parse().expect("an address");
        assert_eq!(SocketAddr::from_kernel(bound, |_| Some("eth0")), global);
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_would_be_one() {
        for text in [
            "",
            "%",
            "%:",
            "fe80::1%eth0",
            "fe80::1%eth0:443",
            "[fe80::1%eth0]",
            "[fe80::1%eth0]:",
            "[fe80::1%eth0]:+1",
            "[fe80::1%eth0]:65536",
            "[10.0.0.1%eth0]:1",
            "[fe80::1%eth0:443",
            "eth0%fe80::1:443",
        ] {
            text.parse::<SocketAddr>().expect_err(text);
        }
        for name in ["", ".", "..", "a b", "a/b", "sixteen-letters-", "a:b"] {
            let error = format!("[fe80::1%{name}]:443")
                .parse::<SocketAddr>()
                .expect_err(name);
            assert!(
                matches!(error, AddressError::NoInterfaceName(_)),
                "{name}: {error}"
            );
        }
        let error = "10.0.0.1%eth0"
            .parse::<Host>()
            .expect_err("no link-local address");
        assert_eq!(
            error.to_string(),
            "only a link-local address (fe80::/10) has an interface after '%'; write 10.0.0.1 without it"
        );
    }

    #[test]
    fn the_kernels_number_becomes_a_name_and_a_number_again() {
        let kernels: std::net::SocketAddr = "[fe80::1%3]:443".parse().expect("an address");
        let named = SocketAddr::from_kernel(kernels, |index| (index == 3).then_some("eth0"));
        assert_eq!(named.to_string(), "[fe80::1%eth0]:443");
        assert_eq!(named.to_kernel(|name| (name == "eth0").then_some(3)), kernels);
        // Nobody knows a name, or one that does not fit because it was no UTF-8.
        for name in [None, Some("\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}")] {
            let numbered = SocketAddr::from_kernel(kernels, |_| name);
            assert_eq!(numbered.to_string(), "[fe80::1%3]:443");
            assert_eq!(numbered.to_kernel(|_| None), kernels);
        }
        let nowhere = address("[fe80::1%gone]:443").to_kernel(|_| None);
        assert_eq!(nowhere, "[fe80::1]:443".parse().expect("an address"));
    }

    #[test]
    fn an_address_is_small() {
        assert_eq!(size_of::<SocketAddr>(), 22);
    }

    proptest! {
        #[test]
        fn an_address_without_a_link_is_written_as_it_always_was(ip in any::<IpAddr>(), port: u16) {
            let before = std::net::SocketAddr::new(ip.to_canonical(), port);
            let now = SocketAddr::new(ip, port);
            prop_assert_eq!(now.to_string(), before.to_string());
            prop_assert_eq!(before.to_string().parse(), Ok(now));
            prop_assert_eq!(now.to_kernel(|_| None), before);
        }

        #[test]
        fn whatever_is_read_comes_back(text in r"\PC{0,40}", name in r"\PC{0,20}") {
            for text in [text, format!("[fe80::1%{name}]:1"), format!("[fe80::1]%{name}:1")] {
                if let Ok(address) = text.parse::<SocketAddr>() {
                    prop_assert_eq!(address.to_string().parse(), Ok(address));
                }
            }
        }
    }
}
