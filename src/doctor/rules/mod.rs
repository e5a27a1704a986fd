//! The rules: a function each, a small family a file, in the order in which they are asked.

mod endpoints;
mod fallback;
mod filter;
mod joins;
mod kernel;
mod limits;
mod notes;
mod routing;
mod server;

use super::examination::Examination;
use super::finding::{RuleName, Verdict};

/// Judges by the facts, and notes what it has explained.
type Judge = fn(&mut Examination<'_>) -> Verdict;

/// Every rule. What comes first explains what comes later.
pub(super) const ALL: &[(RuleName, Judge)] = &[
    (RuleName::NotInKernel, kernel::not_in_kernel),
    (RuleName::Disabled, kernel::disabled),
    (RuleName::SynDropped, fallback::syn_dropped),
    (RuleName::PeerWithoutMptcp, fallback::peer_without_mptcp),
    (RuleName::OptionStripped, fallback::option_stripped),
    (RuleName::ChecksumFailures, fallback::checksum_failures),
    (RuleName::SimultaneousConnect, fallback::simultaneous_connect),
    (RuleName::Md5Signature, fallback::md5_signature),
    (RuleName::UserspacePathManager, kernel::userspace_path_manager),
    (RuleName::TwoPathManagers, kernel::two_path_managers),
    (RuleName::LinkDown, endpoints::link_down),
    (RuleName::EndpointAddressGone, endpoints::address_gone),
    (RuleName::EndpointWrongDevice, endpoints::wrong_device),
    (RuleName::AddressNotUsable, endpoints::address_not_usable),
    (RuleName::SubflowLimitZero, limits::subflow_limit_zero),
    (RuleName::OnlySignalOnClient, server::only_signal_on_client),
    (RuleName::OnlySubflowOnServer, server::only_subflow_on_server),
    (RuleName::FamilyMismatch, endpoints::family_mismatch),
    (RuleName::EndpointIsInitialAddress, endpoints::is_initial_address),
    (RuleName::NoEndpointForInterface, endpoints::none_for_interface),
    (RuleName::RouteForbidden, routing::forbidden),
    (RuleName::RuleWithoutTable, routing::rule_without_table),
    (RuleName::NoRouteFromSource, routing::no_route),
    (RuleName::WrongWayOut, routing::wrong_way_out),
    (RuleName::DeadGateway, routing::dead_gateway),
    (RuleName::StrictReversePathFilter, filter::strict),
    (RuleName::SubflowLimitReached, limits::subflow_limit_reached),
    (RuleName::AnnouncedAddressIgnored, limits::announced_ignored),
    (RuleName::JoinRejectedHere, limits::join_rejected_here),
    (RuleName::NoTokenHere, server::no_token_here),
    (RuleName::BindFailed, joins::bind_failed),
    (RuleName::OwnFirewall, joins::own_firewall),
    (RuleName::JoinRefused, joins::refused),
    (RuleName::JoinUnreachable, joins::unreachable),
    (RuleName::PeerLimit, joins::peer_limit),
    (RuleName::OptionStrippedOnJoin, joins::option_stripped),
    (RuleName::SubflowReset, joins::reset),
    (RuleName::JoinUnanswered, joins::unanswered),
    (RuleName::Stale, joins::stale),
    (RuleName::SubflowMissing, joins::missing),
    (RuleName::EndpointsFull, notes::endpoints_full),
    (RuleName::FlagUnknownToKernel, kernel::flag_unknown),
    (RuleName::Backup, notes::backup),
    (RuleName::NotFullyEstablished, notes::not_fully_established),
    (RuleName::SchedulerPrefers, notes::scheduler_prefers),
    (RuleName::ApplicationOnPlainTcp, notes::plain_tcp),
];
