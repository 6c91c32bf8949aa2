//! An e-mail address or a typed phone number, and the code that proves it.

use std::time::Duration;

use super::Visit;
use super::registration::next_place;
use crate::bot::callback::Callback;
use crate::bot::place::Place;
use crate::bot::screens::{self, Again, Note};
use crate::bus::HandlerError;
use crate::shop::access::links;
use crate::shop::confirmations::begin::{self, Begun, Wish};
use crate::shop::confirmations::guess::{self, Guess};
use crate::shop::confirmations::look::{self, Pending, State};
use crate::shop::confirmations::resend::{self, Choice, Resent};
use crate::shop::confirmations::senders::Messenger;
use crate::shop::confirmations::{Asker, Channel, Target};
use crate::shop::customers::{self, Email, Phone};
use crate::store::{PublicId, StoreError, Tx};

/// What became of the wish for another code.
enum Another {
    Of(Pending, Note),
    Kept(Channel),
    Nothing,
}

impl Visit {
    /// The code of the button that waits for what is asked here, if one does.
    pub(in crate::bot) fn waits(&self) -> Option<String> {
        self.place().then()
    }

    /// Asks for the customer's e-mail address. `then` is the code of the button that waits for it.
    pub(in crate::bot) async fn ask_email(&self, then: Option<String>) -> Result<(), HandlerError> {
        let l = self.localizer();
        if !self.face.shopfront.sends_mails {
            return self.show(Place::Profile, &screens::no_mails(&l)).await;
        }
        let screen = screens::ask_email(&l, then.is_some());
        self.show(Place::Email { then }, &screen).await
    }

    /// Words where an address was asked for.
    pub(in crate::bot) async fn email_text(
        &self,
        then: Option<String>,
        text: &str,
    ) -> Result<(), HandlerError> {
        if let Some(email) = Email::read(text) {
            return self.prove(Target::Email(email), then, None).await;
        }
        let screen = screens::ask_email_again(&self.localizer(), Again::NotOne, then.is_some());
        self.show(Place::Email { then }, &screen).await
    }

    /// Asks by what the code for a number shall come. The number waits in the chat's dialogue, over a restart, too.
    pub(in crate::bot) async fn ask_way(
        &self,
        number: String,
        then: Option<String>,
    ) -> Result<(), HandlerError> {
        let l = self.localizer();
        let screen = screens::ask_way(&l, &number, &self.face.shopfront.messengers, then.is_some());
        let place = Place::PhoneWay { number, then };
        if matches!(self.place(), Place::Phone { .. }) {
            let prompt = screens::phone_by_code(&l);
            self.prompt(place.clone(), &prompt).await?;
        }
        self.show(place, &screen).await
    }

    /// Sends the first code for the number that waits in the chat, by what was chosen. A second tap shows the code's
    /// question.
    pub(in crate::bot) async fn send_by(&self, by: Option<Messenger>) -> Result<(), HandlerError> {
        match self.place() {
            Place::PhoneWay { number, then } => match Phone::read(&number) {
                Some(phone) => self.prove(Target::Phone(phone), then, by).await,
                None => self.ask_phone(then).await,
            },
            Place::Code { id, then } => self.code(id, then).await,
            _ => self.ask_phone(self.waits()).await,
        }
    }

    /// Sends a code to a number or an address that was typed.
    pub(in crate::bot) async fn prove(
        &self,
        target: Target,
        then: Option<String>,
        by: Option<Messenger>,
    ) -> Result<(), HandlerError> {
        let has_buttons_below = matches!(self.place(), Place::Phone { .. });
        let channel = target.channel();
        let (vault, asker) = (self.face.vault.clone(), self.asker());
        let asks = match channel {
            Channel::Phone => Place::Phone { then: then.clone() },
            Channel::Email => Place::Email { then: then.clone() },
        };
        let (customer, needs, waits) = (self.customer.id, self.needs(), then.clone());
        let begun = self
            .turn()?
            .write("confirmations.begin", move |tx, dialogue| {
                let (vault, target) = (vault.clone(), target.clone());
                let (asks, needs, then) = (asks.clone(), needs.clone(), waits.clone());
                Box::pin(async move {
                    let wish = Wish {
                        asker,
                        target,
                        address: None,
                        by,
                    };
                    let begun = begin::begin(tx, &vault, &wish).await?;
                    let pending = match &begun {
                        Begun::Sent(id) | Begun::Wait { live: Some(id), .. } => {
                            look::one(tx, &vault, asker, *id).await?
                        }
                        // Its button sends another one when it is time.
                        Begun::Wait { live: None, .. } => {
                            look::ended_of(tx, &vault, customer, &wish.target).await?
                        }
                        Begun::Already | Begun::TooMany { .. } => None,
                    };
                    let place = match (&begun, &pending) {
                        (_, Some(pending)) => Place::Code {
                            id: pending.id,
                            then,
                        },
                        (Begun::Already, None) => next_place(tx, customer, &needs, then).await?,
                        (_, None) => asks,
                    };
                    dialogue.set(place.write());
                    Ok::<_, StoreError>((begun, pending))
                })
            })
            .await?;
        match begun {
            (Begun::Sent(_), Some(pending)) => {
                self.asks_code(has_buttons_below, &pending, Note::Sent)
                    .await
            }
            (Begun::Wait { wait, live }, Some(pending)) => {
                let note = waiting(wait, live);
                self.asks_code(has_buttons_below, &pending, note).await
            }
            (Begun::Already, _) if has_buttons_below => {
                let prompt = screens::phone_kept(&self.localizer());
                self.prompt(self.place(), &prompt).await?;
                match then {
                    Some(then) => self.go_on(then).await,
                    None => self.profile().await,
                }
            }
            (Begun::Already, _) => self.kept(channel, then).await,
            (Begun::Wait { wait, .. }, None) => {
                self.asks_again(channel, Again::WaitNew(wait), then).await
            }
            (Begun::TooMany { wait }, _) => {
                self.asks_again(channel, Again::TooMany(wait), then).await
            }
            (Begun::Sent(_), None) => self.profile().await,
        }
    }

