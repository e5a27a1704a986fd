//! `list`: connections with their subflows, chosen by words, in an order, by groups, of one namespace or of all.

mod groups;
mod json;
mod narrow;
mod wide;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::columns::wrapped;
use super::from::{self, RecordedMoment, counted};
use super::namespaces::{WantedNamespace, WantedNamespaces};
use super::reading_args::{ListArguments, ListOrder};
use super::{Failure, Output, Styled};
use crate::filter::{Circumstances, Filter};
use crate::history::{Bounds, Condition, History, condition};
use crate::model::{Connection, Cookie, Header, Line, ListeningSocket, Subflow, ignored};
use crate::source::snapshots;
use crate::words::connection::application;
use crate::words::path::device_name;
use crate::words::units::several;
use crate::words::{access, endpoint, state};

/// On a terminal that is not so wide, a connection has one line.
const WIDE: usize = 120;
/// What the kernel says was moved within this time counts as flowing where no rate is measured, ms.
const RECENT_MS: u32 = 1000;

/// What was read in one namespace, and what of it is shown.
struct Listing {
    /// Where; `None` for a recording.
    place: Option<WantedNamespace>,
    header: Header,
    history: History,
    /// Seconds over which rates were measured.
    rated_s: Option<f64>,
    /// What each subflow had sent and received before that, bytes.
    earlier: FxHashMap<Cookie, (u64, u64)>,
    /// How many connections there are in all.
    all: usize,
    connections: Vec<Connection>,
    listeners: Vec<ListeningSocket>,
}

/// What something sends and receives, bits a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct MeasuredRate {
    out_bps: f64,
    in_bps: f64,
}

impl Listing {
    fn read(place: WantedNamespace, arguments: &ListArguments, filter: &Filter) -> Result<Self, Failure> {
        let (header, samples) = snapshots(&place.namespace, arguments.rated_over())?;
        let (rated_s, earlier) = match samples.as_slice() {
            [earlier, later] => (Some(later.t), counted(earlier.connections.iter())),
            _ => (None, FxHashMap::default()),
        };
        let mut history = History::new(Bounds::default());
        if let Some(newest) = samples.into_iter().next_back() {
            history.apply(Line::Sample(Box::new(newest)));
        }
        let listing = Self {
            place: Some(place),
            header,
            rated_s,
            earlier,
            all: 0,
            connections: Vec::new(),
            listeners: Vec::new(),
            history,
        };
        Ok(listing.chosen(arguments, filter))
    }

    /// What a recording has at a moment.
    fn of_recording(moment: RecordedMoment, arguments: &ListArguments, filter: &Filter) -> Self {
        let (rated_s, earlier) = moment.earlier.unzip();
        let listing = Self {
            place: None,
            header: moment.header,
            rated_s,
            earlier: earlier.unwrap_or_default(),
            all: 0,
            connections: Vec::new(),
            listeners: Vec::new(),
            history: moment.history,
        };
        listing.chosen(arguments, filter)
    }

    /// With what the filter chooses of the history's state, in order.
    fn chosen(mut self, arguments: &ListArguments, filter: &Filter) -> Self {
        let state = self.history.state();
        self.all = state.connections.len();
        self.listeners = state.listeners.values().cloned().collect();
        let mut connections: Vec<Connection> = state.connections.values().cloned().collect();
        let mut listing = self;
        connections.retain(|connection| filter.matches(connection, &listing));
        listing.sort(&mut connections, arguments.order());
        listing.connections = connections;
        listing
            .listeners
            .retain(|listener| filter.matches_listener(listener));
        listing.listeners.sort_by_key(|listener| {
            let name = listener.process.as_ref().map(|process| process.name.clone());
            (name, listener.local.port(), listener.cookie)
        });
        listing
    }

