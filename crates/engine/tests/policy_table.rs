//! The rules that the page keeps as well (`www/lib/session/eligibility.ts`), before there is an engine: for every
//! combination of them, the state that the engine shows. The page's unit tests are held to the same table.
//!
//! `UPDATE_TABLE=1 cargo test -p shoal-engine --test policy_table` writes it anew.

mod common;

use std::fmt::Write as _;

use common::Viewer;
use shoal_engine::{Config, Event, Input, Rule, State, Wish};

const TABLE: &str = include_str!("../../../tests/unit/policy-table.json");
const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/unit/policy-table.json"
);

#[test]
fn the_table_that_the_page_is_held_to_is_what_the_engine_does() {
    let table = table();
    if std::env::var_os("UPDATE_TABLE").is_some() {
        std::fs::write(PATH, &table).expect("the table can be written");
        return;
    }
    assert!(
        table == TABLE,
        "tests/unit/policy-table.json is out of date: run with UPDATE_TABLE=1"
    );
}

/// Every combination, one a line.
fn table() -> String {
    let mut lines = Vec::new();
    for capable in [true, false] {
        for viewer in [None, Some(true), Some(false)] {
            for page in [None, Some(Wish::Ask), Some(Wish::Off)] {
                for metered in [false, true] {
                    for metered_too in [false, true] {
                        let rules = [
                            Rule::Capable(capable),
                            Rule::Viewer(viewer),
                            Rule::Page(page),
                            Rule::Metered(metered),
                            Rule::MeteredToo(metered_too),
                        ];
                        lines.push(line(&rules, state(&rules)));
                    }
                }
            }
        }
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// What an engine that knows its index shows once all rules are said.
fn state(rules: &[Rule]) -> State {
    let mut viewer = Viewer::new(Config::default());
    for &rule in rules {
        viewer.tell(Input::Rule(rule));
    }
    let mut latest_first = viewer.events.iter().rev();
    let state = latest_first.find_map(|event| match event {
        Event::State(state) => Some(*state),
        _ => None,
    });
    state.expect("an engine with an index has a state")
}

fn line(rules: &[Rule], state: State) -> String {
    let mut line = String::from("  {");
    for rule in rules {
        let (name, value) = match *rule {
            Rule::Capable(capable) => ("capable", capable.to_string()),
            Rule::Metered(metered) => ("metered", metered.to_string()),
            Rule::MeteredToo(too) => ("agreedMetered", too.to_string()),
            Rule::Page(Some(Wish::Ask)) => ("page", "\"ask\"".into()),
            Rule::Page(Some(Wish::Off)) => ("page", "\"off\"".into()),
            Rule::Viewer(Some(answer)) => ("viewer", answer.to_string()),
            Rule::Page(_) => ("page", "null".into()),
            Rule::Viewer(None) => ("viewer", "null".into()),
            other => panic!("{other:?} is not in the table"),
        };
        write!(line, "\"{name}\": {value}, ").expect("a string takes everything");
    }
    let (name, reason) = match state {
        State::Asking => ("asking", None),
        State::Off(reason) => ("off", Some(reason)),
        State::On => ("on", None),
        State::Waiting(reason) => ("waiting", Some(reason)),
    };
    let reason = reason.map_or_else(|| "null".into(), |reason| format!("\"{}\"", reason.name()));
    line + &format!("\"state\": \"{name}\", \"reason\": {reason}}}")
}
