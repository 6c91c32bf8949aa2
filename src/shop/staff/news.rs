//! What staff are told: sales, products that are sold out, money that went back, and tasks. Use-cases write it down
//! where it happens; a batch of it becomes one letter for each owner and manager.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bus::alerts::{self, Alert, Taken};
use crate::clock::Millis;
use crate::shop::customers::Customer;
use crate::shop::letters::{self, Letter};
use crate::shop::money::{Currency, Money};
use crate::shop::texts::Texts;
use crate::store::{ErrorKind, PublicId, StoreError, Tx};
use crate::{binds, sql};

/// So many pieces of news are told one by one; the others are counted.
pub const SHOWN: usize = 10;

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A task was opened.
    Task {
        /// What happened, such as `payment.unmatched`.
        kind: String,
        /// Its number.
        id: i64,
    },
    /// A product's last key was taken.
    SoldOut {
        /// The product's title.
        title: Texts,
        /// The product.
        slug: String,
    },
    /// Money went back.
    Refund {
        /// The order that it was for, if it was for one.
        order: Option<PublicId>,
        /// How much; `None` in a currency that we don't know.
        money: Option<Money>,
    },
    /// An order was paid and got its keys.
    Sale {
        /// The order.
        order: PublicId,
        /// What came in; `None` if it was free.
        money: Option<Money>,
        /// What was sold, with the number of pieces. Only in news that is told one by one.
        lines: Vec<(Texts, i64)>,
    },
}

/// A batch of news as it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// How many orders were sold.
    pub sales: i64,
    /// What they brought, by currency.
    pub sums: Vec<Money>,
    /// The first of the news, the most urgent first.
    pub items: Vec<Item>,
    /// How many more there are.
    pub more: i64,
}

/// What became of the news that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// There were none.
    Quiet,
    /// Not before this time.
    Later(Millis),
    /// Letters are on their way.
    Sent,
    /// There is nobody to tell.
    Nobody,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Detail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<PublicId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    money: Option<(i64, Currency)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<Texts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

sql! {
    TOLD = "staff.news.told",
        "SELECT c.id, c.telegram_id, c.name, c.language, c.state
         FROM staff s JOIN customers c ON c.telegram_id = s.telegram_id
         WHERE s.role IN ('owner', 'manager') AND c.state = 'active'
         ORDER BY c.telegram_id";
    LINES = "staff.news.lines",
        "SELECT l.title, l.quantity FROM order_lines l JOIN orders o ON o.id = l.order_id
         WHERE o.public_id = $1 ORDER BY l.line_no";
    GONE = "staff.news.gone",
        "SELECT DISTINCT p.slug, p.title FROM order_units u JOIN products p ON p.id = u.product_id
         WHERE u.order_id = $1 AND p.kind = 'stock'
             AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.product_id = p.id AND k.state = 'available')
         ORDER BY p.slug";
}

/// An order has its keys.
pub(in crate::shop) async fn sold(
    tx: &mut Tx<'_>,
    order: PublicId,
    money: Option<Money>,
) -> Result<(), StoreError> {
    let detail = Detail {
        money: money.map(|money| (money.minor, money.currency)),
        ..Detail::default()
    };
    raise(tx, "sale", &order.to_string(), &detail).await
}

/// The order has claimed keys: tells of every product of it that has none left for sale.
pub(in crate::shop) async fn claimed(tx: &mut Tx<'_>, order: i64) -> Result<(), StoreError> {
    let gone: Vec<(String, String)> = tx.all(&GONE, binds![order]).await?;
    for (slug, title) in gone {
        let detail = Detail {
            title: Some(Texts::from_json(&title).map_err(broken)?),
            ..Detail::default()
        };
        raise(tx, "sold_out", &slug, &detail).await?;
    }
    Ok(())
}

