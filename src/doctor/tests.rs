//! Rules on facts that were put together by hand.
