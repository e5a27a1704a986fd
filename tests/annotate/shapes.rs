//! The fields of each kind of message, in order, with the kernel's names.

use super::{Shape, Value};
use Value::{Be16, Ip, Ip4, Ip6, Nest, NextHops, Struct, Text, U8, U16, U32, U64, Unread};

/// Length, name and reading of each field.
pub type Fields = &'static [(usize, &'static str, Value)];
/// Number, name and reading of each attribute.
pub type Attributes = &'static [(u16, &'static str, Value)];

pub fn of(shape: Shape) -> (&'static str, Fields, Attributes) {
    match shape {
        Shape::Mptcp => ("struct inet_diag_msg", INET_DIAG_MSG, MPTCP_ATTRIBUTES),
        Shape::Tcp => ("struct inet_diag_msg", INET_DIAG_MSG, TCP_ATTRIBUTES),
        Shape::Endpoint => ("struct genlmsghdr", GENLMSGHDR, ENDPOINT_ATTRIBUTES),
        Shape::Limits => ("struct genlmsghdr", GENLMSGHDR, LIMITS_ATTRIBUTES),
        Shape::Event => ("struct genlmsghdr", GENLMSGHDR, EVENT_ATTRIBUTES),
        Shape::Family => ("struct genlmsghdr", GENLMSGHDR, FAMILY_ATTRIBUTES),
        Shape::Speed => ("struct genlmsghdr", GENLMSGHDR, SPEED_ATTRIBUTES),
        Shape::Wireless | Shape::Station | Shape::Bss => {
            ("struct genlmsghdr", GENLMSGHDR, NL80211_ATTRIBUTES)
        }
        Shape::Link => ("struct ifinfomsg", IFINFOMSG, LINK_ATTRIBUTES),
        Shape::Address => ("struct ifaddrmsg", IFADDRMSG, ADDRESS_ATTRIBUTES),
        Shape::Route => ("struct rtmsg", RTMSG, ROUTE_ATTRIBUTES),
        Shape::Error => ("struct nlmsgerr", NLMSGERR, ERROR_ATTRIBUTES),
        Shape::Done => ("the outcome", &[(4, "error", U32)], &[]),
    }
}

pub const NLMSGHDR: Fields = &[
    (4, "nlmsg_len", U32),
    (2, "nlmsg_type", U16),
    (2, "nlmsg_flags", U16),
    (4, "nlmsg_seq", U32),
    (4, "nlmsg_pid", U32),
];
const GENLMSGHDR: Fields = &[(1, "cmd", U8), (1, "version", U8), (2, "reserved", Unread)];
const NLMSGERR: Fields = &[
    (4, "error, a negative errno", U32),
    (4, "msg.nlmsg_len", U32),
    (2, "msg.nlmsg_type", U16),
    (2, "msg.nlmsg_flags", U16),
    (4, "msg.nlmsg_seq", U32),
    (4, "msg.nlmsg_pid", U32),
];
const ERROR_ATTRIBUTES: Attributes = &[(1, "NLMSGERR_ATTR_MSG", Text), (2, "NLMSGERR_ATTR_OFFS", U32)];

