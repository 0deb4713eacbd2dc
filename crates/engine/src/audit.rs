//! The books: what is counted in two places must agree. For hosts that test the engine.

use core::fmt;

/// One thing that is counted in two places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    what: &'static str,
    booked: usize,
    found: usize,
}

impl Account {
    pub(crate) const fn new(what: &'static str, booked: usize, found: usize) -> Self {
        Self {
            what,
            booked,
            found,
        }
    }

    pub(crate) const fn is_right(&self) -> bool {
        self.booked == self.found
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            booked,
            found,
        } = self;
        write!(f, "books {booked} {what} where there are {found}")
    }
}
