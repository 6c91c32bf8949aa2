//! The staff desk. Each method asks first who it is: a button that a stranger taps leads nowhere.

use super::Visit;
use crate::bot::callback::{Desk, Unfit};
use crate::bot::place::Place;
use crate::bot::{forget_staff_commands, screens, staff_commands};
use crate::bus::HandlerError;
use crate::bus::attention;
use crate::i18n;
use crate::shop::staff::invites::{self, Opened};
use crate::shop::staff::tasks::{self, Resolved};
use crate::shop::staff::{self, Role};
use crate::shop::stats;
use crate::store::StoreError;

/// Rows on a page of the desk.
const PAGE: i64 = 8;

impl Visit {
    /// `/admin`. For everybody who is not staff there is no such command.
    pub(in crate::bot) async fn admin(&self) -> Result<(), HandlerError> {
        let Some(role) = self.role().await? else {
            self.not_understood(true).await?;
            // Who was staff once may still have the command in their menu.
            forget_staff_commands(&self.face.client, self.chat).await;
            return Ok(());
        };
        self.desk_home(role).await?;
        // They may have become staff while the shop was open.
        staff_commands(&self.face.client, self.chat, &self.localizer()).await;
        Ok(())
    }

    /// A one-time link was opened.
    pub(in crate::bot) async fn join(&self, token: &str) -> Result<(), HandlerError> {
        let (token, person) = (token.to_owned(), self.customer.telegram_id);
        let opened = self
            .turn()?
            .write("staff.join", move |tx, dialogue| {
                let token = token.clone();
                Box::pin(async move {
                    let opened = invites::open(tx, &token, person).await?;
                    if let Opened::Welcome(_) | Opened::Already(_) = opened {
                        dialogue.set(Place::Desk.write());
                    }
                    Ok::<_, StoreError>(opened)
                })
            })
            .await?;
        let l = self.localizer();
        match opened {
            Opened::Welcome(role) => {
                tracing::info!(telegram_id = person, %role, "staff by a one-time link");
                let screen = screens::desk_welcome(&l, role);
                self.show(Place::Desk, &screen).await?;
                staff_commands(&self.face.client, person, &l).await;
                Ok(())
            }
            Opened::Already(role) => self.desk_home(role).await,
            Opened::Used => self.link_over(screens::link_used(&l)).await,
            Opened::Ended => self.link_over(screens::link_ended(&l)).await,
            Opened::Unknown => self.link_over(screens::link_unknown(&l)).await,
        }
    }

    async fn link_over(&self, screen: screens::Screen) -> Result<(), HandlerError> {
        self.show(Place::Menu, &screen).await
    }

    /// A tap at the desk.
    pub(in crate::bot) async fn desk(&self, wish: Desk) -> Result<(), HandlerError> {
        let Some(role) = self.role().await? else {
            return Box::pin(self.unfit(Unfit::Forged)).await;
        };
        match wish {
            Desk::Home => self.desk_home(role).await,
            Desk::Tasks { page } => self.tasks(page).await,
            Desk::Task { id } => self.task(id, false).await,
            Desk::Resolve { id } => self.task(id, true).await,
            Desk::Resolved { id } => self.resolve(id).await,
            Desk::Stock { page } => self.stock(page, role).await,
            Desk::Orders { page } => self.recent_orders(page).await,
            Desk::Keys { .. } | Desk::AddKeys { .. } | Desk::DropKeys { .. }
                if !role.may_add_keys() =>
            {
                self.toast(&screens::desk_not_allowed(&self.localizer()))
                    .await;
                self.desk_home(role).await
            }
            Desk::Keys { slug } => self.keys_wanted(slug).await,
            Desk::AddKeys { upload, slug } => self.add_keys(upload, slug).await,
            Desk::DropKeys { upload } => self.drop_keys(upload).await,
        }
    }