    fn sort(&self, connections: &mut [Connection], order: ListOrder) {
        // Sockets get their inodes one after the other, as good as in the order in which they are made.
        let age = |one: &Connection| (one.inode.unwrap_or(u32::MAX), one.cookie, one.token);
        connections.sort_by_key(age);
        match order {
            ListOrder::Age => {}
            ListOrder::Name => connections.sort_by_key(|one| {
                let pid = one.process.as_ref().map(|process| process.pid);
                (pid.is_none(), application(one).to_lowercase(), pid)
            }),
            ListOrder::Peer => connections.sort_by_key(|one| (one.remote.ip(), one.remote.port())),
            ListOrder::Rate => connections.sort_by_cached_key(|one| {
                let rate = self.rate(one).unwrap_or_default();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "rates are neither negative nor beyond a u64"
                )]
                Reverse((rate.out_bps + rate.in_bps) as u64)
            }),
        }
    }

    /// What a connection moves, where that was measured: what its subflows do.
    fn rate(&self, connection: &Connection) -> Option<MeasuredRate> {
        let rates = connection.subflows.iter();
        let rates = rates.filter_map(|subflow| self.rate_of_subflow(subflow));
        let _measured = self.rated_s?;
        Some(rates.fold(MeasuredRate::default(), |sum, rate| MeasuredRate {
            out_bps: sum.out_bps + rate.out_bps,
            in_bps: sum.in_bps + rate.in_bps,
        }))
    }

    /// The same of a subflow. One that came meanwhile moved all that it ever did.
    fn rate_of_subflow(&self, subflow: &Subflow) -> Option<MeasuredRate> {
        let seconds = self.rated_s.filter(|seconds| *seconds > 0.0)?;
        let (sent, received) = self.earlier.get(&subflow.cookie).copied().unwrap_or_default();
        let bps = |now: Option<u64>, was: u64| {
            now.map_or(0.0, |now| now.saturating_sub(was) as f64 * 8.0 / seconds)
        };
        Some(MeasuredRate {
            out_bps: bps(subflow.bytes_acked, sent),
            in_bps: bps(subflow.bytes_received, received),
        })
    }

    /// What a subflow is doing.
    fn condition(&self, subflow: &Subflow) -> Condition {
        let recent = [subflow.last_data_sent_ms, subflow.last_data_received_ms];
        let is_recent = || recent.into_iter().flatten().any(|ms| ms < RECENT_MS);
        let moves = match self.rate_of_subflow(subflow) {
            Some(rate) => rate.out_bps + rate.in_bps > 0.0,
            None => is_recent(),
        };
        let delivers = self.rated_s.is_some() && moves;
        condition(subflow, (delivers, moves), self.is_up(subflow))
    }

    /// Whether the interface of a subflow is up, where that is known. One that is gone is down.
    fn is_up(&self, subflow: &Subflow) -> Option<bool> {
        let interface = self.history.state().interface(subflow.interface.as_deref()?);
        Some(interface.is_some_and(|interface| interface.up))
    }

    /// That a subflow is stalled, in a word.
    fn stall(&self, subflow: &Subflow) -> Option<&'static str> {
        let condition = self.condition(subflow);
        (condition == Condition::Stalled).then(|| state::condition(condition, self.is_up(subflow)))
    }

    fn subflows(&self) -> usize {
        self.connections
            .iter()
            .map(|one| one.living_subflows().count())
            .sum()
    }

    fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.listeners.is_empty()
    }
}

impl Circumstances for Listing {
    fn path_name(&self, device: Option<&str>) -> String {
        device.map_or_else(
            || "Unknown path".to_owned(),
            |device| device_name(self.history.state(), device),
        )
    }

    fn conditions(&self, connection: &Connection) -> Vec<Condition> {
        let subflows = connection.subflows.iter();
        subflows.map(|subflow| self.condition(subflow)).collect()
    }
}

pub(super) fn run(
    netns: Option<&str>,
    arguments: &ListArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let filter = Filter::parse(&arguments.words());
    let places = WantedNamespaces::wanted(netns, arguments.all_netns)?;
    let (listings, unread) = read_all(places, arguments, &filter)?;
    if arguments.json {
        json::print(&listings, &unread, arguments, output)?;
    } else {
        text(&listings, &unread, arguments, output)?;
    }
    Ok(output.flush()?)
}

/// The same of a recording.
pub(super) fn run_recorded(
    netns: Option<&str>,
    arguments: &ListArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    if arguments.all_netns {
        return Err(Failure::usage(
            "--all-netns reads this machine's namespaces, and a recording is of one: leave --all-netns or --from out",
        ));
    }
    let mut moment = RecordedMoment::read(netns, &arguments.recorded, arguments.rated_over())?;
    let (described, warning) = (std::mem::take(&mut moment.described), moment.warning.take());
    let filter = Filter::parse(&arguments.words());
    let listings = [Listing::of_recording(moment, arguments, &filter)];
    if arguments.json {
        json::print(&listings, &[], arguments, output)?;
    } else {
        text(&listings, &[], arguments, output)?;
        for line in wrapped(&described, output.width()) {
            output.line(Styled::default().faint(line))?;
        }
    }
    output.flush()?;
    from::warn(warning.as_deref());
    Ok(())
}

