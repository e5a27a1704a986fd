//! How much each user may ask at a time, so that none can keep the service from the others or fill its memory.

use std::collections::BTreeMap;
use std::time::Duration;

/// Calls that a user may make at once.
const BURST: f64 = 60.0;
/// Calls that a user may make each second after that.
const A_SECOND: f64 = 30.0;
/// Calls of a user that may wait for an answer.
const WAITING_EACH: usize = 8;
/// Calls of all users that may wait.
const WAITING: usize = 64;
/// Of these, calls of a user that may wait for a person who is asked for a password.
const ASKING_EACH: usize = 4;
/// Of all, calls that may: what needs no person finds room, however many people do not answer.
const ASKING: usize = 32;
/// Users that are remembered.
const USERS: usize = 256;

/// Why a call is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMuch(pub(super) &'static str);

/// Counts the calls of each user. Time is an argument, since whenever.
#[derive(Default)]
pub(super) struct Gate {
    users: BTreeMap<u32, User>,
    waiting: usize,
    asking: usize,
}

struct User {
    /// Calls that may be made now.
    left: f64,
    counted_at: Duration,
    waiting: usize,
    asking: usize,
}

impl User {
    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted_at).as_secs_f64();
        self.left = (self.left + passed * A_SECOND).min(BURST);
        self.counted_at = now;
    }

    fn is_at_rest(&self) -> bool {
        self.waiting == 0 && self.left >= BURST
    }
}

impl Gate {
    /// Lets a call in that counts as so many, or not. One that was let in must [`Self::leave`].
    pub(super) fn enter(&mut self, user: u32, cost: u32, now: Duration) -> Result<(), TooMuch> {
        if self.users.len() >= USERS && !self.users.contains_key(&user) {
            self.users.values_mut().for_each(|user| user.fill(now));
            self.users.retain(|_, user| !user.is_at_rest());
            if self.users.len() >= USERS {
                return Err(TooMuch("too many users call at once"));
            }
        }
        let user = self.users.entry(user).or_insert(User {
            left: BURST,
            counted_at: now,
            waiting: 0,
            asking: 0,
        });
        user.fill(now);
        if user.left < f64::from(cost) {
            return Err(TooMuch("too many calls: try again in a second"));
        }
        if user.waiting >= WAITING_EACH || self.waiting >= WAITING {
            return Err(TooMuch("too many calls wait already"));
        }
        user.left -= f64::from(cost);
        user.waiting += 1;
        self.waiting += 1;
        Ok(())
    }

    /// A call that was let in has been answered.
    pub(super) fn leave(&mut self, user: u32) {
        if let Some(user) = self.users.get_mut(&user) {
            user.waiting = user.waiting.saturating_sub(1);
        }
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Lets a call that was let in wait for a person, or not. One that may must [`Self::answered`].
    pub(super) fn ask(&mut self, user: u32) -> Result<(), TooMuch> {
        let Some(user) = self.users.get_mut(&user) else {
            return Err(TooMuch("the call is over"));
        };
        if user.asking >= ASKING_EACH {
            return Err(TooMuch(
                "too many questions wait for you already: answer or dismiss them",
            ));
        }
        if self.asking >= ASKING {
            return Err(TooMuch(
                "too many questions wait for people already: try again in a minute",
            ));
        }
        user.asking += 1;
        self.asking += 1;
        Ok(())
    }

    /// The person has answered, or did not in time.
    pub(super) fn answered(&mut self, user: u32) {
        if let Some(user) = self.users.get_mut(&user) {
            user.asking = user.asking.saturating_sub(1);
        }
        self.asking = self.asking.saturating_sub(1);
    }

    /// Whether nobody waits for an answer.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_flood_is_let_in_at_the_pace_of_the_gate() {
        let mut gate = Gate::default();
        let mut entered = 0;
        for call in 0..30_000_u32 {
            let now = Duration::from_micros(u64::from(call) * 100);
            if gate.enter(1000, 1, now).is_ok() {
                entered += 1;
                gate.leave(1000);
            }
        }
        assert!((140..=160).contains(&entered), "{entered} of a flood of 3 s");
        assert!(gate.enter(1001, 1, at(3)).is_ok(), "another user is not kept out");
    }

    #[test]
    fn few_of_a_user_wait_and_few_of_all() {
        let mut gate = Gate::default();
        let mut wait = |user: u32| (0..20).filter(|_| gate.enter(user, 1, at(0)).is_ok()).count();
        assert_eq!(wait(1), WAITING_EACH);
        assert_eq!((2..100).map(&mut wait).sum::<usize>(), WAITING - WAITING_EACH);
        gate.leave(1);
        assert!(gate.enter(200, 1, at(0)).is_ok());
    }

    #[test]
    fn people_who_do_not_answer_leave_room() {
        let mut gate = Gate::default();
        let mut asking = 0;
        for user in 0..100 {
            for _ in 0..WAITING_EACH {
                if gate.enter(user, 1, at(0)).is_err() {
                    continue;
                }
                match gate.ask(user) {
                    Ok(()) => asking += 1,
                    Err(_) => gate.leave(user),
                }
            }
        }
        assert_eq!(asking, ASKING);
        let waits = |gate: &mut Gate, user| {
            (0..WAITING)
                .filter(|_| gate.enter(user, 1, at(0)).is_ok())
                .count()
        };
        assert_eq!(
            waits(&mut gate, 1000),
            WAITING_EACH,
            "somebody else finds as much room as ever"
        );
        assert!(gate.ask(1000).is_err(), "but nobody to ask");
        gate.answered(0);
        assert!(gate.ask(1000).is_ok());
    }

    #[test]
    fn those_at_rest_are_forgotten() {
        let mut gate = Gate::default();
        let most = u32::try_from(USERS).expect("a number");
        for user in 0..most {
            assert!(gate.enter(user, 1, at(0)).is_ok());
            gate.leave(user);
        }
        assert!(gate.enter(most, 1, at(0)).is_err());
        assert!(gate.enter(most, 1, at(1)).is_ok());
        assert_eq!(gate.users.len(), 1);
    }
}