const INET_DIAG_MSG: Fields = &[
    (1, "idiag_family", U8),
    (1, "idiag_state", U8),
    (1, "idiag_timer", U8),
    (1, "idiag_retrans", U8),
    (2, "idiag_sport", Be16),
    (2, "idiag_dport", Be16),
    (16, "idiag_src", Unread),
    (16, "idiag_dst", Unread),
    (4, "idiag_if", U32),
    (4, "idiag_cookie[0], the lower half", U32),
    (4, "idiag_cookie[1], the upper half", U32),
    (4, "idiag_expires", U32),
    (4, "idiag_rqueue", U32),
    (4, "idiag_wqueue", U32),
    (4, "idiag_uid", U32),
    (4, "idiag_inode", U32),
];
const MPTCP_ATTRIBUTES: Attributes = &[
    (2, "INET_DIAG_INFO, struct mptcp_info", Struct(MPTCP_INFO)),
    (8, "INET_DIAG_SHUTDOWN", Unread),
    (15, "INET_DIAG_MARK", Unread),
    (21, "INET_DIAG_CGROUP_ID", Unread),
    (22, "INET_DIAG_SOCKOPT", Unread),
];
const MPTCP_INFO: Fields = &[
    (1, "mptcpi_subflows", U8),
    (1, "mptcpi_add_addr_signal", U8),
    (1, "mptcpi_add_addr_accepted", U8),
    (1, "mptcpi_subflows_max", U8),
    (1, "mptcpi_add_addr_signal_max", U8),
    (1, "mptcpi_add_addr_accepted_max", U8),
    (2, "a hole", Unread),
    (4, "mptcpi_flags", U32),
    (4, "mptcpi_token", U32),
    (8, "mptcpi_write_seq", U64),
    (8, "mptcpi_snd_una", U64),
    (8, "mptcpi_rcv_nxt", U64),
    (1, "mptcpi_local_addr_used", U8),
    (1, "mptcpi_local_addr_max", U8),
    (1, "mptcpi_csum_enabled", U8),
    (1, "a hole", Unread),
    (4, "mptcpi_retransmits", U32),
    (8, "mptcpi_bytes_retrans", U64),
    (8, "mptcpi_bytes_sent", U64),
    (8, "mptcpi_bytes_received", U64),
    (8, "mptcpi_bytes_acked", U64),
    (1, "mptcpi_subflows_total", U8),
    (3, "newer fields, and reserved", Unread),
    (4, "mptcpi_last_data_sent", U32),
    (4, "mptcpi_last_data_recv", U32),
    (4, "mptcpi_last_ack_recv", U32),
];
const TCP_ATTRIBUTES: Attributes = &[
    (2, "INET_DIAG_INFO, struct tcp_info", Struct(TCP_INFO)),
    (19, "INET_DIAG_ULP_INFO", Nest(ULP_ATTRIBUTES)),
    (8, "INET_DIAG_SHUTDOWN", Unread),
    (15, "INET_DIAG_MARK", Unread),
    (21, "INET_DIAG_CGROUP_ID", Unread),
    (22, "INET_DIAG_SOCKOPT", Unread),
];
const ULP_ATTRIBUTES: Attributes = &[
    (1, "INET_ULP_INFO_NAME", Text),
    (3, "INET_ULP_INFO_MPTCP", Nest(SUBFLOW_ATTRIBUTES)),
];
const SUBFLOW_ATTRIBUTES: Attributes = &[
    (1, "MPTCP_SUBFLOW_ATTR_TOKEN_REM", U32),
    (2, "MPTCP_SUBFLOW_ATTR_TOKEN_LOC", U32),
    (3, "MPTCP_SUBFLOW_ATTR_RELWRITE_SEQ", U32),
    (4, "MPTCP_SUBFLOW_ATTR_MAP_SEQ", U64),
    (5, "MPTCP_SUBFLOW_ATTR_MAP_SFSEQ", U32),
    (6, "MPTCP_SUBFLOW_ATTR_SSN_OFFSET", U32),
    (7, "MPTCP_SUBFLOW_ATTR_MAP_DATALEN", U16),
    (8, "MPTCP_SUBFLOW_ATTR_FLAGS", U32),
    (9, "MPTCP_SUBFLOW_ATTR_ID_REM", U8),
    (10, "MPTCP_SUBFLOW_ATTR_ID_LOC", U8),
];
const TCP_INFO: Fields = &[
    (1, "tcpi_state", U8),
    (1, "tcpi_ca_state", U8),
    (1, "tcpi_retransmits", U8),
    (1, "tcpi_probes", U8),
    (1, "tcpi_backoff", U8),
    (1, "tcpi_options", U8),
    (1, "tcpi_snd_wscale, tcpi_rcv_wscale", U8),
    (1, "tcpi_delivery_rate_app_limited, tcpi_fastopen_client_fail", U8),
    (4, "tcpi_rto", U32),
    (4, "tcpi_ato", U32),
    (4, "tcpi_snd_mss", U32),
    (4, "tcpi_rcv_mss", U32),
    (4, "tcpi_unacked", U32),
    (4, "tcpi_sacked", U32),
    (4, "tcpi_lost", U32),
    (4, "tcpi_retrans", U32),
    (4, "tcpi_fackets", U32),
    (4, "tcpi_last_data_sent", U32),
    (4, "tcpi_last_ack_sent", U32),
    (4, "tcpi_last_data_recv", U32),
    (4, "tcpi_last_ack_recv", U32),
    (4, "tcpi_pmtu", U32),
    (4, "tcpi_rcv_ssthresh", U32),
    (4, "tcpi_rtt", U32),
    (4, "tcpi_rttvar", U32),
    (4, "tcpi_snd_ssthresh", U32),
    (4, "tcpi_snd_cwnd", U32),
    (4, "tcpi_advmss", U32),
    (4, "tcpi_reordering", U32),
    (4, "tcpi_rcv_rtt", U32),
    (4, "tcpi_rcv_space", U32),
    (4, "tcpi_total_retrans", U32),
    (8, "tcpi_pacing_rate", U64),
    (8, "tcpi_max_pacing_rate", U64),
    (8, "tcpi_bytes_acked", U64),
    (8, "tcpi_bytes_received", U64),
    (4, "tcpi_segs_out", U32),
    (4, "tcpi_segs_in", U32),
    (4, "tcpi_notsent_bytes", U32),
    (4, "tcpi_min_rtt", U32),
    (4, "tcpi_data_segs_in", U32),
    (4, "tcpi_data_segs_out", U32),
    (8, "tcpi_delivery_rate", U64),
    (8, "tcpi_busy_time", U64),
    (8, "tcpi_rwnd_limited", U64),
    (8, "tcpi_sndbuf_limited", U64),
    (4, "tcpi_delivered", U32),
    (4, "tcpi_delivered_ce", U32),
    (8, "tcpi_bytes_sent", U64),
    (8, "tcpi_bytes_retrans", U64),
    (4, "tcpi_dsack_dups", U32),
    (4, "tcpi_reord_seen", U32),
    (4, "tcpi_rcv_ooopack", U32),
    (4, "tcpi_snd_wnd", U32),
    (4, "tcpi_rcv_wnd", U32),
    (4, "tcpi_rehash", U32),
];

