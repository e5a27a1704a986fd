//! What is read once, or a few times, and not followed.

use std::thread;
use std::time::{Duration, Instant};

use super::super::reading::{Inventory, Owners, Reader};
use super::{header, host_and_release, inside, wall_clock};
use crate::kernel::{self, Error, Namespace};
use crate::model::{Access, Header, Sample};

/// One header and one full sample of `namespace` without connections: endpoints, limits, settings and interfaces. It
/// needs nothing of the kernel that lists sockets.
///
/// # Errors
/// As [`super::LiveSource::open`], but for sockets.
pub fn equipment(namespace: &Namespace) -> Result<(Header, Sample), Error> {
    inside(namespace, || {
        let header = header(namespace, kernel::probe()?, 0);
        let mut sample = Sample {
            full: true,
            ..Sample::default()
        };
        Inventory::read(
            &mut kernel::Route::new()?,
            &mut kernel::PathManager::new()?,
            &mut kernel::ProcFiles::new()?,
            None,
        )?
        .write(None, &mut sample);
        Ok((header, sample))
    })
}

/// A header that says of which host and kernel, and nothing of what may be seen.
pub fn header_of_this_host() -> Header {
    let (host, kernel) = host_and_release();
    Header::new(wall_clock(), host, kernel, Access::default(), 0)
}

/// One header and one full sample of `namespace`, processes included.
///
/// # Errors
/// As [`super::LiveSource::open`].
pub fn snapshot(namespace: &Namespace) -> Result<(Header, Sample), Error> {
    let (header, mut samples) = snapshots(namespace, None)?;
    Ok((header, samples.pop().unwrap_or_default()))
}

/// One header and the full samples of `namespace`, processes included: one, or two that lie `apart`.
///
/// # Errors
/// As [`super::LiveSource::open`].
pub fn snapshots(namespace: &Namespace, apart: Option<Duration>) -> Result<(Header, Vec<Sample>), Error> {
    inside(namespace, || {
        let header = header(namespace, kernel::probe()?, 0);
        let mut reader = Reader::new()?;
        reader.read(true)?;
        let mut processes = kernel::Processes::new();
        let owners = Owners::of(reader.owner_query(), &mut processes);
        reader.apply_owners(owners);
        let began = Instant::now();
        let mut samples = vec![reader.read(true)?];
        if let Some(apart) = apart {
            thread::sleep(apart);
            let mut later = reader.read(true)?;
            later.t = began.elapsed().as_secs_f64();
            samples.push(later);
        }
        Ok((header, samples))
    })
}
