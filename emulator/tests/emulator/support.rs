//! A bot that calls methods by hand.

use kiosk_emulator::{Control, CustomerSpec, Emulator, Options};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "4242:secret";

/// A running emulator, a bot's connection to it, and a customer who has started the bot.
pub(crate) struct Bench {
    pub(crate) emulator: Emulator,
    pub(crate) control: Control,
    pub(crate) client: reqwest::Client,
    pub(crate) ann: i64,
}

impl Bench {
    /// Nothing is pending: the customer's `/start` is confirmed.
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let emulator = kiosk_emulator::start(options).await.unwrap();
        let control = emulator.control();
        let ann = control.customer(CustomerSpec::named("Ann").speaking("en"));
        control.say(ann, "/start");
        let bench = Self {
            emulator,
            control,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            ann,
        };
        bench.updates().await;
        bench
    }

    pub(crate) fn method_url(&self, method: &str) -> String {
        format!("{}/bot{TOKEN}/{method}", self.emulator.url())
    }

    /// HTTP status and body of a call with a JSON body.
    pub(crate) async fn raw(&self, method: &str, params: Value) -> (u16, Value) {
        let request = self.client.post(self.method_url(method)).json(&params);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    /// The result of a call that succeeds.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Value {
        let (status, mut body) = self.raw(method, params).await;
        assert_eq!(
            (status, &body["ok"]),
            (200, &json!(true)),
            "{method}: {body}"
        );
        body["result"].take()
    }

    /// The description of a call that is refused; its status must match its code.
    pub(crate) async fn refused(&self, method: &str, params: Value) -> String {
        let (status, body) = self.raw(method, params).await;
        assert_eq!(body["ok"], json!(false), "{method}: {body}");
        assert_eq!(body["error_code"], json!(status));
        body["description"].as_str().unwrap().to_owned()
    }

    /// Sends text to Ann; answers the message id.
    pub(crate) async fn send(&self, text: &str) -> i64 {
        let message = json!({ "chat_id": self.ann, "text": text });
        id_of(&self.call("sendMessage", message).await)
    }

    /// Takes all pending updates and confirms them.
    pub(crate) async fn updates(&self) -> Vec<Value> {
        let updates = self.call("getUpdates", json!({})).await;
        let updates = updates.as_array().unwrap().clone();
        if let Some(last) = updates.last() {
            let next = last["update_id"].as_i64().unwrap() + 1;
            self.call("getUpdates", json!({ "offset": next })).await;
        }
        updates
    }

    /// The only pending update, confirmed.
    pub(crate) async fn update(&self) -> Value {
        let mut updates = self.updates().await;
        assert_eq!(updates.len(), 1, "{updates:?}");
        updates.remove(0)
    }

    /// Sends Ann an invoice of Stars; answers the message id.
    pub(crate) async fn invoice(&self, start_parameter: &str) -> i64 {
        let mut params = stars_invoice();
        params["chat_id"] = json!(self.ann);
        params["start_parameter"] = json!(start_parameter);
        id_of(&self.call("sendInvoice", params).await)
    }
}

/// Status and answer of a request to the page's API or the control API.
pub(crate) async fn post(bench: &Bench, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}{path}", bench.emulator.url());
    let response = bench.client.post(url).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

pub(crate) fn id_of(message: &Value) -> i64 {
    message["message_id"].as_i64().unwrap()
}

/// A good invoice of 350 Stars, without a chat.
pub(crate) fn stars_invoice() -> Value {
    json!({
        "title": "A key",
        "description": "One licence key",
        "payload": "order-1",
        "provider_token": "",
        "currency": "XTR",
        "prices": [{ "label": "A key", "amount": 350 }],
    })
}

/// `base` with the fields of `change` over it; null removes a field.
pub(crate) fn changed(base: &Value, change: Value) -> Value {
    let mut object = base.as_object().unwrap().clone();
    let Value::Object(change) = change else {
        panic!("an object is expected");
    };
    object.extend(change);
    object.retain(|_, value| !value.is_null());
    Value::Object(object)
}
