//! A browser without a screen: it keeps cookies, follows nothing by itself and fills forms in. And the pages that it visits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use kiosk::i18n::Zone;
use kiosk::shop::access::Way;
use kiosk::shop::access::identity::app;
use kiosk::shop::access::passwords::hasher::Hasher;
use kiosk::shop::confirmations::senders::{Messenger, Reporter};
use kiosk::shop::customers::Region;
use kiosk::shop::downloads::folder::Folder;
use kiosk::web::doors::{Doors, TelegramDoor, VkDoor};
use kiosk::web::site::{self, Site};
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::access::rig::Cabinet;
use crate::confirmations::rig::Desk;
use crate::sales::rig::Shop;
use crate::support::db::TestDb;
use crate::support::shop::TOKEN;

/// Pages of a shop with keys, all ways in open.
pub struct Pages {
    pub shop: Shop,
    pub cabinet: Cabinet,
    pub desk: Desk,
    pub base: String,
    _keeper: watch::Sender<bool>,
}

/// What may be otherwise.
#[derive(Default)]
pub struct Otherwise {
    pub public_url: Option<&'static str>,
    pub ways: Option<Vec<Way>>,
    pub reporters: Vec<Arc<dyn Reporter>>,
    pub telegram: Option<TelegramDoor>,
    pub vk: Option<VkDoor>,
    /// By what codes come to phones; by the log, if nothing else is said.
    pub messengers: Option<Vec<Messenger>>,
    pub no_mails: bool,
    pub address_header: Option<&'static str>,
    /// Where the pages are, if not anywhere.
    pub listen: Option<SocketAddr>,
    pub app_key: Option<[u8; 32]>,
    /// The folder for files, if there is one.
    pub files: Option<Folder>,
    pub accel_prefix: Option<&'static str>,
}

impl Pages {
    pub async fn open(db: &TestDb) -> Self {
        Self::open_with(db, Otherwise::default()).await
    }

    pub async fn open_with(db: &TestDb, otherwise: Otherwise) -> Self {
        let shop = Shop::with_keys(db, 3).await;
        let (store, vault, clock) = (shop.store.clone(), shop.vault.clone(), shop.clock.clone());
        let cabinet = Cabinet::of(store.clone(), clock.clone(), vault.clone());
        let desk = Desk {
            store: store.clone(),
            watch: shop.watch.clone(),
            vault: vault.clone(),
            clock,
        };
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let listen = otherwise.listen.unwrap_or(anywhere);
        let listener = TcpListener::bind(listen).await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let public_url = otherwise.public_url.unwrap_or(&base);
        let doors = Doors {
            ways: otherwise.ways.unwrap_or_else(|| Way::ALL.to_vec()),
            public_url: public_url.parse().expect("an address"),
            region: Region::read("RU"),
            hasher: Hasher::new(),
            bot_token: TOKEN.into(),
            app_key: otherwise.app_key.unwrap_or(app::TELEGRAM),
            telegram: otherwise.telegram,
            vk: otherwise.vk,
            messengers: otherwise.messengers.unwrap_or_else(|| vec![Messenger::Log]),
            sends_mails: !otherwise.no_mails,
        };
        let site = Site {
            store,
            vault,
            name: "Zeta shop".to_owned(),
            zone: Zone::UTC,
            files: otherwise.files,
            accel_prefix: otherwise.accel_prefix.map(str::to_owned),
            doors: Some(Arc::new(doors)),
            address_header: otherwise.address_header.map(str::to_owned),
            reporters: otherwise.reporters,
        };
        let (keeper, stopped) = watch::channel(false);
        tokio::spawn(site::serve(listener, site, None, stopped));
        Self {
            shop,
            cabinet,
            desk,
            base,
            _keeper: keeper,
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(&self.base)
    }

    /// A browser that is logged in by a link of the bot's.
    pub async fn logged_in(&self, customer: i64) -> Browser {
        let browser = self.browser();
        let link = self.cabinet.link(customer).await.expose();
        let path = format!("/login/{link}");
        let answer = browser.submits(&path, &path, &[]).await;
        assert_eq!(answer.place(), "/cabinet", "{}", answer.text);
        browser
    }
}

/// Cookies, and the way to the pages.
pub struct Browser {
    client: Client,
    base: Mutex<String>,
    jar: Mutex<BTreeMap<String, String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |it| it.to_str().expect("text"))
    }

    /// Where it leads to.
    pub fn place(&self) -> &str {
        self.header("location")
    }

    /// What its forms carry.
    pub fn token(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("name=\"form\" value=\"")
            .unwrap_or_else(|| panic!("no form: {} {}", self.status, self.text));
        rest.split('"').next().expect("a value").to_owned()
    }

    #[track_caller]
    pub fn shows(&self, words: &str) {
        assert!(
            self.text.contains(words),
            "{words:?} is not on {} {}",
            self.status,
            self.text
        );
    }
}

impl Browser {
    pub fn at(base: &str) -> Self {
        Self {
            client: Client::builder()
                .redirect(redirect::Policy::none())
                .no_proxy()
                .build()
                .expect("a client"),
            base: Mutex::new(base.to_owned()),
            jar: Mutex::default(),
        }
    }

    /// The pages are served elsewhere from now on.
    pub fn moves(&self, base: &str) {
        base.clone_into(&mut self.base.lock().unwrap());
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut jar = self.jar.lock().unwrap();
        jar.insert(name.to_owned(), value.to_owned());
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let jar = self.jar.lock().unwrap();
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let base = self.base.lock().unwrap();
        let request = self.client.request(method, format!("{base}{path}"));
        request.header(header::COOKIE, cookies)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.tries(request).await.expect("an answer")
    }

    /// The same, where nobody may be there to answer.
    pub async fn tries(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            let value = rest.split(';').next().expect("a value");
            let mut jar = self.jar.lock().unwrap();
            if cookie.contains("Max-Age=0;") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = answer.text().await?;
        Ok(Answer {
            status,
            headers,
            text,
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// Sends a form as it is, without looking at a page before.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(reqwest::Method::POST, path).form(fields);
        self.send(request).await
    }

    /// Opens a page, and sends the form of it that goes to `action`.
    pub async fn submits(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(page).await;
        page.shows(&format!("action=\"{action}\""));
        let token = page.token();
        let fields = [fields, &[("form", token.as_str())]].concat();
        self.post(action, &fields).await
    }
}
