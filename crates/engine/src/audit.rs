//! The books: what is counted in two places must agree. For hosts that test the engine.

use core::fmt;

use shoal_wire::peer::Block;

use crate::engine::Engine;
use crate::meter::BusyMeter;
use crate::table::Table;

/// Two counts that should agree.
struct Account {
    what: &'static str,
    booked: usize,
    found: usize,
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

impl Engine {
    /// Checks the books between two inputs: meters that run against requests that live, requests
    /// that wait against the queues, blocks asked against the peers they are asked of.
    ///
    /// # Errors
    /// A sentence on the first two counts that do not agree: a fault of the engine.
    pub fn audit(&self) -> Result<(), String> {
        let wrong = self.accounts().into_iter().find(|it| it.booked != it.found);
        wrong.map_or(Ok(()), |account| Err(account.to_string()))
    }

    fn accounts(&self) -> Vec<Account> {
        let account = |what, booked, found| Account {
            what,
            booked,
            found,
        };
        let running = |meter: &BusyMeter| meter.running() as usize;
        let asked_of = |has: fn(usize) -> bool| {
            let links = self.links.values();
            links.filter(|link| has(link.asked.len())).count()
        };
        let mut accounts = vec![
            account(
                "transfers",
                running(&self.busy),
                self.fetches.len() + asked_of(|asked| asked > 0),
            ),
            account(
                "requests that wait",
                self.upload.waiting(),
                self.links.values().map(|link| link.queue.len()).sum(),
            ),
            account(
                "running meters of uploads",
                self.upload.running() as usize,
                usize::from(self.upload.waiting() > 0),
            ),
        ];
        for (at, speed) in self.origin.speeds().enumerate() {
            let fetches = self.fetches.values();
            let live = fetches.filter(|fetch| fetch.server() == at).count();
            accounts.push(account("fetches from a server", running(speed), live));
        }
        let mut asked = Table::<Block, ()>::default();
        for link in self.links.values() {
            let owes = usize::from(!link.asked.is_empty());
            accounts.push(account("transfers of a peer", running(&link.down), owes));
            let known = link.asked.keys().filter(|&block| {
                let segment = self.store.at(block.piece).and_then(|id| self.store.get(id));
                segment.is_some_and(|segment| {
                    let number = segment.number(block);
                    let piece = segment.piece(block.piece.0);
                    number
                        .zip(piece)
                        .is_some_and(|(n, piece)| piece.is_asked(n))
                })
            });
            accounts.push(account("asked blocks", known.count(), link.asked.len()));
            for block in link.asked.keys() {
                asked.insert(block, ());
            }
        }
        // Where the origin is down, two peers may have been asked for one block.
        let marked = self.store.asked_blocks();
        accounts.push(account("asked blocks in the store", marked, asked.len()));
        accounts
    }
}
