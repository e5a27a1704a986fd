//! Netlink messages and attributes: their walks and the outcome of a request.

use pathscope::wire::attribute::Attributes;
use pathscope::wire::netlink::{Message, Messages, NLM_F_REQUEST, Request, parse_outcome};

use super::{made, payload, place};

/// Walks the bytes as messages and as attributes.
pub fn exercise(data: &[u8]) {
    let mut end: usize = 0;
    let mut walk = Messages(data);
    while let Some(message) = walk.next() {
        let Ok(message) = message else {
            assert_eq!(walk.next(), None, "the walk ends at a broken message");
            break;
        };
        let start = place(data, message.payload);
        assert!(start >= end.next_multiple_of(4) + 16, "messages overlap");
        end = start + message.payload.len();
        assert!(end <= data.len(), "a message past the end");
        made_anew(&message);
        outcome(&message);
        attributes(message.payload, 3);
    }
    attributes(data, 3);
}

fn made_anew(message: &Message<'_>) {
    let request = Request::new(message.kind, message.flags, message.sequence)
        .put(message.payload)
        .finish();
    let anew = Messages(&request)
        .next()
        .expect("a message")
        .expect("a whole one");
    assert_eq!(
        (anew.kind, anew.sequence, anew.port),
        (message.kind, message.sequence, 0)
    );
    assert_eq!(anew.flags, message.flags | NLM_F_REQUEST);
    let (value, padding) = payload(&request).split_at(message.payload.len());
    assert_eq!(value, message.payload);
    assert!(padding.len() < 4 && padding.iter().all(|byte| *byte == 0));
}

fn outcome(message: &Message<'_>) {
    let Ok(outcome) = parse_outcome(message) else {
        assert!(message.payload.len() < 4, "it holds a code");
        return;
    };
    assert!(outcome.errno >= 0);
    if let Some(text) = outcome.text {
        let mut held = message.payload.windows(text.len() + 1);
        let mut terminated = text.into_bytes();
        terminated.push(0);
        assert!(
            held.any(|bytes| bytes == terminated),
            "words that the message does not hold"
        );
    }
}

/// Walks attributes, and those in each as far down as `depth`.
fn attributes(data: &[u8], depth: usize) {
    let mut end: usize = 0;
    for attribute in Attributes(data) {
        let value = attribute.payload;
        let start = place(data, value);
        assert!(start >= end.next_multiple_of(4) + 4, "attributes overlap");
        end = start + value.len();
        assert!(end <= data.len(), "an attribute past the end");
        assert!(attribute.kind < 1 << 14, "flags are no part of the kind");
        assert_eq!(attribute.u8().is_some(), !value.is_empty());
        assert_eq!(attribute.u16().is_some(), value.len() >= 2);
        assert_eq!(attribute.u16().map(u16::swap_bytes), attribute.be16());
        assert_eq!(attribute.u32().is_some(), value.len() >= 4);
        assert_eq!(attribute.u32().map(u32::cast_signed), attribute.i32());
        assert_eq!(attribute.u64().is_some(), value.len() >= 8);
        if let Some(text) = attribute.string() {
            assert!(value.starts_with(text.as_bytes()) && !text.contains('\0'));
            assert_eq!(value.get(text.len()), Some(&0), "a string is whole");
        }
        if depth > 0 {
            attributes(value, depth - 1);
        }
    }
    let anew = made(|request| {
        Attributes(data).fold(request, |request, attribute| {
            request.attribute(attribute.kind, attribute.payload)
        })
    });
    assert!(
        Attributes(&anew).eq(Attributes(data)),
        "made anew they read otherwise"
    );
}