    /// The first question for a code: where a number was asked for, the buttons below the chat go away before.
    async fn asks_code(
        &self,
        has_buttons_below: bool,
        pending: &Pending,
        note: Note,
    ) -> Result<(), HandlerError> {
        if has_buttons_below {
            let prompt = screens::phone_by_code(&self.localizer());
            self.prompt(self.place(), &prompt).await?;
        }
        self.show_code(pending, note, None).await
    }

    async fn asks_again(
        &self,
        channel: Channel,
        why: Again,
        then: Option<String>,
    ) -> Result<(), HandlerError> {
        let l = self.localizer();
        match channel {
            Channel::Phone => {
                let prompt = screens::ask_phone_again(&l, why);
                self.prompt(Place::Phone { then }, &prompt).await
            }
            Channel::Email => {
                let screen = screens::ask_email_again(&l, why, then.is_some());
                self.show(Place::Email { then }, &screen).await
            }
        }
    }

    /// A code was typed, or something else where a code was asked for.
    pub(in crate::bot) async fn code_text(
        &self,
        id: PublicId,
        then: Option<String>,
        text: &str,
    ) -> Result<(), HandlerError> {
        let (vault, asker, typed) = (self.face.vault.clone(), self.asker(), text.to_owned());
        let (customer, needs, waits) = (self.customer.id, self.needs(), then.clone());
        let (guess, pending) = self
            .turn()?
            .write("confirmations.guess", move |tx, dialogue| {
                let (vault, typed) = (vault.clone(), typed.clone());
                let (needs, then) = (needs.clone(), waits.clone());
                Box::pin(async move {
                    let guess = guess::guess(tx, &vault, asker, id, &typed, None).await?;
                    match &guess {
                        Guess::Right(_) | Guess::Already => {
                            let next = next_place(tx, customer, &needs, then).await?;
                            dialogue.set(next.write());
                        }
                        Guess::Unknown => dialogue.set(Place::Profile.write()),
                        _ => {}
                    }
                    let pending = look::one(tx, &vault, asker, id).await?;
                    Ok::<_, StoreError>((guess, pending))
                })
            })
            .await?;
        let Some(pending) = pending else {
            return self.profile().await;
        };
        let note = match guess {
            Guess::Right(_) | Guess::Already => return self.kept(pending.channel, then).await,
            Guess::Unknown => return self.profile().await,
            Guess::NoCode => Note::NoCode,
            Guess::Wrong { left } => Note::Wrong { left },
            Guess::Locked => Note::Locked,
            Guess::Expired => Note::Expired,
            Guess::TooMany { wait } => Note::TooMany(wait),
        };
        self.show_code(&pending, note, then).await
    }

    /// The question for a code, as it stands.
    pub(in crate::bot) async fn code(
        &self,
        id: PublicId,
        then: Option<String>,
    ) -> Result<(), HandlerError> {
        let (vault, asker) = (self.face.vault.clone(), self.asker());
        let pending = self
            .face
            .store
            .read("confirmations.look", move |tx| {
                let vault = vault.clone();
                Box::pin(async move { look::one(tx, &vault, asker, id).await })
            })
            .await?;
        let Some(pending) = pending else {
            return self.profile().await;
        };
        let is_old = pending.code_until <= self.face.store.clock().now();
        let note = match pending.state {
            State::Consumed => return self.kept(pending.channel, then).await,
            State::Locked => Note::Locked,
            State::Expired => Note::Expired,
            State::Live if is_old => Note::Expired,
            State::Live => Note::Waits,
        };
        self.show_code(&pending, note, then).await
    }

