//! The alarm and the turn.
#![cfg(target_arch = "wasm32")]

mod common;

use core::time::Duration;

use common::{Arrivals, rest};
use shoal::internal::{Clock, HostEvent};
use shoal_engine::Input;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn tick(event: &HostEvent) -> Option<()> {
    matches!(event, HostEvent::Input(Input::Tick)).then_some(())
}

#[wasm_bindgen_test]
async fn alarm_rings_and_not_before_its_moment() {
    let arrivals = Arrivals::default();
    let mut clock = Clock::new(arrivals.sender());
    let at = Clock::now() + Duration::from_millis(30);
    clock.arm(Some(at));
    arrivals.wait("the alarm", tick).await;
    assert!(Clock::now() >= at);
}

#[wasm_bindgen_test]
async fn new_alarm_takes_the_place_of_the_old() {
    let arrivals = Arrivals::default();
    let mut clock = Clock::new(arrivals.sender());
    for _ in 0..10 {
        clock.arm(Some(Clock::now()));
        clock.rang();
    }
    clock.arm(Some(Clock::now() + Duration::from_millis(1)));
    arrivals.wait("the alarm", tick).await;
    rest().await;
    assert_eq!(arrivals.len(), 0);
}

#[wasm_bindgen_test]
async fn alarm_that_is_switched_off_or_dropped_is_silent() {
    let arrivals = Arrivals::default();
    let mut clock = Clock::new(arrivals.sender());
    clock.arm(Some(Clock::now()));
    clock.arm(None);
    let mut dropped = Clock::new(arrivals.sender());
    dropped.arm(Some(Clock::now()));
    dropped.take_turn().expect("turns can be taken");
    drop(dropped);
    rest().await;
    assert_eq!(arrivals.len(), 0);
}

#[wasm_bindgen_test]
async fn turn_comes_once_for_each_that_is_asked_for() {
    let arrivals = Arrivals::default();
    let mut clock = Clock::new(arrivals.sender());
    for _ in 0..3 {
        clock.take_turn().expect("turns can be taken");
        arrivals
            .wait("the turn", |it| matches!(it, HostEvent::Turn).then_some(()))
            .await;
    }
    rest().await;
    assert_eq!(arrivals.len(), 0);
}
