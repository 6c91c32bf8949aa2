//! A tab: looks at a page, waits for what it shows, and clicks as a hand would. Speaks the `DevTools` protocol.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Width and height in CSS pixels, and whether it is held in a hand.
pub(super) type Size = (u32, u32, bool);

/// A laptop's window: two chats side by side.
pub(super) const DESKTOP: Size = (1280, 800, false);
/// A small phone.
pub(super) const PHONE: Size = (360, 740, true);

/// What a page doesn't show within this it never shows. In milliseconds.
const PATIENCE_MS: u64 = 40_000;
/// The browser itself answers sooner than the page gives up.
const ANSWERS_WITHIN: Duration = Duration::from_secs(50);

fn is_of_a_page_that_went(error: &Value) -> bool {
    let message = error["message"].as_str().unwrap_or_default();
    ["navigated", "context"]
        .iter()
        .any(|word| message.contains(word))
}

/// A tab of a running browser.
pub(super) struct Tab {
    line: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    number: u64,
    complaints: Vec<String>,
    /// The width of the window.
    width: u32,
}

impl Tab {
    pub(super) async fn open(browser: &str, url: &str, size: Size) -> Self {
        let mut tab = Self::visit(browser, url, size).await;
        tab.until("document.querySelector('[data-test=chat]')")
            .await;
        tab
    }

