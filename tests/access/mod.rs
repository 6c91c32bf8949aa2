//! Who may open the cabinet, and who may not.

mod identity;
mod leaving;
mod links;
mod oidc;
mod passwords;
mod rig;
mod sessions;
mod silence;
