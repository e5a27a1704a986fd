//! The server of a crowd: a process of its own, since its sockets count against another limit of open files.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::Protocol;

use super::super::LabError;
use super::super::protocol::write_line;
use super::super::scenario::Peer;
use super::paths::{families, server_address};
use super::pool::Pool;
use super::server;

/// The server's ports: enough that no one of them has to take every connection.
pub(super) const PORTS: std::ops::Range<u16> = 8000..8008;
/// The port for plain TCP.
pub(super) const PLAIN_PORT: u16 = 8100;

/// The server: listens, reads what comes, and says how many connections have their second subflow.
pub(in super::super) fn serve_crowd(sockets: usize) -> Result<(), LabError> {
    allow_sockets(sockets)?;
    let pool = Pool::new(0)?;
    listen(&pool)?;
    let mut said = None;
    loop {
        let complete = pool.complete(1);
        if said != Some(complete) {
            said = Some(complete);
            // Nobody listens any more: the end of this process is near.
            let _ = write_line(io::stdout().lock(), &complete);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Listens for both protocols in every family.
fn listen(pool: &Arc<Pool>) -> Result<(), LabError> {
    for family in families() {
        let multipath = PORTS.map(|port| (port, Protocol::MPTCP));
        for (port, protocol) in multipath.chain([(PLAIN_PORT, Protocol::TCP)]) {
            let address = SocketAddr::new(server_address(Peer::Multipath, *family), port);
            let listener = server::listener(address, protocol, 4096)
                .map_err(|error| LabError::failed(format!("cannot listen on {address}"), error))?;
            let pool = Arc::clone(pool);
            server::start("accept", move || pool.accept(&listener))?;
        }
    }
    let pool = Arc::clone(pool);
    server::start("drain", move || pool.serve())
}

/// Allows this process to open so many sockets.
pub(in super::super) fn allow_sockets(count: usize) -> Result<(), LabError> {
    let needed = count as u64 + 200;
    let failed = |error: nix::errno::Errno| {
        LabError::failed(
            format!("cannot open {needed} files at once (see ulimit -Hn)"),
            error.desc(),
        )
    };
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    if soft >= needed {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed)).map_err(failed)
}
