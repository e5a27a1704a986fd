//! The tables against what the kernel's structs are known to be.

use std::collections::BTreeSet;

use super::*;

const KNOWN: Context = Context {
    is_before_linux_7: true,
    is_answered: true,
    is_measured: true,
};

/// The bits that a place takes.
fn bits(place: Location) -> impl Iterator<Item = (usize, u32)> {
    let bytes = place.mask().into_iter().take(place.width);
    (place.offset..).zip(bytes).flat_map(|(at, mask)| {
        (0..8_u32)
            .filter(move |bit| mask >> bit & 1 == 1)
            .map(move |bit| (at, bit))
    })
}

/// Asserts that no bit is read twice, that numbers are aligned, and where the last one ends.
fn check_places(fields: &[Field], others: &[Location], size: usize) {
    let mut taken = BTreeSet::new();
    for place in fields
        .iter()
        .map(|field| field.place)
        .chain(others.iter().copied())
    {
        for bit in bits(place) {
            assert!(taken.insert(bit), "{place:?} overlaps another at {bit:?}");
        }
        assert_eq!(place.offset % place.width, 0, "{place:?} is not aligned");
    }
    let end = |place: Location| place.offset + place.width;
    let last = fields
        .iter()
        .map(|field| field.place)
        .chain(others.iter().copied());
    assert_eq!(last.map(end).max(), Some(size), "the end of the struct");
}

#[test]
fn the_places_do_not_overlap() {
    check_places(tcp_info::FIELDS, &tcp_info::NOT_READ, tcp_info::SIZE);
    check_places(mptcp_info::FIELDS, &[mptcp_info::TOKEN], mptcp_info::SIZE);
}

#[test]
fn names_titles_and_meanings_are_written_once() {
    for fields in [tcp_info::FIELDS, mptcp_info::FIELDS] {
        let texts: [fn(&Field) -> &str; 4] = [
            |field| field.name,
            |field| field.kernel_name,
            |field| field.title,
            |field| field.meaning,
        ];
        for text in texts {
            let different: BTreeSet<&str> = fields.iter().map(text).collect();
            assert_eq!(different.len(), fields.len(), "{different:?}");
        }
        for field in fields {
            let ends = |end| field.name.ends_with(end);
            assert_eq!(ends("_us"), field.unit == Unit::Microseconds, "{}", field.name);
            assert_eq!(ends("_ms"), field.unit == Unit::Milliseconds, "{}", field.name);
            assert_eq!(ends("_bps"), field.unit == Unit::BitsPerSecond, "{}", field.name);
            assert!(field.meaning.ends_with('.'), "{}", field.meaning);
        }
    }
}

#[test]
fn what_the_struct_is_too_short_for_is_absent() {
    for field in tcp_info::FIELDS.iter().chain(mptcp_info::FIELDS) {
        let mut bytes = vec![0; field.place.needs()];
        let value = 6 & field.place.all_ones();
        for (byte, part) in bytes
            .iter_mut()
            .skip(field.place.offset)
            .zip(field.place.bytes_of(value))
        {
            *byte = part;
        }
        let whole = tcp_info::TcpInfo::new(&bytes);
        assert_eq!(whole.get(field.place), Some(value), "{}", field.name);
        assert_eq!(whole, tcp_info::TcpInfo::default().with(field.place, value));
        bytes.pop();
        assert_eq!(
            tcp_info::TcpInfo::new(&bytes).get(field.place),
            None,
            "{}",
            field.name
        );
    }
}

#[test]
fn a_longer_struct_of_a_newer_kernel_is_read_as_far_as_it_is_known() {
    let bytes = [7; tcp_info::SIZE + 32];
    let info = tcp_info::TcpInfo::new(&bytes);
    assert_eq!(info.bytes().len(), tcp_info::SIZE);
    assert_eq!(info.get(tcp_info::tcpi_backoff), Some(7));
}

#[test]
fn what_the_kernel_does_not_know_yet_is_absent() {
    let field = |name: &str| {
        tcp_info::FIELDS
            .iter()
            .find(|field| field.name == name)
            .expect("a field")
    };
    let read = |name: &str, value: u64, context: Context| {
        let field = field(name);
        let info = tcp_info::TcpInfo::default().with(field.place, value);
        field.read(info.bytes(), context)
    };
    let asked = Context {
        is_answered: false,
        ..KNOWN
    };
    let unmeasured = Context {
        is_measured: false,
        ..KNOWN
    };
    assert_eq!(
        (read("cwnd", 10, KNOWN), read("cwnd", 10, asked)),
        (Some(10), None)
    );
    assert_eq!(
        (read("rtt_us", 9, KNOWN), read("rtt_us", 0, unmeasured)),
        (Some(9), None)
    );
    assert_eq!(read("min_rtt_us", u32::MAX.into(), KNOWN), None);
    assert_eq!(read("ssthresh", 0x7fff_ffff, KNOWN), None);
    assert_eq!(read("pacing_rate_bps", u64::MAX, KNOWN), None);
    assert_eq!(read("delivery_rate_bps", 0, KNOWN), None);
    assert_eq!(read("delivery_rate_bps", 1000, KNOWN), Some(8000));
    assert_eq!(read("lost", 0, asked), Some(0));
    let newer = Context {
        is_before_linux_7: false,
        ..KNOWN
    };
    assert_eq!(
        (
            read("accecn_opt_seen", 1, KNOWN),
            read("accecn_opt_seen", 1, newer)
        ),
        (Some(1), None)
    );
}

#[test]
fn bit_fields_share_a_byte() {
    let (low, high) = (Location::bit_field(0, 0, 4), Location::bit_field(0, 4, 4));
    let info = Info::<8>::default().with(low, 7).with(high, 11);
    assert_eq!((info.get(low), info.get(high)), (Some(7), Some(11)));
    let changed = info.with(low, 2);
    assert_eq!((changed.get(low), changed.get(high)), (Some(2), Some(11)));
    let flags = Info::<8>::default().with(Location::word(0), 0b10);
    assert_eq!(flags.get(Location::flag(0, 1)), Some(1));
    assert_eq!(flags.get(Location::flag(0, 0)), Some(0));
}

#[test]
fn the_clock_alone_is_no_news() {
    let news = |place: Location| {
        let words: Vec<u64> = tcp_info::TcpInfo::default()
            .with(place, place.all_ones())
            .words(&tcp_info::NEWS)
            .collect();
        let (_length, words) = words.split_last().expect("words");
        words.iter().any(|word| *word != 0)
    };
    let print = |info: tcp_info::TcpInfo| info.fingerprint(&tcp_info::NEWS);
    let whole = tcp_info::TcpInfo::new(&[0; tcp_info::SIZE]);
    for field in tcp_info::FIELDS {
        let is_news = !field.kind.grows_with_the_clock();
        assert_eq!(news(field.place), is_news, "{}", field.name);
        let other = print(whole.with(field.place, 1)) != print(whole);
        assert_eq!(other, is_news, "{}", field.name);
    }
    assert_eq!(tcp_info::SINCE.len(), 3);
}
