//! What goes wrong on real machines, provoked: lost events, an interface that vanishes, a namespace that goes.

mod common;

use std::time::{Duration, Instant};

use pathscope::kernel::Namespace;
use pathscope::lab::{self, Crowd, CrowdOptions, Lab};
use pathscope::model::{Command, Connection, EventKind, Line};
use pathscope::source::{AbsentSource, LiveSource, Options, Request, Source, snapshot};

const LIMIT: Duration = Duration::from_mins(1);

fn crowd(connections: usize, churn_per_second: usize) -> Crowd {
    let program = Some(common::pathscope());
    let options = CrowdOptions {
        connections,
        churn_per_second,
        program,
        ..CrowdOptions::default()
    };
    Crowd::start(&options).expect("a crowd")
}

fn namespace(path: &std::path::Path) -> Namespace {
    Namespace::open(&path.to_string_lossy()).expect("a namespace")
}

/// The next line for which `wanted` holds; the lines before it go to `history`.
fn find(
    source: &LiveSource,
    history: &mut pathscope::history::History,
    wanted: impl Fn(&Line) -> bool,
) -> Line {
    let end = Instant::now() + LIMIT;
    loop {
        let line = source.lines().recv_timeout(LIMIT).expect("a line");
        history.apply(line.clone());
        if wanted(&line) {
            return line;
        }
        assert!(
            Instant::now() < end,
            "no such line within {LIMIT:?}; the last was {line:?}"
        );
    }
}

fn is_event(line: &Line, kind: EventKind) -> bool {
    matches!(line, Line::Event(event) if event.kind == kind)
}

#[test]
fn a_small_event_buffer_overruns_says_so_and_the_picture_is_right_again() {
    if !common::can_make_namespaces("an overrun of the event socket") {
        return;
    }
    // Three events a connection: more than the channel holds while nobody reads it, and then than 4 kB hold.
    let many = 1500;
    let crowd = crowd(many, 0);
    let namespace = namespace(&crowd.netns());
    let options = Options {
        event_buffer: Some(4096),
        interval: Duration::from_millis(100),
    };
    let source = LiveSource::open(&namespace, &options).expect("a source");
    let mut history = pathscope::history::History::default();
    find(
        &source,
        &mut history,
        |line| matches!(line, Line::Sample(sample) if sample.full),
    );
    assert_eq!(history.state().connections.len(), many);
    crowd.close_all().expect("the crowd closes");
    common::wait_for("the kernel to have closed all", LIMIT, || {
        let open = common::output(&crowd.netns(), &["ss", "-MnH", "state", "established"]);
        open.is_empty().then_some(())
    });
    find(&source, &mut history, |line| {
        is_event(line, EventKind::EventsLost)
    });
    common::wait_for("every connection to be gone", LIMIT, || {
        find(&source, &mut history, |line| matches!(line, Line::Sample(_)));
        history.state().connections.is_empty().then_some(())
    });
    let closed = history
        .events()
        .iter()
        .filter(|event| event.kind == EventKind::ConnectionClosed);
    let tokens: std::collections::BTreeSet<_> = closed.clone().filter_map(|event| event.token).collect();
    assert_eq!(
        tokens.len(),
        many,
        "each connection's end is told, by the kernel or by comparison"
    );
    assert_eq!(closed.count(), many, "and none twice");
}