const ENDPOINT_ATTRIBUTES: Attributes = &[(1, "MPTCP_PM_ATTR_ADDR", Nest(ADDR_ATTRIBUTES))];
const ADDR_ATTRIBUTES: Attributes = &[
    (1, "MPTCP_PM_ADDR_ATTR_FAMILY", U16),
    (2, "MPTCP_PM_ADDR_ATTR_ID", U8),
    (3, "MPTCP_PM_ADDR_ATTR_ADDR4", Ip4),
    (4, "MPTCP_PM_ADDR_ATTR_ADDR6", Ip6),
    (5, "MPTCP_PM_ADDR_ATTR_PORT", U16),
    (6, "MPTCP_PM_ADDR_ATTR_FLAGS", U32),
    (7, "MPTCP_PM_ADDR_ATTR_IF_IDX", U32),
];
const LIMITS_ATTRIBUTES: Attributes = &[
    (2, "MPTCP_PM_ATTR_RCV_ADD_ADDRS", U32),
    (3, "MPTCP_PM_ATTR_SUBFLOWS", U32),
];
const EVENT_ATTRIBUTES: Attributes = &[
    (1, "MPTCP_ATTR_TOKEN", U32),
    (2, "MPTCP_ATTR_FAMILY", U16),
    (3, "MPTCP_ATTR_LOC_ID", U8),
    (4, "MPTCP_ATTR_REM_ID", U8),
    (5, "MPTCP_ATTR_SADDR4", Ip4),
    (6, "MPTCP_ATTR_SADDR6", Ip6),
    (7, "MPTCP_ATTR_DADDR4", Ip4),
    (8, "MPTCP_ATTR_DADDR6", Ip6),
    (9, "MPTCP_ATTR_SPORT", Be16),
    (10, "MPTCP_ATTR_DPORT", Be16),
    (11, "MPTCP_ATTR_BACKUP", U8),
    (12, "MPTCP_ATTR_ERROR", U8),
    (13, "MPTCP_ATTR_FLAGS", U16),
    (14, "MPTCP_ATTR_TIMEOUT", U32),
    (15, "MPTCP_ATTR_IF_IDX", U32),
    (16, "MPTCP_ATTR_RESET_REASON", U32),
    (17, "MPTCP_ATTR_RESET_FLAGS", U32),
    (18, "MPTCP_ATTR_SERVER_SIDE", U8),
];
const FAMILY_ATTRIBUTES: Attributes = &[
    (1, "CTRL_ATTR_FAMILY_ID", U16),
    (2, "CTRL_ATTR_FAMILY_NAME", Text),
    (3, "CTRL_ATTR_VERSION", U32),
    (4, "CTRL_ATTR_HDRSIZE", U32),
    (5, "CTRL_ATTR_MAXATTR", U32),
    (6, "CTRL_ATTR_OPS", Unread),
    (
        7,
        "CTRL_ATTR_MCAST_GROUPS",
        Nest(&[
            (1, "the first", Nest(GROUP_ATTRIBUTES)),
            (2, "the second", Nest(GROUP_ATTRIBUTES)),
        ]),
    ),
];
const GROUP_ATTRIBUTES: Attributes = &[
    (1, "CTRL_ATTR_MCAST_GRP_NAME", Text),
    (2, "CTRL_ATTR_MCAST_GRP_ID", U32),
];
const SPEED_ATTRIBUTES: Attributes = &[
    (
        1,
        "ETHTOOL_A_LINKMODES_HEADER",
        Nest(&[
            (1, "ETHTOOL_A_HEADER_DEV_INDEX", U32),
            (2, "ETHTOOL_A_HEADER_DEV_NAME", Text),
        ]),
    ),
    (5, "ETHTOOL_A_LINKMODES_SPEED", U32),
    (2, "ETHTOOL_A_LINKMODES_AUTONEG", Unread),
    (3, "ETHTOOL_A_LINKMODES_OURS", Unread),
    (6, "ETHTOOL_A_LINKMODES_DUPLEX", U8),
    (9, "ETHTOOL_A_LINKMODES_RATE_MATCHING", Unread),
];

