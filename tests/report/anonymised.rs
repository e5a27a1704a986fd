//! What is anonymised tells the same story, and of nobody.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{filled, handover, json, pathscope, report};

/// Whatever is made of an anonymised stream, as bytes: the copy's lines, the page, the tables, the numbers, the lines for people.
fn anonymised(file: &Path, folder: &Path) -> Vec<(String, Vec<u8>)> {
    let copy = folder.join("copy.pathscope");
    let output = pathscope(["anonymise".as_ref(), file.as_os_str(), copy.as_os_str()]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("What remains as it was"), "{said}");
    let copied = zstd::decode_all(fs::File::open(&copy).unwrap()).unwrap();
    let mut results = vec![("the copy".to_owned(), copied)];
    let tables = folder.join("tables");
    for (from, arguments) in [(file, &["--anonymise"][..]), (&copy, &[])] {
        let of = |more: &[&str]| {
            let output = report(from, &[more, arguments].concat());
            assert!(output.status.success(), "{output:?}");
            output.stdout
        };
        results.push(("the page".to_owned(), of(&["--html", "-"])));
        results.push(("the numbers".to_owned(), of(&["--json"])));
        results.push(("the lines".to_owned(), of(&[])));
        of(&["--csv", tables.to_str().unwrap()]);
        for entry in fs::read_dir(&tables).unwrap() {
            let path = entry.unwrap().path();
            results.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    results
}

#[test]
fn an_anonymised_stream_has_no_name_and_no_address_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}.jsonl", filled::FILE));
    let stream = filled::stream(str::to_owned);
    // What is not understood is not repeated.
    let broken = "{\"kind\":\"event\",\"t\":2.0,\"event\":\"lenas_own_event\",\"source\":\"kernel\"}\n";
    fs::write(&file, stream.clone() + broken).unwrap();
    let mut originals = filled::originals(&stream);
    originals.insert("lenas_own_event".to_owned());
    assert!(originals.len() > 40, "{originals:?}");
    for (what, bytes) in anonymised(&file, folder.path()) {
        let text = String::from_utf8(bytes).unwrap().to_lowercase();
        assert!(text.len() > 50, "{what}");
        for original in &originals {
            assert!(!text.contains(&original.to_lowercase()), "{original} in {what}");
        }
    }
    // A report of the real one has them: the search would find them.
    let real = String::from_utf8(report(&file, &["--html", "-"]).stdout).unwrap();
    let found = originals
        .iter()
        .filter(|original| real.contains(original.as_str()))
        .count();
    assert!(found > 10, "{found}");
}

#[test]
fn an_anonymised_stream_tells_the_same_story() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.pathscope");
    let output = pathscope(["anonymise".as_ref(), handover().as_os_str(), copy.as_os_str()]);
    assert!(output.status.success(), "{output:?}");
    let (real, copied) = (json(&handover(), &[]), json(&copy, &[]));
    assert_eq!(real["figures"], copied["figures"]);
    assert_eq!(copied["recording"]["anonymised"], true);
    assert!(copied["recording"]["file"].is_null());
    assert_ne!(
        real["connections"][0]["remote"],
        copied["connections"][0]["remote"]
    );
    let times = |told: &Value| -> Vec<Value> {
        let all = told["handovers"].as_array().unwrap();
        all.iter()
            .map(|one| serde_json::json!([one["t"], one["cause"], one["interruption_ms"]]))
            .collect()
    };
    assert_eq!(times(&real), times(&copied));
    let refused = pathscope(["anonymise".as_ref(), handover().as_os_str(), copy.as_os_str()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("not overwritten"),
        "{refused:?}"
    );
}
