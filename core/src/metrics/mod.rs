//! The table of the kernel's counters: where each lies in the kernel's struct, what it counts, and how it is called.
//!
//! [`tcp_info`] is what the kernel tells of a subflow, [`mptcp_info`] what it tells of a connection. Each row is one
//! number, written once. From it come the parser, the comparison of two readings, the model's field with its name in
//! JSON, the column of the table, and what can be plotted. To add a number that the kernel tells, add its row.
//!
//! A number that the kernel does not give, because its struct ends before it or because it does not know it yet, is
//! absent and never 0.

mod info;
mod location;
pub mod mptcp_info;
pub mod tcp_info;

pub use info::Info;
pub use location::Location;

/// One number in a struct of the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Its name in the public schema.
    pub name: &'static str,
    /// Its name in the kernel's struct.
    pub kernel_name: &'static str,
    /// Where it lies there.
    pub place: Location,
    /// How it moves.
    pub kind: Kind,
    /// What its values count.
    pub unit: Unit,
    /// When the kernel knows it.
    pub known: Known,
    /// The first release of Linux that tells it.
    pub since: &'static str,
    /// A short title, for the head of a column or an axis.
    pub title: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// How a number moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Up and down: its value counts.
    Gauge,
    /// Only up, while something happens: what it grows by counts.
    Counter,
    /// The time since something happened: it grows with the clock and starts anew.
    Since,
    /// The time that something took in sum: it grows with the clock while that lasts.
    Spent,
    /// It stands for something: a state, bits.
    Code,
    /// Yes (1) or no (0).
    Flag,
}

impl Kind {
    /// Whether it grows with the clock while nothing happens.
    pub const fn grows_with_the_clock(self) -> bool {
        matches!(self, Self::Since | Self::Spent)
    }
}

/// What the values of a number count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing that has a unit.
    Plain,
    /// Bytes.
    Bytes,
    /// Bytes of one packet or segment.
    PacketBytes,
    /// Segments of TCP.
    Segments,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Bits a second. The kernel tells bytes a second.
    BitsPerSecond,
}

/// When the kernel knows a number. Before, its place holds something that is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Whenever its struct has it.
    Always,
    /// Once the peer has answered. Before, it is what `tcp_init_sock` (net/ipv4/tcp.c) wrote.
    Answered,
    /// Once a round trip was measured. The smoothed time is kept eightfold and never 0 after the first sample
    /// (`tcp_rtt_estimator`, net/ipv4/tcp_input.c); the least is all ones before it (`tcp_init_sock`, `minmax_reset`).
    Measured,
    /// Where it is not 0.
    NotZero,
    /// Where it is neither 0 nor all ones, which stand for a rate without a limit.
    Limited,
    /// Where it is less than `TCP_INFINITE_SSTHRESH` (include/net/tcp.h).
    Finite,
    /// Until Linux 7.0, which has other numbers there and a struct of the same length: the bytes do not tell which it is.
    BeforeLinux7,
}

/// `TCP_INFINITE_SSTHRESH` (include/net/tcp.h).
const INFINITE_SSTHRESH: u64 = 0x7fff_ffff;

/// What decides about all numbers of a socket.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The kernel is older than Linux 7.0.
    pub is_before_linux_7: bool,
    /// The peer has answered.
    pub is_answered: bool,
    /// A round trip was measured.
    pub is_measured: bool,
}

impl Field {
    /// The value in the kernel's bytes, in [`Self::unit`], where the kernel knows it.
    #[inline]
    pub fn read(&self, bytes: &[u8], context: Context) -> Option<u64> {
        let value = self.place.read(bytes)?;
        let known = match self.known {
            Known::Always => true,
            Known::Answered => context.is_answered,
            Known::Measured => context.is_measured && value != self.place.all_ones(),
            Known::NotZero => value != 0,
            Known::Limited => value != 0 && value != self.place.all_ones(),
            Known::Finite => value < INFINITE_SSTHRESH,
            Known::BeforeLinux7 => context.is_before_linux_7,
        };
        let scale = if self.unit == Unit::BitsPerSecond { 8 } else { 1 };
        known.then(|| value.saturating_mul(scale))
    }
}

/// A row of a table as a [`Field`].
macro_rules! field {
    ($name:ident, $meaning:literal, { $kernel:ident, $shape:ident($($at:literal),*), $kind:ident, $unit:ident, $known:ident,
      $since:literal, $title:literal }) => {
        $crate::metrics::Field {
            name: stringify!($name),
            kernel_name: stringify!($kernel),
            place: $crate::metrics::Location::$shape($($at),*),
            kind: $crate::metrics::Kind::$kind,
            unit: $crate::metrics::Unit::$unit,
            known: $crate::metrics::Known::$known,
            since: $since,
            title: $title,
            meaning: $meaning.trim_ascii(),
        }
    };
}

/// The fields of a table, and the place of each by the kernel's name.
macro_rules! fields_of {
    (usual { $($usual:tt)* } details { $($details:tt)* }) => {
        $crate::metrics::fields_of!($($usual)* $($details)*);
    };
    ($(#[doc = $meaning:literal] $name:ident: $type:ident $row:tt)*) => {
        /// Every number of the struct that is read.
        pub const FIELDS: &[Field] = &[$($crate::metrics::field!($name, $meaning, $row)),*];

        $($crate::metrics::place_of!($row);)*
    };
}

/// The place of a row under the kernel's name.
macro_rules! place_of {
    ({ $kernel:ident, $shape:ident($($at:literal),*), $($rest:tt)* }) => {
        #[doc = concat!("Where `", stringify!($kernel), "` lies.")]
        #[allow(non_upper_case_globals, reason = "the kernel's own name")]
        pub const $kernel: Location = Location::$shape($($at),*);
    };
}

pub(crate) use field;
use {fields_of, place_of};

#[cfg(test)]
mod tests;
