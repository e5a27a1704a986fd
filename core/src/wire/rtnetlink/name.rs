//! Names of interfaces as text.
//!
//! The kernel takes any bytes for a name but `/`, `:`, white space and `%`, which it keeps for patterns such as `eth%d`
//! (net/core/dev.c, `dev_valid_name` and `dev_prep_valid_name`). So a byte that is no UTF-8 is written as `%` and two
//! hexadecimal digits: `caf%e9`. No other interface can be called that, and whoever is told that name can give it back.

/// A name as text, whatever its bytes.
pub fn name_from_bytes(bytes: &[u8]) -> String {
    let mut name = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        name += chunk.valid();
        for byte in chunk.invalid() {
            name += &format!("%{byte:02x}");
        }
    }
    name
}

/// The bytes of a name that was written as text. A `%` without two digits stays as it is: no interface has that name.
pub fn name_to_bytes(name: &str) -> Vec<u8> {
    let mut rest = name.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((first, after)) = rest.split_first() {
        match after.split_first_chunk() {
            Some((digits, behind)) if *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit) => {
                let digit = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
                let [high, low] = digits.map(digit);
                bytes.extend(u8::try_from(high << 4 | low));
                rest = behind;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn what_is_no_utf8_can_be_given_back() {
        assert_eq!(name_from_bytes(b"caf\xe9"), "caf%e9");
        assert_eq!(name_from_bytes("Büro".as_bytes()), "Büro");
        assert_eq!(name_to_bytes("caf%E9"), b"caf\xe9");
        assert_eq!(name_to_bytes("eth%d"), b"eth%d");
        assert_eq!(name_to_bytes("x%"), b"x%");
    }

    proptest! {
        #[test]
        fn a_name_is_the_same_there_and_back(bytes in any::<Vec<u8>>()) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b'%').collect();
            let name = name_from_bytes(&bytes);
            prop_assert_eq!(name_to_bytes(&name), bytes);
        }
    }
}