    /// Another code for the same number or address, by a new confirmation where the old one is over.
    pub(in crate::bot) async fn resend(
        &self,
        id: PublicId,
        choice: Choice,
    ) -> Result<(), HandlerError> {
        let (vault, asker, then) = (self.face.vault.clone(), self.asker(), self.waits());
        let (customer, needs, waits) = (self.customer.id, self.needs(), then.clone());
        let another = self
            .turn()?
            .write("confirmations.resend", move |tx, dialogue| {
                let (vault, needs, then) = (vault.clone(), needs.clone(), waits.clone());
                Box::pin(async move {
                    let another = again(tx, &vault, asker, id, choice).await?;
                    let place = match &another {
                        Another::Of(pending, _) => Place::Code {
                            id: pending.id,
                            then,
                        },
                        Another::Kept(_) => next_place(tx, customer, &needs, then).await?,
                        Another::Nothing => Place::Profile,
                    };
                    dialogue.set(place.write());
                    Ok::<_, StoreError>(another)
                })
            })
            .await?;
        match another {
            Another::Of(pending, note) => self.show_code(&pending, note, then).await,
            Another::Kept(channel) => self.kept(channel, then).await,
            Another::Nothing => self.profile().await,
        }
    }

    async fn show_code(
        &self,
        pending: &Pending,
        note: Note,
        then: Option<String>,
    ) -> Result<(), HandlerError> {
        let front = &self.face.shopfront;
        let has_link = front.public_url.is_some();
        let l = self.localizer();
        let screen = screens::code(&l, pending, note, has_link, &front.messengers);
        let id = pending.id;
        self.show(Place::Code { id, then }, &screen).await
    }

    /// It is confirmed, and what waited for it goes on.
    async fn kept(&self, channel: Channel, then: Option<String>) -> Result<(), HandlerError> {
        let place = kept_place(then.as_deref());
        if self.face.shopfront.rules.needs.is_long()
            && let Some(then) = then
        {
            return self.go_on(then).await;
        }
        let wish = then.and_then(|code| Callback::decode(&code).ok());
        let screen = screens::confirmed(&self.localizer(), channel, wish);
        self.show(place, &screen).await
    }

    pub(in crate::bot) async fn forget_email(&self) -> Result<(), HandlerError> {
        let id = self.customer.id;
        self.turn()?
            .write("customers.forget_email", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Profile.write());
                    customers::forget_email(tx, id).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        self.profile().await
    }

    /// A one-time link that opens the cabinet, at the page that `end` of the link names.
    pub(in crate::bot) async fn cabinet(&self, end: &str) -> Result<(), HandlerError> {
        let front = &self.face.shopfront;
        let Some(public_url) = front.public_url.as_ref().filter(|_| front.opens_cabinet) else {
            return self.profile().await;
        };
        let id = self.customer.id;
        let token = self
            .turn()?
            .write("access.links.make", move |tx, dialogue| {
                Box::pin(async move {
                    dialogue.set(Place::Profile.write());
                    links::make(tx, id).await
                })
            })
            .await
            .map_err(|error: StoreError| error)?;
        let link = format!("{public_url}/login/{}{end}", token.expose());
        let screen = screens::cabinet(&self.localizer(), &link);
        self.show(Place::Profile, &screen).await
    }

    fn asker(&self) -> Asker {
        Asker::Customer(self.customer.id)
    }
}

/// Where a chat is when an answer is kept.
fn kept_place(then: Option<&str>) -> Place {
    match then {
        Some(then) => Place::GoOn {
            then: then.to_owned(),
        },
        None => Place::Profile,
    }
}

/// Another code comes later; whether the last one is good is told by `live`.
fn waiting(wait: Duration, live: Option<PublicId>) -> Note {
    match live {
        Some(_) => Note::Wait(wait),
        None => Note::WaitNew(wait),
    }
}

async fn again(
    tx: &mut Tx<'_>,
    vault: &crate::shop::vault::Vault,
    asker: Asker,
    id: PublicId,
    choice: Choice,
) -> Result<Another, StoreError> {
    let Some(pending) = look::one(tx, vault, asker, id).await? else {
        return Ok(Another::Nothing);
    };
    if pending.state == State::Consumed {
        return Ok(Another::Kept(pending.channel));
    }
    let (id, note) = match resend::resend(tx, vault, asker, id, None, choice).await? {
        Resent::Sent => (id, Note::Another),
        Resent::Wait { wait } => (id, Note::Wait(wait)),
        Resent::TooMany { wait } => (id, Note::TooMany(wait)),
        Resent::Ended => {
            let target = match pending.channel {
                Channel::Phone => Phone::read(&pending.target).map(Target::Phone),
                Channel::Email => Email::read(&pending.target).map(Target::Email),
            };
            let Some(target) = target else {
                return Ok(Another::Nothing);
            };
            let wish = Wish {
                asker,
                target,
                address: None,
                by: choice.after(pending.by),
            };
            match begin::begin(tx, vault, &wish).await? {
                Begun::Sent(id) => (id, Note::Another),
                Begun::Already => return Ok(Another::Kept(pending.channel)),
                Begun::Wait { wait, live } => (live.unwrap_or(id), waiting(wait, live)),
                Begun::TooMany { wait } => (id, Note::TooMany(wait)),
            }
        }
    };
    let pending = look::one(tx, vault, asker, id).await?;
    Ok(pending.map_or(Another::Nothing, |pending| Another::Of(pending, note)))
}