/// A rate as an integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are neither negative nor beyond a u64"
)]
fn whole(bps: f64) -> u64 {
    bps.max(0.0).round() as u64
}

/// Why a namespace could not be read.
struct Unread {
    place: WantedNamespace,
    why: String,
}

/// Reads all places at once, since rates take their time. What fails in one of several is told of that one; the one
/// that somebody named must be there.
fn read_all(
    places: WantedNamespaces,
    arguments: &ListArguments,
    filter: &Filter,
) -> Result<(Vec<Listing>, Vec<Unread>), Failure> {
    let is_one = !arguments.all_netns;
    let read: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = places
            .into_iter()
            .map(|place| {
                let named = place.clone();
                (named, scope.spawn(|| Listing::read(place, arguments, filter)))
            })
            .collect();
        let join = |(place, thread): (WantedNamespace, std::thread::ScopedJoinHandle<'_, _>)| {
            (
                place,
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        };
        threads.into_iter().map(join).collect()
    });
    let (mut listings, mut unread) = (Vec::new(), Vec::new());
    for (place, outcome) in read {
        match outcome {
            Ok(listing) => listings.push(listing),
            Err(failure) if is_one => return Err(failure),
            Err(failure) => unread.push(Unread {
                place,
                why: failure.to_string(),
            }),
        }
    }
    Ok((listings, unread))
}

fn text(
    listings: &[Listing],
    unread: &[Unread],
    arguments: &ListArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let width = output.width();
    for listing in listings {
        if arguments.all_netns {
            if listing.is_empty() {
                continue;
            }
            let title = listing.place.as_ref().map(WantedNamespace::title);
            for line in wrapped(&title.unwrap_or_default(), width) {
                output.line(Styled::default().strong(line))?;
            }
        }
        if let Some(by) = arguments.by {
            groups::text(listing, by, arguments.sort, output)?;
        } else if width.is_some_and(|width| width < WIDE) {
            narrow::text(listing, output)?;
        } else {
            wide::text(listing, output)?;
        }
    }
    for line in wrapped(&summary(listings, arguments), width) {
        output.line(Styled::default().faint(line))?;
    }
    for unread in unread {
        for line in wrapped(&format!("{}: {}", unread.place.title(), unread.why), width) {
            output.line(Styled::default().faint(line))?;
        }
    }
    for listing in listings.iter().filter(|_| !arguments.all_netns) {
        for why in ignored(&listing.history.state().settings) {
            for line in wrapped(&endpoint::ignored(&why), width) {
                output.line(Styled::default().alarming(line))?;
            }
        }
        if let Some(why_not) = &listing.header.access.why_not {
            for line in wrapped(&format!("read-only: {}", access::why_not(why_not)), width) {
                output.line(Styled::default().faint(line))?;
            }
        }
    }
    Ok(())
}

/// How much there is, in a line.
fn summary(listings: &[Listing], arguments: &ListArguments) -> String {
    let sum = |of: fn(&Listing) -> usize| listings.iter().map(of).sum::<usize>();
    let (shown, all) = (sum(|one| one.connections.len()), sum(|one| one.all));
    let connections = if arguments.filter.is_empty() {
        several(all, "connection")
    } else {
        format!("{shown} of {}", several(all, "connection"))
    };
    let mut text = format!("{connections}, {}", several(sum(Listing::subflows), "subflow"));
    let plain: Vec<u32> = listings
        .iter()
        .filter_map(|one| one.history.state().plain_tcp)
        .collect();
    if !plain.is_empty() {
        let plain = plain.into_iter().map(|number| number as usize).sum();
        text += &format!("; {} on plain TCP", several(plain, "connection"));
    }
    let listeners = sum(|one| one.listeners.len());
    if listeners > 0 {
        text += &format!("; {}", several(listeners, "listening socket"));
    }
    if arguments.all_netns {
        text += &format!("; {}", several(listings.len(), "network namespace"));
    }
    text
}
