//! An authentication agent on a terminal, and who types into it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use nix::sys::stat::Mode;

use super::hosts::until;
use super::machine::Machine;

/// `pkttyagent` for one process, on a pseudo-terminal of `script`.
pub struct Agent {
    child: Child,
    output: Receiver<u8>,
    said: String,
    terminal: PathBuf,
}

impl Agent {
    /// Starts it, as the user, and waits until polkit knows it.
    pub fn start(machine: &Machine, user: (&str, u32), client: u32) -> Self {
        let (script, ready) = (
            machine.folder.path().join(format!("agent-{client}")),
            machine.folder.path().join(format!("ready-{client}")),
        );
        nix::unistd::mkfifo(&ready, Mode::empty()).unwrap();
        fs::set_permissions(&ready, fs::Permissions::from_mode(0o666)).unwrap();
        let start = format!(
            "exec pkttyagent --process {} --notify-fd 3 3> {}",
            client,
            ready.display()
        );
        fs::write(
            &script,
            format!("#!/bin/sh\nexec script -q -c '{start}' /dev/null\n"),
        )
        .unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = machine.program(user, &format!("agent-{client}"), &[]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = machine.run(move || command.spawn().unwrap());
        // It closes this once polkit knows it.
        fs::read(ready).unwrap();
        let is_of_client = |agent: &i32| {
            let line = fs::read_to_string(format!("/proc/{agent}/cmdline")).unwrap_or_default();
            line.split('\0').any(|word| word == client.to_string())
        };
        let agents = machine.processes("pkttyagent");
        let agent = agents.into_iter().find(is_of_client).unwrap();
        let terminal = fs::read_link(format!("/proc/{agent}/fd/0")).unwrap();
        let mut read = child.stdout.take().unwrap();
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut byte = [0];
            while read.read_exact(&mut byte).is_ok() && sender.send(byte[0]).is_ok() {}
        });
        Self {
            child,
            output,
            said: String::new(),
            terminal,
        }
    }

    /// Waits for a text on the terminal.
    pub fn expect(&mut self, text: &str) {
        while !self.said.contains(text) {
            match self.output.recv_timeout(Duration::from_mins(1)) {
                Ok(byte) => self.said.push(char::from(byte)),
                Err(why) => panic!("'{text}' did not come ({why}), but: {}", self.said),
            }
        }
        self.said.clear();
    }

    /// Types a password, once the terminal does not show it: what is typed before is thrown away.
    pub fn type_password(&mut self, password: &str) {
        until("a terminal that hides what is typed", || {
            let stty = Command::new("stty")
                .args(["-a", "-F"])
                .arg(&self.terminal)
                .output()
                .unwrap();
            String::from_utf8_lossy(&stty.stdout)
                .contains(" -echo ")
                .then_some(())
        });
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{password}").unwrap();
        input.flush().unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
