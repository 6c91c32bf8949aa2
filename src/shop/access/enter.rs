//! The cabinet opens to somebody whom others vouch for: Telegram, or a confirmation of their phone or e-mail.

use super::device::Device;
use super::identity::Identity;
use super::token::Token;
use super::{Way, sessions};
use crate::shop::confirmations::{Channel, Proof, WayIn};
use crate::shop::customers;
use crate::store::{StoreError, Tx};

/// A session of the person whom Telegram names; whom we have not met is a customer from now on. `came_with` is the token of
/// the browser's session so far.
pub async fn by_identity(
    tx: &mut Tx<'_>,
    identity: &Identity,
    way: Way,
    device: &Device,
    came_with: Option<&Token>,
) -> Result<Token, StoreError> {
    let id = identity.telegram_id;
    // Who is known keeps the name that the chat says: this one may be older, or be cut.
    let customer = match customers::by_telegram_id(tx, id).await? {
        Some(customer) => customer,
        None => customers::meet(tx, id, &identity.name, identity.language.as_deref()).await?,
    };
    sessions::begin(tx, customer.id, way, device, came_with).await
}

/// A session of the customer whose phone or mailbox was proved a moment ago. `None`: the proof is of something else.
pub async fn by_proof(
    tx: &mut Tx<'_>,
    proof: Proof,
    device: &Device,
    came_with: Option<&Token>,
) -> Result<Option<Token>, StoreError> {
    if proof.way() != WayIn::Login {
        return Ok(None);
    }
    let way = match proof.channel() {
        Channel::Phone => Way::Phone,
        Channel::Email => Way::Email,
    };
    let token = sessions::begin(tx, proof.customer(), way, device, came_with).await?;
    Ok(Some(token))
}
