use super::*;

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

/// What is left for a socket, and for its address.
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
