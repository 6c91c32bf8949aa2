//! Load: scripted customers, in front of a small bot that sells.

use kiosk_emulator::load::{Browse, Figures, Hello, Options, Sale, Server};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;

use crate::support::TOKEN;

const KEY: &str = "<code>KEY-7</code>";

/// What the small bot shows, whether it is good or not.
#[derive(Clone)]
struct Manners {
    card: &'static str,
    buy: String,
    approves: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            card: "<b>Zeta</b>",
            buy: "buy".to_owned(),
            approves: true,
        }
    }
}

struct Bot {
    client: reqwest::Client,
    root: String,
    manners: Manners,
}

impl Bot {
    async fn call(&self, method: &str, params: Value) -> Value {
        let request = self.client.post(format!("{}/{method}", self.root));
        let response = request.json(&params).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// Sells to everybody until it is aborted.
    async fn run(self) {
        let mut offset = 0;
        loop {
            let params = json!({ "offset": offset, "timeout": 20 });
            let updates = self.call("getUpdates", params).await;
            for update in updates["result"].as_array().unwrap() {
                offset = update["update_id"].as_i64().unwrap() + 1;
                self.handle(update).await;
            }
        }
    }

    async fn handle(&self, update: &Value) {
        let button = |text: &str, data: &str| json!({ "inline_keyboard": [[{ "text": text, "callback_data": data }]] });
        if let Some(query) = update.get("pre_checkout_query") {
            let answer = json!({ "pre_checkout_query_id": query["id"], "ok": self.manners.approves, "error_message": "No." });
            self.call("answerPreCheckoutQuery", answer).await;
        } else if let Some(tap) = update.get("callback_query") {
            let chat = &tap["message"]["chat"]["id"];
            let (text, markup) = match tap["data"].as_str().unwrap() {
                "pay" => ("Pay above", button("Back", "back")),
                _ => ("How?", button("⭐ Stars", "pay")),
            };
            let edit = json!({ "chat_id": chat, "message_id": tap["message"]["message_id"], "text": text, "reply_markup": markup });
            self.call("editMessageText", edit).await;
            if tap["data"] == "pay" {
                let invoice = json!({
                    "chat_id": chat, "title": "Zeta", "description": "One key", "payload": "order 1", "currency": "XTR",
                    "provider_token": "", "prices": [{ "label": "Zeta", "amount": 5 }],
                });
                self.call("sendInvoice", invoice).await;
            }
            let id = &tap["id"];
            self.call("answerCallbackQuery", json!({ "callback_query_id": id }))
                .await;
        } else {
            let message = &update["message"];
            let text = if message.get("successful_payment").is_some() {
                KEY
            } else {
                self.manners.card
            };
            let markup = button("⚡ Buy now", &self.manners.buy);
            let answer = json!({ "chat_id": message["chat"]["id"], "text": text, "parse_mode": "HTML", "reply_markup": markup });
            self.call("sendMessage", answer).await;
        }
    }
}

async fn server() -> Server {
    Server::start(Options::default()).await.unwrap()
}

fn bot(server: &Server, manners: Manners) -> JoinHandle<()> {
    let bot = Bot {
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        root: format!("{}/bot{TOKEN}", server.url()),
        manners,
    };
    tokio::spawn(bot.run())
}

/// Adds up figures until they are as wanted.
async fn until(server: &Server, wanted: impl Fn(&Figures) -> bool) -> Figures {
    let mut sum = server.figures();
    let looking = async {
        while !wanted(&sum) {
            tokio::task::yield_now().await;
            sum.add(&server.figures());
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), looking).await;
    assert!(in_time.is_ok(), "not in 30 s: {:?}", sum.refused);
    sum
}

async fn refusals(manners: Manners) -> Vec<String> {
    let server = server().await;
    let bot = bot(&server, manners);
    let crowd = server.crowd(1, |_| Box::new(Sale::new("zeta", "KEY-")));
    crowd.enter();
    let figures = until(&server, |figures| !figures.refused.is_empty()).await;
    assert_eq!(figures.answered, 0);
    bot.abort();
    figures.refused.into_keys().collect()
}

#[tokio::test]
async fn customers_buy_again_and_again() {
    let server = server().await;
    let bot = bot(&server, Manners::default());
    let crowd = server.crowd(3, |_| Box::new(Sale::new("zeta", "KEY-")));
    crowd.enter();
    let figures = until(&server, |figures| figures.rounds >= 9).await;
    assert_eq!(crowd.leave(Duration::from_secs(10)).await, 0);
    assert!(figures.refused.is_empty(), "{:?}", figures.refused);
    assert_eq!(
        (figures.lost, figures.silent, figures.turned_down),
        (0, 0, 0)
    );
    // A card, two taps, a question and the news of the payment make a sale.
    assert!(figures.answered >= 5 * figures.rounds);
    assert!(figures.pre_checkout.len() >= figures.rounds && figures.round.len() == figures.rounds);
    bot.abort();
    let _ = bot.await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/bot{TOKEN}/getStarTransactions?limit=100", server.url());
    let list: Value = client.get(url).send().await.unwrap().json().await.unwrap();
    let list = list["result"]["transactions"].as_array().unwrap().clone();
    assert!(list.len() as u64 >= figures.rounds);
    assert_eq!(list[0]["source"]["invoice_payload"], "order 1");
}

#[tokio::test]
async fn bad_html_is_refused_under_load() {
    let manners = Manners {
        card: "<b>Zeta",
        ..Manners::default()
    };
    assert_eq!(
        refusals(manners).await,
        [
            "sendMessage: Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
        ]
    );
}

#[tokio::test]
async fn a_button_with_65_bytes_is_refused_under_load() {
    let manners = Manners {
        buy: "x".repeat(65),
        ..Manners::default()
    };
    assert_eq!(
        refusals(manners).await,
        ["sendMessage: Bad Request: BUTTON_DATA_INVALID"]
    );
}

#[tokio::test]
async fn a_payment_that_is_turned_down_is_no_sale() {
    let server = server().await;
    let manners = Manners {
        approves: false,
        ..Manners::default()
    };
    let bot = bot(&server, manners);
    let crowd = server.crowd(1, |_| Box::new(Sale::new("zeta", "KEY-")));
    crowd.enter();
    let figures = until(&server, |figures| figures.turned_down >= 2).await;
    assert_eq!(figures.rounds, 0);
    bot.abort();
}

#[tokio::test]
async fn an_open_loop_waits_for_nobody() {
    let server = server().await;
    let crowd = server.crowd(4, |_| Box::new(Hello));
    crowd.act_at(1_000);
    // No bot is there: each of the four acts once, and who is due after that is told as busy.
    let figures = until(&server, |figures| figures.busy >= 3).await;
    assert_eq!((server.waiting(), figures.answered), (4, 0));
    let bot = bot(&server, Manners::default());
    let figures = until(&server, |figures| figures.answered >= 20).await;
    assert!(figures.since_due.max() >= figures.answer.min());
    bot.abort();
}

#[tokio::test]
async fn what_piles_up_comes_in_order_and_again_until_it_is_confirmed() {
    let server = server().await;
    let crowd = server.crowd(2, |_| Box::new(Browse::new(1)));
    crowd.pile("/start", 2);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let numbers = |offset: i64| {
        let request = client.post(format!("{}/bot{TOKEN}/getUpdates", server.url()));
        async move {
            let body = json!({ "offset": offset, "limit": 3 });
            let answer: Value = request
                .json(&body)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let updates = answer["result"].as_array().unwrap().clone();
            let numbers = updates.iter().map(|it| it["update_id"].as_i64().unwrap());
            numbers.collect::<Vec<_>>()
        }
    };
    let first = numbers(0).await;
    assert_eq!(first, [first[0], first[0] + 1, first[0] + 2]);
    assert_eq!(numbers(0).await, first);
    assert_eq!(numbers(first[1]).await, [first[1], first[2], first[2] + 1]);
    assert_eq!(server.waiting(), 3);
}
