//! Somebody collects the viewers of a video while they watch.

use shoal_sim::{Harvest, Harvested, Rules};

fn harvest(rules: Rules, addresses: u32) -> Harvested {
    of(rules, addresses, 1_000)
}

fn of(rules: Rules, addresses: u32, audience: u32) -> Harvested {
    let harvest = Harvest {
        rules,
        audience,
        addresses,
        answering: true,
        seed: 3,
    };
    harvest.run()
}

#[test]
fn a_crowd_alone_is_never_refused() {
    let crowd = harvest(Rules::Ours, 0);
    assert_eq!(crowd.refused, 0, "{crowd}");
    assert!(crowd.slowed * 50 < crowd.there, "{crowd}");
    assert_eq!(
        (crowd.few_links, crowd.few_links_at_school),
        (0, 0),
        "{crowd}"
    );
}

#[test]
fn one_address_learns_a_fraction_and_hurts_nobody() {
    let ours = harvest(Rules::Ours, 1);
    assert_eq!(ours.refused, 0, "{ours}");
    assert_eq!((ours.few_links, ours.few_links_at_school), (0, 0), "{ours}");
    // What its bucket holds, and what flows in.
    assert!(ours.learnt[0] <= 103 && ours.learnt[2] <= 260, "{ours}");
    let theirs = of(Rules::PeerTube, 1, 200);
    assert!(theirs.learnt[0] >= 195, "{theirs}");
}

#[test]
fn sixteen_addresses_learn_sixteen_times_as_much_at_most() {
    let ours = harvest(Rules::Ours, 16);
    assert_eq!(ours.refused, 0, "{ours}");
    assert!(ours.few_links <= 5, "{ours}");
    assert!(ours.learnt[2] <= 16 * 260, "{ours}");
    assert!(ours.learnt[2] < ours.there * 3 / 4, "{ours}");
}

#[test]
fn same_seed_same_harvest() {
    assert_eq!(of(Rules::Ours, 1, 100), of(Rules::Ours, 1, 100));
}
