//! A kernel without MPTCP as a source: it has interfaces, and nothing that MPTCP would add.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::live::{header, inside};
use super::{Request, Source, Waker};
use crate::kernel::{Error, Namespace, Route};
use crate::model::{Access, Header, Line, Sample, WhyNot};

/// What the window shows on a kernel that was built without MPTCP. It takes no commands and never changes.
pub struct AbsentSource {
    header: Header,
    lines: Receiver<Line>,
    /// Kept so that the stream does not end.
    _open: Sender<Line>,
}

impl AbsentSource {
    /// Reads the interfaces of `namespace`, once.
    ///
    /// # Errors
    /// When they cannot be read either.
    pub fn open(namespace: &Namespace) -> Result<Self, Error> {
        let interfaces = inside(namespace, || Route::new()?.interfaces())?;
        let access = Access {
            why_not: Some(WhyNot::NoMptcp),
            ..Access::default()
        };
        let (sender, lines) = bounded(1);
        let sample = Sample {
            full: true,
            interfaces,
            ..Sample::default()
        };
        let _ = sender.send(Line::Sample(Box::new(sample)));
        Ok(Self {
            header: header(namespace, access, 0),
            lines,
            _open: sender,
        })
    }
}

impl Source for AbsentSource {
    fn header(&self) -> &Header {
        &self.header
    }

    fn lines(&self) -> &Receiver<Line> {
        &self.lines
    }

    fn request(&self, request: Request) -> Result<(), Request> {
        Err(request)
    }

    fn set_interval(&self, _: Duration) {}

    fn set_waker(&self, waker: Waker) {
        waker();
    }

    fn failure(&self) -> Option<String> {
        None
    }
}
