use super::{bucket::micros, *};

const BOUNDS: Bounds = Bounds {
    introductions: Introductions {
        socket: Bucket {
            burst: 10,
            per_hour: 60,
        },
        address: Bucket {
            burst: 16,
            per_hour: 120,
        },
    },
    announces: Announces {
        socket: Bucket {
            burst: 3,
            per_hour: 60,
        },
        address: Bucket {
            burst: 5,
            per_hour: 60,
        },
    },
    messages: Bucket {
        burst: 4,
        per_hour: 60,
    },
    max_sockets_per_address: 3,
};

const HOME: AddressId = AddressId(1);
const AWAY: AddressId = AddressId(2);

/// Sockets 1 to 3 are at one address, 4 and 5 at another.
fn limiter() -> Limiter {
    let mut limiter = Limiter::new(BOUNDS);
    for (socket, address) in [(1, HOME), (2, HOME), (3, HOME), (4, AWAY), (5, AWAY)] {
        assert!(limiter.open(minutes(0), SocketId(socket), address));
    }
    limiter
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// Returns what is left for a socket, and for its address.
fn left(limiter: &Limiter, at: u64, socket: u64) -> (u32, u32) {
    let (own, shared) = limiter.levels(SocketId(socket)).unwrap();
    let Introductions { socket, address } = BOUNDS.introductions;
    (
        own.left(socket, minutes(at)),
        shared.left(address, minutes(at)),
    )
}

fn introduce(limiter: &mut Limiter, at: u64, one: u64, other: u64, times: usize) {
    for _ in 0..times {
        limiter.introduce(minutes(at), SocketId(one), SocketId(other));
    }
}

#[test]
fn an_introduction_costs_both_sides() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 1, 4, 2);
    assert_eq!(left(&limiter, 0, 1), (8, 14));
    assert_eq!(left(&limiter, 0, 4), (8, 14));
    assert_eq!(left(&limiter, 0, 5), (10, 14));
}

#[test]
fn neighbours_cost_the_address_nothing() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 1, 2, 8);
    assert!(limiter.may_meet(minutes(0), SocketId(3), false));
    assert_eq!(left(&limiter, 0, 3), (10, 16));
    assert_eq!(left(&limiter, 0, 1), (2, 16));
}

#[test]
fn an_address_without_budget_still_has_neighbours() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 1, 4, 8);
    introduce(&mut limiter, 0, 2, 5, 8);
    assert!(!limiter.may_meet(minutes(0), SocketId(3), false));
    assert!(limiter.may_meet(minutes(0), SocketId(3), true));
    assert_eq!(limiter.ration(minutes(0), SocketId(3), 5), (5, 0));
}

#[test]
fn what_is_left_is_given_out_slower_and_slower() {
    let mut limiter = limiter();
    let mut given = Vec::new();
    loop {
        let (_, strangers) = limiter.ration(minutes(0), SocketId(1), 4);
        if strangers == 0 {
            break;
        }
        given.push(strangers);
        introduce(&mut limiter, 0, 1, 4, strangers);
    }
    assert_eq!(given, [4, 4, 2]);
    assert!((limiter.scarcity(minutes(0), SocketId(1)) - 1.0).abs() < 1e-9);
    assert!(limiter.scarcity(minutes(0), SocketId(3)) < 0.5);
}

#[test]
fn buckets_fill_again_and_no_further() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 1, 4, 10);
    assert_eq!(left(&limiter, 0, 1), (0, 6));
    assert_eq!(left(&limiter, 3, 1), (3, 12));
    assert_eq!(left(&limiter, 60, 1), (10, 16));
    assert_eq!(left(&limiter, 600, 1), (10, 16));
}

#[test]
fn coming_back_gains_nothing() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 4, 1, 8);
    introduce(&mut limiter, 0, 5, 2, 8);
    for socket in [4, 5] {
        limiter.close(minutes(0), SocketId(socket));
    }
    assert!(limiter.open(minutes(0), SocketId(6), AWAY));
    assert!(!limiter.may_meet(minutes(0), SocketId(6), false));
    // Nor does it once the address has been looked through for what may go.
    limiter.close(minutes(0), SocketId(6));
    limiter.sweep(minutes(0));
    assert!(limiter.open(minutes(0), SocketId(7), AWAY));
    assert!(!limiter.may_meet(minutes(0), SocketId(7), false));
}