    async fn desk_home(&self, role: Role) -> Result<(), HandlerError> {
        let l = self.localizer();
        let (from, until) = i18n::day(&l.zone, self.face.store.clock().now());
        let view = self
            .face
            .store
            .read("desk.home", move |tx| {
                Box::pin(async move {
                    Ok::<_, StoreError>(screens::DeskView {
                        today: stats::sales(tx, from, until).await?,
                        tasks: attention::count(tx).await?,
                        empty: stats::empty(tx).await?,
                    })
                })
            })
            .await?;
        self.show(Place::Desk, &screens::desk(&l, role, &view))
            .await
    }

    async fn tasks(&self, page: u16) -> Result<(), HandlerError> {
        let offset = i64::from(page) * PAGE;
        let mut tasks = self
            .face
            .store
            .read("desk.tasks", move |tx| {
                Box::pin(attention::list(tx, PAGE + 1, offset))
            })
            .await?;
        let more = tasks.len() as i64 > PAGE;
        tasks.truncate(PAGE as usize);
        let screen = screens::tasks(&self.localizer(), &tasks, page, more);
        self.show(Place::Desk, &screen).await
    }

    /// One task; with `asked`, the question whether it is done.
    async fn task(&self, id: i64, asked: bool) -> Result<(), HandlerError> {
        let found = self
            .face
            .store
            .read("desk.task", move |tx| Box::pin(attention::one(tx, id)))
            .await?;
        let Some(task) = found.filter(|task| task.state == "open") else {
            self.toast(&screens::task_gone(&self.localizer())).await;
            return self.tasks(0).await;
        };
        let l = self.localizer();
        let screen = if asked {
            screens::task_ask(&l, &task)
        } else {
            screens::task(&l, &task)
        };
        self.show(Place::Desk, &screen).await
    }

    async fn resolve(&self, id: i64) -> Result<(), HandlerError> {
        let by = format!("telegram:{}", self.customer.telegram_id);
        let closed = self
            .turn()?
            .write("desk.resolve", move |tx, dialogue| {
                let by = by.clone();
                Box::pin(async move {
                    dialogue.set(Place::Desk.write());
                    tasks::resolve(tx, id, &by, None).await
                })
            })
            .await?;
        let l = self.localizer();
        let words = match closed {
            Resolved::Done(_) => screens::task_done(&l),
            Resolved::Already(_) | Resolved::Unknown => screens::task_gone(&l),
            Resolved::Waits(_) => screens::task_waits(&l),
        };
        self.toast(&words).await;
        self.tasks(0).await
    }

    async fn stock(&self, page: u16, role: Role) -> Result<(), HandlerError> {
        let offset = i64::from(page) * PAGE;
        let mut levels = self
            .face
            .store
            .read("desk.stock", move |tx| {
                Box::pin(stats::levels(tx, PAGE + 1, offset))
            })
            .await?;
        let more = levels.len() as i64 > PAGE;
        levels.truncate(PAGE as usize);
        let screen = screens::stock(&self.localizer(), &levels, page, more, role);
        self.show(Place::Desk, &screen).await
    }

    async fn recent_orders(&self, page: u16) -> Result<(), HandlerError> {
        let offset = i64::from(page) * PAGE;
        let mut orders = self
            .face
            .store
            .read("desk.orders", move |tx| {
                Box::pin(stats::recent(tx, PAGE + 1, offset))
            })
            .await?;
        let more = orders.len() as i64 > PAGE;
        orders.truncate(PAGE as usize);
        let screen = screens::recent_orders(&self.localizer(), &orders, page, more);
        self.show(Place::Desk, &screen).await
    }

    /// What this person may do at the desk.
    pub(super) async fn role(&self) -> Result<Option<Role>, StoreError> {
        let person = self.customer.telegram_id;
        self.face
            .store
            .read("staff.role_of", move |tx| Box::pin(staff::role(tx, person)))
            .await
    }
}
