//! The fuzz targets without a fuzzer: every file of the corpus and every captured message, as they are and mutated, and
//! noise. `make fuzz` looks for more.
#![cfg(target_endian = "little")]
#![allow(missing_docs)]

#[path = "../fuzz/src/lib.rs"]
#[allow(
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "any number will do for an argument, and what is asserted may panic"
)]
mod targets;
#[path = "wire_support/mod.rs"]
mod wire_support;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, panic};

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use targets::TARGETS;

/// The most that the corpus may measure, bytes.
const MOST: usize = 1 << 20;

/// The files in a target's folder, by name.
fn corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files
        .map(|file| {
            let path = file.expect("a file").path();
            (
                path.display().to_string(),
                fs::read(&path).expect("a file that can be read"),
            )
        })
        .collect()
}

#[test]
fn every_target_has_a_corpus_and_nothing_else_has() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<_> = fs::read_dir(folder)
        .expect("the corpus")
        .map(|folder| {
            folder
                .expect("a folder")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| cfg!(feature = "gui") || name != "settings")
        .collect();
    folders.sort();
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(folders, names);
    let mut size = 0;
    for name in names {
        let files = corpus(name);
        assert!(!files.is_empty(), "{name}");
        size += files.values().map(Vec::len).sum::<usize>();
    }
    assert!(
        size <= MOST,
        "{size} bytes are too much to keep: see scripts/fuzz"
    );
}

#[test]
fn the_corpus_is_replayed() {
    for (name, exercise) in TARGETS {
        for (path, bytes) in corpus(name) {
            let outcome = panic::catch_unwind(|| exercise(&bytes));
            assert!(outcome.is_ok(), "the input is {path}");
        }
    }
}

#[test]
fn captured_messages_are_replayed() {
    for message in wire_support::NAMES {
        let bytes = wire_support::bytes(message);
        let payload = wire_support::payload(message);
        for (name, exercise) in TARGETS {
            exercise(if *name == "netlink" { &bytes } else { &payload });
        }
    }
}

/// A change of a file: bytes, a length at the head of an attribute, the end, or another file from there on.
#[derive(Clone, Debug)]
enum Change {
    Byte(Index, u8),
    Length(Index, u16),
    End(Index),
    Splice(Index, Vec<u8>, Index),
}

impl Change {
    fn any(files: &[Vec<u8>]) -> impl Strategy<Value = Self> + use<> {
        let lengths = prop_oneof![0_u16..8, any::<u16>(), Just(u16::MAX)];
        prop_oneof![
            4 => any::<(Index, u8)>().prop_map(|(place, value)| Self::Byte(place, value)),
            2 => (any::<Index>(), lengths).prop_map(|(place, value)| Self::Length(place, value)),
            1 => any::<Index>().prop_map(Self::End),
            1 => (any::<Index>(), select(files.to_vec()), any::<Index>())
                .prop_map(|(place, other, from)| Self::Splice(place, other, from)),
        ]
    }

    fn make(self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Self::Byte(place, value) => {
                if let Some(byte) = length
                    .checked_sub(1)
                    .and_then(|_| bytes.get_mut(place.index(length)))
                {
                    *byte = value;
                }
            }
            Self::Length(place, value) => {
                let place = place.index(length / 4 + 1) * 4;
                if let Some(slot) = bytes.get_mut(place..place + 2) {
                    slot.copy_from_slice(&value.to_ne_bytes());
                }
            }
            Self::End(place) => bytes.truncate(place.index(length + 1)),
            Self::Splice(place, other, from) => {
                bytes.truncate(place.index(length + 1));
                bytes.extend(other.into_iter().skip(from.index(length + 1)));
            }
        }
    }
}

#[test]
fn noise_and_mutated_files_do_no_harm() {
    for (name, exercise) in TARGETS {
        let files: Vec<Vec<u8>> = corpus(name).into_values().collect();
        let mutated =
            (select(files.clone()), vec(Change::any(&files), 1..12)).prop_map(|(mut bytes, changes)| {
                for change in changes {
                    change.make(&mut bytes);
                }
                bytes
            });
        let input = prop_oneof![1 => vec(any::<u8>(), 0..400), 3 => mutated];
        let mut runner = TestRunner::new(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(8000)
        });
        let outcome = runner.run(&input, |bytes| {
            exercise(&bytes);
            Ok(())
        });
        if let Err(error) = outcome {
            panic!("{name}: {error}");
        }
    }
}
