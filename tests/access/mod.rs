//! Who may open the cabinet, and who may not.

mod links;
mod rig;
mod sessions;
