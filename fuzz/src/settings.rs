//! The file that the window remembers its settings in.

use pathscope::ui::settings_rewritten;
use serde_json::Value;

/// The numbers that are bounded: where they are, the least, the most, and whether they may be absent.
const BOUNDED: [(&str, f64, f64, bool); 5] = [
    ("/window/width", 800.0, 16_384.0, false),
    ("/window/height", 500.0, 16_384.0, false),
    ("/zoom", 0.5, 3.0, false),
    ("/list_width", 240.0, 480.0, false),
    ("/interval_ms", 50.0, 5000.0, true),
];

/// Reads the bytes as such a file, and what is written after that once more.
pub fn exercise(data: &[u8]) {
    let Some(written) = settings_rewritten(data) else {
        return;
    };
    let value: Value = serde_json::from_slice(&written).expect("JSON");
    for (place, least, most, may_be_absent) in BOUNDED {
        match value.pointer(place).expect(place) {
            Value::Null => assert!(may_be_absent, "{place} is absent"),
            number => {
                let number = number.as_f64().expect(place);
                assert!((least..=most).contains(&number), "{place} is {number}");
            }
        }
    }
    let again = settings_rewritten(&written).expect("what is written can be read");
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&written));
}