    pub(super) async fn visit(browser: &str, url: &str, size: Size) -> Self {
        let (line, _) = tokio_tungstenite::connect_async(browser)
            .await
            .expect("the browser takes the line");
        let mut tab = Self {
            line,
            session: None,
            number: 0,
            complaints: Vec::new(),
            width: size.0,
        };
        let target = tab
            .call("Target.createTarget", json!({ "url": "about:blank" }))
            .await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = tab.call("Target.attachToTarget", attach).await;
        tab.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log"] {
            tab.call(&format!("{domain}.enable"), json!({})).await;
        }
        tab.resize(size).await;
        tab.dark(false).await;
        tab.go(url).await;
        tab
    }

    /// Opens another page in this tab.
    pub(super) async fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url })).await;
    }

    /// Whether all of the page fits into the width of the window.
    pub(super) async fn fits(&mut self) -> bool {
        // A phone's window grows with what does not fit, so it is not asked how wide it is.
        let fits = format!("document.documentElement.scrollWidth <= {}", self.width);
        self.evaluate(&fits).await == json!(true)
    }

    /// What is downloaded comes into this folder.
    pub(super) async fn saves_to(&mut self, folder: &Path) {
        let params = json!({ "behavior": "allow", "downloadPath": folder });
        self.call("Browser.setDownloadBehavior", params).await;
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The answer, or what the browser says against the call.
    async fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.number += 1;
        let number = self.number;
        let mut request = json!({ "id": number, "method": method, "params": params });
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        let sent = self.line.send(Message::text(request.to_string())).await;
        sent.expect("the browser listens");
        let answer = timeout(ANSWERS_WITHIN, async {
            loop {
                let message = self.line.next().await.expect("the browser is there");
                let Message::Text(text) = message.expect("the line holds") else {
                    continue;
                };
                let mut heard: Value = serde_json::from_str(&text).expect("JSON");
                if heard["id"] == json!(number) {
                    if heard["error"].is_null() {
                        break Ok(heard["result"].take());
                    }
                    break Err(heard["error"].take());
                }
                self.note(&heard);
            }
        });
        let answer = answer.await;
        answer.unwrap_or_else(|_| panic!("the browser does not answer {method}"))
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => {
                self.complaints.push(params["entry"].to_string());
            }
            _ => {}
        }
    }

    /// Errors of scripts, and what the page's policy stopped.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints.clone()
    }

    async fn evaluate(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = loop {
            match self.try_call("Runtime.evaluate", params.clone()).await {
                Ok(answer) => break answer,
                // The page that was asked gave way to another, which is asked now.
                Err(error) => assert!(is_of_a_page_that_went(&error), "{error}"),
            }
        };
        assert!(
            answer["exceptionDetails"].is_null(),
            "{}",
            answer["exceptionDetails"]["exception"]["description"]
        );
        answer["result"]["value"].take()
    }

    /// Waits until `expression` gives something true; answers what `then` makes of it.
    async fn wait_and(&mut self, expression: &str, then: &str) -> Value {
        let script = format!(
            "new Promise((found, late) => {{
                const end = performance.now() + {PATIENCE_MS};
                const look = () => {{
                    let seen;
                    try {{ seen = ({expression}); }} catch {{ seen = null; }}
                    if (seen) return found((({then}))(seen));
                    if (performance.now() > end) return late(new Error({} + document.body.innerText));
                    requestAnimationFrame(look);
                }};
                look();
            }})",
            json!(format!("never seen: {expression}; the page shows:\n"))
        );
        self.evaluate(&script).await
    }

    /// Waits until `expression` gives something true.
    pub(super) async fn until(&mut self, expression: &str) {
        self.wait_and(expression, "() => true").await;
    }

    /// The text of an element, once it is there.
    pub(super) async fn text(&mut self, element: &str) -> String {
        let text = self
            .wait_and(element, "element => element.innerText.trim()")
            .await;
        text.as_str().expect("text").to_owned()
    }

    /// The texts of elements, once there is one.
    pub(super) async fn text_of_all(&mut self, elements: &str) -> Vec<String> {
        let all = format!("(all => all.length > 0 && all)([...{elements}])");
        let texts = self
            .wait_and(&all, "all => all.map(element => element.innerText.trim())")
            .await;
        serde_json::from_value(texts).expect("texts")
    }

    /// The expression of this customer's chat, once it is on the screen.
    pub(super) async fn chat(&mut self, customer: &str) -> String {
        let chat = format!(
            "[...document.querySelectorAll('[data-test=chat]')].find(chat => chat.ariaLabel.endsWith({}) && !chat.hidden)",
            json!(customer)
        );
        self.until(&chat).await;
        format!("({chat})")
    }

    /// Clicks the last button of the chat whose label contains `label`.
    pub(super) async fn click(&mut self, chat: &str, label: &str) {
        self.click_on(&format!(
            "[...{chat}.querySelectorAll('button:not(:disabled)')].findLast(button => button.innerText.includes({}) && button.checkVisibility())",
            json!(label)
        ))
        .await;
    }

    /// Clicks in the middle of an element, once it is there, nothing covers it, and it has stood still for a few frames.
    pub(super) async fn click_on(&mut self, element: &str) {
        let free = format!(
            "(element => {{
                if (!element) return null;
                element.scrollIntoView({{ block: 'nearest' }});
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const top = document.elementFromPoint(x, y);
                if (!top || !(element.contains(top) || top.contains(element))) return null;
                const last = window.lastSeen;
                const still = last?.element === element && last.x === x && last.y === y ? last.still + 1 : 0;
                window.lastSeen = {{ element, x, y, still }};
                if (still < 4) return null;
                window.lastSeen = null;
                return {{ x, y }};
            }})({element})"
        );
        let at = self.wait_and(&free, "place => place").await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": at["x"], "y": at["y"], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Gives a file to the customer's file chooser, as if it had been picked there.
    pub(super) async fn pick_file(&mut self, chat: &str, name: &str, text: &str) {
        let pick = format!(
            "(input => {{
                const picked = new DataTransfer();
                picked.items.add(new File([{}], {}));
                input.files = picked.files;
                input.dispatchEvent(new Event('change'));
            }})({chat}.querySelector('[data-test=file]'))",
            json!(text),
            json!(name)
        );
        self.evaluate(&pick).await;
    }

    /// Types into what has the focus.
    pub(super) async fn types(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses Enter.
    pub(super) async fn press_enter(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Gives the window another size.
    pub(super) async fn resize(&mut self, (width, height, mobile): Size) {
        self.width = width;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// The system's colours. Nothing on the page moves, so that a click meets what was looked at.
    pub(super) async fn dark(&mut self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// What an expression gives at this moment.
    pub(super) async fn value(&mut self, expression: &str) -> Value {
        self.evaluate(expression).await
    }

    /// Lets pages load and frame what their policies forbid.
    pub(super) async fn without_policies(&mut self) {
        self.call("Page.setBypassCSP", json!({ "enabled": true }))
            .await;
    }

    /// Runs a script in each page from now on, before those of the page.
    pub(super) async fn before_each_page(&mut self, script: &str) {
        let params = json!({ "source": script });
        self.call("Page.addScriptToEvaluateOnNewDocument", params)
            .await;
    }

    /// Saves what is on the screen as `target/browser/NAME.png`.
    pub(super) async fn screenshot(&mut self, name: &str) {
        self.save(name, json!({ "format": "png" })).await;
    }

    /// The same of all of the page, however long it is.
    pub(super) async fn whole_page(&mut self, name: &str) {
        let size = self.call("Page.getLayoutMetrics", json!({})).await;
        let size = &size["cssContentSize"];
        let clip =
            json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let all = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        self.save(name, all).await;
    }

    async fn save(&mut self, name: &str, params: Value) {
        let shot = self.call("Page.captureScreenshot", params).await;
        let data = shot["data"].as_str().expect("a picture");
        let picture = base64::engine::general_purpose::STANDARD.decode(data);
        let mut path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        path.pop();
        path.push("browser");
        std::fs::create_dir_all(&path).expect("the target folder can be written");
        path.push(format!("{name}.png"));
        std::fs::write(path, picture.expect("base64")).expect("there is room for a picture");
    }
}
