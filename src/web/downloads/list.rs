//! Downloads in a list: of an order, and of everything that a customer has bought.

use crate::i18n;
use crate::shop::downloads::link;
use crate::shop::downloads::view::{self, Download};
use crate::shop::orders::view::OrderView;
use crate::shop::texts::Language;
use crate::web::orders;
use crate::web::site::{Problem, Site};

/// A download in a list.
pub(in crate::web) struct Item {
    pub(in crate::web) path: String,
    pub(in crate::web) title: String,
    /// How its state looks, and its words.
    pub(in crate::web) state: (&'static str, String),
    /// The file, how often it can be fetched still, and until when.
    pub(in crate::web) about: String,
    /// Where its order is, and what that one is called.
    pub(in crate::web) order: (String, String),
}

/// The granted downloads of a customer's order.
pub(in crate::web) async fn of_order(
    site: &Site,
    customer: i64,
    order: &OrderView,
    language: Language,
) -> Result<Vec<Item>, Problem> {
    // Most orders have none to look for.
    if !order.has_downloads() {
        return Ok(Vec::new());
    }
    let order = order.id;
    let downloads = site
        .store
        .read("pages.order.downloads", move |tx| {
            Box::pin(view::of_order(tx, customer, order))
        })
        .await?;
    Ok(items(site, language, &downloads))
}

/// Downloads as a list shows them.
pub(in crate::web) fn items(site: &Site, language: Language, downloads: &[Download]) -> Vec<Item> {
    let downloads = downloads.iter();
    downloads.map(|it| item(site, language, it)).collect()
}

fn item(site: &Site, language: Language, download: &Download) -> Item {
    let say = |id: &str| i18n::text(language, id, &[]);
    let state = match super::obstacle(download, site.store.clock().now()) {
        None => ("fulfilled", say("download-state-ready")),
        Some(super::Obstacle::UsedUp) => ("expired", say("download-state-used-up")),
        Some(super::Obstacle::Over) => ("expired", say("download-state-over")),
        Some(_) => ("expired", say("download-state-none")),
    };
    let mut about = Vec::new();
    if let Some(file) = &download.file {
        about.push(i18n::clean(&file.name));
        about.push(i18n::size(language, file.size));
    }
    let args = [
        ("left", i18n::number(language, download.left()).into()),
        ("most", download.most.into()),
    ];
    about.push(i18n::text(language, "download-left-of", &args));
    if let Some(until) = download.expires_at {
        let until = i18n::date_time(language, &site.zone, until);
        let args = [("until", until.into())];
        about.push(i18n::text(language, "download-until", &args));
    }
    Item {
        path: format!(
            "/d/{}",
            link::page(&site.vault, download.id, download.link_version)
        ),
        title: i18n::clean(download.title.in_language(language)),
        state,
        about: about.join(" · "),
        order: (
            format!("/cabinet/orders/{}", download.order),
            orders::number_words(language, download.order),
        ),
    }
}

/// How often it may be fetched still, of how often in all.
pub(super) fn left(language: Language, download: &Download) -> String {
    let args = [
        ("left", i18n::number(language, download.left()).into()),
        ("most", i18n::number(language, download.most).into()),
    ];
    i18n::text(language, "download-page-left-of", &args)
}
