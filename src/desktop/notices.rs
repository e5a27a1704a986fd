//! Sends notifications from a thread of its own.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::Reason;
use super::policy::{Bundle, Notice, Policy};
use crate::model::text::{for_markup, for_terminal};
use crate::words::desktop::Absence;

/// How much may wait. More comes only while the daemon does not answer: then what does not fit is dropped, because a
/// late notification is worth nothing.
const WAITING: usize = 64;

/// Shows notifications.
pub trait Sink: Send {
    /// Whether there is somebody to show them.
    ///
    /// # Errors
    /// Why not.
    fn check(&mut self) -> Result<(), Absence>;

    /// Shows one.
    ///
    /// # Errors
    /// Why it could not be shown.
    fn send(&mut self, notice: &Notice) -> Result<(), Absence>;
}

/// The notification daemon on the session bus.
#[derive(Debug, Default)]
pub struct Bus;

impl Sink for Bus {
    fn check(&mut self) -> Result<(), Absence> {
        let answered = notify_rust::get_server_information();
        answered.map(drop).map_err(|error| absence(&error))
    }

    fn send(&mut self, notice: &Notice) -> Result<(), Absence> {
        let shown = notification(notice).show();
        shown.map(drop).map_err(|error| absence(&error))
    }
}

/// What the daemon is given: its title is text, and the rest is markup.
fn notification(notice: &Notice) -> notify_rust::Notification {
    notify_rust::Notification::new()
        .appname("Pathscope")
        .icon("org.pathscope.Pathscope")
        .summary(&for_terminal(&notice.title))
        .body(&for_markup(&notice.text))
        .finalize()
}

/// The bus's name for what nobody serves. notify-rust shows its errors' text only, which has this name in it.
const NOBODY_SERVES: &str = "org.freedesktop.DBus.Error.ServiceUnknown";

fn absence(error: &notify_rust::error::Error) -> Absence {
    let text = error.to_string();
    if text.contains(NOBODY_SERVES) {
        Absence::NoDaemon
    } else if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        Absence::NoBus
    } else {
        Absence::DaemonFails(text)
    }
}

enum Message {
    Check,
    Tell(Bundle),
}

/// Tells handovers. When it is dropped, its thread ends with what it has in hand.
pub struct Notices {
    sender: Sender<Message>,
    reason: Reason,
}

impl Notices {
    /// Begins.
    ///
    /// # Errors
    /// When there can be no other thread.
    pub fn start(sink: impl Sink + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = bounded(WAITING);
        let reason = Reason::default();
        let told = reason.clone();
        std::thread::Builder::new()
            .name("notices".to_owned())
            .spawn(move || serve(sink, &receiver, &told))?;
        Ok(Self { sender, reason })
    }

    /// Finds out whether anybody would show a notification. Never waits.
    pub fn check(&self) {
        let _ = self.sender.try_send(Message::Check);
    }

    /// Tells the handovers of one moment; whether there was room for them. Never waits.
    pub fn tell(&self, told: Bundle) -> bool {
        self.sender.try_send(Message::Tell(told)).is_ok()
    }

    /// Why nothing is shown, as far as is known.
    pub fn why_not(&self) -> Option<Absence> {
        self.reason.get()
    }
}

fn serve(mut sink: impl Sink, messages: &Receiver<Message>, reason: &Reason) {
    let _running = crate::log::thread();
    let began = Instant::now();
    let mut policy = Policy::default();
    loop {
        let rest = policy.due().map(|due| due.saturating_sub(began.elapsed()));
        let message = match rest {
            Some(rest) => messages.recv_timeout(rest),
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match message {
            Ok(Message::Check) => reason.set(sink.check().err()),
            Ok(Message::Tell(told)) => policy.take(told, began.elapsed()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now: Duration = began.elapsed();
        if let Some(notice) = policy.next(now) {
            reason.set(sink.send(&notice).err());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::NamedHandover;
    use crate::history::handover::{Cause, Handover, Interruption};
    use crate::model::Token;

    struct Stuck {
        entered: Sender<()>,
        release: Receiver<()>,
    }

    impl Sink for Stuck {
        fn check(&mut self) -> Result<(), Absence> {
            let _ = self.entered.send(());
            let _ = self.release.recv();
            Err(Absence::DaemonFails("it was stuck".to_owned()))
        }

        fn send(&mut self, _: &Notice) -> Result<(), Absence> {
            Ok(())
        }
    }

    fn told(connections: u32) -> Bundle {
        let told = |number| NamedHandover {
            handover: Handover {
                t: 5.0,
                connection: Token(number).into(),
                token: None,
                cause: Cause::LinkLost,
                from: Some("wlan0".to_owned()),
                to: Some("eth0".to_owned()),
                interruption: Some(Interruption {
                    t: 5.0,
                    ms: number.into(),
                    uncertainty_ms: 20,
                    recovery_ms: None,
                }),
                uninterrupted: None,
                steady: true,
                survived: true,
                ongoing: false,
            },
            application: "ssh".to_owned(),
            from: Some("Wi-Fi".to_owned()),
            to: Some("Ethernet".to_owned()),
        };
        (1..=connections).map(told).collect()
    }

    /// Shows what it is told to whoever listens.
    struct Shown(Sender<Notice>);

    impl Sink for Shown {
        fn check(&mut self) -> Result<(), Absence> {
            Ok(())
        }

        fn send(&mut self, notice: &Notice) -> Result<(), Absence> {
            let sent = self.0.send(notice.clone());
            sent.map_err(|error| Absence::DaemonFails(error.to_string()))
        }
    }

    #[test]
    fn a_name_is_no_markup_and_breaks_no_title() {
        let shown = notification(&Notice {
            title: "Handover of <b>x\n\u{202e}".to_owned(),
            text: "<a href=\"x\">ssh</a> & co\x1b moved".to_owned(),
        });
        assert_eq!(shown.summary, r"Handover of <b>x\n\u{202e}");
        assert_eq!(
            shown.body,
            r"&lt;a href=&quot;x&quot;&gt;ssh&lt;/a&gt; &amp; co\x1b moved"
        );
    }

    #[test]
    fn a_link_that_hundreds_use_is_told_once_and_whole() {
        let (sender, shown) = bounded(8);
        let notices = Notices::start(Shown(sender)).expect("a thread");
        assert!(notices.tell(told(900)));
        let notice = shown.recv_timeout(Duration::from_secs(20)).expect("a notice");
        assert_eq!(notice.title, "Handover of 900 connections");
        let text = "Wi-Fi lost; 900 connections moved to Ethernet, at worst after 900 ms ± 20; all lived on.";
        assert_eq!(notice.text, text);
    }

    #[test]
    fn a_daemon_that_does_not_answer_holds_nobody_up() {
        let ((entered, inside), (let_go, release)) = (bounded(1), bounded::<()>(1));
        let notices = Notices::start(Stuck { entered, release }).expect("a thread");
        notices.check();
        inside.recv().expect("the thread is in the daemon's hands");
        let taken = (0..1000).filter(|_| notices.tell(told(1))).count();
        assert_eq!(taken, WAITING, "the rest is dropped");
        assert_eq!(notices.why_not(), None);
        drop(let_go);
        let began = Instant::now();
        while notices.why_not().is_none() {
            assert!(began.elapsed() < Duration::from_secs(20), "no reason");
            std::thread::yield_now();
        }
        assert_eq!(
            notices.why_not(),
            Some(Absence::DaemonFails("it was stuck".to_owned()))
        );
    }
}
