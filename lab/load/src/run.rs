//! One run: everybody comes, announces once, and then the load.

use std::{
    cell::RefCell,
    path::PathBuf,
    process::Stdio,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    process::Command,
    sync::{Notify, Semaphore},
    time::{sleep, sleep_until, timeout},
};

use crate::{
    cli::{Cli, Load},
    hostile::Hostiles,
    ledger::{Ledger, PATIENCE},
    message::Phrases,
    process::Process,
    report::{Percentiles, Report},
    viewer::{Order, Orders, World, enter},
};

/// Connections that are made at the same time, and first announces.
const ARRIVALS: usize = 64;

/// Rest before memory is measured.
const REST: Duration = Duration::from_secs(2);

/// How long an order to switch off is waited for.
const OFF_WITHIN: Duration = Duration::from_secs(60);

/// The same order of announces in every run.
const SEED: u64 = 1;

/// Loads the tracker.
pub(crate) async fn run(options: &Cli) -> Result<Report> {
    let tracker = Process(options.pid);
    let viewers = options.viewers as usize;
    let world = Rc::new(world(options));
    let base = tracker.memory()?;
    let growth = || -> Result<u64> {
        let grown = tracker.memory()?.saturating_sub(base);
        Ok(grown / u64::from(options.viewers))
    };

    let everybody: Vec<Orders> = stream::iter(0..viewers)
        .map(|index| enter(&world, index, options.url.server, &options.url.text))
        .buffered(ARRIVALS)
        .try_collect()
        .await?;
    sleep(REST).await;
    let connected = growth()?;

    let crowd = Crowd {
        world: Rc::clone(&world),
        everybody,
    };
    crowd.join().await?;
    sleep(REST).await;
    let joined = growth()?;

    let before = tracker.memory()?;
    let hostiles = Hostiles::send(
        options.hostile as usize,
        options.hostile_addresses as usize,
        options.url.server,
    );
    if options.hostile > 0 {
        sleep(Duration::from_secs(options.hostile_ahead.into())).await;
    }
    let clock = Clock::start(tracker)?;
    let (seconds, off) = match &options.load {
        Load::Idle { seconds } => {
            sleep(Duration::from_secs((*seconds).into())).await;
            (clock.began.elapsed(), Vec::new())
        }
        Load::Saturated {
            in_flight,
            announces,
        } => (
            crowd
                .saturate(*in_flight as usize, *announces as usize)
                .await,
            Vec::new(),
        ),
        Load::Open { rate, seconds } => (crowd.flow(*rate, *seconds).await, Vec::new()),
        Load::Switch { order } => {
            let heard = crowd.switch_off(order).await?;
            (clock.began.elapsed(), heard)
        }
    };
    let (busy, generator_busy) = clock.stop(tracker)?;
    let hostile = hostiles.figures(tracker.memory()?.saturating_sub(before));
    drop(hostiles);
    sleep(REST).await;
    let after = growth()?;

    let mut ledger = world.ledger.take();
    ledger.close();
    let announces = ledger.announces();
    let seconds = seconds.as_secs_f64();
    let rate = ledger.replies.len() as f64 / seconds;
    Ok(Report {
        viewers,
        swarms: world.swarms,
        base,
        connected,
        joined,
        after,
        announces,
        seconds,
        rate,
        cpu: busy.as_secs_f64() * 1e6 / announces.max(1) as f64,
        busy: busy.as_secs_f64() / seconds,
        generator_busy: generator_busy.as_secs_f64() / seconds,
        reply: Percentiles::of(ledger.replies),
        answer: Percentiles::of(ledger.answers),
        off: Percentiles::of(off),
        hostile,
        faults: ledger.faults,
    })
}

fn world(options: &Cli) -> World {
    let mut rng = Rng::with_seed(SEED);
    let swarms: Vec<[u8; 20]> = match options.swarm {
        Some(swarm) => vec![swarm],
        None => {
            let mut name = || std::array::from_fn(|_| rng.u8(..));
            (0..options.swarms).map(|_| name()).collect()
        }
    };
    World {
        phrases: Phrases::new(&swarms, options.offers as usize, options.sdp as usize),
        swarms: swarms.len(),
        ledger: RefCell::new(Ledger::new(options.viewers as usize)),
        free: Semaphore::new(ARRIVALS),
        off: RefCell::default(),
        told: Notify::new(),
    }
}

/// Everybody who is connected.
struct Crowd {
    world: Rc<World>,
    everybody: Vec<Orders>,
}

