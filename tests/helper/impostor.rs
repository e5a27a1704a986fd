//! A service that passes something else than an event socket, and what comes of it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use pathscope::bus::{NAME, PATH, PROTOCOL, consent_number};
use pathscope::model::Consent;
use serde_json::json;
use zbus::zvariant;

use super::hosts::until;
use super::machine::{ACCOUNT, ALICE, Machine};
use super::program::Watch;

/// The argument that makes this program the service.
pub const ARGUMENT: &str = "impostor";

struct Impostor;

#[zbus::interface(name = "org.pathscope.Helper1")]
impl Impostor {
    #[allow(clippy::unused_self, reason = "a call")]
    fn hello(&self, socket: zvariant::OwnedFd) -> (u32, String, [u32; 3]) {
        drop(socket);
        let [yes, no] = [Consent::Yes, Consent::No].map(consent_number);
        (PROTOCOL, "0".to_owned(), [yes, no, no])
    }

    #[allow(clippy::unused_self, reason = "a call")]
    fn open_events(&self, socket: zvariant::OwnedFd) -> zvariant::OwnedFd {
        drop(socket);
        OwnedFd::from(File::open("/dev/zero").expect("a file")).into()
    }
}

pub fn main() {
    let builder = zbus::blocking::connection::Builder::system().expect("the bus");
    let named = builder.name(NAME).expect("a name").serve_at(PATH, Impostor);
    let _connection = named.expect("a path").build().expect("the name is ours");
    loop {
        std::thread::park();
    }
}

pub fn what_is_no_event_socket_is_refused_and_reading_goes_on() {
    let Some(machine) = Machine::start(60) else { return };
    let mut command = machine.program(ACCOUNT, "client", &[]);
    command.arg(ARGUMENT).stdin(Stdio::null());
    let mut impostor = machine.run(move || command.spawn().unwrap());
    until("the impostor", || machine.is_served().then_some(()));
    let watch = Watch::start(&machine, ALICE);
    watch.access();
    let access = watch.access();
    assert_eq!(access["events"], json!(false), "{access}");
    let why = access["why_not"].as_str().unwrap();
    assert!(why.contains("cannot hear events over what was passed: "), "{why}");
    watch.next("a sample after that", |line| {
        (line["kind"] == "sample").then_some(())
    });
    impostor.kill().unwrap();
    impostor.wait().unwrap();
}
