//! Turns what happens into inputs of the engine, one at a time.
//!
//! 1. One cell holds the viewer, and it is borrowed in this file only, for the length of a move:
//!    never across an await, never across a call into JavaScript.
//! 2. Whoever pumps takes the viewer out of the cell. What arrives meanwhile waits in the queue, so
//!    calling in from inside a callback is safe.
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

/// A viewer that the browser and the page drive.
#[derive(Debug)]
pub(crate) struct Pump(Rc<Queue>);

#[derive(Debug)]
struct Queue {
    emit: Function,
    cell: RefCell<Cell>,
    trace: Trace,
}

#[derive(Debug, Default)]
struct Cell {
    closing: bool,
    /// What the viewer left behind, or its figures as they were when it was last taken out.
    figures: Option<(Stats, State)>,
    queue: VecDeque<HostEvent>,
    viewer: Option<Box<Viewer>>,
}

impl Pump {
    pub(crate) fn new(options: Options, seed: u64, emit: Function) -> Self {
        let queue = Rc::new(Queue {
            emit,
            cell: RefCell::default(),
            trace: Trace::new(&options, seed),
        });
        let weak: Weak<Queue> = Rc::downgrade(&queue);
        let sender = Sender::new(move |event| {
            if let Some(queue) = weak.upgrade() {
                queue.push(event);
            }
        });
        let viewer = Viewer::new(options, seed, queue.trace.clone(), &sender);
        queue.cell.borrow_mut().viewer = Some(Box::new(viewer));
        Self(queue)
    }

    /// Deals with one thing that happened, now or when what is dealt with at present is done.
    pub(crate) fn push(&self, event: impl Into<HostEvent>) {
        self.0.push(event.into());
    }

    /// Whether arrivals wait for one that is being dealt with further up the stack.
    pub(crate) fn is_busy(&self) -> bool {
        self.0.cell.borrow().viewer.is_none()
    }

    /// Looks at the viewer; nothing when it is closed, or busy further up the stack.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Viewer) -> T) -> Option<T> {
        let mut viewer = self.0.take()?;
        let seen = look(&mut viewer);
        self.0.cell.borrow_mut().viewer = Some(viewer);
        Some(seen)
    }

    /// The figures at present; after the end, those of the end.
    pub(crate) fn figures(&self) -> (Stats, State) {
        let figures = self
            .look(|viewer| viewer.stats())
            .or(self.0.cell.borrow().figures);
        figures.unwrap_or((Stats::default(), State::Waiting(Reason::Starting)))
    }

    /// The recording so far, if there is one; in the middle of a failure, too.
    pub(crate) fn trace(&self) -> Option<Vec<u8>> {
        self.0.trace.bytes()
    }

    /// Ends everything. What is called later does nothing.
    pub(crate) fn close(&self) {
        self.0.cell.borrow_mut().closing = true;
        if let Some(viewer) = self.0.take() {
            self.0.end(*viewer);
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn push(&self, event: HostEvent) {
        {
            let mut cell = self.cell.borrow_mut();
            if cell.closing {
                return;
            }
            cell.queue.push_back(event);
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
            if self.cell.borrow().queue.is_empty() {
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

    fn next(&self) -> Option<HostEvent> {
        self.cell.borrow_mut().queue.pop_front()
    }

    fn take(&self) -> Option<Box<Viewer>> {
        self.cell.borrow_mut().viewer.take()
    }

    fn end(&self, viewer: Viewer) {
        let figures = viewer.leave();
        let mut cell = self.cell.borrow_mut();
        cell.figures = Some(figures);
        cell.queue.clear();
    }
}