impl Crowd {
    /// Everybody announces for the first time.
    async fn join(&self) -> Result<()> {
        for viewer in 0..self.everybody.len() {
            self.place().await;
            self.begin(viewer, Instant::now(), 0);
        }
        for _ in 0..ARRIVALS {
            self.place().await;
        }
        let fresh = Ledger::new(self.everybody.len());
        let mut ledger = self.world.ledger.replace(fresh);
        ledger.close();
        let faults = ledger.faults;
        if faults.replies_lost > 0 || faults.closed > 0 {
            bail!("not everybody could join: {faults:?}");
        }
        Ok(())
    }

    /// Keeps so many announces under way. How long all of them took.
    async fn saturate(&self, in_flight: usize, announces: usize) -> Duration {
        let began = Instant::now();
        self.world.free.add_permits(in_flight);
        let mut turns = Turns::new(self.everybody.len());
        for _ in 0..announces {
            self.place().await;
            let viewer = turns.next(&self.world.ledger);
            self.begin(viewer, Instant::now(), self.world.phrases.offers());
        }
        for _ in 0..in_flight {
            self.place().await;
        }
        began.elapsed()
    }

    /// Begins an announce at each tick, late or not, and counts from the tick. How long that took, without
    /// the last announces' answers.
    async fn flow(&self, rate: u32, seconds: u32) -> Duration {
        let began = Instant::now();
        let mut turns = Turns::new(self.everybody.len());
        for tick in 0..rate * seconds {
            let due = began + Duration::from_secs(1) * tick / rate;
            sleep_until(due.into()).await;
            let viewer = turns.next(&self.world.ledger);
            self.begin(viewer, due, self.world.phrases.offers());
        }
        let took = began.elapsed();
        sleep(Duration::from_secs(1)).await;
        took
    }

    /// Gives the order and waits until all have heard. How long each has waited.
    async fn switch_off(&self, order: &[PathBuf]) -> Result<Vec<Duration>> {
        let (program, arguments) = order.split_first().context("an order is missing")?;
        let given = Instant::now();
        let mut command = Command::new(program);
        let mut running = command.args(arguments).stdout(Stdio::null()).spawn()?;
        let all = async {
            while self.world.off.borrow().len() < self.everybody.len() {
                self.world.told.notified().await;
            }
        };
        if timeout(OFF_WITHIN, all).await.is_err() {
            let heard = self.world.off.borrow().len();
            bail!("only {heard} viewers have heard of the order");
        }
        running.wait().await?;
        let heard = self.world.off.take();
        Ok(heard.into_iter().map(|at| at - given).collect())
    }

    /// Waits until one more announce may begin, and gives up those that wait for ever.
    async fn place(&self) {
        loop {
            if let Ok(permit) = timeout(PATIENCE / 10, self.world.free.acquire()).await {
                if let Ok(permit) = permit {
                    permit.forget();
                }
                return;
            }
            let lost = self.world.ledger.borrow_mut().sweep(Instant::now());
            self.world.free.add_permits(lost);
        }
    }

    fn begin(&self, viewer: usize, due: Instant, offers: usize) {
        let swarm = viewer % self.world.swarms;
        let cycle = self
            .world
            .ledger
            .borrow_mut()
            .begin(viewer, swarm, due, offers);
        let order = if offers == 0 {
            Order::Join
        } else {
            Order::Announce(cycle)
        };
        // A viewer that has gone is counted as closed.
        let _gone = self.everybody[viewer].send(order);
    }
}

/// Whose turn it is to announce: everybody's once, in random order, and then again.
struct Turns {
    order: Vec<usize>,
    next: usize,
}

impl Turns {
    fn new(viewers: usize) -> Self {
        let mut order: Vec<_> = (0..viewers).collect();
        Rng::with_seed(SEED).shuffle(&mut order);
        Self { order, next: 0 }
    }

    /// Passes over who still waits.
    fn next(&mut self, ledger: &RefCell<Ledger>) -> usize {
        let ledger = ledger.borrow();
        let mut viewer = 0;
        for _ in 0..self.order.len() {
            viewer = self.order[self.next];
            self.next = (self.next + 1) % self.order.len();
            if !ledger.is_busy(viewer) {
                break;
            }
        }
        viewer
    }
}

/// Processor time of the tracker and of this process.
struct Clock {
    began: Instant,
    tracker: Duration,
    own: Duration,
}

impl Clock {
    fn start(tracker: Process) -> Result<Self> {
        Ok(Self {
            began: Instant::now(),
            tracker: tracker.time()?,
            own: Process(std::process::id()).time()?,
        })
    }

    fn stop(&self, tracker: Process) -> Result<(Duration, Duration)> {
        let own = Process(std::process::id()).time()?;
        Ok((tracker.time()?.saturating_sub(self.tracker), own - self.own))
    }
}
