//! The last gates before a dial: no repeat within two seconds, and not too many in a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use call_model::{LineId, Number};
use hyper::StatusCode;

use super::{
    Limits,
    answer::{Answer, Gate},
    window::Window,
};

/// A reload, a double click, a tab that is restored: within this time it is the same wish.
const REPEAT: Duration = Duration::from_secs(2);

/// What was dialled lately.
pub(super) struct Admission(Mutex<Lately>);

struct Lately {
    limits: Limits,
    all: Window,
    by_line: HashMap<LineId, Window>,
    dials: HashMap<(LineId, Number), Instant>,
}

/// A place under the rates, to be given back if nothing was sent to a phone.
#[derive(Debug)]
pub(super) struct Place {
    line: LineId,
    number: Number,
    taken: Instant,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        let all = Window::new(limits.dials);
        Self(Mutex::new(Lately { limits, all, by_line: HashMap::new(), dials: HashMap::new() }))
    }

    /// Admits a dial and takes its place, in one step: of two equal requests at once one passes.
    pub(super) fn admit(&self, line: &LineId, number: &Number, now: Instant) -> Gate<Place> {
        let mut lately = self.lately();
        lately.check_repeat(line, number, now)?;
        lately.check_rates(line, now)?;
        lately.dials.insert((line.clone(), number.clone()), now);
        Gate::Continue(Place { line: line.clone(), number: number.clone(), taken: now })
    }

    /// Only dials sent to a phone count, and only they can be repeated.
    pub(super) fn give_back(&self, place: &Place) {
        let mut lately = self.lately();
        lately.dials.remove(&(place.line.clone(), place.number.clone()));
        lately.all.give_back(place.taken);
        if let Some(window) = lately.by_line.get_mut(&place.line) {
            window.give_back(place.taken);
        }
    }

    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lately {
    /// A refused repeat does not restart the two seconds.
    fn check_repeat(&mut self, line: &LineId, number: &Number, now: Instant) -> Gate<()> {
        self.dials.retain(|_, dialled| now.saturating_duration_since(*dialled) < REPEAT);
        if self.dials.contains_key(&(line.clone(), number.clone())) {
            let text = "The same line dialled the same number less than two seconds ago: this repeat was not dialled.";
            return Answer::closing(StatusCode::CONFLICT, text).stop();
        }
        Gate::Continue(())
    }

    fn check_rates(&mut self, line: &LineId, now: Instant) -> Gate<()> {
        let by_line = self.by_line.entry(line.clone()).or_insert_with(|| Window::new(self.limits.dials_per_line));
        let over = by_line.wait(now).map(|wait| ("dials_per_line", self.limits.dials_per_line, wait));
        let over = over.or_else(|| self.all.wait(now).map(|wait| ("dials", self.limits.dials, wait)));
        if let Some((limit, rate, wait)) = over {
            let text = format!(
                "Too many calls: the limit is {} in {} s. An administrator may raise it in the configuration:\n\n\
                 [limits]\n{limit} = \"…/min\"",
                rate.count,
                rate.per.as_secs()
            );
            return Answer::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(wait).stop();
        }
        by_line.take(now);
        self.all.take(now);
        Gate::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn status(admission: &Admission, line: &str, number: &str, now: Instant) -> u16 {
        match admission.admit(&LineId(line.into()), &Number::new(number), now) {
            Gate::Continue(_) => 200,
            Gate::Break(answer) => answer.status.as_u16(),
        }
    }

    #[test]
    fn a_repeat_is_refused_for_two_seconds_from_the_first() {
        let (admission, start) = (Admission::new(Limits::default()), Instant::now());
        for (line, number, after, expected) in [
            ("1", "123", 0, 200),
            ("1", "123", 1500, 409),
            ("1", "124", 1500, 200),
            ("2", "123", 1500, 200),
            ("1", "123", 2000, 200),
        ] {
            assert_eq!(status(&admission, line, number, start + Duration::from_millis(after)), expected, "{after}");
        }
    }

    #[test]
    fn rates_by_line_and_in_all() {
        let per = seconds(60);
        let limits = Limits {
            dials_per_line: super::super::Rate { count: 2, per },
            dials: super::super::Rate { count: 3, per },
            ..Limits::default()
        };
        let (admission, start) = (Admission::new(limits), Instant::now());
        for (line, number, after, expected) in [
            ("1", "1", 0, 200),
            ("1", "2", 1, 200),
            ("1", "3", 2, 429),
            ("2", "3", 2, 200),
            ("2", "4", 3, 429),
            ("1", "5", 60, 200),
        ] {
            assert_eq!(status(&admission, line, number, start + seconds(after)), expected, "{number}");
        }
    }

    #[test]
    fn a_place_that_was_given_back_is_free() {
        let limits = Limits { dials_per_line: super::super::Rate { count: 1, per: seconds(60) }, ..Limits::default() };
        let (admission, start) = (Admission::new(limits), Instant::now());
        let Gate::Continue(place) = admission.admit(&LineId("1".into()), &Number::new("1"), start) else { panic!() };
        admission.give_back(&place);
        assert_eq!(status(&admission, "1", "2", start + seconds(1)), 200);
        assert_eq!(status(&admission, "1", "3", start + seconds(1)), 429);
    }
}
