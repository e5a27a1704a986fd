//! Pathscope: a desktop monitor for Multipath TCP (RFC 8684) on Linux. This page is its architecture.
//!
//! # The one idea
//!
//! Everything that Pathscope knows reaches it as one stream of two things: a [`Sample`](model::Sample), raw counters
//! and state as the kernel gave them at one instant of a monotonic clock, and an [`Event`](model::Event), something
//! that happened between samples. The live [`source`] produces that stream, `pathscope watch --json` prints it, a
//! line at a time in the same public schema, and a source that plays such lines from a file gives it back. Everything derived (rates, histories, conditions) is computed from it by
//! pure code in [`history`]. Nothing derived is ever in the stream.
//!
//! Commands go the other way: a typed [`Command`](model::Command) goes to the controller behind the source, and its
//! outcome comes back as an event in the stream.
//!
//! ```text
//!  kernel ──▶ source ──▶ [ Sample | Event ] ──▶ history ──▶ window / command line
//!               ▲                                                 │
//!               └──────────────── Command ◀───────────────────────┘
//! ```
//!
//! # Floors
//!
//! A module uses modules on lower floors; never one above, never one on its own floor. `tests/architecture.rs` parses
//! the imports and fails on an edge that breaks this, on a cycle between files or folders, on a glob import of our own
//! modules and on a file that has grown past 500 lines.
//!
//! | floor | modules |
//! |---|---|
//! | | [`run`]: the composition root; arguments become a source, and a window or the command line on it |
//! | 4 | `ui`: the window, one folder a panel (feature `gui`) · [`cli`]: one file a subcommand |
//! | 3 | [`source`]: the `Source` trait, the live source and lines that were kept · the helper |
//! | 2 | [`kernel`]: the only user of neli, sysinfo and netlink sockets · [`lab`]: real networks in namespaces · [`report`]: a stream as a page, as tables, as numbers · `desktop`: notifications, the tray, NetworkManager (feature `gui`) |
//! | 1¾ | [`filter`]: which connections somebody means, for window and command line alike |
//! | 1½ | [`words`]: every sentence for people, from typed data · [`log`]: what the program does, where somebody asks |
//! | 1 | [`history`]: state, rates, bounded series, handovers · [`doctor`]: why a path is not used, by rules over the stream · [`recording`]: the stream in a file · [`palette`]: colours and shapes · [`bus`]: what the helper and who calls it agree on |
//! | ½ | [`model`]: what we talk about, and its public schema · [`wire`]: bytes ↔ structs, without sockets |
//! | 0 | [`metrics`]: the table of the kernel's counters |
//!
//! # Three packages
//!
//! The helper is the one program with a privilege, so it is built of what it needs and of nothing else. That takes a
//! package of its own: cargo builds a package's dependencies for all of its programs.
//!
//! | package | what it holds |
//! |---|---|
//! | `pathscope-core`, in `core/` | [`metrics`], [`wire`], [`model`], [`bus`], [`log`] and [`kernel`]: what both programs need. Its feature `monitor` is what only this one does |
//! | `pathscope-helper`, in `helper/` | the privileged helper, a library with a small program around it so that tests can drive its checks |
//! | `pathscope`, at the top | everything else; the modules of `pathscope-core` go by the same names here |
//!
//! Features are joined across what is built at once, so packages build the helper alone (`cargo build -p
//! pathscope-helper`). `scripts/check` counts the helper's crates, and `helper/Cargo.toml` says what each direct one is
//! for.
//!
//! # Invariants
//!
//! - **The public schema is the serde form of [`model`].** One set of types is enough while there is one version of the
//!   schema; a second version would freeze the first as types of its own.
//! - **A number of the kernel's is written once**, as a row of [`metrics`]: the parser, the comparison of two readings, the
//!   model's field with its name in JSON, the table's column and what can be plotted come from it. Readings are kept as the
//!   kernel's bytes and compared under a mask that leaves out what grows with the clock.
//! - **A figure is computed once.** What is so now (rates, counts, conditions) is asked of [`history`], what runs of its
//!   detector (`History::all_running`); panels only show it, and `tests/one_truth` holds them against each other and
//!   against the counters. `list --rates` is the mean between its own two readings, and so no figure of [`history`].
//! - **What closes subflows asks first**, whichever way it does so: `endpoint_torn_down` decides, `State::subflows_torn_down`
//!   counts, and `History::closed_by` tells afterwards whose doing an end was.
//! - **Types decide, words come last.** No code branches on a text that a person reads; sentences are made in [`words`].
//!   `tests/types_decide.rs` finds what does otherwise. The text forms of [`model`] are the schema's and stay English.
//! - **Absent is not zero.** [`wire`] gives `None` for a field that the kernel's struct is too short for, the model
//!   carries it, JSON writes `null`, the window a dash.
//! - **Identity is what the kernel guarantees.** A connection is its token, and its addresses while it has none
//!   ([`ConnectionKey`](model::ConnectionKey)): what joins the lines of a stream, and what `connections_gone` names. Its
//!   cookie it may share: an accepted MPTCP socket has its listener's, once anybody has read that. A subflow is its cookie,
//!   which is a TCP socket's own.
//! - **Parsers never panic**, and never read a wrong field: captured messages are cut and corrupted everywhere by
//!   property tests. What they do not know (events, flags, attributes) they keep.
//! - **`t` never decreases** along a stream: lines are stamped and sent under one lock.
//! - **What others chose obeys nobody.** Names of processes, interfaces, networks and profiles, and arguments, go to
//!   people through [`model::text`] alone: to a terminal in `cli::Output`, to a shell in a
//!   [`ShellLine`](model::text::ShellLine), to the desktop as markup. `tests/ways_round.rs` finds what goes round it.
//! - **A link-local address is another on each link.** [`model::SocketAddr`] carries the link's name from where the kernel
//!   gives its number to whatever compares, shows or sends it; every other address has none, bound or not.
//! - **No clock below floor 2.** Time is an argument; [`kernel`] takes it too, and only [`source`], [`lab`],
//!   `desktop` (for the time between two notifications) and [`log`] (which stamps its lines) read it.
//! - **The window never waits.** It takes lines in batches from a bounded channel, is woken by the source, and paints
//!   nothing while nothing changes. Its switches show what the kernel says, not what was asked.
//! - **No unsafe code** outside a few commented lines: device set-up in the laboratory, a borrowed descriptor, an option
//!   of a socket that nix does not know, and the check for the window's libraries.
//!
//! # The live source
//!
//! Named threads in one network namespace, each of which enters it before it opens its sockets:
//!
//! - `events` subscribes to the path manager's events (where permitted) and to rtnetlink's notifications *before* the
//!   first sample, and sends them as they come.
//! - `sampler` takes a sample each interval: the MPTCP sockets and the subflows, joined by token (or by inode, marked as
//!   inferred, where the kernel hides the token), compared with the reading before in one walk along both. Only what
//!   changed becomes objects of the model. A socket that one reading misses is carried over, because a dump under churn
//!   can miss one; two misses, or an event, end it.
//! - `control` carries out commands, one after the other.
//! - `permission` has the privileged helper lift what is missing, see below.
//! - `processes` looks through /proc when a connection's process is unknown, so that no sample waits for it.
//!
//! What they know together is a ledger with verbs: what the kernel told, what a sample concluded. `source::reading` is what
//! one reading needs, `source::live` the threads and the ledger, `source::privilege` the one connection that is kept to the
//! helper. A second source is a file beside them and a line in [`run`]: [`source::FileSource`] plays lines of the schema.
//!
//! What is neither in view, nor carrying, nor in doubt is read less often than each interval where that saves something:
//! readings of everything may take 2 % of a core while nothing happens, 10 % while things come and go, and are at most 5 s
//! apart. A sample between them names in `only` what it is about, and in `everything_within_ms` how long the rest may go unread. Without any connection, and where the kernel tells of the
//! first, everything is read every 2 s; what the event thread hears ends that rest at once.
//!
//! A subflow's `interface` is the one whose link its packets use: the device that the socket is bound to, else the one by
//! which the kernel routes from its local address to the peer's (`ip route get TO from FROM`, with the mark where
//! CAP_NET_ADMIN shows it, and with the user and the ports where a rule or the choice between next hops asks for them),
//! else the owner of the local address. `interface_by` says which, and `address_interface` names the owner where that is
//! another: two subflows over one link are no two independent paths. `source::reading::egress` asks once for each pair of
//! addresses, many with one send, and again when rtnetlink told of a link, an address, a route, a rule or a next hop, and
//! with each full sample; a steady sample asks nothing. A link that died keeps its subflows' names until something is
//! heard of the peer over the other one: before that nothing says that packets get through there. The kernel is not
//! asked about the type of service, about marks that a firewall sets, or about IPv6 flow labels.
//!
//! Of several processes that hold a socket `processes` lists all and `process` is the one that is likely to use it: who has
//! it as standard input or output, else of an accepted connection the youngest, of any other the oldest. What is known is
//! checked every two seconds where it was found, without a walk through /proc.
//!
//! There are two ways to the subflows. A *dump* reads every TCP socket on the machine, whether MPTCP or not, in one walk
//! through the kernel's table for both families. A *look-up* asks for one socket by its addresses and cookie; many share a
//! send. `source::reading::strategy` measures what each way costs here and takes the cheaper, with some reluctance to change. While
//! look-ups are the way, new subflows are found by events, by the kernel's own count of each connection's subflows (which
//! includes one whose SYN nobody has answered yet, and needs no privilege), and by a dump every 5 s. A count that does not
//! add up has a dump follow in the same reading, at most four at once and then one a second. Full samples and the first one
//! are dumps, and so is everything after an overrun until it is put right; `list` knows dumps only. The MPTCP sockets are
//! always dumped: there are few, and the list is complete.
//!
//! Channels are bounded, and so is what waits in them: 1,024 lines, and samples of about 10,000 connections. When nobody
//! reads the lines, no sample is taken, and the next one tells the changes of both intervals; events wait in the kernel's
//! buffer. A reading first lets the event thread finish what it has in hand. When the buffer overruns, the stream says
//! `events_lost`, a full sample follows (at most one a second), and the next
//! three samples tell, marked as inferred, what the comparison shows and the kernel did not tell; what it tells late is
//! not told twice.
//!
//! A Wi-Fi client's network is that of the access point that the last scans mark as its own, as `iw` has it: the interface
//! itself tells none on most kernels, or one that is only looked for. These results are asked for when the association is
//! another, never each sample. `scripts/wifi` holds what is read against `iw`.
//!
//! Events are inferred, too, where the kernel tells nobody: without `CAP_NET_ADMIN`; changes of endpoints, limits, settings
//! and access points; what this host asked of its own subflows (MP_PRIO), which the kernel tells to the peer only; and
//! that a connection goes on as plain TCP, with its beginning where it never was anything else.
//!
//! # What is remembered, and what is concluded from it
//!
//! [`history`] keeps points of 32 bytes, and no more than its memory: when that is used up, neighbours are merged into
//! stretches that say the same in sum, level by level. The newest minute of everything outlasts what is older, and the
//! connection in the centre outlasts the others. A picture that is held and what goes on behind it share the
//! memory, and the blocks of points that both have: holding it copies only what lies after a series' last full block.
//!
//! [`history::handover`] finds the moments in which data moved or had to wait, the fact first: data that should move and
//! does not, at the data level (`write_seq` ahead of `snd_una`; what came in and waits for what is missing before it), judged
//! at every sample, whether or not something changed in it. Then come the evidence, which path let nothing through
//! meanwhile, and last the cause, which only what happened within the stretch can give. A stretch belongs to one
//! handover; one that lasts is told while it does, and again at its end. A receive window that is closed, and data that
//! every path has brought and the peer does not acknowledge, are no fault of a path. What an application pauses for is its
//! own: no figure is told of what does not go beyond that, and an outage is never taken for usual. Who received cannot know
//! whether the peer had more to send; what had waited comes in at once afterwards. After a time
//! without samples nothing is claimed.
//!
//! A stretch is dated as the receiver saw it: news of a delivery takes half a round trip, a path that falls silent may have
//! delivered more than was heard of it, and what other paths still had to bring came after that. Between these bounds lies
//! the moment, and how far they are apart is the uncertainty that stands with every figure. `tests/truth` holds all this
//! against what the receiving application saw, in networks, traffic, roles and cuts of every kind; `tests/replay.rs` feeds
//! hundreds of its recorded rounds through the detector in seconds.
//!
//! The source itself looks at what carries data every 40 ms, and every 20 ms where something happens, by exact look-ups
//! (`source::live::attention`), at no more than 32 connections. As long as data flows nobody is told: the looks are kept back until
//! the next sample. When delivery stops, goes on or begins, those before and after are told, and after news of a path all
//! are for a second. Such a sample names the connections that it is [`only`](model::Sample::only) about, and wakes nobody.
//! So there is one stream for all its readers; `benches/burst.rs` measures what that costs.
//!
//! # Recordings
//!
//! A recording is the stream's own lines in frames of zstd, each with a mark before it ([`recording`]).
//! [`source::Recording`] reads one from any moment; what has no marks is first read into a file without a name that has
//! them, so there is one way to read. [`source::ReplaySource`] plays it to the window: taken to another time, its thread
//! makes a history from the last full sample before it, and gives that to the window behind a header among the lines; what
//! was before follows as soon as it is read. So the window never hurries through lines, and knows no difference but
//! [`source::Transport`], which a live source has not. A second thread reads the whole file for the strip, with the same
//! detector. `list` and `endpoints` read a moment by the same means.
//!
//! [`source::Recorder`] keeps the newest minutes of what the window shows as compressed frames, so that a recording begins
//! before somebody thought of it. `tests/one_path.rs` holds a stream against itself: live, read, sought, cut and written on.
//!
//! # What is passed on
//!
//! [`report`] reads a stream once and keeps bins, totals and what happened, each with a bound; what moved and what had to wait is
//! [`history`]'s own. The page is HTML from templates that are checked when this is compiled, with plots as SVG whose colours are
//! variables of the style sheet, so that one page is light, dark and on paper. It asks nobody for anything, and says so to the
//! browser. `docs/report.md` is the contract of its numbers and tables.
//!
//! What identifies somebody is said at the model's own structs ([`model::StandIns`]), which are taken apart in full there: a field
//! that is added does not compile until somebody has decided about it. [`recording::Anonymiser`] gives the stand-ins. Lines
//! are anonymised before anything else sees them, so that whatever is made of them cannot know the originals.
//!
//! # Permission
//!
//! Reading needs no privilege; the path manager's events, changes and closing a subflow need `CAP_NET_ADMIN`. Who has it
//! uses it. For everybody else there is the helper, a service on the system bus with that one capability under an account
//! of its own, which asks polkit about each call. [`bus`] is what both sides agree on: typed calls, none of which takes a
//! path or a command, and each of which carries the value that it means to replace. The event socket is handed over
//! joined: its events come straight from the kernel, outlive the service, and a change sent over it is refused, whoever
//! sends, since the kernel asks who opened it, too, and it was opened with no capability in effect.
//!
//! What comes in from callers goes through an inlet before the bus library sees it: messages that are too long are refused
//! by their header, and descriptors that no call takes are closed where nobody waits. Two things outlive a service that was
//! killed, in a folder below /run: whose the event sockets are, and the endpoint that was being changed.
//!
//! Where an administrator gave the helper's file the capability and a group, a member's program starts a helper of its
//! own: the same calls over a socket pair, with membership as the consent. It runs as the member and ends with the
//! socket. No other file ever has a capability, least of all the window's.
//!
//! On this side the `control` thread tries the direct way first and then the helper. A `permission` thread, only where
//! something is missing, takes what needs no person at once, and the rest when somebody says *Allow*. What may be seen
//! and done is told by the header, and by `access_changed` events after it. What was passed is looked at first: anything
//! but a generic netlink socket is refused. A service that is absent, dies, hangs or is replaced costs what it gave and
//! nothing else. A helper serves its own network namespace; who is in another is refused.
//!
//! # What lasts
//!
//! A change in the kernel is gone with a restart. An endpoint that NetworkManager owns is made anew, with the flags of
//! its connection, whenever that comes up. It marks nothing in the kernel: an endpoint is its own where it is bound to
//! a device on which a connection with MPTCP is in force. Paths says so, and offers to write what is so now into the
//! connection, under the user's own name; for everything else it offers the lines to keep. `packaging/stage` is the
//! list of what a package installs; SECURITY.md says what is trusted, by whom, and what stops an attacker.
//!
//! # Why a path is not used
//!
//! Routes, routing rules, neighbours, the state of addresses and of reverse-path filters, and a few counters of IP and TCP
//! come with the stream, each only when it changed: routes and rules are listed again when rtnetlink told of a change,
//! more than 2,048 routes are not told at all. [`doctor`] judges by what the stream holds and asks the kernel nothing, so
//! a recording of a fault gives the same findings as the fault. It looks ways up in the rules and routes as the kernel
//! does; what the kernel only assumes (that a peer is on the link of a bound socket which has no route) it holds against
//! the neighbours. A rule says what it explains, and later ones leave that alone: one cause is one finding. Commands are
//! worked out for this machine; where nothing tells the router of a link, it is the one with the same place in its network
//! as that of another link.
//!
//! # The laboratory
//!
//! [`lab`] runs in a child process whose threads unshare network namespaces that have no name and no mount, so that
//! nothing is left to tidy away when it dies, however it dies. A link is a third namespace with a forwarder that
//! queues, delays and drops frames: it needs no `sch_netem`. As a normal user the *parent* moves into a user
//! namespace first, with its own uid mapped to itself, so that files, D-Bus and the display go on working.
//!
//! What a laboratory shows is a [`Scenario`](lab::Scenario), which is data: links, how connections come to use them,
//! applications and their traffic, and what happens to the links when, again and again. A person who touches a link
//! takes it over. An application is a process with its own name; one that has many connections keeps them all in one
//! thread, and opens them at a pace that the links can take, so that thousands are up in seconds. No scenario knows
//! who watches: the tests read what each is named for from the same stream as the window.
//!
//! # Other kernels
//!
//! What the kernel tells and takes differs from one to the next, so the tests that ask it are run on several: `make
//! kernels` boots Debian's in guests under emulation, copies the test programs in and runs them there. `tests/kernels`
//! holds what makes a guest, `tests/every_kernel.rs` what no other test asks. Such a guest is five to ten times slower
//! than the machine: nothing that is run in it may judge by time alone.
//!
//! # The window
//!
//! A panel is a function of its own small state and a read-only view, and returns the commands it wants. What rows to
//! show and where things lie is plain code with plain tests. `ui/kit` knows nothing of MPTCP: time and value axes, rows that
//! measure themselves, buttons, chips and badges. `ui/plots` and `ui/map` are shown by the connection and by present mode.
//! The plots stand on egui_plot (axes, grid, bounds, gestures); what they show are drawings of our own, because an opaque
//! stack, dashes that stay still and markers through all plots are none of its items. A plot is an entry of a list: its
//! title, unit, kind and how its value is found. *Any metric* plots every other row of [`metrics`] from the moment somebody
//! chooses it. The table's columns are data, too: one for each row, and one definition for what is found here.
//!
//! Present mode is the map and the first of the plots again, with other sizes: one factor from the window's height
//! scales everything. Its keys act on the laboratory. The next scenario is started beside the one that runs, on a
//! thread; once it is up, its source and its links take their places at once, and what is left of the old one ends on
//! a thread of its own.
//!
//! Rates are means over the last second, and go the way in which a connection moves more of late; a choice for all
//! overrides that.
//!
//! What the window remembers (size, theme, reduced motion, interval, direction, columns, the interfaces' colours) is one struct in one
//! JSON file below `XDG_CONFIG_HOME`. It is written on a thread of its own once a change has rested for a second, and
//! when the window closes, always as a whole file that takes the place of the old one. A broken file is set aside and
//! said so; what a newer version wrote is kept. A picture is taken without it.
//!
//! A handover is told in every panel: as a badge at its connection, a band through its plots, a number in the strip of
//! the session, lines among the events; each leads to its moment in the others. `desktop` tells it in a sentence to who
//! does not see the window: the worst of what belongs together, all connections to which the same happened in one, never
//! more than one in 5 s. It goes over a bounded channel to a thread of its own, one message a moment however many
//! connections it concerns; when that is full, because the daemon does not answer, the news is dropped. The tray's item
//! shows the newest state only, so its channel has room for one ring of a bell; if the tray goes while the window is in
//! it, the window comes back.
//!
//! While the window is covered or minimised nothing is painted, but the stream is read on: no history is lost, and a
//! signal still closes it.
//!
//! What a frame costs does not depend on how long the history is. Points are brought onto bins at whole multiples of a
//! width, each point is read once, and a line of more points than pixels is painted as the band that it covers. The
//! list is put in order once a sample; of a thousand rows only those in view are made.
//!
//! A frame is painted when somebody acts and when a line comes: one frame a line, at once, because the time axis moves
//! with every sample and so do ages. Between lines only the dots of the path map move, and a path that is gone fades:
//! at most 30 frames a second, while data flows in a map that is visible. Such a frame finds what it shows where the
//! frame before left it, as long as [`History::revision`](history::History::revision) is the same. A picture that is
//! frozen, a source that says nothing and a wish for reduced motion cost no frame; nor does a hidden window. The
//! source is opened while the window is made, so that the first frame does not wait for one after the other; what takes
//! longer, as a laboratory with thousands of connections does, is shown with how far it is. What a person or a service has
//! not answered within a second is said in the status line.
//! `tests/snapshots` holds a picture of every panel; `benches/frame.rs` and `benches/window.rs` measure all this.

pub mod cli;
#[cfg(feature = "gui")]
pub mod desktop;
pub mod doctor;
pub mod filter;
pub mod history;
pub mod lab;
pub mod palette;
pub mod recording;
pub mod report;
pub mod run;
pub mod source;
#[cfg(feature = "gui")]
pub mod ui;
pub mod words;

pub use pathscope_core::{bus, kernel, log, metrics, model, wire};
