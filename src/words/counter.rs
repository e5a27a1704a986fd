//! The kernel's MPTcpExt counters: what each counts (net/mptcp/mib.c; the terms are those of RFC 8684).

/// What a counter counts; `None` for one that this version does not know.
pub fn meaning(name: &str) -> Option<&'static str> {
    MEANINGS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, meaning)| *meaning)
}

/// Whether a counter goes up and down: it tells how many there are now.
pub fn is_gauge(name: &str) -> bool {
    MEANINGS
        .iter()
        .any(|(known, _)| *known == name && *known == CURRENT_CONNECTIONS)
}

const CURRENT_CONNECTIONS: &str = "MPCurrEstab";

/// In the kernel's order.
const MEANINGS: [(&str, &str); 77] = [
    ("MPCapableSYNRX", "requests for MPTCP that came in"),
    ("MPCapableSYNTX", "requests for MPTCP that were sent"),
    ("MPCapableSYNACKRX", "requests that the peer granted"),
    ("MPCapableACKRX", "connections that came in and were confirmed"),
    (
        "MPCapableFallbackACK",
        "fell back: the peer's third packet had no MPTCP",
    ),
    (
        "MPCapableFallbackSYNACK",
        "fell back: the peer's answer had no MPTCP",
    ),
    (
        "MPCapableSYNTXDrop",
        "fell back: requests with MPTCP went unanswered",
    ),
    (
        "MPCapableSYNTXDisabled",
        "made without MPTCP, after others went unanswered",
    ),
    (
        "MPCapableEndpAttempt",
        "connections that were asked for at an announced port",
    ),
    ("MPFallbackTokenInit", "fell back: no token was to be had"),
    ("MPTCPRetrans", "pieces of data sent again on another subflow"),
    (
        "MPJoinNoTokenFound",
        "joins that came in for a connection that is not here",
    ),
    ("MPJoinSynRx", "joins that came in"),
    ("MPJoinSynBackupRx", "joins that came in, as backup"),
    ("MPJoinSynAckRx", "joins that the peer answered"),
    ("MPJoinSynAckBackupRx", "joins that the peer answered, as backup"),
    (
        "MPJoinSynAckHMacFailure",
        "answers to a join that did not authenticate",
    ),
    ("MPJoinAckRx", "joins that came in and were confirmed"),
    (
        "MPJoinAckHMacFailure",
        "joins that came in and did not authenticate",
    ),
    (
        "MPJoinRejected",
        "joins that came in and were refused: the limit, or the path manager",
    ),
    ("MPJoinSynTx", "joins that were tried"),
    (
        "MPJoinSynTxCreatSkErr",
        "joins that failed: no socket was to be had",
    ),
    (
        "MPJoinSynTxBindErr",
        "joins that failed: the address or device cannot be used",
    ),
    ("MPJoinSynTxConnectErr", "joins that failed: no route, or no link"),
    ("DSSNotMatching", "mappings that contradict one before"),
    (
        "DSSCorruptionFallback",
        "fell back: a mapping was corrupt, on the only subflow",
    ),
    (
        "DSSCorruptionReset",
        "subflows that were reset: a mapping was corrupt",
    ),
    ("InfiniteMapTx", "infinite mappings that were sent (fallback)"),
    ("InfiniteMapRx", "infinite mappings that came in (fallback)"),
    ("DSSNoMatchTCP", "mappings that do not fit TCP's sequence"),
    ("DataCsumErr", "checksums that were wrong"),
    ("OFOQueueTail", "pieces put at the end of what waits for order"),
    ("OFOQueue", "pieces put among what waits for order"),
    ("OFOMerge", "pieces merged with what waits for order"),
    ("NoDSSInWindow", "pieces outside of the receive window"),
    ("DuplicateData", "pieces that were there already"),
    ("AddAddr", "addresses that the peer announced"),
    ("AddAddrTx", "addresses that were announced"),
    (
        "AddAddrTxDrop",
        "announcements that were not sent: no room in a packet",
    ),
    ("EchoAdd", "announcements that the peer confirmed"),
    ("EchoAddTx", "confirmations of announcements that were sent"),
    (
        "EchoAddTxDrop",
        "confirmations that were not sent: no room in a packet",
    ),
    ("PortAdd", "addresses with a port that the peer announced"),
    ("AddAddrDrop", "announcements that were not taken"),
    ("MPJoinPortSynRx", "joins that came in at an announced port"),
    (
        "MPJoinPortSynAckRx",
        "joins at the peer's announced port that it answered",
    ),
    (
        "MPJoinPortAckRx",
        "joins at an announced port that were confirmed",
    ),
    ("MismatchPortSynRx", "joins that came in at a wrong port"),
    ("MismatchPortAckRx", "confirmations that came in at a wrong port"),
    ("RmAddr", "addresses that the peer withdrew"),
    ("RmAddrDrop", "withdrawals that were not taken: too many at once"),
    ("RmAddrTx", "addresses that were withdrawn"),
    (
        "RmAddrTxDrop",
        "withdrawals that were not sent: no room in a packet",
    ),
    ("RmSubflow", "subflows closed because an address was withdrawn"),
    ("MPPrioTx", "changes of priority that were asked for"),
    ("MPPrioRx", "changes of priority that the peer asked for"),
    ("MPFailTx", "reports of a wrong checksum that were sent"),
    ("MPFailRx", "reports of a wrong checksum that came in"),
    ("MPFastcloseTx", "connections that were aborted here"),
    ("MPFastcloseRx", "connections that the peer aborted"),
    ("MPRstTx", "subflows that were reset here"),
    ("MPRstRx", "subflows that the peer reset"),
    ("RcvPruned", "pieces thrown away: the receive buffer was full"),
    (
        "SubflowStale",
        "subflows that fell silent, so that others carried on",
    ),
    ("SubflowRecover", "subflows that were heard again"),
    ("SndWndShared", "windows that one subflow took from another"),
    (
        "RcvWndShared",
        "receive windows brought up to that of another subflow",
    ),
    (
        "RcvWndConflictUpdate",
        "receive windows that two subflows set at once",
    ),
    ("RcvWndConflict", "receive windows set at once, given up"),
    (CURRENT_CONNECTIONS, "connections that are established now"),
    (
        "Blackhole",
        "times that MPTCP was put off for a while: something on the way drops it",
    ),
    ("MPCapableDataFallback", "fell back: the first data had no MPTCP"),
    ("MD5SigFallback", "fell back: TCP's MD5 signature is in use"),
    ("DssFallback", "fell back: data came without a mapping"),
    ("SimultConnectFallback", "fell back: both sides connected at once"),
    ("FallbackFailed", "fallbacks that were not possible any more"),
    ("WinProbe", "probes of a window that is closed"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_counter_has_a_meaning_and_an_unknown_one_has_none() {
        assert_eq!(meaning("MPJoinSynTx"), Some("joins that were tried"));
        assert_eq!(meaning("Frobnicated"), None);
        assert!(is_gauge("MPCurrEstab") && !is_gauge("MPJoinSynTx"));
        let names: BTreeSet<&str> = MEANINGS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), MEANINGS.len(), "each once");
    }
}
