//! Sales a second by the use-cases alone: place, attempt, approve, settle. `cargo bench --bench sales -- --seconds 10`
//!
//! SQLite writes to a temporary file with every commit synced. PostgreSQL is the server of `KIOSK_BENCH_POSTGRES`, in a
//! database that this bench makes and drops; its `fsync` and `synchronous_commit` are printed beside the figure, since
//! a server that does not sync is faster than any shop should be. The engines take turns in rounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use kiosk::clock::Clock;
use kiosk::shop::audit;
use kiosk::shop::customers;
use kiosk::shop::money::Currency;
use kiosk::shop::orders::approve::{self, Approval, Query};
use kiosk::shop::orders::place::{self, PlaceError, Request, Rules, Wanted};
use kiosk::shop::payments::attempt::{self, Asked};
use kiosk::shop::payments::settle::{self, Charge, Settled};
use kiosk::shop::payments::{Method, Offer, payload};
use kiosk::shop::vault::{KeyText, MasterKey, Vault};
use kiosk::store::{Location, Store, StoreError, migrate};
use kiosk::{binds, sql};

const STARS: Offer = Offer {
    method: Method::Stars,
    currency: Currency::XTR,
};

const SLUG: &str = "bench";
const STEPS: [&str; 4] = ["place", "attempt", "approve", "settle"];
const ROUNDS: u32 = 3;

sql! {
    PRODUCT = "bench.product",
        "INSERT INTO products (slug, kind, title, description, prices, position, created_at, updated_at)
         VALUES ($1, 'stock', '{\"en\":\"Bench\"}', '{}', '{\"XTR\":5}', 1, 0, 0) RETURNING id";
    KEY = "bench.key",
        "INSERT INTO keys (product_id, position, fingerprint, ciphertext, imported_at, changed_at)
         VALUES ($1, $2, $3, $4, 0, 0)";
    CARRY = "bench.carry", "UPDATE outbox SET state = 'sending', lease_until = 1 WHERE state = 'pending'";
    ARRIVE = "bench.arrive", "UPDATE outbox SET state = 'sent', lease_until = NULL WHERE state = 'sending'";
}

struct Options {
    seconds: u64,
    tasks: i64,
}

#[derive(Clone)]
struct Shop {
    store: Store,
    vault: Vault,
    stocked: i64,
    sold: Arc<AtomicI64>,
}

/// The times of each step, in microseconds.
type Times = [Histogram<u64>; 4];

fn main() {
    let options = options();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(&options));
}

fn options() -> Options {
    let mut options = Options {
        seconds: 10,
        tasks: 64,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse::<u32>().ok());
        match arg.as_str() {
            "--seconds" => options.seconds = number().expect("--seconds N").into(),
            "--tasks" => options.tasks = number().expect("--tasks N").into(),
            _ => {}
        }
    }
    options
}

async fn run(options: &Options) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut shops = Vec::new();
    let location = Location::Sqlite(folder.path().join("bench.db"));
    let stock = i64::try_from(options.seconds * 15_000).expect("a number");
    shops.push((
        "SQLite, synchronous=FULL".to_owned(),
        open(&location, stock).await,
    ));
    let mut server = None;
    if let Ok(admin) = std::env::var("KIOSK_BENCH_POSTGRES") {
        let made = Server::make(&admin).await;
        let shop = open(&made.location, stock / 5).await;
        shops.push((format!("PostgreSQL, {}", made.says), shop));
        server = Some(made);
    } else {
        println!("KIOSK_BENCH_POSTGRES is not set: PostgreSQL is left out");
    }
    let mut all: Vec<(f64, i64, Times)> = shops.iter().map(|_| (0.0, 0, times())).collect();
    for _ in 0..ROUNDS {
        for ((_, shop), (seconds, sales, steps)) in shops.iter().zip(&mut all) {
            let length = Duration::from_secs(options.seconds) / ROUNDS;
            let (took, sold, round) = sell(shop, options.tasks, length).await;
            *seconds += took;
            *sales += sold;
            for (sum, part) in steps.iter_mut().zip(round) {
                sum.add(part).expect("one shape");
            }
        }
    }
    println!(
        "{} tasks, {} rounds, {} s in all for each engine",
        options.tasks, ROUNDS, options.seconds
    );
    for ((name, shop), (seconds, sales, steps)) in shops.iter().zip(&all) {
        println!(
            "\n{name}: {:.0} sales/s ({sales} in {seconds:.1} s)",
            *sales as f64 / seconds
        );
        for (step, times) in STEPS.iter().zip(steps) {
            let at = |part| times.value_at_quantile(part) as f64 / 1_000.0;
            println!(
                "  {step:<8} p50 {:>7.2} ms  p95 {:>7.2} ms  p99 {:>7.2} ms",
                at(0.5),
                at(0.95),
                at(0.99)
            );
        }
        audit(shop).await;
    }
    for (_, shop) in shops {
        shop.store.close().await;
    }
    if let Some(server) = server {
        server.drop().await;
    }
}

