//! The judge is judged: rounds and sentences of which it is clear what is to be said.

use super::judge::{Moment, Told, Truth, Verdict};

/// A silence of 207 ms at 3.52, seen by a receiver whose usual pauses are of 6 ms.
fn silence() -> Truth {
    Truth {
        usual_ms: 6,
        end_t: 8.0,
        moments: vec![Moment {
            t: 3.52,
            causes: vec!["path_dead".to_owned()],
            until_t: 7.5,
            gap_ms: 207,
            gap_t: 3.521,
            first_t: 3.521,
            ..Moment::default()
        }],
        ..Truth::default()
    }
}

fn told(t: f64, cause: &str, ms: impl Into<Option<u64>>) -> Told {
    let ms = ms.into();
    Told {
        t,
        token: None,
        cause: cause.to_owned(),
        ms,
        uncertainty_ms: ms.map(|_| 20),
        longest_t: None,
        survived: true,
        sentence: String::new(),
    }
}

fn verdict(truth: &Truth, told: &[Told]) -> Verdict {
    let [verdict] = <[Verdict; 1]>::try_from(truth.judge(told)).unwrap();
    verdict
}

#[test]
fn what_is_told_rightly_is_good() {
    let verdict = verdict(&silence(), &[told(3.53, "path_dead", 195)]);
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.error_ms, Some(-12));
}

#[test]
fn what_is_wrong_is_called_by_its_name() {
    let silence = silence();
    assert!(!verdict(&silence, &[]).found);
    assert!(!verdict(&silence, &[told(3.53, "path_degraded", 200)]).right_cause);
    assert!(!verdict(&silence, &[told(4.5, "path_dead", 200)]).dated);
    let far = verdict(&silence, &[told(3.53, "path_dead", 130)]);
    assert_eq!(
        (far.near, far.honest, far.invented),
        (Some(false), Some(false), 0)
    );
    assert_eq!(verdict(&silence, &[told(3.53, "path_dead", 500)]).invented, 1);
    let twice = [told(3.53, "path_dead", 200), told(3.76, "path_degraded", 190)];
    assert!(verdict(&silence, &twice).twice);
    // Before anything was done.
    assert_eq!(verdict(&silence, &[told(1.0, "path_dead", 200)]).invented, 1);
}

#[test]
fn the_path_that_comes_back_may_be_told_by_itself() {
    let both = [told(3.53, "path_dead", 200), told(5.0, "path_returned", None)];
    assert!(verdict(&silence(), &both).is_good());
}

#[test]
fn what_was_told_while_it_went_on_is_not_told_twice() {
    let both = [told(3.53, "path_dead", 100), told(3.53, "path_dead", 206)];
    assert!(verdict(&silence(), &both).is_good());
}

#[test]
fn what_goes_on_is_not_told_as_harmless() {
    let mut truth = silence();
    truth.moments.iter_mut().for_each(|moment| {
        (moment.gap_ms, moment.goes_on) = (4400, true);
    });
    assert!(!verdict(&truth, &[told(3.53, "path_dead", None)]).found);
    assert!(verdict(&truth, &[told(3.53, "path_dead", 900)]).is_good());
    let mut dead = told(3.53, "path_dead", None);
    dead.survived = false;
    assert!(verdict(&truth, &[dead]).is_good());
}

#[test]
fn a_cut_that_no_receiver_noticed_need_not_be_told() {
    let mut truth = silence();
    truth.moments.iter_mut().for_each(|moment| moment.gap_ms = 8);
    assert!(verdict(&truth, &[]).is_good());
    // Unless it is known by an event; then no figure is right, or a small one.
    truth.moments.iter_mut().for_each(|moment| moment.known = true);
    assert!(!verdict(&truth, &[]).is_good());
    assert!(verdict(&truth, &[told(3.53, "path_dead", None)]).is_good());
    assert!(verdict(&truth, &[told(3.53, "path_dead", 15)]).is_good());
    assert!(!verdict(&truth, &[told(3.53, "path_dead", 150)]).is_good());
}

#[test]
fn an_applications_own_pause_is_no_figure() {
    let mut truth = silence();
    (truth.sparse, truth.usual_ms) = (true, 352);
    truth.moments.iter_mut().for_each(|moment| {
        (moment.gap_ms, moment.known) = (350, true);
    });
    assert!(!verdict(&truth, &[told(3.53, "path_dead", 350)]).is_good());
    assert!(verdict(&truth, &[told(3.53, "path_dead", None)]).is_good());
    // What the data waited may be told, or all that the receiver missed.
    truth.moments.iter_mut().for_each(|moment| {
        (moment.gap_ms, moment.wait_ms) = (554, 205);
    });
    for right in [201, 550] {
        assert!(verdict(&truth, &[told(3.53, "path_dead", right)]).is_good());
    }
    let mut between = told(3.53, "path_dead", 380);
    between.uncertainty_ms = Some(30);
    assert!(!verdict(&truth, &[between]).is_good());
}

#[test]
fn nothing_may_be_told_where_nothing_was_done() {
    let mut truth = silence();
    truth.moments.iter_mut().for_each(|moment| moment.causes.clear());
    assert!(verdict(&truth, &[]).is_good());
    assert_eq!(verdict(&truth, &[told(3.53, "path_dead", None)]).invented, 1);
    // But for a pause that the network made by itself.
    truth.pauses = vec![(3.6, 207)];
    assert!(verdict(&truth, &[told(3.53, "path_degraded", 200)]).is_good());
}