/// Money is back with its payer.
pub(in crate::shop) async fn refunded(
    tx: &mut Tx<'_>,
    refund: PublicId,
    order: Option<PublicId>,
    money: Option<Money>,
) -> Result<(), StoreError> {
    let detail = Detail {
        order,
        money: money.map(|money| (money.minor, money.currency)),
        ..Detail::default()
    };
    raise(tx, "refund", &refund.to_string(), &detail).await
}

async fn raise(
    tx: &mut Tx<'_>,
    kind: &'static str,
    subject: &str,
    detail: &Detail,
) -> Result<(), StoreError> {
    let detail = serde_json::to_string(detail).map_err(broken)?;
    alerts::raise(tx, kind, subject, &detail).await
}

/// Posts what waits as one letter to each owner and manager whom the bot can write to.
pub async fn post(tx: &mut Tx<'_>) -> Result<Posted, StoreError> {
    let told: Vec<Customer> = tx.all(&TOLD, binds![]).await?;
    if told.is_empty() {
        alerts::drop_old(tx).await?;
        return Ok(Posted::Nobody);
    }
    let batch = match alerts::take(tx).await? {
        Taken::Nothing => return Ok(Posted::Quiet),
        Taken::NotBefore(at) => return Ok(Posted::Later(at)),
        Taken::Batch(batch) => batch,
    };
    for member in told {
        let to = member.telegram_id;
        letters::post(tx, &member, &Letter::Alert { batch, to }).await?;
    }
    Ok(Posted::Sent)
}

/// A batch as it is told; `None` once it is forgotten. The rows don't change, so a repeat says the same.
pub async fn of_batch(tx: &mut Tx<'_>, batch: PublicId) -> Result<Option<News>, StoreError> {
    let alerts = alerts::of_batch(tx, batch).await?;
    if alerts.is_empty() {
        return Ok(None);
    }
    let mut news = News::default();
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    let mut items = Vec::with_capacity(alerts.len());
    for alert in &alerts {
        let item = item(alert)?;
        if let Item::Sale { money, .. } = &item {
            news.sales += 1;
            if let Some(money) = money {
                let sum = sums.entry(money.currency).or_default();
                *sum = sum.saturating_add(money.minor);
            }
        }
        items.push(item);
    }
    let money = |(currency, minor)| Money { minor, currency };
    news.sums = sums.into_iter().map(money).collect();
    // The sort is stable: the same kind stays in its order.
    items.sort_by_key(|item| match item {
        Item::Task { .. } => 0,
        Item::SoldOut { .. } => 1,
        Item::Refund { .. } => 2,
        Item::Sale { .. } => 3,
    });
    news.more = items.len().saturating_sub(SHOWN) as i64;
    items.truncate(SHOWN);
    for item in &mut items {
        if let Item::Sale { order, lines, .. } = item {
            let rows: Vec<(String, i64)> = tx.all(&LINES, binds![*order]).await?;
            for (title, quantity) in rows {
                lines.push((Texts::from_json(&title).map_err(broken)?, quantity));
            }
        }
    }
    news.items = items;
    Ok(Some(news))
}

fn item(alert: &Alert) -> Result<Item, StoreError> {
    let detail: Detail = serde_json::from_str(&alert.detail).map_err(broken)?;
    let money = detail
        .money
        .map(|(minor, currency)| Money { minor, currency });
    Ok(match alert.kind.as_str() {
        "sale" => Item::Sale {
            order: alert.subject.parse().map_err(broken)?,
            money,
            lines: Vec::new(),
        },
        "sold_out" => Item::SoldOut {
            title: detail.title.unwrap_or_default(),
            slug: alert.subject.clone(),
        },
        "refund" => Item::Refund {
            order: detail.order,
            money,
        },
        "task" => Item::Task {
            kind: detail.kind.unwrap_or_default(),
            id: detail.task.unwrap_or_default(),
        },
        other => return Err(broken(format!("the news {other:?}"))),
    })
}

fn broken(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::because("staff.news", ErrorKind::Decode, source)
}
