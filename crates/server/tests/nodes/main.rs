//! Several nodes of one site, with a real Redis and behind real proxies, and the examples for operators.

use libtest_mimic::Arguments;

mod alone;
mod audience;
mod deploy;
#[path = "../server/harness.rs"]
#[expect(dead_code, reason = "the tests of a single server use more of it")]
mod harness;
mod programs;
mod proxies;
mod sharing;
mod site;
#[path = "../server/tls.rs"]
mod tls;
mod trials;
mod viewer;

fn main() {
    let arguments = Arguments::from_args();
    let files = [alone::all(), deploy::all(), proxies::all(), sharing::all()];
    let trials: Vec<_> = files.into_iter().flatten().collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if conclusion.num_ignored > 0 {
        let skipped = conclusion.num_ignored;
        println!("{skipped} skipped: a program that they need is not installed\n");
    }
    conclusion.exit();
}