const NL80211_ATTRIBUTES: Attributes = &[
    (1, "NL80211_ATTR_WIPHY", Unread),
    (3, "NL80211_ATTR_IFINDEX", U32),
    (4, "NL80211_ATTR_IFNAME", Text),
    (5, "NL80211_ATTR_IFTYPE", U32),
    (6, "NL80211_ATTR_MAC", Unread),
    (21, "NL80211_ATTR_STA_INFO", Nest(STA_INFO)),
    (38, "NL80211_ATTR_WIPHY_FREQ", U32),
    (39, "NL80211_ATTR_WIPHY_CHANNEL_TYPE", Unread),
    (46, "NL80211_ATTR_GENERATION", Unread),
    (47, "NL80211_ATTR_BSS", Nest(BSS)),
    (52, "NL80211_ATTR_SSID", Text),
    (83, "NL80211_ATTR_4ADDR", Unread),
    (98, "NL80211_ATTR_WIPHY_TX_POWER_LEVEL", Unread),
    (153, "NL80211_ATTR_WDEV", Unread),
    (159, "NL80211_ATTR_CHANNEL_WIDTH", Unread),
    (160, "NL80211_ATTR_CENTER_FREQ1", Unread),
    (265, "NL80211_ATTR_TXQ_STATS", Unread),
    (290, "NL80211_ATTR_WIPHY_FREQ_OFFSET", Unread),
];
const STA_INFO: Attributes = &[
    (1, "NL80211_STA_INFO_INACTIVE_TIME", Unread),
    (2, "NL80211_STA_INFO_RX_BYTES", Unread),
    (3, "NL80211_STA_INFO_TX_BYTES", Unread),
    (7, "NL80211_STA_INFO_SIGNAL, dBm, signed", U8),
    (8, "NL80211_STA_INFO_TX_BITRATE", Nest(RATE_INFO)),
    (9, "NL80211_STA_INFO_RX_PACKETS", Unread),
    (10, "NL80211_STA_INFO_TX_PACKETS", Unread),
    (13, "NL80211_STA_INFO_SIGNAL_AVG", Unread),
    (14, "NL80211_STA_INFO_RX_BITRATE", Nest(RATE_INFO)),
    (15, "NL80211_STA_INFO_BSS_PARAM", Unread),
    (16, "NL80211_STA_INFO_CONNECTED_TIME", Unread),
    (17, "NL80211_STA_INFO_STA_FLAGS", Unread),
    (31, "NL80211_STA_INFO_TID_STATS", Unread),
    (42, "NL80211_STA_INFO_ASSOC_AT_BOOTTIME, ns", U64),
];
const RATE_INFO: Attributes = &[
    (1, "NL80211_RATE_INFO_BITRATE, 100 kbit/s", U16),
    (2, "NL80211_RATE_INFO_MCS", Unread),
    (5, "NL80211_RATE_INFO_BITRATE32, 100 kbit/s", U32),
];
const BSS: Attributes = &[
    (1, "NL80211_BSS_BSSID", Unread),
    (2, "NL80211_BSS_FREQUENCY", U32),
    (3, "NL80211_BSS_TSF", Unread),
    (4, "NL80211_BSS_BEACON_INTERVAL", Unread),
    (5, "NL80211_BSS_CAPABILITY", Unread),
    (6, "NL80211_BSS_INFORMATION_ELEMENTS, the first the SSID", Text),
    (7, "NL80211_BSS_SIGNAL_MBM", Unread),
    (9, "NL80211_BSS_STATUS", U32),
    (10, "NL80211_BSS_SEEN_MS_AGO", Unread),
    (11, "NL80211_BSS_BEACON_IES", Unread),
    (13, "NL80211_BSS_BEACON_TSF", Unread),
    (15, "NL80211_BSS_LAST_SEEN_BOOTTIME", Unread),
];