async fn open(location: &Location, stock: i64) -> Shop {
    migrate::run(location).await.expect("migrated");
    let store = Store::open(location, 16, Clock::system())
        .await
        .expect("opened");
    let master =
        MasterKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").expect("a key");
    let vault = Vault::open(&store, &master).await.expect("a vault");
    let (product,): (i64,) = store
        .write("bench.product", |tx| {
            Box::pin(tx.one(&PRODUCT, &[kiosk::store::Bind::Text(Some(SLUG))]))
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("a product");
    for chunk in 0..stock / 500 {
        let vault = vault.clone();
        store
            .write("bench.keys", move |tx| {
                let vault = vault.clone();
                Box::pin(async move {
                    for at in chunk * 500..(chunk + 1) * 500 {
                        let sealed = vault
                            .seal(product, &KeyText::new(format!("BENCH-{at}")))
                            .expect("sealed");
                        tx.execute(
                            &KEY,
                            binds![product, at, sealed.fingerprint, sealed.ciphertext],
                        )
                        .await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .expect("stocked");
    }
    Shop {
        store,
        vault,
        stocked: stock / 500 * 500,
        sold: Arc::new(AtomicI64::new(0)),
    }
}

fn times() -> Times {
    std::array::from_fn(|_| Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds"))
}

/// Sells for `length`: the seconds that it took, the sales, and the times of each step.
async fn sell(shop: &Shop, tasks: i64, length: Duration) -> (f64, i64, Times) {
    let started = Instant::now();
    let mut buyers = Vec::new();
    for task in 0..tasks {
        let shop = shop.clone();
        buyers.push(tokio::spawn(async move {
            let mut steps = times();
            let mut sales = 0;
            while started.elapsed() < length {
                let at = shop.sold.fetch_add(1, Ordering::Relaxed);
                assert!(
                    at < shop.stocked,
                    "the stock is too small for this machine: fewer --seconds"
                );
                one(&shop, task + 1, at, &mut steps).await;
                sales += 1;
            }
            (sales, steps)
        }));
    }
    let mut steps = times();
    let mut sales = 0;
    for buyer in buyers {
        let (sold, theirs) = buyer.await.expect("no panic");
        sales += sold;
        for (sum, part) in steps.iter_mut().zip(theirs) {
            sum.add(part).expect("one shape");
        }
    }
    (started.elapsed().as_secs_f64(), sales, steps)
}

async fn one(shop: &Shop, buyer: i64, at: i64, steps: &mut Times) {
    let customer = shop
        .store
        .read("customers.find", move |tx| {
            Box::pin(customers::by_telegram_id(tx, buyer))
        })
        .await
        .expect("a read");
    let customer = match customer {
        Some(customer) => customer,
        None => shop
            .store
            .write("customers.meet", move |tx| {
                Box::pin(customers::meet(tx, buyer, "Buyer", None))
            })
            .await
            .expect("met"),
    };
    let id = customer.id;
    let mut last = Instant::now();
    let mut step = |index: usize| {
        let micros = u64::try_from(last.elapsed().as_micros()).expect("not that long");
        steps[index].record(micros.max(1)).expect("in bounds");
        last = Instant::now();
    };

    let request = Request {
        customer: id,
        wanted: vec![Wanted {
            slug: SLUG.to_owned(),
            quantity: 1,
            agreed: None,
        }],
        checkout_key: format!("bench:{at}"),
        rules: Rules {
            hold: Duration::from_mins(15),
            offers: vec![STARS],
            most_open: 3,
            most_held: 100,
            has_pages: true,
            needs: kiosk::shop::customers::registration::Requirements::default(),
        },
    };
    let order = shop
        .store
        .write("orders.place", move |tx| {
            let request = request.clone();
            Box::pin(async move { place::place(tx, &request).await })
        })
        .await
        .map_err(|error: PlaceError| error)
        .expect("placed")
        .order();
    step(0);
    let asked = shop
        .store
        .write("attempts.ask", move |tx| {
            Box::pin(attempt::ask(tx, id, order, STARS))
        })
        .await
        .expect("asked");
    let Asked::New(attempt) = asked else {
        panic!("{asked:?}")
    };
    step(1);
    let payload = payload::encode(&shop.vault, attempt, [(SLUG, 1)]);
    let query = Query {
        id: format!("q{at}"),
        payer: buyer,
        currency: "XTR".to_owned(),
        amount: 5,
        payload: payload.clone(),
    };
    let vault = shop.vault.clone();
    let approval = shop
        .store
        .write_urgent("orders.approve", move |tx| {
            let (vault, query) = (vault.clone(), query.clone());
            Box::pin(async move { approve::approve(tx, &vault, &query).await })
        })
        .await
        .expect("answered");
    assert_eq!(approval, Approval::Approved);
    step(2);
    let charge = Charge {
        method: Method::Stars,
        charge_id: format!("c{at}"),
        provider_charge_id: None,
        payer: Some(buyer),
        currency: "XTR".to_owned(),
        amount: 5,
        payload,
    };
    let vault = shop.vault.clone();
    let settled = shop
        .store
        .write("payments.settle", move |tx| {
            let (vault, charge) = (vault.clone(), charge.clone());
            Box::pin(async move { settle::settle(tx, &vault, &charge).await })
        })
        .await
        .expect("settled");
    assert_eq!(settled, Settled::Fulfilled(order));
    step(3);
}

/// Carries every letter, and expects clean books.
async fn audit(shop: &Shop) {
    let carried: Result<u64, StoreError> = shop
        .store
        .write("bench.carry", |tx| {
            Box::pin(async move {
                tx.execute(&CARRY, &[]).await?;
                tx.execute(&ARRIVE, &[]).await
            })
        })
        .await;
    carried.expect("carried");
    let findings = shop
        .store
        .snapshot("audit", |tx| Box::pin(audit::audit(tx, true)))
        .await
        .expect("an audit");
    assert_eq!(findings, [], "the books are clean");
}

/// A database of the bench's own on a server.
struct Server {
    admin: String,
    name: String,
    location: Location,
    says: String,
}

impl Server {
    async fn make(admin: &str) -> Self {
        use sqlx::Connection;
        let mut conn = sqlx::PgConnection::connect(admin)
            .await
            .expect("KIOSK_BENCH_POSTGRES answers");
        let name = format!("kiosk_bench_{}", std::process::id());
        Self::run(&mut conn, format!("CREATE DATABASE {name}")).await;
        let mut says = Vec::new();
        for setting in ["fsync", "synchronous_commit"] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut conn)
                .await
                .expect("a setting");
            says.push(format!("{setting}={value}"));
        }
        let mut url = url::Url::parse(admin).expect("an address");
        url.set_path(&name);
        Self {
            admin: admin.to_owned(),
            name,
            location: Location::Postgres(url.into()),
            says: says.join(", "),
        }
    }

    async fn drop(self) {
        use sqlx::Connection;
        let mut conn = sqlx::PgConnection::connect(&self.admin)
            .await
            .expect("the server answers");
        Self::run(
            &mut conn,
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }

    async fn run(conn: &mut sqlx::PgConnection, statement: String) {
        // The name is made of letters and digits.
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(conn)
            .await
            .expect("a database");
    }
}