#[test]
fn an_address_is_forgotten_when_it_is_as_good_as_new() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 4, 1, 2);
    limiter.close(minutes(0), SocketId(5));
    limiter.close(minutes(0), SocketId(4));
    limiter.sweep(minutes(0));
    assert!(limiter.addresses.contains_key(&AWAY));
    limiter.sweep(minutes(1));
    assert!(!limiter.addresses.contains_key(&AWAY));
    (1..4).for_each(|socket| limiter.close(minutes(2), SocketId(socket)));
    assert!(limiter.addresses.is_empty() && limiter.sockets.is_empty());
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut limiter = limiter();
    for n in 0..3 * MAX_REMEMBERED as u64 {
        let (socket, address) = (SocketId(100 + n), AddressId(100 + n));
        assert!(limiter.open(minutes(0), socket, address));
        limiter.introduce(minutes(0), socket, SocketId(1));
        limiter.close(minutes(0), socket);
    }
    assert!(limiter.addresses.len() <= 2 * (MAX_REMEMBERED + 2));
    assert_eq!(limiter.sockets.len(), 5);
}

#[test]
fn an_address_has_a_limited_number_of_sockets() {
    let mut limiter = limiter();
    assert!(!limiter.open(minutes(0), SocketId(9), HOME));
    assert_eq!(limiter.address(SocketId(9)), None);
    limiter.close(minutes(0), SocketId(2));
    assert!(limiter.open(minutes(0), SocketId(9), HOME));
}

#[test]
fn announces_have_an_end_for_a_socket_and_for_its_address() {
    let mut limiter = limiter();
    let mut allowed = |socket| {
        let may = |_: &u32| limiter.may_announce(minutes(0), SocketId(socket));
        (0..10).take_while(may).count()
    };
    assert_eq!(allowed(1), 3);
    assert_eq!(allowed(2), 2);
    assert_eq!(allowed(3), 0);
    assert_eq!(allowed(4), 3);
    assert!(limiter.may_announce(minutes(1), SocketId(1)));
}

#[test]
fn too_many_messages_are_a_flood() {
    let mut limiter = limiter();
    let mut flooding = || limiter.is_flooding(minutes(0), SocketId(1));
    assert_eq!([flooding(), flooding(), flooding(), flooding()], [false; 4]);
    assert!(flooding());
    assert!(!limiter.is_flooding(minutes(1), SocketId(1)));
    assert!(limiter.is_flooding(minutes(1), SocketId(77)));
}

#[test]
fn a_bucket_of_nothing_gives_nothing() {
    let empty = Bucket {
        burst: 0,
        per_hour: 0,
    };
    let mut level = Level::default();
    assert!(!level.take(empty, minutes(1)));
    assert_eq!(empty.ration(0, 5), 0);
    assert!(level.is_full(minutes(0)));
}

/// What all nodes have told, as Redis keeps it: when each of the two buckets is full again.
#[derive(Default)]
struct Table(HashMap<AddressId, (u64, u64, HashMap<usize, u32>)>);

impl Table {
    /// One node tells and hears.
    fn round(&mut self, at: u64, node: usize, limiter: &mut Limiter) {
        let now = micros(minutes(at));
        let (introduction, announce) = limiter.periods();
        let add = |full: &mut u64, owed: Owed, period: u64| {
            *full = ((*full).max(now) + u64::from(owed.taken) * period).max(now + owed.owed);
            *full - now
        };
        for spent in limiter.take_spent(minutes(at), usize::MAX) {
            let entry = self.0.entry(spent.address).or_default();
            entry.2.insert(node, spent.sockets);
            let elsewhere = entry.2.iter().filter(|(other, _)| **other != node);
            let merged = Merged {
                address: spent.address,
                elsewhere: elsewhere.map(|(_, count)| count).sum(),
                introductions: add(&mut entry.0, spent.introductions, introduction),
                announces: add(&mut entry.1, spent.announces, announce),
            };
            limiter.merge(minutes(at), merged);
        }
    }
}

/// Two nodes, at each of which HOME and AWAY have the sockets of [`limiter`], but fewer than they may.
fn nodes() -> [Limiter; 2] {
    let mut bounds = BOUNDS;
    bounds.max_sockets_per_address = 9;
    [0, 1].map(|_| {
        let mut limiter = limiter();
        limiter.bounds = bounds;
        limiter.share();
        limiter
    })
}

#[test]
fn what_an_address_takes_at_one_node_is_gone_at_the_other() {
    let [mut a, mut b] = nodes();
    let mut table = Table::default();
    introduce(&mut a, 0, 1, 4, 6);
    table.round(0, 0, &mut a);
    table.round(0, 1, &mut b);
    assert_eq!(left(&b, 0, 1), (10, 10));
    introduce(&mut b, 0, 1, 4, 6);
    table.round(0, 1, &mut b);
    introduce(&mut a, 0, 2, 5, 1);
    table.round(0, 0, &mut a);
    assert_eq!(left(&a, 0, 3).1, 3);
    assert_eq!(left(&a, 2, 3).1, 7);
}

