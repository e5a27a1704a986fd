//! A line of `watch --control`.

use pathscope::cli::request;
use serde_json::{Value, json};

/// Reads the bytes as a line.
pub fn exercise(data: &[u8]) {
    let line = String::from_utf8_lossy(data);
    let request_of = |value: &Value| request(&value.to_string());
    let asked = match request(&line) {
        Ok(asked) => asked,
        Err(outcome) => {
            assert!(!outcome.ok && outcome.asked.is_none());
            assert!(
                outcome
                    .message
                    .is_some_and(|message| message.starts_with("not understood: "))
            );
            return;
        }
    };
    assert!(
        asked.by == "stdin" && asked.believed.is_none(),
        "a line says neither who asks nor what was"
    );
    let mut value = serde_json::to_value(&asked.command).expect("a command is JSON");
    let again = request_of(&value).expect("what is written can be read");
    assert_eq!((&again.command, again.reference), (&asked.command, None));
    value["ref"] = json!(asked.reference);
    let again = request_of(&value).expect("a reference is no field of a command");
    assert_eq!(again.command, asked.command);
    assert!(asked.reference.is_none() || again.reference == asked.reference);
    value["surplus"] = json!(true);
    let outcome = request_of(&value).expect_err("a field that no command has");
    assert_eq!(
        outcome.reference, again.reference,
        "even a refusal names what it answers"
    );
}
