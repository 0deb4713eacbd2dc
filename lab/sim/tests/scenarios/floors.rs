//! Floors under what scenarios offload: one table, a little under what they have been seen to.
//!
//! A run is its scenario and its seed, so a floor may lie close. A point or two of room lets a decision of
//! the engine be taken otherwise; more than that is a decision in review:
//! `UPDATE_FLOORS=1 cargo test -p shoal-sim --test scenarios` records all of them anew in `floors.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::{env, fs};

use shoal_sim::Comparison;

const RECORD: &str = "tests/floors.txt";
/// Least distance of a floor, which has two digits, from what is recorded.
const ROOM: f64 = 0.01;

/// Offload of each scenario that has run, for the record.
static SEEN: Mutex<BTreeMap<String, f64>> = Mutex::new(BTreeMap::new());

/// Holds the offload to the floor that the table has for this name.
pub(crate) fn holds(name: &str, comparison: &Comparison) {
    let offload = comparison.offload();
    if env::var_os("UPDATE_FLOORS").is_some() {
        return record(name, offload);
    }
    let table = fs::read_to_string(path()).unwrap();
    let row = table
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("{RECORD} has no floor for {name}: {offload:.3} is seen"));
    let mut figures = row.split_whitespace();
    let mut figure = || figures.next().unwrap().parse::<f64>().unwrap();
    let (floor, recorded) = (figure(), figure());
    assert!(
        offload >= floor,
        "{name}: {offload:.3} is under the floor {floor}; {recorded} is on record: {comparison}"
    );
}

fn record(name: &str, offload: f64) {
    let mut seen = SEEN.lock().unwrap();
    assert_eq!(seen.insert(name.to_owned(), offload), None, "{name} twice");
    let mut table = format!("{:<58} floor recorded\n", "# offload; see floors.rs");
    for (name, offload) in &*seen {
        let floor = ((offload - ROOM) * 100.0).floor() / 100.0;
        writeln!(table, "{name:<58}  {floor:.2}    {offload:.3}").unwrap();
    }
    fs::write(path(), table).unwrap();
}

fn path() -> impl AsRef<Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD)
}