#[test]
fn an_interface_that_vanishes_mid_poll_is_an_event_not_an_error() {
    if !common::can_make_namespaces("a vanishing interface") {
        return;
    }
    let crowd = crowd(2, 0);
    let ip = |words: &[&str]| common::output(&crowd.netns(), &[&["ip"], words].concat());
    let source = {
        let options = Options {
            interval: Duration::from_millis(50),
            ..Options::default()
        };
        LiveSource::open(&namespace(&crowd.netns()), &options).expect("a source")
    };
    let mut history = pathscope::history::History::default();
    find(&source, &mut history, |line| matches!(line, Line::Sample(_)));
    for round in 0..20 {
        let name = format!("gone{round}");
        ip(&["link", "add", &name, "type", "veth", "peer", "name", "other"]);
        ip(&["link", "set", "other", "up"]);
        ip(&["addr", "add", "192.0.2.1/24", "dev", &name]);
        ip(&["link", "set", &name, "up"]);
        find(&source, &mut history, |line| {
            matches!(line, Line::Event(event)
                if event.kind == EventKind::InterfaceUp && event.interface.as_deref() == Some(&name))
        });
        ip(&["link", "del", &name]);
        find(&source, &mut history, |line| {
            matches!(line, Line::Event(event)
                if event.kind == EventKind::InterfaceDown && event.interface.as_deref() == Some(&name))
        });
        common::wait_for("the interface to leave the picture", LIMIT, || {
            find(&source, &mut history, |line| matches!(line, Line::Sample(_)));
            history.state().interface(&name).is_none().then_some(())
        });
    }
    assert_eq!(source.failure(), None);
}

#[test]
fn a_namespace_that_goes_ends_the_source_with_a_reason() {
    if !common::can_make_namespaces("a namespace that goes") {
        return;
    }
    let options = lab::Options {
        automatic: false,
        program: Some(common::pathscope()),
        ..lab::Options::default()
    };
    let lab = Lab::start(lab::scenario("handover").expect("a scenario"), &options).expect("a laboratory");
    let source = LiveSource::open(&namespace(&lab.netns()), &Options::default()).expect("a source");
    drop(lab);
    let why = common::wait_for("the source to end", LIMIT, || source.failure());
    assert!(why.contains("is gone"), "{why}");
    common::wait_for("the lines to end", LIMIT, || {
        matches!(
            source.lines().try_recv(),
            Err(crossbeam_channel::TryRecvError::Disconnected)
        )
        .then_some(())
    });
}

#[test]
fn nothing_is_missed_and_nothing_invented_under_churn() {
    if !common::can_make_namespaces("churn") {
        return;
    }
    let crowd = crowd(200, 100);
    let options = Options {
        interval: Duration::from_millis(50),
        ..Options::default()
    };
    let namespace = namespace(&crowd.netns());
    let source = LiveSource::open(&namespace, &options).expect("a source");
    let mut history = pathscope::history::History::default();
    let mut closed = 0;
    while closed < 300 {
        let line = find(&source, &mut history, |line| matches!(line, Line::Event(_)));
        closed += usize::from(is_event(&line, EventKind::ConnectionClosed));
    }
    crowd.calm().expect("the churn stops");
    // The stream's picture and a fresh one agree once nothing moves any more.
    common::wait_for("the picture to agree with a fresh one", LIMIT, || {
        find(&source, &mut history, |line| matches!(line, Line::Sample(_)));
        let (_, fresh) = snapshot(&namespace).expect("a snapshot");
        let ids: std::collections::BTreeSet<_> = fresh.connections.iter().map(Connection::id).collect();
        let ours: std::collections::BTreeSet<_> = history.state().connections.keys().copied().collect();
        (ours == ids).then_some(())
    });
    assert_eq!(source.failure(), None);
}

#[test]
fn a_kernel_without_mptcp_still_shows_its_interfaces() {
    let source = AbsentSource::open(&Namespace::current().expect("a namespace")).expect("a source");
    let Ok(Line::Sample(sample)) = source.lines().recv_timeout(LIMIT) else {
        panic!("no sample")
    };
    assert!(sample.full && sample.settings.is_empty() && sample.limits.is_none());
    assert!(sample.interfaces.iter().any(|interface| interface.name == "lo"));
    let close = Command::EndpointRemove { id: 1 };
    let request = Request {
        command: close,
        by: "test".to_owned(),
        reference: None,
        believed: None,
    };
    assert!(source.request(request).is_err(), "there is nothing to change");
    assert!(!source.header().access.control && source.failure().is_none());
}