const IFINFOMSG: Fields = &[
    (1, "ifi_family", U8),
    (1, "padding", Unread),
    (2, "ifi_type, ARPHRD_ETHER", U16),
    (4, "ifi_index", U32),
    (4, "ifi_flags", U32),
    (4, "ifi_change", U32),
];
const LINK_ATTRIBUTES: Attributes = &[
    (3, "IFLA_IFNAME", Text),
    (4, "IFLA_MTU", U32),
    (16, "IFLA_OPERSTATE", U8),
    (18, "IFLA_LINKINFO", Nest(&[(1, "IFLA_INFO_KIND", Text)])),
    (23, "IFLA_STATS64, struct rtnl_link_stats64", Struct(STATS64)),
    (1, "IFLA_ADDRESS", Unread),
    (2, "IFLA_BROADCAST", Unread),
    (5, "IFLA_LINK", Unread),
    (6, "IFLA_QDISC", Unread),
    (7, "IFLA_STATS", Unread),
    (13, "IFLA_TXQLEN", Unread),
    (14, "IFLA_MAP", Unread),
    (17, "IFLA_LINKMODE", Unread),
    (26, "IFLA_AF_SPEC", Unread),
    (27, "IFLA_GROUP", Unread),
    (30, "IFLA_PROMISCUITY", Unread),
    (31, "IFLA_NUM_TX_QUEUES", Unread),
    (32, "IFLA_NUM_RX_QUEUES", Unread),
    (33, "IFLA_CARRIER", Unread),
    (35, "IFLA_CARRIER_CHANGES", Unread),
    (37, "IFLA_LINK_NETNSID", Unread),
    (39, "IFLA_PROTO_DOWN", Unread),
    (40, "IFLA_GSO_MAX_SEGS", Unread),
    (41, "IFLA_GSO_MAX_SIZE", Unread),
    (43, "IFLA_XDP", Unread),
    (47, "IFLA_CARRIER_UP_COUNT", Unread),
    (48, "IFLA_CARRIER_DOWN_COUNT", Unread),
    (50, "IFLA_MIN_MTU", Unread),
    (51, "IFLA_MAX_MTU", Unread),
    (58, "IFLA_GRO_MAX_SIZE", Unread),
    (59, "IFLA_TSO_MAX_SIZE", Unread),
    (60, "IFLA_TSO_MAX_SEGS", Unread),
    (61, "IFLA_ALLMULTI", Unread),
    (62, "IFLA_DEVLINK_PORT", Unread),
    (63, "IFLA_GSO_IPV4_MAX_SIZE", Unread),
    (64, "IFLA_GRO_IPV4_MAX_SIZE", Unread),
];
const STATS64: Fields = &[
    (8, "rx_packets", U64),
    (8, "tx_packets", U64),
    (8, "rx_bytes", U64),
    (8, "tx_bytes", U64),
];
const IFADDRMSG: Fields = &[
    (1, "ifa_family", U8),
    (1, "ifa_prefixlen", U8),
    (1, "ifa_flags", U8),
    (1, "ifa_scope", U8),
    (4, "ifa_index", U32),
];
const ADDRESS_ATTRIBUTES: Attributes = &[
    (1, "IFA_ADDRESS", Ip),
    (2, "IFA_LOCAL", Ip),
    (3, "IFA_LABEL", Text),
    (6, "IFA_CACHEINFO", Unread),
    (8, "IFA_FLAGS", U32),
];
const RTMSG: Fields = &[
    (1, "rtm_family", U8),
    (1, "rtm_dst_len", U8),
    (1, "rtm_src_len", U8),
    (1, "rtm_tos", U8),
    (1, "rtm_table", U8),
    (1, "rtm_protocol", U8),
    (1, "rtm_scope", U8),
    (1, "rtm_type", U8),
    (4, "rtm_flags", U32),
];
const ROUTE_ATTRIBUTES: Attributes = &[
    (1, "RTA_DST", Ip4),
    (4, "RTA_OIF", U32),
    (5, "RTA_GATEWAY", Ip4),
    (6, "RTA_PRIORITY", U32),
    (
        9,
        "RTA_MULTIPATH",
        NextHops(RTNEXTHOP, &[(5, "RTA_GATEWAY", Ip4)]),
    ),
    (15, "RTA_TABLE", U32),
];
const RTNEXTHOP: Fields = &[
    (2, "rtnh_len", U16),
    (1, "rtnh_flags", U8),
    (1, "rtnh_hops", U8),
    (4, "rtnh_ifindex", U32),
];
