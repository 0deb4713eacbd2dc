//! A panic is a bug of ours: the page is told once, and goes on without us.

use core::cell::Cell;
use std::panic::{PanicHookInfo, set_hook};

use js_sys::Function;
use wasm_bindgen::JsValue;

std::thread_local! {
    static HANDLER: Cell<Option<Function>> = const { Cell::new(None) };
}

/// Says who is told of a panic.
pub(crate) fn set_handler(handler: Function) {
    HANDLER.set(Some(handler));
}

/// Makes panics known instead of mute.
pub(crate) fn install() {
    set_hook(Box::new(report));
}

/// Borrows nothing: whatever panicked may hold any borrow of ours.
fn report(info: &PanicHookInfo<'_>) {
    if let Some(handler) = HANDLER.take() {
        // Nothing is left to do when the handler itself throws.
        let _ = handler.call1(&JsValue::NULL, &info.to_string().into());
    } else {
        #[cfg(feature = "panic-hook")]
        console_error_panic_hook::hook(info);
    }
}
