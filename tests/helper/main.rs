//! The privileged service on the real dbus-daemon and polkitd, called by users who may, who may not, and who must
//! authenticate, and the same helper for the members of a group, without them. The program is the test and its clients' processes, so that a client can be any user's.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that fails so fails, as it should"
)]

mod agent;
mod attack;
mod attacks;
mod calls;
mod client;
#[path = "../common/mod.rs"]
mod common;
mod group;
mod hostile;
#[path = "../hosts/mod.rs"]
mod hosts;
mod impostor;
mod life;
mod machine;
mod program;
mod promises;
mod raw;
mod slow;

use std::process::ExitCode;

const TESTS: [(&str, fn()); 39] = [
    (
        "who_is_allowed_changes_everything",
        calls::who_is_allowed_changes_everything,
    ),
    (
        "who_is_denied_changes_nothing",
        calls::who_is_denied_changes_nothing,
    ),
    (
        "who_must_authenticate_is_asked",
        calls::who_must_authenticate_is_asked,
    ),
    (
        "what_changed_meanwhile_is_refused",
        calls::what_changed_meanwhile_is_refused,
    ),
    (
        "the_policy_is_what_polkit_says",
        calls::the_policy_is_what_polkit_says,
    ),
    (
        "events_go_on_when_the_service_is_gone",
        life::events_go_on_when_the_service_is_gone,
    ),
    ("it_has_one_capability", life::it_has_one_capability),
    ("it_ends_and_begins_again", life::it_ends_and_begins_again),
    (
        "it_refuses_to_run_without_what_it_needs",
        life::it_refuses_to_run_without_what_it_needs,
    ),
    (
        "hostile_calls_change_nothing",
        hostile::hostile_calls_change_nothing,
    ),
    (
        "a_flood_leaves_it_alive_and_small",
        hostile::a_flood_leaves_it_alive_and_small,
    ),
    (
        "what_is_no_event_socket_is_refused_and_reading_goes_on",
        impostor::what_is_no_event_socket_is_refused_and_reading_goes_on,
    ),
    (
        "the_command_line_asks_the_service",
        program::the_command_line_asks_the_service,
    ),
    (
        "the_stream_takes_what_is_permitted",
        program::the_stream_takes_what_is_permitted,
    ),
    (
        "the_stream_survives_the_service",
        program::the_stream_survives_the_service,
    ),
    (
        "without_a_service_all_is_as_before",
        program::without_a_service_all_is_as_before,
    ),
    (
        "a_member_does_everything_without_polkit",
        group::a_member_does_everything_without_polkit,
    ),
    (
        "a_members_helper_has_one_capability_and_ends_with_them",
        group::a_members_helper_has_one_capability_and_ends_with_them,
    ),
    ("who_is_no_member_is_told_so", group::who_is_no_member_is_told_so),
    (
        "what_is_set_up_wrongly_refuses",
        group::what_is_set_up_wrongly_refuses,
    ),
    (
        "a_members_program_needs_no_polkit",
        group::a_members_program_needs_no_polkit,
    ),
    ("a_deputy_changes_nothing", attacks::a_deputy_changes_nothing),
    (
        "a_members_deputy_changes_nothing",
        attacks::a_members_deputy_changes_nothing,
    ),
    (
        "a_descriptor_that_lingers_keeps_nobody_waiting",
        attacks::a_descriptor_that_lingers_keeps_nobody_waiting,
    ),
    (
        "a_list_that_somebody_makes_long_is_not_read",
        attacks::a_list_that_somebody_makes_long_is_not_read,
    ),
    (
        "what_is_too_long_is_refused_before_it_is_read",
        attacks::what_is_too_long_is_refused_before_it_is_read,
    ),
    (
        "signals_of_others_do_not_reach_it",
        attacks::signals_of_others_do_not_reach_it,
    ),
    (
        "what_is_counted_survives_the_service",
        attacks::what_is_counted_survives_the_service,
    ),
    (
        "a_change_that_was_cut_short_is_put_right",
        attacks::a_change_that_was_cut_short_is_put_right,
    ),
    (
        "questions_that_nobody_answers_have_an_end",
        attacks::questions_that_nobody_answers_have_an_end,
    ),
    (
        "a_siege_leaves_others_answered_and_the_service_small",
        attacks::a_siege_leaves_others_answered_and_the_service_small,
    ),
    (
        "what_is_no_call_changes_nothing",
        raw::what_is_no_call_changes_nothing,
    ),
    (
        "polkit_is_asked_about_the_caller_on_every_call",
        promises::polkit_is_asked_about_the_caller_on_every_call,
    ),
    (
        "a_call_reaches_one_interface_and_nothing_else",
        promises::a_call_reaches_one_interface_and_nothing_else,
    ),
    (
        "its_own_account_cannot_look_into_it",
        promises::its_own_account_cannot_look_into_it,
    ),
    (
        "a_member_cannot_look_into_their_helper",
        promises::a_member_cannot_look_into_their_helper,
    ),
    (
        "it_keeps_two_records_and_nothing_else",
        promises::it_keeps_two_records_and_nothing_else,
    ),
    (
        "a_members_change_in_hand_is_finished",
        promises::a_members_change_in_hand_is_finished,
    ),
    ("a_slow_start_is_no_silence", slow::a_slow_start_is_no_silence),
];

fn main() -> ExitCode {
    if let Some(why) = slow::main() {
        eprintln!("pathscope-helper: {why}");
        return ExitCode::FAILURE;
    }
    if std::env::args().nth(1).as_deref() == Some(client::ARGUMENT) {
        client::main();
        return ExitCode::SUCCESS;
    }
    if std::env::args().nth(1).as_deref() == Some(impostor::ARGUMENT) {
        impostor::main();
    }
    if std::env::args().nth(1).as_deref() == Some(promises::ARGUMENT) {
        promises::main();
    }
    if std::env::args().any(|word| word == "--list") {
        for (name, _) in TESTS {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<_> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, test) in TESTS {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
    ExitCode::SUCCESS
}
