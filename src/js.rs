//! JavaScript's loose ends, each with an owner: listeners and promises that end when dropped.

use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::EventTarget;

use crate::error::Error;

/// Turns what a browser's API threw into our error.
pub(crate) trait JsResult<T> {
    /// The value, or our error.
    fn or_thrown(self) -> Result<T, Error>;
}

impl<T> JsResult<T> for Result<T, JsValue> {
    fn or_thrown(self) -> Result<T, Error> {
        self.map_err(|value| Error::thrown(&value))
    }
}

/// Waits for a promise. Given up, it leaves nothing behind, though the promise may never settle: those of a
/// connection that was closed do not.
pub(crate) async fn settled(promise: Promise) -> Result<JsValue, Error> {
    let settling = Settling(Rc::default());
    let hear = |outcome: fn(JsValue) -> Result<JsValue, JsValue>| {
        let wait = Rc::downgrade(&settling.0);
        Closure::once(move |value: JsValue| {
            let Some(wait) = wait.upgrade() else { return };
            if let Wait::Asked(waker) = wait.replace(Wait::Settled(outcome(value))) {
                waker.wake();
            }
        })
    };
    let (kept, refused) = (hear(Ok), hear(Err));
    let _ = promise.then2(&kept, &refused);
    // From here on they live as long as the promise does.
    let _ = (kept.into_js_value(), refused.into_js_value());
    settling.await.or_thrown()
}

struct Settling(Rc<RefCell<Wait>>);

#[derive(Default)]
enum Wait {
    #[default]
    Begun,
    Asked(Waker),
    Settled(Result<JsValue, JsValue>),
}

impl Future for Settling {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.replace(Wait::Asked(context.waker().clone())) {
            Wait::Settled(outcome) => Poll::Ready(outcome),
            Wait::Begun | Wait::Asked(_) => Poll::Pending,
        }
    }
}

/// An event listener; dropped, it is removed. It may be dropped from inside its own call.
#[must_use = "a listener that is dropped hears nothing"]
#[derive(Debug)]
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Closure<dyn Fn(JsValue)>,
}

impl Listener {
    /// Calls `hear` with each `event` of the target.
    pub fn new(
        target: &EventTarget,
        event: &'static str,
        hear: impl Fn(JsValue) + 'static,
    ) -> Result<Self, Error> {
        let closure = Closure::<dyn Fn(JsValue)>::new(hear);
        target
            .add_event_listener_with_callback(event, closure.as_ref().unchecked_ref())
            .or_thrown()?;
        Ok(Self {
            target: target.clone(),
            event,
            closure,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Fails only where adding it failed.
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref());
    }
}

/// Work that waits for promises; dropped, it ends at once with all that it owns. It may be dropped
/// from inside its own step, and then ends when the step does.
#[must_use = "a task that is dropped is over"]
#[derive(Debug)]
pub struct Task(Rc<RefCell<Work>>);

enum Work {
    Waiting(Pin<Box<dyn Future<Output = ()>>>),
    Stepping,
    Over,
}

impl Task {
    /// Starts the work; its first step is taken after the present call from JavaScript returns.
    pub fn spawn(work: impl Future<Output = ()> + 'static) -> Self {
        let work = Rc::new(RefCell::new(Work::Waiting(Box::pin(work))));
        spawn_local(Steps(Rc::clone(&work)));
        Self(work)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let work = self.0.replace(Work::Over);
        drop(work); // no borrow is held while the work's own parts are dropped
    }
}

struct Steps(Rc<RefCell<Work>>);

impl Future for Steps {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut work = match self.0.replace(Work::Stepping) {
            Work::Waiting(work) => work,
            Work::Stepping | Work::Over => {
                self.0.replace(Work::Over);
                return Poll::Ready(());
            }
        };
        let step = work.as_mut().poll(context);
        let dropped = matches!(*self.0.borrow(), Work::Over);
        if step.is_ready() || dropped {
            self.0.replace(Work::Over);
            return Poll::Ready(());
        }
        self.0.replace(Work::Waiting(work));
        Poll::Pending
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "Waiting",
            Self::Stepping => "Stepping",
            Self::Over => "Over",
        })
    }
}
