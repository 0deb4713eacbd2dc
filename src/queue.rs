//! Turns what happens into inputs of the engine, one at a time.
//!
//! 1. One cell holds the viewer, and it is borrowed in this file only, for the length of a move:
//!    never across an await, never across a call into JavaScript.
//! 2. Whoever dispatches takes the viewer out of the cell. What happens meanwhile waits in the
//!    queue, so calling in from inside a callback is safe.
//! 3. After the last event the alarm is set once, the viewer goes back, and only then the page
//!    hears of it.

use core::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::Function;
use shoal_engine::{Reason, State, Stats};

use crate::clock::Clock;
use crate::config::Options;
use crate::host_event::{HostEvent, Sender};
use crate::trace::Trace;
use crate::viewer::Viewer;

/// A viewer, and the events that wait for it.
#[derive(Debug)]
pub(crate) struct Queue {
    emit: Function,
    cell: RefCell<Cell>,
    trace: Trace,
}

#[derive(Debug)]
struct Cell {
    closing: bool,
    waiting: VecDeque<HostEvent>,
    viewer: Option<Box<Viewer>>,
    /// The last statistics, once the viewer is gone.
    last: Option<(Stats, State)>,
}

impl Queue {
    /// A viewer whose adapters send into this queue; `emit` is told of what the page should know.
    pub(crate) fn new(options: Options, seed: u64, emit: Function) -> Rc<Self> {
        Rc::new_cyclic(|queue: &Weak<Self>| {
            let queue = queue.clone();
            let sender = Sender::new(move |event| {
                if let Some(queue) = queue.upgrade() {
                    queue.push(event);
                }
            });
            let trace = Trace::new(&options, seed);
            let viewer = Viewer::new(options, seed, trace.clone(), &sender);
            let cell = Cell {
                closing: false,
                waiting: VecDeque::new(),
                viewer: Some(Box::new(viewer)),
                last: None,
            };
            Self {
                emit,
                cell: RefCell::new(cell),
                trace,
            }
        })
    }

    /// Takes in one event: it is dispatched now, or when what is dispatched at present is done.
    pub(crate) fn push(&self, event: HostEvent) {
        {
            let mut cell = self.cell.borrow_mut();
            if cell.closing {
                return;
            }
            cell.waiting.push_back(event);
        }
        let Some(mut viewer) = self.take() else {
            return;
        };
        let start = Clock::now();
        loop {
            while let Some(event) = self.next() {
                viewer.take_in(event);
            }
            viewer.verify(start);
            if self.cell.borrow().waiting.is_empty() {
                break;
            }
        }
        let events = viewer.rest();
        if self.cell.borrow().closing {
            self.end(*viewer);
            return;
        }
        self.cell.borrow_mut().viewer = Some(viewer);
        events.emit(&self.emit);
    }

    /// Whether events wait for one that is being dispatched further up the stack.
    pub(crate) fn is_busy(&self) -> bool {
        self.cell.borrow().viewer.is_none()
    }

    /// Looks at the viewer; nothing when it is closed, or busy further up the stack.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Viewer) -> T) -> Option<T> {
        let mut viewer = self.take()?;
        let seen = look(&mut viewer);
        self.cell.borrow_mut().viewer = Some(viewer);
        Some(seen)
    }

    /// Returns the statistics at present; after the end, those of the end.
    pub(crate) fn stats(&self) -> (Stats, State) {
        let stats = self.look(|viewer| viewer.stats());
        let stats = stats.or(self.cell.borrow().last);
        stats.unwrap_or((Stats::default(), State::Waiting(Reason::Starting)))
    }

    /// Returns the recording so far, if there is one; in the middle of a failure, too.
    pub(crate) fn trace(&self) -> Option<Vec<u8>> {
        self.trace.bytes()
    }

    /// Ends everything. What is called later does nothing.
    pub(crate) fn close(&self) {
        self.cell.borrow_mut().closing = true;
        if let Some(viewer) = self.take() {
            self.end(*viewer);
        }
    }

    fn next(&self) -> Option<HostEvent> {
        self.cell.borrow_mut().waiting.pop_front()
    }

    fn take(&self) -> Option<Box<Viewer>> {
        self.cell.borrow_mut().viewer.take()
    }

    fn end(&self, viewer: Viewer) {
        let last = viewer.leave();
        let mut cell = self.cell.borrow_mut();
        cell.last = Some(last);
        cell.waiting.clear();
    }
}
