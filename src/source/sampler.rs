//! The sampler thread: a sample each interval, a full one at least every 30 s.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use nix::time::{ClockId, clock_gettime};

use super::infer::key;
use super::outlet::Closed;
use super::people::People;
use super::reading::{Read, Reader, Want, cpu_time};
use super::shared::Shared;
use crate::kernel::Error;
use crate::model::{Event, EventKind, Origin};

/// A full sample follows another after this long, so that reading a stream can begin in its middle.
const FULL_EVERY: Duration = Duration::from_secs(20);
/// Full samples after an overrun are at least this far apart.
const RESYNC_EVERY: Duration = Duration::from_secs(1);
/// So many samples after an overrun conclude events: a socket that is gone is believed to be only when a second
/// reading misses it too.
const RESYNC_SAMPLES: u8 = 3;
/// So long may the kernel refuse before the source gives up.
const PATIENCE: Duration = Duration::from_secs(5);
/// The least difference between the clocks that is a suspend, seconds.
const CLOCK_JUMP_S: f64 = 1.0;

pub(super) fn run(shared: &Arc<Shared>, poked: &Receiver<()>) {
    if let Err(why) = shared
        .namespace
        .enter()
        .and_then(|()| Reader::new())
        .and_then(|reader| work(shared, poked, reader))
    {
        shared.fail(why.to_string());
    }
}

