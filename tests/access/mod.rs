//! Who may open the cabinet, and who may not.

mod identity;
mod leaving;
mod links;
mod oidc;
mod passwords;
pub mod rig;
mod sessions;
mod silence;
mod vk;
