//! The cart, the way from it to an order, and what a customer may have no more of.

use futures::future::join_all;
use kiosk::shop::cart::checkout::{self, Checkout};
use kiosk::shop::cart::{self, Cap, Cart, Put};
use kiosk::shop::customers::{self, Customer};
use kiosk::shop::orders::State;
use kiosk::shop::orders::place::{self, Limit, PlaceError, Placed, Request, Rules, Wanted};
use kiosk::store::{PublicId, StoreError};
use kiosk::{binds, sql};

use crate::on_both_engines;
use crate::sales::rig::{SLUG, Shop};

sql! {
    LIMITED = "cart.rig.limited", "UPDATE products SET max_per_customer = $2 WHERE slug = $1";
    ARCHIVED = "cart.rig.archived", "UPDATE products SET state = 'archived' WHERE slug = $1";
    ROUBLES = "cart.rig.roubles", "UPDATE products SET prices = '{\"RUB\":100}' WHERE slug = $1";
    GRATIS = "cart.rig.gratis", "UPDATE products SET prices = '{\"XTR\":0}' WHERE slug = $1";
}

async fn change(shop: &Shop, sql: &'static kiosk::store::Sql, slug: &'static str) {
    shop.store
        .write("cart.rig", move |tx| {
            Box::pin(async move { tx.execute(sql, binds![slug]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("changed");
}

async fn limit(shop: &Shop, slug: &'static str, most: i64) {
    shop.store
        .write("cart.rig", move |tx| {
            Box::pin(async move { tx.execute(&LIMITED, binds![slug, most]).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("limited");
}

async fn put(shop: &Shop, customer: &Customer, slug: &'static str, quantity: i64) -> Put {
    put_by(shop, customer, slug, quantity, Shop::rules()).await
}

async fn put_by(
    shop: &Shop,
    customer: &Customer,
    slug: &'static str,
    quantity: i64,
    rules: Rules,
) -> Put {
    let id = customer.id;
    shop.store
        .write("cart.set", move |tx| {
            let rules = rules.clone();
            Box::pin(async move { cart::set(tx, id, slug, quantity, &rules).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("put")
}

async fn view(shop: &Shop, customer: &Customer) -> Cart {
    let id = customer.id;
    shop.store
        .read("cart.view", move |tx| Box::pin(cart::view(tx, id)))
        .await
        .expect("a cart")
}

async fn pay(shop: &Shop, customer: &Customer, version: i64) -> Result<Checkout, PlaceError> {
    pay_by(shop, customer, version, Shop::rules()).await
}

async fn pay_by(
    shop: &Shop,
    customer: &Customer,
    version: i64,
    rules: Rules,
) -> Result<Checkout, PlaceError> {
    let id = customer.id;
    shop.store
        .write("cart.checkout", move |tx| {
            let rules = rules.clone();
            Box::pin(async move { checkout::checkout(tx, id, version, &rules).await })
        })
        .await
}

async fn placed(shop: &Shop, customer: &Customer) -> PublicId {
    let version = view(shop, customer).await.version;
    match pay(shop, customer, version).await {
        Ok(Checkout::Placed(Placed::New(order))) => order,
        other => panic!("no new order: {other:?}"),
    }
}

async fn fit(shop: &Shop, customer: &Customer) {
    let id = customer.id;
    shop.store
        .write("cart.fit", move |tx| {
            Box::pin(async move { cart::fit(tx, id, &Shop::rules()).await })
        })
        .await
        .map_err(|error: StoreError| error)
        .expect("fitted");
}

fn quantities(cart: &Cart) -> Vec<(&str, i64)> {
    let lines = cart.lines.iter();
    lines
        .map(|line| (line.slug.as_str(), line.quantity))
        .collect()
}

on_both_engines! {
    async fn a_cart_of_two_products_becomes_one_order_and_is_empty(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        shop.stock("omega", 100, 3).await;
        let ann = shop.customer(1).await;
        assert_eq!(put(&shop, &ann, SLUG, 2).await, Put { quantity: 2, cap: None });
        put(&shop, &ann, "omega", 1).await;
        let cart = view(&shop, &ann).await;
        assert_eq!(quantities(&cart), [(SLUG, 2), ("omega", 1)]);
        assert_eq!(cart.total().to_json(), r#"{"XTR":600}"#);
        let order = placed(&shop, &ann).await;
        assert_eq!(shop.keys_in("reserved").await, 3);
        let seen = shop.view(&ann, order).await.unwrap();
        assert_eq!(seen.lines.len(), 2);
        assert_eq!(seen.total.to_json(), r#"{"XTR":600}"#);
        assert_eq!(view(&shop, &ann).await.lines, [], "the cart is empty");
        shop.expect_clean_books().await;
    }

    async fn the_same_checkout_again_is_the_same_order_and_another_cart_is_not_ordered(db: TestDb) {
        let shop = Shop::with_keys(&db, 9).await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 1).await;
        let version = view(&shop, &ann).await.version;
        let order = placed(&shop, &ann).await;
        let again = pay(&shop, &ann, version).await.unwrap();
        assert_eq!(again, Checkout::Placed(Placed::Again(order)));
        assert_eq!(pay(&shop, &ann, version + 1).await.unwrap(), Checkout::Stale, "an empty cart");
        put(&shop, &ann, SLUG, 2).await;
        let drawn = view(&shop, &ann).await.version;
        put(&shop, &ann, SLUG, 3).await;
        assert_eq!(pay(&shop, &ann, drawn).await.unwrap(), Checkout::Stale, "drawn for two, and now it is three");
        let standing = view(&shop, &ann).await;
        assert_eq!((standing.version, standing.pieces()), (drawn + 1, 3), "a stale tap changes nothing");
        shop.cancel(&ann, order).await;
        assert_eq!(pay(&shop, &ann, version).await.unwrap(), Checkout::Stale, "a cancelled order is not placed again");
        shop.expect_clean_books().await;
    }

    async fn fifty_taps_on_checkout_at_once_place_one_order(db: TestDb) {
        let shop = Shop::with_keys(&db, 60).await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 2).await;
        let version = view(&shop, &ann).await.version;
        let taps = (0..50).map(|_| pay(&shop, &ann, version));
        let mut new = 0;
        for tap in join_all(taps).await {
            match tap.unwrap() {
                Checkout::Placed(Placed::New(_)) => new += 1,
                Checkout::Placed(Placed::Again(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(new, 1);
        assert_eq!(shop.keys_in("reserved").await, 2);
        shop.expect_clean_books().await;
    }

    async fn a_changed_price_is_agreed_to_before_it_is_ordered(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 2).await;
        let version = view(&shop, &ann).await.version;
        shop.reprice(300).await;
        let Checkout::Repriced(cart, lines) = pay(&shop, &ann, version).await.unwrap() else {
            panic!("the price is another one");
        };
        assert_eq!((lines[0].seen.to_json(), lines[0].prices.to_json()), (r#"{"XTR":250}"#.to_owned(), r#"{"XTR":300}"#.to_owned()));
        assert_eq!(shop.keys_in("reserved").await, 0, "nothing is ordered yet");
        shop.reprice(350).await;
        let again = pay(&shop, &ann, cart.version).await.unwrap();
        let Checkout::Repriced(cart, _) = again else { panic!("it changed once more: {again:?}") };
        let agreed = pay(&shop, &ann, cart.version).await.unwrap();
        let Checkout::Placed(order) = agreed else { panic!("{agreed:?}") };
        let seen = shop.view(&ann, order.order()).await.unwrap();
        assert_eq!(seen.total.to_json(), r#"{"XTR":700}"#);
        shop.expect_clean_books().await;
    }

    async fn no_order_is_placed_at_another_price_than_was_agreed_to(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let ann = shop.customer(1).await;
        let seen = view_price(&shop, &ann).await;
        shop.reprice(300).await;
        let request = Request {
            customer: ann.id,
            wanted: vec![Wanted { agreed: Some(seen), ..Shop::wanted(SLUG, 1) }],
            checkout_key: "agreed".to_owned(),
            rules: Shop::rules(),
        };
        let placed = shop.store
            .write("orders.place", move |tx| {
                let request = request.clone();
                Box::pin(async move { place::place(tx, &request).await })
            })
            .await;
        assert!(matches!(placed, Err(PlaceError::Repriced(_))), "{placed:?}");
        assert_eq!(shop.keys_in("reserved").await, 0);
    }

    async fn a_cart_that_is_sold_out_in_the_middle_is_made_to_fit(db: TestDb) {
        let shop = Shop::with_keys(&db, 3).await;
        shop.stock("omega", 100, 1).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        put(&shop, &ann, SLUG, 3).await;
        put(&shop, &ann, "omega", 1).await;
        put(&shop, &bob, SLUG, 2).await;
        put(&shop, &bob, "omega", 1).await;
        placed(&shop, &bob).await;
        let version = view(&shop, &ann).await.version;
        assert!(matches!(pay(&shop, &ann, version).await, Err(PlaceError::SoldOut)));
        let cart = view(&shop, &ann).await;
        assert_eq!((cart.lines[0].left, cart.lines[1].left), (1, 0), "what is left is told");
        assert_eq!(shop.keys_in("reserved").await, 3, "nothing of hers is held");
        fit(&shop, &ann).await;
        assert_eq!(quantities(&view(&shop, &ann).await), [(SLUG, 1)]);
        placed(&shop, &ann).await;
        shop.expect_clean_books().await;
    }

    async fn a_removed_product_stays_in_carts_and_open_orders_until_it_is_looked_at(db: TestDb) {
        let shop = Shop::with_keys(&db, 4).await;
        let (ann, bob) = (shop.customer(1).await, shop.customer(2).await);
        put(&shop, &ann, SLUG, 1).await;
        let (order, payload) = shop.invoiced(&bob, "buy:1").await;
        change(&shop, &ARCHIVED, SLUG).await;
        let cart = view(&shop, &ann).await;
        assert_eq!(cart.lines[0].left, 0);
        assert!(matches!(pay(&shop, &ann, cart.version).await, Err(PlaceError::NotForSale(_))));
        assert_eq!(put(&shop, &ann, SLUG, 2).await, Put { quantity: 0, cap: Some(Cap::NotForSale) });
        assert_eq!(view(&shop, &ann).await.lines, []);
        shop.settle(&Shop::charge(&bob, &payload, "c1")).await;
        assert_eq!(shop.state(&bob, order).await, State::Fulfilled, "what was ordered before is delivered");
        shop.expect_clean_books().await;
    }

    async fn wishes_are_capped_by_stock_limits_and_orders(db: TestDb) {
        let shop = Shop::with_keys(&db, 7).await;
        let ann = shop.customer(1).await;
        for wished in [100_000, i64::MAX] {
            assert_eq!(put(&shop, &ann, SLUG, wished).await, Put { quantity: 7, cap: Some(Cap::Stock(7)) });
        }
        assert_eq!(put(&shop, &ann, SLUG, i64::MIN).await, Put { quantity: 0, cap: None });
        let rules = Rules { most_held: 4, ..Shop::rules() };
        assert_eq!(put_by(&shop, &ann, SLUG, 5, rules).await, Put { quantity: 4, cap: Some(Cap::PerOrder(4)) });
        limit(&shop, SLUG, 3).await;
        assert_eq!(put(&shop, &ann, SLUG, 5).await, Put { quantity: 3, cap: Some(Cap::PerCustomer(3)) });
        put(&shop, &ann, SLUG, 2).await;
        placed(&shop, &ann).await;
        assert_eq!(put(&shop, &ann, SLUG, 2).await, Put { quantity: 1, cap: Some(Cap::PerCustomer(3)) }, "two are ordered");
        assert_eq!(put(&shop, &ann, "no-such-product", 1).await.cap, Some(Cap::NotForSale));
        assert_eq!(put(&shop, &ann, "Not a slug\0", 1).await.cap, Some(Cap::NotForSale));
        shop.expect_clean_books().await;
    }

    async fn a_customer_has_no_more_than_the_rules_allow_however_fast_they_tap(db: TestDb) {
        let shop = Shop::with_keys(&db, 40).await;
        let ann = shop.customer(1).await;
        limit(&shop, SLUG, 5).await;
        let taps = (0..20).map(|at| {
            let (shop, ann) = (shop.clone(), ann.clone());
            async move { shop.place(&ann, &format!("buy:{at}")).await }
        });
        let (mut placed, mut over) = (0, 0);
        for tap in join_all(taps).await {
            match tap {
                Ok(Placed::New(_)) => placed += 1,
                Err(PlaceError::Limit(Limit::Pieces { most: 5, had: 5, .. })) => over += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((placed, over), (5, 15));
        let bob = shop.customer(2).await;
        limit(&shop, SLUG, 100).await;
        let rules = Rules { most_open: 2, most_held: 5, ..Shop::rules() };
        let buy = |quantity| put_and_pay(&shop, &bob, quantity, rules.clone());
        buy(3).await.unwrap();
        assert!(matches!(buy(3).await, Err(PlaceError::Limit(Limit::HeldKeys { most: 5, held: 3 }))));
        buy(1).await.unwrap();
        assert!(matches!(buy(1).await, Err(PlaceError::Limit(Limit::OpenOrders { most: 2 }))));
        shop.expect_clean_books().await;
    }

    async fn what_nothing_can_take_together_is_not_ordered(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        shop.stock("omega", 100, 2).await;
        change(&shop, &ROUBLES, "omega").await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 1).await;
        put(&shop, &ann, "omega", 1).await;
        let cart = view(&shop, &ann).await;
        assert!(!cart.can_be_paid(&Shop::rules().offers));
        assert!(matches!(pay(&shop, &ann, cart.version).await, Err(PlaceError::NoOffer)));
        put(&shop, &ann, "omega", 0).await;
        placed(&shop, &ann).await;
        shop.expect_clean_books().await;
    }

    async fn what_costs_nothing_is_delivered_at_once_and_once_for_each(db: TestDb) {
        let shop = Shop::with_keys(&db, 5).await;
        change(&shop, &GRATIS, SLUG).await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 3).await;
        let cart = view(&shop, &ann).await;
        assert_eq!(cart.pieces(), 1, "one for each");
        let order = placed(&shop, &ann).await;
        assert_eq!(shop.state(&ann, order).await, State::Fulfilled);
        assert_eq!(shop.keys(&ann, order).await, ["zeta-month-0001"]);
        assert_eq!(shop.letters("delivery").await, 1);
        let more = shop.place(&ann, "again").await;
        assert!(matches!(more, Err(PlaceError::Limit(Limit::Pieces { most: 1, had: 1, .. }))), "{more:?}");
        shop.expect_clean_books().await;
    }

    async fn a_phone_number_is_asked_for_where_the_shop_wants_one(db: TestDb) {
        let shop = Shop::with_keys(&db, 1).await;
        let ann = shop.customer(1).await;
        put(&shop, &ann, SLUG, 1).await;
        let mut rules = Shop::rules();
        rules.needs.phone = true;
        let version = view(&shop, &ann).await.version;
        assert!(matches!(pay_by(&shop, &ann, version, rules.clone()).await, Err(PlaceError::NeedsPhone)));
        let id = ann.id;
        shop.store
            .write("customers.set_phone", move |tx| Box::pin(customers::set_phone(tx, id, Some("+79990000000"))))
            .await
            .map_err(|error: StoreError| error)
            .unwrap();
        let paid = pay_by(&shop, &ann, version, rules).await.unwrap();
        assert!(matches!(paid, Checkout::Placed(Placed::New(_))), "the same button goes on: {paid:?}");
        shop.expect_clean_books().await;
    }

    async fn an_ended_order_is_put_into_the_cart_again(db: TestDb) {
        let shop = Shop::with_keys(&db, 2).await;
        let (ann, eve) = (shop.customer(1).await, shop.customer(2).await);
        let order = shop.place_many(&ann, "buy:1", 2).await.unwrap().order();
        shop.cancel(&ann, order).await;
        let refill = |customer: &Customer| {
            let (shop, id) = (shop.clone(), customer.id);
            async move {
                shop.store
                    .write("cart.refill", move |tx| {
                        Box::pin(async move { cart::refill(tx, id, order, &Shop::rules()).await })
                    })
                    .await
                    .map_err(|error: StoreError| error)
                    .unwrap()
            }
        };
        assert!(!refill(&eve).await, "a stranger's order");
        assert!(refill(&ann).await && refill(&ann).await, "twice is as good as once");
        assert_eq!(quantities(&view(&shop, &ann).await), [(SLUG, 2)]);
        assert_eq!(view(&shop, &eve).await.lines, []);
    }
}

async fn view_price(shop: &Shop, customer: &Customer) -> kiosk::shop::money::Prices {
    put(shop, customer, SLUG, 1).await;
    view(shop, customer).await.lines[0].seen.clone()
}

async fn put_and_pay(
    shop: &Shop,
    customer: &Customer,
    quantity: i64,
    rules: Rules,
) -> Result<Checkout, PlaceError> {
    put(shop, customer, SLUG, quantity).await;
    let version = view(shop, customer).await.version;
    pay_by(shop, customer, version, rules).await
}