#[test]
fn who_is_faster_than_the_news_pays_for_it_later() {
    let [mut a, mut b] = nodes();
    let mut table = Table::default();
    for limiter in [&mut a, &mut b] {
        introduce(limiter, 0, 1, 4, 10);
        introduce(limiter, 0, 2, 5, 6);
    }
    table.round(0, 0, &mut a);
    table.round(0, 1, &mut b);
    // Twice the burst was taken; it takes the time of twice the burst.
    assert_eq!(left(&b, 8, 3).1, 0);
    assert_eq!(left(&b, 16, 3).1, 16);
}

#[test]
fn what_is_taken_while_the_news_is_under_way_counts() {
    let [mut a, _] = nodes();
    let told = a.take_spent(minutes(0), usize::MAX);
    assert_eq!(told.len(), 2);
    introduce(&mut a, 0, 1, 4, 2);
    let (period, _) = a.periods();
    let merged = Merged {
        address: HOME,
        elsewhere: 0,
        introductions: 5 * period,
        announces: 0,
    };
    a.merge(minutes(0), merged);
    assert_eq!(left(&a, 0, 1).1, 16 - 5 - 2);
    assert_eq!(a.take_spent(minutes(0), usize::MAX).len(), 2);
}

#[test]
fn news_never_fills_a_bucket() {
    let [mut a, _] = nodes();
    introduce(&mut a, 0, 1, 4, 5);
    a.take_spent(minutes(0), usize::MAX);
    let merged = Merged {
        address: HOME,
        elsewhere: 0,
        introductions: 0,
        announces: 0,
    };
    a.merge(minutes(0), merged);
    assert_eq!(left(&a, 0, 1).1, 11);
}

#[test]
fn a_table_that_has_lost_everything_is_told_again() {
    let [mut a, mut b] = nodes();
    introduce(&mut a, 0, 1, 4, 6);
    let mut table = Table::default();
    table.round(0, 0, &mut a);
    table = Table::default();
    // Nobody listens meanwhile: each for itself.
    a.unshare();
    introduce(&mut a, 0, 1, 4, 2);
    a.share();
    table.round(0, 0, &mut a);
    table.round(0, 1, &mut b);
    assert_eq!(left(&b, 0, 1).1, 8);
}

#[test]
fn sockets_at_other_nodes_count_as_long_as_they_are_heard_of() {
    let [mut a, mut b] = nodes();
    a.bounds.max_sockets_per_address = 4;
    let mut table = Table::default();
    table.round(0, 1, &mut b);
    a.resend();
    table.round(0, 0, &mut a);
    assert!(!a.open(minutes(0), SocketId(9), HOME));
    b.close(minutes(0), SocketId(1));
    b.close(minutes(0), SocketId(2));
    b.close(minutes(0), SocketId(3));
    table.round(0, 1, &mut b);
    // Whoever was refused has had the count looked up.
    table.round(0, 0, &mut a);
    assert!(a.open(minutes(0), SocketId(9), HOME));
    assert!(!a.open(minutes(0), SocketId(10), HOME));
    a.close(minutes(0), SocketId(9));
    a.merge(
        minutes(0),
        Merged {
            address: HOME,
            elsewhere: 3,
            introductions: 0,
            announces: 0,
        },
    );
    a.unshare();
    assert!(a.open(minutes(0), SocketId(11), HOME));
}

#[test]
fn little_is_told_at_a_time_and_the_oldest_first() {
    let [mut a, _] = nodes();
    let told = |a: &mut Limiter| -> Vec<_> {
        let spent = a.take_spent(minutes(0), 1);
        spent.iter().map(|spent| spent.address).collect()
    };
    let both = [told(&mut a), told(&mut a)].concat();
    assert!(both.contains(&HOME) && both.contains(&AWAY));
    assert!(told(&mut a).is_empty());
    introduce(&mut a, 0, 4, 1, 1);
    assert_eq!([told(&mut a), told(&mut a)].concat(), [AWAY, HOME]);
}

#[test]
fn nothing_is_noted_while_nobody_listens() {
    let mut limiter = limiter();
    introduce(&mut limiter, 0, 1, 4, 3);
    assert!(limiter.take_spent(minutes(0), usize::MAX).is_empty());
    limiter.close(minutes(0), SocketId(1));
    assert!(limiter.take_spent(minutes(0), usize::MAX).is_empty());
}