fn work(shared: &Arc<Shared>, poked: &Receiver<()>, mut reader: Reader) -> Result<(), Error> {
    // Who holds the connections that are there is found out first, so that the first sample can say it.
    reader.read(true)?;
    let mut people = People::start()?;
    people.ask(Instant::now(), || reader.inquiry());
    reader.introduce(people.first_answer());
    let mut full_at: Option<Instant> = None;
    let mut resync = Resync::default();
    let mut failing_since: Option<Instant> = None;
    let mut asleep_s = asleep();
    let mut due = Instant::now();
    let mut looked_at = due;
    while !shared.stopping() {
        let wanted = shared.outlet.wanted();
        let look_due = wanted.as_ref().map(|(_, after)| looked_at + *after);
        let next = look_due.map_or(due, |look| look.min(due));
        match poked.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Disconnected) => break,
            // The interval is another, or something was changed.
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
        }
        let now = Instant::now();
        if shared.takes_wish() {
            due = now;
        }
        if let (Some((tokens, _)), Some(look_due)) = (wanted, look_due)
            && now < due
        {
            // What cannot be read now is left to the next sample.
            if now >= look_due
                && !shared.outlet.is_full()
                && let Ok(Some(look)) = reader.look_closely(&tokens)
            {
                match shared.outlet.look(look) {
                    Ok(told) => reader.was_told(&told),
                    Err(Closed) => break,
                }
            }
            looked_at = now.max(looked_at);
            continue;
        }
        looked_at = now;
        let interval = Duration::from_millis(shared.interval_ms.load(Ordering::Relaxed));
        due = if due + interval > now {
            due.min(now) + interval
        } else {
            now + interval
        };
        if shared.stopping() || shared.outlet.is_full() {
            continue;
        }
        shared.let_events_through();
        if shared.outlet.is_full() {
            continue;
        }
        if !shared.namespace.still_there() {
            let label = shared.namespace.label().unwrap_or("of this process").to_owned();
            shared.fail(format!(
                "the network namespace {label} is gone; open another with --netns"
            ));
            break;
        }
        let suspended_s = asleep() - asleep_s;
        if suspended_s > CLOCK_JUMP_S {
            asleep_s += suspended_s;
            let jump = Event {
                suspended_s: Some(suspended_s),
                ..Event::new(0.0, EventKind::ClockJump, Origin::Inferred)
            };
            if shared.outlet.event(jump).is_err() {
                break;
            }
        }

        let started = cpu_time();
        let since_full = full_at.map(|at| now.duration_since(at));
        let want = want(shared, since_full, &mut resync, &mut reader, &mut people);
        match reader.read_as(&want) {
            Ok(mut read) => {
                failing_since = None;
                read.sample.cost_us =
                    Some(u64::try_from(cpu_time().saturating_sub(started).as_micros()).unwrap_or(u64::MAX));
                if want.full {
                    full_at = Some(now);
                    reader.forget();
                }
                if reader.has_strangers() || people.should_check(now) {
                    people.ask(now, || reader.inquiry());
                }
                if emit(shared, read).is_err() {
                    break;
                }
            }
            // The kernel may be short of memory for a moment, or an interface go while it is read.
            Err(error) => {
                resync.samples += u8::from(resync.samples > 0);
                resync.full_owed |= want.full;
                shared.gathered().news.merge(want.news);
                let since = *failing_since.get_or_insert(now);
                if now.duration_since(since) > PATIENCE {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// What an overrun leaves to be done.
#[derive(Default)]
struct Resync {
    /// Samples that are to conclude events.
    samples: u8,
    full_owed: bool,
}

/// What the next sample needs, from what the event thread gathered.
fn want(
    shared: &Shared,
    since_full: Option<Duration>,
    resync: &mut Resync,
    reader: &mut Reader,
    people: &mut People,
) -> Want {
    if let Some(tokens) = shared.passed_tokens() {
        reader.take_tokens(tokens);
    }
    let mut gathered = shared.gathered();
    if std::mem::take(&mut gathered.overrun) {
        *resync = Resync {
            samples: RESYNC_SAMPLES,
            full_owed: true,
        };
    }
    let after = if resync.full_owed {
        RESYNC_EVERY
    } else {
        FULL_EVERY
    };
    let full = since_full.is_none_or(|since| since >= after);
    resync.full_owed &= !full;
    let mut want = Want {
        full,
        dump: resync.samples > 0,
        infer: None,
        news: std::mem::take(&mut gathered.news),
    };
    for (token, server_side) in gathered.server_side.drain(..) {
        reader.set_server_side(token, server_side);
        want.news.tokens.insert(token);
    }
    if !shared.hears() || resync.samples > 0 {
        want.infer = Some(gathered.told.clone());
        resync.samples = resync.samples.saturating_sub(1);
    } else {
        gathered.told.clear();
        gathered.inferred.clear();
    }
    drop(gathered);
    want.news.inodes.extend(reader.introduce(people.answer()));
    want.news.tokens.extend(reader.untold.drain());
    want
}

fn emit(shared: &Shared, read: Read) -> Result<(), Closed> {
    let Read {
        sample,
        events,
        mut inferred,
        new,
        ways,
    } = read;
    let mut gathered = shared.gathered();
    if sample.full {
        gathered.ways.clear();
    }
    gathered.ways.extend(ways);
    if shared.hears() {
        // Between the kernel's telling and our concluding lies the reading: neither may repeat the other.
        inferred.retain(|event| !gathered.told.contains(&key(event)));
        gathered.inferred.extend(inferred.iter().map(key));
        if sample.full {
            let all = sample.connections.iter();
            let known = all
                .filter_map(|connection| Some((connection.token?.0, (connection.local, connection.remote))));
            gathered.note_all(known);
        } else {
            for (token, addresses) in new {
                gathered.note(token, addresses);
            }
        }
    }
    drop(gathered);
    for event in inferred.into_iter().chain(events) {
        shared.outlet.event(event)?;
    }
    shared.outlet.sample(sample)
}

/// How long the machine was ever suspended, seconds: the boot clock goes on, the monotonic one does not.
fn asleep() -> f64 {
    let seconds = |clock| clock_gettime(clock).map_or(0.0, |time| Duration::from(time).as_secs_f64());
    seconds(ClockId::CLOCK_BOOTTIME) - seconds(ClockId::CLOCK_MONOTONIC)
}
