//! The staff desk. Each method asks first who it is: a button that a stranger taps leads nowhere.

use super::Visit;
use crate::bot::callback::{Desk, Unfit};
use crate::bot::place::Place;
use crate::bot::{forget_staff_commands, screens, staff_commands};
use crate::bus::HandlerError;
use crate::shop::staff::invites::{self, Opened};
use crate::shop::staff::{self, Role};
use crate::store::StoreError;

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
        tracing::debug!(?wish, "at the desk");
        self.desk_home(role).await
    }

    async fn desk_home(&self, role: Role) -> Result<(), HandlerError> {
        let screen = screens::desk(&self.localizer(), role);
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
